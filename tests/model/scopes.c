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
	return w->host[1].core.phase == VC_INSYNC && w->env.acked == 1;
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

/* The second host was fenced; the first one goes on alone and has written. */
static bool alone(struct m_world *w)
{
	if (!pair(w))
		return false;
	m_power_off(w, 1, false);
	m_settle(w);
	w->host[0].s.record = m_id(w);
	m_tell_fence(w, 0);
	m_settle(w);
	if (w->host[0].core.gate != VC_G_SOLO)
		return false;
	m_guest_write(w, 0);
	m_settle(w);
	return w->env.acked == 3;
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
	w->env.acked = 0x80;
	w->env.excepted = true;
	m_power_on(w, 0);
	m_power_on(w, 1);
	return true;
}

#define KILLS (M_BIT(KILL) | M_BIT(KILL_MASTER) | M_BIT(POWER_OFF))
#define CUTS (M_BIT(CUT_LINK) | M_BIT(CUT_RING))

const struct m_scope m_scopes[] = {
    {
	.name = "pair",
	.text = "a primary and its secondary; kills, power cuts, link and ring, power fencing",
	.start = pair,
	.faults = KILLS | CUTS,
	.quorum = 1u << 1 | 1u << 2 | 1u << 3,
	.lease_parts = 1,
	.late_fence = true,
	.any_promote = true,
	.check = {.faults = 2, .writes = 1, .promotes = 1, .waits = 2},
	.soak = {.faults = 3, .writes = 2, .promotes = 2, .demotes = 1},
    },
};

const unsigned m_scopes_n = sizeof m_scopes / sizeof *m_scopes;
