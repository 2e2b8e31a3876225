// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ra/vm.h"

#define FILE_MAX (1024 * 1024)
#define SNAPSHOTS_MAX 256
#define POLL_MS 200
#define START_SHARE 90 /* percent of the time limit; then start gives up by itself */

char *vm_read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	char *text = malloc(FILE_MAX + 1);
	size_t len = 0;
	ssize_t n = 0;
	while (text && len < FILE_MAX && (n = read(fd, text + len, FILE_MAX - len)) > 0)
		len += (size_t)n;
	int err = !text ? ENOMEM : n < 0 ? errno : len == FILE_MAX ? EFBIG : 0;
	close(fd);
	if (err != 0) {
		free(text);
		errno = err;
		return NULL;
	}
	text[len] = '\0';
	return text;
}

/* Redefines the snapshots in names[]; those done are set to NULL. Returns how many were done. */
static int redefine_pass(struct vm *vm, virDomainPtr dom, struct dirent **names, int n, bool tell)
{
	int done = 0;
	for (int i = 0; i < n; i++) {
		char path[sizeof vm->snapshots + 260];
		if (!names[i])
			continue;
		snprintf(path, sizeof path, "%s/%s", vm->snapshots, names[i]->d_name);
		guard_doing(vm->note, "redefining the snapshot %s", path);
		char *xml = vm_read_file(path);
		virDomainSnapshotPtr snap = NULL;
		if (xml)
			snap = virDomainSnapshotCreateXML(dom, xml,
							  VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE);
		if (!snap && tell)
			ocf_log(vm->run, "warning", "snapshot %s is not known to libvirt now: %s",
				path, xml ? virGetLastErrorMessage() : strerror(errno));
		free(xml);
		if (!snap)
			continue;
		virDomainSnapshotFree(snap);
		free(names[i]);
		names[i] = NULL;
		done++;
	}
	return done;
}

static int is_xml(const struct dirent *d)
{
	size_t n = strlen(d->d_name);
	return n > 4 && d->d_name[0] != '.' && strcmp(d->d_name + n - 4, ".xml") == 0;
}

/* A parent must be there before its child: passes go on as long as one brings something. */
void vm_redefine_snapshots(struct vm *vm, virDomainPtr dom)
{
	struct dirent **names = NULL;
	int n = scandir(vm->snapshots, &names, is_xml, alphasort);
	if (n > SNAPSHOTS_MAX)
		ocf_log(vm->run, "warning", "%s holds %d snapshots, only %d are taken",
			vm->snapshots, n, SNAPSHOTS_MAX);
	int taken = n > SNAPSHOTS_MAX ? SNAPSHOTS_MAX : n;
	while (redefine_pass(vm, dom, names, taken, false) > 0)
		;
	redefine_pass(vm, dom, names, taken, true);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/*
 * Makes room for the replicated XML if libvirt knows another domain of this name, with another
 * uuid. Its disks are files and stay; snapshots known only to libvirt would be lost, so not with
 * those.
 */
static int undefine_namesake(struct vm *vm)
{
	virDomainPtr old = virDomainLookupByName(vm->conn, vm->domain);
	if (!old)
		return -1;
	int rc = -1;
	if (virDomainSnapshotNum(old, 0) <= 0 && virDomainIsActive(old) == 0)
		rc = virDomainUndefineFlags(old, VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
						     VIR_DOMAIN_UNDEFINE_KEEP_NVRAM);
	virDomainFree(old);
	if (rc == 0)
		ocf_log(vm->run, "warning",
			"libvirt knew another domain %s, with another uuid; it is "
			"replaced. Give %s a uuid, so that the guest sees the same machine on both "
			"hosts",
			vm->domain, vm->config);
	return rc;
}

static virDomainPtr define_xml(struct vm *vm, const char *xml, struct vt_fail *fail)
{
	guard_doing(vm->note, "defining domain %s from %s", vm->domain, vm->config);
	virDomainPtr dom = virDomainDefineXML(vm->conn, xml);
	if (dom)
		return dom;
	bool exists = virGetLastErrorCode() == VIR_ERR_OPERATION_FAILED;
	vm_libvirt_error(fail);
	return exists && undefine_namesake(vm) == 0 ? virDomainDefineXML(vm->conn, xml) : NULL;
}

/* Defines the domain from its replicated XML. NULL with the reason told and *code set. */
static virDomainPtr define(struct vm *vm, enum ocf_code *code)
{
	struct vt_fail fail = {.code = 0};
	if (!vm->config[0]) {
		*code = ocf_fail(OCF_ERR_CONFIGURED, "the XML of domain %s is unknown: %s",
				 vm->domain, vm->conf_problem);
		return NULL;
	}
	guard_doing(vm->note, "reading %s", vm->config);
	char *xml = vm_read_file(vm->config);
	if (!xml) {
		*code =
		    ocf_fail(errno == ENOENT ? OCF_ERR_INSTALLED : OCF_ERR_GENERIC,
			     "can't read %s: %s; save the domain's XML there (virsh dumpxml "
			     "--inactive %s), and see that the VM is colocated with the promoted "
			     "mirror and ordered after it",
			     vm->config, strerror(errno), vm->domain);
		return NULL;
	}
	virDomainPtr dom = define_xml(vm, xml, &fail);
	free(xml);
	if (!dom) {
		*code = ocf_fail(OCF_ERR_GENERIC, "libvirt does not take %s: %s", vm->config,
				 fail.text);
		return NULL;
	}
	const char *name = virDomainGetName(dom);
	if (!name || strcmp(name, vm->domain) != 0) {
		*code = ocf_fail(OCF_ERR_ARGS,
				 "%s describes the domain \"%s\", not \"%s\": correct the "
				 "file or the parameter domain",
				 vm->config, name ? name : "?", vm->domain);
		virDomainFree(dom);
		return NULL;
	}
	return dom;
}

/* Only the cluster starts the VM, and never from a memory image older than its disks. */
static enum ocf_code prepare(struct vm *vm, virDomainPtr dom)
{
	guard_doing(vm->note, "preparing domain %s", vm->domain);
	if (virDomainSetAutostart(dom, 0) != 0 && virGetLastErrorCode() != VIR_ERR_NO_SUPPORT)
		return ocf_fail(OCF_ERR_GENERIC,
				"can't switch off autostart of domain %s: %s; on a "
				"restart libvirt could start it outside the cluster",
				vm->domain, virGetLastErrorMessage());
	if (virDomainHasManagedSaveImage(dom, 0) == 1) {
		ocf_log(vm->run, "notice",
			"dropping the managed save of domain %s: its disks may have "
			"changed since",
			vm->domain);
		if (virDomainManagedSaveRemove(dom, 0) != 0)
			return ocf_fail(OCF_ERR_GENERIC,
					"can't drop the managed save of domain %s: %s", vm->domain,
					virGetLastErrorMessage());
	}
	vm_redefine_snapshots(vm, dom);
	return OCF_SUCCESS;
}

/* Until the domain runs, at most limit_ms. */
static enum vm_seen wait_running(struct vm *vm, virDomainPtr dom, int limit_ms, const char **note,
				 struct vt_fail *fail)
{
	uint64_t end_ns = vt_boottime_ns() + (uint64_t)limit_ms * 1000000;
	for (;;) {
		enum vm_seen seen = vm_state(dom, note, fail);
		if (seen == VM_RUNNING || vt_boottime_ns() >= end_ns ||
		    ocf_ms_left(vm->run, START_SHARE) == 0)
			return seen;
		poll(NULL, 0, POLL_MS);
	}
}

/* Without a managed save even if one came up just now, where the driver knows of such. */
static int create_fresh(virDomainPtr dom)
{
	int rc = virDomainCreateWithFlags(dom, VIR_DOMAIN_START_FORCE_BOOT);
	if (rc != 0 && virGetLastErrorCode() == VIR_ERR_INVALID_ARG)
		rc = virDomainCreate(dom);
	return rc;
}

static enum ocf_code create(struct vm *vm, virDomainPtr dom)
{
	const char *note = "off";
	struct vt_fail fail = {.code = 0};
	for (long try = 1; try <= vm->start_tries; try++) {
		uint64_t next_ns = vt_boottime_ns() + (uint64_t)vm->start_interval * 1000000000;
		guard_doing(vm->note, "starting domain %s (try %ld of %ld)", vm->domain, try,
			    vm->start_tries);
		fail.text[0] = '\0';
		int rc = create_fresh(dom);
		if (rc != 0)
			vm_libvirt_error(&fail);
		int left_ms = (int)(vm->start_interval * 1000);
		enum vm_seen seen = wait_running(vm, dom, rc == 0 ? left_ms : 0, &note, &fail);
		if (seen == VM_RUNNING)
			return OCF_SUCCESS;
		ocf_log(vm->run, "warning", "domain %s does not run yet (try %ld of %ld): %s",
			vm->domain, try, vm->start_tries, fail.text[0] ? fail.text : note);
		while (try < vm->start_tries && vt_boottime_ns() < next_ns &&
		       ocf_ms_left(vm->run, START_SHARE) > 0)
			poll(NULL, 0, POLL_MS);
		if (ocf_ms_left(vm->run, START_SHARE) == 0)
			break;
	}
	return ocf_fail(OCF_ERR_GENERIC,
			"domain %s does not start: %s; see /var/log/libvirt/qemu/%s.log",
			vm->domain, fail.text[0] ? fail.text : note, vm->domain);
}

enum ocf_code vm_start(struct ocf_run *run, struct guard_note *note, void *arg)
{
	struct vm *vm = arg;
	struct vt_fail fail = {.code = 0};
	const char *what;
	virDomainPtr dom;
	enum ocf_code code = OCF_ERR_GENERIC;
	vm->run = run;
	vm->note = note;
	if (vm_connect_patiently(vm, &fail) != 0)
		return ocf_fail(OCF_ERR_GENERIC, "can't start domain %s: %s", vm->domain,
				fail.text);
	enum vm_seen seen = vm_look(vm, &dom, &what, &fail);
	if (seen == VM_UNKNOWN)
		return ocf_fail(OCF_ERR_GENERIC, "can't start domain %s: %s", vm->domain,
				fail.text);
	if (seen == VM_BROKEN)
		return ocf_fail(OCF_ERR_GENERIC, "domain %s is active but %s; stop it first",
				vm->domain, what);
	if (seen == VM_RUNNING || seen == VM_PAUSED)
		return OCF_SUCCESS;
	if (dom)
		virDomainFree(dom);
	dom = define(vm, &code);
	if (!dom)
		return code;
	code = prepare(vm, dom);
	return code == OCF_SUCCESS ? create(vm, dom) : code;
}
