// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disks of the simulated world: the store as a set of cells, and the metadata as the bytes of its
 * two slots. A power cut takes any subset of what was not made durable, of a slot any of its
 * sectors.
 */
#include <string.h>

#include "core/eralog.h"
#include "tests/sim/world.h"

#define SECTOR 512

void sim_add(struct cells *c, unsigned n)
{
	c->bit[n / 64] |= 1ull << (n % 64);
}

bool sim_has(const struct cells *c, unsigned n)
{
	return c->bit[n / 64] >> (n % 64) & 1;
}

bool sim_includes(const struct cells *all, const struct cells *some)
{
	for (unsigned i = 0; i < SIM_WRITES / 64; i++)
		if (some->bit[i] & ~all->bit[i])
			return false;
	return true;
}

/* ---- metadata ------------------------------------------------------------------------------- */

static void encode_next(struct host *me, const struct vc_durable *durable)
{
	struct vm_record rec = {.generation = me->generation + 1, .durable = *durable};
	vm_encode(&rec, me->slot[1 - me->slot_current]);
}

static void took_turn(struct host *me, const struct vc_durable *durable)
{
	me->slot_current = 1 - me->slot_current;
	me->generation++;
	me->disk = me->disk_read = *durable;
}

/* An era that the operator's force began is on disk for the first time. */
static void note_forced(struct world *w, unsigned h, const struct vc_durable *durable)
{
	const struct vc_era *last = vc_eralog_last(&durable->log);
	const struct vc_era *before = vc_eralog_last(&w->host[h].disk.log);
	if (last && (last->flags & VC_ERA_FORCED) && (!before || before->id != last->id) &&
	    last->writer == h)
		sim_forced(w, h);
}

void sim_persist(struct world *w, unsigned h, const struct vc_durable *durable)
{
	struct host *me = &w->host[h];
	struct vm_record back;
	int next = 1 - me->slot_current;
	encode_next(me, durable);
	if (vm_decode(&back, me->slot[next]) < 0 ||
	    !sim_same(&back.durable, durable, sizeof *durable))
		sim_violation(w, h, "a metadata record decodes to something else");
	memcpy(me->slot_durable[next], me->slot[next], VM_SLOT_SIZE);
	if (me->disk.standing == VC_SYNCING && durable->standing == VC_PAIRED)
		for (unsigned i = 0; i < SIM_WRITES / 64; i++) /* it answers for all from here on */
			me->must.bit[i] |= w->acked_by[h].bit[i] & me->cache.bit[i];
	note_forced(w, h, durable);
	took_turn(me, durable);
}

void sim_persist_cut(struct world *w, unsigned h, const struct vc_durable *durable)
{
	if (world_random(w, 4) == 0)
		return; /* it was not written at all */
	/* Written, and seen by the next start on this boot, but not made durable. */
	encode_next(&w->host[h], durable);
}

void sim_disk_format(struct world *w, unsigned h, const struct vc_durable *first)
{
	struct host *me = &w->host[h];
	sim_persist(w, h, first);
	sim_persist(w, h, first);
	me->generation = 2;
}

bool sim_disk_open(struct world *w, unsigned h, struct vc_durable *out)
{
	struct host *me = &w->host[h];
	struct vm_record rec[2];
	int res[2], damaged;
	if (!sim_same(&me->disk, &me->disk_read, sizeof me->disk))
		sim_persist(w, h, &me->disk);
	for (int i = 0; i < 2; i++)
		res[i] = vm_decode(&rec[i], me->slot[i]);
	memcpy(me->slot_durable, me->slot, sizeof me->slot); /* as vm_file_open does */
	int slot = vm_choose(rec, res, &damaged);
	if (slot < 0) {
		sim_violation(w, h, "no valid metadata slot is left");
		return false;
	}
	me->slot_current = slot;
	me->generation = rec[slot].generation;
	note_forced(w, h, &rec[slot].durable);
	me->disk = me->disk_read = *out = rec[slot].durable;
	if (damaged) {
		sim_say(w, h, "one metadata slot is damaged", "");
		w->n.torn++;
		vm_distrust(out);
	}
	return true;
}

static void lose_slots(struct world *w, struct host *me)
{
	for (unsigned i = 0; i < 2; i++)
		for (unsigned at = 0; at < VM_SLOT_SIZE; at += SECTOR)
			if (memcmp(me->slot[i] + at, me->slot_durable[i] + at, SECTOR) != 0 &&
			    world_random(w, 2))
				memcpy(me->slot_durable[i] + at, me->slot[i] + at, SECTOR);
	memcpy(me->slot, me->slot_durable, sizeof me->slot);
}

/* ---- the store ------------------------------------------------------------------------------ */

/*
 * An acknowledged write that the guest did not flush is not promised any more once every host that
 * had to hold it has lost power since (docs/PROTOCOL.md).
 */
static void excuse(struct world *w, unsigned h)
{
	const struct host *a = &w->host[0], *b = &w->host[1];
	for (unsigned i = 0; i < SIM_WRITES / 64; i++) {
		uint64_t gone =
		    (~a->must.bit[i] | a->at_risk.bit[i]) & (~b->must.bit[i] | b->at_risk.bit[i]);
		for (unsigned k = 0; k < 2; k++) {
			if (gone & w->acked_by[k].bit[i] & w->flushed_by[k].bit[i])
				sim_violation(w, h, "S1: a write before an answered flush is lost");
			w->acked_by[k].bit[i] &= ~gone;
		}
	}
}

/* Whoever stopped cleanly before has lost nothing. */
void sim_disk_lose(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	uint64_t cut = me->stopped_clean ? 0 : ~0ull;
	lose_slots(w, me);
	for (unsigned i = 0; i < SIM_WRITES / 64; i++) {
		uint64_t had = me->cache.bit[i];
		me->at_risk.bit[i] |= had & ~w->flushed_by[h].bit[i] & cut;
		me->durable.bit[i] |= had & world_random(w, 0);
	}
	me->cache = me->durable;
	excuse(w, h);
}

void sim_disk_copy(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	(void)w;
	memcpy(me->copy_slot, me->slot_durable, sizeof me->copy_slot);
	me->copy_store = me->durable;
	me->has_copy = true;
}

/*
 * Older than something that the other host can know of. A copy from within the last pair era cannot
 * be told from the disk as it was, nor can a host that is alone notice anything (docs/PROTOCOL.md).
 */
static bool copy_is_older(const struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	const struct vc_eralog *theirs = &w->host[1 - h].disk.log;
	struct vm_record rec[2];
	int res[2], damaged;
	for (int i = 0; i < 2; i++)
		res[i] = vm_decode(&rec[i], me->copy_slot[i]);
	int slot = vm_choose(rec, res, &damaged);
	if (slot < 0 || theirs->count == 0 || w->host[1 - h].disk.standing == VC_SYNCING)
		return false;
	const struct vc_era *last = &theirs->era[theirs->count - 1];
	const struct vc_eralog *copied = &rec[slot].durable.log;
	bool known = last->members != 3 || last->writer == h || (last->flags & VC_ERA_CONFIRMED);
	for (unsigned i = 0; i < copied->count; i++)
		known &= copied->era[i].id != last->id;
	return known;
}

bool sim_disk_put_back(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->powered || !me->has_copy || w->n.rolled_back || !copy_is_older(w, h))
		return false;
	sim_say(w, h, "its disk is replaced by an old copy", "");
	w->branched = true;
	for (unsigned i = 0; i < SIM_WRITES / 64; i++) {
		w->acked_by[h].bit[i] &= me->copy_store.bit[i];
		w->flushed_by[h].bit[i] &= me->copy_store.bit[i];
		/* what only this host held is lost: nothing in the product can help that */
		w->acked_by[1 - h].bit[i] &= w->host[1 - h].cache.bit[i];
		w->flushed_by[1 - h].bit[i] &= w->host[1 - h].cache.bit[i];
	}
	memcpy(me->slot, me->copy_slot, sizeof me->slot);
	memcpy(me->slot_durable, me->copy_slot, sizeof me->slot);
	me->cache = me->durable = me->copy_store;
	me->has_old = false;
	me->disk = me->disk_read; /* the slots count */
	w->n.rolled_back++;
	return true;
}
