/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May fence_vmtwin say that another host has ended its VMs? A pure function of what this host's master has seen. Rules and
 * reasons: docs/FENCING.md; TRAPS 16. Times are CLOCK_BOOTTIME in nanoseconds, 0: not so.
 */
#ifndef VMTWIN_CORE_VERDICT_H
#define VMTWIN_CORE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/* A host that has come back is not ended by a request that may be older than its return. */
#define VC_RETURN_GRACE_MS 20000
/* An order that was obeyed shows its effect by then. */
#define VC_ORDER_LIMIT_MS 30000

/* How the order to end itself has gone (a member whose vmtwind lives). */
enum vc_order { VC_ORDER_NONE, VC_ORDER_SENT, VC_ORDER_OBEYED, VC_ORDER_FAILED };

struct vc_fence_facts {
	/* The set-up. */
	bool third_vote;     /* quorum tells the two sides of a split apart */
	bool witness;	     /* this host has witnesses: they are needed too */
	bool allow_unfenced; /* every unit accepts a fork rather than a stop */
	bool lease_known;    /* of every unit */
	uint32_t wait_ms;    /* vt_timing_fence_ms() of the longest lease */

	/* Without a break since. */
	uint64_t quorate_ns, witness_ns;

	/* The other host. */
	bool is_self, is_node;
	bool member;	       /* of the cluster's membership */
	bool daemon;	       /* its vmtwind is in the group (it may hang: then it is silent all the same) */
	uint64_t member_ns;    /* it has been a member since */
	uint64_t ended_ns;     /* when it left the membership after it had obeyed an order */
	uint64_t silent_ns;    /* nothing was heard of its vmtwind, nor did its membership change, since */

	/* This request. */
	uint64_t begun_ns;
	bool away; /* at some time since it began the other host was no member */
	enum vc_order order;
	uint64_t order_ns;
};

/* What has become of another host, as its going is told. */
struct vc_seen {
	uint64_t member_ns; /* a member since */
	uint64_t left_ns;   /* when it left the membership last */
	uint64_t silent_ns; /* its vmtwind out of the group, and no leaving of the membership, since */
};

void vc_seen_member(struct vc_seen *s, bool member, uint64_t now_ns);
/* It left the membership, as the group tells: earlier than quorum does, which may wait for its device. */
void vc_seen_left(struct vc_seen *s, uint64_t now_ns);
void vc_seen_daemon(struct vc_seen *s, bool there, uint64_t now_ns); /* also at the beginning, when it is not there */
/* Since when something is so without a break: *since. */
void vc_seen_since(uint64_t *since_ns, bool so, uint64_t now_ns);

/* Nothing proves quorum for so long: it was not without a break. Proofs come every second. */
#define VC_PROOF_GAP_MS 3000
/* In the group, and nothing is heard of it for so long: it hangs. It speaks every second. */
#define VC_HEARD_GAP_MS 5000
/* corosync has not told its votes and times for so long: nothing is confirmed on them. */
#define VC_VOTES_STALE_MS 15000

/* What this host knows of its own side having the vote. */
struct vc_vote {
	uint64_t told_ns;			  /* corosync says so without a break since */
	uint64_t proof_ns, proof_since_ns; /* the last own proof; and since when they have come without a gap */
	uint64_t votes_ns;			  /* when votes and times were read last */
};

void vc_vote_told(struct vc_vote *v, bool quorate, uint64_t now_ns);
/* Sent through the cluster at sent_ns, by a host that was quorate then. */
void vc_vote_proof(struct vc_vote *v, uint64_t sent_ns);
/* Votes and times have been read: what was waited with others counts for nothing. */
void vc_vote_read(struct vc_vote *v, bool changed, uint64_t now_ns);
/* Proofs come: nothing hangs here. */
bool vc_vote_proved(const struct vc_vote *v, uint64_t now_ns);
/* The vote is this side's without a break since: told and proved all the time. What a host is told after it hung was perhaps not so
 * meanwhile. 0: it is not, or nothing is known of the votes. */
uint64_t vc_vote_since(const struct vc_vote *v, uint64_t now_ns);
/* Since when nothing is heard of the other host: not in the group, or hanging there. heard_ns: its last word. 0: it is heard. */
uint64_t vc_silent_since(const struct vc_seen *s, uint64_t heard_ns, uint64_t now_ns);

/* It obeyed an order, left the membership for that (ended_ns), and has not been back since. */
bool vc_seen_stays_ended(const struct vc_seen *s, enum vc_order order, uint64_t ended_ns);

enum vc_fence_state {
	VC_FENCE_WAITING,
	VC_FENCE_ORDER, /* send the order to end itself, then ask again */
	VC_FENCE_DONE,
	VC_FENCE_REFUSED, /* for good: ask anew */
};

enum vc_fence_why {
	VC_WHY_SELF, /* refused */
	VC_WHY_UNKNOWN_NODE,
	VC_WHY_NO_WITNESS,
	VC_WHY_LEASE_UNKNOWN,
	VC_WHY_CAME_BACK,
	VC_WHY_JUST_BACK,
	VC_WHY_ORDER_FAILED,
	VC_WHY_NO_QUORUM, /* waiting */
	VC_WHY_NOT_REACHED,
	VC_WHY_SILENCE,
	VC_WHY_HANGS,
	VC_WHY_ORDERED,
	VC_WHY_LEAVING,
	VC_WHY_SILENT, /* done */
	VC_WHY_OBEYED,
	VC_WHYS
};

struct vc_fence_verdict {
	enum vc_fence_state state;
	enum vc_fence_why why;
	uint64_t left_ns; /* waiting for silence: at least so long yet, if nothing breaks */
};

struct vc_fence_verdict vc_fence_verdict(const struct vc_fence_facts *f, uint64_t now_ns);
/* The set-up alone: VC_WHYS, or why no request could ever succeed. */
enum vc_fence_why vc_fence_setup(const struct vc_fence_facts *f);

#endif
