/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the core share. Nobody outside replicator/core includes this. */
#ifndef VMTWIN_CORE_INTERNAL_H
#define VMTWIN_CORE_INTERNAL_H

#include "core/core.h"

/* One step's working set. */
struct step {
	struct vc_state *s;
	const struct vc_event *e;
	struct vc_out *out;
	uint64_t now;
	uint64_t used_rnd; /* how many numbers were drawn from e->rnd */
};

/* ---- actions (core.c) */
struct vc_action *act(struct step *x, enum vc_action_type type);
void act_persist(struct step *x);
/* Before the first change of the store that they don't name, if no maps are kept any more. */
void give_up_maps(struct step *x);
void act_cpg(struct step *x, enum vc_msg_type type, uint64_t pairing, uint64_t request);
void act_link_msg(struct step *x, enum vc_msg_type type);
void act_link_log(struct step *x, enum vc_msg_type type);
void act_reply(struct step *x, enum vc_event_type request, int rc, enum vc_reason reason);
void story(struct step *x, enum vc_reason reason);
/* A random number, never 0, different at each draw of a step. */
uint64_t draw(struct step *x);
unsigned peer_slot(const struct vc_state *s);

/* ---- transition.c: the only way to another phase, standing, role, gate or certainty */
/* Asserts that the table allows it from here. */
void take(struct step *x, enum vc_transition t);
/* The same, but nothing if the state is the row's already. */
void take_unless_there(struct step *x, enum vc_transition t);

/* ---- handshake.c: hellos, pairing, who is the source */
void handshake_on_hello(struct step *x, bool own, uint64_t sender, const struct vc_hello *hello);
/* Is what was acknowledged since the last pair era still here? */
bool cache_survived(const struct vc_state *s);
/* Says hello if that is due and allowed (S: one quorate membership, no fence pending). */
void handshake_pursue(struct step *x);
/* The peer said hello since we paired: it does not wait for a lost link of that pairing. */
bool peer_said_anew(const struct vc_state *s);
/* What we said is not true any more: say it anew; a pairing not linked yet is void. */
void handshake_changed(struct step *x);

/* ---- session.c: link, resync, in sync */
void session_on_link_up(struct step *x);
void session_on_link_down(struct step *x);
void session_on_link_msg(struct step *x, const struct vc_msg *msg);
void session_on_stream_broken(struct step *x);
void session_pursue(struct step *x);
/* Drops link and stream; the pairing stays as the frame of evidence. */
void session_apart(struct step *x);

/* ---- gate.c: evidence, OUTDATE, going alone, lease */
/* How long a proof is good for on the host that it is of (VC_LEASE_REST). */
uint64_t lease_own_ns(uint32_t lease_ms);
/* VC_ERA_TAIL if a solo era that begins in this way may lack what the peer acknowledged, else 0. */
unsigned tail_flag(const struct vc_state *s, enum vc_transition by);
bool has_token(const struct vc_state *s, uint64_t now);
/* Writes are held or a promotion waits: only the gate (or the peer's return) helps. */
bool gate_needed(const struct vc_state *s);
void gate_on_msg(struct step *x, bool own, const struct vc_msg *msg);
void gate_on_peer_gone(struct step *x, enum vc_departure how);
void gate_pursue(struct step *x);
void gate_lease(struct step *x);
/* Ends evidence of the pairing that is over or renewed. */
void gate_forget(struct vc_state *s);
/* Records the solo era and goes on alone; the caller has checked that it may (S5). */
void go_solo(struct step *x, enum vc_transition by, enum vc_reason why);
/* The peer went on or goes on alone: this copy is outdated, durably. */
void become_outdated(struct step *x, enum vc_transition by, enum vc_reason why);
/* Held and future writes fail, until demoted. */
void fail_writes(struct step *x, enum vc_reason why);
/* Its VM must not go on here. */
void vm_down(struct step *x);

/* ---- request.c: promote, demote, stop */
void request_on(struct step *x);
void request_on_drained(struct step *x);
void request_on_leave(struct step *x, bool own, uint64_t pairing);
void request_pursue(struct step *x);
void request_promoted(struct step *x, enum vc_transition by, enum vc_reason why);
/* The operator's requests: operator.c. */
void operator_force(struct step *x);
void operator_undo(struct step *x);
/* Why a solo copy must not be promoted by itself: another branch was seen (S9), and the operator has not
 * forced this one. NONE: it may. */
enum vc_reason fork_seen(const struct vc_state *s);
void request_refuse_promote(struct step *x, int rc, enum vc_reason why);

#endif
