/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every change of a unit's state on one host: one table that the core moves by, docs/STATE-MACHINE.md is
 * written from, and the tests count coverage of. A row: name, machine, the states it may leave, the state
 * it enters, why. take() in transition.c is the only function that changes these states.
 */
#ifndef VMTWIN_CORE_TRANSITION_H
#define VMTWIN_CORE_TRANSITION_H

#include <stdint.h>

struct vc_state;

enum vc_certainty { VC_UNCERTAIN, VC_CERTAIN };

enum vc_machine {
	VC_OF_PHASE,	 /* enum vc_phase: where the two hosts stand with each other */
	VC_OF_STANDING,	 /* enum vc_standing, durable */
	VC_OF_ROLE,	 /* enum vc_role */
	VC_OF_GATE,	 /* enum vc_gate: what becomes of guest writes */
	VC_OF_CERTAINTY, /* enum vc_certainty */
	VC_MACHINES
};

/* F(X) is the bit of state VC_X; several are or-ed. */
#define VC_TRANSITIONS(X)                                                                          \
	X(AGREED, PHASE, F(APART), LINKING,                                                        \
	  "both have heard each other's hello in one quorate membership, no fence pending")        \
	X(LINKED_SOURCE, PHASE, F(LINKING), SRC_WAIT,                                              \
	  "the data link is up and this host is the source: it has flushed and said GO")           \
	X(LINKED_TARGET, PHASE, F(LINKING), TARGET,                                                \
	  "the source has said GO: this copy is given up, durably, before it is overwritten")      \
	X(TARGET_READY, PHASE, F(SRC_WAIT), SOURCE,                                                \
	  "the target has given up its copy; only now may the source be ahead of it")              \
	X(SYNCED, PHASE, F(SOURCE), SRC_END,                                                       \
	  "all is durable on the target; the new pair era is recorded here first (TRAPS 3)")       \
	X(BOTH_RECORDED, PHASE, F(SRC_END), INSYNC, "the target has recorded the pair era too")    \
	X(TARGET_RECORDED, PHASE, F(TARGET), INSYNC,                                               \
	  "the source has recorded the pair era, this host now too")                               \
	X(LINK_LOST, PHASE, F(INSYNC), LOST,                                                       \
	  "the data link went; frames are kept, the same pairing may go on")                       \
	X(RESUMED, PHASE, F(LOST) | F(LINKING), INSYNC,                                            \
	  "the link is back, both are still certain and have forgotten nothing")                   \
	X(PARTED, PHASE,                                                                           \
	  F(LINKING) | F(SRC_WAIT) | F(SOURCE) | F(SRC_END) | F(TARGET) | F(INSYNC) | F(LOST),     \
	  APART, "the link went for good, the peer ended or began anew, or a decision was made")   \
                                                                                                   \
	X(SOLO_BY_CONSENT, STANDING, F(PAIRED), SOLO, "gate: the peer recorded itself outdated")   \
	X(SOLO_BY_PROCDOWN, STANDING, F(PAIRED), SOLO,                                             \
	  "gate: token, and the paired incarnation is known to have ended")                        \
	X(SOLO_BY_FENCE, STANDING, F(PAIRED), SOLO,                                                \
	  "gate: token, quorum, the peer no member and fenced since the pairing")                  \
	X(SOLO_BY_LEAVE, STANDING, F(PAIRED), SOLO, "gate: the peer left cleanly")                 \
	X(SOLO_AS_SOURCE, STANDING, F(PAIRED) | F(OUTDATED), SOLO,                                 \
	  "the target gave up its copy: this one is the only one until the resync ends")           \
	X(SOLO_BY_FORCE, STANDING, F(SYNCING) | F(OUTDATED) | F(PAIRED) | F(SOLO), SOLO,           \
	  "the operator's force, in an era marked so (S8)")                                        \
	X(OUTDATED_BY_CONSENT, STANDING, F(PAIRED), OUTDATED,                                      \
	  "the peer asked to go on alone; durable before the answer")                              \
	X(OUTDATED_BY_SIGHT, STANDING, F(PAIRED), OUTDATED, "a solo era of the peer was seen")     \
	X(OUTDATED_BY_LEAVING, STANDING, F(PAIRED), OUTDATED,                                      \
	  "left the pair cleanly; the peer goes on")                                               \
	X(OUTDATED_BY_DISK, STANDING, F(PAIRED), OUTDATED,                                         \
	  "this secondary's disk failed: an unasked consent")                                      \
	X(OUTDATED_BY_ROLLBACK, STANDING, F(PAIRED), OUTDATED,                                     \
	  "the peer remembers an era of this host that its disk has lost")                         \
	X(OUTDATED_BY_UNDO, STANDING, F(SYNCING), OUTDATED,                                        \
	  "the operator went back to the copy from before the resync (S11)")                       \
	X(OVERWRITTEN, STANDING, F(SYNCING) | F(OUTDATED) | F(PAIRED), SYNCING,                    \
	  "target of a resync; durable before the first overwrite")                                \
	X(PAIRED_AS_SOURCE, STANDING, F(SOLO), PAIRED, "end of the resync, recorded here first")   \
	X(PAIRED_AS_TARGET, STANDING, F(SYNCING), PAIRED,                                          \
	  "end of the resync, after the source recorded it")                                       \
                                                                                                   \
	X(PROMOTION_ASKED, ROLE, F(SECONDARY), PROMOTING,                                          \
	  "in sync: the peer is asked to record a pair era with this host as writer")              \
	X(PROMOTION_GRANTED, ROLE, F(PROMOTING), PRIMARY, "the peer has recorded it (S5)")         \
	X(PROMOTED_ALONE, ROLE, F(SECONDARY), PRIMARY, "stands solo")                              \
	X(PROMOTION_GIVEN_UP, ROLE, F(PROMOTING), SECONDARY,                                       \
	  "refused, timed out, link lost, or no longer wanted")                                    \
	X(DEMOTION_BEGUN, ROLE, F(PRIMARY), DEMOTING, "writes in flight are drained, with a limit") \
	X(DEMOTION_DONE, ROLE, F(DEMOTING), SECONDARY, "nothing is in flight or held any more")    \
                                                                                                   \
	X(GATE_PAIR, GATE, F(G_READONLY) | F(G_FROZEN), G_PAIR,                                    \
	  "a write is acknowledged when both hosts have it")                                       \
	X(GATE_SOLO, GATE, F(G_READONLY) | F(G_FROZEN), G_SOLO,                                    \
	  "a write is acknowledged when this host has it; the solo era is durable (S5)")           \
	X(GATE_FROZEN, GATE, F(G_PAIR) | F(G_SOLO), G_FROZEN,                                      \
	  "writes are held, neither acknowledged nor failed: the peer is lost, or a resync ends")  \
	X(GATE_FAILED, GATE, F(G_PAIR) | F(G_SOLO) | F(G_FROZEN), G_FAILED,                        \
	  "writes are answered with EIO until this host is demoted")                               \
	X(GATE_CLOSED, GATE, F(G_PAIR) | F(G_SOLO) | F(G_FAILED), G_READONLY,                      \
	  "demoted; what was held is failed first")                                                \
                                                                                                   \
	X(CERTAIN_AS_SOURCE, CERTAINTY, F(UNCERTAIN), CERTAIN,                                     \
	  "the pair era is recorded, quorum is proven")                                            \
	X(CERTAIN_AS_TARGET, CERTAINTY, F(UNCERTAIN), CERTAIN,                                     \
	  "the pair era is recorded on both, quorum is proven")                                    \
	X(UNCERTAIN_MASTER, CERTAINTY, F(CERTAIN), UNCERTAIN,                                      \
	  "this host's place in the group ended (TRAPS 9)")                                        \
	X(UNCERTAIN_LEASE, CERTAINTY, F(CERTAIN), UNCERTAIN,                                       \
	  "no proof of quorum for the length of the lease (TRAPS 4)")                              \
	X(UNCERTAIN_GIVEN, CERTAINTY, F(CERTAIN), UNCERTAIN,                                       \
	  "consented, left, or saw that the peer went on alone")                                   \
	X(UNCERTAIN_TARGET, CERTAINTY, F(CERTAIN), UNCERTAIN, "its copy is being overwritten")     \
	X(UNCERTAIN_SOLO, CERTAINTY, F(CERTAIN), UNCERTAIN, "stands solo: no token is needed")

enum vc_transition {
#define VC_X(name, machine, from, to, text) VC_T_##name,
	VC_TRANSITIONS(VC_X)
#undef VC_X
	    VC_T_COUNT
};

struct vc_transition_row {
	const char *name, *text;
	enum vc_machine machine;
	unsigned from; /* bit per state that it may leave */
	unsigned to;
};

/* A transition that was made, as the tests count it. */
struct vc_taken {
	uint8_t row;  /* enum vc_transition */
	uint8_t from; /* the state that was left */
};

extern const struct vc_transition_row vc_transitions[VC_T_COUNT];
extern const char *const vc_machine_names[VC_MACHINES];

/* Name of a state of a machine, NULL if there is none; states count from 0. */
const char *vc_machine_state_name(enum vc_machine machine, unsigned state);
/* The state that a machine is in. */
unsigned vc_machine_state(const struct vc_state *s, enum vc_machine machine);

#endif
