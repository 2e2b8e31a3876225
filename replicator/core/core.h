/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decision core: what one host does for one unit. A pure function of (state, event) to (state,
 * actions): no system call, clock, allocation or log. The worker, the simulator and the model checker
 * run this same code. Rules and their reasons: docs/PROTOCOL.md.
 *
 * The shell's duties: it carries out the actions of a step in order, each one done before the next
 * begins (persist before send before acknowledge is an order on actions, S5), hands over the next
 * event only then, and ends the process if a persist or a flush fails.
 */
#ifndef VMTWIN_CORE_CORE_H
#define VMTWIN_CORE_CORE_H

#include "core/msg.h"
#include "core/reason.h"
#include "core/transition.h"
#include "core/types.h"

/* Where the two hosts stand with each other. How each state changes: transition.h. */
enum vc_phase {
	VC_APART,    /* no agreed pairing, or it can't be used */
	VC_LINKING,  /* pairing agreed, waiting for the data link */
	VC_SRC_WAIT, /* linked, to be the source; the target prepares */
	VC_SOURCE,   /* resync runs from here */
	VC_SRC_END,  /* recorded as paired here, waiting for the target to have done so */
	VC_TARGET,   /* resync runs to here */
	VC_INSYNC,   /* both hold the same */
	VC_LOST,     /* in sync until the link went; nothing forgotten yet */
	VC_PHASES
};

enum vc_gate { VC_G_READONLY, VC_G_PAIR, VC_G_SOLO, VC_G_FROZEN, VC_G_FAILED };

/* What a resync compares: everything, or what either host's activity log and dirty map name. */
enum vc_scope { VC_SCOPE_ALL, VC_SCOPE_MAPS };

enum vc_event_type {
	VC_E_TICK,
	VC_E_ATTACHED,	  /* a master is there; nothing known yet of quorum or peer */
	VC_E_MASTER_LOST, /* the master's connection ended: our place in CPG is gone */
	VC_E_QUORUM,
	VC_E_GROUP,	/* a master of the peer's host joined or left the group */
	VC_E_UNIT_DOWN, /* the peer's worker of this incarnation is dead */
	VC_E_MSG,	/* a CPG message, own or the peer's */
	VC_E_PROOF,
	VC_E_FENCE,
	VC_E_LINK_UP,
	VC_E_LINK_DOWN,
	VC_E_LINK_MSG,
	VC_E_SYNC_DONE,	   /* source: all is durable on the target */
	VC_E_STREAM_BROKEN,
	VC_E_DISK_FAILED,
	VC_E_DRAINED, /* no changing operation is in flight or held; async: nor is one that the peer has not confirmed */
	VC_E_PROMOTE, /* requests; each is answered by one VC_A_REPLY */
	VC_E_DEMOTE,
	VC_E_STOP,
	VC_E_FAIL_HELD,
	VC_E_FORCE, /* the operator's: go on with this copy, whatever the other holds */
	VC_E_UNDO,  /* the operator's: go back to the copy from before the resync */
};

enum vc_departure { VC_JOINED, VC_LEFT_CLEAN, VC_LEFT_PROCDOWN, VC_LEFT_NODEDOWN };

struct vc_event {
	enum vc_event_type type;
	uint64_t now_ns; /* CLOCK_BOOTTIME */
	uint64_t rnd;	 /* fresh random bits, not 0 */
	union {
		struct {
			bool quorate, peer_member;
		} quorum;
		struct {
			uint64_t member; /* the peer's master */
			enum vc_departure how;
		} group;
		uint64_t incarnation; /* UNIT_DOWN */
		struct {
			bool own;
			uint64_t sender; /* the sending master */
			struct vc_msg msg;
		} msg; /* MSG, LINK_MSG (own and sender unused) */
		uint64_t sent_ns; /* PROOF */
		struct {
			uint64_t read_ns, record;
			bool known, pending;
		} fence;
	} u;
};

enum vc_action_type {
	VC_A_PERSIST,	  /* make `durable` durable (file and directory) */
	VC_A_FLUSH,	  /* make the store durable */
	VC_A_CPG_SEND,	  /* msg */
	VC_A_LINK_ENABLE, /* in this pairing, with the peer's incarnation and port */
	VC_A_LINK_DISABLE,
	VC_A_LINK_SEND, /* msg */
	VC_A_GATE,	/* gate */
	VC_A_DRAIN,	/* begin to; VC_E_DRAINED tells the end */
	VC_A_FOLD,	   /* make what the activity log names dirty, durably */
	VC_A_SOURCE_START, /* scope: what is compared */
	VC_A_TARGET_START, /* keep_old: before a grain is overwritten, its old content is kept */
	VC_A_RESUME,	  /* send again what is not acknowledged */
	VC_A_STREAM_END,  /* forget the stream */
	VC_A_STREAM_TURN, /* the other end sends from now on */
	VC_A_ASK_FENCE,	  /* a VC_E_FENCE read after now */
	VC_A_FENCE_PEER,
	VC_A_VM_DOWN,
	VC_A_UNDO_BACK,	   /* put the kept grains back and make them dirty, durably */
	VC_A_UNDO_DROP,	   /* forget them */
	VC_A_REPLY, /* to request: rc, reason */
	VC_A_STORY, /* reason: a line for the unit's log */
	VC_A_EXIT,
};

struct vc_action {
	enum vc_action_type type;
	union {
		struct vc_durable durable;
		struct vc_msg msg;
		struct {
			uint64_t pairing, peer_incarnation;
			uint16_t peer_port;
		} link;
		enum vc_gate gate;
		enum vc_scope scope;
		bool keep_old;
		struct {
			enum vc_event_type request; /* PROMOTE and what follows it */
			int rc;			    /* 0, -EAGAIN, -EPERM, -EIO, -EBUSY, -EALREADY */
			enum vc_reason reason;
		} reply;
		enum vc_reason story;
	} u;
};

#define VC_ACTIONS_MAX 24
#define VC_TAKEN_MAX 16

struct vc_out {
	unsigned count;
	struct vc_action action[VC_ACTIONS_MAX];
	unsigned taken_count; /* transitions made in this step, in order: for tests and traces */
	struct vc_taken taken[VC_TAKEN_MAX];
};

struct vc_config {
	unsigned slot; /* ours */
	uint64_t incarnation;
	uint8_t boot_id[16];
	uint16_t port;
	uint32_t lease_ms;
	uint32_t outdate_timeout_ms;
	uint32_t promote_wait_ms; /* how long a promote request waits for evidence before -EAGAIN */
	enum vc_mode mode;
	bool keeps_maps; /* activity log and dirty map are written; else all is compared each time */
	bool keeps_undo; /* a target keeps what it overwrites */
	bool manual_failover; /* who did not write last is promoted by the operator only: it gives no promotion score */
};

/* What the gate of docs/PROTOCOL.md has reached. */
enum vc_stage { VC_S_EVIDENCE, VC_S_ROUNDTRIP };

struct vc_state {
	struct vc_config config;
	struct vc_durable d;

	/* The world as last told. */
	bool attached, quorate, peer_member;
	uint64_t attached_ns;
	bool peer_dropped; /* the group says that the peer's node is gone; the quorum service has yet to speak */
	uint64_t peer_master; /* 0: not in the group */
	uint64_t peer_since_ns;
	struct {
		uint64_t read_ns, record;
		bool known, pending;
	} fence;

	/* Hellos: what we said last and what the peer said last in this view. */
	struct vc_hello mine, theirs;
	bool mine_delivered; /* nonces of 0 mean: none */
	enum vc_reason verdict; /* why hellos that met led to no link; NONE otherwise */
	enum vc_reason fork; /* why d.fork: DIVERGED, UNRELATED or ROLLED_BACK */

	/* The pairing: kept as the frame of evidence after the peer is gone. */
	uint64_t pairing, pair_incarnation, pair_master;
	uint64_t pair_fence; /* the peer's fence record when the pairing was made */
	uint64_t pair_nonce; /* of the hello that the pairing was made on */
	uint16_t pair_port;
	uint32_t pair_lease_ms; /* the longer of both, for the whole pair */
	bool resuming; /* LINKING in the pairing that was lost, nothing forgotten */
	bool forgot;   /* a resume is impossible: frames were dropped or the stream broke */
	bool maps_given_up;  /* no maps are kept any more, which is not on disk yet */
	bool paired_here;    /* this process recorded the last pair era */
	enum vc_scope scope; /* of the resync of this pairing */

	enum vc_phase phase;
	enum vc_role role;
	enum vc_gate gate;
	bool link_up;
	bool sender;	/* we are the sending end of the stream */
	bool sync_done; /* SOURCE: all sent, but the lease was not proven yet */
	bool failed;	/* primary whose writes fail (lease end, FAIL_HELD, disk) until demoted */
	bool vm_down_due; /* VM_DOWN was said, and nobody has demoted us since */
	bool disk_failed;

	bool certain;
	uint64_t lease_end_ns; /* last proof's sending + lease, less VC_LEASE_REST */

	/* Evidence about the incarnation of the pairing. */
	bool consent, procdown;
	bool split; /* the peer's node left and nothing was heard of its worker since: it may have gone alone by a
		     * fencing that failed to kill us, so that its end proves nothing */
	enum vc_stage stage;
	uint64_t ping_nonce;
	uint64_t lost_since_ns; /* when we began to need the gate; 0: we don't */
	uint64_t outdate_sent_ns, fence_asked_ns;
	uint64_t outdate_request; /* names our OUTDATE; 0: an answer would be too late */
	bool outdate_live; /* our OUTDATE was delivered and not answered */

	/* The request being worked on. */
	bool want_promote, want_demote, want_stop;
	uint64_t promote_until_ns, drain_until_ns, leave_until_ns;
	uint64_t fail_until_ns; /* FAIL_HELD: a freeze before this fails writes at once */
	bool leave_sent;
	bool exited;
};

/* Begins with what the disk says. Not certain (docs/PROTOCOL.md). Actions: none. */
void vc_init(struct vc_state *s, const struct vc_config *config, const struct vc_durable *durable);
/* One step. out is overwritten. */
void vc_step(struct vc_state *s, const struct vc_event *e, struct vc_out *out);

/* ---- what is shown and asked, derived from the state ------------------------------------------ */

enum vc_show { VC_SHOW_STOP, VC_SHOW_WAIT, VC_SHOW_PRIM, VC_SHOW_SECOND, VC_SHOW_ALONE };
enum vc_colour { VC_RED, VC_ORANGE, VC_GREEN };

struct vc_view {
	enum vc_show show;
	enum vc_colour colour;
	bool uptodate;
	int score; /* promotion score; -1: must not be promoted */
	enum vc_reason reason; /* why not promotable or not green; NONE */
};

/* The state in the operators' words and the promotion score (docs/PROTOCOL.md). */
struct vc_view vc_look(const struct vc_state *s, uint64_t now_ns);

/* Time after which a lost link is not waited for any more before OUTDATE is sent. */
#define VC_RECONNECT_MS 1500
/* A solo host that begins waits so long for what the peer, if its master is there, has to say. */
#define VC_HEAR_MS 3000
/* Limits of a drain and of a leave. */
#define VC_DRAIN_MS 3000
#define VC_LEAVE_MS 3000
/* A fence request is repeated at the earliest after this. */
#define VC_FENCE_AGAIN_MS 60000
/* How long a FAIL_HELD request covers freezes that are noticed after it. */
#define VC_FAIL_HELD_MS 20000
/* A host takes its own lease for over when this part of it is left: what it has to do then is done before the lease is
 * over that others wait for. */
#define VC_LEASE_REST 10
#define VC_NS_PER_MS 1000000ull

#endif
