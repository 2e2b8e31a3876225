// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Data link and group of the simulated world. Each end of the link learns by itself that the
 * connection ended, after what had arrived before; each worker hears its master when it gets to it.
 */
#include <string.h>

#include "tests/sim/world.h"

#define MS VC_NS_PER_MS

bool sim_stopped(const struct world *w, unsigned h)
{
	return w->now < w->host[h].stopped_until;
}

bool sim_stream_runs(const struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	return me->stream == SIM_SOURCE && me->flowing;
}

static void push(struct world *w, unsigned to, const struct link_item *item)
{
	struct host *peer = &w->host[to];
	if (peer->in_count < SIM_QUEUE)
		peer->in[(peer->in_head + peer->in_count++) % SIM_QUEUE] = *item;
	else
		peer->overrun = true; /* a hole in the stream: the connection fails */
}

void sim_send_write(struct world *w, unsigned h, uint64_t seq)
{
	struct link_item item = {.what = SIM_WRITE,
				 .write = (unsigned)w->host[h].pending_write,
				 .seq = seq,
				 .conn = w->conn};
	if (sim_stream_runs(w, h) && w->link_connected)
		push(w, 1 - h, &item);
}

void sim_link_send(struct world *w, unsigned h, const struct vc_msg *msg)
{
	struct link_item item = {.what = SIM_MESSAGE, .msg = *msg};
	if (w->link_connected)
		push(w, 1 - h, &item);
}

/* Some of what is under way is lost, the rest arrives, then the end is noticed. */
static void end_at(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	struct link_item down = {.what = SIM_DOWN};
	unsigned keep = (unsigned)world_random(w, me->in_count + 1);
	/* what says that the link is up or down is of this host's own making */
	while (me->in_count > keep) {
		unsigned last = (me->in_head + me->in_count - 1) % SIM_QUEUE;
		if (me->in[last].what == SIM_UP || me->in[last].what == SIM_DOWN)
			break;
		me->in_count--;
	}
	push(w, h, &down);
}

void sim_drop_connection(struct world *w)
{
	if (!w->link_connected)
		return;
	w->link_connected = false;
	for (unsigned h = 0; h < 2; h++)
		end_at(w, h);
}

void sim_link_disable(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	me->link_enabled = false;
	me->in_count = 0;
	me->overrun = false;
	me->flowing = false;
	for (unsigned i = 0; i < me->event_count; i++) { /* as the worker's shell does */
		struct vc_event *e = &me->events[(me->event_head + i) % SIM_QUEUE];
		if (e->type == VC_E_LINK_UP || e->type == VC_E_LINK_DOWN ||
		    e->type == VC_E_LINK_MSG)
			e->type = VC_E_TICK;
	}
	sim_settle_pending(w, h, false);
	if (w->link_connected) {
		w->link_connected = false;
		end_at(w, 1 - h);
	}
}

void world_try_connect(struct world *w)
{
	struct host *a = &w->host[0], *b = &w->host[1];
	struct link_item up = {.what = SIM_UP};
	if (w->link_connected || !w->link_net_up || !a->worker || !b->worker ||
	    !a->link_enabled || !b->link_enabled || a->link_pairing != b->link_pairing ||
	    a->link_peer != b->core.config.incarnation ||
	    b->link_peer != a->core.config.incarnation || sim_stopped(w, 0) || sim_stopped(w, 1))
		return;
	w->link_connected = true;
	w->conn++;
	sim_say(w, 0, "link up", "");
	push(w, 0, &up);
	push(w, 1, &up);
}

static void take_write(struct world *w, unsigned h, const struct link_item *item)
{
	struct host *me = &w->host[h], *peer = &w->host[1 - h];
	if (me->stream != SIM_TARGET)
		return;
	if (item->seq > me->applied_seq) {
		world_event_type(w, h, VC_E_STREAM_BROKEN);
		return;
	}
	if (item->seq == me->applied_seq) { /* else it was applied before */
		me->applied_seq++;
		sim_add(&me->cache, item->write);
	}
	if (peer->pending_write == (int)item->write && peer->pending_seq == item->seq &&
	    w->link_connected && item->conn == w->conn && me->flowing && peer->flowing)
		sim_settle_pending(w, 1 - h, true);
}

static void link_went_down(struct world *w, unsigned h)
{
	w->host[h].flowing = false;
	sim_settle_pending(w, h, false);
	world_event_type(w, h, VC_E_LINK_DOWN);
}

bool world_deliver_link(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->in_count == 0 || !me->worker || sim_stopped(w, h))
		return false;
	struct link_item item = me->in[me->in_head];
	me->in_head = (me->in_head + 1) % SIM_QUEUE;
	me->in_count--;
	struct vc_event e = {.type = VC_E_LINK_MSG};
	switch (item.what) {
	case SIM_UP:
		world_event_type(w, h, VC_E_LINK_UP);
		break;
	case SIM_DOWN:
		link_went_down(w, h);
		break;
	case SIM_WRITE:
		take_write(w, h, &item);
		break;
	case SIM_MESSAGE:
		e.u.msg.msg = item.msg;
		world_event(w, h, &e);
		break;
	}
	if (me->overrun) {
		me->overrun = false;
		sim_drop_connection(w);
	}
	return true;
}

void world_cut_link(struct world *w)
{
	w->link_net_up = false;
	sim_drop_connection(w);
}

/* ---- group ---------------------------------------------------------------------------------------- */

void sim_tell(struct world *w, unsigned h, const struct vc_event *e)
{
	struct host *me = &w->host[h];
	if (!me->worker)
		return;
	struct vc_event *last = &me->heard[(me->heard_head + me->heard_count + SIM_QUEUE - 1) %
					   SIM_QUEUE];
	if (me->heard_count > 0 && e->type == VC_E_PROOF && last->type == VC_E_PROOF)
		*last = *e; /* one is as good as many */
	else if (me->heard_count < SIM_QUEUE)
		me->heard[(me->heard_head + me->heard_count++) % SIM_QUEUE] = *e;
	else if (!w->violation)
		w->violation = "the simulation's queue is too short";
}

void sim_multicast(struct world *w, unsigned h, const struct vc_msg *msg)
{
	struct vc_event e = {.type = VC_E_MSG};
	if (!sim_in_group(w, h))
		return;
	e.u.msg.sender = w->host[h].master_id;
	e.u.msg.msg = *msg;
	if (w->ring_up && sim_in_group(w, 1 - h))
		sim_tell(w, 1 - h, &e);
	e.u.msg.own = true;
	sim_tell(w, h, &e);
}

bool world_deliver_group(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->heard_count == 0 || !me->worker || sim_stopped(w, h))
		return false;
	struct vc_event e = me->heard[me->heard_head];
	me->heard_head = (me->heard_head + 1) % SIM_QUEUE;
	me->heard_count--;
	world_event(w, h, &e);
	return true;
}
