// SPDX-License-Identifier: GPL-2.0-or-later
/* Random life: deliveries, guest, cluster manager, faults. And healing at the end. */
#include <errno.h>

#include "tests/sim/world.h"

static bool is_primary(const struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	return me->worker && me->core.role != VC_SECONDARY;
}

/* What Pacemaker would allow: promote only if the other is known not to be promoted. */
static bool may_promote(const struct world *w, unsigned h)
{
	const struct host *peer = &w->host[1 - h];
	const struct host *me = &w->host[h];
	if (!me->worker || !me->powered || !me->master || !me->quorate || is_primary(w, h))
		return false;
	if (w->fenced_by_wait[1 - h] && !w->ring_up)
		return true;
	if (!peer->powered)
		return !w->fence_wanted[1 - h] && !is_primary(w, 1 - h) &&
		       (w->ring_up || me->fence_record_of_peer != 0);
	return w->ring_up && !is_primary(w, 1 - h);
}

static void manage(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	struct vc_view v = vc_look(&me->core, w->now);
	if (!me->worker || !me->master)
		return;
	bool failed = me->core.failed || me->core.disk_failed;
	if (is_primary(w, h) && (failed || world_random(w, 40) == 0) && !me->asked_demote) {
		me->asked_demote = true;
		world_event_type(w, h, VC_E_DEMOTE);
	} else if (may_promote(w, h) && v.score >= 0 && !me->asked_promote) {
		struct vc_view other = vc_look(&w->host[1 - h].core, w->now);
		if (w->ring_up && w->host[1 - h].worker && other.score > v.score)
			return;
		me->asked_promote = true;
		world_event_type(w, h, VC_E_PROMOTE);
	} else if (!is_primary(w, h) && world_random(w, 60) == 0) {
		world_event_type(w, h, VC_E_STOP);
	}
}

/* One quorate side, as with a quorum device, or both, as with two_node. */
static void split(struct world *w)
{
	unsigned winner = (unsigned)world_random(w, 2);
	if (!w->ring_up)
		return;
	world_cut_ring(w);
	if (world_random(w, 2)) {
		w->host[1 - winner].quorate = false;
		struct vc_event e = {.type = VC_E_QUORUM};
		if (w->host[1 - winner].master)
			sim_tell(w, 1 - winner, &e);
	}
	if (world_random(w, 3) == 0)
		world_cut_link(w);
}

static void fault(struct world *w)
{
	unsigned h = (unsigned)world_random(w, 2);
	w->faults++;
	switch (world_random(w, 10)) {
	case 0:
		world_power_off(w, h);
		break;
	case 1:
		world_kill_worker(w, h);
		break;
	case 2:
		world_kill_master(w, h);
		break;
	case 3:
	case 4:
		world_cut_link(w);
		break;
	case 5:
		split(w);
		break;
	case 6:
		world_stop_worker(w, h, 1 + world_random(w, world_random(w, 2) ? 3000 : 60000));
		break;
	case 7:
		if (world_random(w, 4) == 0)
			world_event_type(w, h, VC_E_DISK_FAILED);
		break;
	case 8:
		sim_drop_connection(w); /* and it comes again by itself */
		break;
	default:
		world_event_type(w, h, VC_E_FAIL_HELD);
		break;
	}
}

static void repair(struct world *w)
{
	unsigned h = (unsigned)world_random(w, 2);
	switch (world_random(w, 7)) {
	case 5:
		world_fence_by_wait(w, h);
		break;
	case 0:
		world_power_on(w, h);
		break;
	case 1:
		/* the agent's start after a stop or crash; never while it may be primary */
		world_start_worker(w, h);
		break;
	case 2:
		world_start_master(w, h);
		break;
	case 3:
		w->link_net_up = true;
		break;
	case 4:
		if (!w->fence_wanted[0] && !w->fence_wanted[1])
			world_mend_ring(w);
		break;
	default:
		if (!w->ring_up || !w->host[1 - h].powered || w->fence_wanted[1 - h])
			world_fence(w, h);
		break;
	}
}

static void deliver_one(struct world *w)
{
	unsigned h = (unsigned)world_random(w, 2);
	if (world_random(w, 3) == 0)
		world_disk_done(w, h);
	else if (world_random(w, 2))
		world_deliver_group(w, h);
	else
		world_deliver_link(w, h);
}

/* Mostly the world is quick; now and then a single thing comes alone. */
static void deliver(struct world *w)
{
	uint64_t n = world_random(w, 4) ? 1 + world_random(w, 24) : 1;
	while (n-- > 0)
		deliver_one(w);
}

void world_step(struct world *w)
{
	unsigned h = (unsigned)world_random(w, 2);
	w->steps++;
	world_check_equal(w);
	uint64_t dice = world_random(w, 100);
	if (dice < 45)
		deliver(w);
	else if (dice < 55)
		world_guest_write(w, h);
	else if (dice < 58)
		world_guest_flush(w, h);
	else if (dice < 65)
		world_try_connect(w);
	else if (dice < 70)
		world_resync_done(w, h);
	else if (dice < 78)
		manage(w, h);
	else if (dice < 88)
		world_pass(w, 1 + world_random(w, world_random(w, 20) == 0 ? 15000 : 500));
	else if (world_random(w, 100) < w->fault_rate)
		fault(w);
	else
		repair(w);
}

static bool healthy(const struct world *w)
{
	const struct host *a = &w->host[0], *b = &w->host[1];
	if (!a->worker || !b->worker || a->core.phase != VC_INSYNC || b->core.phase != VC_INSYNC)
		return false;
	return (a->core.role == VC_PRIMARY) != (b->core.role == VC_PRIMARY) &&
	       !a->core.failed && !b->core.failed;
}

bool world_heal(struct world *w)
{
	w->link_net_up = true;
	w->fault_rate = 0;
	w->host[0].stopped_until = w->host[1].stopped_until = 0;
	for (unsigned h = 0; h < 2; h++)
		w->fence_wanted[h] = false;
	world_mend_ring(w);
	for (unsigned h = 0; h < 2; h++)
		world_tell_fence(w, h);
	world_settle(w);
	for (unsigned i = 0; i < 400 && !healthy(w); i++) {
		for (unsigned h = 0; h < 2; h++) {
			if (w->fence_wanted[h])
				world_fence(w, 1 - h);
			world_power_on(w, h);
			world_start_master(w, h);
			world_start_worker(w, h);
		}
		world_settle(w);
		for (unsigned h = 0; h < 2; h++)
			world_resync_done(w, h);
		world_settle(w);
		for (unsigned h = 0; h < 2; h++) {
			struct host *me = &w->host[h];
			struct vc_view v = vc_look(&me->core, w->now);
			if (me->core.disk_failed && me->worker) /* its agent restarts it */
				world_event_type(w, h, VC_E_STOP);
			else if (me->core.failed && is_primary(w, h))
				world_event_type(w, h, VC_E_DEMOTE);
			else if (may_promote(w, h) && v.score >= 0 && !me->asked_promote) {
				me->asked_promote = true;
				world_event_type(w, h, VC_E_PROMOTE);
			}
		}
		world_pass(w, 200);
		world_settle(w);
	}
	world_check_equal(w);
	return healthy(w) && !w->violation;
}
