/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `vmtwin explain` and `vmtwin force-primary` tell: may this host's data be used, by which rule of
 * docs/PROTOCOL.md, what would change that, and what force would lose. One table, beside the reasons
 * (core/reason.h). %P stands for the peer's name, %T for when the present standing was recorded.
 */
#ifndef VMTWIN_CORE_ADVICE_H
#define VMTWIN_CORE_ADVICE_H

#include <stddef.h>

#include "core/core.h"

enum vc_answer { VC_NO, VC_YES, VC_LATER /* yes, once the gate is passed */ };

/* X(rule, answer, the rule as docs/PROTOCOL.md names it, because, what changes it, what force would lose) */
#define VC_RULES(X)                                                                                \
	X(USED, YES, "primary", "it is in use: this host is primary", "nothing needs to change",     \
	  LOSS_NONE)                                                                                 \
	X(USED_FORK, YES, "primary", "it is in use: this host is primary. It is one branch of a fork: "   \
	  "%P holds another", "a decision whose data stays: vmtwin discard-fork on the host whose "    \
	  "data is given up", LOSS_NONE)                                                             \
	X(FORCED, YES, "force",                                                                      \
	  "the operator forced it: this branch is gone on with, whatever %P holds",                  \
	  "vmtwin discard-fork on %P, which is then resynchronised from here", LOSS_NONE)            \
	X(PAIR, YES, "pairing", "this host and %P hold the same",                                    \
	  "nothing needs to change; Pacemaker decides where the VM runs", LOSS_NONE)                 \
	X(SOLO, YES, "standing solo",                                                                \
	  "this host holds the newest data, with writes that %P lacks (recorded %T)",                \
	  "the return of %P, which is then resynchronised from here", LOSS_NONE)                     \
	X(GATE_1, YES, "gate 1, consent", "%P has marked its own copy outdated",                     \
	  "promotion: this host then goes on alone", LOSS_NONE)                                      \
	X(GATE_2, YES, "gate 2, end of the process",                                                 \
	  "this host held everything when it lost %P, and the unit's process there is known to have " \
	  "ended",                                                                                   \
	  "promotion: this host then goes on alone", LOSS_NONE)                                      \
	X(GATE_3, YES, "gate 3, fencing",                                                            \
	  "this host held everything when it lost %P, and %P was fenced since",                      \
	  "promotion: this host then goes on alone", LOSS_NONE)                                      \
	X(GATE, LATER, "gate 1-3",                                                                   \
	  "this host held everything when it lost %P, but %P has neither consented, nor is its "      \
	  "process known to have ended, nor was it fenced",                                          \
	  "the return of %P, or its fencing (crm_mon shows it)", LOSS_CUT_OFF)                       \
	X(UNCERTAIN, NO, "certainty",                                                                \
	  "this host restarted, left, or lost quorum for the length of its lease since it was last in " \
	  "step: whether %P went on alone meanwhile is not known",                                   \
	  "the return of %P: both compare, and this host catches up if need be. If %P is lost for "  \
	  "good: force-primary", LOSS_UNCERTAIN)                                                     \
	X(OUTDATED, NO, "standing outdated",                                                         \
	  "%P went on alone, or may have, and holds writes that this host lacks (recorded %T)",      \
	  "the return of %P: this host is then resynchronised from there, by itself. If %P is lost " \
	  "for good: force-primary", LOSS_OUTDATED)                                                  \
	X(SYNCING, NO, "standing syncing",                                                           \
	  "this copy is incomplete: its resynchronisation from %P, recorded %T, has not ended",      \
	  "the end of the resynchronisation, which goes on by itself as soon as %P is there",        \
	  LOSS_SYNCING)                                                                              \
	X(EMPTY, NO, "standing syncing", "this host has never held the unit's data",                 \
	  "the first resynchronisation, which begins by itself as soon as %P is there with the data", \
	  LOSS_EMPTY)                                                                                \
	X(FORK, NO, "fork", "both hosts wrote without the other: each holds writes that the other "  \
	  "lacks",                                                                                   \
	  "a decision whose data stays: vmtwin discard-fork on the host whose data is given up "     \
	  "(it is kept under another name, and the host is resynchronised). To run on this host's "  \
	  "data before that: force-primary", LOSS_FORK)                                              \
	X(UNRELATED, NO, "unit id", "%P holds another unit's data under the same name",              \
	  "vmtwin discard-fork on the host that was created as the good one by mistake", LOSS_FORK)  \
	X(ROLLED_BACK, NO, "old disk",                                                               \
	  "the copy on one of the two hosts is older than what the other remembers of it, and may "  \
	  "have been written to since",                                                              \
	  "a decision whose data stays: vmtwin discard-fork on the host whose disk was put back", \
	  LOSS_FORK)                                                                                 \
	X(MODES, NO, "mode", "the unit's mode is not the same on both hosts",                        \
	  "the same mode in both unit files, and a restart of the unit", LOSS_UNCERTAIN)             \
	X(NO_COPY, NO, "source", "no host holds a complete copy with the newest data",               \
	  "the state before, on both hosts; or a decision: force-primary on the host with the "      \
	  "better copy", LOSS_OUTDATED)                                                              \
	X(FAILED, NO, "lease, fail-held", "writes were answered with errors, and stay so until this " \
	  "host is demoted",                                                                         \
	  "Pacemaker, which stops the VM and demotes this host", LOSS_UNCERTAIN)                     \
	X(DISK, NO, "disk", "this host's disk failed an operation",                                  \
	  "a disk that works, and a restart of the unit: pcs resource restart", LOSS_DISK)           \
	X(STOPPED, NO, "stopped", "the unit is being stopped here", "its start by Pacemaker",        \
	  LOSS_UNCERTAIN)

/* X(loss, what force-primary here would lose) */
#define VC_LOSSES(X)                                                                               \
	X(LOSS_NONE, "nothing, and it isn't needed: this host's data may be used")                   \
	X(LOSS_CUT_OFF,                                                                              \
	  "nothing that was acknowledged so far. But if %P still runs somewhere and is only cut off, " \
	  "both hosts go on alone: what one of them acknowledges then is lost later. Make sure that " \
	  "%P is off")                                                                               \
	X(LOSS_UNCERTAIN,                                                                            \
	  "what %P has acknowledged since the two were last in step, if it went on alone: that "     \
	  "can't be told from here")                                                                 \
	X(LOSS_OUTDATED,                                                                             \
	  "all that %P has acknowledged since it went on alone (this host noted it %T): this copy " \
	  "is from before that")                                                                     \
	X(LOSS_SYNCING,                                                                              \
	  "almost certainly the VM: this copy is incomplete and half overwritten, partly old and "   \
	  "partly new. A VM will most likely not start from it, or find its file systems damaged")   \
	X(LOSS_EMPTY, "everything: this host has no data")                                           \
	X(LOSS_FORK,                                                                                 \
	  "nothing of this host's own branch, which is gone on with. What %P wrote without this host " \
	  "is not in it; it stays kept on %P until you discard it there")                            \
	X(LOSS_DISK, "unknown: the disk of this host fails")

enum vc_rule {
#define VC_X(rule, answer, name, because, changes, loss) VC_RULE_##rule,
	VC_RULES(VC_X)
#undef VC_X
	    VC_RULE_COUNT
};

enum vc_loss {
#define VC_X(loss, text) VC_##loss,
	VC_LOSSES(VC_X)
#undef VC_X
	    VC_LOSS_COUNT
};

struct vc_advice {
	enum vc_rule rule;
	enum vc_answer answer;
	enum vc_loss loss;
	const char *name, *because, *changes, *loses; /* with %P and %T still in them */
};

/* Agrees with vc_look: NO where its score is below 0. */
struct vc_advice vc_advise(const struct vc_state *s, uint64_t now_ns);

/*
 * Writes text with %P replaced by peer and %T by time into out, cut at cap - 1. An unknown %X stays.
 */
void vc_expand(char *out, size_t cap, const char *text, const char *peer, const char *time);

#endif
