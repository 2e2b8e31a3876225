// SPDX-License-Identifier: GPL-2.0-or-later
/* Counterexamples: replayed, made as short as leaving out moves can make them, printed in words. */
#include "tests/model/explore.h"

#include <assert.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "core/eralog.h"

bool m_verbose;
const char m_not_live[] = "liveness: nothing fails any more, but the unit does not get in sync by itself";

/* ---- assertions of the core ------------------------------------------------------------------------ */

static jmp_buf back;
static bool guarded;
static char assertion[256];

/* Instead of the C library's: an assertion of the core is a violation with a trace. */
void __assert_fail(const char *text, const char *file, unsigned line, const char *function)
{
	snprintf(assertion, sizeof assertion, "assertion in %s, %s:%u: %s", function, file, line, text);
	if (guarded)
		longjmp(back, 1);
	fprintf(stderr, "%s\n", assertion);
	abort();
}

const char *m_guarded(struct m_world *w, m_move move, const struct m_scope *scope)
{
	if (setjmp(back)) {
		guarded = false;
		return w->broken = assertion;
	}
	guarded = true;
	m_do(w, move, scope);
	guarded = false;
	return w->broken;
}

bool m_guarded_heal(struct m_world *w, const char **why)
{
	if (setjmp(back)) {
		guarded = false;
		w->broken = assertion;
		return false;
	}
	guarded = true;
	bool good = m_heal(w, why);
	guarded = false;
	return good;
}

/* ---- words ------------------------------------------------------------------------------------------ */

static const char *const move_names[M_MOVE_TYPES] = {
    [M_HEAR] = "hears",
    [M_TAKE] = "takes from the link",
    [M_CONNECT] = "the data link connects",
    [M_LOSE] = "the last thing under way to it before the link's end is lost",
    [M_DISK] = "its slow disk is done",
    [M_TICK] = "tick",
    [M_TIMER] = "a wait ends:",
    [M_DRAINED] = "drained",
    [M_BROKEN] = "finds the stream broken",
    [M_SYNCED] = "has sent all of the resync",
    [M_PROOF] = "sends itself a proof of quorum",
    [M_LEASE] = "time of its lease passes",
    [M_START] = "its worker starts",
    [M_MASTER] = "its master starts",
    [M_POWER_ON] = "power on",
    [M_MEND_LINK] = "the data link's network is mended",
    [M_MEND_RING] = "the ring is mended",
    [M_FENCE] = "its fencer switches the other off",
    [M_FENCE_TOLD] = "is told that the fencing succeeded",
    [M_FENCE_FAILS] = "its fencing of the other fails",
    [M_FENCE_WAIT] = "fences the other by waiting out its lease",
    [M_FENCE_LIE] = "is told that the other was fenced, which is not so",
    [M_WRITE_IT] = "guest writes",
    [M_FLUSH_IT] = "its cache is flushed",
    [M_PROMOTE] = "asked to promote",
    [M_DEMOTE] = "asked to demote",
    [M_STOP] = "asked to stop",
    [M_FAIL_HELD] = "asked to fail held writes",
    [M_KILL] = "its worker is killed",
    [M_KILL_MASTER] = "its master is killed",
    [M_POWER_OFF] = "power off",
    [M_CUT_LINK] = "the data link's network is cut",
    [M_CUT_RING] = "the ring is cut;",
    [M_VOTE] = "gets the third vote",
    [M_DISK_FAILS] = "its disk fails",
    [M_HOLD] = "is late",
    [M_RELEASE] = "is not late any more",
    [M_FORCE] = "is forced by the operator",
    [M_PUT_BY] = "a copy of its disk is put by",
    [M_PUT_BACK] = "its disk is replaced by the copy put by",
    [M_PART] = "has sent what the resync named, not known to be durable there",
    [M_UNFENCE] = "unfences the other",
};

static const char *const event_names[] = {
    [VC_E_ATTACHED] = "attached", [VC_E_MASTER_LOST] = "master lost", [VC_E_QUORUM] = "quorum",
    [VC_E_GROUP] = "group",	  [VC_E_UNIT_DOWN] = "unit down",     [VC_E_PROOF] = "proof",
    [VC_E_FENCE] = "fence",
};

static const char *msg_name(enum vc_msg_type t)
{
	static const char *const group[] = {"?",       "HELLO", "OUTDATE", "OUTDATED",
					    "REFUSED", "LEAVE", "PING"};
	static const char *const link[] = {"GO",  "READY",  "PAIR",   "PAIRED",
					   "ERA", "ERA_OK", "ERA_NO", "RESUME"};
	if (t < 7)
		return group[t];
	return t >= VC_M_GO && t <= VC_M_RESUME ? link[t - VC_M_GO] : "?";
}

static void name_heard(const struct vc_event *e, char *out, size_t cap)
{
	if (e->type == VC_E_MSG)
		snprintf(out, cap, "%s of %s", msg_name(e->u.msg.msg.type),
			 e->u.msg.own ? "itself" : "the other");
	else if (e->type == VC_E_QUORUM)
		snprintf(out, cap, "%squorate, the other is %sa member",
			 e->u.quorum.quorate ? "" : "not ", e->u.quorum.peer_member ? "" : "not ");
	else if (e->type == VC_E_GROUP)
		snprintf(out, cap, "the other's master %s",
			 e->u.group.how == VC_JOINED	      ? "joined"
			 : e->u.group.how == VC_LEFT_NODEDOWN ? "left with its node"
							      : "ended");
	else if (e->type == VC_E_FENCE)
		snprintf(out, cap, "fencer: %s%s", e->u.fence.record ? "fenced once" : "never fenced",
			 e->u.fence.pending ? ", one under way" : "");
	else
		snprintf(out, cap, "%s", event_names[e->type]);
}

static void name_item(const struct m_item *i, char *out, size_t cap)
{
	snprintf(out, cap, "%s",
		 i->what == M_UP      ? "up"
		 : i->what == M_DOWN  ? "down"
		 : i->what == M_WRITE ? "a write"
				      : msg_name(i->msg.type));
}

static const char *const timers[] = {"for the link or the other's answer", "of the promotion",
				     "of the drain", "of the leave", "of fail-held"};
static const char *const quora[] = {"nobody keeps quorum", "host1 keeps quorum", "host2 keeps quorum",
				    "both keep quorum"};

void m_name(const struct m_world *w, m_move move, char *out, size_t cap)
{
	unsigned h = m_host(move), how = move >> 20 & 0xf;
	const struct m_host *me = &w->host[h];
	char more[96] = "", cut[64] = "";
	bool of_host = m_type(move) != M_CONNECT && m_type(move) != M_MEND_LINK &&
		       m_type(move) != M_MEND_RING && m_type(move) != M_CUT_LINK &&
		       m_type(move) != M_CUT_RING;
	if (m_type(move) == M_HEAR)
		name_heard(&me->heard[0], more, sizeof more);
	else if (m_type(move) == M_TAKE)
		name_item(!me->s.waiting && me->s.ev_n ? &me->ev[0] : &me->in[0], more, sizeof more);
	else if (m_type(move) == M_TIMER)
		snprintf(more, sizeof more, "%s", timers[m_arg(move)]);
	else if (m_type(move) == M_CUT_RING)
		snprintf(more, sizeof more, "%s", quora[m_arg(move)]);
	else if (m_type(move) == M_POWER_OFF && m_arg(move))
		snprintf(more, sizeof more, "(its cache was written by luck)");
	if (how)
		snprintf(cut, sizeof cut, "; after %u actions %s", move >> 24,
			 how == M_CUT_KILL    ? "its worker is killed"
			 : how == M_CUT_POWER ? "its power fails"
					      : "its disk is slow");
	snprintf(out, cap, "%s%s %s%s", of_host ? (h ? "host2 " : "host1 ") : "",
		 move_names[m_type(move)], more, cut);
}

void m_print_host(const struct m_world *w, unsigned h, FILE *out)
{
	static const char *const roles[] = {"secondary", "promoting", "primary", "demoting"};
	static const char *const gates[] = {"readonly", "pair", "solo", "frozen", "failed"};
	static const char *const standings[] = {"?", "syncing", "outdated", "paired", "solo"};
	const struct m_host *me = &w->host[h];
	const struct vc_state *s = &me->core;
	fprintf(out, "        host%u ", h + 1);
	if (!me->s.powered)
		fprintf(out, "off");
	else if (!me->s.worker)
		fprintf(out, "no worker");
	else
		fprintf(out, "%s %s gate %s%s%s%s%s%s", vc_machine_state_name(VC_OF_PHASE, s->phase), roles[s->role],
			gates[me->s.gate], s->failed ? " failed" : "", s->certain ? " certain" : "",
			s->lease_end_ns > M_NOW ? "" : " no-lease", me->s.waiting ? " waits" : "",
			s->quorate ? "" : " no-quorum");
	fprintf(out, "; disk: %s, %u eras, cells %x/%x%s", standings[me->disk.standing],
		me->disk.log.count, me->s.cache, me->s.durable, me->s.in_group ? "" : ", no master");
	if (m_maps_kept)
		fprintf(out, ", log %x dirty %x", me->s.log, me->s.dirty);
	fprintf(out, "\n");
}

/* What keeps a host from pairing or being promoted. */
static void print_why(const struct m_world *w, unsigned h, FILE *out)
{
	const struct vc_state *s = &w->host[h].core;
	struct vc_view v = vc_look(s, M_NOW);
	fprintf(out,
		"        host%u: score %d, %s; attached %d, quorate %d, the other: member %d, master %d; "
		"fencer known %d, pending %d, %s; said %d, heard %d (%s the other's), wants promote %d, stop "
		"%d, left %d, forgot %d, resuming %d, sender %d, link up %d\n",
		h + 1, v.score, vc_reason_name(v.reason), s->attached, s->quorate, s->peer_member,
		s->peer_master != 0, s->fence.known, s->fence.pending,
		s->fence.read_ns >= s->peer_since_ns ? "new" : "old", s->mine.nonce != 0,
		s->theirs.nonce != 0, s->theirs.echo == s->mine.nonce ? "echoing" : "not echoing",
		s->want_promote, s->want_stop, s->leave_sent, s->forgot, s->resuming, s->sender,
		s->link_up);
}

/* ---- replay ----------------------------------------------------------------------------------------- */

void m_begin(const struct m_scope *scope, struct m_world *w)
{
	m_lease_parts = scope->lease_parts;
	m_maps_kept = scope->maps;
	m_world_init(w);
	if (!scope->start(w) || w->broken || w->beyond) {
		fprintf(stderr, "model: the start of scope %s is not reached: %s\n", scope->name,
			w->broken ? w->broken : "its promotion fails");
		exit(70);
	}
}

static bool possible(const struct m_world *w, const struct m_scope *scope, m_move move)
{
	m_move list[M_MOVES];
	unsigned n = m_moves(w, scope, true, list);
	for (unsigned i = 0; i < n; i++)
		if (list[i] == (move & 0xfffff))
			return true;
	return false;
}

const char *m_replay(const struct m_scope *scope, const m_move *move, unsigned n, FILE *out,
		     unsigned *used)
{
	static struct m_world w;
	char text[256];
	*used = 0;
	m_begin(scope, &w);
	if (out) {
		m_print_host(&w, 0, out);
		m_print_host(&w, 1, out);
	}
	for (unsigned i = 0; i < n; i++) {
		if (!possible(&w, scope, move[i]))
			continue;
		(*used)++;
		if (out) {
			m_name(&w, move[i], text, sizeof text);
			fprintf(out, "  %3u %s\n", *used, text);
		}
		if (!m_guarded(&w, move[i], scope) && w.beyond)
			return NULL;
		if (out) {
			m_print_host(&w, 0, out);
			m_print_host(&w, 1, out);
			fprintf(out, "        acknowledged %x%s%s\n", m_acked(&w),
				w.env.connected ? ", link connected" : "",
				w.env.ring_up ? "" : ", ring cut");
		}
		if (w.broken)
			return w.broken;
	}
	const char *why;
	m_heal_out = m_verbose ? out : NULL;
	bool good = m_guarded_heal(&w, &why);
	m_heal_out = NULL;
	if (good)
		return NULL;
	if (w.broken)
		return w.broken;
	if (out) {
		fprintf(out, "  then all is mended, the fencer works, and it stays so:\n");
		m_print_host(&w, 0, out);
		m_print_host(&w, 1, out);
		print_why(&w, 0, out);
		print_why(&w, 1, out);
	}
	return why ? NULL : m_not_live;
}

static bool still(const struct m_scope *scope, const struct m_trace *t, const m_move *move, unsigned n)
{
	unsigned used;
	const char *rule = m_replay(scope, move, n, NULL, &used);
	return rule && (rule == t->rule || strcmp(rule, t->rule) == 0);
}

/* Leaves out runs of moves, long ones first, as long as the same rule is violated. */
void m_minimise(const struct m_scope *scope, struct m_trace *t)
{
	static m_move tried[M_DEPTH];
	char rule[256];
	snprintf(rule, sizeof rule, "%s", t->rule);
	t->rule = strcmp(rule, m_not_live) == 0 ? m_not_live : strdup(rule);
	bool shorter = true;
	while (shorter) {
		shorter = false;
		for (unsigned run = t->n > 1 ? t->n / 2 : 1; run > 0; run /= 2)
			for (unsigned at = 0; at + run <= t->n;) {
				memcpy(tried, t->move, at * sizeof *tried);
				memcpy(tried + at, t->move + at + run, (t->n - at - run) * sizeof *tried);
				if (!still(scope, t, tried, t->n - run)) {
					at++;
					continue;
				}
				t->n -= run;
				memcpy(t->move, tried, t->n * sizeof *tried);
				shorter = true;
			}
	}
}

void m_print_trace(const struct m_scope *scope, const struct m_trace *t, FILE *out)
{
	unsigned used;
	fprintf(out, "violated: %s\n", t->rule);
	m_replay(scope, t->move, t->n, out, &used);
	fprintf(out, "again: --replay %s:", scope->name);
	for (unsigned i = 0; i < t->n; i++)
		fprintf(out, "%s%x", i ? "," : "", t->move[i]);
	fprintf(out, "\n");
}
