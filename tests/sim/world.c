// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/sim/world.h"

#include <errno.h>
#include <string.h>

#include "core/eralog.h"

#define MS VC_NS_PER_MS

static const uint8_t unit_id[16] = {1, 2, 3, 4};

uint64_t world_random(struct world *w, uint64_t below)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return below ? w->rng % below : w->rng;
}


void sim_add(struct cells *c, unsigned n)
{
	c->bit[n / 64] |= 1ull << (n % 64);
}

static bool includes(const struct cells *all, const struct cells *some)
{
	for (unsigned i = 0; i < SIM_WRITES / 64; i++)
		if (some->bit[i] & ~all->bit[i])
			return false;
	return true;
}

void sim_say(struct world *w, unsigned h, const char *what, const char *detail)
{
	if (w->trace)
		fprintf(w->trace, "%8llu ms  host%u  %s %s\n", (unsigned long long)(w->now / MS),
			h + 1, what, detail);
}

/* ---- acknowledgements and the oracle -------------------------------------------------------------- */

static void acknowledge(struct world *w, unsigned h, unsigned write)
{
	if (!includes(&w->host[h].cache, &w->acked) && !w->violation)
		w->violation = "a host acknowledges on a copy that lacks an acknowledged write";
	sim_add(&w->acked, write);
	w->acked_count++;
}

/* Acknowledges a write that waits for nothing any more. */
void sim_settle_pending(struct world *w, unsigned h, bool peer_has_it)
{
	struct host *me = &w->host[h];
	if (me->pending_write < 0)
		return;
	bool alone = me->gate == VC_G_SOLO && !sim_stream_runs(w, h);
	bool together = peer_has_it && (me->gate == VC_G_PAIR || me->gate == VC_G_SOLO);
	if (!alone && !together)
		return;
	unsigned write = (unsigned)me->pending_write;
	me->pending_write = -1;
	acknowledge(w, h, write);
	sim_say(w, h, "acknowledged", "");
}

void world_guest_write(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	bool open = me->gate == VC_G_SOLO || (me->gate == VC_G_PAIR && me->stream == SIM_SOURCE);
	if (!me->worker || !open || me->pending_write >= 0 || w->next_write == SIM_WRITES ||
	    sim_stopped(w, h))
		return;
	me->pending_write = (int)w->next_write++;
	sim_add(&me->cache, (unsigned)me->pending_write);
	me->pending_seq = 0;
	if (me->stream == SIM_SOURCE) {
		me->pending_seq = me->next_seq++;
		sim_send_write(w, h, me->pending_seq);
	}
	sim_settle_pending(w, h, false);
}

void world_guest_flush(struct world *w, unsigned h)
{
	w->host[h].durable = w->host[h].cache;
}

/* Resync: the target's content becomes the source's, durably. */
void world_resync_done(struct world *w, unsigned source)
{
	struct host *from = &w->host[source], *to = &w->host[1 - source];
	if (from->stream != SIM_SOURCE || to->stream != SIM_TARGET || !from->flowing ||
	    !to->flowing || !w->link_connected || from->core.phase != VC_SOURCE ||
	    sim_stopped(w, source) || sim_stopped(w, 1 - source))
		return;
	while (world_deliver_link(w, 1 - source))
		;
	if (!from->flowing || !to->flowing || !w->link_connected)
		return;
	to->cache = from->cache;
	world_event_type(w, source, VC_E_SYNC_DONE);
}

void world_check_equal(struct world *w)
{
	const struct host *a = &w->host[0], *b = &w->host[1];
	bool idle = a->pending_write < 0 && b->pending_write < 0 && a->in_count == 0 &&
		    b->in_count == 0;
	if (a->worker && b->worker && a->core.phase == VC_INSYNC && b->core.phase == VC_INSYNC &&
	    w->link_connected && idle && memcmp(&a->cache, &b->cache, sizeof a->cache) != 0 &&
	    !w->violation)
		w->violation = "two hosts in sync hold different data";
}

/* ---- what masters tell ---------------------------------------------------------------------------- */

static void tell_group(struct world *w, unsigned h, uint64_t member, enum vc_departure how)
{
	struct vc_event e = {.type = VC_E_GROUP};
	e.u.group.member = member;
	e.u.group.how = how;
	if (sim_in_group(w, h))
		sim_tell(w, h, &e);
}

static void tell_quorum(struct world *w, unsigned h)
{
	struct vc_event e = {.type = VC_E_QUORUM};
	e.u.quorum.quorate = w->host[h].quorate;
	e.u.quorum.peer_member = w->ring_up && w->host[1 - h].powered;
	if (sim_in_group(w, h))
		sim_tell(w, h, &e);
}

void world_tell_fence(struct world *w, unsigned h)
{
	struct vc_event e = {.type = VC_E_FENCE};
	e.u.fence.read_ns = w->now;
	e.u.fence.record = w->host[h].fence_record_of_peer;
	e.u.fence.known = true;
	e.u.fence.pending = w->fence_wanted[0] || w->fence_wanted[1];
	if (sim_in_group(w, h))
		sim_tell(w, h, &e);
}

static void attach(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!sim_in_group(w, h) || !me->worker)
		return;
	struct vc_event attached = {.type = VC_E_ATTACHED};
	sim_tell(w, h, &attached);
	tell_quorum(w, h);
	if (w->ring_up && sim_in_group(w, 1 - h))
		tell_group(w, h, w->host[1 - h].master_id, VC_JOINED);
	world_tell_fence(w, h);
}

/* ---- hosts ---------------------------------------------------------------------------------------- */

void world_start_worker(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	struct vc_config config = {
	    .slot = h,
	    .incarnation = ++w->serial << 8 | (h + 1),
	    .lease_ms = h == 0 ? SIM_LEASE_MS : SIM_LEASE_LONG_MS,
	    .outdate_timeout_ms = 5000,
	    .promote_wait_ms = 8000,
	};
	if (!me->powered || me->worker)
		return;
	memcpy(config.boot_id, &me->boot, sizeof me->boot);
	me->worker = true;
	me->link_enabled = false;
	me->pending_write = -1;
	me->stream = SIM_NONE;
	me->flowing = me->draining = me->waiting = me->overrun = false;
	me->in_count = me->heard_count = me->event_count = me->acts.count = me->act_at = 0;
	me->gate = VC_G_READONLY;
	me->stopped_until = 0;
	me->asked_promote = me->asked_demote = me->asked_stop = false;
	vc_init(&me->core, &config, &me->disk);
	sim_say(w, h, "worker starts", "");
	attach(w, h);
}

static void end_worker(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->worker)
		return;
	me->worker = false;
	me->pending_write = -1;
	me->stream = SIM_NONE;
	me->gate = VC_G_READONLY;
	sim_link_disable(w, h);
}

void world_kill_worker(struct world *w, unsigned h)
{
	uint64_t incarnation = w->host[h].core.config.incarnation;
	if (!w->host[h].worker)
		return;
	sim_say(w, h, "worker killed", "");
	end_worker(w, h);
	/* The master has seen the process end and says so. */
	if (sim_in_group(w, h) && sim_in_group(w, 1 - h) && w->ring_up) {
		struct vc_event e = {.type = VC_E_UNIT_DOWN};
		e.u.incarnation = incarnation;
		sim_tell(w, 1 - h, &e);
	}
}

void world_kill_master(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!sim_in_group(w, h))
		return;
	sim_say(w, h, "master killed", "");
	struct vc_event lost = {.type = VC_E_MASTER_LOST};
	sim_tell(w, h, &lost); /* what it said before is read first */
	me->master = false;
	if (w->ring_up)
		tell_group(w, 1 - h, me->master_id, VC_LEFT_PROCDOWN);
}

void world_start_master(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->powered || me->master)
		return;
	me->master = true;
	me->master_id = (uint64_t)(h + 1) << 32 | ++w->serial;
	attach(w, h);
	if (w->ring_up)
		tell_group(w, 1 - h, me->master_id, VC_JOINED);
}

/*
 * Half of what was not flushed is lost, as the dice fall. An acknowledged write that was not flushed
 * is not promised any more once every host that had to hold it has lost power since.
 */
static void lose_cache(struct world *w, unsigned h)
{
	struct host *me = &w->host[h], *peer = &w->host[1 - h];
	bool alone = me->disk.standing == VC_SOLO;
	bool peer_lost_power = !peer->powered || memcmp(peer->disk.boot_id, &peer->boot, 8) != 0;
	for (unsigned i = 0; i < SIM_WRITES / 64; i++) {
		uint64_t had = me->cache.bit[i];
		me->durable.bit[i] |= had & world_random(w, 0);
		uint64_t lost = had & ~me->durable.bit[i];
		w->acked.bit[i] &= ~(alone ? lost : lost & ~peer->cache.bit[i]);
		if (!alone && peer_lost_power)
			w->acked.bit[i] &= me->durable.bit[i] & peer->durable.bit[i];
	}
	me->cache = me->durable;
}

void world_power_off(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	uint64_t master = me->master_id;
	bool was_in_group = sim_in_group(w, h);
	if (!me->powered)
		return;
	sim_say(w, h, "power off", "");
	me->powered = me->master = false;
	end_worker(w, h);
	lose_cache(w, h);
	if (w->ring_up && was_in_group)
		tell_group(w, 1 - h, master, VC_LEFT_NODEDOWN);
	tell_quorum(w, 1 - h);
}

void world_power_on(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->powered)
		return;
	sim_say(w, h, "power on", "");
	me->powered = true;
	me->boot = ++w->serial;
	me->quorate = true;
	tell_quorum(w, 1 - h);
	world_start_master(w, h);
	world_start_worker(w, h);
}

void world_cut_ring(struct world *w)
{
	if (!w->ring_up)
		return;
	sim_say(w, 0, "ring cut", "");
	w->ring_up = false;
	w->cut_ns = w->now;
	for (unsigned h = 0; h < 2; h++) {
		tell_quorum(w, h);
		if (sim_in_group(w, 1 - h))
			tell_group(w, h, w->host[1 - h].master_id, VC_LEFT_NODEDOWN);
	}
}

void world_mend_ring(struct world *w)
{
	if (w->ring_up)
		return;
	sim_say(w, 0, "ring mended", "");
	w->ring_up = true;
	w->fenced_by_wait[0] = w->fenced_by_wait[1] = false;
	for (unsigned h = 0; h < 2; h++)
		w->host[h].quorate = true;
	for (unsigned h = 0; h < 2; h++) {
		tell_quorum(w, h);
		if (sim_in_group(w, 1 - h))
			tell_group(w, h, w->host[1 - h].master_id, VC_JOINED);
		world_tell_fence(w, h);
	}
}

void world_fence(struct world *w, unsigned by)
{
	unsigned victim = 1 - by;
	if (!w->host[by].powered || !w->host[by].quorate)
		return;
	sim_say(w, by, "fences the other", "");
	world_power_off(w, victim);
	w->host[by].fence_record_of_peer = ++w->serial;
	w->fence_wanted[victim] = false;
	world_tell_fence(w, by);
}

void world_fence_by_wait(struct world *w, unsigned by)
{
	struct host *me = &w->host[by], *peer = &w->host[1 - by];
	if (w->ring_up || !me->powered || !me->quorate || peer->quorate ||
	    w->now < w->cut_ns + SIM_FENCE_WAIT_MS * MS)
		return;
	sim_say(w, by, "waited out the other's lease", "");
	me->fence_record_of_peer = ++w->serial;
	w->fence_wanted[1 - by] = false;
	w->fenced_by_wait[1 - by] = true;
	world_tell_fence(w, by);
}

void world_stop_worker(struct world *w, unsigned h, uint64_t ms)
{
	if (!w->host[h].worker)
		return;
	sim_say(w, h, "worker stopped for a while", "");
	w->host[h].stopped_until = w->now + ms * MS;
}

/* ---- actions -------------------------------------------------------------------------------------- */

static void note_reply(struct world *w, unsigned h, const struct vc_action *a)
{
	struct host *me = &w->host[h];
	if (a->u.reply.request == VC_E_PROMOTE) {
		me->promote_rc = a->u.reply.rc;
		me->asked_promote = false;
		w->promotions += a->u.reply.rc == 0;
	} else if (a->u.reply.request == VC_E_DEMOTE) {
		me->demote_rc = a->u.reply.rc;
		me->asked_demote = false;
	} else if (a->u.reply.request == VC_E_STOP) {
		me->stop_rc = a->u.reply.rc;
		me->asked_stop = false;
	}
}

static void on_gate(struct world *w, unsigned h, enum vc_gate gate)
{
	struct host *me = &w->host[h];
	me->gate = gate;
	if (me->gate == VC_G_FAILED || me->gate == VC_G_READONLY) {
		me->resumable &= me->pending_write < 0 || !me->pending_seq;
		me->pending_write = -1; /* answered with an error, though it may be on the disk */
	}
	sim_settle_pending(w, h, false);
	if (me->gate == VC_G_SOLO && !includes(&me->cache, &w->acked) && !w->violation)
		w->violation = "a host goes alone on a copy that lacks an acknowledged write";
}

static void begin_stream(struct world *w, unsigned h, enum stream stream)
{
	struct host *me = &w->host[h];
	me->stream = stream;
	me->next_seq = me->applied_seq = 1;
	me->resumable = true;
	me->pending_seq = 0; /* what waits lost its place: the resync brings it over */
	sim_settle_pending(w, h, false);
}

static void begin_target(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	/* half overwritten is neither the old nor the new content */
	for (unsigned i = 0; i < SIM_WRITES / 64; i++)
		me->cache.bit[i] &= world_random(w, 0);
	me->durable = me->cache;
	begin_stream(w, h, SIM_TARGET);
	me->flowing = w->link_connected;
}

static void resume(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->stream == SIM_SOURCE && !me->resumable) {
		world_event_type(w, h, VC_E_STREAM_BROKEN);
		return;
	}
	me->flowing = w->link_connected;
	if (me->stream == SIM_SOURCE && me->pending_write >= 0 && me->pending_seq)
		sim_send_write(w, h, me->pending_seq);
}

static void perform(struct world *w, unsigned h, const struct vc_action *a)
{
	struct host *me = &w->host[h];
	switch (a->type) {
	case VC_A_PERSIST:
		me->disk = a->u.durable;
		break;
	case VC_A_FLUSH:
		me->durable = me->cache;
		break;
	case VC_A_CPG_SEND:
		sim_multicast(w, h, &a->u.msg);
		break;
	case VC_A_LINK_ENABLE:
		me->link_enabled = true;
		me->link_pairing = a->u.link.pairing;
		me->link_peer = a->u.link.peer_incarnation;
		break;
	case VC_A_LINK_DISABLE:
		sim_link_disable(w, h);
		break;
	case VC_A_LINK_SEND:
		sim_link_send(w, h, &a->u.msg);
		break;
	case VC_A_GATE:
		on_gate(w, h, a->u.gate);
		break;
	case VC_A_DRAIN:
		me->draining = true;
		break;
	case VC_A_SOURCE_START:
		begin_stream(w, h, SIM_SOURCE);
		me->flowing = w->link_connected;
		break;
	case VC_A_TARGET_START:
		begin_target(w, h);
		break;
	case VC_A_STREAM_END:
		me->flowing = false;
		begin_stream(w, h, SIM_NONE);
		break;
	case VC_A_STREAM_TURN:
		begin_stream(w, h, me->stream == SIM_SOURCE ? SIM_TARGET : SIM_SOURCE);
		break;
	case VC_A_RESUME:
		resume(w, h);
		break;
	case VC_A_REPLY:
		note_reply(w, h, a);
		break;
	case VC_A_STORY:
		sim_say(w, h, "says:", vc_reason_name(a->u.story));
		w->solos += a->u.story == VC_R_ALONE_CONSENT || a->u.story == VC_R_ALONE_FENCED ||
			    a->u.story == VC_R_ALONE_PROCDOWN || a->u.story == VC_R_PEER_LEFT;
		w->insyncs += a->u.story == VC_R_PAIRED;
		break;
	case VC_A_FENCE_PEER:
		w->fence_wanted[1 - h] = true;
		break;
	case VC_A_EXIT:
		end_worker(w, h);
		break;
	case VC_A_ASK_FENCE:
	case VC_A_VM_DOWN:
	case VC_A_FOLD:
	case VC_A_UNDO_BACK:
	case VC_A_UNDO_DROP:
		break;
	}
}

static bool takes_time(const struct vc_action *a)
{
	return a->type == VC_A_PERSIST || a->type == VC_A_FLUSH;
}

/* A worker or a host may end between any two actions. */
static bool struck(struct world *w, unsigned h)
{
	if (!w->fault_rate || world_random(w, 3000))
		return false;
	w->faults++;
	if (world_random(w, 2))
		world_kill_worker(w, h);
	else
		world_power_off(w, h);
	return true;
}

/* The shell's loop, as in the worker: actions in order, then the next event. */
static void run(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->running)
		return;
	me->running = true;
	while (me->worker && !me->waiting) {
		if (me->act_at < me->acts.count) {
			const struct vc_action *a = &me->acts.action[me->act_at];
			if (takes_time(a) && w->fault_rate && world_random(w, 8) == 0) {
				me->waiting = true; /* done when world_disk_done says so */
				break;
			}
			me->act_at++;
			perform(w, h, a);
			if (a->type == VC_A_ASK_FENCE)
				world_tell_fence(w, h);
			if (struck(w, h))
				break;
			continue;
		}
		if (me->draining && me->pending_write < 0) {
			struct vc_event drained = {.type = VC_E_DRAINED};
			me->draining = false;
			me->events[(me->event_head + me->event_count++) % SIM_QUEUE] = drained;
		}
		if (me->event_count == 0)
			break;
		struct vc_event *e = &me->events[me->event_head];
		me->event_head = (me->event_head + 1) % SIM_QUEUE;
		me->event_count--;
		e->now_ns = w->now;
		e->rnd = world_random(w, 0) | 1;
		me->act_at = 0;
		vc_step(&me->core, e, &me->acts);
	}
	me->running = false;
}

void world_event(struct world *w, unsigned h, struct vc_event *e)
{
	struct host *me = &w->host[h];
	if (!me->worker)
		return;
	if (me->event_count + 1 >= SIM_QUEUE) {
		world_kill_worker(w, h);
		return;
	}
	me->events[(me->event_head + me->event_count++) % SIM_QUEUE] = *e;
	run(w, h);
}

bool world_disk_done(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->worker || !me->waiting || sim_stopped(w, h))
		return false;
	me->waiting = false;
	perform(w, h, &me->acts.action[me->act_at++]);
	run(w, h);
	return true;
}

void world_event_type(struct world *w, unsigned h, enum vc_event_type type)
{
	struct vc_event e = {.type = type};
	world_event(w, h, &e);
}

void world_pass(struct world *w, uint64_t ms)
{
	w->now += ms * MS;
	for (unsigned h = 0; h < 2; h++) {
		struct host *me = &w->host[h];
		if (!me->worker)
			continue;
		if (sim_in_group(w, h) && me->quorate) {
			struct vc_event e = {.type = VC_E_PROOF};
			e.u.sent_ns = w->now;
			sim_tell(w, h, &e);
		}
		if (me->worker && !me->waiting && !sim_stopped(w, h))
			world_event_type(w, h, VC_E_TICK);
	}
}

void world_settle(struct world *w)
{
	for (unsigned i = 0; i < 2000; i++) {
		bool moved = false;
		for (unsigned h = 0; h < 2; h++) {
			moved |= world_disk_done(w, h);
			moved |= world_deliver_group(w, h);
			moved |= world_deliver_link(w, h);
		}
		bool was = w->link_connected;
		world_try_connect(w);
		if (!moved && was == w->link_connected)
			return;
	}
}

void world_init(struct world *w, uint64_t seed, FILE *trace)
{
	memset(w, 0, sizeof *w);
	w->rng = seed * 0x9e3779b97f4a7c15ull + 88172645463325252ull;
	w->now = 1000 * MS;
	w->trace = trace;
	w->ring_up = w->link_net_up = true;
	for (unsigned h = 0; h < 2; h++) {
		struct host *me = &w->host[h];
		me->quorate = true;
		me->pending_write = -1;
		me->disk.standing = VC_SYNCING;
	}
	memcpy(w->host[0].disk.unit_id, unit_id, sizeof unit_id);
	w->host[0].disk.standing = VC_SOLO;
	vc_eralog_append(&w->host[0].disk.log, 4711, 0, 1, 0);
	world_power_on(w, 0);
	world_power_on(w, 1);
}
