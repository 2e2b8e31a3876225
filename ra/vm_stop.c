// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stop. Rules: it works by the domain's name alone, whatever the state of files; it claims success
 * only when it has seen that the domain does not run; it ends inside the time limit.
 */
#include <errno.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <string.h>

#include "base/mount.h"
#include "ctl/client.h"
#include "io/qemu_proc.h"
#include "ra/vm.h"
#include "ra/worker.h"

#define POLL_MS 200
#define DESTROY_SHARE 80  /* percent of the time limit at which destroy begins at the latest */
#define END_SHARE 95	  /* percent of the time limit at which the wait for destroy ends */
#define FAIL_HELD_MS 5000 /* for vmtwind's answer; at most a tenth of the time limit */
#define ABSENT_PAUSE_MS 250 /* vmtwind is being restarted: asked again after this */
#define KILL_MS 2000	  /* for the death of a worker */

static int fail_held_ms(const struct vm *vm)
{
	int tenth = (int)(vm->run->timeout_ms / 10);
	if (!vm->unit)
		return 0;
	return tenth < FAIL_HELD_MS ? tenth : FAIL_HELD_MS;
}

/* Milliseconds until shutdown requests must give way to destroy. */
static int polite_ms_left(const struct vm *vm)
{
	int left = ocf_ms_left(vm->run, DESTROY_SHARE) - fail_held_ms(vm);
	return left > 0 ? left : 0;
}

/* Active: still there in any form. */
static bool is_active(enum vm_seen seen)
{
	return seen != VM_NONE && seen != VM_OFF;
}

/* Waits for the end of the domain, limit_ms at the most. */
static enum vm_seen wait_off(virDomainPtr dom, int limit_ms, const char **what,
			     struct vt_fail *fail)
{
	uint64_t end_ns = vt_boottime_ns() + (uint64_t)limit_ms * 1000000;
	for (;;) {
		enum vm_seen seen = vm_state(dom, what, fail);
		if (!is_active(seen) || vt_boottime_ns() >= end_ns)
			return seen;
		poll(NULL, 0, POLL_MS);
	}
}

/*
 * Asks the guest to shut down, stop_tries times, until the time for destroy has come. A paused
 * guest can't hear it.
 */
static enum vm_seen shut_down(struct vm *vm, virDomainPtr dom, enum vm_seen seen, const char **what,
			      struct vt_fail *fail)
{
	for (long try = 1; try <= vm->stop_tries && seen == VM_RUNNING; try++) {
		guard_doing(vm->note, "asking domain %s to shut down (try %ld of %ld)", vm->domain,
			    try, vm->stop_tries);
		if (virDomainShutdown(dom) != 0 &&
		    virGetLastErrorCode() != VIR_ERR_OPERATION_INVALID)
			ocf_log(vm->run, "warning", "domain %s can't be asked to shut down: %s",
				vm->domain, virGetLastErrorMessage());
		int limit_ms = (int)(vm->stop_interval * 1000);
		int left_ms = polite_ms_left(vm);
		seen = wait_off(dom, limit_ms < left_ms ? limit_ms : left_ms, what, fail);
		if (left_ms <= limit_ms)
			break;
	}
	return seen;
}

/* Asks vmtwind, and again while it is being restarted. 0, also if the unit isn't started here. */
static int ask_fail_held(const struct vm *vm, struct vt_fail *fail)
{
	struct vt_kv request, reply;
	uint64_t end_ns = vt_boottime_ns() + (uint64_t)fail_held_ms(vm) * 1000000;
	vt_kv_init(&request);
	vt_kv_add(&request, "cmd", "fail-held");
	vt_kv_add(&request, "unit", "%s", vm->unit);
	for (;;) {
		uint64_t now = vt_boottime_ns();
		if (now >= end_ns)
			return fail->code ? fail->code : -ETIMEDOUT;
		int rc = vt_ctl_call(&request, &reply, (int)((end_ns - now) / 1000000) + 1, fail);
		if (rc == 0) {
			rc = (int)vt_kv_long(&reply, "rc", 0);
			const char *text = vt_kv_get(&reply, "text");
			vt_fail(fail, rc, "%s", text ? text : strerror(-rc));
		}
		if (rc != -ECONNREFUSED)
			return rc == -ENOENT ? 0 : rc;
		poll(NULL, 0, ABSENT_PAUSE_MS);
	}
}

/*
 * Held writes are answered before the VM is destroyed, else libvirt wedges for all VMs. A worker that
 * can't be told so hangs or has lost its master: it is ended, and with it the FUSE connection. That
 * loses nothing acknowledged (S1), and the VM is to go anyway.
 */
static void fail_held(const struct vm *vm)
{
	struct vt_fail fail = {.code = 0};
	if (!vm->unit)
		return;
	guard_doing(vm->note, "asking vmtwind to end held writes of unit %s", vm->unit);
	if (ask_fail_held(vm, &fail) == 0 || worker_alive(vm->unit) == 0)
		return;
	ocf_log(vm->run, "warning",
		"ending the worker of unit %s, so that no held write hangs domain %s: %s", vm->unit,
		vm->domain, fail.text);
	guard_doing(vm->note, "ending the worker of unit %s", vm->unit);
	if (worker_kill(vm->unit, KILL_MS, &fail) == 0)
		return;
	ocf_log(vm->run, "warning", "unit %s: %s; aborting its mount", vm->unit, fail.text);
	if (vm->directory[0] && vt_mount_detach(vm->directory, &fail) != 0)
		ocf_log(vm->run, "warning", "unit %s: %s", vm->unit, fail.text);
}

/*
 * True if vmtwind says that the unit's worker doesn't answer: then the guest's disk hangs and with it the
 * guest, and waiting for its shutdown would only prolong the outage.
 */
static bool worker_hangs(const struct vm *vm)
{
	struct vt_kv request, reply;
	if (!vm->unit)
		return false;
	guard_doing(vm->note, "asking vmtwind whether the worker of unit %s answers", vm->unit);
	vt_kv_init(&request);
	vt_kv_add(&request, "cmd", "monitor");
	vt_kv_add(&request, "unit", "%s", vm->unit);
	vt_kv_add(&request, "timeout_ms", "%d", fail_held_ms(vm) / 3);
	int rc = vt_ctl_call(&request, &reply, fail_held_ms(vm), NULL);
	return rc == 0 && vt_kv_long(&reply, "rc", 0) == -ETIMEDOUT;
}

static enum vm_seen destroy(struct vm *vm, virDomainPtr dom, const char **what,
			    struct vt_fail *fail)
{
	guard_doing(vm->note, "destroying domain %s", vm->domain);
	int rc = virDomainDestroyFlags(dom, VIR_DOMAIN_DESTROY_GRACEFUL);
	if (rc != 0 && is_active(vm_state(dom, what, fail))) {
		guard_doing(vm->note, "killing domain %s", vm->domain);
		rc = virDomainDestroy(dom);
	}
	if (rc != 0)
		vm_libvirt_error(fail);
	return wait_off(dom, ocf_ms_left(vm->run, END_SHARE), what, fail);
}

/* libvirt does not run: its QEMU, if there is one, is ended as a process. */
static enum ocf_code stop_process(struct vm *vm, const struct vt_fail *why)
{
	struct vt_fail fail = {.code = 0};
	if (!vm_is_local_qemu(vm))
		return ocf_fail(OCF_ERR_GENERIC, "can't tell whether domain %s runs: %s",
				vm->domain, why->text);
	pid_t pid = qemu_proc_find(vm->domain);
	if (pid == 0)
		return OCF_SUCCESS;
	ocf_log(vm->run, "warning", "ending QEMU of domain %s without a shutdown of the guest: %s",
		vm->domain, why->text);
	fail_held(vm);
	guard_doing(vm->note, "ending QEMU of domain %s", vm->domain);
	if (qemu_proc_end(vm->domain, ocf_ms_left(vm->run, 90), &fail) != 0)
		return ocf_fail(OCF_ERR_GENERIC, "can't stop domain %s: %s; %s", vm->domain,
				why->text, fail.text);
	return OCF_SUCCESS;
}

/* libvirt says that the domain does not run; a QEMU of it that libvirt lost sight of says
 * otherwise. */
static enum ocf_code confirm_off(const struct vm *vm)
{
	pid_t pid = vm_is_local_qemu(vm) ? qemu_proc_find(vm->domain) : 0;
	if (pid <= 0)
		return OCF_SUCCESS;
	return ocf_fail(OCF_ERR_GENERIC,
			"libvirt says that domain %s does not run, but its QEMU does: "
			"process %d; end it by hand: kill %d",
			vm->domain, (int)pid, (int)pid);
}

enum ocf_code vm_stop(struct ocf_run *run, struct guard_note *note, void *arg)
{
	struct vm *vm = arg;
	struct vt_fail fail = {.code = 0};
	const char *what;
	virDomainPtr dom;
	vm->run = run;
	vm->note = note;
	int rc = vm_connect_patiently(vm, &fail);
	if (rc == -ENOENT)
		return stop_process(vm, &fail);
	if (rc != 0)
		return ocf_fail(OCF_ERR_GENERIC, "can't stop domain %s: %s", vm->domain, fail.text);
	enum vm_seen seen = vm_look(vm, &dom, &what, &fail);
	if (seen == VM_UNKNOWN)
		return ocf_fail(OCF_ERR_GENERIC, "can't stop domain %s: %s", vm->domain, fail.text);
	if (is_active(seen) && !worker_hangs(vm))
		seen = shut_down(vm, dom, seen, &what, &fail);
	if (is_active(seen)) {
		ocf_log(run, "warning", "domain %s is %s; destroying it", vm->domain, what);
		fail_held(vm);
		seen = destroy(vm, dom, &what, &fail);
	}
	if (!is_active(seen))
		return confirm_off(vm);
	return ocf_fail(OCF_ERR_GENERIC, "domain %s does not stop: it is %s%s%s", vm->domain, what,
			fail.text[0] ? "; " : "", fail.text);
}
