// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is still promised where copies have parted, by the operator's force or by a disk that was put back; and
 * the rules of single steps. As long as copies have not parted, what one host acknowledged is owed by both.
 */
#include <string.h>

#include "core/eralog.h"
#include "tests/model/world.h"

uint8_t m_promised(const struct m_world *w, unsigned h)
{
	return w->env.split.apart ? w->env.hold[h] : m_acked(w);
}

static uint8_t bit(unsigned h)
{
	return (uint8_t)(1u << h);
}

/* ---- one step --------------------------------------------------------------------------------------- */

struct m_before m_before_step(const struct m_world *w, unsigned h)
{
	const struct m_host *me = &w->host[h];
	return (struct m_before){
	    .certain = me->core.certain,
	    .forgot = me->core.forgot,
	    .mirrors = w->env.connected && me->s.flowing,
	};
}

/* DESIGN 4.2, 4.3: by which evidence a host goes alone, and who may. */
static void check_alone(struct m_world *w, unsigned h, enum vc_transition by, bool certain)
{
	bool token = by == VC_T_SOLO_BY_PROCDOWN || by == VC_T_SOLO_BY_FENCE || by == VC_T_SOLO_BY_LEAVE;
	bool said = by == VC_T_SOLO_BY_PROCDOWN || by == VC_T_SOLO_BY_LEAVE || by == VC_T_SOLO_BY_CONSENT;
	if (token && !certain)
		m_violate(w, "S6: a host that is not certain goes alone without consent");
	/* A false word of the fencer is an exception; what the other said, or its end, never is. */
	if (said && w->host[1 - h].disk.standing == VC_SOLO && !w->env.split.apart)
		m_violate(w, "S6: goes alone by what it heard of a host that is alone");
}

static void check_taken(struct m_world *w, unsigned h, const struct m_before *b, enum vc_transition t)
{
	struct m_host *me = &w->host[h];
	switch (t) {
	case VC_T_RESUMED:
		if (b->forgot)
			m_violate(w, "TRAPS 11: a pairing is resumed in which something was forgotten");
		break;
	case VC_T_OUTDATED_BY_ROLLBACK:
		if (!(w->env.split.rolled & bit(h)))
			m_violate(w, "takes its disk for an old one, which it is not");
		break;
	case VC_T_OUTDATED_BY_LEAVING:
		if (me->s.unheard)
			m_violate(w, "TRAPS 2: gives up its copy by leaving, and nobody heard it leave");
		break;
	case VC_T_SOLO_BY_FORCE:
		if (b->mirrors)
			m_violate(w, "S8: forced while the other is connected");
		me->s.forcing = true;
		break;
	case VC_T_PROMOTED_ALONE: {
		const struct vc_era *last = vc_eralog_last(&me->disk.log);
		if (me->disk.fork && !(last && (last->flags & VC_ERA_FORCED)))
			m_violate(w, "S9: a branch of a fork starts by itself");
		break;
	}
	default:
		break;
	}
}

void m_check_step(struct m_world *w, unsigned h, struct m_before b, const struct vc_out *out)
{
	bool certain = b.certain;
	for (unsigned i = 0; i < out->taken_count; i++) {
		enum vc_transition t = (enum vc_transition)out->taken[i].row;
		if (vc_transitions[t].machine == VC_OF_STANDING && vc_transitions[t].to == VC_SOLO)
			check_alone(w, h, t, certain);
		if (vc_transitions[t].machine == VC_OF_CERTAINTY)
			certain = vc_transitions[t].to == VC_CERTAIN;
		check_taken(w, h, &b, t);
	}
}

/* A restart must not forget it: neither branch starts by itself. */
void m_check_fork(struct m_world *w, unsigned h)
{
	const struct m_host *me = &w->host[h];
	enum vc_reason v = me->core.verdict;
	if (me->s.worker && !me->s.waiting && !me->disk.fork &&
	    (v == VC_R_DIVERGED || v == VC_R_UNRELATED || v == VC_R_ROLLED_BACK))
		m_violate(w, "S9: a fork is seen and not recorded");
}

static bool has(const struct vc_eralog *log, const struct vc_era *era)
{
	for (uint32_t i = 0; i < log->count; i++)
		if (log->era[i].id == era->id)
			return true;
	return false;
}

/* An old disk is told by this: what a host began is durable there before anybody hears of it. */
void m_check_told(struct m_world *w, unsigned h, const struct vc_msg *msg)
{
	const struct vc_eralog *log = msg->type == VC_M_HELLO ? &msg->u.hello.log : &msg->u.log;
	const struct m_host *me = &w->host[h];
	if (msg->type == VC_M_OUTDATED && me->core.role != VC_SECONDARY)
		m_violate(w, "DESIGN 4.2: a primary consents to the other's going alone");
	if (msg->type != VC_M_HELLO && msg->type != VC_M_PAIR && msg->type != VC_M_ERA)
		return;
	for (uint32_t i = 0; i < log->count; i++)
		if (log->era[i].writer == h && !has(&me->disk.log, &log->era[i]))
			m_violate(w, "an era is told of that is not durable where it began");
}

/* ---- force ------------------------------------------------------------------------------------------ */

/*
 * From here on each host owes what it acknowledges itself. The forced copy owes what it holds: the operator has
 * given up the rest, as far as the other does not go on with it.
 */
static void forced(struct m_world *w, unsigned h, const struct vc_durable *d)
{
	struct m_host *me = &w->host[h];
	const struct vc_era *last = vc_eralog_last(&d->log);
	if (!last || !(last->flags & VC_ERA_FORCED))
		m_violate(w, "S8: the era that the operator forced is not marked so");
	me->s.forcing = false;
	w->env.hold[h] = m_acked(w) & me->s.cache;
	w->env.split.forced |= bit(h);
	w->env.split.apart = true;
}

/* Are there eras after the last common one in which not both took part? Written anew: the core's may be wrong. */
static bool went_on(const struct vc_eralog *log, const struct vc_eralog *other)
{
	for (uint32_t i = log->count; i > 0 && !has(other, &log->era[i - 1]); i--)
		if (log->era[i - 1].members != 3)
			return true;
	return false;
}

bool m_check_record(struct m_world *w, unsigned h, const struct vc_durable *d)
{
	const struct m_host *me = &w->host[h], *peer = &w->host[1 - h];
	if (me->s.forcing && d->standing == VC_SOLO) {
		forced(w, h, d);
		return false;
	}
	if (d->log.count > me->disk.log.count)
		w->host[h].s.rested = false; /* what was flushed is not all any more */
	if (memcmp(d->boot_id, &me->s.boot, sizeof me->s.boot) == 0)
		w->host[h].s.lost = false;
	if (me->disk.standing != VC_SYNCING && d->standing == VC_SYNCING && me->disk.log.count &&
	    went_on(&me->disk.log, &peer->disk.log))
		m_violate(w, "S9: a branch of its own is given up");
	/* One copy again, if the source has not been put back in the meantime. */
	if (me->disk.standing == VC_SYNCING && d->standing == VC_PAIRED &&
	    has(&peer->disk.log, vc_eralog_last(&d->log)))
		memset(&w->env.split, 0, sizeof w->env.split);
	return true;
}

bool m_force(struct m_world *w, unsigned h)
{
	const struct m_host *me = &w->host[h];
	uint32_t eras = me->disk.log.count;
	m_step_type(w, h, VC_E_FORCE);
	return me->s.forcing || me->disk.log.count != eras;
}

/* By the operator's word the other's copy replaces this one, whatever was acknowledged on it. */
void m_overwritten(struct m_world *w, unsigned target)
{
	if (w->env.split.forced & bit(1 - target))
		w->env.hold[target] = 0;
}

/* ---- disks ------------------------------------------------------------------------------------------ */

/*
 * The documented limit: an old disk that lacks no era which it is sure to have recorded is not told from one that
 * merely lost power. If its host wrote in the last of them it is taken for the newer one, once the other has lost
 * power too.
 */
static bool not_told_apart(const struct m_world *w, unsigned old)
{
	const struct vc_eralog *theirs = &w->host[1 - old].disk.log;
	const struct vc_era *last = vc_eralog_last(&w->host[old].disk.log);
	if (!last || last->writer != old)
		return false;
	for (uint32_t i = theirs->count; i > 0 && theirs->era[i - 1].id != last->id; i--)
		if (theirs->era[i - 1].writer == old || theirs->era[i - 1].members != 3 ||
		    (theirs->era[i - 1].flags & VC_ERA_CONFIRMED))
			return false;
	return true;
}

/*
 * An acknowledged write that was not flushed is not promised any more once every host that had to hold it has
 * lost power since.
 */
void m_both_lost(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h], *peer = &w->host[1 - h];
	bool whole = me->disk.standing != VC_SYNCING && peer->disk.standing != VC_SYNCING;
	me->s.lost |= !me->s.rested;
	if (me->disk.standing == VC_SOLO || !whole || w->env.split.apart || !me->s.lost || !peer->s.lost)
		return;
	for (unsigned old = 0; old < 2; old++)
		if (w->env.split.rolled & bit(old) && !not_told_apart(w, old)) {
			w->env.hold[old] &= w->host[1 - old].s.durable; /* the other is the source */
			return;
		}
	for (unsigned i = 0; i < 2; i++)
		w->env.hold[i] &= me->s.durable & peer->s.durable;
}

void m_put_by(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	m_copy_durable(&me->copy, &me->disk);
	me->s.copied_cells = me->s.durable;
	me->s.copied = true;
}

/* Its copy has been given up for the other host's, or will be, since the word for that is on its way. */
static bool given_up(const struct m_host *to)
{
	if (to->disk.standing == VC_SYNCING)
		return true;
	for (unsigned i = 0; i < to->s.in_n; i++)
		if (to->in[i].what == M_MESSAGE && to->in[i].msg.type == VC_M_GO)
			return true;
	for (unsigned i = 0; i < to->s.ev_n; i++)
		if (to->ev[i].what == M_MESSAGE && to->ev[i].msg.type == VC_M_GO)
			return true;
	return false;
}

/*
 * What only this host held is gone; what the other holds stays promised. A copy that stands alone as it once did
 * may be started while the other is off, since only the other could tell: it is a branch of its own then.
 */
void m_put_back(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	m_copy_durable(&me->disk, &me->copy);
	me->s.cache = me->s.durable = me->s.copied_cells;
	me->s.copied = me->s.rested = false;
	w->env.hold[h] &= me->s.durable;
	if (given_up(&w->host[1 - h]))
		w->env.hold[1 - h] &= me->s.durable;
	w->env.split.rolled |= bit(h);
	w->env.split.forced &= (uint8_t)~bit(h);
	w->env.split.apart |= me->disk.standing == VC_SOLO;
	m_both_lost(w, h);
}

/* A clean stop: the caches of a copy that had lost nothing are flushed. */
void m_stopped(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	bool whole = me->disk.standing == VC_PAIRED || me->disk.standing == VC_OUTDATED;
	me->s.rested |= whole && !me->s.lost && !me->core.disk_failed && me->s.cache == me->s.durable;
}
