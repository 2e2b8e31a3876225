// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/verdict.h"

#define NS_PER_MS 1000000ull

static struct vc_fence_verdict say(enum vc_fence_state state, enum vc_fence_why why)
{
	return (struct vc_fence_verdict){.state = state, .why = why};
}

enum vc_fence_why vc_fence_setup(const struct vc_fence_facts *f)
{
	if (!f->third_vote && !f->witness && !f->allow_unfenced)
		return VC_WHY_NO_WITNESS; /* both sides of a split would succeed */
	if (!f->lease_known)
		return VC_WHY_LEASE_UNKNOWN;
	return VC_WHYS;
}

/* It hears us, and can end itself. */
static struct vc_fence_verdict by_order(const struct vc_fence_facts *f, uint64_t now)
{
	switch (f->order) {
	case VC_ORDER_NONE:
		break;
	case VC_ORDER_SENT:
		return say(VC_FENCE_WAITING, VC_WHY_ORDERED);
	case VC_ORDER_OBEYED:
		return now - f->order_ns > VC_ORDER_LIMIT_MS * NS_PER_MS ? say(VC_FENCE_REFUSED, VC_WHY_ORDER_FAILED)
									 : say(VC_FENCE_WAITING, VC_WHY_LEAVING);
	case VC_ORDER_FAILED:
		return say(VC_FENCE_REFUSED, VC_WHY_ORDER_FAILED);
	}
	/* What was asked for while it was away is not done to it now that it is back. */
	if (f->away)
		return say(VC_FENCE_REFUSED, VC_WHY_CAME_BACK);
	if (!f->member_ns || now - f->member_ns < VC_RETURN_GRACE_MS * NS_PER_MS)
		return say(VC_FENCE_REFUSED, VC_WHY_JUST_BACK);
	return say(VC_FENCE_ORDER, VC_WHY_ORDERED);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* It hears nothing, so its leases run out; and nobody else can have the vote while we have it. */
static struct vc_fence_verdict by_silence(const struct vc_fence_facts *f, uint64_t now)
{
	uint64_t since = later(f->silent_ns, f->quorate_ns);
	if (f->witness && !f->member) /* a member is of our side of any split */
		since = later(since, f->witness_ns);
	uint64_t due = since + f->wait_ms * NS_PER_MS;
	if (now >= due)
		return say(VC_FENCE_DONE, VC_WHY_SILENT);
	struct vc_fence_verdict v = say(VC_FENCE_WAITING, f->member ? VC_WHY_HANGS : VC_WHY_SILENCE);
	v.left_ns = due - now;
	return v;
}

struct vc_fence_verdict vc_fence_verdict(const struct vc_fence_facts *f, uint64_t now)
{
	enum vc_fence_why setup = vc_fence_setup(f);
	if (!f->is_node)
		return say(VC_FENCE_REFUSED, VC_WHY_UNKNOWN_NODE);
	if (f->is_self)
		return say(VC_FENCE_REFUSED, VC_WHY_SELF);
	if (setup != VC_WHYS)
		return say(VC_FENCE_REFUSED, setup);
	if (f->order == VC_ORDER_OBEYED && f->ended_ns && f->begun_ns <= f->ended_ns) /* perhaps it is back already */
		return say(VC_FENCE_DONE, VC_WHY_OBEYED);
	if (!f->quorate_ns)
		return say(VC_FENCE_WAITING, VC_WHY_NO_QUORUM);
	if (f->member && f->daemon && !(f->silent_ns && f->order == VC_ORDER_SENT))
		return by_order(f, now); /* one that hangs gets it too, for when it wakes */
	if (f->witness && !f->member && !f->witness_ns)
		return say(VC_FENCE_WAITING, VC_WHY_NOT_REACHED);
	if (!f->silent_ns)
		return say(VC_FENCE_WAITING, VC_WHY_SILENCE);
	return by_silence(f, now);
}

void vc_seen_left(struct vc_seen *s, uint64_t now)
{
	s->member_ns = 0;
	/* A vmtwind that it starts by itself from now on is not seen: the silence begins anew. */
	s->left_ns = s->silent_ns = now;
}

void vc_seen_member(struct vc_seen *s, bool member, uint64_t now)
{
	if (member && s->member_ns == 0)
		s->member_ns = now;
	if (!member && s->member_ns != 0)
		vc_seen_left(s, now);
}

void vc_seen_daemon(struct vc_seen *s, bool there, uint64_t now)
{
	if (there && s->member_ns == 0)
		s->member_ns = now; /* before quorum tells it */
	s->silent_ns = there ? 0 : now;
}

void vc_seen_since(uint64_t *since, bool so, uint64_t now)
{
	if (!so)
		*since = 0;
	else if (*since == 0)
		*since = now;
}

void vc_vote_told(struct vc_vote *v, bool quorate, uint64_t now)
{
	vc_seen_since(&v->told_ns, quorate, now);
}

void vc_vote_proof(struct vc_vote *v, uint64_t sent_ns)
{
	if (v->proof_ns == 0 || sent_ns - v->proof_ns >= VC_PROOF_GAP_MS * NS_PER_MS)
		v->proof_since_ns = sent_ns;
	v->proof_ns = sent_ns;
}

void vc_vote_read(struct vc_vote *v, bool changed, uint64_t now)
{
	v->votes_ns = now;
	if (changed && v->told_ns)
		v->told_ns = now;
}

bool vc_vote_proved(const struct vc_vote *v, uint64_t now)
{
	return v->proof_ns && now - v->proof_ns < VC_PROOF_GAP_MS * NS_PER_MS;
}

uint64_t vc_vote_since(const struct vc_vote *v, uint64_t now)
{
	if (!v->told_ns || !vc_vote_proved(v, now))
		return 0;
	if (!v->votes_ns || now - v->votes_ns >= VC_VOTES_STALE_MS * NS_PER_MS)
		return 0;
	return later(v->told_ns, v->proof_since_ns);
}

uint64_t vc_silent_since(const struct vc_seen *s, uint64_t heard_ns, uint64_t now)
{
	if (s->silent_ns)
		return s->silent_ns;
	return heard_ns && now - heard_ns >= VC_HEARD_GAP_MS * NS_PER_MS ? heard_ns : 0;
}

bool vc_seen_stays_ended(const struct vc_seen *s, enum vc_order order, uint64_t ended_ns)
{
	return order == VC_ORDER_OBEYED && ended_ns && ended_ns == s->left_ns && s->member_ns == 0;
}
