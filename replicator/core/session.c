// SPDX-License-Identifier: GPL-2.0-or-later
/* The data link within a pairing: resync as source or target, its end, in sync, hand-over, resume. */
#include <errno.h>
#include <string.h>

#include "core/eralog.h"
#include "core/internal.h"

static const unsigned both_members = 3;

/* RESUME's request: which end of the stream the speaker is. */
enum { RESUME_RECEIVER = 1, RESUME_SENDER = 2 };

void session_apart(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->phase == VC_APART)
		return;
	act(x, VC_A_LINK_DISABLE);
	/* What is in flight since INSYNC is kept: the same pairing may come back (docs/PROTOCOL.md). */
	if (s->phase != VC_INSYNC && s->phase != VC_LOST && !s->resuming) {
		act(x, VC_A_STREAM_END);
		s->forgot = true;
	}
	s->link_up = s->sync_done = false;
	take(x, VC_T_PARTED);
	if (s->role == VC_PROMOTING)
		take(x, VC_T_PROMOTION_GIVEN_UP);
	if (s->role == VC_PRIMARY && s->d.standing == VC_PAIRED && !s->failed)
		take_unless_there(x, VC_T_GATE_FROZEN);
	/* A new hello, so that both agree anew. */
	memset(&s->mine, 0, sizeof s->mine);
	s->mine_delivered = false;
}

/* Standing and log as both record them when a pair era begins. */
static void record_paired(struct vc_state *s, uint64_t now)
{
	s->d.fork = false;
	s->paired_here = true;
	s->d.lease_ms = s->pair_lease_ms;
	/* A proof timed by a longer lease of before is worth no more than the one now agreed. */
	uint64_t latest = now + lease_own_ns(s->d.lease_ms);
	if (s->lease_end_ns > latest)
		s->lease_end_ns = latest;
	memcpy(s->d.boot_id, s->config.boot_id, sizeof s->d.boot_id);
}

static bool lease_valid(const struct vc_state *s, uint64_t now)
{
	return s->attached && s->quorate && now < s->lease_end_ns;
}

/* Nothing has been written in the last pair era before both hosts are known to have it. */
static void confirm_era(struct step *x)
{
	struct vc_era *last = &x->s->d.log.era[x->s->d.log.count - 1];
	if (last->flags & VC_ERA_CONFIRMED)
		return;
	last->flags |= VC_ERA_CONFIRMED;
	act_persist(x);
}

static void enter_insync(struct step *x, enum vc_transition by)
{
	take(x, by);
	x->s->resuming = false;
	x->s->lost_since_ns = 0;
	if (x->s->role == VC_PRIMARY && !x->s->failed)
		take_unless_there(x, VC_T_GATE_PAIR);
}

static void begin_target(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->role != VC_SECONDARY) {
		/* The VM runs on a copy that is not the one to go on with. */
		session_apart(x);
		fail_writes(x, VC_R_OUTDATED);
		vm_down(x);
		return;
	}
	take_unless_there(x, VC_T_UNCERTAIN_TARGET);
	/* The way back leads to the last consistent copy: an interrupted resync keeps the older one. */
	const struct vc_era *last = vc_eralog_last(&s->d.log);
	if (s->config.keeps_undo && s->d.standing != VC_SYNCING && last)
		s->d.undo = last->number;
	if (s->scope == VC_SCOPE_ALL)
		s->d.map_base = 0; /* what is half overwritten then is in nobody's maps */
	take(x, VC_T_OVERWRITTEN);
	act_persist(x); /* before the first overwrite */
	act(x, VC_A_TARGET_START)->u.keep_old = s->d.undo != 0;
	s->forgot = false; /* of this stream */
	act_link_msg(x, VC_M_READY);
	take(x, VC_T_LINKED_TARGET);
	story(x, VC_R_RESYNC_TARGET);
}

void session_on_link_up(struct step *x)
{
	struct vc_state *s = x->s;
	s->link_up = true;
	if (s->phase == VC_LOST || (s->phase == VC_LINKING && s->resuming)) {
		act_link_msg(x, VC_M_RESUME);
		x->out->action[x->out->count - 1].u.msg.request = s->sender ? RESUME_SENDER
									     : RESUME_RECEIVER;
	} else if (s->phase == VC_LINKING && s->sender) {
		/* The target's cache may hold what a power cut would take from us: durable first. */
		act(x, VC_A_FLUSH);
		act_link_msg(x, VC_M_GO);
		take(x, VC_T_LINKED_SOURCE);
	}
}

void session_on_link_down(struct step *x)
{
	struct vc_state *s = x->s;
	s->link_up = false;
	if (s->phase == VC_INSYNC && s->certain && !s->forgot && !s->procdown &&
	    !peer_said_anew(s)) {
		take(x, VC_T_LINK_LOST);
		if (s->role == VC_PROMOTING)
			take(x, VC_T_PROMOTION_GIVEN_UP);
		/* Async: the bound on the lag holds writes, not the gate, as long as all is kept. */
		if (s->role == VC_PRIMARY && !s->failed && s->config.mode != VC_ASYNC)
			take_unless_there(x, VC_T_GATE_FROZEN);
		story(x, s->gate == VC_G_FROZEN ? VC_R_LINK_LOST : VC_R_LINK_DOWN);
	} else if (s->phase != VC_APART && s->phase != VC_LOST) {
		session_apart(x);
		story(x, s->gate == VC_G_FROZEN ? VC_R_LINK_LOST : VC_R_LINK_DOWN);
	}
}

/* The target has given up its old content: now, and only now, the source may be ahead of it. */
static void on_ready(struct step *x)
{
	struct vc_state *s = x->s;
	unsigned self = s->config.slot;
	if (s->phase != VC_SRC_WAIT)
		return;
	act(x, VC_A_STREAM_END);
	if (s->d.standing != VC_SOLO) {
		unsigned tail = tail_flag(s, VC_T_SOLO_AS_SOURCE);
		if (!vc_eralog_append(&s->d.log, draw(x), self, 1u << self, tail)) {
			story(x, VC_R_LOG_FULL);
			session_apart(x);
			return;
		}
		take(x, VC_T_SOLO_AS_SOURCE);
		take_unless_there(x, VC_T_UNCERTAIN_SOLO);
		act(x, VC_A_FLUSH);
		act(x, VC_A_FOLD);
		act_persist(x);
		if (tail)
			story(x, VC_R_TAIL_LEFT);
	}
	if (s->role == VC_PRIMARY && !s->failed)
		take_unless_there(x, VC_T_GATE_SOLO);
	act(x, VC_A_SOURCE_START)->u.scope = s->scope;
	s->forgot = false; /* of this stream */
	take(x, VC_T_TARGET_READY);
	story(x, VC_R_RESYNC_SOURCE);
}

/* The end of a resync, first half: nothing is acknowledged until the target has recorded it too (TRAPS 3). */
static void finish_source(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->d.log.count > VC_ERAS - 8)
		vc_eralog_trim(&s->d.log, VC_ERAS / 2); /* the target takes over this very log */
	if (!vc_eralog_append(&s->d.log, draw(x), s->config.slot, both_members, 0))
		return;
	s->sync_done = false;
	record_paired(s, x->now);
	take(x, VC_T_PAIRED_AS_SOURCE);
	s->d.map_base = s->config.keeps_maps ? vc_eralog_last(&s->d.log)->id : 0;
	gate_forget(s);
	take_unless_there(x, VC_T_CERTAIN_AS_SOURCE);
	/* What were acknowledged now would be lost if this host's cache went while the target does not know
	 * yet that its copy is whole. */
	if (s->role == VC_PRIMARY && !s->failed)
		take_unless_there(x, VC_T_GATE_FROZEN);
	act(x, VC_A_FLUSH);
	act_persist(x);
	act_link_log(x, VC_M_PAIR);
	take(x, VC_T_SYNCED);
}

static void on_pair(struct step *x, const struct vc_eralog *log)
{
	struct vc_state *s = x->s;
	const struct vc_era *last = vc_eralog_last(log);
	if (s->phase != VC_TARGET || !last || last->members != both_members)
		return;
	bool undo_kept = s->d.undo != 0;
	s->d.log = *log;
	s->d.log.era[log->count - 1].flags |= VC_ERA_CONFIRMED; /* the source recorded it first */
	record_paired(s, x->now);
	take(x, VC_T_PAIRED_AS_TARGET);
	s->d.map_base = s->config.keeps_maps ? last->id : 0;
	s->d.undo = 0;
	gate_forget(s);
	if (lease_valid(s, x->now))
		take_unless_there(x, VC_T_CERTAIN_AS_TARGET);
	act(x, VC_A_FLUSH);
	act_persist(x);
	if (undo_kept)
		act(x, VC_A_UNDO_DROP);
	act_link_msg(x, VC_M_PAIRED);
	enter_insync(x, VC_T_TARGET_RECORDED);
	story(x, VC_R_PAIRED);
}

/* Hand-over: the peer wants to write in a new pair era. */
static void on_era(struct step *x, const struct vc_eralog *log)
{
	struct vc_state *s = x->s;
	const struct vc_era *last = vc_eralog_last(log);
	if (s->phase != VC_INSYNC || s->role != VC_SECONDARY || !last ||
	    last->members != both_members || last->writer != peer_slot(s) ||
	    vc_eralog_compare(&s->d.log, log) != VC_SAME) {
		act_link_msg(x, VC_M_ERA_NO);
		return;
	}
	s->d.log = *log;
	s->d.log.era[log->count - 1].flags |= VC_ERA_CONFIRMED;
	record_paired(s, x->now);
	act_persist(x);
	if (s->sender)
		act(x, VC_A_STREAM_TURN);
	s->sender = false;
	act_link_msg(x, VC_M_ERA_OK);
}

static void on_era_ok(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->phase != VC_INSYNC)
		return;
	if (s->role != VC_PROMOTING) {
		/* We gave up waiting, the peer did not: the stream's direction is not agreed. */
		s->forgot = true;
		session_apart(x);
		return;
	}
	if (!s->sender)
		act(x, VC_A_STREAM_TURN);
	s->sender = true;
	confirm_era(x);
	take(x, VC_T_GATE_PAIR);
	request_promoted(x, VC_T_PROMOTION_GRANTED, VC_R_PROMOTED_PAIR);
}

static void on_resume(struct step *x, const struct vc_msg *msg)
{
	struct vc_state *s = x->s;
	bool expected = s->phase == VC_LOST || (s->phase == VC_LINKING && s->resuming);
	if (!expected)
		return;
	/* If a hand-over's answer was lost, both take the other for the sender, and their sequence
	 * numbers have nothing to do with each other. */
	bool ends_agree = msg->request == (s->sender ? RESUME_RECEIVER : RESUME_SENDER);
	if (!ends_agree || msg->pairing != s->pairing || !s->certain || s->d.standing != VC_PAIRED || s->failed ||
	    s->forgot || !s->peer_master) {
		s->forgot = true;
		session_apart(x);
		return;
	}
	enter_insync(x, VC_T_RESUMED);
	act(x, VC_A_RESUME);
	story(x, VC_R_LINK_BACK);
}

void session_on_link_msg(struct step *x, const struct vc_msg *msg)
{
	struct vc_state *s = x->s;
	if (!s->link_up || msg->pairing != s->pairing)
		return; /* of another pairing: counts for nothing (TRAPS 10) */
	switch (msg->type) {
	case VC_M_GO:
		if (s->phase == VC_LINKING && !s->resuming && !s->sender)
			begin_target(x);
		break;
	case VC_M_READY:
		on_ready(x);
		break;
	case VC_M_PAIR:
		on_pair(x, &msg->u.log);
		break;
	case VC_M_PAIRED:
		if (s->phase == VC_SRC_END) {
			confirm_era(x);
			enter_insync(x, VC_T_BOTH_RECORDED);
			story(x, VC_R_PAIRED);
		}
		break;
	case VC_M_ERA:
		on_era(x, &msg->u.log);
		break;
	case VC_M_ERA_OK:
		on_era_ok(x);
		break;
	case VC_M_ERA_NO:
		if (s->role == VC_PROMOTING) {
			take(x, VC_T_PROMOTION_GIVEN_UP);
			request_refuse_promote(x, -EAGAIN, VC_R_PEER_PRIMARY);
		}
		break;
	case VC_M_RESUME:
		on_resume(x, msg);
		break;
	default:
		break; /* a CPG message has no business here */
	}
}

void session_on_stream_broken(struct step *x)
{
	if (x->s->phase == VC_APART)
		return;
	story(x, VC_R_STREAM_BROKEN);
	x->s->forgot = true;
	session_apart(x);
}

void session_pursue(struct step *x)
{
	struct vc_state *s = x->s;
	/* While writes are drained (for a bounded time) the gate may stay open: not into a pair era. */
	if (s->phase == VC_SOURCE && s->sync_done && s->role != VC_DEMOTING && lease_valid(s, x->now) &&
	    s->peer_master == s->pair_master)
		finish_source(x);
}
