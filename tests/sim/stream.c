// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's requests and the stream that mirrors them: frames, acknowledgements, resync, resume.
 */
#include <string.h>

#include "tests/sim/world.h"

bool sim_stream_runs(const struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	return me->stream == SIM_SOURCE && me->flowing;
}

/* ---- requests ------------------------------------------------------------------------------- */

static void answer(struct world *w, unsigned h, unsigned at)
{
	struct host *me = &w->host[h];
	struct request r = me->req[at];
	me->req_count--;
	memmove(&me->req[at], &me->req[at + 1], (me->req_count - at) * sizeof me->req[0]);
	sim_acknowledge(w, h, &r);
	if (r.flush)
		sim_maps_settle(w, h);
}

void sim_settle_requests(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	for (unsigned i = 0; i < me->req_count;) {
		bool alone = me->gate == VC_G_SOLO && !sim_stream_runs(w, h);
		bool together =
		    me->req[i].peer_has_it && (me->gate == VC_G_PAIR || me->gate == VC_G_SOLO);
		if (alone || together)
			answer(w, h, i);
		else
			i++;
	}
}

void sim_fail_requests(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	(void)w;
	for (unsigned i = 0; i < me->req_count; i++) {
		me->resumable &= me->req[i].seq == 0;
		me->failed_by_core |= me->req[i].seq && me->gate == VC_G_FAILED;
	}
	me->req_count = 0; /* answered with an error, though it may be on the disk */
}

static void send_request(struct world *w, unsigned h, const struct request *r)
{
	struct link_item item = {
	    .what = r->flush ? SIM_FLUSH : SIM_WRITE, .write = r->write, .seq = r->seq};
	if (sim_stream_runs(w, h))
		sim_link_push(w, h, &item);
}

static bool open_for_requests(const struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	bool open = me->gate == VC_G_SOLO || (me->gate == VC_G_PAIR && me->stream == SIM_SOURCE);
	return me->worker && open && me->req_count < SIM_INFLIGHT && !sim_stopped(w, h);
}

static void begin_request(struct world *w, unsigned h, struct request r)
{
	struct host *me = &w->host[h];
	if (me->stream == SIM_SOURCE)
		r.seq = me->next_seq++;
	me->req[me->req_count++] = r;
	if (r.seq)
		send_request(w, h, &r);
	sim_settle_requests(w, h);
}

void world_guest_write(struct world *w, unsigned h)
{
	if (!open_for_requests(w, h) || w->next_write == SIM_WRITES)
		return;
	struct request r = {.write = w->next_write++};
	sim_maps_write(w, h, r.write);
	sim_add(&w->host[h].cache, r.write);
	begin_request(w, h, r);
}

/* Where no guest may flush, the kernel writes back some of its cache. */
void world_guest_flush(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!open_for_requests(w, h)) {
		for (unsigned i = 0; i < SIM_WRITES / 64; i++)
			me->durable.bit[i] |= me->cache.bit[i] & world_random(w, 0);
		return;
	}
	struct request r = {.flush = true, .covers = w->acked_by[h]};
	me->durable = me->cache;
	begin_request(w, h, r);
}

/* ---- the stream ----------------------------------------------------------------------------- */

void sim_stream_begin(struct world *w, unsigned h, enum stream stream)
{
	struct host *me = &w->host[h];
	me->stream = stream;
	me->next_seq = me->applied_seq = 1;
	me->resumable = true;
	me->failed_by_core = false;
	for (unsigned i = 0; i < me->req_count; i++) {
		me->req[i].seq = 0; /* what waits lost its place: the resync brings it over */
		me->req[i].peer_has_it = false;
	}
	sim_settle_requests(w, h);
}

void sim_stream_target(struct world *w, unsigned h, bool keep_old)
{
	struct host *me = &w->host[h];
	sim_check_target(w, h);
	if (keep_old && !(me->has_old && me->old_of == me->disk.undo)) {
		me->old = me->cache;
		me->old_of = me->disk.undo;
		me->has_old = true;
	}
	sim_maps_target(w, h);
	/* half overwritten is neither the old nor the new content */
	for (unsigned i = 0; i < SIM_WRITES / 64; i++) {
		me->cache.bit[i] &= world_random(w, 0) | ~me->named.bit[i];
		me->durable.bit[i] = (me->durable.bit[i] & ~me->named.bit[i]) | (me->cache.bit[i] & me->named.bit[i]);
	}
	sim_stream_begin(w, h, SIM_TARGET);
	me->flowing = me->conn != 0;
}

void sim_stream_resume(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->stream == SIM_SOURCE && !me->resumable) {
		if (me->failed_by_core)
			sim_violation(w, h, "TRAPS 11: a stream is resumed of which frames were given up");
		world_event_type(w, h, VC_E_STREAM_BROKEN);
		return;
	}
	me->flowing = me->conn != 0;
	for (unsigned i = 0; i < me->req_count && me->stream == SIM_SOURCE; i++)
		if (me->req[i].seq && !me->req[i].peer_has_it)
			send_request(w, h, &me->req[i]);
}

static void take_frame(struct world *w, unsigned h, const struct link_item *item)
{
	struct host *me = &w->host[h];
	struct link_item ack = {.what = SIM_ACK, .seq = item->seq};
	if (me->stream != SIM_TARGET || !me->flowing)
		return;
	if (item->seq > me->applied_seq) {
		world_event_type(w, h, VC_E_STREAM_BROKEN);
		return;
	}
	if (item->seq == me->applied_seq) { /* else it was applied before */
		me->applied_seq++;
		if (item->what == SIM_FLUSH)
			me->durable = me->cache;
		else
			sim_add(&me->cache, item->write);
	}
	sim_link_push(w, h, &ack);
}

void sim_stream_take(struct world *w, unsigned h, const struct link_item *item)
{
	struct host *me = &w->host[h];
	if (item->what != SIM_ACK) {
		take_frame(w, h, item);
		return;
	}
	for (unsigned i = 0; i < me->req_count; i++)
		if (me->req[i].seq == item->seq && sim_stream_runs(w, h))
			me->req[i].peer_has_it = true;
	sim_settle_requests(w, h);
}

/* ---- resync --------------------------------------------------------------------------------- */

static bool resync_runs(const struct world *w, unsigned source)
{
	const struct host *from = &w->host[source], *to = &w->host[1 - source];
	return from->stream == SIM_SOURCE && to->stream == SIM_TARGET && from->flowing &&
	       to->flowing && w->conn_alive && from->conn == w->conn && to->conn == w->conn &&
	       !w->blocked[0] && !w->blocked[1] && from->core.phase == VC_SOURCE &&
	       !sim_stopped(w, source) && !sim_stopped(w, 1 - source);
}

void sim_resync_part(struct world *w, unsigned source)
{
	struct host *from = &w->host[source], *to = &w->host[1 - source];
	if (!resync_runs(w, source))
		return;
	for (unsigned i = 0; i < SIM_WRITES / 64; i++) {
		uint64_t some = world_random(w, 0) & from->named.bit[i];
		from->part.bit[i] |= some;
		to->cache.bit[i] = (to->cache.bit[i] & ~some) | (from->cache.bit[i] & some);
		to->durable.bit[i] &= to->cache.bit[i];
	}
	sim_maps_settle(w, source);
}

/* What is compared of the target's content becomes the source's. */
void world_resync_done(struct world *w, unsigned source)
{
	struct host *from = &w->host[source], *to = &w->host[1 - source];
	if (!resync_runs(w, source))
		return;
	while (world_deliver_link(w, 1 - source))
		;
	if (!resync_runs(w, source))
		return;
	for (unsigned i = 0; i < SIM_WRITES / 64; i++) {
		uint64_t named = from->named.bit[i]; /* what was written since came over the stream */
		from->part.bit[i] |= named;
		to->cache.bit[i] = (to->cache.bit[i] & ~named) | (from->cache.bit[i] & named);
		to->durable.bit[i] &= to->cache.bit[i];
		to->at_risk.bit[i] &= ~to->cache.bit[i];
		from->at_risk.bit[i] &= ~from->cache.bit[i];
	}
	sim_maps_settle(w, source);
	world_event_type(w, source, VC_E_SYNC_DONE);
}
