// SPDX-License-Identifier: GPL-2.0-or-later
/* What the worker says: answers to requests, its state for everybody, and the unit's story. */
#include "daemon/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/advice.h"

const char *const wk_show_names[] = {"STOP", "WAIT", "PRIM", "SECOND", "ALONE"};
const char *const wk_colour_names[] = {"red", "orange", "green"};

void wk_reason_text(const struct worker *w, enum vc_reason reason, char *out, size_t cap)
{
	const char *peer = w->who.peer_name[0] ? w->who.peer_name : "the other host";
	vc_expand(out, cap, vc_reason_text(reason), peer, "");
}

void wk_story(struct worker *w, enum vc_reason reason)
{
	char text[400], line[480], when[32];
	wk_reason_text(w, reason, text, sizeof text);
	vt_log(VT_NOTICE, w->conf.name, "%s", text);
	vt_wall_text(when, sizeof when);
	int n = snprintf(line, sizeof line, "%s %s\n", when, text);
	int fd = open(w->paths.story, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return; /* the daemon's log has it */
	ssize_t ignored = write(fd, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
	(void)ignored;
	close(fd);
}

/* ---- replies ------------------------------------------------------------------------------------ */

struct vt_kv *wk_begin_reply(struct worker *w, uint32_t id, int rc)
{
	w->master.out.type = VW_REPLY;
	w->master.out.u.request.id = id;
	struct vt_kv *kv = &w->master.out.u.request.kv;
	vt_kv_init(kv);
	vt_kv_add(kv, "rc", "%d", rc);
	return kv;
}

void wk_reply(struct worker *w, uint32_t id, int rc, const char *text)
{
	struct vt_kv *kv = wk_begin_reply(w, id, rc);
	if (text && *text)
		vt_kv_add(kv, "text", "%s", text);
	wk_master_send(w);
}

static uint32_t *slot_of(struct worker *w, enum vc_event_type request)
{
	switch (request) {
	case VC_E_PROMOTE:
		return &w->promote_id;
	case VC_E_DEMOTE:
		return &w->demote_id;
	case VC_E_STOP:
		return &w->stop_id;
	case VC_E_FORCE:
		return &w->force_id;
	default:
		return &w->fail_id;
	}
}

void wk_reply_core(struct worker *w, enum vc_event_type request, int rc, enum vc_reason reason)
{
	char reason_part[400], text[512] = "";
	uint32_t *id = slot_of(w, request);
	if (*id == 0)
		return;
	wk_reason_text(w, reason, reason_part, sizeof reason_part);
	if (rc != 0)
		snprintf(text, sizeof text, "unit %s: %s", w->conf.name, reason_part);
	wk_reply(w, *id, rc, text);
	*id = 0;
}

static void ask_core(struct worker *w, uint32_t id, enum vc_event_type request)
{
	uint32_t *waiting = slot_of(w, request);
	if (*waiting)
		wk_reply(w, *waiting, -EBUSY, "the same request was made again; that one is answered");
	*waiting = id;
	wk_event_type(w, request);
}

const char *wk_role_name(const struct worker *w)
{
	return w->core.role == VC_PRIMARY || w->core.role == VC_DEMOTING ? "primary" : "secondary";
}

static void answer_monitor(struct worker *w, uint32_t id)
{
	char text[400];
	struct vc_view v = vc_look(&w->core, vt_boottime_ns());
	bool failed = w->core.failed || w->core.disk_failed;
	wk_reason_text(w, v.reason, text, sizeof text);
	struct vt_kv *kv = wk_begin_reply(w, id, 0);
	vt_kv_add(kv, "role", "%s", wk_role_name(w));
	vt_kv_add(kv, "failed", "%d", failed);
	vt_kv_add(kv, "state", "%s", wk_show_names[v.show]);
	if (text[0])
		vt_kv_add(kv, "reason", "unit %s: %s", w->conf.name, text);
	wk_master_send(w);
}

void wk_request(struct worker *w, uint32_t id, const struct vt_kv *request)
{
	const char *cmd = vt_kv_get(request, "cmd");
	if (!w->opened) {
		wk_reply(w, id, -EAGAIN, "the unit is being started");
	} else if (!cmd) {
		wk_reply(w, id, -EINVAL, "a request without cmd");
	} else if (strcmp(cmd, "start") == 0) {
		wk_reply(w, id, 0, NULL);
	} else if (strcmp(cmd, "monitor") == 0) {
		answer_monitor(w, id);
	} else if (strcmp(cmd, "explain") == 0) {
		wk_answer_explain(w, id);
	} else if (strcmp(cmd, "promote") == 0) {
		ask_core(w, id, VC_E_PROMOTE);
	} else if (strcmp(cmd, "demote") == 0) {
		ask_core(w, id, VC_E_DEMOTE);
	} else if (strcmp(cmd, "stop") == 0) {
		ask_core(w, id, VC_E_STOP);
	} else if (strcmp(cmd, "fail-held") == 0) {
		ask_core(w, id, VC_E_FAIL_HELD);
	} else if (strcmp(cmd, "force") == 0) {
		ask_core(w, id, VC_E_FORCE);
	} else {
		wk_reply(w, id, -ENOSYS, "this request is not known");
	}
}

/* ---- state for everybody ------------------------------------------------------------------------ */

static void add_progress(const struct worker *w, struct vt_kv *kv, uint64_t now)
{
	struct vd_progress p;
	vd_progress(w->path, &p);
	/* Else what is in flight at this moment would be shown as held until the next report. */
	bool frozen = w->core.gate == VC_G_FROZEN && w->core.phase != VC_SRC_END;
	if (frozen)
		vt_kv_add(kv, "held", "%llu", (unsigned long long)p.held);
	if (frozen && p.oldest_ns)
		vt_kv_add(kv, "oldest_ms", "%llu",
			  (unsigned long long)((now - p.oldest_ns) / VC_NS_PER_MS));
	bool syncing = w->core.phase == VC_SOURCE || w->core.phase == VC_TARGET;
	if (!syncing || p.total_bytes == 0)
		return;
	uint64_t done = p.done_bytes < p.total_bytes ? p.done_bytes : p.total_bytes;
	vt_kv_add(kv, "progress", "%llu", (unsigned long long)(done * 100 / p.total_bytes));
	uint64_t took_ns = now - w->sync_started_ns;
	if (done > 0 && took_ns > 0)
		vt_kv_add(kv, "eta_s", "%.0f",
			  (double)(p.total_bytes - done) / (double)done * (double)took_ns / 1e9);
}

static bool same_view(const struct vc_view *a, const struct vc_view *b)
{
	return a->show == b->show && a->colour == b->colour && a->uptodate == b->uptodate &&
	       a->score == b->score && a->reason == b->reason;
}

/* For people: when this came to be. Not told to the other host, and no part of any decision. */
static void note_since(struct worker *w, const struct vc_view *v)
{
	if (w->since_text[0] && same_view(v, &w->since_view))
		return;
	w->since_view = *v;
	vt_wall_text(w->since_text, sizeof w->since_text);
}

void wk_report(struct worker *w)
{
	char text[400];
	uint64_t now = vt_boottime_ns();
	if (!w->opened || !w->path)
		return;
	struct vc_view v = vc_look(&w->core, now);
	note_since(w, &v);
	if (!wk_master_there(w))
		return;
	bool syncing = w->core.phase == VC_SOURCE || w->core.phase == VC_TARGET;
	bool due = (syncing || w->core.gate == VC_G_FROZEN) &&
		   now - w->shown_ns >= WK_REPORT_MS * VC_NS_PER_MS;
	if (w->shown_valid && same_view(&v, &w->shown) && !due)
		return;
	wk_reason_text(w, v.reason, text, sizeof text);
	w->master.out.type = VW_STATUS;
	w->master.out.u.status.score = v.score;
	struct vt_kv *kv = &w->master.out.u.status.kv;
	vt_kv_init(kv);
	vt_kv_add(kv, "state", "%s", wk_show_names[v.show]);
	vt_kv_add(kv, "colour", "%s", wk_colour_names[v.colour]);
	vt_kv_add(kv, "uptodate", "%d", v.uptodate);
	vt_kv_add(kv, "role", "%s", wk_role_name(w));
	uint32_t agreed_ms = w->core.d.lease_ms > w->core.pair_lease_ms ? w->core.d.lease_ms : w->core.pair_lease_ms;
	vt_kv_add(kv, "lease_ms", "%u", agreed_ms > w->conf.lease_ms ? agreed_ms : w->conf.lease_ms);
	if (text[0])
		vt_kv_add(kv, "text", "%s", text);
	add_progress(w, kv, now);
	w->shown = v;
	w->shown_ns = now;
	w->shown_valid = true;
	wk_master_send(w);
}
