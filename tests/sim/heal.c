// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of a life: no more faults, everything repaired. Does the unit come to serve again by
 * itself? */
#include "tests/sim/op.h"

static bool healthy(const struct world *w)
{
	const struct host *a = &w->host[0], *b = &w->host[1];
	if (!a->worker || !b->worker || a->core.phase != VC_INSYNC || b->core.phase != VC_INSYNC)
		return false;
	return (a->core.role == VC_PRIMARY) != (b->core.role == VC_PRIMARY) && !a->core.failed &&
	       !b->core.failed;
}

static void mend(struct world *w)
{
	w->fault_rate = 0;
	w->link_net_up = true;
	w->blocked[0] = w->blocked[1] = false;
	for (unsigned h = 0; h < 2; h++) {
		w->host[h].stopped_until = w->host[h].suspended_until = 0;
		w->host[h].strike_in = 0;
		if (w->fencing[h].active)
			sim_fence_end(w, 1 - h,
				      w->fencing[h].killed ? SIM_FENCE_OK : SIM_FENCE_FAILED);
		w->fence_wanted[h] = false;
	}
	world_mend_ring(w);
}

static void restart(struct world *w, unsigned h)
{
	if (w->fence_wanted[h] && sim_fence_begin(w, 1 - h, false)) {
		sim_fence_kill(w, 1 - h);
		sim_fence_end(w, 1 - h, SIM_FENCE_OK);
	}
	if (w->fencing[h].active) /* whose asker was down */
		sim_fence_end(w, 1 - h, w->fencing[h].killed ? SIM_FENCE_OK : SIM_FENCE_FAILED);
	world_power_on(w, h);
	sim_fencer_up(w, h);
	world_start_master(w, h);
	world_start_worker(w, h);
}

static void manage(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	struct vc_view v = vc_look(&me->core, sim_clock(w, h));
	if (me->core.disk_failed && me->worker) { /* its agent restarts it */
		world_event_type(w, h, VC_E_STOP);
	} else if (me->core.failed && sim_is_primary(w, h)) {
		world_event_type(w, h, VC_E_DEMOTE);
	} else if (sim_may_promote(w, h) && v.score >= 0 && !me->asked_promote) {
		me->asked_promote = true;
		world_event_type(w, h, VC_E_PROMOTE);
	}
}

/* Both branches of a fork are there, and both hosts know. */
static bool fork_kept(const struct world *w)
{
	for (unsigned h = 0; h < 2; h++) {
		const struct host *me = &w->host[h];
		bool known =
		    me->core.verdict == VC_R_DIVERGED || me->core.verdict == VC_R_ROLLED_BACK;
		if (!known || !sim_includes(&me->cache, &w->acked_by[h]))
			return false;
	}
	return true;
}

static enum sim_end end_of(struct world *w)
{
	if (healthy(w)) {
		for (unsigned h = 0; h < 2; h++)
			if (!sim_includes(&w->host[h].cache, &w->acked_by[h]))
				sim_violation(w, h, "S1: in sync without an acknowledged write");
		return SIM_HEALED;
	}
	if (w->branched && fork_kept(w)) {
		w->n.forks++;
		return SIM_FORK;
	}
	for (unsigned h = 0; h < 2 && w->branched; h++)
		if (w->host[h].core.verdict == VC_R_NO_COMPLETE_COPY)
			return SIM_NO_COPY;
	return SIM_STUCK;
}

enum sim_end sim_heal(struct world *w)
{
	w->rng = 88172645463325252ull;
	mend(w);
	world_settle(w);
	for (unsigned i = 0; i < 400 && !healthy(w) && !w->violation; i++) {
		for (unsigned h = 0; h < 2; h++)
			restart(w, h);
		world_settle(w);
		for (unsigned h = 0; h < 2; h++)
			world_resync_done(w, h);
		world_settle(w);
		for (unsigned h = 0; h < 2; h++)
			manage(w, h);
		world_pass(w, 200);
		world_settle(w);
	}
	sim_check(w);
	return end_of(w);
}
