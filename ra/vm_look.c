// SPDX-License-Identifier: GPL-2.0-or-later
/* The agent's connection to libvirt, and what it sees of the domain there. */
#include <errno.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "ra/vm.h"

#define RETRY_PAUSE_MS 250
#define KEEPALIVE_INTERVAL_S 3
#define KEEPALIVE_COUNT 3

bool vm_is_local_qemu(const struct vm *vm)
{
	return strncmp(vm->uri, "qemu:///system", 14) == 0 ||
	       strncmp(vm->uri, "qemu+unix:///system", 19) == 0;
}

static void quiet(void *data, virErrorPtr err)
{
	(void)data;
	(void)err; /* told by the caller, where it matters */
}

int vm_libvirt_error(struct vt_fail *fail)
{
	virErrorPtr err = virGetLastError();
	return vt_fail(fail, -EIO, "libvirt: %s",
		       err && err->message ? err->message : "unknown error");
}

/* libvirt reports a failed connect(2) with the errno in int1. */
static bool daemon_absent(void)
{
	virErrorPtr err = virGetLastError();
	return err && err->code == VIR_ERR_SYSTEM_ERROR &&
	       (err->int1 == ENOENT || err->int1 == ECONNREFUSED);
}

int vm_connect(struct vm *vm, struct vt_fail *fail)
{
	guard_doing(vm->note, "connecting to libvirt at %s", vm->uri);
	virSetErrorFunc(NULL, quiet);
	vm->conn = virConnectOpen(vm->uri);
	if (vm->conn)
		return 0;
	if (!daemon_absent())
		return vm_libvirt_error(fail);
	return vt_fail(
	    fail, -ENOENT,
	    "libvirt does not run (%s), start it: systemctl start libvirtd (or virtqemud)",
	    virGetLastErrorMessage());
}

static void *run_events(void *arg)
{
	while (virEventRunDefaultImpl() == 0)
		;
	return arg;
}

static void start_keepalive(struct vm *vm)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, run_events, NULL) == 0) {
		pthread_detach(thread); /* ends with the process */
		virConnectSetKeepAlive(vm->conn, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT);
	}
}

int vm_connect_patiently(struct vm *vm, struct vt_fail *fail)
{
	uint64_t end_ns = vt_boottime_ns() + (uint64_t)VM_ABSENT_GRACE_MS * 1000000;
	bool events = virEventRegisterDefaultImpl() == 0;
	for (;;) {
		int rc = vm_connect(vm, fail);
		if (rc == 0 && events)
			start_keepalive(vm);
		if (rc != -ENOENT || vt_boottime_ns() >= end_ns || ocf_ms_left(vm->run, 40) == 0)
			return rc;
		poll(NULL, 0, RETRY_PAUSE_MS);
	}
}

static enum vm_seen paused(int reason, const char **note)
{
	switch (reason) {
	case VIR_DOMAIN_PAUSED_IOERROR:
		*note = "paused on an I/O error of its disk";
		return VM_BROKEN;
	case VIR_DOMAIN_PAUSED_CRASHED:
		*note = "paused after the guest crashed";
		return VM_BROKEN;
	case VIR_DOMAIN_PAUSED_WATCHDOG:
		*note = "paused by its watchdog device";
		return VM_BROKEN;
	case VIR_DOMAIN_PAUSED_POSTCOPY_FAILED:
		*note = "paused after a failed migration";
		return VM_BROKEN;
	case VIR_DOMAIN_PAUSED_USER:
		*note = "paused by a user";
		return VM_PAUSED;
	default:
		*note = "paused by libvirt for a snapshot, dump, save or the like";
		return VM_PAUSED;
	}
}

/* Why a domain is off, as far as libvirt remembers. */
static const char *off(int reason)
{
	switch (reason) {
	case VIR_DOMAIN_SHUTOFF_SHUTDOWN:
		return "off: its guest shut down";
	case VIR_DOMAIN_SHUTOFF_DESTROYED:
		return "off: it was destroyed";
	case VIR_DOMAIN_SHUTOFF_CRASHED:
		return "off: its QEMU ended unexpectedly";
	case VIR_DOMAIN_SHUTOFF_SAVED:
		return "off: it was saved (managedsave); what was saved is not taken up again";
	case VIR_DOMAIN_SHUTOFF_FAILED:
		return "off: it failed to start";
	default:
		return "off";
	}
}

enum vm_seen vm_state(virDomainPtr dom, const char **note, struct vt_fail *fail)
{
	int state = 0, reason = 0;
	*note = "running";
	if (virDomainGetState(dom, &state, &reason, 0) != 0) {
		virErrorPtr err = virGetLastError();
		if (err && err->code == VIR_ERR_NO_DOMAIN)
			return VM_NONE; /* a transient domain that has ended */
		vm_libvirt_error(fail);
		return VM_UNKNOWN;
	}
	switch (state) {
	case VIR_DOMAIN_SHUTOFF:
		*note = off(reason);
		return VM_OFF;
	case VIR_DOMAIN_CRASHED:
		*note = "crashed";
		return VM_BROKEN;
	case VIR_DOMAIN_PAUSED:
		return paused(reason, note);
	case VIR_DOMAIN_PMSUSPENDED:
		*note = "suspended by its guest";
		return VM_PAUSED;
	case VIR_DOMAIN_SHUTDOWN:
		*note = "shutting down";
		return VM_RUNNING;
	default:
		return VM_RUNNING;
	}
}

enum vm_seen vm_look(struct vm *vm, virDomainPtr *dom, const char **note, struct vt_fail *fail)
{
	guard_doing(vm->note, "asking libvirt for domain %s", vm->domain);
	*note = "not defined";
	*dom = virDomainLookupByName(vm->conn, vm->domain);
	if (!*dom) {
		virErrorPtr err = virGetLastError();
		if (err && err->code == VIR_ERR_NO_DOMAIN)
			return VM_NONE;
		vm_libvirt_error(fail);
		return VM_UNKNOWN;
	}
	enum vm_seen seen = vm_state(*dom, note, fail);
	if (seen == VM_UNKNOWN || seen == VM_NONE) {
		virDomainFree(*dom);
		*dom = NULL;
	}
	return seen;
}
