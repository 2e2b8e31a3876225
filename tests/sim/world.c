// SPDX-License-Identifier: GPL-2.0-or-later
/* Time, power, workers, and the shell's loop around the core. */
#include "tests/sim/world.h"

#include <string.h>

#include "core/eralog.h"
#include "tests/sim/cover.h"

#define MS VC_NS_PER_MS

static const uint8_t unit_id[16] = {1, 2, 3, 4};

uint64_t world_random(struct world *w, uint64_t below)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return below ? w->rng % below : w->rng;
}

/* CLOCK_BOOTTIME of host h: it runs in suspend, nobody sets it, and its rate is a little wrong. */
uint64_t sim_clock(const struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	uint64_t up_ns = w->now - me->boot_at_ns;
	return up_ns + up_ns / 1000000 * (uint64_t)(int64_t)me->drift_ppm;
}

void sim_say(struct world *w, unsigned h, const char *what, const char *detail)
{
	if (w->trace)
		fprintf(w->trace, "%8llu ms  host%u  %s %s\n", (unsigned long long)(w->now / MS),
			h + 1, what, detail);
}

bool sim_stopped(const struct world *w, unsigned h)
{
	return w->now < w->host[h].stopped_until;
}

/* ---- hosts ---------------------------------------------------------------------------------- */

void world_start_worker(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	struct vc_durable first;
	struct vc_config config = {
	    .slot = h,
	    .incarnation = ++w->serial << 8 | (h + 1),
	    .lease_ms = h == 0 ? SIM_LEASE_MS : SIM_LEASE_LONG_MS,
	    .outdate_timeout_ms = 5000,
	    .promote_wait_ms = 8000,
	    .keeps_undo = w->keeps_undo,
	    .keeps_maps = w->keeps_maps && !(w->maps_come_and_go && world_random(w, 3) == 0),
	    .mode = w->mode,
	};
	if (!me->powered || me->worker || sim_stopped(w, h) || !sim_disk_open(w, h, &first))
		return;
	memcpy(config.boot_id, &me->boot, sizeof me->boot);
	me->worker = true;
	me->stopped_clean = false;
	me->link_enabled = false;
	me->conn = 0;
	me->req_count = 0;
	me->stream = SIM_NONE;
	me->flowing = me->draining = me->waiting = me->overrun = false;
	me->in_count = me->heard_count = me->event_count = me->acts.count = me->act_at = 0;
	me->gate = VC_G_READONLY;
	me->strike_in = 0;
	me->asked_promote = me->asked_demote = me->asked_stop = false;
	vc_init(&me->core, &config, &first);
	sim_say(w, h, "worker starts", "");
	sim_attach(w, h);
}

void sim_end_worker(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->worker)
		return;
	const struct vc_action *a = &me->acts.action[me->act_at];
	if (me->waiting && a->type == VC_A_PERSIST)
		sim_persist_cut(w, h, &a->u.durable);
	me->worker = false;
	me->req_count = 0;
	me->stream = SIM_NONE;
	me->gate = VC_G_READONLY;
	me->stopped_until = me->suspended_until;
	sim_link_disable(w, h);
}

void world_kill_worker(struct world *w, unsigned h)
{
	uint64_t incarnation = w->host[h].core.config.incarnation;
	if (!w->host[h].worker)
		return;
	sim_say(w, h, "worker killed", "");
	sim_end_worker(w, h);
	/* The master has seen the process end and says so. */
	if (sim_in_group(w, h) && sim_in_group(w, 1 - h) && w->ring_up && !w->host[h].stale) {
		struct vc_event e = {.type = VC_E_UNIT_DOWN};
		e.u.incarnation = incarnation;
		sim_tell(w, 1 - h, &e);
	}
}

void world_power_off(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->powered)
		return;
	sim_say(w, h, "power off", "");
	sim_end_worker(w, h);
	me->powered = me->master = me->stale = false;
	me->held_count = 0;
	me->view_member = false;
	me->view_master = 0;
	me->stopped_until = me->suspended_until = me->quorum_ends_ns = 0;
	sim_fencer_forget(w, h);
	sim_fencer_down(w, h);
	sim_disk_lose(w, h);
	sim_view(w, 1 - h, VC_LEFT_NODEDOWN);
}

void world_power_on(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->powered)
		return;
	sim_ring_notice(w, 1 - h);
	sim_say(w, h, "power on", "");
	me->powered = true;
	me->boot = ++w->serial;
	if (w->life)
		me->boot_at_ns = w->now - 1000 * MS;
	me->quorate = true;
	sim_view(w, h, VC_LEFT_NODEDOWN);
	sim_view(w, 1 - h, VC_LEFT_NODEDOWN);
	sim_fencer_up(w, h);
	world_start_master(w, h);
	world_start_worker(w, h);
}

void world_stop_worker(struct world *w, unsigned h, uint64_t ms)
{
	if (!w->host[h].worker)
		return;
	sim_say(w, h, "worker stopped for a while", "");
	w->host[h].stopped_until = w->now + ms * MS;
}

/* ---- the shell ------------------------------------------------------------------------------ */

static bool takes_time(const struct vc_action *a)
{
	return a->type == VC_A_PERSIST || a->type == VC_A_FLUSH;
}

/* A worker or a host may end between any two actions. */
static bool struck(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->strike_in == 0 || --me->strike_in > 0)
		return false;
	if (me->strike_power)
		world_power_off(w, h);
	else
		world_kill_worker(w, h);
	return true;
}

static void step(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	struct vc_event *e = &me->events[me->event_head];
	me->event_head = (me->event_head + 1) % SIM_QUEUE;
	me->event_count--;
	e->now_ns = sim_clock(w, h);
	e->rnd = world_random(w, 0) | 1;
	me->act_at = 0;
	uint64_t pairing = me->core.pairing;
	vc_step(&me->core, e, &me->acts);
	/* A pairing made with the false fencing known is none of its business. */
	if (pairing != me->core.pairing && me->told.lie && me->core.pair_fence == me->told.record)
		w->lied_on[1 - h] = false;
	/* It was waited for while it was a member without a vmtwind; now both have agreed anew. */
	if (pairing != me->core.pairing && w->ring_up)
		w->waited_out[h] = false;
	w->n.events++;
	if (w->waited_out[h] && me->core.certain)
		sim_violation(w, h,
			      "TRAPS 4: a host whose lease was waited for still holds a token");
	if (me->core.certain && e->now_ns >= me->core.lease_end_ns)
		sim_violation(w, h, "TRAPS 4: a host holds a token after the end of its lease");
	sim_cover(&me->acts);
}

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
			if (takes_time(a) && me->strike_in == 1) { /* in the midst of it */
				me->waiting = true;
				struck(w, h);
				break;
			}
			me->act_at++;
			sim_perform(w, h, a);
			if (struck(w, h))
				break;
			continue;
		}
		if (me->draining && me->req_count == 0) {
			struct vc_event drained = {.type = VC_E_DRAINED};
			me->draining = false;
			me->events[(me->event_head + me->event_count++) % SIM_QUEUE] = drained;
		}
		if (me->event_count == 0)
			break;
		step(w, h);
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

void world_event_type(struct world *w, unsigned h, enum vc_event_type type)
{
	struct vc_event e = {.type = type};
	world_event(w, h, &e);
}

bool world_disk_done(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->worker || !me->waiting || sim_stopped(w, h))
		return false;
	me->waiting = false;
	sim_perform(w, h, &me->acts.action[me->act_at++]);
	if (!struck(w, h))
		run(w, h);
	return true;
}

/* ---- time ----------------------------------------------------------------------------------- */

static void pass_at(struct world *w, unsigned h, uint64_t ms)
{
	struct host *me = &w->host[h];
	if (!me->powered || w->now < me->suspended_until)
		return;
	if (me->stale && w->now >= me->stale_since_ns + SIM_TOTEM_MS * MS)
		sim_ring_notice(w, h);
	if (me->quorum_ends_ns && w->now >= me->quorum_ends_ns)
		sim_quorum_lost(w, h);
	if (w->life && w->now >= me->fencer_read_ns + SIM_FENCER_READ_MS * MS)
		sim_fencer_read(w, h);
	if (!me->worker)
		return;
	if (sim_in_group(w, h) && me->quorate && !me->stale) {
		struct vc_event e = {.type = VC_E_PROOF};
		e.u.sent_ns = sim_clock(w, h);
		sim_tell(w, h, &e);
	}
	if (!me->waiting && !sim_stopped(w, h))
		world_event_type(w, h, VC_E_TICK);
	sim_link_pass(w, h, ms);
}

void world_pass(struct world *w, uint64_t ms)
{
	w->now += ms * MS;
	for (unsigned h = 0; h < 2; h++)
		pass_at(w, h, ms);
}

void world_settle(struct world *w)
{
	for (unsigned i = 0; i < 2000; i++) {
		bool moved = false;
		for (unsigned h = 0; h < 2; h++) {
			moved |= world_disk_done(w, h);
			moved |= world_deliver_group(w, h);
			moved |= world_deliver_link(w, h);
			if (w->life && w->host[h].fence_asked)
				sim_fencer_read(w, h);
			moved |= sim_fencer_tell(w, h);
		}
		uint64_t was = w->conn;
		world_try_connect(w);
		if (!moved && was == w->conn)
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
	struct vc_durable first = {.standing = VC_SYNCING};
	sim_disk_format(w, 1, &first);
	memcpy(first.unit_id, unit_id, sizeof unit_id);
	first.standing = VC_SOLO;
	vc_eralog_append(&first.log, 4711, 0, 1, 0);
	sim_disk_format(w, 0, &first);
	world_power_on(w, 0);
	world_power_on(w, 1);
}
