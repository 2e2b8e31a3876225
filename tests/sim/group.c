// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Corosync and the masters of the simulated world. All that is said in the group comes in one order
 * to both hosts. A broken ring is noticed late: until then nothing that is said comes to anybody,
 * not even to the speaker, and the view of the other host stays as it was. Quorum and group are two
 * channels.
 */
#include <string.h>

#include "tests/sim/world.h"
#include "wire/coremsg.h"

void sim_tell(struct world *w, unsigned h, const struct vc_event *e)
{
	struct host *me = &w->host[h];
	if (!me->worker || !sim_in_group(w, h))
		return;
	struct vc_event *last =
	    &me->heard[(me->heard_head + me->heard_count + SIM_QUEUE - 1) % SIM_QUEUE];
	if (me->heard_count > 0 && e->type == VC_E_PROOF && last->type == VC_E_PROOF)
		*last = *e; /* one is as good as many */
	else if (me->heard_count < SIM_QUEUE)
		me->heard[(me->heard_head + me->heard_count++) % SIM_QUEUE] = *e;
	else
		sim_violation(w, h, "the simulation's queue is too short");
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

/* ---- messages ------------------------------------------------------------------------------- */

static void deliver_msg(struct world *w, unsigned to, unsigned from, const struct vc_msg *msg)
{
	struct vc_event e = {.type = VC_E_MSG};
	uint8_t bytes[VX_MAX];
	int len = vx_encode(msg, bytes);
	if (len < 0 || vx_decode(&e.u.msg.msg, bytes, (size_t)len) < 0 ||
	    !sim_same(&e.u.msg.msg, msg, sizeof *msg))
		sim_violation(w, from, "a message of the group decodes to something else");
	e.u.msg.sender = w->host[from].master_id;
	e.u.msg.own = to == from;
	sim_tell(w, to, &e);
}

void sim_multicast(struct world *w, unsigned h, const struct vc_msg *msg)
{
	struct host *me = &w->host[h];
	if (!sim_in_group(w, h))
		return;
	if (me->stale) {
		if (me->held_count == sizeof me->held / sizeof me->held[0])
			sim_violation(w, h,
				      "the simulation's queue for a broken ring is too short");
		else
			me->held[me->held_count++] = *msg;
		return;
	}
	if (w->ring_up && sim_in_group(w, 1 - h))
		deliver_msg(w, 1 - h, h, msg);
	deliver_msg(w, h, h, msg);
}

/* ---- who is there --------------------------------------------------------------------------- */

static void tell_group(struct world *w, unsigned h, uint64_t member, enum vc_departure how)
{
	struct vc_event e = {.type = VC_E_GROUP};
	e.u.group.member = member;
	e.u.group.how = how;
	sim_tell(w, h, &e);
}

static void tell_quorum(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	vc_seen_since(&me->quorate_ns, me->quorate, sim_clock(w, h));
	vc_seen_member(&me->seen, me->view_member, sim_clock(w, h));
	struct vc_event e = {.type = VC_E_QUORUM};
	e.u.quorum.quorate = w->host[h].quorate;
	e.u.quorum.peer_member = w->host[h].view_member;
	sim_tell(w, h, &e);
}

/* What a master sees when it begins. */
static void look_again(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	vc_seen_since(&me->quorate_ns, me->quorate, sim_clock(w, h));
	vc_seen_member(&me->seen, me->view_member, sim_clock(w, h));
	vc_seen_daemon(&me->seen, me->view_master != 0, sim_clock(w, h));
}

static void view_group(struct world *w, unsigned h, uint64_t master, enum vc_departure how)
{
	struct host *me = &w->host[h];
	if (me->view_master == master)
		return;
	if (me->view_master)
		tell_group(w, h, me->view_master, how);
	me->view_master = master;
	vc_seen_daemon(&me->seen, master != 0, sim_clock(w, h));
	if (master)
		tell_group(w, h, master, VC_JOINED);
}

void sim_view(struct world *w, unsigned h, enum vc_departure how)
{
	struct host *me = &w->host[h];
	const struct host *peer = &w->host[1 - h];
	if (!me->powered || me->stale)
		return;
	bool member = w->ring_up && peer->powered;
	uint64_t master = member && peer->master ? peer->master_id : 0;
	bool group_first = w->life ? world_random(w, 2) : !member;
	if (group_first)
		view_group(w, h, master, how);
	if (me->view_member != member) {
		me->view_member = member;
		me->peer_clean = false;
		tell_quorum(w, h);
	}
	view_group(w, h, master, how);
}

void sim_attach(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	struct vc_event attached = {.type = VC_E_ATTACHED};
	if (!sim_in_group(w, h) || !me->worker)
		return;
	sim_tell(w, h, &attached);
	tell_quorum(w, h);
	if (me->view_master)
		tell_group(w, h, me->view_master, VC_JOINED);
	world_tell_fence(w, h);
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
	me->held_count = 0;
	sim_fencer_forget(w, h);
	sim_view(w, 1 - h, VC_LEFT_PROCDOWN);
}

void world_start_master(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->powered || me->master)
		return;
	sim_ring_notice(w, h); /* a group is joined only in a ring that works */
	sim_ring_notice(w, 1 - h);
	sim_say(w, h, "master starts", "");
	me->master = true;
	me->master_id = (uint64_t)(h + 1) << 32 | ++w->serial;
	me->seen = (struct vc_seen){0}; /* it begins to look now */
	me->quorate_ns = 0;
	look_again(w, h);
	sim_attach(w, h);
	sim_view(w, 1 - h, VC_LEFT_PROCDOWN);
}

/* ---- the ring ------------------------------------------------------------------------------- */

void sim_ring_stale(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->powered || me->stale)
		return;
	me->stale = true;
	me->stale_since_ns = w->now;
}

void sim_ring_notice(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->stale)
		return;
	me->stale = false;
	sim_say(w, h, "notices what became of the ring", "");
	sim_view(w, h, VC_LEFT_NODEDOWN);
	for (unsigned i = 0; i < me->held_count && me->master; i++)
		deliver_msg(w, h, h, &me->held[i]);
	me->held_count = 0;
}

void world_cut_ring(struct world *w)
{
	if (!w->ring_up)
		return;
	sim_say(w, 0, "ring cut", "");
	w->ring_up = false;
	w->cut_ns = w->now;
	for (unsigned h = 0; h < 2; h++)
		sim_lie_found(w, h);
	for (unsigned h = 0; h < 2; h++)
		sim_view(w, h, VC_LEFT_NODEDOWN);
}

void sim_cut_ring_late(struct world *w)
{
	if (!w->ring_up)
		return;
	sim_say(w, 0, "ring cut, not noticed yet", "");
	w->ring_up = false;
	w->cut_ns = w->now;
	for (unsigned h = 0; h < 2; h++)
		sim_lie_found(w, h);
	for (unsigned h = 0; h < 2; h++)
		sim_ring_stale(w, h);
}

void sim_quorum_lost(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	me->quorum_ends_ns = 0;
	if (!me->powered || !me->quorate || w->ring_up)
		return;
	sim_say(w, h, "hears that it is not quorate", "");
	me->quorate = false;
	tell_quorum(w, h);
}

void world_mend_ring(struct world *w)
{
	if (w->ring_up)
		return;
	for (unsigned h = 0; h < 2; h++)
		sim_ring_notice(w, h);
	sim_say(w, 0, "ring mended", "");
	w->ring_up = true;
	for (unsigned h = 0; h < 2; h++) {
		bool was = w->host[h].quorate;
		sim_lie_found(w, h);
		w->waited_out[h] = false;
		w->host[h].quorate = true;
		w->host[h].quorum_ends_ns = 0;
		if (!was && !w->host[1 - h].powered)
			tell_quorum(w, h);
	}
	sim_fencers_meet(w);
	for (unsigned h = 0; h < 2; h++) {
		sim_view(w, h, VC_LEFT_NODEDOWN);
		if (!w->life)
			world_tell_fence(w, h);
	}
}
