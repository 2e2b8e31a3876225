// SPDX-License-Identifier: GPL-2.0-or-later
/* What the worker says: answers to requests, its state for everybody, and the unit's story. */
#include "daemon/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const show_names[] = {"STOP", "WAIT", "PRIM", "SECOND", "ALONE"};
static const char *const colour_names[] = {"red", "orange", "green"};
static const char *const standing_names[] = {"?", "syncing", "outdated", "paired", "solo"};

/* The reason's text with the peer's name in it. */
static void reason_text(const struct worker *w, enum vc_reason reason, char *out, size_t cap)
{
	size_t n = 0;
	const char *p = vc_reason_text(reason);
	const char *peer = w->who.peer_name[0] ? w->who.peer_name : "the other host";
	for (; *p && n + 1 < cap; p++) {
		if (p[0] == '%' && p[1] == 'P') {
			n += (size_t)snprintf(out + n, cap - n, "%s", peer);
			if (n >= cap)
				n = cap - 1;
			p++;
		} else {
			out[n++] = *p;
		}
	}
	out[n] = '\0';
}

void wk_story(struct worker *w, enum vc_reason reason)
{
	char text[400], line[480], when[32];
	reason_text(w, reason, text, sizeof text);
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

static struct vt_kv *begin_reply(struct worker *w, uint32_t id, int rc)
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
	struct vt_kv *kv = begin_reply(w, id, rc);
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
	reason_text(w, reason, reason_part, sizeof reason_part);
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

static const char *role_name(const struct worker *w)
{
	return w->core.role == VC_PRIMARY || w->core.role == VC_DEMOTING ? "primary" : "secondary";
}

static void answer_monitor(struct worker *w, uint32_t id)
{
	char text[400];
	struct vc_view v = vc_look(&w->core, vt_boottime_ns());
	bool failed = w->core.failed || w->core.disk_failed;
	reason_text(w, v.reason, text, sizeof text);
	struct vt_kv *kv = begin_reply(w, id, 0);
	vt_kv_add(kv, "role", "%s", role_name(w));
	vt_kv_add(kv, "failed", "%d", failed);
	vt_kv_add(kv, "state", "%s", show_names[v.show]);
	if (text[0])
		vt_kv_add(kv, "reason", "unit %s: %s", w->conf.name, text);
	wk_master_send(w);
}

static void explain_eras(const struct worker *w, char *out, size_t cap)
{
	const struct vc_eralog *log = &w->core.d.log;
	size_t n = 0;
	for (uint32_t i = log->count > 5 ? log->count - 5 : 0; i < log->count && n < cap; i++) {
		const struct vc_era *e = &log->era[i];
		n += (size_t)snprintf(out + n, cap - n, "%s#%llu %s%s", n ? ", " : "",
				      (unsigned long long)e->number,
				      e->members == 3 ? "pair"
				      : e->members == 1u << w->core.config.slot ? "this host alone"
										 : "peer alone",
				      e->flags & VC_ERA_FORCED ? " (forced)" : "");
	}
	if (n == 0)
		snprintf(out, cap, "none");
}

static void answer_explain(struct worker *w, uint32_t id)
{
	char text[400], eras[512];
	const struct vc_state *s = &w->core;
	uint64_t now = vt_boottime_ns();
	struct vc_view v = vc_look(s, now);
	reason_text(w, v.reason, text, sizeof text);
	explain_eras(w, eras, sizeof eras);
	struct vd_progress p;
	vd_progress(w->path, &p);
	uint64_t oldest_ms = p.oldest_ns ? (now - p.oldest_ns) / VC_NS_PER_MS : 0;
	uint64_t answered = p.writes + p.flushes;
	long lease_s = s->lease_end_ns > now ? (long)((s->lease_end_ns - now) / 1000000000u) : 0;
	struct vt_kv *kv = begin_reply(w, id, 0);
	vt_kv_add(kv, "text",
		  "state: %s %s, %s\nmay be promoted: %s%s%s\nstanding on disk: %s, last eras: %s\n"
		  "connection: %s, data link %s%s%s\ntoken: %s, proof of quorum good for %ld s\n"
		  "quorum: %s, %s: %s, %s\nfencing: %s%s\n"
		  "guest's changes under way: %llu, the oldest for %llu ms; answered so far: %llu",
		  show_names[v.show], colour_names[v.colour],
		  v.uptodate ? "uptodate" : "not uptodate", v.score >= 0 ? "yes" : "no",
		  text[0] ? "; " : "", text, standing_names[s->d.standing], eras,
		  vc_machine_state_name(VC_OF_PHASE, s->phase), s->link_up ? "up" : "down",
		  !s->link_up && w->link_note[0] ? ": " : "", s->link_up ? "" : w->link_note,
		  s->certain ? "held" : s->d.standing == VC_SOLO ? "not needed" : "none", lease_s,
		  s->quorate ? "yes" : "no", w->who.peer_name,
		  s->peer_member ? "member" : "not a member",
		  s->peer_master ? "vmtwind there" : "no vmtwind",
		  s->fence.known ? "known" : "not known", s->fence.pending ? ", pending" : "",
		  (unsigned long long)p.held,
		  (unsigned long long)oldest_ms, (unsigned long long)answered);
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
		answer_explain(w, id);
	} else if (strcmp(cmd, "promote") == 0) {
		ask_core(w, id, VC_E_PROMOTE);
	} else if (strcmp(cmd, "demote") == 0) {
		ask_core(w, id, VC_E_DEMOTE);
	} else if (strcmp(cmd, "stop") == 0) {
		ask_core(w, id, VC_E_STOP);
	} else if (strcmp(cmd, "fail-held") == 0) {
		ask_core(w, id, VC_E_FAIL_HELD);
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

void wk_report(struct worker *w)
{
	char text[400];
	uint64_t now = vt_boottime_ns();
	if (!w->opened || !w->path || !wk_master_there(w))
		return;
	struct vc_view v = vc_look(&w->core, now);
	bool syncing = w->core.phase == VC_SOURCE || w->core.phase == VC_TARGET;
	bool due = (syncing || w->core.gate == VC_G_FROZEN) &&
		   now - w->shown_ns >= WK_REPORT_MS * VC_NS_PER_MS;
	if (w->shown_valid && same_view(&v, &w->shown) && !due)
		return;
	reason_text(w, v.reason, text, sizeof text);
	w->master.out.type = VW_STATUS;
	w->master.out.u.status.score = v.score;
	struct vt_kv *kv = &w->master.out.u.status.kv;
	vt_kv_init(kv);
	vt_kv_add(kv, "state", "%s", show_names[v.show]);
	vt_kv_add(kv, "colour", "%s", colour_names[v.colour]);
	vt_kv_add(kv, "uptodate", "%d", v.uptodate);
	vt_kv_add(kv, "role", "%s", role_name(w));
	if (text[0])
		vt_kv_add(kv, "text", "%s", text);
	add_progress(w, kv, now);
	w->shown = v;
	w->shown_ns = now;
	w->shown_valid = true;
	wk_master_send(w);
}
