// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control socket's requests (their meaning: ctl/client.h). A request concerning a unit is held
 * until the unit's worker is attached, then passed on; its answer, or what happened to the worker,
 * or its time limit, whichever is first, is the reply.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_RESERVE_MS 200 /* our answer must be there before the client gives up */

static void reply_to(struct vt_ipcs_conn *conn, int rc, const char *text)
{
	struct vt_kv kv;
	if (!conn)
		return;
	vt_kv_init(&kv);
	vt_kv_add(&kv, "rc", "%d", rc);
	if (text && *text)
		vt_kv_add(&kv, "text", "%s", text);
	vt_ipcs_reply(conn, &kv);
}

static void remove_request(struct vm_request *request)
{
	struct vm_master *m = request->m;
	struct vm_request **at = &m->requests;
	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	m->request_count--;
	vm_timer_stop(m, &request->timer);
	free(request);
}

static void finish(struct vm_request *request, int rc, const char *text)
{
	if (rc != 0)
		vt_log(VT_WARN, request->unit->name, "%s failed: %s", request->cmd, text);
	reply_to(request->conn, rc, text);
	remove_request(request);
}

static void reply_stopped(struct vt_ipcs_conn *conn)
{
	struct vt_kv kv;
	if (!conn)
		return;
	vt_kv_init(&kv);
	vt_kv_add(&kv, "rc", "0");
	vt_kv_add(&kv, "role", "stopped");
	vt_kv_add(&kv, "failed", "0");
	vt_ipcs_reply(conn, &kv);
}

/* What keeps a request of this unit from being answered, for people. */
static void explain(const struct vm_unit *unit, char *out, size_t cap)
{
	const struct vm_master *m = unit->m;
	if (unit->trouble[0])
		snprintf(out, cap, "%s", unit->trouble);
	else if (!m->ready)
		snprintf(out, cap, "vmtwind is not in the cluster yet: %.300s", m->waiting);
	else if (unit->state == VM_ATTACHED)
		snprintf(out, cap, "the worker (pid %d) does not answer; see %s/%s.log",
			 (int)unit->pid, VT_LOG_DIR, unit->name);
	else
		snprintf(out, cap, "the worker is not ready; see %s/%s.log", VT_LOG_DIR, unit->name);
}

static void on_overdue(void *data)
{
	struct vm_request *request = data;
	char why[512], text[768];
	request->timer = 0;
	if (strcmp(request->cmd, "monitor") == 0 && request->state == VM_REQ_SENT)
		vm_unit_silent(request->unit);
	explain(request->unit, why, sizeof why);
	snprintf(text, sizeof text, "unit %s: %s took too long: %s", request->unit->name,
		 request->cmd, why);
	finish(request, -ETIMEDOUT, text);
}

static void send_request(struct vm_request *request)
{
	struct vw_msg msg = {.type = VW_REQUEST};
	msg.u.request.id = request->id;
	msg.u.request.kv = request->kv;
	request->state = VM_REQ_SENT;
	vm_worker_send(request->unit, &msg);
}

/*
 * A command stops the worker for a moment and starts it again (vmtwin discard-fork). Pacemaker is not to
 * notice: a monitor or start that comes meanwhile waits for the new worker. A stop of Pacemaker's own
 * ends this, and if the command is gone the worker is started when its time is over.
 */
static void end_restart(struct vm_unit *unit)
{
	unit->restarting = false;
	vm_timer_stop(unit->m, &unit->restart_timer);
}

static void on_restart_overdue(void *data)
{
	struct vm_unit *unit = data;
	struct vt_fail fail = {0};
	unit->restart_timer = 0;
	unit->restarting = false;
	vt_log(VT_WARN, unit->name, "the command that stopped the unit has not started it again; "
	       "starting it");
	if (vm_unit_start(unit, NULL, &fail) < 0)
		vm_control_refuse(unit, -EIO, fail.text);
}

static void begin_restart(struct vm_unit *unit, const struct vt_kv *stop)
{
	long ms = vt_kv_long(stop, "restart_ms", 0);
	end_restart(unit);
	if (ms < 1 || ms > VM_RESTART_MAX_MS)
		return;
	unit->restarting = true;
	vm_timer(unit->m, &unit->restart_timer, (unsigned)ms, unit, on_restart_overdue);
}

void vm_control_pump(struct vm_unit *unit)
{
	if (unit->state != VM_ATTACHED)
		return;
	for (struct vm_request *r = unit->m->requests; r; r = r->next)
		if (r->unit == unit && r->state == VM_REQ_WAITING)
			send_request(r);
}

void vm_control_reply(struct vm_unit *unit, const struct vw_request *reply)
{
	struct vm_request *r = unit->m->requests;
	while (r && (r->unit != unit || r->id != reply->id || r->state != VM_REQ_SENT))
		r = r->next;
	if (!r)
		return; /* answered already: its time was over */
	if (strcmp(r->cmd, "stop") == 0 && vt_kv_long(&reply->kv, "rc", -EBADMSG) == 0) {
		unit->stopping = true;
		begin_restart(unit, &r->kv);
		r->state = VM_REQ_ENDING; /* stopped means that the process is gone */
		return;
	}
	if (r->conn)
		vt_ipcs_reply(r->conn, &reply->kv);
	remove_request(r);
}

static void finish_gone(struct vm_request *r, const char *text)
{
	char full[768];
	if (r->state == VM_REQ_ENDING && r->unit->state == VM_DOWN) {
		finish(r, 0, "");
		return;
	}
	if (r->unit->restarting) {
		r->state = VM_REQ_WAITING;
		return;
	}
	if (strcmp(r->cmd, "monitor") == 0 && r->unit->state == VM_DOWN) {
		reply_stopped(r->conn);
		remove_request(r);
		return;
	}
	snprintf(full, sizeof full, "unit %s: %s", r->unit->name, text[0] ? text : "the worker ended");
	finish(r, -EPIPE, full);
}

void vm_control_gone(struct vm_unit *unit, const char *text)
{
	struct vm_request *next;
	for (struct vm_request *r = unit->m->requests; r; r = next) {
		next = r->next;
		if (r->unit == unit)
			finish_gone(r, text);
	}
}

void vm_control_refuse(struct vm_unit *unit, int rc, const char *text)
{
	struct vm_request *next;
	char full[768];
	for (struct vm_request *r = unit->m->requests; r; r = next) {
		next = r->next;
		if (r->unit != unit || r->state != VM_REQ_WAITING)
			continue;
		snprintf(full, sizeof full, "unit %s: %s", unit->name, text);
		finish(r, rc, full);
	}
}

/* What a command may look like; whether there is such a one, the worker knows. */
static bool command_ok(const char *cmd)
{
	size_t n = strlen(cmd);
	return n >= 1 && n <= 15 && strspn(cmd, "abcdefghijklmnopqrstuvwxyz-") == n;
}

static unsigned limit_ms(const char *cmd, const struct vt_kv *kv)
{
	long ms = vt_kv_long(kv, "timeout_ms", VM_REQUEST_TIMEOUT_MS);
	if (ms < 1 || ms > 600000)
		ms = VM_REQUEST_TIMEOUT_MS;
	if (strcmp(cmd, "monitor") == 0 && ms > VM_MONITOR_TIMEOUT_MS)
		ms = VM_MONITOR_TIMEOUT_MS;
	return (unsigned)(ms > 2 * REPLY_RESERVE_MS ? ms - REPLY_RESERVE_MS : ms);
}

static void add_request(struct vm_unit *unit, struct vt_ipcs_conn *conn, const char *cmd,
			const struct vt_kv *kv)
{
	struct vm_master *m = unit->m;
	struct vm_request *r =
	    m->request_count < VM_REQUESTS_MAX ? calloc(1, sizeof *r) : NULL;
	if (!r) {
		reply_to(conn, -EBUSY, "vmtwind has too many unanswered requests; try again later");
		return;
	}
	r->m = m;
	r->unit = unit;
	r->conn = conn;
	r->id = ++m->next_request_id;
	snprintf(r->cmd, sizeof r->cmd, "%s", cmd);
	r->kv = *kv;
	struct vm_request **at = &m->requests;
	while (*at)
		at = &(*at)->next;
	*at = r; /* in the order of their coming */
	m->request_count++;
	vm_timer(m, &r->timer, limit_ms(cmd, kv), r, on_overdue);
	if (unit->state == VM_GREETED)
		vm_attach(unit); /* refused before? perhaps its file was corrected */
	else
		vm_control_pump(unit);
}

/* A unit without a worker. True: the request is answered. */
static bool answer_down(struct vm_unit *unit, struct vt_ipcs_conn *conn, const char *cmd)
{
	char text[256];
	if (strcmp(cmd, "stop") == 0)
		end_restart(unit);
	if (unit->state != VM_DOWN)
		return false;
	if (unit->restarting && strcmp(cmd, "monitor") == 0)
		return false;
	if (vm_unit_alive(unit)) { /* started by somebody else, or an old one: find out */
		struct vt_fail fail = {0};
		if (vm_unit_start(unit, NULL, &fail) == 0)
			return false;
		reply_to(conn, -EIO, fail.text);
		return true;
	}
	if (strcmp(cmd, "monitor") == 0 || strcmp(cmd, "stop") == 0) {
		reply_stopped(conn);
		return true;
	}
	snprintf(text, sizeof text, "unit %s is not started on this host", unit->name);
	reply_to(conn, -ENOENT, text);
	return true;
}

/* The other host's own word, which comes even where the two workers may not say hello (no fencer, a fence
 * pending): what runs there is not overruled by mistake. */
static bool peer_has_vm(const struct vm_unit *unit)
{
	const char *role = unit->has_peer_status ? vt_kv_get(&unit->peer_status, "role") : NULL;
	return role && strcmp(role, "primary") == 0;
}

static void on_request(void *ctx, struct vt_ipcs_conn *conn, const struct vt_kv *kv)
{
	struct vm_master *m = ctx;
	struct vt_fail fail = {0};
	const char *cmd = vt_kv_get(kv, "cmd");
	const char *name = vt_kv_get(kv, "unit");
	if (cmd && strcmp(cmd, "status") == 0) {
		struct vt_kv reply;
		vm_status_reply(m, kv, &reply);
		vt_ipcs_reply(conn, &reply);
		return;
	}
	struct vt_kv fencing;
	if (cmd && vm_fencing_request(m, cmd, kv, &fencing)) {
		vt_ipcs_reply(conn, &fencing);
		return;
	}
	if (!cmd || !command_ok(cmd)) {
		reply_to(conn, -EINVAL, "vmtwind does not know this request; are the agents or the "
					"command of another version than the daemon?");
		return;
	}
	if (!name || !vt_unit_name_ok(name)) {
		reply_to(conn, -EINVAL, "the request names no unit, or one that can't exist: unit "
					"names are made of a-z, 0-9, '.', '_' and '-'");
		return;
	}
	struct vm_unit *unit = vm_unit_get(m, name);
	if (!unit) {
		reply_to(conn, -ENOSPC, "vmtwind has too many units");
		return;
	}
	if (m->end.under_way && strcmp(cmd, "start") == 0) {
		reply_to(conn, -ECANCELED, "this host is ending itself: it was ordered to, or its lease is over");
		return;
	}
	if (strcmp(cmd, "start") == 0 && vt_kv_get(kv, "restart")) {
		if (!unit->restarting) {
			reply_to(conn, -ECANCELED, "the unit was stopped or started by somebody else "
						   "meanwhile");
			return;
		}
		end_restart(unit);
	}
	if (strcmp(cmd, "start") == 0 && !unit->restarting) {
		int rc = vm_unit_start(unit, vt_kv_get(kv, "rsc"), &fail);
		if (rc < 0) {
			reply_to(conn, rc, fail.text);
			return;
		}
	} else if (strcmp(cmd, "start") != 0 && answer_down(unit, conn, cmd)) {
		return;
	}
	if (strcmp(cmd, "force") == 0 && peer_has_vm(unit)) {
		snprintf(fail.text, sizeof fail.text, "unit %s: %s has the VM: stop it there first", name,
			 unit->peer_name);
		reply_to(conn, -EBUSY, fail.text);
		return;
	}
	add_request(unit, conn, cmd, kv);
}

static void on_closed(void *ctx, struct vt_ipcs_conn *conn)
{
	struct vm_master *m = ctx;
	for (struct vm_request *r = m->requests; r; r = r->next)
		if (r->conn == conn)
			r->conn = NULL;
}

int vm_control_open(struct vm_master *m, struct vt_fail *fail)
{
	static const struct vt_ipcs_ops ops = {.request = on_request, .closed = on_closed};
	return vt_ipcs_open(&m->ipcs, VT_IPC_NAME, &ops, m, fail);
}
