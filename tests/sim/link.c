// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Data link of the simulated world. Order is kept within a connection, never between two: the end
 * of an old one may be noticed after the next one is up, or at one end only. What the link layer
 * (replicator/io/link*.c) promises the core is done here by the same rules: a hello of another
 * pairing or incarnation is refused, a new connection replaces the old one, frames of any other
 * count for nothing.
 */
#include <string.h>

#include "tests/sim/world.h"
#include "wire/coremsg.h"

static struct link_item *item_at(struct host *me, unsigned i)
{
	return &me->in[(me->in_head + i) % SIM_QUEUE];
}

static void push(struct world *w, unsigned to, const struct link_item *item)
{
	struct host *peer = &w->host[to];
	if (peer->in_count < SIM_QUEUE)
		*item_at(peer, peer->in_count++) = *item;
	else
		peer->overrun = true; /* a hole in the stream: the connection fails */
}

static void take_out(struct host *me, unsigned i)
{
	me->in_count--;
	if (i == 0) {
		me->in_head = (me->in_head + 1) % SIM_QUEUE;
		return;
	}
	for (; i < me->in_count; i++)
		*item_at(me, i) = *item_at(me, i + 1);
}

/* Through a connection whose other end is gone nothing is carried any more. */
void sim_link_push(struct world *w, unsigned from, const struct link_item *item)
{
	struct host *me = &w->host[from];
	struct link_item sent = *item;
	sent.conn = me->conn;
	if (me->conn && me->conn == w->conn && w->conn_alive)
		push(w, 1 - from, &sent);
}

/* A message crosses as bytes. */
void sim_link_send(struct world *w, unsigned h, const struct vc_msg *msg)
{
	struct link_item item = {.what = SIM_MESSAGE};
	uint8_t bytes[VX_MAX];
	int len = vx_encode(msg, bytes);
	if (len < 0 || vx_decode(&item.msg, bytes, (size_t)len) < 0 ||
	    !sim_same(&item.msg, msg, sizeof *msg))
		sim_violation(w, h, "a message of the link decodes to something else");
	sim_link_push(w, h, &item);
}

/* ---- the end of a connection ---------------------------------------------------------------- */

/* Frames of a connection that did not arrive before its end: the newest are lost. */
static void lose_some(struct world *w, unsigned h, uint64_t conn, bool all)
{
	struct host *me = &w->host[h];
	uint64_t keep = all ? 0 : world_random(w, me->in_count + 1);
	for (unsigned i = me->in_count; i > keep; i--) {
		const struct link_item *it = item_at(me, i - 1);
		if (it->conn == conn && !it->local)
			take_out(me, i - 1);
	}
}

static void end_at(struct world *w, unsigned h, uint64_t conn)
{
	struct link_item down = {.what = SIM_DOWN, .local = true, .conn = conn};
	lose_some(w, h, conn, w->blocked[h]);
	push(w, h, &down);
}

/* This end closes; the other one is told unless the way to it is blocked. */
static void close_end(struct world *w, unsigned h, uint64_t conn)
{
	struct host *me = &w->host[h];
	for (unsigned i = me->in_count; i > 0; i--)
		if (item_at(me, i - 1)->conn == conn)
			take_out(me, i - 1);
	if (me->conn == conn)
		me->conn = 0;
	me->link_silent_ms = 0;
	if (conn != w->conn || !w->conn_alive)
		return;
	w->conn_alive = false;
	if (!w->blocked[1 - h]) {
		end_at(w, 1 - h, conn);
		return;
	}
	lose_some(w, 1 - h, conn, true);
	w->n.half_open++;
}

void sim_drop_connection(struct world *w)
{
	if (!w->conn_alive)
		return;
	w->conn_alive = false;
	for (unsigned h = 0; h < 2; h++)
		end_at(w, h, w->conn);
}

void sim_drop_half(struct world *w, unsigned h)
{
	if (!w->conn_alive)
		return;
	sim_say(w, h, "connection broken; the other host does not notice", "");
	w->conn_alive = false;
	w->n.half_open++;
	lose_some(w, 1 - h, w->conn, false);
	end_at(w, h, w->conn);
}

static void went_down(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	me->conn = 0;
	me->flowing = false;
	sim_settle_requests(w, h);
	world_event_type(w, h, VC_E_LINK_DOWN);
}

void sim_link_timeout(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->conn || !me->worker || sim_stopped(w, h))
		return;
	sim_say(w, h, "nothing heard on the link: closed", "");
	close_end(w, h, me->conn);
	went_down(w, h);
}

void sim_link_pass(struct world *w, unsigned h, uint64_t ms)
{
	struct host *me = &w->host[h];
	bool hears =
	    me->conn == w->conn && w->conn_alive && !w->blocked[h] && !sim_stopped(w, 1 - h);
	if (!me->conn || hears || sim_stopped(w, h)) {
		me->link_silent_ms = 0;
		return;
	}
	me->link_silent_ms += ms;
	if (me->link_silent_ms >= SIM_LINK_TIMEOUT_MS)
		sim_link_timeout(w, h);
}

void sim_link_disable(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	uint64_t conn = me->conn;
	me->link_enabled = false;
	me->overrun = false;
	me->flowing = false;
	for (unsigned i = 0; i < me->event_count; i++) { /* as the worker's shell does */
		struct vc_event *e = &me->events[(me->event_head + i) % SIM_QUEUE];
		if (e->type == VC_E_LINK_UP || e->type == VC_E_LINK_DOWN ||
		    e->type == VC_E_LINK_MSG)
			e->type = VC_E_TICK;
	}
	sim_settle_requests(w, h);
	if (conn)
		close_end(w, h, conn);
	if (w->conn_alive) /* a handshake under way */
		close_end(w, h, w->conn);
	me->in_count = 0;
}

void world_cut_link(struct world *w)
{
	w->link_net_up = false;
	sim_drop_connection(w);
}

/* ---- its beginning -------------------------------------------------------------------------- */

static bool handshake_under_way(struct world *w)
{
	struct host *a = &w->host[0];
	for (unsigned i = 0; i < a->in_count; i++)
		if (item_at(a, i)->what == SIM_UP && item_at(a, i)->conn == w->conn)
			return w->conn_alive;
	return false;
}

static bool listens(const struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	return me->worker && me->link_enabled && !sim_stopped(w, h);
}

/* The first host connects, one connection at a time; the second one may still hold an old one. */
void world_try_connect(struct world *w)
{
	const struct host *a = &w->host[0], *b = &w->host[1];
	if (!w->link_net_up || w->blocked[0] || w->blocked[1] || !listens(w, 0) || !listens(w, 1) ||
	    a->conn || handshake_under_way(w) || a->link_pairing != b->link_pairing ||
	    a->link_peer != b->core.config.incarnation ||
	    b->link_peer != a->core.config.incarnation)
		return;
	w->conn = ++w->serial;
	w->conn_alive = true;
	sim_say(w, 0, "connects", "");
	for (unsigned h = 0; h < 2; h++) {
		const struct host *peer = &w->host[1 - h];
		struct link_item up = {.what = SIM_UP,
				       .conn = w->conn,
				       .pairing = peer->link_pairing,
				       .from = peer->core.config.incarnation,
				       .to = peer->link_peer};
		push(w, h, &up);
	}
}

static bool hello_ok(const struct host *me, const struct link_item *up)
{
	return me->link_enabled && up->pairing == me->link_pairing && up->from == me->link_peer &&
	       up->to == me->core.config.incarnation;
}

static void came_up(struct world *w, unsigned h, const struct link_item *up)
{
	struct host *me = &w->host[h];
	if (!hello_ok(me, up) || up->conn < me->conn) {
		close_end(w, h, up->conn);
		return;
	}
	if (me->conn) {
		sim_say(w, h, "a new connection replaces the old one", "");
		went_down(w, h);
		if (!hello_ok(me, up)) { /* disabled by that */
			close_end(w, h, up->conn);
			return;
		}
	}
	me->conn = up->conn;
	me->link_silent_ms = 0;
	world_event_type(w, h, VC_E_LINK_UP);
}

/* ---- delivery ------------------------------------------------------------------------------- */

/* An item that may come next: the first one of its connection, and not held up by a blocked way. */
static bool may_come(struct world *w, unsigned h, unsigned i)
{
	struct host *me = &w->host[h];
	const struct link_item *it = item_at(me, i);
	if (w->blocked[h] && !it->local)
		return false;
	for (unsigned k = 0; k < i; k++)
		if (item_at(me, k)->conn == it->conn)
			return false;
	return true;
}

static int choose_item(struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	int found = -1;
	for (unsigned i = 0; i < me->in_count; i++) {
		if (!may_come(w, h, i))
			continue;
		if (found < 0 || world_random(w, 3) == 0)
			found = (int)i;
		if (!w->life)
			break;
	}
	return found;
}

static void take_item(struct world *w, unsigned h, const struct link_item *it)
{
	struct host *me = &w->host[h];
	struct vc_event e = {.type = VC_E_LINK_MSG};
	if (it->what == SIM_UP) {
		came_up(w, h, it);
	} else if (it->conn != me->conn) {
		w->n.stale_frames += it->what != SIM_DOWN;
	} else if (it->what == SIM_DOWN) {
		went_down(w, h);
	} else if (it->what == SIM_MESSAGE) {
		e.u.msg.msg = it->msg;
		world_event(w, h, &e);
	} else {
		sim_stream_take(w, h, it);
	}
}

bool world_deliver_link(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->in_count == 0 || !me->worker || sim_stopped(w, h))
		return false;
	int at = choose_item(w, h);
	if (at < 0)
		return false;
	struct link_item item = *item_at(me, (unsigned)at);
	take_out(me, (unsigned)at);
	take_item(w, h, &item);
	if (me->overrun) {
		me->overrun = false;
		sim_drop_connection(w);
	}
	return true;
}
