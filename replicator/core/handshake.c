// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pairing. Each host says hello with a nonce that names exactly what it says. When a host has heard a
 * hello that echoes its own nonce, both have heard each other's words of one moment, in one quorate
 * membership and with no fence pending; the pairing's id is made of the two nonces, so both know the
 * same id without another message. From the two hellos both derive the same verdict.
 */
#include <string.h>

#include "core/eralog.h"
#include "core/internal.h"

enum verdict { V_RESUME, V_SELF, V_PEER, V_NONE };

/*
 * Sync: in the page cache, so in the same boot. Semi: in the memory of this very process. Either, if a
 * clean stop has flushed it. Async: the last writer knows best (docs/PROTOCOL.md).
 */
bool cache_survived(const struct vc_state *s)
{
	uint8_t flushed[sizeof s->d.boot_id];
	memset(flushed, VC_BOOT_FLUSHED, sizeof flushed);
	if (s->config.mode == VC_ASYNC || memcmp(s->d.boot_id, flushed, sizeof flushed) == 0)
		return true;
	if (s->config.mode == VC_SEMI)
		return s->paired_here;
	return memcmp(s->d.boot_id, s->config.boot_id, sizeof s->d.boot_id) == 0;
}

static bool resumable(const struct vc_state *s)
{
	/* While it is being resumed too: what was said under one nonce stays so until the peer has heard it. */
	bool apart = s->phase == VC_APART || (s->phase == VC_LINKING && s->resuming);
	return s->certain && s->d.standing == VC_PAIRED && s->pairing && !s->consent &&
	       !s->procdown && apart && !s->failed && !s->forgot;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t z = a * 0x9e3779b97f4a7c15ull ^ (b + 0x7f4a7c15ull) * 0xbf58476d1ce4e5b9ull;
	z ^= z >> 32;
	return z ? z : 1;
}

static void fill_hello(const struct vc_state *s, struct vc_hello *h)
{
	memcpy(h->unit_id, s->d.unit_id, sizeof h->unit_id);
	h->incarnation = s->config.incarnation;
	h->pairing = resumable(s) ? s->pairing : 0;
	h->standing = s->d.standing;
	h->role = s->role;
	h->certain = s->certain;
	h->survived = cache_survived(s);
	h->mode = s->config.mode;
	h->map_base = s->d.map_base;
	h->lease_ms = s->config.lease_ms;
	h->port = s->config.port;
	h->log = s->d.log;
}

/*
 * A pairing is made only inside one quorate membership with no fence of either host pending, and once
 * quorum is proven: without a lease it would end uncertain. That the fencer was asked since the peer came is seen to before
 * anything is said (handshake_pursue()), and without a word of ours nothing is agreed.
 */
static bool may_pair(const struct vc_state *s, uint64_t now)
{
	return s->attached && s->quorate && s->peer_member && s->peer_master && s->fence.known &&
	       !s->fence.pending && !s->disk_failed && !s->leave_sent && now < s->lease_end_ns;
}

static bool wants_pair(const struct vc_state *s)
{
	return s->phase == VC_APART || s->phase == VC_LINKING ||
	       (s->phase == VC_INSYNC && !s->certain);
}

static void say_hello(struct step *x)
{
	struct vc_state *s = x->s;
	struct vc_hello now = {0};
	fill_hello(s, &now);
	now.nonce = s->mine.nonce ? s->mine.nonce : draw(x);
	now.echo = s->theirs.nonce;
	s->mine = now;
	struct vc_msg *m = &act(x, VC_A_CPG_SEND)->u.msg;
	m->type = VC_M_HELLO;
	m->u.hello = now;
}

void handshake_changed(struct step *x)
{
	struct vc_state *s = x->s;
	memset(&s->mine, 0, sizeof s->mine);
	s->mine_delivered = false;
	s->verdict = VC_R_NONE;
	if (s->phase == VC_LINKING)
		session_apart(x);
}

/* Among hosts whose logs do not tell: neither solo nor syncing (docs/PROTOCOL.md, TRAPS 13). */
static enum verdict by_cache(unsigned self, const struct vc_hello *me, const struct vc_hello *peer)
{
	if (me->survived != peer->survived)
		return me->survived ? V_SELF : V_PEER;
	if (me->standing != peer->standing) /* paired knows more than outdated */
		return me->standing > peer->standing ? V_SELF : V_PEER;
	/* Later eras of one side only were never written in. */
	const struct vc_era *last = vc_eralog_common(&me->log, &peer->log);
	return last && last->writer == self ? V_SELF : V_PEER;
}

static enum verdict only_if_complete(bool self, const struct vc_hello *source,
				     const struct vc_hello *target, enum vc_reason *why)
{
	if (source->standing == VC_SYNCING)
		*why = VC_R_NO_COMPLETE_COPY;
	else if (target->standing == VC_SOLO)
		*why = VC_R_DIVERGED;
	else
		return self ? V_SELF : V_PEER;
	return V_NONE;
}

static enum verdict equal_logs(unsigned self, const struct vc_hello *me,
			       const struct vc_hello *peer, enum vc_reason *why)
{
	if (me->standing == VC_SOLO || peer->standing == VC_SOLO)
		return me->standing == VC_SOLO ? V_SELF : V_PEER;
	if (me->standing == VC_SYNCING && peer->standing == VC_SYNCING) {
		*why = VC_R_NO_COMPLETE_COPY;
		return V_NONE;
	}
	if (me->standing == VC_SYNCING || peer->standing == VC_SYNCING)
		return me->standing == VC_SYNCING ? V_PEER : V_SELF;
	return by_cache(self, me, peer);
}

/* A disk that was put back to an older state is nobody's source; if it may have been written to since, the
 * operator decides. */
static enum verdict rolled_back(bool mine, const struct vc_hello *me, const struct vc_hello *peer,
				enum vc_reason *why)
{
	const struct vc_hello *old = mine ? me : peer;
	if (old->standing == VC_SOLO) {
		*why = VC_R_ROLLED_BACK;
		return V_NONE;
	}
	return mine ? only_if_complete(false, peer, me, why) : only_if_complete(true, me, peer, why);
}

static bool same_unit(const struct vc_hello *a, const struct vc_hello *b)
{
	static const uint8_t none[16];
	return memcmp(a->unit_id, b->unit_id, 16) == 0 || memcmp(a->unit_id, none, 16) == 0 ||
	       memcmp(b->unit_id, none, 16) == 0;
}

/* Whose data both go on with. Symmetric: the peer derives the mirror image. */
static enum verdict judge(unsigned self, const struct vc_hello *me, const struct vc_hello *peer,
			  enum vc_reason *why)
{
	*why = VC_R_NONE;
	if (!same_unit(me, peer)) {
		*why = VC_R_UNRELATED;
		return V_NONE;
	}
	if (me->mode != peer->mode) {
		*why = VC_R_MODES_DIFFER;
		return V_NONE;
	}
	if (me->pairing && me->pairing == peer->pairing)
		return V_RESUME;
	bool old_here = vc_eralog_rolled_back(&me->log, &peer->log, self);
	bool old_there = vc_eralog_rolled_back(&peer->log, &me->log, 1 - self);
	if (old_here != old_there)
		return rolled_back(old_here, me, peer, why);
	if (me->standing == VC_SOLO && peer->standing == VC_SOLO) {
		*why = VC_R_DIVERGED;
		return V_NONE;
	}
	switch (vc_eralog_compare(&me->log, &peer->log)) {
	case VC_A_AHEAD:
	case VC_B_BLANK:
		return only_if_complete(true, me, peer, why);
	case VC_B_AHEAD:
	case VC_A_BLANK:
		return only_if_complete(false, peer, me, why);
	case VC_SAME:
		return equal_logs(self, me, peer, why);
	case VC_BOTH_BLANK:
		*why = VC_R_BOTH_BLANK;
		return V_NONE;
	case VC_UNRELATED:
		*why = VC_R_UNRELATED;
		return V_NONE;
	case VC_FORK:
		break;
	}
	*why = VC_R_DIVERGED;
	return V_NONE;
}

/* A new, empty second host learns which unit it belongs to from the first peer it meets. */
static void adopt_unit(struct vc_state *s)
{
	static const uint8_t none[16];
	if (!s->sender && memcmp(s->d.unit_id, none, sizeof none) == 0)
		memcpy(s->d.unit_id, s->theirs.unit_id, sizeof s->d.unit_id);
}

/* That the peer is gone, or this host was restarted, mends no fork: its branch may hold what was
 * acknowledged last (S8, S9). */
static void note_fork(struct step *x, enum vc_reason why)
{
	struct vc_state *s = x->s;
	bool fork = why == VC_R_DIVERGED || why == VC_R_UNRELATED || why == VC_R_ROLLED_BACK;
	s->fork = fork ? why : VC_R_NONE;
	if (s->d.fork == fork)
		return;
	s->d.fork = fork;
	act_persist(x);
}

/* Only what both hosts' maps cover since the same moment may be skipped; equal eras alone say nothing of
 * it (TRAPS 12, 21). */
static enum vc_scope scope_of(const struct vc_state *s)
{
	bool old = vc_eralog_rolled_back(&s->mine.log, &s->theirs.log, s->config.slot) ||
		   vc_eralog_rolled_back(&s->theirs.log, &s->mine.log, peer_slot(s));
	bool covered = s->config.keeps_maps && s->mine.map_base && s->mine.map_base == s->theirs.map_base;
	return covered && !old ? VC_SCOPE_MAPS : VC_SCOPE_ALL;
}

/*
 * The VM runs on the copy that is not the one to go on with: it is ended first. Its host says hello anew
 * once it is demoted; a link before that would be closed again at once, again and again.
 */
static bool target_runs(struct step *x, enum verdict v)
{
	struct vc_state *s = x->s;
	if (v == V_SELF)
		return s->theirs.role != VC_SECONDARY;
	if (v != V_PEER || s->mine.role == VC_SECONDARY)
		return false;
	if (s->role == VC_PROMOTING) {
		take(x, VC_T_PROMOTION_GIVEN_UP); /* nothing was written yet */
	} else if (s->role != VC_SECONDARY && !s->failed) {
		fail_writes(x, VC_R_OUTDATED);
		vm_down(x);
	}
	return true;
}

/* Both have heard each other: the pairing exists from here. */
static void agree(struct step *x)
{
	struct vc_state *s = x->s;
	enum vc_reason why;
	enum verdict v = judge(s->config.slot, &s->mine, &s->theirs, &why);
	note_fork(x, why);
	if (target_runs(x, v)) {
		v = V_NONE;
		why = VC_R_TARGET_RUNS;
	}
	if (v == V_NONE) {
		if (s->verdict != why)
			story(x, why);
		s->verdict = why;
		return;
	}
	if (s->phase == VC_INSYNC) {
		/* Our certainty is gone: this pairing replaces the old one. Its id is made of what we
		 * said, which is forgotten with the old one. */
		struct vc_hello mine = s->mine;
		session_apart(x);
		s->mine = mine;
		s->mine_delivered = true;
	}
	const struct vc_hello *low = s->config.slot == 0 ? &s->mine : &s->theirs;
	const struct vc_hello *high = s->config.slot == 0 ? &s->theirs : &s->mine;
	s->resuming = v == V_RESUME;
	if (!s->resuming) {
		s->pairing = mix(low->nonce, high->nonce);
		s->pair_incarnation = s->theirs.incarnation;
		s->pair_fence = s->fence.record;
		s->sender = v == V_SELF;
		s->scope = scope_of(s);
		adopt_unit(s);
		gate_forget(s);
		s->forgot = true; /* until the new stream begins */
		s->lost_since_ns = x->now; /* the link gets its time before OUTDATE is sent */
	}
	s->split = false; /* both have said in this membership what they have */
	s->pair_master = s->peer_master;
	s->pair_nonce = s->theirs.nonce;
	s->pair_port = s->theirs.port;
	s->pair_lease_ms = s->theirs.lease_ms > s->config.lease_ms ? s->theirs.lease_ms
								   : s->config.lease_ms;
	story(x, VC_R_PEER_SEEN);
	take(x, VC_T_AGREED);
	struct vc_action *a = act(x, VC_A_LINK_ENABLE);
	a->u.link.pairing = s->pairing;
	a->u.link.peer_incarnation = s->pair_incarnation;
	a->u.link.peer_port = s->pair_port;
}

static bool heard_each_other(const struct vc_state *s)
{
	return s->mine.nonce && s->mine_delivered && s->theirs.echo == s->mine.nonce;
}

bool peer_said_anew(const struct vc_state *s)
{
	return s->theirs.nonce && s->theirs.nonce != s->pair_nonce;
}

static bool in_use(const struct vc_state *s)
{
	/* A pairing that serves is not disturbed by a late hello of the same peer. But a peer that
	 * says hello does not wait for the lost link any more. */
	return s->phase != VC_APART && s->theirs.incarnation == s->pair_incarnation &&
	       s->phase != VC_LINKING && !(s->phase == VC_LOST && peer_said_anew(s)) && !(s->phase == VC_INSYNC && !s->certain) &&
	       s->theirs.certain;
}

/* At once, whether or not a pairing follows: the peer went on without us, or our disk is an old one. */
static void see_log(struct step *x, const struct vc_eralog *log)
{
	struct vc_state *s = x->s;
	bool tail_here = s->config.mode == VC_ASYNC &&
			 vc_eralog_tail_of(&s->d.log, log) == s->config.slot;
	if (vc_eralog_rolled_back(&s->d.log, log, s->config.slot))
		become_outdated(x, VC_T_OUTDATED_BY_ROLLBACK, VC_R_ROLLED_BACK);
	else if (vc_eralog_compare(&s->d.log, log) == VC_B_AHEAD)
		become_outdated(x, VC_T_OUTDATED_BY_SIGHT, VC_R_SAW_SOLO);
	if (tail_here)
		story(x, VC_R_TAIL_HERE);
}

void handshake_on_hello(struct step *x, bool own, uint64_t sender, const struct vc_hello *hello)
{
	struct vc_state *s = x->s;
	(void)sender;
	if (own) {
		if (hello->nonce == s->mine.nonce)
			s->mine_delivered = true;
		return;
	}
	bool news = hello->nonce != s->theirs.nonce;
	s->theirs = *hello;
	if (s->d.standing == VC_PAIRED &&
	    memcmp(hello->unit_id, s->d.unit_id, sizeof hello->unit_id) == 0)
		see_log(x, &hello->log);
	if (in_use(s) && hello->incarnation == s->pair_incarnation)
		return;
	if (s->phase == VC_LINKING && !news)
		return;
	if (s->phase == VC_LINKING || (s->phase != VC_APART && s->phase != VC_INSYNC) ||
	    (s->phase == VC_INSYNC && !hello->certain && s->certain))
		session_apart(x); /* the peer starts anew: what we agreed on is void */
	if (heard_each_other(s) && may_pair(s, x->now) && wants_pair(s))
		agree(x);
}

void handshake_pursue(struct step *x)
{
	struct vc_state *s = x->s;
	if (!s->attached || !s->peer_master || !wants_pair(s))
		return;
	if (!s->fence.known || s->fence.read_ns < s->peer_since_ns) {
		if (x->e->type == VC_E_TICK || x->e->type == VC_E_GROUP)
			act(x, VC_A_ASK_FENCE);
		return;
	}
	if (!may_pair(s, x->now))
		return;
	/* What we said must still be so; otherwise it is said anew under another nonce. */
	struct vc_hello now = {0};
	fill_hello(s, &now);
	now.nonce = s->mine.nonce;
	now.echo = s->mine.echo;
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): both are zeroed, then filled by fill_hello() */
	if (s->mine.nonce && s->phase != VC_LINKING && memcmp(&now, &s->mine, sizeof now) != 0)
		handshake_changed(x);
	if (!s->mine.nonce || (s->theirs.nonce && s->mine.echo != s->theirs.nonce))
		say_hello(x);
	/* The peer's answer may have come while we were not allowed to pair. */
	else if (s->phase != VC_LINKING && heard_each_other(s))
		agree(x);
}
