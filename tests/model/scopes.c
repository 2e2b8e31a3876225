// SPDX-License-Identifier: GPL-2.0-or-later
/* What is explored: each scope starts somewhere and has its own faults and bounds (docs/MODEL.md). */
#include <string.h>

#include "core/eralog.h"
#include "tests/model/moves.h"

static void pass(struct m_world *w)
{
	for (unsigned h = 0; h < 2; h++)
		if (w->host[h].s.worker) {
			m_prove(w, h);
			m_settle(w);
			m_step_type(w, h, VC_E_TICK);
			m_settle(w);
		}
}

static bool both_up(struct m_world *w)
{
	m_power_on(w, 0);
	m_power_on(w, 1);
	m_settle(w);
	pass(w);
	pass(w);
	return true;
}

/* Two hosts in sync, the first one primary, one write acknowledged. */
static bool pair(struct m_world *w)
{
	both_up(w);
	if (!m_promote(w, 0))
		return false;
	m_guest_write(w, 0);
	m_settle(w);
	return w->host[1].core.phase == VC_INSYNC && m_acked(w) == 1;
}

/* The first one alone with its data, the second one empty. */
static bool fresh(struct m_world *w)
{
	m_power_on(w, 0);
	m_settle(w);
	pass(w);
	return m_promote(w, 0);
}

/* A pair lost its power; nothing was flushed since. */
static bool both_down(struct m_world *w)
{
	if (!pair(w))
		return false;
	m_power_off(w, 0, false);
	m_power_off(w, 1, false);
	return true;
}

/* The primary's worker has just ended; what was written is nowhere flushed. */
static bool torn(struct m_world *w)
{
	if (!pair(w))
		return false;
	m_kill_worker(w, 0);
	return true;
}

/* The second host was fenced; the first one goes on alone and has written. */
static bool alone(struct m_world *w)
{
	if (!pair(w))
		return false;
	m_power_off(w, 1, false);
	m_settle(w);
	m_fenced(w, 0);
	m_tell_fence(w, 0);
	m_settle(w);
	if (w->host[0].core.gate != VC_G_SOLO)
		return false;
	m_guest_write(w, 0);
	m_settle(w);
	return m_acked(w) == 3;
}

/* A pair made by workers that kept no maps lost its power, the second one its cache too; those that start now
 * keep maps. */
static bool upgraded(struct m_world *w)
{
	m_maps_kept = false;
	bool good = pair(w);
	m_maps_kept = true;
	m_power_off(w, 0, true);
	m_power_off(w, 1, false);
	return good;
}

/* Both secondary in sync, the last writer was the first. */
static bool pair_of_secondaries(struct m_world *w)
{
	if (!pair(w))
		return false;
	m_step_type(w, 0, VC_E_DEMOTE);
	m_settle(w);
	w->host[0].s.draining = false;
	m_step_type(w, 0, VC_E_DRAINED);
	m_settle(w);
	return w->host[0].core.role == VC_SECONDARY && w->host[1].core.phase == VC_INSYNC;
}

/* The second host holds another unit's history, as a pair's member. */
static bool strangers(struct m_world *w)
{
	struct vc_durable *d = &w->host[1].disk;
	memcpy(d->unit_id, w->host[0].disk.unit_id, sizeof d->unit_id);
	d->standing = VC_PAIRED;
	d->lease_ms = M_LEASE_MS;
	vc_eralog_append(&d->log, m_id(w), 1, 3, 0);
	w->host[1].s.cache = w->host[1].s.durable = 0x80;
	w->env.hold[1] = 0x80;
	w->env.excepted = true;
	m_power_on(w, 0);
	m_power_on(w, 1);
	return true;
}

/* The first one alone, with newer data than the second one has; both off. */
static bool alone_and_off(struct m_world *w)
{
	if (!alone(w))
		return false;
	m_power_off(w, 0, true);
	return true;
}

/* A resync to the second host is about to begin. */
static bool about_to_sync(struct m_world *w)
{
	if (!alone(w))
		return false;
	w->env.net_up = false;
	m_power_on(w, 1);
	m_settle(w);
	pass(w);
	w->env.net_up = true;
	return w->host[0].core.phase == VC_LINKING && w->host[1].core.phase == VC_LINKING;
}

#define KILLS (M_BIT(KILL) | M_BIT(KILL_MASTER) | M_BIT(POWER_OFF))
#define CUTS (M_BIT(CUT_LINK) | M_BIT(CUT_RING))

const struct m_scope m_scopes[] = {
    {
	.name = "power",
	.text = "a pair with power fencing: kills, power cuts, link and ring cut, two_node or a third vote",
	.start = pair,
	.faults = KILLS | CUTS,
	.quorum = 1u << 1 | 1u << 2 | 1u << 3,
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.check = {.faults = 2, .promotes = 1, .fences = 1},
	.soak = {.faults = 2, .writes = 1, .promotes = 1, .waits = 1, .holds = 1, .fences = 1},
    },
    {
	.name = "late_fence",
	.text = "fencing that is under way when the ring is mended, and is told of late",
	.start = pair,
	.faults = M_BIT(CUT_RING) | M_BIT(UNFENCE),
	.quorum = 1u << 1 | 1u << 3,
	.lease_parts = 1,
	.ordered = true,
	.late_fence = true,
	.check = {.faults = 2, .promotes = 1, .fences = 1},
	.soak = {.faults = 2, .writes = 1, .promotes = 1, .holds = 1, .fences = 2},
    },
    {
	.name = "late",
	.text = "a pair, one fault, but what the hosts hear may be late",
	.start = pair,
	.faults = KILLS | CUTS,
	.quorum = 1u << 1 | 1u << 2,
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.check = {.faults = 1, .writes = 1, .promotes = 1, .waits = 1, .holds = 1, .fences = 1},
	.soak = {.faults = 1, .writes = 1, .promotes = 1, .waits = 2, .holds = 2, .fences = 1},
    },
    {
	.name = "link",
	.text = "a pair whose link is cut, everything in any order",
	.start = pair,
	.faults = M_BIT(CUT_LINK),
	.lease_parts = 1,
	.any_promote = true,
	.check = {.faults = 1, .writes = 1, .promotes = 1, .waits = 2, .fences = 1},
	.soak = {.faults = 2, .writes = 2, .promotes = 1, .waits = 2, .fences = 1},
    },
    {
	.name = "wait",
	.text = "a third vote and fencing by waiting: the vote moves, proofs are late, hosts stall",
	.start = pair,
	.faults = CUTS | M_BIT(VOTE) | M_BIT(LEASE) | M_BIT(FENCE_WAIT) | M_BIT(KILL_MASTER),
	.quorum = 1u << 0 | 1u << 1 | 1u << 2,
	.lease_parts = 2,
	.ordered = true,
	.any_promote = true,
	.check = {.faults = 1, .writes = 1, .promotes = 1, .holds = 1, .proofs = 1},
	.soak = {.faults = 2, .writes = 1, .promotes = 1, .proofs = 1, .waits = 1},
    },
    {
	.name = "resync",
	.text = "one host alone, the other comes back: the resync and its end, interrupted anywhere",
	.start = alone,
	.faults = KILLS | M_BIT(CUT_LINK),
	.lease_parts = 1,
	.ordered = true,
	.cuts = true,
	.any_promote = true,
	.check = {.faults = 1, .writes = 1, .promotes = 1, .slow = 1, .waits = 1, .holds = 1},
	.soak = {.faults = 2, .writes = 1, .flushes = 1, .promotes = 1, .slow = 1, .waits = 1},
    },
    {
	.name = "torn",
	.text = "the primary's worker has ended: the other alone, or paired again, interrupted anywhere",
	.start = torn,
	.faults = KILLS | M_BIT(CUT_LINK),
	.lease_parts = 1,
	.ordered = true,
	.cuts = true,
	.late_fence = true,
	.any_promote = true,
	.check = {.faults = 1, .writes = 1, .promotes = 1, .waits = 1, .holds = 1, .fences = 1},
	.soak = {.faults = 2, .writes = 1, .promotes = 1, .slow = 1, .waits = 1, .holds = 1, .fences = 1},
    },
    {
	.name = "maps",
	.text = "the same resync by activity log and dirty map",
	.start = alone,
	.faults = KILLS | M_BIT(CUT_LINK),
	.lease_parts = 1,
	.ordered = true,
	.cuts = true,
	.any_promote = true,
	.maps = true,
	.check = {.faults = 1, .writes = 1, .flushes = 1, .promotes = 1, .waits = 1, .holds = 1, .fences = 1},
	.soak = {.faults = 2, .writes = 1, .flushes = 1, .promotes = 1, .slow = 1, .waits = 1},
    },
    {
	.name = "maps_torn",
	.text = "the primary's worker has ended, with its activity log; maps are kept",
	.start = torn,
	.faults = KILLS | M_BIT(CUT_LINK),
	.lease_parts = 1,
	.ordered = true,
	.cuts = true,
	.late_fence = true,
	.any_promote = true,
	.maps = true,
	.check = {.faults = 1, .writes = 1, .flushes = 1, .promotes = 1, .waits = 1, .holds = 1, .fences = 1},
	.soak = {.faults = 2, .writes = 1, .flushes = 1, .promotes = 1, .slow = 1, .waits = 1, .holds = 1, .fences = 1},
    },
    {
	.name = "maps_down",
	.text = "both lost power; maps are kept, and say what was written",
	.start = both_down,
	.faults = KILLS | CUTS,
	.quorum = 1u << 1 | 1u << 2 | 1u << 3,
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.maps = true,
	.check = {.faults = 1, .writes = 1, .flushes = 1, .promotes = 1, .holds = 1, .fences = 1},
	.soak = {.faults = 2, .writes = 1, .flushes = 1, .promotes = 1, .waits = 1, .holds = 1, .fences = 1},
    },
    {
	.name = "maps_new",
	.text = "both lost power, and start with maps that do not cover what was before",
	.start = upgraded,
	.faults = KILLS | M_BIT(CUT_LINK),
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.maps = true,
	.check = {.faults = 1, .writes = 1, .promotes = 1, .fences = 1},
	.soak = {.faults = 2, .writes = 1, .flushes = 1, .promotes = 1, .waits = 1, .holds = 1, .fences = 1},
    },
    {
	.name = "resync_wait",
	.text = "a resync while the ring is cut, leases end and the other is fenced by waiting",
	.start = alone,
	.faults = M_BIT(CUT_RING) | M_BIT(LEASE) | M_BIT(FENCE_WAIT) | M_BIT(VOTE),
	.quorum = 1u << 0 | 1u << 1 | 1u << 2,
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.check = {.faults = 1, .promotes = 1, .waits = 1, .holds = 1},
	.soak = {.faults = 2, .writes = 1, .promotes = 1, .waits = 1, .holds = 1},
    },
    {
	.name = "first",
	.text = "the second host is new and empty",
	.start = fresh,
	.faults = KILLS | CUTS,
	.quorum = 1u << 1 | 1u << 2,
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.check = {.faults = 1, .writes = 1, .promotes = 1, .waits = 1, .holds = 1, .fences = 1},
	.soak = {.faults = 2, .writes = 1, .promotes = 1, .waits = 1, .holds = 1, .fences = 1},
    },
    {
	.name = "both_down",
	.text = "both lost power; they start in either order",
	.start = both_down,
	.faults = KILLS | CUTS,
	.quorum = 1u << 1 | 1u << 2 | 1u << 3,
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.check = {.faults = 1, .writes = 1, .promotes = 1, .waits = 0, .holds = 1, .fences = 1},
	.soak = {.faults = 2, .writes = 1, .promotes = 1, .waits = 1, .holds = 1, .fences = 1},
    },
    {
	.name = "leave",
	.text = "hand-over and leaving, in any order, with a fault in between",
	.start = pair_of_secondaries,
	.faults = KILLS | M_BIT(CUT_LINK),
	.lease_parts = 1,
	.ordered = true,
	.check = {.faults = 1, .writes = 1, .promotes = 2, .demotes = 1, .stops = 1},
	.soak = {.faults = 1, .writes = 1, .promotes = 2, .demotes = 1, .stops = 2, .holds = 1},
    },
    {
	.name = "disk",
	.text = "a disk is slow or fails, held writes are failed, worker or power end between actions",
	.start = pair,
	.faults = KILLS | M_BIT(CUT_LINK) | M_BIT(DISK_FAILS) | M_BIT(FAIL_HELD),
	.lease_parts = 1,
	.ordered = true,
	.cuts = true,
	.check = {.faults = 1, .writes = 1, .promotes = 1, .slow = 1, .waits = 2, .fences = 1},
	.soak = {.faults = 2, .writes = 1, .promotes = 1, .slow = 1, .waits = 2, .fences = 1},
    },
    {
	.name = "lie",
	.text = "a fencer that says what is not so: the fork is found and both branches stay",
	.start = pair,
	.faults = CUTS | M_BIT(FENCE_LIE) | M_BIT(POWER_OFF),
	.quorum = 1u << 1 | 1u << 3,
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.lies = true,
	.check = {.faults = 3, .promotes = 1},
	.soak = {.faults = 3, .writes = 1, .promotes = 1, .fences = 1},
    },
    {
	.name = "strangers",
	.text = "the second host holds the data of another history",
	.start = strangers,
	.faults = KILLS,
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.check = {.faults = 1, .promotes = 2, .holds = 1},
	.soak = {.faults = 2, .writes = 1, .promotes = 2, .holds = 1},
    },
    {
	.name = "force",
	.text = "the operator forces a copy: the other's branch stays, and the fork is found",
	.start = alone_and_off,
	.faults = M_BIT(KILL) | M_BIT(POWER_OFF) | M_BIT(CUT_LINK),
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.check = {.faults = 1, .writes = 1, .promotes = 2, .forces = 1},
	.soak = {.faults = 2, .writes = 2, .promotes = 2, .forces = 2, .holds = 1},
    },
    {
	.name = "force_pair",
	.text = "the operator forces one of a pair, whatever the other does",
	.start = pair,
	.faults = KILLS | CUTS,
	.quorum = 1u << 1 | 1u << 2 | 1u << 3,
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.check = {.faults = 1, .writes = 1, .promotes = 1, .forces = 1},
	.soak = {.faults = 2, .writes = 1, .promotes = 1, .forces = 1, .waits = 1, .fences = 1},
    },
    {
	.name = "old_disk",
	.text = "one host alone, the other comes back: a disk is put back to an older state while its host is off",
	.start = alone,
	.faults = M_BIT(POWER_OFF),
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.check = {.faults = 1, .writes = 1, .promotes = 1, .copies = 1},
	.soak = {.faults = 2, .writes = 2, .flushes = 1, .promotes = 2, .demotes = 1, .copies = 2},
    },
    {
	.name = "old_pair",
	.text = "the same with a pair that may hand over",
	.start = pair,
	.faults = M_BIT(POWER_OFF),
	.lease_parts = 1,
	.ordered = true,
	.check = {.faults = 2, .writes = 1, .promotes = 1, .demotes = 1, .copies = 1},
	.soak = {.faults = 2, .writes = 2, .flushes = 2, .promotes = 2, .demotes = 2, .copies = 1},
    },
    {
	.name = "stop",
	.text = "one of a pair loses power, the other is stopped cleanly; both start",
	.start = pair,
	.faults = M_BIT(POWER_OFF) | M_BIT(KILL),
	.lease_parts = 1,
	.ordered = true,
	.check = {.faults = 2, .promotes = 1, .stops = 1},
	.soak = {.faults = 3, .writes = 1, .promotes = 1, .stops = 2},
    },
    {
	.name = "drain",
	.text = "a demotion drains while a resync ends, in any order",
	.start = about_to_sync,
	.faults = M_BIT(CUT_LINK),
	.lease_parts = 1,
	.check = {.faults = 1, .writes = 1, .demotes = 1},
	.soak = {.faults = 2, .writes = 2, .demotes = 1, .promotes = 1},
    },
    {
	.name = "fail_held",
	.text = "held writes are failed while the link is away, and it comes back",
	.start = pair,
	.faults = M_BIT(CUT_LINK) | M_BIT(FAIL_HELD),
	.lease_parts = 1,
	.ordered = true,
	.check = {.faults = 2, .writes = 1, .promotes = 1},
	.soak = {.faults = 3, .writes = 2, .promotes = 2, .waits = 1},
    },
    {
	.name = "half_lost",
	.text = "the primary has lost its power, the other holds its writes: and its disk fails",
	.start = torn,
	.faults = M_BIT(POWER_OFF) | M_BIT(DISK_FAILS),
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.check = {.faults = 2, .promotes = 1},
	.soak = {.faults = 2, .writes = 1, .promotes = 1, .holds = 1, .waits = 1},
    },
    {
	.name = "leave_late",
	.text = "one of two secondaries leaves, what is heard is late, a master or a worker ends",
	.start = pair_of_secondaries,
	.faults = KILLS,
	.lease_parts = 1,
	.ordered = true,
	.check = {.faults = 1, .stops = 2, .holds = 1},
	.soak = {.faults = 2, .promotes = 1, .stops = 2, .holds = 1},
    },
    {
	.name = "split",
	.text = "a fencer that lies to one host only, and its worker ends once the ring is mended",
	.start = pair,
	.faults = M_BIT(CUT_RING) | M_BIT(FENCE_LIE) | M_BIT(KILL),
	.quorum = 1u << 3,
	.lease_parts = 1,
	.ordered = true,
	.any_promote = true,
	.lies = true,
	.check = {.faults = 3, .promotes = 1},
	.soak = {.faults = 4, .writes = 1, .promotes = 2},
    },
};

const unsigned m_scopes_n = sizeof m_scopes / sizeof *m_scopes;
