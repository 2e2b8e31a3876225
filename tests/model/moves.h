/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may happen in a world, as numbers that can be listed, done, named and given on the command line. */
#ifndef VMTWIN_TESTS_MODEL_MOVES_H
#define VMTWIN_TESTS_MODEL_MOVES_H

#include "tests/model/world.h"

/* type | host << 8 | argument << 12 | cut << 20 | number of actions before the cut << 24 */
typedef uint32_t m_move;

enum m_move_type {
	M_HEAR = 1, /* the worker reads what its master told */
	M_TAKE,	    /* the worker reads its end of the link */
	M_CONNECT,
	M_LOSE, /* the last thing sent before the link's end does not arrive */
	M_DISK, /* the slow disk is done */
	M_TICK,
	M_TIMER,
	M_DRAINED,
	M_BROKEN,   /* the stream has a hole */
	M_SYNCED,   /* all of the resync is on the target */
	M_PROOF,    /* a proof of quorum is sent */
	M_LEASE,    /* a part of the lease passes */
	M_START,    /* of the worker */
	M_MASTER,   /* start of the master */
	M_POWER_ON,
	M_MEND_LINK,
	M_MEND_RING,
	M_FENCE,      /* this host's fencer really switches the other off */
	M_FENCE_TOLD, /* and its success is known here */
	M_FENCE_FAILS,
	M_FENCE_WAIT, /* success by waiting out the other's lease */
	M_FENCE_LIE,  /* success without any effect */
	M_WRITE_IT,
	M_FLUSH_IT,
	M_PROMOTE,
	M_DEMOTE,
	M_STOP,
	M_FAIL_HELD,
	M_KILL,
	M_KILL_MASTER,
	M_POWER_OFF,
	M_CUT_LINK,
	M_CUT_RING, /* argument: who keeps quorum */
	M_VOTE,	    /* the third vote moves to this host */
	M_DISK_FAILS,
	M_HOLD,    /* argument: a channel that is late from now on */
	M_RELEASE, /* and not any more */
	M_FORCE,    /* the operator's */
	M_PUT_BY,   /* a copy of its disk is put by */
	M_PUT_BACK, /* and put back, while the host is off */
	M_PART,	   /* what the resync named is on the target, but not known to be durable */
	M_UNFENCE, /* this host's fencer switches the other on */
	M_MOVE_TYPES
};

#define M_BIT(t) (1ull << M_##t)
#define M_MOVES 320

struct m_scope {
	const char *name, *text;
	bool (*start)(struct m_world *w);
	uint64_t faults;     /* moves that count as faults and may happen, a bit for each type */
	unsigned quorum;     /* after a cut of the ring: bit q: the hosts in q keep it */
	unsigned lease_parts;
	bool ordered;	     /* everything goes on in one order, but for what is held (budget) */
	bool cuts;	     /* worker or power may end between two actions */
	bool late_fence;     /* the fencer's work may be under way when the ring is mended */
	bool any_promote;    /* promotions are asked for whatever the scores are */
	bool maps;	     /* activity log and dirty map are kept */
	bool lies;	     /* named exceptions are allowed (S6) */
	struct m_budget check, soak;
};

/* All moves of this state, at most M_MOVES. any: also those whose budget is used up. */
unsigned m_moves(const struct m_world *w, const struct m_scope *scope, bool any, m_move *out);
/* Does it. The result is in w, with w->broken and w->beyond. */
void m_do(struct m_world *w, m_move move, const struct m_scope *scope);
/* In words, before it is done. */
void m_name(const struct m_world *w, m_move move, char *out, size_t cap);

static inline enum m_move_type m_type(m_move m)
{
	return (enum m_move_type)(m & 0xff);
}
static inline unsigned m_host(m_move m)
{
	return m >> 8 & 0xf;
}
static inline unsigned m_arg(m_move m)
{
	return m >> 12 & 0xff;
}
static inline m_move m_with_cut(m_move m, enum m_cut how, unsigned after)
{
	return m | (m_move)how << 20 | (m_move)after << 24;
}

extern const struct m_scope m_scopes[];
extern const unsigned m_scopes_n;

/*
 * live.c: all is mended, the fencer works, the manager promotes. True if the unit is then primary and
 * secondary in sync; else *why names the documented reason, or is NULL: a violation.
 */
extern FILE *m_heal_out; /* for traces: where it says what it does */
void m_print_host(const struct m_world *w, unsigned h, FILE *out);
bool m_heal(struct m_world *w, const char **why);
/* Delivers everything, lets resyncs end, without faults: for the starts of scopes. */
void m_settle(struct m_world *w);
bool m_promote(struct m_world *w, unsigned h);

#endif
