// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmtwin-vmdown UNIT DOMAIN LIMIT_MS: ends a libvirt domain at once, for a host that may no longer run it (S6). Through libvirt,
 * so that it knows; when that has not worked within LIMIT_MS (0: not tried), by killing QEMU. The worker starts it, having
 * answered its held writes with errors: else neither would end.
 * Exit status: 0 the domain does not run now, 1 it could not be ended, 2 usage.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/log.h"
#include "base/unitconf.h"
#include "io/qemu_proc.h"

enum { LIMIT_MAX_MS = 60000, KILL_LIMIT_MS = 5000, NOT_RUNNING = 3 };

static void be_quiet(void *ctx, virErrorPtr error)
{
	(void)ctx;
	(void)error; /* told with what was being done, below */
}

static const char *reason(void)
{
	virErrorPtr error = virGetLastError();
	return error && error->message ? error->message : "no reason given";
}

static bool is_no_domain(void)
{
	virErrorPtr error = virGetLastError();
	return error && error->code == VIR_ERR_NO_DOMAIN;
}

static int destroy(virConnectPtr conn, const char *unit, const char *name)
{
	virDomainPtr domain = virDomainLookupByName(conn, name);
	if (!domain) {
		if (is_no_domain())
			return NOT_RUNNING;
		vt_log(VT_ERR, unit, "libvirt can't look up domain %s: %s", name, reason());
		return 1;
	}
	int active = virDomainIsActive(domain);
	int rc = 0;
	if (active == 0)
		rc = NOT_RUNNING;
	if (active != 0 && virDomainDestroy(domain) < 0) {
		vt_log(VT_ERR, unit, "libvirt can't destroy domain %s: %s", name, reason());
		rc = virDomainIsActive(domain) == 0 ? 0 : 1;
	}
	virDomainFree(domain);
	return rc;
}

static int by_libvirt(const char *unit, const char *domain)
{
	virSetErrorFunc(NULL, be_quiet);
	virConnectPtr conn = virConnectOpen("qemu:///system");
	if (!conn) {
		vt_log(VT_ERR, unit, "libvirt does not answer: %s", reason());
		return 1;
	}
	int rc = destroy(conn, unit, domain);
	virConnectClose(conn);
	return rc;
}

/* Libvirt may hang: asked by a child that is killed when its time is over. 0: it has ended the domain; NOT_RUNNING; else it
 * has not. */
static int by_libvirt_within(const char *unit, const char *domain, int limit_ms)
{
	int status = 1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(by_libvirt(unit, domain));
	int fd = pid < 0 ? -1 : pidfd_open(pid, 0);
	if (fd < 0) {
		if (pid > 0)
			kill(pid, SIGKILL);
		vt_log(VT_ERR, unit, "libvirt can't be asked to end domain %s: %s", domain, strerror(errno));
		return 1;
	}
	struct pollfd p = {.fd = fd, .events = POLLIN};
	if (poll(&p, 1, limit_ms) != 1) {
		vt_log(VT_WARN, unit, "libvirt has not ended domain %s within %d ms", domain, limit_ms);
		kill(pid, SIGKILL);
	}
	close(fd);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	struct vt_fail fail = {0};
	vt_log_setup("vmtwin-vmdown", VT_INFO);
	int limit_ms = argc == 4 && strspn(argv[3], "0123456789") == strlen(argv[3]) ? atoi(argv[3]) : -1;
	if (argc != 4 || !vt_unit_name_ok(argv[1]) || argv[2][0] == '\0' || limit_ms < 0 || limit_ms > LIMIT_MAX_MS) {
		vt_log(VT_ERR, NULL, "usage: vmtwin-vmdown UNIT DOMAIN LIMIT_MS");
		return 2;
	}
	const char *unit = argv[1], *domain = argv[2];
	signal(SIGCHLD, SIG_DFL); /* whoever started us may not have cared for its children */
	int asked = limit_ms > 0 ? by_libvirt_within(unit, domain, limit_ms) : 1;
	if (asked == 0)
		vt_log(VT_NOTICE, unit, "domain %s does not run here any more", domain);
	if (asked == 0 || (asked == NOT_RUNNING && qemu_proc_find(domain) == 0))
		return 0;
	if (qemu_proc_kill(domain, KILL_LIMIT_MS, &fail) < 0) {
		vt_log(VT_ERR, unit, "domain %s may still run: %s", domain, fail.text);
		return 1;
	}
	vt_log(VT_WARN, unit, "QEMU of domain %s is killed, or was not there", domain);
	return 0;
}
