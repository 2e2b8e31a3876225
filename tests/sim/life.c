// SPDX-License-Identifier: GPL-2.0-or-later
/* Random life: what happens next. Deliveries, guest, cluster manager, faults, repairs. */
#include <string.h>

#include "tests/sim/op.h"

#define WILD_PPM \
	50000 /* one clock in twenty: far more than any, still within the fencing's margin */

/* Choices have a stream of random numbers of their own; what happens within an operation has its
 * dice. */
static uint64_t dice(struct world *w, uint64_t below)
{
	uint64_t z = w->choice += 0x9e3779b97f4a7c15ull;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	z ^= z >> 31;
	return below ? z % below : z;
}

static int32_t drift(struct world *w)
{
	int32_t most = w->class == SIM_WILD_CLOCKS ? WILD_PPM : 200;
	return (int32_t)dice(w, 2 * (uint64_t)most + 1) - most;
}

void sim_begin(struct world *w, uint64_t seed, FILE *trace)
{
	world_init(w, seed, trace);
	w->choice = seed * 0xd1342543de82ef95ull;
	w->life = true;
	w->fault_rate = 4 + (unsigned)dice(w, 13);
	w->haste = 1 + (unsigned)dice(w, 8);
	static const enum sim_class class[16] = {
	    [2] = SIM_ROLLBACK, [5] = SIM_WILD_CLOCKS, [11] = SIM_FORKING, [13] = SIM_FORCING};
	w->class = class[seed % 16];
	/* kept grains and a disk put back do not fit together: nobody undoes then */
	w->keeps_undo = w->class != SIM_ROLLBACK && dice(w, 2);
	/* nor are maps believed: the old copy would have to be told from the same pair era (docs/PROTOCOL.md) */
	w->keeps_maps = w->class != SIM_ROLLBACK && dice(w, 4);
	w->maps_come_and_go = dice(w, 4) == 0;
	for (unsigned h = 0; h < 2; h++) {
		w->host[h].drift_ppm = drift(w);
		w->host[h].wall_off_ns = (int64_t)dice(w, 1000000000000) - 500000000000;
	}
}

static struct sim_op op_of(struct world *w, enum sim_op_kind kind, unsigned h, uint64_t arg)
{
	return (struct sim_op){
	    .kind = (uint8_t)kind, .host = (uint8_t)h, .arg = (uint32_t)arg, .dice = dice(w, 0)};
}

/* The cluster manager: promotes the better one of two, demotes what failed; now and then at a whim.
 */
static struct sim_op manage(struct world *w, unsigned h)
{
	const struct host *me = &w->host[h], *peer = &w->host[1 - h];
	struct vc_view v = vc_look(&me->core, sim_clock(w, h));
	struct vc_view other = vc_look(&peer->core, sim_clock(w, 1 - h));
	bool primary = sim_is_primary(w, h);
	bool failed = me->core.failed || me->core.disk_failed;
	if (!me->worker || !me->master)
		return op_of(w, SIM_OP_START_MASTER, h, 0);
	if (primary && !me->asked_demote && (failed || dice(w, 40) == 0))
		return op_of(w, SIM_OP_DEMOTE, h, 0);
	bool better = !w->ring_up || !peer->worker || other.score <= v.score;
	if (sim_may_promote(w, h) && v.score >= 0 && !me->asked_promote && better)
		return op_of(w, SIM_OP_PROMOTE, h, 0);
	if (!primary && dice(w, 60) == 0)
		return op_of(w, SIM_OP_STOP, h, 0);
	if (!primary && w->class == SIM_FORCING && w->steps > 1000 && dice(w, 100) == 0)
		return op_of(w, SIM_OP_FORCE, h, 0);
	if (!primary && me->core.d.undo && dice(w, 20) == 0)
		return op_of(w, SIM_OP_UNDO, h, 0);
	if (!primary && dice(w, 80) == 0) /* nobody should, but who knows */
		return op_of(w, SIM_OP_PROMOTE, h, 0);
	return op_of(w, SIM_OP_DELIVER, h, 1);
}

static struct sim_op split(struct world *w, unsigned h)
{
	static const enum sim_op_kind kind[] = {SIM_OP_SPLIT, SIM_OP_SPLIT_LATE,
						SIM_OP_SPLIT_QUORATE, SIM_OP_SPLIT_QUORATE_LATE};
	return op_of(w, kind[dice(w, 4)], h, dice(w, SIM_QUORUM_LATE_MS));
}

static struct sim_op link_fault(struct world *w, unsigned h)
{
	static const enum sim_op_kind kind[] = {
	    SIM_OP_CUT_LINK,  SIM_OP_CUT_LINK,	SIM_OP_BLOCK_LINK,  SIM_OP_DROP,
	    SIM_OP_DROP_HALF, SIM_OP_DROP_HALF, SIM_OP_LINK_TIMEOUT};
	return op_of(w, kind[dice(w, 7)], h, 0);
}

static struct sim_op fault(struct world *w, unsigned h)
{
	uint64_t long_ms = dice(w, 3) ? 3000 : 45000;
	switch (dice(w, 16)) {
	case 0:
		return op_of(w, dice(w, 2) ? SIM_OP_POWER_OFF : SIM_OP_POWER_OFF_LATE, h, 0);
	case 1:
		return op_of(w, SIM_OP_KILL_WORKER, h, 0);
	case 2:
		return op_of(w, SIM_OP_KILL_MASTER, h, 0);
	case 3:
	case 4:
		return op_of(w, dice(w, 2) ? SIM_OP_STRIKE_POWER : SIM_OP_STRIKE_WORKER, h,
			     dice(w, 40));
	case 5:
	case 6:
	case 7:
		return link_fault(w, h);
	case 8:
	case 9:
		return split(w, h);
	case 10:
		return op_of(w, SIM_OP_STOP_WORKER, h, 1 + dice(w, long_ms));
	case 11:
		return op_of(w, SIM_OP_SUSPEND, h, 1 + dice(w, long_ms));
	case 12:
		return op_of(w, dice(w, 2) ? SIM_OP_FAIL_HELD : SIM_OP_DISK_FAILED, h, 0);
	case 13:
		return op_of(w, SIM_OP_FENCER_DOWN, h, 0);
	case 14:
		return op_of(w, SIM_OP_WALL_JUMP, h, UINT32_MAX / 2 + dice(w, 20000) - 10000);
	default:
		if (w->class == SIM_ROLLBACK && !w->host[h].powered)
			return op_of(w, SIM_OP_PUT_BACK, h, 0);
		return op_of(w, SIM_OP_FAIL_HELD, h, 0);
	}
}

static struct sim_op fencing(struct world *w, unsigned h)
{
	const struct fencing *f = &w->fencing[1 - h];
	if (!f->active)
		return op_of(w, dice(w, 12) ? SIM_OP_FENCE_BEGIN : SIM_OP_FENCE_BY_HAND, h, 0);
	if (f->killed)
		return op_of(w, dice(w, 10) ? SIM_OP_FENCE_OK : SIM_OP_FENCE_FAILED, h, 0);
	switch (dice(w, 8)) {
	case 0:
		return op_of(w, SIM_OP_FENCE_FAILED, h, 0);
	case 1:
		return op_of(w, SIM_OP_FENCE_LIE, h, 0);
	case 2:
	case 3:
	case 4:
		return op_of(w, SIM_OP_FENCE_WAITED, h, 0);
	default:
		return op_of(w, SIM_OP_FENCE_KILL, h, 0);
	}
}

/* What is broken longest is not known here: one thing that is. False: nothing was found. */
static bool repair_needed(struct world *w, unsigned h, struct sim_op *op)
{
	const struct host *me = &w->host[h];
	enum sim_op_kind need[8];
	unsigned n = 0;
	if (!me->powered)
		need[n++] = SIM_OP_POWER_ON;
	if (me->powered && !me->worker)
		need[n++] = SIM_OP_START_WORKER;
	if (me->powered && !me->master)
		need[n++] = SIM_OP_START_MASTER;
	if (me->powered && !me->fencer_up)
		need[n++] = SIM_OP_FENCER_UP;
	if (!w->link_net_up || w->blocked[0] || w->blocked[1])
		need[n++] = SIM_OP_MEND_LINK;
	if (!w->ring_up)
		need[n++] = SIM_OP_MEND_RING;
	if (n > 0)
		*op = op_of(w, need[dice(w, n)], h, 0);
	else if (w->fencing[1 - h].active)
		*op = fencing(w, h);
	return n > 0 || w->fencing[1 - h].active;
}

static struct sim_op repair(struct world *w, unsigned h)
{
	struct sim_op op;
	if (dice(w, w->haste) == 0 && repair_needed(w, h, &op))
		return op;
	switch (dice(w, 14)) {
	case 0:
	case 1:
		return op_of(w, SIM_OP_POWER_ON, h, 0);
	case 2:
	case 3:
		/* the agent's start after a stop or crash; never while it may be primary */
		return op_of(w, SIM_OP_START_WORKER, h, 0);
	case 4:
	case 5:
		return op_of(w, SIM_OP_START_MASTER, h, 0);
	case 6:
		return op_of(w, SIM_OP_MEND_LINK, h, 0);
	case 7:
		return op_of(w, SIM_OP_MEND_RING, h, 0);
	case 8:
		return op_of(w, SIM_OP_FENCER_UP, h, 0);
	case 9:
		return op_of(w, dice(w, 2) ? SIM_OP_NOTICE : SIM_OP_QUORUM_LOST, h, 0);
	case 10:
		return w->class == SIM_ROLLBACK && dice(w, 8) == 0
			   ? op_of(w, SIM_OP_COPY_DISK, h, 0)
			   : op_of(w, dice(w, 3) ? SIM_OP_FENCER_UP : SIM_OP_UNFENCE, h, 0);
	default:
		return fencing(w, h);
	}
}

/* Both sides quorate and apart, both fencings a lie: what a fork needs. */
static bool forking(struct world *w, struct sim_op *op)
{
	static const struct {
		enum sim_op_kind kind;
		uint8_t host;
		uint32_t arg;
	} script[] = {
	    {SIM_OP_MEND_RING, 0, 0},	{SIM_OP_SPLIT_QUORATE, 0, 0}, {SIM_OP_CUT_LINK, 0, 0},
	    {SIM_OP_FENCE_BEGIN, 0, 0}, {SIM_OP_FENCE_BEGIN, 1, 0},   {SIM_OP_FENCE_LIE, 0, 0},
	    {SIM_OP_FENCE_LIE, 1, 0},	{SIM_OP_FENCER_READ, 0, 0},   {SIM_OP_FENCER_READ, 1, 0},
	    {SIM_OP_FENCER_TELL, 0, 0}, {SIM_OP_FENCER_TELL, 1, 0},   {SIM_OP_DELIVER, 0, 60},
	    {SIM_OP_PROMOTE, 0, 0},	{SIM_OP_PROMOTE, 1, 0},	      {SIM_OP_DELIVER, 0, 60},
	    {SIM_OP_PASS, 0, 2000},	{SIM_OP_DELIVER, 0, 60},      {SIM_OP_WRITE, 0, 0},
	    {SIM_OP_WRITE, 1, 0},
	};
	const unsigned length = sizeof script / sizeof script[0];
	bool begin = w->script_at == 0 && w->steps > 1500 && !w->branched &&
		     w->host[0].core.phase == VC_INSYNC && w->host[1].core.phase == VC_INSYNC;
	if (w->class != SIM_FORKING || (w->script_at == 0 && !begin) || w->script_at == length)
		return false;
	*op = op_of(w, script[w->script_at].kind, script[w->script_at].host,
		    script[w->script_at].arg);
	w->script_at++;
	return true;
}

struct sim_op sim_choose(struct world *w)
{
	struct sim_op op;
	unsigned h = (unsigned)dice(w, 2);
	uint64_t what = dice(w, 100);
	if (forking(w, &op))
		return op;
	if (w->host[h].waiting && dice(w, 30) == 0)
		return op_of(w, dice(w, 2) ? SIM_OP_POWER_OFF : SIM_OP_KILL_WORKER, h, 0);
	if (what < 44) /* mostly the world is quick; now and then a single thing comes alone */
		return op_of(w, SIM_OP_DELIVER, h, dice(w, 4) ? 1 + dice(w, 30) : 1);
	if (what < 45)
		return op_of(w, SIM_OP_FENCER_READ, h, 0);
	if (what < 55)
		return op_of(w, SIM_OP_WRITE, h, 0);
	if (what < 58)
		return op_of(w, SIM_OP_FLUSH, h, 0);
	if (what < 65)
		return op_of(w, SIM_OP_CONNECT, h, 0);
	if (what < 70)
		return op_of(w, dice(w, 4) ? SIM_OP_RESYNC_DONE : SIM_OP_RESYNC_PART, h, 0);
	if (what < 78)
		return manage(w, h);
	if (what < 79 && dice(w, w->ring_up ? 20 : 5) == 0)
		return op_of(w, SIM_OP_QUIET, h, 1 + dice(w, w->ring_up ? 10 : 120));
	if (what < 88)
		return op_of(w, SIM_OP_PASS, h, 1 + dice(w, dice(w, 20) == 0 ? 15000 : 500));
	return dice(w, 100) < w->fault_rate ? fault(w, h) : repair(w, h);
}
