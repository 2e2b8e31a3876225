// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ending a unit's domain because its lease ends (S6): through libvirt, and when that does not work
 * in time, by killing QEMU itself; both within what is left of the lease. The worker has failed its held writes before it
 * asks (FAIL_HELD), or neither would end.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define QEMU_RUN_DIR "/run/libvirt/qemu"

/* Reads up to cap-1 bytes of a file. Length, or negative errno. */
static ssize_t slurp(const char *path, char *out, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, out, cap - 1);
	int err = errno;
	close(fd);
	if (n < 0)
		return -err;
	out[n] = '\0';
	return n;
}

/* True if the process is the QEMU of this domain: pid files outlive processes, and pids return. */
static bool is_qemu_of(pid_t pid, const char *domain)
{
	char path[64], cmdline[8192], guest[160];
	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	ssize_t n = slurp(path, cmdline, sizeof cmdline);
	int want = snprintf(guest, sizeof guest, "guest=%s", domain);
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(cmdline + at) + 1) {
		const char *word = cmdline + at;
		if (strncmp(word, guest, (size_t)want) == 0 &&
		    (word[want] == ',' || word[want] == '\0'))
			return true;
	}
	return false;
}

static void kill_qemu(struct vm_unit *unit)
{
	char path[256], text[32];
	const char *domain = unit->conf.domain;
	snprintf(path, sizeof path, QEMU_RUN_DIR "/%s.pid", domain);
	ssize_t n = slurp(path, text, sizeof text);
	pid_t pid = n > 0 ? atoi(text) : 0;
	int fd = pid > 1 ? pidfd_open(pid, 0) : -1;
	if (fd < 0 || !is_qemu_of(pid, domain)) { /* looked at after the pidfd: no other process since */
		vt_log(VT_NOTICE, unit->name, "domain %s has no QEMU process (%s)", domain, path);
	} else if (pidfd_send_signal(fd, SIGKILL, NULL, 0) == 0) {
		vt_log(VT_WARN, unit->name, "killed QEMU of domain %s (pid %d)", domain, (int)pid);
	} else {
		vt_log(VT_ERR, unit->name, "QEMU of domain %s (pid %d) can't be killed: %s", domain,
		       (int)pid, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
}

/* Within what a unit's host keeps of the lease for this (VC_LEASE_REST), with time to spare. */
static unsigned limit_ms(const struct vm_unit *unit)
{
	unsigned share_ms = unit->conf.lease_ms / 15;
	return share_ms < VM_DOWN_TIMEOUT_MS ? share_ms : VM_DOWN_TIMEOUT_MS;
}

static void on_done(struct vm_master *m, void *arg, int result)
{
	struct vm_unit *unit = arg;
	(void)m;
	unit->vm_down = false;
	if (result == 0) {
		vt_log(VT_NOTICE, unit->name, "domain %s does not run here any more",
		       unit->conf.domain);
		return;
	}
	vt_log(VT_WARN, unit->name, "libvirt did not end domain %s within %u ms (result %d)",
	       unit->conf.domain, limit_ms(unit), result);
	kill_qemu(unit);
}

void vm_vm_down(struct vm_unit *unit, const char *reason)
{
	if (unit->vm_down)
		return;
	if (!unit->has_conf)
		vm_unit_load_conf(unit);
	if (!unit->has_conf) {
		vt_log(VT_ERR, unit->name, "its domain is not known and can't be ended: %s",
		       unit->trouble);
		return;
	}
	vt_log(VT_WARN, unit->name, "ending domain %s: %s", unit->conf.domain, reason);
	const char *argv[] = {unit->m->vmdown_path, unit->conf.domain, NULL};
	int rc = vm_job_start(unit->m, (char *const *)(uintptr_t)argv, limit_ms(unit), on_done,
			      unit);
	unit->vm_down = rc == 0;
	if (rc < 0) {
		vt_log(VT_ERR, unit->name, "%s can't be started: %s", unit->m->vmdown_path,
		       strerror(-rc));
		kill_qemu(unit);
	}
}
