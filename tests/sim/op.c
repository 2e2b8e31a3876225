// SPDX-License-Identifier: GPL-2.0-or-later
/* Carries out operations. One that makes no sense in the state of the world does nothing. */
#include "tests/sim/op.h"

static const bool is_fault[SIM_OP_COUNT] = {
#define SIM_X(name, fault, words) [SIM_OP_##name] = (fault) != 0,
    SIM_OPS(SIM_X)
#undef SIM_X
};

static const char *const op_words[SIM_OP_COUNT] = {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): an initialiser */
#define SIM_X(name, fault, words) [SIM_OP_##name] = words,
    SIM_OPS(SIM_X)
#undef SIM_X
};

void sim_op_words(FILE *to, const struct sim_op *op)
{
	for (const char *p = op_words[op->kind]; *p; p++) {
		if (*p != '%')
			putc(*p, to);
		else if (*++p == 'h')
			fprintf(to, "%u", op->host + 1u);
		else
			fprintf(to, "%lu", (unsigned long)op->arg);
	}
	putc('\n', to);
}

bool sim_is_primary(const struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	return me->worker && me->core.role != VC_SECONDARY;
}

bool sim_may_promote(const struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	if (!me->powered || !me->worker || !me->master || !me->quorate || sim_is_primary(w, h))
		return false;
	return me->view_member && !me->stale ? !sim_is_primary(w, 1 - h) : me->peer_clean;
}

/* ---- single operations ---------------------------------------------------------------------- */

static bool deliver_one(struct world *w)
{
	unsigned h = (unsigned)world_random(w, 2);
	switch (world_random(w, 8)) {
	case 0:
	case 1:
		return world_disk_done(w, h);
	case 2:
		if (w->host[h].fence_asked)
			sim_fencer_read(w, h);
		return sim_fencer_tell(w, h);
	case 3:
	case 4:
	case 5:
		return world_deliver_group(w, h);
	default:
		return world_deliver_link(w, h);
	}
}

static bool deliver(struct world *w, unsigned h, uint32_t n)
{
	(void)h;
	while (n-- > 0 && !w->violation)
		deliver_one(w);
	return true;
}

static bool quiet(struct world *w, uint32_t n)
{
	while (n-- > 0 && !w->violation) {
		world_pass(w, 500);
		world_settle(w);
	}
	return true;
}

static bool request(struct world *w, unsigned h, enum vc_event_type type)
{
	struct host *me = &w->host[h];
	if (!me->worker || !me->powered)
		return false;
	me->asked_promote |= type == VC_E_PROMOTE;
	me->asked_demote |= type == VC_E_DEMOTE;
	me->asked_stop |= type == VC_E_STOP;
	world_event_type(w, h, type);
	return true;
}

/* The agent stops what it has demoted. */
static bool stop(struct world *w, unsigned h)
{
	return !sim_is_primary(w, h) && request(w, h, VC_E_STOP);
}

static bool power_off(struct world *w, unsigned h, bool late)
{
	if (!w->host[h].powered)
		return false;
	if (late && w->ring_up && w->host[1 - h].view_member)
		sim_ring_stale(w, 1 - h);
	world_power_off(w, h);
	return true;
}

static bool strike(struct world *w, unsigned h, uint32_t n, bool power)
{
	struct host *me = &w->host[h];
	if (!me->worker)
		return false;
	me->strike_in = n + 1;
	me->strike_power = power;
	return true;
}

static bool suspend(struct world *w, unsigned h, uint32_t ms)
{
	struct host *me = &w->host[h];
	if (!me->powered || w->now < me->suspended_until)
		return false;
	sim_say(w, h, "suspended", "");
	me->suspended_until = w->now + ms * VC_NS_PER_MS;
	if (me->stopped_until < me->suspended_until)
		me->stopped_until = me->suspended_until;
	if (ms > SIM_TOTEM_MS &&
	    w->ring_up) { /* it comes back to a cluster that goes on without it */
		sim_cut_ring_late(w);
		me->quorum_ends_ns = w->now + 1;
	}
	return true;
}

static bool split(struct world *w, const struct sim_op *op, bool late, bool quorate)
{
	unsigned loser = op->host;
	if (!w->ring_up)
		return false;
	w->two_node = quorate;
	if (late)
		sim_cut_ring_late(w);
	else
		world_cut_ring(w);
	if (!quorate && !late)
		sim_quorum_lost(w, loser);
	else if (!quorate)
		w->host[loser].quorum_ends_ns = w->now + op->arg * VC_NS_PER_MS;
	return true;
}

static bool disk_failed(struct world *w, unsigned h)
{
	if (!w->host[h].worker)
		return false;
	world_event_type(w, h, VC_E_DISK_FAILED);
	return true;
}

static bool drop(struct world *w)
{
	bool was = w->conn_alive;
	sim_drop_connection(w);
	return was;
}

static bool cut_link(struct world *w)
{
	bool was = w->link_net_up;
	world_cut_link(w);
	return was;
}

static bool block_link(struct world *w, unsigned h)
{
	bool was = w->blocked[h];
	w->blocked[h] = true;
	return !was;
}

static bool mend_link(struct world *w)
{
	w->link_net_up = true;
	w->blocked[0] = w->blocked[1] = false;
	return true;
}

static bool wall_jump(struct world *w, unsigned h, uint32_t s)
{
	w->host[h].wall_off_ns += ((int64_t)s - UINT32_MAX / 2) * 1000000000;
	return true;
}

static bool kill_worker(struct world *w, unsigned h)
{
	bool was = w->host[h].worker;
	world_kill_worker(w, h);
	return was;
}

static bool kill_master(struct world *w, unsigned h)
{
	bool was = sim_in_group(w, h);
	world_kill_master(w, h);
	return was;
}

static bool stop_worker(struct world *w, unsigned h, uint32_t ms)
{
	bool can = w->host[h].worker && !sim_stopped(w, h);
	if (can)
		world_stop_worker(w, h, ms);
	return can;
}

static bool fencer_down(struct world *w, unsigned h)
{
	bool was = w->host[h].fencer_up;
	sim_fencer_down(w, h);
	return was;
}

/* ---- dispatch ------------------------------------------------------------------------------- */

static bool do_fault(struct world *w, const struct sim_op *op)
{
	unsigned h = op->host;
	switch ((enum sim_op_kind)op->kind) {
	case SIM_OP_POWER_OFF:
	case SIM_OP_POWER_OFF_LATE:
		return power_off(w, h, op->kind == SIM_OP_POWER_OFF_LATE);
	case SIM_OP_KILL_WORKER:
		return kill_worker(w, h);
	case SIM_OP_KILL_MASTER:
		return kill_master(w, h);
	case SIM_OP_STRIKE_WORKER:
	case SIM_OP_STRIKE_POWER:
		return strike(w, h, op->arg, op->kind == SIM_OP_STRIKE_POWER);
	case SIM_OP_STOP_WORKER:
		return stop_worker(w, h, op->arg);
	case SIM_OP_SUSPEND:
		return suspend(w, h, op->arg);
	case SIM_OP_DISK_FAILED:
		return disk_failed(w, h);
	case SIM_OP_CUT_LINK:
		return cut_link(w);
	case SIM_OP_BLOCK_LINK:
		return block_link(w, h);
	case SIM_OP_DROP:
		return drop(w);
	case SIM_OP_DROP_HALF:
		sim_drop_half(w, h);
		return true;
	case SIM_OP_LINK_TIMEOUT:
		sim_link_timeout(w, h);
		return true;
	case SIM_OP_SPLIT:
	case SIM_OP_SPLIT_QUORATE:
		return split(w, op, false, op->kind == SIM_OP_SPLIT_QUORATE);
	case SIM_OP_SPLIT_LATE:
	case SIM_OP_SPLIT_QUORATE_LATE:
		return split(w, op, true, op->kind == SIM_OP_SPLIT_QUORATE_LATE);
	case SIM_OP_FENCER_DOWN:
		return fencer_down(w, h);
	case SIM_OP_WALL_JUMP:
		return wall_jump(w, h, op->arg);
	case SIM_OP_PUT_BACK:
		return sim_disk_put_back(w, h);
	default:
		return false;
	}
}

static bool do_fencing(struct world *w, const struct sim_op *op)
{
	unsigned h = op->host;
	switch ((enum sim_op_kind)op->kind) {
	case SIM_OP_FENCER_READ:
		sim_fencer_read(w, h);
		return true;
	case SIM_OP_FENCER_TELL:
		return sim_fencer_tell(w, h);
	case SIM_OP_FENCER_UP:
		sim_fencer_up(w, h);
		return true;
	case SIM_OP_FENCE_BEGIN:
	case SIM_OP_FENCE_BY_HAND:
		return sim_fence_begin(w, h, op->kind == SIM_OP_FENCE_BY_HAND);
	case SIM_OP_FENCE_KILL:
		return sim_fence_kill(w, h);
	case SIM_OP_FENCE_OK:
		return sim_fence_end(w, h, SIM_FENCE_OK);
	case SIM_OP_FENCE_FAILED:
		return sim_fence_end(w, h, SIM_FENCE_FAILED);
	case SIM_OP_FENCE_WAITED:
		return sim_fence_end(w, h, SIM_FENCE_WAITED);
	case SIM_OP_FENCE_LIE:
		return sim_fence_end(w, h, SIM_FENCE_LIE);
	case SIM_OP_UNFENCE:
		sim_unfence(w, h);
		return true;
	default:
		return do_fault(w, op);
	}
}

static bool do_repair(struct world *w, const struct sim_op *op)
{
	unsigned h = op->host;
	switch ((enum sim_op_kind)op->kind) {
	case SIM_OP_NOTICE:
		sim_ring_notice(w, h);
		return true;
	case SIM_OP_QUORUM_LOST:
		if (w->host[h].quorum_ends_ns)
			sim_quorum_lost(w, h);
		return true;
	case SIM_OP_POWER_ON:
		world_power_on(w, h);
		return true;
	case SIM_OP_START_WORKER:
		world_start_worker(w, h);
		return true;
	case SIM_OP_START_MASTER:
		world_start_master(w, h);
		return true;
	case SIM_OP_MEND_LINK:
		return mend_link(w);
	case SIM_OP_MEND_RING:
		world_mend_ring(w);
		return true;
	case SIM_OP_COPY_DISK:
		sim_disk_copy(w, h);
		return true;
	default:
		return do_fencing(w, op);
	}
}

static bool do_any(struct world *w, const struct sim_op *op)
{
	unsigned h = op->host;
	switch ((enum sim_op_kind)op->kind) {
	case SIM_OP_DELIVER:
		return deliver(w, h, op->arg);
	case SIM_OP_CONNECT:
		world_try_connect(w);
		return true;
	case SIM_OP_DISK_DONE:
		return world_disk_done(w, h);
	case SIM_OP_WRITE:
		world_guest_write(w, h);
		return true;
	case SIM_OP_FLUSH:
		world_guest_flush(w, h);
		return true;
	case SIM_OP_RESYNC_PART:
		sim_resync_part(w, h);
		return true;
	case SIM_OP_RESYNC_DONE:
		world_resync_done(w, h);
		return true;
	case SIM_OP_PASS:
		world_pass(w, op->arg);
		return true;
	case SIM_OP_QUIET:
		return quiet(w, op->arg);
	case SIM_OP_PROMOTE:
		return !sim_is_primary(w, h) && request(w, h, VC_E_PROMOTE);
	case SIM_OP_DEMOTE:
		return sim_is_primary(w, h) && request(w, h, VC_E_DEMOTE);
	case SIM_OP_STOP:
		return stop(w, h);
	case SIM_OP_FORCE:
		return w->class == SIM_FORCING && request(w, h, VC_E_FORCE);
	case SIM_OP_UNDO:
		return request(w, h, VC_E_UNDO);
	case SIM_OP_FAIL_HELD:
		return request(w, h, VC_E_FAIL_HELD);
	default:
		return do_repair(w, op);
	}
}

void sim_do(struct world *w, const struct sim_op *op)
{
	w->rng = op->dice | 1;
	if (w->trace && op->kind != SIM_OP_DELIVER) {
		fprintf(w->trace, "-- ");
		sim_op_words(w->trace, op);
	}
	if (do_any(w, op))
		w->n.faults += is_fault[op->kind];
	w->steps++;
	sim_check(w);
}
