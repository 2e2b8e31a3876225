/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fencing history says about each node, reduced to what a gate may use (docs/PROTOCOL.mdc): which
 * off or reboot succeeded last, as an opaque identity, and whether one is under way. Unfencing ("on")
 * proves nothing. Callers compare identities for being different, never for being newer: the clocks
 * of several hosts, which may be set, stand behind the times. No system calls.
 */
#ifndef VMTWIN_CORE_FENCE_HISTORY_H
#define VMTWIN_CORE_FENCE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/unitconf.h"

#define VT_FENCE_NODES 64     /* nodes told apart; more: -E2BIG */
#define VT_FENCE_LINE_MAX 24576 /* bytes of one snapshot as text */

enum vt_fence_state {
	VT_FENCE_PENDING, /* asked for or being done */
	VT_FENCE_DONE,	  /* succeeded */
	VT_FENCE_OTHER,	  /* failed, or a copy of another request: says nothing */
};

struct vt_fence_entry { /* one action of the history; strings may be NULL */
	const char *target;
	const char *action;
	const char *origin; /* node that asked */
	enum vt_fence_state state;
	int64_t completed_s; /* wall clock of the host that did it */
	int64_t completed_ns;
};

struct vt_fence_node {
	char name[VT_HOST_NAME_MAX + 1];
	uint64_t record; /* identity of its last successful off or reboot; 0: none */
	bool pending;
	int64_t last_s, last_ns; /* while reducing only */
};

struct vt_fence_snapshot {
	bool known;	  /* false: the fencer could not be asked; the rest means nothing */
	uint64_t read_ns; /* CLOCK_BOOTTIME before the fencer was asked */
	unsigned nodes;
	struct vt_fence_node node[VT_FENCE_NODES];
};

/* Takes one entry into account; entries may come in any order. 0 or -E2BIG (too many nodes). */
int vt_fence_add(struct vt_fence_snapshot *snap, const struct vt_fence_entry *entry);
/* The node's part of a snapshot, or NULL: the history has nothing about it. */
const struct vt_fence_node *vt_fence_find(const struct vt_fence_snapshot *snap, const char *name);

/*
 * A fencer may lose its history (restart, cleanup) and get old entries back from its peers later. For
 * a gate a record must change only when something was fenced: what was seen once never counts as new,
 * and what vanished stays the last one.
 */
#define VT_FENCE_SEEN 32 /* records remembered a node; the oldest is forgotten */

struct vt_fence_memory {
	unsigned nodes;
	struct {
		char name[VT_HOST_NAME_MAX + 1];
		uint64_t last;
		unsigned next; /* place in seen for the next one */
		uint64_t seen[VT_FENCE_SEEN];
	} node[VT_FENCE_NODES];
};

/* Learns from a known snapshot and replaces its records by the last new ones. Unknown: no effect. */
void vt_fence_remember(struct vt_fence_memory *memory, struct vt_fence_snapshot *snap);

/*
 * What was told as it happened. Fencers give each other their histories up to half a minute after they met: an old entry that
 * comes late would look like a fencing since the pairing, in the history of a host that was rebooted. And a clock that was set
 * back hides a new entry behind an older one. So the history says what is under way; what was done counts from hearing it.
 */
struct vt_fence_live {
	uint64_t nonce; /* of this listener: drawn at its start, not 0 */
	unsigned nodes;
	struct {
		char name[VT_HOST_NAME_MAX + 1];
		uint64_t count;
	} node[VT_FENCE_NODES];
};

/* A fencing has just succeeded. Others than off and reboot are passed over. 0 or -E2BIG (too many nodes). */
int vt_fence_heard(struct vt_fence_live *live, const char *target, const char *action);
/* Replaces a known snapshot's records by what was heard: another one after each fencing, 0: none heard yet. 0 or -E2BIG. */
int vt_fence_apply(const struct vt_fence_live *live, struct vt_fence_snapshot *snap);

/*
 * One snapshot as a line of text, "known READ_NS NODE RECORD PENDING ...\n" or "unknown READ_NS\n",
 * between the watcher and the master. Format returns the length in bytes or -EMSGSIZE; parse takes a
 * line of len bytes with or without its newline, 0 or -EBADMSG.
 */
int vt_fence_format(const struct vt_fence_snapshot *snap, char *out, size_t cap);
int vt_fence_parse(struct vt_fence_snapshot *snap, const char *line, size_t len);

#endif
