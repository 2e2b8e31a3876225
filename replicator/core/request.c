// SPDX-License-Identifier: GPL-2.0-or-later
/* What the agent asks for: promote, demote, stop, fail-held. Each request is answered once. */
#include <errno.h>
#include <string.h>

#include "core/eralog.h"
#include "core/internal.h"

void request_refuse_promote(struct step *x, int rc, enum vc_reason why)
{
	if (!x->s->want_promote)
		return;
	x->s->want_promote = false;
	act_reply(x, VC_E_PROMOTE, rc, why);
}

void request_promoted(struct step *x, enum vc_transition by, enum vc_reason why)
{
	take(x, by);
	story(x, why);
	if (x->s->want_promote)
		act_reply(x, VC_E_PROMOTE, 0, VC_R_NONE);
	x->s->want_promote = false;
}

/* In sync and connected: a new pair era with us as its writer, durable on both first (S5). */
static void promote_in_pair(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->role == VC_PROMOTING)
		return;
	/* In sync the two logs differ by the last era at most, and the peer takes over this one. */
	if (s->d.log.count > VC_ERAS - 8)
		vc_eralog_trim(&s->d.log, VC_ERAS / 2);
	const struct vc_era *last = vc_eralog_last(&s->d.log);
	bool ours = last && last->writer == s->config.slot && last->members == 3;
	if (!ours && !vc_eralog_append(&s->d.log, draw(x), s->config.slot, 3, 0)) {
		request_refuse_promote(x, -EPERM, VC_R_LOG_FULL);
		return;
	}
	memcpy(s->d.boot_id, s->config.boot_id, sizeof s->d.boot_id);
	act_persist(x);
	act_link_log(x, VC_M_ERA);
	take(x, VC_T_PROMOTION_ASKED);
}

static enum vc_reason waiting_for(const struct vc_state *s)
{
	if (!s->quorate)
		return VC_R_NO_QUORUM;
	if (s->phase == VC_SRC_END || s->phase == VC_SRC_WAIT || s->phase == VC_INSYNC)
		return VC_R_NOT_CONNECTED;
	return s->certain ? VC_R_NO_EVIDENCE : VC_R_UNCERTAIN;
}

/*
 * A disk that was put back stands solo as it did once, and only the peer knows better. It needs a moment to say so; a peer
 * that is not there, or whose unit does not run, is not waited for.
 */
static bool may_hear_more(const struct vc_state *s, uint64_t now)
{
	uint64_t since = s->attached_ns > s->peer_since_ns ? s->attached_ns : s->peer_since_ns;
	return s->peer_master && s->phase == VC_APART && s->verdict == VC_R_NONE &&
	       now < since + VC_HEAR_MS * VC_NS_PER_MS;
}

static void pursue_promote(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->disk_failed) {
		request_refuse_promote(x, -EPERM, VC_R_DISK_FAILED);
	} else if (s->d.standing == VC_OUTDATED || s->d.standing == VC_SYNCING) {
		request_refuse_promote(x, -EPERM, s->d.standing == VC_SYNCING ? VC_R_SYNCING
									       : VC_R_OUTDATED);
	} else if (s->d.standing == VC_SOLO && fork_seen(s) != VC_R_NONE) {
		request_refuse_promote(x, -EPERM, fork_seen(s));
	} else if (s->d.standing == VC_SOLO && may_hear_more(s, x->now)) {
		return;
	} else if (s->d.standing == VC_SOLO) {
		give_up_maps(x);
		take(x, VC_T_GATE_SOLO);
		request_promoted(x, VC_T_PROMOTED_ALONE, VC_R_PROMOTED_SOLO);
	} else if (x->now >= s->promote_until_ns) {
		if (s->role == VC_PROMOTING)
			take(x, VC_T_PROMOTION_GIVEN_UP);
		request_refuse_promote(x, -EAGAIN, waiting_for(s));
	} else if (s->phase == VC_INSYNC && s->link_up) {
		promote_in_pair(x);
	}
}

static void begin_demote(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->role == VC_DEMOTING)
		return;
	/* The VM is stopped by now; if writes are still held they are nobody's, and failing them is
	 * what lets everybody else go on (TRAPS 19). */
	if (s->gate == VC_G_FROZEN || s->failed)
		fail_writes(x, VC_R_FAILED_HELD);
	take(x, VC_T_DEMOTION_BEGUN);
	s->drain_until_ns = x->now + VC_DRAIN_MS * VC_NS_PER_MS;
	act(x, VC_A_DRAIN);
}

void request_on_drained(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->role != VC_DEMOTING)
		return;
	/* Async: what was given up was acknowledged. This host pairs anew and brings it over, before it leaves or hands over as
	 * if all were sent. */
	if (s->config.mode == VC_ASYNC && s->forgot)
		session_apart(x);
	act(x, VC_A_FLUSH);
	take_unless_there(x, VC_T_GATE_CLOSED);
	take(x, VC_T_DEMOTION_DONE);
	s->failed = s->vm_down_due = false;
	story(x, VC_R_DEMOTED);
	if (s->want_demote)
		act_reply(x, VC_E_DEMOTE, 0, VC_R_NONE);
	s->want_demote = false;
}

/* What a power cut may have taken from the peer is durable here from now on: without a word of that,
 * the reboot of this host would make both copies look alike (TRAPS 13). */
static void record_flushed(struct step *x)
{
	struct vc_state *s = x->s;
	bool whole = s->d.standing == VC_PAIRED || s->d.standing == VC_OUTDATED;
	if (!whole || s->config.mode == VC_ASYNC || s->disk_failed || !cache_survived(s))
		return;
	memset(s->d.boot_id, VC_BOOT_FLUSHED, sizeof s->d.boot_id);
	act_persist(x);
}

static void finish_stop(struct step *x)
{
	struct vc_state *s = x->s;
	session_apart(x);
	act(x, VC_A_FLUSH);
	record_flushed(x);
	story(x, VC_R_STOPPED);
	act_reply(x, VC_E_STOP, 0, VC_R_NONE);
	act(x, VC_A_EXIT);
	s->want_stop = false;
	s->exited = true;
}

static bool leaves_a_pair(const struct vc_state *s)
{
	return s->d.standing == VC_PAIRED && s->phase == VC_INSYNC && s->link_up && s->certain &&
	       s->attached && s->peer_master == s->pair_master;
}

static void pursue_stop(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->role != VC_SECONDARY) {
		if (s->role == VC_PROMOTING)
			take(x, VC_T_PROMOTION_GIVEN_UP);
		else
			begin_demote(x);
	} else if (s->leave_sent) {
		if (x->now >= s->leave_until_ns || !s->attached)
			finish_stop(x); /* unanswered: our standing stays as it is */
	} else if (leaves_a_pair(s)) {
		act(x, VC_A_FLUSH);
		act_cpg(x, VC_M_LEAVE, s->pairing, 0);
		s->leave_sent = true;
		s->leave_until_ns = x->now + VC_LEAVE_MS * VC_NS_PER_MS;
	} else {
		finish_stop(x);
	}
}

void request_on_leave(struct step *x, bool own, uint64_t pairing)
{
	struct vc_state *s = x->s;
	bool current = s->pairing && pairing == s->pairing && s->d.standing == VC_PAIRED;
	if (own) {
		/* CPG's order decides between two who leave: a peer's LEAVE that came first has made
		 * us solo, and we stay so (TRAPS 2). */
		if (!s->leave_sent)
			return;
		if (current && s->certain && s->peer_master == s->pair_master) {
			take(x, VC_T_OUTDATED_BY_LEAVING);
			take(x, VC_T_UNCERTAIN_GIVEN);
			act_persist(x);
			story(x, VC_R_LEFT_OUTDATED);
		}
		finish_stop(x);
	} else if (current && s->certain) {
		go_solo(x, VC_T_SOLO_BY_LEAVE, VC_R_PEER_LEFT); /* a waiting promotion finds us solo in request_pursue */
	}
}

void request_pursue(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->role == VC_DEMOTING && !s->failed &&
	    (s->gate == VC_G_FROZEN || s->phase == VC_LOST || x->now >= s->drain_until_ns))
		fail_writes(x, VC_R_FAILED_HELD);
	if (s->want_promote)
		pursue_promote(x);
	if (s->want_stop)
		pursue_stop(x);
}

static void on_promote(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->role == VC_PRIMARY) {
		act_reply(x, VC_E_PROMOTE, s->failed ? -EIO : 0,
			  s->failed ? VC_R_FAILED_HELD : VC_R_NONE);
		return;
	}
	if (s->want_stop || s->role == VC_DEMOTING) {
		act_reply(x, VC_E_PROMOTE, -EAGAIN, VC_R_DEMOTED);
		return;
	}
	s->want_promote = true;
	s->promote_until_ns = x->now + s->config.promote_wait_ms * VC_NS_PER_MS;
}

static void on_demote(struct step *x)
{
	struct vc_state *s = x->s;
	request_refuse_promote(x, -EAGAIN, VC_R_DEMOTED);
	if (s->role == VC_PROMOTING)
		take(x, VC_T_PROMOTION_GIVEN_UP);
	if (s->role == VC_SECONDARY) {
		act_reply(x, VC_E_DEMOTE, 0, VC_R_NONE);
		return;
	}
	s->want_demote = true;
	begin_demote(x);
}

void request_on(struct step *x)
{
	struct vc_state *s = x->s;
	switch (x->e->type) {
	case VC_E_PROMOTE:
		on_promote(x);
		break;
	case VC_E_DEMOTE:
		on_demote(x);
		break;
	case VC_E_STOP:
		request_refuse_promote(x, -EAGAIN, VC_R_STOPPED);
		s->want_stop = true;
		break;
	case VC_E_FORCE:
		operator_force(x);
		break;
	case VC_E_UNDO:
		operator_undo(x);
		break;
	default: /* FAIL_HELD */
		s->fail_until_ns = x->now + VC_FAIL_HELD_MS * VC_NS_PER_MS;
		if (s->role == VC_PRIMARY && s->gate == VC_G_FROZEN)
			fail_writes(x, VC_R_FAILED_HELD);
		act_reply(x, VC_E_FAIL_HELD, 0, VC_R_NONE);
		break;
	}
}
