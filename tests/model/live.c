// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Liveness: once nothing fails any more and both hosts and the fencer work, the unit ends as primary and
 * secondary in sync without an operator, but for the cases that the manual names.
 */
#include "tests/model/moves.h"

enum { SETTLE_MAX = 3000, ROUNDS = 60 };

FILE *m_heal_out;

static void say(const struct m_world *w, m_move move)
{
	char text[256];
	if (!m_heal_out)
		return;
	m_name(w, move, text, sizeof text);
	fprintf(m_heal_out, "      %s\n", text);
	for (unsigned h = 0; h < 2; h++)
		m_print_host(w, h, m_heal_out);
}

/* One thing that is under way at host h is done. */
static bool go_on(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	if (!me->s.worker)
		return false;
	if (me->s.waiting) {
		say(w, (m_move)M_DISK | h << 8);
		m_disk_done(w, h);
	} else if (me->s.draining && me->s.pending == 0xff) {
		say(w, (m_move)M_DRAINED | h << 8);
		me->s.draining = false;
		m_step_type(w, h, VC_E_DRAINED);
	} else if (me->s.broken) {
		say(w, (m_move)M_BROKEN | h << 8);
		me->s.broken = false;
		m_step_type(w, h, VC_E_STREAM_BROKEN);
	} else if (me->s.ev_n || me->s.in_n) {
		say(w, (m_move)M_TAKE | h << 8);
		m_take_link(w, h);
	} else if (me->s.heard_n) {
		say(w, (m_move)M_HEAR | h << 8);
		m_hear(w, h);
	} else if (m_may_resync(w, h)) {
		say(w, (m_move)M_SYNCED | h << 8);
		m_resync_done(w, h);
	} else {
		return false;
	}
	m_check(w);
	return true;
}

void m_settle(struct m_world *w)
{
	for (unsigned i = 0; i < SETTLE_MAX && !w->broken; i++) {
		bool moved = go_on(w, 0);
		moved |= go_on(w, 1);
		if (m_may_connect(w)) {
			say(w, M_CONNECT);
			m_connect(w);
			moved = true;
		}
		if (!moved)
			return;
	}
}

static void tick(struct m_world *w, unsigned h)
{
	if (w->host[h].s.worker)
		m_step_type(w, h, VC_E_TICK);
	m_settle(w);
}

/* Time passes: proofs, ticks; who still waits then has waited long enough. */
static void pass(struct m_world *w, bool long_too)
{
	for (unsigned h = 0; h < 2; h++)
		if (w->host[h].s.worker && m_in_group(w, h))
			m_prove(w, h);
	m_settle(w);
	for (unsigned i = 0; i < 4; i++)
		tick(w, i % 2);
	for (unsigned h = 0; h < 2; h++)
		for (unsigned t = 0; t < (long_too ? M_TIMERS : M_T_FAIL) && w->host[h].s.worker; t++)
			if (m_timer_runs(&w->host[h].core, (enum m_timer)t)) {
				m_timer_end(&w->host[h].core, (enum m_timer)t);
				tick(w, h);
			}
}

static void repair(struct m_world *w, unsigned h)
{
	struct m_shell *me = &w->host[h].s;
	if (w->env.wanted[1 - h] && me->powered) {
		w->env.wanted[1 - h] = false;
		if (w->host[1 - h].s.powered)
			m_power_off(w, 1 - h, false);
		m_fenced(w, h);
		m_tell_fence(w, h);
		m_tell_fence(w, 1 - h);
	}
	if (!me->powered)
		m_power_on(w, h);
	if (!me->in_group)
		m_start_master(w, h);
	if (!me->worker)
		m_start_worker(w, h);
}

static bool healthy(const struct m_world *w)
{
	const struct vc_state *a = &w->host[0].core, *b = &w->host[1].core;
	return w->host[0].s.worker && w->host[1].s.worker && a->phase == VC_INSYNC &&
	       b->phase == VC_INSYNC && (a->role == VC_PRIMARY) != (b->role == VC_PRIMARY) &&
	       !a->failed && !b->failed && !a->disk_failed && !b->disk_failed;
}

static void manage(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h], *peer = &w->host[1 - h];
	struct vc_state *s = &me->core;
	if (!me->s.worker)
		return;
	if (s->disk_failed && !s->want_stop) /* its agent restarts it */
		m_step_type(w, h, VC_E_STOP);
	else if (s->failed && s->role == VC_PRIMARY)
		m_step_type(w, h, VC_E_DEMOTE);
	else if (s->role == VC_SECONDARY && !s->want_promote && !s->want_stop &&
		 vc_look(s, M_NOW).score >= 0 &&
		 !(peer->s.worker && peer->core.role != VC_SECONDARY) &&
		 !(peer->s.worker &&
		   vc_look(&peer->core, M_NOW).score > vc_look(s, M_NOW).score))
		m_step_type(w, h, VC_E_PROMOTE);
}

/* The eras of a after the last one that b has too; all of a if none. Written anew: the core's may be wrong. */
static uint32_t own_eras(const struct vc_eralog *a, const struct vc_eralog *b)
{
	for (uint32_t i = a->count; i > 0; i--)
		for (uint32_t j = 0; j < b->count; j++)
			if (a->era[i - 1].id == b->era[j].id)
				return i;
	return UINT32_MAX;
}

static bool went_on(const struct vc_eralog *log, uint32_t from)
{
	for (uint32_t i = from; i < log->count; i++)
		if (log->era[i].members != 3)
			return true;
	return false;
}

/* The cases in which the manual leaves the decision to the operator, from what both disks say. */
static const char *documented(const struct m_world *w)
{
	const struct vc_durable *a = &w->host[0].disk, *b = &w->host[1].disk;
	if (a->standing == VC_SOLO && b->standing == VC_SOLO)
		return "fork: both went on alone";
	for (unsigned h = 0; h < 2; h++) {
		if (!(w->env.split.rolled >> h & 1))
			continue;
		if (w->host[h].disk.standing == VC_SOLO)
			return "old disk that stands alone";
		if (w->host[1 - h].disk.standing == VC_SYNCING)
			return "no complete copy";
	}
	if (a->log.count == 0 || b->log.count == 0)
		return NULL;
	uint32_t a_from = own_eras(&a->log, &b->log), b_from = own_eras(&b->log, &a->log);
	if (a_from == UINT32_MAX)
		return "other data: no era in common";
	bool a_on = went_on(&a->log, a_from), b_on = went_on(&b->log, b_from);
	if (a_on && b_on)
		return "fork: the logs part";
	bool a_useless = a->standing == VC_SYNCING, b_useless = b->standing == VC_SYNCING;
	if ((a_useless && b_useless) || (a_on && a_useless) || (b_on && b_useless))
		return "no complete copy";
	return NULL;
}

bool m_heal(struct m_world *w, const char **why)
{
	*why = NULL;
	w->env.net_up = true;
	for (unsigned h = 0; h < 2; h++) {
		if (w->env.due[h]) /* the fencing that succeeded is told at last */
			m_fenced(w, 1 - h);
		w->env.wanted[h] = w->env.due[h] = false;
	}
	if (!w->env.ring_up)
		m_mend_ring(w);
	for (unsigned h = 0; h < 2; h++)
		m_tell_fence(w, h);
	m_settle(w);
	for (unsigned i = 0; i < ROUNDS && !w->broken && !w->beyond && !healthy(w); i++) {
		repair(w, 0);
		repair(w, 1);
		m_settle(w);
		pass(w, i % 8 == 7);
		manage(w, 0);
		m_settle(w);
		manage(w, 1);
		m_settle(w);
	}
	if (w->broken)
		return false;
	if (w->beyond) {
		*why = "left the bounds";
		return false;
	}
	if (healthy(w))
		return true;
	*why = documented(w);
	return false;
}

bool m_promote(struct m_world *w, unsigned h)
{
	m_step_type(w, h, VC_E_PROMOTE);
	m_settle(w);
	return w->host[h].core.role == VC_PRIMARY && !w->broken;
}
