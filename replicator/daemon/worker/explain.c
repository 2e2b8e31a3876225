// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The answer to `explain`: the sentences of core/advice.h for people, the facts below them, and the
 * same as keys for `vmtwin force-primary` and `vmtwin discard-fork` (docs/CONTROL.md).
 */
#include "daemon/worker/worker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/advice.h"

#define SENTENCE 640

static const char *const answer_names[] = {
    [VC_NO] = "no", [VC_YES] = "yes", [VC_LATER] = "not yet"};

/* What is known of the unit's last eras, the newest last. */
static void era_words(const struct worker *w, char *out, size_t cap)
{
	const struct vc_eralog *log = &w->core.d.log;
	size_t n = 0;
	for (uint32_t i = log->count > 5 ? log->count - 5 : 0; i < log->count && n < cap; i++) {
		const struct vc_era *e = &log->era[i];
		n += (size_t)snprintf(out + n, cap - n, "%s#%llu %s%s", n ? ", " : "",
				      (unsigned long long)e->number,
				      e->members == 3				? "pair"
				      : e->members == 1u << w->core.config.slot ? "this host alone"
										: "peer alone",
				      e->flags & VC_ERA_FORCED ? " (forced)" : "");
	}
	if (n == 0)
		snprintf(out, cap, "none");
}

/* When the record in use was written: the slot's own time stamp, UTC. */
static void recorded_text(const struct worker *w, char *out, size_t cap)
{
	struct stat st;
	struct tm tm;
	if (w->meta.fd[w->meta.current] < 0 || fstat(w->meta.fd[w->meta.current], &st) < 0 ||
	    !gmtime_r(&st.st_mtim.tv_sec, &tm) ||
	    strftime(out, cap, "at %Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, cap, "at a time not known");
}

/* What the core would answer to a force now, found by asking a copy of it: it is a pure function.
 */
static int try_force(struct worker *w, uint64_t now, enum vc_reason *why)
{
	struct vc_state copy = w->core;
	struct vc_event e = {.type = VC_E_FORCE, .now_ns = now, .rnd = 1};
	vc_step(&copy, &e, &w->trial);
	for (unsigned i = 0; i < w->trial.count; i++) {
		const struct vc_action *a = &w->trial.action[i];
		if (a->type != VC_A_REPLY || a->u.reply.request != VC_E_FORCE)
			continue;
		*why = a->u.reply.reason;
		return a->u.reply.rc;
	}
	return 0; /* it would go on, and answer later */
}

/* The facts, as they have always been told. */
static void fact_words(struct worker *w, const struct vc_view *v, uint64_t now, char *out,
		       size_t cap)
{
	char text[400], eras[512];
	const struct vc_state *s = &w->core;
	struct vd_progress p;
	wk_reason_text(w, v->reason, text, sizeof text);
	era_words(w, eras, sizeof eras);
	vd_progress(w->path, &p);
	uint64_t oldest_ms = p.oldest_ns ? (now - p.oldest_ns) / VC_NS_PER_MS : 0;
	uint64_t answered = p.writes + p.flushes;
	long lease_s = s->lease_end_ns > now ? (long)((s->lease_end_ns - now) / 1000000000u) : 0;
	snprintf(out, cap,
		 "may be promoted: %s%s%s\nstanding on disk: %s, last eras: %s\n"
		 "connection: %s, data link %s%s%s\ntoken: %s, proof of quorum good for %ld s\n"
		 "quorum: %s, %s: %s, %s\nfencing: %s%s\n"
		 "guest's changes under way: %llu, the oldest for %llu ms; answered so far: %llu",
		 v->score >= 0 ? "yes" : "no", text[0] ? "; " : "", text,
		 vc_machine_state_name(VC_OF_STANDING, s->d.standing), eras,
		 vc_machine_state_name(VC_OF_PHASE, s->phase), s->link_up ? "up" : "down",
		 !s->link_up && w->link_note[0] ? ": " : "", s->link_up ? "" : w->link_note,
		 s->certain		    ? "held"
		 : s->d.standing == VC_SOLO ? "not needed"
					    : "none",
		 lease_s, s->quorate ? "yes" : "no", w->who.peer_name,
		 s->peer_member ? "member" : "not a member",
		 s->peer_master ? "vmtwind there" : "no vmtwind",
		 s->fence.known ? "known" : "not known", s->fence.pending ? ", pending" : "",
		 (unsigned long long)p.held, (unsigned long long)oldest_ms,
		 (unsigned long long)answered);
}

/* For programs: short words, no sentences but the three that are shown again. */
static void add_keys(struct worker *w, struct vt_kv *kv, const struct vc_view *v,
		     const struct vc_advice *a, uint64_t now)
{
	const struct vc_state *s = &w->core;
	enum vc_reason why = VC_R_NONE;
	char text[400];
	int rc = try_force(w, now, &why);
	wk_reason_text(w, why, text, sizeof text);
	vt_kv_add(kv, "host", "%s", w->who.self_name);
	vt_kv_add(kv, "peer", "%s", w->who.peer_name);
	vt_kv_add(kv, "peer-member", "%d", s->peer_member);
	vt_kv_add(kv, "role", "%s", wk_role_name(w));
	vt_kv_add(kv, "state", "%s", wk_show_names[v->show]);
	vt_kv_add(kv, "usable", "%s", answer_names[a->answer]);
	vt_kv_add(kv, "rule", "%s", a->name);
	vt_kv_add(kv, "reason", "%s", vc_reason_name(v->reason));
	vt_kv_add(kv, "standing", "%s", vc_machine_state_name(VC_OF_STANDING, s->d.standing));
	vt_kv_add(kv, "since", "%s", w->since_text);
	vt_kv_add(kv, "fork", "%d",
		  s->d.fork || s->verdict == VC_R_DIVERGED || s->verdict == VC_R_UNRELATED ||
		      s->verdict == VC_R_ROLLED_BACK);
	vt_kv_add(kv, "force-rc", "%d", rc);
	if (rc != 0)
		vt_kv_add(kv, "force-text", "%s", text);
}

void wk_answer_explain(struct worker *w, uint32_t id)
{
	uint64_t now = vt_boottime_ns();
	struct vc_view v = vc_look(&w->core, now);
	struct vc_advice a = vc_advise(&w->core, now);
	char because[SENTENCE], changes[SENTENCE], loses[SENTENCE], recorded[48], facts[2048];
	const char *peer = w->who.peer_name;
	recorded_text(w, recorded, sizeof recorded);
	vc_expand(because, sizeof because, a.because, peer, recorded);
	vc_expand(changes, sizeof changes, a.changes, peer, recorded);
	vc_expand(loses, sizeof loses, a.loses, peer, recorded);
	fact_words(w, &v, now, facts, sizeof facts);
	struct vt_kv *kv = wk_begin_reply(w, id, 0);
	vt_kv_add(kv, "text",
		  "state: %s %s, %s\n"
		  "May this host's data be used: %s, because %s (rule: %s)\n"
		  "since %s\n"
		  "what changes it: %s\n"
		  "force-primary here would lose: %s\n"
		  "%s",
		  wk_show_names[v.show], wk_colour_names[v.colour],
		  v.uptodate ? "uptodate" : "not uptodate", answer_names[a.answer], because, a.name,
		  w->since_text, changes, loses, facts);
	vt_kv_add(kv, "loses", "%s", loses);
	add_keys(w, kv, &v, &a, now);
	wk_master_send(w);
}
