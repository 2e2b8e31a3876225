// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Data path and link, as the worker's: one write is one cell, so "nothing acknowledged is lost" is
 * inclusion of sets. And the rules that hold in every state.
 */
#include <stddef.h>
#include <string.h>

#include "core/eralog.h"
#include "tests/model/world.h"

enum { NO_WRITE = 0xff };

static bool stream_runs(const struct m_world *w, unsigned h)
{
	return w->host[h].s.stream == M_SOURCE && w->host[h].s.flowing;
}

/* ---- acknowledgements ------------------------------------------------------------------------------ */

static bool has_era(const struct vc_eralog *log, const struct vc_era *era)
{
	for (uint32_t i = 0; i < log->count; i++)
		if (log->era[i].id == era->id)
			return true;
	return false;
}

/* S5: the era of an acknowledged write is durable on each of its members. */
static const char *era_not_durable(const struct m_world *w, unsigned h, bool pair)
{
	const struct vc_durable *me = &w->host[h].disk, *peer = &w->host[1 - h].disk;
	const struct vc_era *mine = vc_eralog_last(&w->host[h].core.d.log); /* the one it writes in */
	if (!pair)
		return me->standing == VC_SOLO && mine && mine->members == 1u << h &&
			       has_era(&me->log, mine)
			   ? NULL
			   : "S5: acknowledged alone, but no solo era is durable";
	if (me->standing != VC_PAIRED || !mine || mine->members != 3 || !has_era(&me->log, mine))
		return "S5: acknowledged as a pair, but no pair era is durable here";
	if (peer->standing != VC_PAIRED || !has_era(&peer->log, mine))
		return "S5: acknowledged as a pair, but the era is not durable on the peer";
	return NULL;
}

static void acknowledge(struct m_world *w, unsigned h, unsigned write)
{
	struct m_host *me = &w->host[h];
	const char *rule = era_not_durable(w, h, me->s.gate == VC_G_PAIR);
	if (rule)
		m_violate(w, rule);
	if ((m_promised(w, h) & ~me->s.cache) && !w->env.excepted)
		m_violate(w, "S1: acknowledges on a copy that lacks an acknowledged write");
	w->env.hold[h] |= (uint8_t)(1u << write);
	if (me->s.gate == VC_G_PAIR)
		w->env.hold[1 - h] |= (uint8_t)(1u << write);
}

void m_settle_pending(struct m_world *w, unsigned h, bool peer_has_it)
{
	struct m_shell *me = &w->host[h].s;
	if (me->pending == NO_WRITE)
		return;
	bool alone = me->gate == VC_G_SOLO && !stream_runs(w, h);
	me->acked |= peer_has_it;
	bool together = me->acked && (me->gate == VC_G_PAIR || me->gate == VC_G_SOLO);
	if (!alone && !together)
		return;
	unsigned write = me->pending;
	me->pending = NO_WRITE;
	me->acked = false;
	acknowledge(w, h, write);
}

static void push(struct m_world *w, unsigned to, uint8_t what, const struct vc_msg *msg)
{
	struct m_host *peer = &w->host[to];
	if (peer->s.in_n == M_LINK) {
		w->beyond = "more than 6 things under way on the link";
		return;
	}
	struct m_item *item = &peer->in[peer->s.in_n++];
	memset(item, 0, offsetof(struct m_item, msg));
	item->what = what;
	item->live = true;
	if (msg)
		m_copy_msg(&item->msg, msg);
}

static void send_write(struct m_world *w, unsigned h)
{
	struct m_host *peer = &w->host[1 - h];
	if (!stream_runs(w, h) || !w->env.connected)
		return;
	push(w, 1 - h, M_WRITE, NULL);
	if (w->beyond)
		return;
	peer->in[peer->s.in_n - 1].write = w->host[h].s.pending;
	peer->in[peer->s.in_n - 1].seq = w->host[h].s.pending_seq;
}

void m_guest_write(struct m_world *w, unsigned h)
{
	struct m_shell *me = &w->host[h].s;
	me->pending = w->env.next_write++;
	m_maps_write(w, h, me->pending);
	me->cache |= (uint8_t)(1u << me->pending);
	me->pending_seq = 0;
	if (me->stream == M_SOURCE) {
		me->pending_seq = me->next_seq++;
		send_write(w, h);
	}
	m_settle_pending(w, h, false);
}

void m_set_gate(struct m_world *w, unsigned h, enum vc_gate gate)
{
	struct m_host *me = &w->host[h];
	me->s.gate = (uint8_t)gate;
	if (gate == VC_G_FAILED || gate == VC_G_READONLY) {
		me->s.resumable &= me->s.pending == NO_WRITE || !me->s.pending_seq;
		me->s.acked = false;
		me->s.pending = NO_WRITE; /* answered with an error, though it may be on the disk */
	}
	m_settle_pending(w, h, false);
	if (gate != VC_G_SOLO && gate != VC_G_PAIR)
		return;
	if (me->disk.standing != VC_SOLO && me->disk.standing != VC_PAIRED)
		m_violate(w, "S8: writes are let through on an outdated or incomplete copy");
	if (gate == VC_G_SOLO && me->disk.standing != VC_SOLO)
		m_violate(w, "S5: goes alone before its solo era is durable");
	if (gate == VC_G_SOLO && (m_promised(w, h) & ~me->s.cache) && !w->env.excepted)
		m_violate(w, "S1: goes alone on a copy that lacks an acknowledged write");
}

/*
 * A power cut takes what was not flushed (or, by luck, nothing). An acknowledged write that was not flushed
 * is not promised any more once every host that had to hold it has lost power since. Giving up one's copy
 * in a resync is no power cut: then the source must keep the promise.
 */
void m_lose_cache(struct m_world *w, unsigned h, bool keep)
{
	struct m_host *me = &w->host[h];
	if (keep)
		me->s.durable = me->s.cache;
	w->env.hold[h] &= me->s.durable;
	m_both_lost(w, h);
	me->s.cache = me->s.durable;
}

/* ---- stream ---------------------------------------------------------------------------------------- */

void m_begin_stream(struct m_world *w, unsigned h, enum m_stream stream)
{
	struct m_shell *me = &w->host[h].s;
	me->stream = (uint8_t)stream;
	me->next_seq = me->applied_seq = 1;
	me->resumable = true;
	me->acked = false;
	me->named = me->part = 0;
	me->pending_seq = 0; /* what waits lost its place: the resync brings it over */
	m_settle_pending(w, h, false);
}

void m_begin_target(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	m_overwritten(w, h);
	if (m_acked(w) & ~w->host[1 - h].s.cache)
		m_violate(w, "S1: a copy is overwritten by one that lacks an acknowledged write");
	/* half overwritten is neither the old nor the new content: the worst is that all of it is gone */
	uint8_t keeps = (uint8_t)~m_maps_target(w, h);
	me->s.cache &= keeps;
	me->s.durable &= keeps;
	m_begin_stream(w, h, M_TARGET);
	me->s.flowing = w->env.connected;
}

void m_resume(struct m_world *w, unsigned h)
{
	struct m_shell *me = &w->host[h].s;
	if (me->stream == M_SOURCE && !me->resumable) {
		me->broken = true;
		return;
	}
	me->flowing = w->env.connected;
	if (me->stream == M_SOURCE && me->pending != NO_WRITE && me->pending_seq)
		send_write(w, h);
}

bool m_may_resync(const struct m_world *w, unsigned source)
{
	const struct m_host *from = &w->host[source], *to = &w->host[1 - source];
	return from->s.worker && to->s.worker && from->s.stream == M_SOURCE &&
	       to->s.stream == M_TARGET && from->s.flowing && to->s.flowing && w->env.connected &&
	       from->core.phase == VC_SOURCE && !from->core.sync_done && to->s.in_n == 0 &&
	       to->s.ev_n == 0 && !from->s.waiting;
}

void m_resync_done(struct m_world *w, unsigned source)
{
	m_copy_all(w, source);
	m_step_type(w, source, VC_E_SYNC_DONE);
}

/* ---- link ------------------------------------------------------------------------------------------ */

void m_link_send(struct m_world *w, unsigned h, const struct vc_msg *msg)
{
	if (w->env.connected)
		push(w, 1 - h, M_MESSAGE, msg);
}

static void connection_ends(struct m_world *w)
{
	w->env.connected = false;
	for (unsigned h = 0; h < 2; h++)
		for (unsigned i = 0; i < w->host[h].s.in_n; i++)
			w->host[h].in[i].live = false;
}

void m_drop_connection(struct m_world *w)
{
	if (!w->env.connected)
		return;
	connection_ends(w);
	push(w, 0, M_DOWN, NULL);
	push(w, 1, M_DOWN, NULL);
}

void m_link_disable(struct m_world *w, unsigned h)
{
	struct m_shell *me = &w->host[h].s;
	me->link_enabled = false;
	me->in_n = me->ev_n = 0; /* what it said before is not taken for what it says when enabled anew */
	me->flowing = false;
	m_settle_pending(w, h, false);
	if (w->env.connected) {
		connection_ends(w);
		push(w, 1 - h, M_DOWN, NULL);
	}
}

bool m_may_connect(const struct m_world *w)
{
	const struct m_host *a = &w->host[0], *b = &w->host[1];
	return !w->env.connected && w->env.net_up && a->s.worker && b->s.worker &&
	       a->s.link_enabled && b->s.link_enabled && a->s.link_pairing == b->s.link_pairing &&
	       a->s.link_peer == b->core.config.incarnation &&
	       b->s.link_peer == a->core.config.incarnation;
}

void m_connect(struct m_world *w)
{
	w->env.connected = true;
	push(w, 0, M_UP, NULL);
	push(w, 1, M_UP, NULL);
}

static int down_at(const struct m_host *me)
{
	for (unsigned i = 0; i < me->s.in_n; i++)
		if (me->in[i].what == M_DOWN)
			return (int)i;
	return -1;
}

bool m_may_lose(const struct m_world *w, unsigned h)
{
	int at = down_at(&w->host[h]);
	return at > 0 && w->host[h].in[at - 1].what != M_UP;
}

static void take_out(struct m_item *item, uint8_t *n, unsigned at)
{
	for (unsigned i = at; i + 1 < *n; i++) {
		memcpy(&item[i], &item[i + 1], offsetof(struct m_item, msg));
		if (item[i].what == M_MESSAGE)
			m_copy_msg(&item[i].msg, &item[i + 1].msg);
	}
	(*n)--;
}

void m_lose(struct m_world *w, unsigned h)
{
	take_out(w->host[h].in, &w->host[h].s.in_n, (unsigned)down_at(&w->host[h]) - 1);
}

static void take_write(struct m_world *w, unsigned h, const struct m_item *item)
{
	struct m_shell *me = &w->host[h].s, *peer = &w->host[1 - h].s;
	if (me->stream != M_TARGET)
		return;
	if (item->seq > me->applied_seq) {
		me->broken = true;
		return;
	}
	if (item->seq == me->applied_seq) { /* else it was applied before */
		me->applied_seq++;
		me->cache |= (uint8_t)(1u << item->write);
	}
	if (peer->pending == item->write && peer->pending_seq == item->seq && w->env.connected &&
	    item->live && me->flowing && peer->flowing)
		m_settle_pending(w, 1 - h, true);
}

static void decide(struct m_world *w, unsigned h, const struct m_item *item)
{
	struct vc_event e;
	memset(&e, 0, sizeof e);
	if (item->what == M_MESSAGE) {
		e.type = VC_E_LINK_MSG;
		e.u.msg.msg = item->msg;
	} else {
		e.type = item->what == M_UP ? VC_E_LINK_UP : VC_E_LINK_DOWN;
	}
	m_step(w, h, &e);
}

/* The data path takes its part at once; what is the core's waits while the disk keeps it waiting. */
void m_take_link(struct m_world *w, unsigned h)
{
	static struct m_item item;
	struct m_host *me = &w->host[h];
	bool old = !me->s.waiting && me->s.ev_n > 0;
	struct m_item *from = old ? me->ev : me->in;
	memcpy(&item, from, offsetof(struct m_item, msg));
	if (item.what == M_MESSAGE)
		m_copy_msg(&item.msg, &from->msg);
	take_out(from, old ? &me->s.ev_n : &me->s.in_n, 0);
	if (item.what == M_DOWN && !old) {
		me->s.flowing = false;
		m_settle_pending(w, h, false);
	}
	if (item.what == M_WRITE)
		take_write(w, h, &item);
	else if (!me->s.waiting)
		decide(w, h, &item);
	else if (me->s.ev_n < M_LINK)
		me->ev[me->s.ev_n++] = item;
	else
		w->beyond = "too many link events behind a slow disk";
}

/* ---- rules of every state -------------------------------------------------------------------------- */

/* Can host h acknowledge a write of its guest now, with what is there now? */
static bool acknowledges(const struct m_world *w, unsigned h)
{
	const struct m_shell *me = &w->host[h].s, *peer = &w->host[1 - h].s;
	if (!me->worker)
		return false;
	if (me->gate == VC_G_SOLO)
		return true;
	return me->gate == VC_G_PAIR && me->stream == M_SOURCE && me->flowing && peer->worker &&
	       peer->flowing && peer->stream == M_TARGET && w->env.connected;
}

static bool idle(const struct m_host *me)
{
	return me->s.worker && !me->s.waiting && me->s.ev_n == 0 && me->s.in_n == 0 && !me->s.broken;
}

static void check_ends(struct m_world *w)
{
	const struct m_host *a = &w->host[0], *b = &w->host[1];
	if (!w->env.connected || !idle(a) || !idle(b))
		return;
	enum vc_phase p = a->core.phase, q = b->core.phase;
	bool insync = p == VC_INSYNC && q == VC_INSYNC;
	if (!insync && !(p == VC_SOURCE && q == VC_TARGET) && !(p == VC_TARGET && q == VC_SOURCE))
		m_violate(w, "the two ends of the link take it for different things");
	if (insync && a->s.pending == NO_WRITE && b->s.pending == NO_WRITE &&
	    a->s.cache != b->s.cache)
		m_violate(w, "S1: two hosts in sync hold different data");
}

void m_check(struct m_world *w)
{
	if (acknowledges(w, 0) && acknowledges(w, 1) && !w->env.excepted && !w->env.split.apart)
		m_violate(w, "S6: both hosts acknowledge writes");
	check_ends(w);
	for (unsigned h = 0; h < 2; h++) {
		const struct vc_state *s = &w->host[h].core;
		if (!w->host[h].s.worker)
			continue;
		if (s->d.log.count > M_ERAS)
			w->beyond = "more eras than are followed";
	}
}
