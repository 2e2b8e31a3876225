/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the activity log and the dirty map of one host say, 64 grains at a time, and when a bit may come
 * and go (docs/PROTOCOL.md, "What a resync compares"). The maps are durable: whoever keeps them makes a
 * change durable before the next step named here. Pure; a grain is a bit of a word.
 *
 * The promise: where the two hosts' stores differ, a bit is set in log or dirty of one of them.
 */
#ifndef VMTWIN_CORE_MAPS_H
#define VMTWIN_CORE_MAPS_H

#include <stdint.h>

struct vc_maps {
	uint64_t log;	/* may be in flight */
	uint64_t dirty; /* the other host may lack it */
};

/* Grains that are about to be written: in the log, durably, before the write starts. */
void vc_maps_begin(struct vc_maps *m, uint64_t grains);
/* Grains written without the other host (in a solo era, whatever the gate: a demotion may still drain behind the one
 * of a pair): dirty, durably, before they may leave the log. */
void vc_maps_alone(struct vc_maps *m, uint64_t grains);
/*
 * Grains may leave the log: `here` are durable on this host, `there` on the other. Durable, not written
 * and not acknowledged: a power cut takes those (TRAPS 12). here | there are this session's knowledge,
 * from completed flushes; ids that are equal prove nothing (TRAPS 21).
 */
void vc_maps_settle(struct vc_maps *m, uint64_t here, uint64_t there);
/* VC_A_FOLD: this host goes on alone; what was in flight may be missing on the other. Were it left out, the
 * bounded log could never be emptied. */
void vc_maps_fold(struct vc_maps *m);
/* What a resync must compare: what either host's maps name. */
uint64_t vc_maps_compare(const struct vc_maps *mine, const struct vc_maps *theirs);
/* A verified copy of these grains is durable on both hosts: they differ no more (S10). */
void vc_maps_copied(struct vc_maps *m, uint64_t here, uint64_t there);
/* VC_A_UNDO_BACK: these grains were put back to an older content (TRAPS 17). */
void vc_maps_put_back(struct vc_maps *m, uint64_t grains);

#endif
