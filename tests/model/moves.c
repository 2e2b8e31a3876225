// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/model/moves.h"

#include <string.h>

struct list {
	const struct m_world *w;
	const struct m_scope *scope;
	bool any;
	m_move *out;
	unsigned n;
};

static void add(struct list *l, enum m_move_type type, unsigned h, unsigned arg)
{
	if (l->n < M_MOVES)
		l->out[l->n++] = (m_move)type | h << 8 | arg << 12;
}

static bool left(const struct list *l, uint8_t budget)
{
	return l->any || budget > 0;
}

static bool fault(const struct list *l, enum m_move_type type)
{
	return l->scope->faults >> type & 1 && left(l, l->w->env.left.faults);
}

static bool primary(const struct m_host *me)
{
	return me->s.worker && me->core.role != VC_SECONDARY;
}

/* Proofs come back to this host: its lease ends only if something is stalled for as long. */
static bool renews(const struct m_world *w, unsigned h)
{
	return m_in_group(w, h) && w->host[h].s.quorate;
}

static bool proof_unread(const struct m_host *me)
{
	for (unsigned i = 0; i < me->s.heard_n; i++)
		if (me->heard[i].type == VC_E_PROOF)
			return true;
	return false;
}

static bool lease_full(const struct m_host *me)
{
	return me->core.lease_end_ns > M_NOW + (M_LEASE_MS - 1) * VC_NS_PER_MS;
}

/* ---- what goes on by itself ------------------------------------------------------------------------ */

/* Can this channel go on? The move is added if so, or if `look` is set only looked for. */
static bool channel(struct list *l, unsigned ch, bool look)
{
	unsigned h = ch % 2;
	const struct m_host *me = &l->w->host[h];
	enum m_move_type type = M_HEAR;
	bool can = me->s.worker;
	switch (ch - h) {
	case M_CH_HEAR:
		can = can && me->s.heard_n && !me->s.waiting;
		break;
	case M_CH_TAKE:
		type = M_TAKE;
		can = can && (me->s.waiting ? me->s.in_n : me->s.in_n || me->s.ev_n);
		break;
	case M_CH_SYNCED:
		type = M_SYNCED;
		can = m_may_resync(l->w, h);
		break;
	case M_CH_PROOF:
		type = M_PROOF;
		can = can && m_in_group(l->w, h) && !proof_unread(me) && !lease_full(me);
		break;
	default:
		type = M_CONNECT;
		h = 0;
		can = m_may_connect(l->w);
		break;
	}
	if (can && !look)
		add(l, type, h, 0);
	return can;
}

static void list_ready(struct list *l, unsigned h)
{
	const struct m_host *me = &l->w->host[h];
	if (!me->s.worker || me->s.waiting)
		return;
	if (me->s.draining && me->s.pending == 0xff)
		add(l, M_DRAINED, h, 0);
	if (me->s.broken)
		add(l, M_BROKEN, h, 0);
}

static void list_waits(struct list *l, unsigned h)
{
	const struct m_host *me = &l->w->host[h];
	if (m_lease_left(l->w, h) && (!renews(l->w, h) || fault(l, M_LEASE)))
		add(l, M_LEASE, h, 0);
	if (!me->s.worker || me->s.waiting)
		return;
	add(l, M_TICK, h, 0);
	for (unsigned t = 0; t < M_T_FENCE; t++)
		if (m_timer_runs(&me->core, (enum m_timer)t) &&
		    (t != M_T_GATE || left(l, l->w->env.left.waits)))
			add(l, M_TIMER, h, t);
}

static void list_loss(struct list *l, unsigned h)
{
	const struct m_host *me = &l->w->host[h];
	if (m_may_lose(l->w, h))
		add(l, M_LOSE, h, 0);
	if (m_may_copy_part(l->w, h))
		add(l, M_PART, h, 0);
	if (me->s.worker && me->s.waiting)
		add(l, M_DISK, h, 0);
	if (m_in_group(l->w, h) && me->s.worker && !proof_unread(me) && lease_full(me) &&
	    l->scope->lease_parts > 1 && left(l, l->w->env.left.proofs))
		add(l, M_PROOF, h, 0); /* one that may arrive late (TRAPS 20) */
}

/* In any order. */
static void list_freely(struct list *l)
{
	for (unsigned ch = 0; ch < M_CHANNELS; ch++)
		channel(l, ch, false);
	for (unsigned h = 0; h < 2; h++) {
		list_ready(l, h);
		list_waits(l, h);
	}
}

/*
 * In one order, but for channels that are held: the bound of these scopes is how often one is. Waits end
 * when nothing else is left to go on: what is not held is quicker than any wait.
 */
static void list_ordered(struct list *l)
{
	const struct m_world *w = l->w;
	unsigned before = l->n;
	list_ready(l, 0);
	list_ready(l, 1);
	for (unsigned ch = 0; ch < M_CHANNELS && l->n == before; ch++)
		if (!(w->env.held >> ch & 1))
			channel(l, ch, false);
	if (l->n == before) {
		list_waits(l, 0);
		list_waits(l, 1);
	}
	for (unsigned ch = 0; ch < M_CHANNELS; ch++)
		if (w->env.held >> ch & 1)
			add(l, M_RELEASE, 0, ch);
		else if (left(l, w->env.left.holds) && channel(l, ch, true))
			add(l, M_HOLD, 0, ch);
}

static void list_fencer(struct list *l, unsigned h)
{
	const struct m_world *w = l->w;
	const struct m_host *me = &w->host[h], *peer = &w->host[1 - h];
	if (!me->s.powered || !me->s.quorate)
		return;
	bool wanted = w->env.wanted[1 - h];
	if (!w->env.due[1 - h] && left(l, w->env.left.fences) &&
	    (!w->env.ring_up || !peer->s.powered || wanted))
		add(l, M_FENCE, h, 0);
	if (w->env.due[1 - h])
		add(l, M_FENCE_TOLD, h, 0);
	if (wanted)
		add(l, M_FENCE_FAILS, h, 0);
	if (l->scope->faults & M_BIT(FENCE_WAIT) && !w->env.ring_up && !peer->s.quorate &&
	    peer->s.lease == 0 && !w->env.by_wait[1 - h])
		add(l, M_FENCE_WAIT, h, 0);
	if (peer->s.powered && fault(l, M_UNFENCE))
		add(l, M_UNFENCE, h, 0);
	if (l->scope->lies && peer->s.powered && fault(l, M_FENCE_LIE))
		add(l, M_FENCE_LIE, h, 0);
}

static void list_repair(struct list *l)
{
	const struct m_world *w = l->w;
	for (unsigned h = 0; h < 2; h++) {
		const struct m_shell *me = &w->host[h].s;
		if (!me->powered)
			add(l, M_POWER_ON, h, 0);
		else if (!me->worker)
			add(l, M_START, h, 0);
		if (me->powered && !me->in_group)
			add(l, M_MASTER, h, 0);
		list_fencer(l, h);
	}
	if (!w->env.net_up)
		add(l, M_MEND_LINK, 0, 0);
	if (!w->env.ring_up)
		add(l, M_MEND_RING, 0, 0);
}

/* ---- guest, cluster manager ------------------------------------------------------------------------ */

static void list_guest(struct list *l, unsigned h)
{
	const struct m_shell *me = &l->w->host[h].s;
	const struct m_budget *b = &l->w->env.left;
	bool open = me->gate == VC_G_SOLO || (me->gate == VC_G_PAIR && me->stream == M_SOURCE);
	if (me->worker && open && me->pending == 0xff && left(l, b->writes) &&
	    l->w->env.next_write < M_WRITES)
		add(l, M_WRITE_IT, h, 0);
	if (me->powered && me->cache != me->durable && left(l, b->flushes))
		add(l, M_FLUSH_IT, h, 0);
}

/* The manager of a quorate side promotes where it knows of no other primary, and by scores. With any_promote
 * it looks at nothing but quorum, as if all it knew were old: the core must refuse by itself. */
static bool may_promote(const struct list *l, unsigned h)
{
	const struct m_world *w = l->w;
	const struct m_host *me = &w->host[h], *peer = &w->host[1 - h];
	if (!m_in_group(w, h) || !me->s.quorate || primary(me) || me->core.want_promote ||
	    me->core.want_stop)
		return false;
	if (l->scope->any_promote)
		return true;
	if (w->env.ring_up && primary(peer))
		return false;
	bool fenced = w->env.by_wait[1 - h] || !peer->s.powered;
	return (w->env.ring_up || fenced) && vc_look(&me->core, M_NOW).score >= 0;
}

static void list_manager(struct list *l, unsigned h)
{
	const struct m_host *me = &l->w->host[h];
	const struct m_budget *b = &l->w->env.left;
	if (!me->s.worker || me->s.waiting || !m_in_group(l->w, h))
		return;
	if (may_promote(l, h) && left(l, b->promotes))
		add(l, M_PROMOTE, h, 0);
	if (me->core.role == VC_PRIMARY && (me->core.failed || left(l, b->demotes)))
		add(l, M_DEMOTE, h, 0);
	if (!me->core.want_stop && left(l, b->stops))
		add(l, M_STOP, h, 0);
	if (primary(me) && fault(l, M_FAIL_HELD))
		add(l, M_FAIL_HELD, h, 0);
}

/* Off the path of the manager: an operator, and what is done to a host's disk. */
static void list_operator(struct list *l, unsigned h)
{
	const struct m_host *me = &l->w->host[h];
	if (me->s.worker && !me->s.waiting && left(l, l->w->env.left.forces))
		add(l, M_FORCE, h, 0);
	if (!me->s.copied && left(l, l->w->env.left.copies))
		add(l, M_PUT_BY, h, 0);
	if (!me->s.powered && me->s.copied)
		add(l, M_PUT_BACK, h, 0);
}

/* ---- faults ---------------------------------------------------------------------------------------- */

static void list_faults(struct list *l, unsigned h)
{
	const struct m_world *w = l->w;
	const struct m_host *me = &w->host[h];
	if (!me->s.powered)
		return;
	if (me->s.worker && fault(l, M_KILL))
		add(l, M_KILL, h, 0);
	if (me->s.in_group && fault(l, M_KILL_MASTER))
		add(l, M_KILL_MASTER, h, 0);
	if (fault(l, M_POWER_OFF)) {
		add(l, M_POWER_OFF, h, 0);
		if (me->s.cache != me->s.durable)
			add(l, M_POWER_OFF, h, 1);
	}
	if (me->s.worker && !me->s.waiting && !me->core.disk_failed && fault(l, M_DISK_FAILS))
		add(l, M_DISK_FAILS, h, 0);
	if (!w->env.ring_up && !me->s.quorate && fault(l, M_VOTE))
		add(l, M_VOTE, h, 0);
}

unsigned m_moves(const struct m_world *w, const struct m_scope *scope, bool any, m_move *out)
{
	struct list l = {.w = w, .scope = scope, .any = any, .out = out};
	for (unsigned h = 0; h < 2; h++) {
		list_loss(&l, h);
		list_guest(&l, h);
		list_manager(&l, h);
		list_faults(&l, h);
	}
	if (scope->ordered && !any)
		list_ordered(&l);
	else
		list_freely(&l);
	list_repair(&l);
	list_operator(&l, 0);
	list_operator(&l, 1);
	if (w->env.net_up && fault(&l, M_CUT_LINK))
		add(&l, M_CUT_LINK, 0, 0);
	for (unsigned q = 0; q < 4; q++)
		if (w->env.ring_up && scope->quorum >> q & 1 && fault(&l, M_CUT_RING))
			add(&l, M_CUT_RING, 0, q);
	return l.n;
}

/* ---- doing it -------------------------------------------------------------------------------------- */

static void spend(uint8_t *budget)
{
	if (*budget)
		(*budget)--;
}

/* What a move costs, before it is done. */
static void pay(struct m_world *w, m_move move, const struct m_scope *scope)
{
	struct m_budget *b = &w->env.left;
	unsigned h = m_host(move);
	switch (m_type(move)) {
	case M_WRITE_IT:
		spend(&b->writes);
		break;
	case M_FLUSH_IT:
		spend(&b->flushes);
		break;
	case M_PROMOTE:
		spend(&b->promotes);
		break;
	case M_DEMOTE:
		if (!w->host[h].core.failed)
			spend(&b->demotes);
		break;
	case M_STOP:
		spend(&b->stops);
		break;
	case M_PROOF:
		if (lease_full(&w->host[h]))
			spend(&b->proofs);
		break;
	case M_LEASE:
		if (renews(w, h))
			spend(&b->faults);
		break;
	case M_FENCE:
		spend(&b->fences);
		break;
	case M_HOLD:
		spend(&b->holds);
		break;
	case M_TIMER:
		if (m_arg(move) == M_T_GATE)
			spend(&b->waits);
		break;
	case M_PUT_BY:
		spend(&b->copies);
		break;
	case M_FENCE_WAIT:
		break;
	default:
		if (scope->faults >> m_type(move) & 1)
			spend(&b->faults);
		break;
	}
	if (w->cut_how == M_CUT_SLOW)
		spend(&b->slow);
	else if (w->cut_how)
		spend(&b->faults);
}

/* The fencers of both hosts share what they know while the ring is whole. */
static void tell_fencers(struct m_world *w, unsigned by)
{
	m_tell_fence(w, by);
	if (w->env.ring_up)
		m_tell_fence(w, 1 - by);
}

static void fenced(struct m_world *w, unsigned by, bool told)
{
	w->env.wanted[1 - by] = false;
	w->env.due[1 - by] = !told;
	if (!told)
		return;
	m_fenced(w, by);
	tell_fencers(w, by);
}

static void cut_ring(struct m_world *w, unsigned quorate, const struct m_scope *scope)
{
	m_cut_ring(w, quorate);
	for (unsigned h = 0; scope->late_fence && h < 2; h++)
		w->env.wanted[1 - h] |= quorate >> h & 1;
}

static void vote_moves(struct m_world *w, unsigned h)
{
	w->host[h].s.quorate = true;
	m_tell_quorum(w, h);
	if (!w->host[1 - h].s.quorate)
		return;
	w->host[1 - h].s.quorate = false;
	m_tell_quorum(w, 1 - h);
}

static void do_fencer(struct m_world *w, m_move move)
{
	unsigned h = m_host(move);
	switch (m_type(move)) {
	case M_FENCE:
		if (w->host[1 - h].s.powered)
			m_power_off(w, 1 - h, false);
		fenced(w, h, false);
		break;
	case M_FENCE_TOLD:
		fenced(w, h, true);
		break;
	case M_FENCE_FAILS:
		w->env.wanted[1 - h] = false;
		m_fence_failed(w, h);
		tell_fencers(w, h);
		break;
	case M_UNFENCE:
		m_unfenced(w, h);
		tell_fencers(w, h);
		break;
	case M_FENCE_WAIT:
		w->env.by_wait[1 - h] = true;
		fenced(w, h, true);
		break;
	default: /* M_FENCE_LIE */
		w->env.lied = true;
		fenced(w, h, true);
		break;
	}
}

static void do_fault(struct m_world *w, m_move move, const struct m_scope *scope)
{
	unsigned h = m_host(move);
	switch (m_type(move)) {
	case M_KILL:
		m_kill_worker(w, h);
		break;
	case M_KILL_MASTER:
		m_kill_master(w, h);
		break;
	case M_POWER_OFF:
		m_power_off(w, h, m_arg(move) == 1);
		break;
	case M_CUT_LINK:
		w->env.net_up = false;
		m_drop_connection(w);
		break;
	case M_CUT_RING:
		cut_ring(w, m_arg(move), scope);
		break;
	case M_VOTE:
		vote_moves(w, h);
		break;
	case M_START:
		m_start_worker(w, h);
		break;
	case M_MASTER:
		m_start_master(w, h);
		break;
	case M_POWER_ON:
		m_power_on(w, h);
		break;
	case M_MEND_LINK:
		w->env.net_up = true;
		break;
	case M_HOLD:
		w->env.held |= (uint16_t)(1u << m_arg(move));
		break;
	case M_RELEASE:
		w->env.held &= (uint16_t)~(1u << m_arg(move));
		break;
	case M_MEND_RING:
		m_mend_ring(w);
		break;
	default:
		do_fencer(w, move);
		break;
	}
}

static void end_timer(struct m_world *w, unsigned h, enum m_timer t)
{
	m_timer_end(&w->host[h].core, t);
	m_step_type(w, h, VC_E_TICK);
}

static void do_one(struct m_world *w, m_move move, const struct m_scope *scope)
{
	unsigned h = m_host(move);
	struct m_host *me = &w->host[h];
	static const enum vc_event_type plain[M_MOVE_TYPES] = {
	    [M_TICK] = VC_E_TICK,	[M_DRAINED] = VC_E_DRAINED, [M_BROKEN] = VC_E_STREAM_BROKEN,
	    [M_PROMOTE] = VC_E_PROMOTE, [M_DEMOTE] = VC_E_DEMOTE,   [M_STOP] = VC_E_STOP,
	    [M_FAIL_HELD] = VC_E_FAIL_HELD, [M_DISK_FAILS] = VC_E_DISK_FAILED,
	};
	switch (m_type(move)) {
	case M_HEAR:
		m_hear(w, h);
		break;
	case M_TAKE:
		m_take_link(w, h);
		break;
	case M_CONNECT:
		m_connect(w);
		break;
	case M_LOSE:
		m_lose(w, h);
		break;
	case M_DISK:
		m_disk_done(w, h);
		break;
	case M_TIMER:
		end_timer(w, h, (enum m_timer)m_arg(move));
		break;
	case M_SYNCED:
		m_resync_done(w, h);
		break;
	case M_PART:
		m_copy_part(w, h);
		break;
	case M_PROOF:
		m_prove(w, h);
		break;
	case M_LEASE:
		m_lease_passes(w, h);
		break;
	case M_WRITE_IT:
		m_guest_write(w, h);
		break;
	case M_FLUSH_IT:
		me->s.durable = me->s.cache;
		m_maps_settle(w, h);
		break;
	case M_FORCE: /* a refused one costs nothing: nothing has changed */
		if (m_force(w, h))
			spend(&w->env.left.forces);
		break;
	case M_PUT_BY:
		m_put_by(w, h);
		break;
	case M_PUT_BACK:
		m_put_back(w, h);
		break;
	case M_TICK:
	case M_DRAINED:
	case M_BROKEN:
	case M_PROMOTE:
	case M_DEMOTE:
	case M_STOP:
	case M_FAIL_HELD:
	case M_DISK_FAILS:
		me->s.draining &= m_type(move) != M_DRAINED;
		me->s.broken &= m_type(move) != M_BROKEN;
		m_step_type(w, h, plain[m_type(move)]);
		break;
	default:
		do_fault(w, move, scope);
		break;
	}
}

void m_do(struct m_world *w, m_move move, const struct m_scope *scope)
{
	w->cut_how = move >> 20 & 0xf;
	w->cut_after = move >> 24;
	w->cuts = w->slow = 0;
	pay(w, move, scope);
	do_one(w, move, scope);
	w->cut_how = M_CUT_NONE;
	w->env.excepted |= w->env.lied && !w->env.ring_up;
	m_check(w);
	if (w->host[0].s.heard_n > M_UNREAD || w->host[1].s.heard_n > M_UNREAD)
		w->beyond = "more events unread than are followed";
}
