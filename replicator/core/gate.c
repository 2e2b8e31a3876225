// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The gate that every new solo era passes: consent, or a token with proof that the peer's incarnation
 * of this pairing is dead or fenced. Absence, silence and time are never evidence.
 */
#include <errno.h>
#include <string.h>

#include "core/eralog.h"
#include "core/internal.h"

uint64_t lease_own_ns(uint32_t lease_ms)
{
	return (lease_ms - lease_ms / VC_LEASE_REST) * VC_NS_PER_MS;
}

bool has_token(const struct vc_state *s, uint64_t now)
{
	return s->certain && s->attached && now < s->lease_end_ns;
}

static bool link_hopeless(const struct vc_state *s)
{
	return s->phase == VC_APART || s->phase == VC_LINKING || s->phase == VC_LOST;
}

bool gate_needed(const struct vc_state *s)
{
	if (s->d.standing != VC_PAIRED || s->failed)
		return false;
	if (s->role == VC_PRIMARY)
		return link_hopeless(s) || s->phase == VC_SRC_WAIT;
	return s->want_promote && link_hopeless(s);
}

void gate_forget(struct vc_state *s)
{
	s->consent = s->procdown = s->outdate_live = false;
	s->stage = VC_S_EVIDENCE;
	s->outdate_sent_ns = s->outdate_request = 0;
}

/* What allows this host to go on alone now. */
struct evidence {
	bool there;
	enum vc_transition by;
	enum vc_reason why;
};

static struct evidence evidence(const struct vc_state *s, uint64_t now)
{
	struct evidence none = {0};
	if (!s->pairing)
		return none;
	if (s->consent)
		return (struct evidence){true, VC_T_SOLO_BY_CONSENT, VC_R_ALONE_CONSENT};
	if (!has_token(s, now))
		return none;
	if (s->procdown)
		return (struct evidence){true, VC_T_SOLO_BY_PROCDOWN, VC_R_ALONE_PROCDOWN};
	/* "Changed since the pairing", never "newer than the loss" (TRAPS 7). */
	if (s->quorate && !s->peer_member && s->fence.known && s->fence.record != 0 &&
	    s->fence.record != s->pair_fence)
		return (struct evidence){true, VC_T_SOLO_BY_FENCE, VC_R_ALONE_FENCED};
	return none;
}

void fail_writes(struct step *x, enum vc_reason why)
{
	struct vc_state *s = x->s;
	if (!s->failed)
		story(x, why);
	s->failed = true;
	s->forgot = true; /* what was answered with an error is not sent again */
	take_unless_there(x, VC_T_GATE_FAILED);
}

void vm_down(struct step *x)
{
	x->s->vm_down_due = true; /* until demoted: a master that comes later is told again */
	act(x, VC_A_VM_DOWN);
}

void become_outdated(struct step *x, enum vc_transition by, enum vc_reason why)
{
	struct vc_state *s = x->s;
	take_unless_there(x, VC_T_UNCERTAIN_GIVEN);
	session_apart(x);
	if (s->d.standing == VC_PAIRED) {
		take(x, by);
		act_persist(x);
		story(x, why);
	}
	if (s->want_promote)
		request_refuse_promote(x, -EPERM, VC_R_OUTDATED);
	if (s->role != VC_SECONDARY) {
		fail_writes(x, why);
		vm_down(x);
	}
}

/* Async: what the peer acknowledged and had not sent yet is not here, unless it left having sent all. That it steps
 * back, asked over another path, says nothing of what the link still owes. */
unsigned tail_flag(const struct vc_state *s, enum vc_transition by)
{
	bool may_lack = vc_eralog_last_writer(&s->d.log) == peer_slot(s);
	return s->config.mode == VC_ASYNC && by != VC_T_SOLO_BY_LEAVE && may_lack ? VC_ERA_TAIL : 0;
}

void go_solo(struct step *x, enum vc_transition by, enum vc_reason why)
{
	struct vc_state *s = x->s;
	unsigned self = s->config.slot;
	unsigned tail = tail_flag(s, by);
	if (!vc_eralog_append(&s->d.log, draw(x), self, 1u << self, tail)) {
		story(x, VC_R_LOG_FULL);
		return;
	}
	session_apart(x);
	act(x, VC_A_STREAM_END);
	s->forgot = true;
	take(x, by);
	take_unless_there(x, VC_T_UNCERTAIN_SOLO);
	gate_forget(s);
	s->lost_since_ns = 0;
	act(x, VC_A_FLUSH);
	act(x, VC_A_FOLD);
	act_persist(x);
	story(x, why);
	if (tail)
		story(x, VC_R_TAIL_LEFT);
	if (s->role == VC_PRIMARY && !s->failed)
		take_unless_there(x, VC_T_GATE_SOLO);
}

static bool may_consent(const struct vc_state *s, uint64_t pairing)
{
	bool data_ok = s->d.standing != VC_SOLO;
	return data_ok && pairing == s->pairing && s->role != VC_PRIMARY &&
	       s->role != VC_DEMOTING && !s->outdate_live;
}

static void on_outdate(struct step *x, uint64_t pairing, uint64_t request)
{
	if (!may_consent(x->s, pairing)) {
		act_cpg(x, VC_M_REFUSED, pairing, request);
		return;
	}
	if (x->s->d.standing == VC_PAIRED)
		become_outdated(x, VC_T_OUTDATED_BY_CONSENT, VC_R_CONSENTED); /* durable before the answer */
	else
		session_apart(x); /* a resync whose end is under way must not end it now (TRAPS 3) */
	act_cpg(x, VC_M_OUTDATED, pairing, request);
}

void gate_on_msg(struct step *x, bool own, const struct vc_msg *msg)
{
	struct vc_state *s = x->s;
	bool current = s->pairing && msg->pairing == s->pairing;
	if (msg->type == VC_M_PING) {
		struct evidence e = evidence(s, x->now);
		if (own && s->stage == VC_S_ROUNDTRIP && msg->pairing == s->ping_nonce &&
		    gate_needed(s) && e.there)
			go_solo(x, e.by, e.why);
	} else if (msg->type == VC_M_OUTDATE) {
		if (!own)
			on_outdate(x, msg->pairing, msg->request);
		else if (current && s->outdate_sent_ns)
			s->outdate_live = true; /* from here a crossed request is refused */
	} else if (msg->type == VC_M_OUTDATED && !own && current &&
		   s->d.standing == VC_PAIRED &&
		   (msg->request == 0 ? s->certain : msg->request == s->outdate_request)) {
		/* An answer to a request from before a resync ended says nothing now (TRAPS 10); nor does
		 * the peer's disk error to a host that this pairing has not made whole (S8). */
		s->consent = true;
		if (s->phase == VC_INSYNC || s->phase == VC_LOST)
			session_apart(x); /* the peer's link is closed, whether noticed or not */
	} else if (msg->type == VC_M_REFUSED && !own && current) {
		s->outdate_live = false;
	}
}

void gate_on_peer_gone(struct step *x, enum vc_departure how)
{
	struct vc_state *s = x->s;
	bool node = how == VC_LEFT_NODEDOWN;
	story(x, node ? VC_R_PEER_GONE_NODE : VC_R_PEER_GONE_DAEMON);
	if (node)
		s->split = true;
	else
		s->procdown = !s->split; /* with its place in the group its worker lost its token */
	/* A worker without master still mirrors over the link; whoever writes must not rely on it,
	 * whoever only receives may go on receiving. */
	bool harmless = !node && s->link_up && s->role == VC_SECONDARY &&
			(s->phase == VC_INSYNC || s->phase == VC_SOURCE || s->phase == VC_TARGET);
	bool solo_source = !node && s->phase == VC_SOURCE;
	if (!harmless && !solo_source)
		session_apart(x);
}

/*
 * Consent needs no token. A host that lost its own (its vmtwind was restarted) may ask for it once both have agreed, by what
 * each said of itself in this pairing, that its copy is the one to go on with: only the link is missing.
 */
static bool may_ask_consent(const struct vc_state *s, uint64_t now)
{
	return has_token(s, now) || (s->phase == VC_LINKING && !s->resuming && s->sender &&
				     s->attached && now < s->lease_end_ns);
}

/* Asks the peer to step back, then the fencer: a hung peer keeps quorum for ever (docs/PROTOCOL.md). */
static void press(struct step *x)
{
	struct vc_state *s = x->s;
	uint64_t waited = x->now - s->lost_since_ns;
	if (!s->quorate || !s->peer_member || !may_ask_consent(s, x->now))
		return;
	/* With a quorum device the loss of quorum is told seconds later: this host may be the isolated one,
	 * and would have the side shot that goes on. */
	if (s->peer_dropped)
		return;
	if (waited < VC_RECONNECT_MS * VC_NS_PER_MS)
		return;
	if (s->peer_master && s->outdate_sent_ns == 0) {
		s->outdate_sent_ns = x->now;
		s->outdate_request = draw(x);
		act_cpg(x, VC_M_OUTDATE, s->pairing, s->outdate_request);
		return;
	}
	if (!has_token(s, x->now)) /* what the fencer says would be no evidence for us */
		return;
	if (waited < (VC_RECONNECT_MS + s->config.outdate_timeout_ms) * VC_NS_PER_MS)
		return;
	if (s->fence_asked_ns && x->now - s->fence_asked_ns < VC_FENCE_AGAIN_MS * VC_NS_PER_MS)
		return;
	s->fence_asked_ns = x->now;
	story(x, VC_R_FENCE_ASKED);
	act(x, VC_A_FENCE_PEER);
}

void gate_pursue(struct step *x)
{
	struct vc_state *s = x->s;
	if (!gate_needed(s)) {
		s->lost_since_ns = 0;
		s->stage = VC_S_EVIDENCE;
		return;
	}
	if (s->lost_since_ns == 0) {
		s->lost_since_ns = x->now;
		s->outdate_sent_ns = s->outdate_request = 0;
		s->outdate_live = false;
	}
	if (s->role == VC_PRIMARY && x->now < s->fail_until_ns) {
		fail_writes(x, VC_R_FAILED_HELD);
		return;
	}
	if (!s->attached)
		return;
	if (!evidence(s, x->now).there) {
		s->stage = VC_S_EVIDENCE;
		press(x);
	} else if (s->stage == VC_S_EVIDENCE) {
		s->stage = VC_S_ROUNDTRIP;
		s->ping_nonce = draw(x);
		act_cpg(x, VC_M_PING, s->ping_nonce, 0);
	}
}

void gate_lease(struct step *x)
{
	struct vc_state *s = x->s;
	bool writes = s->role != VC_SECONDARY && !s->failed;
	if (s->d.standing != VC_PAIRED || x->now < s->lease_end_ns || !(s->certain || writes))
		return;
	/* Not only the token goes (TRAPS 4): link closed, VM down, pairing anew. */
	take_unless_there(x, VC_T_UNCERTAIN_LEASE);
	session_apart(x);
	if (s->want_promote)
		request_refuse_promote(x, -EAGAIN, VC_R_NO_QUORUM);
	if (writes && s->role != VC_SECONDARY) {
		fail_writes(x, VC_R_LEASE_END);
		vm_down(x);
	}
}
