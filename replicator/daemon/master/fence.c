// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fencing watcher (daemon/fencewatch), and asking for fencing. The watcher's lines come as packets
 * of one socket; a watcher that does not answer in time is killed and started again, and meanwhile
 * workers are told that fencing is unknown.
 */
#include "daemon/master/master.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define STONITH_ADMIN "/usr/sbin/stonith_admin"
#define STONITH_TIMEOUT_S "60"

void vm_fence_fill(const struct vm_unit *unit, struct vw_fence *fence)
{
	const struct vt_fence_snapshot *snap = &unit->m->watcher.snap;
	const struct vt_fence_node *peer = vt_fence_find(snap, unit->peer_name);
	const struct vt_fence_node *self = vt_fence_find(snap, unit->m->self_name);
	memset(fence, 0, sizeof *fence);
	fence->read_ns = snap->read_ns;
	fence->known = snap->known;
	if (!snap->known)
		return;
	fence->peer_record = peer ? peer->record : 0;
	fence->pending = (peer && peer->pending) || (self && self->pending);
}

static void tell_unknown(struct vm_master *m)
{
	memset(&m->watcher.snap, 0, sizeof m->watcher.snap);
	m->watcher.snap.read_ns = vt_boottime_ns();
	vm_tell_fence(m);
}

static void on_overdue(void *data)
{
	struct vm_master *m = data;
	struct vm_watcher *w = &m->watcher;
	w->timer = 0;
	if (w->helper.pid == 0)
		return;
	vt_log(VT_WARN, NULL, "Pacemaker's fencer does not say in time what it has fenced; starting "
	       "the watcher afresh");
	vm_helper_kill(&w->helper); /* goes on in vm_fence_child_ended */
}

/* It says something every few seconds, asked or not: silence means that it hangs. */
static void expect_line(struct vm_master *m)
{
	vm_timer(m, &m->watcher.timer, m->watcher.asked ? VM_FENCE_ANSWER_MS : VM_FENCE_SILENCE_MS, m,
		 on_overdue);
}

static void take_line(struct vm_master *m, const char *line, size_t len)
{
	struct vm_watcher *w = &m->watcher;
	struct vt_fence_snapshot *snap = &w->snap;
	bool was_known = snap->known;
	if (vt_fence_parse(snap, line, len) < 0) { /* leaves it unknown */
		vt_log(VT_ERR, NULL, "the fencing watcher said what is no snapshot; is it of another "
		       "version than vmtwind?");
		snap->read_ns = vt_boottime_ns();
	}
	vt_fence_remember(&w->memory, snap);
	if (snap->read_ns >= w->asked_ns)
		w->asked = false;
	expect_line(m);
	vm_tell_fence(m);
	if (!was_known && snap->known)
		vm_publish_all(m); /* Pacemaker came back */
}

static int32_t on_watcher(int32_t fd, int32_t events, void *data)
{
	char line[VT_FENCE_LINE_MAX];
	struct vm_master *m = data;
	(void)fd;
	(void)events;
	ssize_t n = vm_helper_receive(m, &m->watcher.helper, line, sizeof line);
	if (n > 0)
		take_line(m, line, (size_t)n);
	return 0;
}

static void on_restart(void *data)
{
	struct vm_master *m = data;
	m->watcher.timer = 0;
	if (!m->closing)
		vm_fence_start(m);
}

void vm_fence_start(struct vm_master *m)
{
	static const char *const no_args[] = {NULL};
	int rc = vm_helper_start(m, &m->watcher.helper, m->watcher_path, no_args, on_watcher);
	if (rc < 0) {
		vt_log(VT_ERR, NULL, "%s can't be started (%s): no fencing is known, trying again",
		       m->watcher_path, strerror(-rc));
		vm_timer(m, &m->watcher.timer, VM_RECONNECT_INTERVAL_MS, m, on_restart);
		return;
	}
	m->watcher.asked = false;
	vm_fence_ask(m); /* a watcher that says nothing at all is found out too */
}

void vm_fence_ask(struct vm_master *m)
{
	struct vm_watcher *w = &m->watcher;
	uint64_t now = vt_boottime_ns();
	if (w->helper.fd < 0 || send(w->helper.fd, "r", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		return; /* being started again: its first line is the answer */
	w->asked_ns = now;
	if (!w->asked) {
		w->asked = true;
		expect_line(m);
	}
}

void vm_fence_child_ended(struct vm_master *m, int status)
{
	struct vm_watcher *w = &m->watcher;
	vm_helper_ended(m, &w->helper);
	w->asked = false;
	if (m->closing)
		return;
	vt_log(VT_WARN, NULL, "the fencing watcher ended (wait status %d); starting it again", status);
	tell_unknown(m);
	vm_timer(m, &w->timer, VM_FENCE_RESTART_MS, m, on_restart);
}

void vm_fence_stop(struct vm_master *m)
{
	vm_helper_kill(&m->watcher.helper);
}

static void on_fenced(struct vm_master *m, void *arg, int result)
{
	struct vm_unit *unit = arg;
	if (result == 0)
		vt_log(VT_NOTICE, unit->name, "fencing of %s succeeded", m->fence_asked_node);
	else
		vt_log(VT_ERR, unit->name, "fencing of %s failed (result %d): see 'stonith_admin "
		       "--history %s --verbose' and the log of pacemaker-fenced",
		       m->fence_asked_node, result, m->fence_asked_node);
	vm_fence_ask(m);
}

/* At most once in VM_FENCE_PEER_INTERVAL_MS a node: a second unit of the same peer needs no second. */
void vm_fence_peer(struct vm_unit *unit, const char *reason)
{
	struct vm_master *m = unit->m;
	uint64_t now = vt_boottime_ns();
	bool recent = m->fence_asked_ns != 0 &&
		      now - m->fence_asked_ns < VM_FENCE_PEER_INTERVAL_MS * UINT64_C(1000000);
	if (unit->peer_node == 0)
		return;
	if (recent && strcmp(m->fence_asked_node, unit->peer_name) == 0) {
		vt_log(VT_INFO, unit->name, "fencing of %s was asked for less than %d s ago: %s",
		       unit->peer_name, VM_FENCE_PEER_INTERVAL_MS / 1000, reason);
		return;
	}
	vt_log(VT_WARN, unit->name, "asking Pacemaker to fence %s: %s", unit->peer_name, reason);
	memcpy(m->fence_asked_node, unit->peer_name, sizeof m->fence_asked_node);
	m->fence_asked_ns = now;
	const char *argv[] = {STONITH_ADMIN, "--reboot", unit->peer_name, "--timeout",
			      STONITH_TIMEOUT_S, NULL};
	int rc = vm_job_start(m, (char *const *)(uintptr_t)argv, VM_FENCE_PEER_TIMEOUT_MS, on_fenced,
			      unit);
	if (rc < 0) {
		m->fence_asked_ns = 0;
		vt_log(VT_ERR, unit->name, "%s can't be started: %s", STONITH_ADMIN, strerror(-rc));
	}
}
