/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One life is a list of operations: chosen at random from a seed, or replayed, or replayed with some
 * left out. Each carries its own dice, so that leaving one out changes nothing else about the others.
 */
#ifndef VMTWIN_TESTS_SIM_OP_H
#define VMTWIN_TESTS_SIM_OP_H

#include "tests/sim/world.h"

/* X(name, is a fault, words; %h: the host's number, %n: the argument) */
#define SIM_OPS(X)                                                                                 \
	X(DELIVER, 0, "up to %n things under way arrive")                                       \
	X(CONNECT, 0, "the first host tries to connect")                                           \
	X(DISK_DONE, 0, "host%h's disk has done what it was asked")                              \
	X(FENCER_READ, 0, "host%h's watcher reads the fencing history")                          \
	X(FENCER_TELL, 0, "host%h's master tells what the watcher read")                         \
	X(WRITE, 0, "host%h's guest writes")                                                     \
	X(FLUSH, 0, "host%h's guest flushes")                                                    \
	X(RESYNC_PART, 0, "resync from host%h copies a part")                                    \
	X(RESYNC_DONE, 0, "resync from host%h has copied all")                                   \
	X(PASS, 0, "%n ms pass")                                                                \
	X(QUIET, 0, "%n half seconds pass in which all arrives")                                   \
	X(PROMOTE, 0, "host%h is asked to promote")                                              \
	X(DEMOTE, 0, "host%h is asked to demote")                                                \
	X(STOP, 0, "host%h is asked to stop")                                                    \
	X(FORCE, 1, "the operator forces host%h")                                                  \
	X(UNDO, 0, "the operator undoes host%h's resync")                                          \
	X(FAIL_HELD, 1, "host%h is asked to fail held writes")                                   \
	X(POWER_OFF, 1, "host%h loses power")                                                    \
	X(POWER_OFF_LATE, 1, "host%h loses power, which the other notices later")                \
	X(KILL_WORKER, 1, "host%h's worker is killed")                                           \
	X(KILL_MASTER, 1, "host%h's master is killed")                                           \
	X(STRIKE_WORKER, 1, "host%h's worker dies after %n more actions")                     \
	X(STRIKE_POWER, 1, "host%h loses power after %n more actions")                        \
	X(STOP_WORKER, 1, "host%h's worker is stopped for %n ms")                             \
	X(SUSPEND, 1, "host%h is suspended for %n ms")                                        \
	X(DISK_FAILED, 1, "host%h's disk fails an operation")                                    \
	X(CUT_LINK, 1, "the data link's network fails")                                            \
	X(BLOCK_LINK, 1, "what the data link carries to host%h is lost")                         \
	X(DROP, 1, "the data link's connection breaks")                                            \
	X(DROP_HALF, 1, "the data link's connection breaks; only host%h notices")                \
	X(LINK_TIMEOUT, 1, "host%h gives up the connection")                                     \
	X(SPLIT, 1, "the ring breaks, host%h's side goes without quorum")                        \
	X(SPLIT_QUORATE, 1, "the ring breaks, both sides stay quorate")                            \
	X(SPLIT_LATE, 1, "the ring breaks unnoticed, host%h's side will go without quorum")      \
	X(SPLIT_QUORATE_LATE, 1, "the ring breaks unnoticed, both sides stay quorate")             \
	X(NOTICE, 0, "host%h notices what became of the ring")                                   \
	X(QUORUM_LOST, 0, "host%h hears that it is not quorate")                                 \
	X(FENCER_DOWN, 1, "host%h's fencer ends")                                                \
	X(FENCER_UP, 0, "host%h's fencer starts")                                                \
	X(WALL_JUMP, 1, "host%h's wall clock jumps")              \
	X(FENCE_BEGIN, 0, "host%h begins to fence the other")                                    \
	X(FENCE_BY_HAND, 0, "somebody has host%h fence the other, which is a member")              \
	X(FENCE_KILL, 1, "host%h's fencing cuts the other's power")                              \
	X(FENCE_OK, 0, "host%h's fencing is told to have succeeded")                             \
	X(FENCE_FAILED, 1, "host%h's fencing fails")                                             \
	X(FENCE_WAITED, 0, "host%h's fencing succeeds by waiting")                               \
	X(FENCE_LIE, 1, "host%h's fencing is told to have succeeded, but has not")               \
	X(UNFENCE, 0, "host%h is unfenced")                                                      \
	X(POWER_ON, 0, "host%h gets power")                                                      \
	X(START_WORKER, 0, "host%h's worker is started")                                         \
	X(START_MASTER, 0, "host%h's master is started")                                         \
	X(MEND_LINK, 0, "the data link's network works")                                           \
	X(MEND_RING, 0, "the ring is mended")                                                      \
	X(COPY_DISK, 0, "host%h's disk is copied")                                               \
	X(PUT_BACK, 1, "host%h's disk is replaced by the copy")

enum sim_op_kind {
#define SIM_X(name, fault, words) SIM_OP_##name,
	SIM_OPS(SIM_X)
#undef SIM_X
	    SIM_OP_COUNT
};

struct sim_op {
	uint8_t kind, host;
	uint32_t arg;
	uint64_t dice;
};

/* Does it, if it can be done now. */
void sim_do(struct world *w, const struct sim_op *op);
void sim_op_words(FILE *to, const struct sim_op *op);
/* What the cluster manager would allow: promote only if the other is known not to be promoted. */
bool sim_may_promote(const struct world *w, unsigned h);
bool sim_is_primary(const struct world *w, unsigned h);

/* Begins seed's life: its class, clocks and the two hosts. */
void sim_begin(struct world *w, uint64_t seed, FILE *trace);
/* The next operation of a random life (life.c). */
struct sim_op sim_choose(struct world *w);

enum sim_end { SIM_HEALED, SIM_FORK, SIM_NO_COPY, SIM_STUCK };
/* Ends faults, repairs everything: how does the unit end (heal.c)? */
enum sim_end sim_heal(struct world *w);

#endif
