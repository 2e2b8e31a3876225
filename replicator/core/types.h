/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The durable facts of a unit on one host: what the rules of docs/PROTOCOL.md call standing and era
 * log. Plain data, no pointers: the model checker copies, hashes and compares it.
 */
#ifndef VMTWIN_CORE_TYPES_H
#define VMTWIN_CORE_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#define VC_ERAS 64 /* eras kept in a log; trimmed when both hosts agree, never past a common era */

/* The two hosts: slot 0 is the one whose name sorts first (strcmp): see vt_unitconf_slot. */
enum { VC_SLOTS = 2 };

enum vc_standing {
	VC_SYNCING = 1, /* inconsistent: a resync overwrites the store, or nothing is there yet */
	VC_OUTDATED,	/* consistent but old: the peer may hold acknowledged writes that we lack */
	VC_PAIRED,	/* the last era was a pair: whether the peer went on alone is to be shown */
	VC_SOLO,	/* we hold acknowledged writes that the peer lacks */
};

enum {
	VC_ERA_FORCED = 1,    /* begun by the operator's force, not by evidence (S8) */
	VC_ERA_CONFIRMED = 2, /* a pair era that both hosts are known to have recorded */
	VC_ERA_TAIL = 4,      /* async: acknowledged writes of the writer before, within the lag bound, may
			       * not be in this history */
};

/* When a guest's write is acknowledged (docs/ARCHITECTURE.md). Both hosts must name the same. */
enum vc_mode { VC_SYNC, VC_SEMI, VC_ASYNC };

struct vc_era {
	uint64_t number;    /* 1, 2, ... along one history */
	uint64_t id;	    /* random */
	uint64_t first_seq; /* first write of the era, 0 where the stream restarts with it */
	uint8_t writer;	    /* slot that may write */
	uint8_t members;    /* bit per slot: who must hold every acknowledged write */
	uint8_t flags;
};

struct vc_eralog {
	uint32_t count;
	struct vc_era era[VC_ERAS]; /* oldest first */
};

#define VC_BOOT_FLUSHED 0xff

/* What is durable. Nothing else of a unit's state outlives its worker. */
struct vc_durable {
	uint8_t unit_id[16];	 /* all zero: not known yet (a new, empty second host) */
	uint8_t boot_id[16];	 /* boot in which the last pair era was recorded: tells whether the page
				  * cache that held its unflushed writes has survived; all VC_BOOT_FLUSHED:
				  * stopped cleanly since, nothing of them is left in a cache */
	enum vc_standing standing;
	uint32_t lease_ms;	 /* agreed at the last pairing; 0: never paired */
	bool fork;		 /* the peer's last hello was of another branch (S9) */
	uint64_t map_base;	 /* era since which activity log and dirty map here cover every
				  * difference to the peer; 0: they don't, all is compared */
	uint64_t undo;		 /* number of the last era of the consistent copy that the kept old
				  * grains lead back to (S11); 0: none is kept */
	struct vc_eralog log;
};

#endif
