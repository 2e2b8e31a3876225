/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing and extending era logs (docs/PROTOCOL.md, "Eras"). Pure. */
#ifndef VMTWIN_CORE_ERALOG_H
#define VMTWIN_CORE_ERALOG_H

#include "core/types.h"

enum vc_compare {
	VC_SAME,      /* nothing was acknowledged in one that the other lacks */
	VC_A_AHEAD,   /* b is a prefix of a, and a has eras in which b took no part */
	VC_B_AHEAD,
	VC_FORK,      /* both have such eras after the last common one */
	VC_UNRELATED, /* no era in common: other history */
	VC_A_BLANK,   /* a has no history at all: first contact */
	VC_B_BLANK,
	VC_BOTH_BLANK,
};

/*
 * Compares two logs. Trailing pair eras that the other side lacks are ignored: a pair era in which
 * something was acknowledged is durable on both hosts (S5, TRAPS 14).
 */
enum vc_compare vc_eralog_compare(const struct vc_eralog *a, const struct vc_eralog *b);
/* The newest era that both hold, or NULL. */
const struct vc_era *vc_eralog_common(const struct vc_eralog *a, const struct vc_eralog *b);
/*
 * True if `other` holds an era that host `self` is sure to have recorded and `mine` lacks: one that self
 * began, or a pair era that both are known to have recorded. Then self's disk is older than what the
 * other remembers: put back from a copy, or its writes were lost.
 */
bool vc_eralog_rolled_back(const struct vc_eralog *mine, const struct vc_eralog *other, unsigned self);
/*
 * The writer whose acknowledged writes within the lag bound are not in `other`'s history although they
 * may be in `mine`'s (async); VC_SLOTS: nobody.
 */
unsigned vc_eralog_tail_of(const struct vc_eralog *mine, const struct vc_eralog *other);
/*
 * Who may have written last. Eras that were to be written in by both and that the other is not known to have
 * recorded don't count: nothing is written before it has. VC_SLOTS: nobody.
 */
unsigned vc_eralog_last_writer(const struct vc_eralog *log);
/* The last era, or NULL for a blank log. */
const struct vc_era *vc_eralog_last(const struct vc_eralog *log);
/*
 * Appends an era after the last one. A full log drops its oldest eras first; that is safe only when
 * both hosts hold the whole log, so callers trim when they pair (vc_eralog_trim) and a full log here
 * is refused: false.
 */
bool vc_eralog_append(struct vc_eralog *log, uint64_t id, unsigned writer, unsigned members,
		      unsigned flags);
/* Keeps the newest `keep` eras. Only when both hosts hold the same log (TRAPS 18). */
void vc_eralog_trim(struct vc_eralog *log, uint32_t keep);

#endif
