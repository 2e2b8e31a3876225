// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Activity log and dirty map as a worker keeps them (core/maps.h, docs/PROTOCOL.md "What a resync compares"):
 * a cell of the store is a grain. Both are durable; what was copied is known as long as the stream runs.
 */
#include "tests/sim/world.h"

#define WORDS (SIM_WRITES / 64)

static bool kept(const struct world *w, unsigned h)
{
	return w->host[h].core.config.keeps_maps;
}

static struct vc_maps get(const struct host *me, unsigned i)
{
	return (struct vc_maps){.log = me->log.bit[i], .dirty = me->dirty.bit[i]};
}

static void put(struct host *me, unsigned i, const struct vc_maps *m)
{
	me->log.bit[i] = m->log;
	me->dirty.bit[i] = m->dirty;
}

static uint64_t compare(const struct world *w, enum vc_scope scope, unsigned i)
{
	struct vc_maps a = get(&w->host[0], i), b = get(&w->host[1], i);
	return scope == VC_SCOPE_ALL ? ~0ull : vc_maps_compare(&a, &b);
}

void sim_maps_write(struct world *w, unsigned h, unsigned n)
{
	struct host *me = &w->host[h];
	struct vc_maps m = get(me, n / 64);
	uint64_t grain = 1ull << (n % 64);
	me->part.bit[n / 64] &= ~grain; /* what was copied is not what is there now */
	if (!kept(w, h))
		return;
	vc_maps_begin(&m, grain);
	if (me->gate != VC_G_PAIR || me->disk.standing == VC_SOLO)
		vc_maps_alone(&m, grain);
	put(me, n / 64, &m);
}

void sim_maps_fold(struct world *w, unsigned h)
{
	for (unsigned i = 0; i < WORDS && kept(w, h); i++) {
		struct vc_maps m = get(&w->host[h], i);
		vc_maps_fold(&m);
		put(&w->host[h], i, &m);
	}
}

/* The source takes over what the target's maps name before those are emptied. */
void sim_maps_source(struct world *w, unsigned h, enum vc_scope scope)
{
	struct host *me = &w->host[h];
	w->n.by_maps += scope == VC_SCOPE_MAPS;
	memset(&me->part, 0, sizeof me->part);
	for (unsigned i = 0; i < WORDS; i++) {
		struct vc_maps m = get(me, i);
		me->named.bit[i] = compare(w, scope, i);
		vc_maps_alone(&m, me->named.bit[i]);
		if (kept(w, h))
			put(me, i, &m);
	}
}

void sim_maps_target(struct world *w, unsigned h)
{
	for (unsigned i = 0; i < WORDS; i++)
		w->host[h].named.bit[i] = compare(w, w->host[h].core.scope, i);
}

void sim_maps_put_back(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	for (unsigned i = 0; i < WORDS && kept(w, h); i++) {
		struct vc_maps m = get(me, i);
		vc_maps_put_back(&m, (me->old.bit[i] ^ me->cache.bit[i]) | (me->old.bit[i] ^ me->durable.bit[i]));
		put(me, i, &m);
	}
}

/* What is durable on both, as flushes of this stream have told; what one has told the other knows at once. */
void sim_maps_settle(struct world *w, unsigned source)
{
	struct host *from = &w->host[source], *to = &w->host[1 - source];
	bool together = from->stream == SIM_SOURCE && to->stream == SIM_TARGET && from->flowing && to->flowing &&
			w->conn_alive && from->conn == w->conn && to->conn == w->conn;
	for (unsigned i = 0; i < WORDS; i++) {
		struct vc_maps a = get(from, i), b = get(to, i);
		uint64_t here = from->cache.bit[i] & from->durable.bit[i];
		uint64_t there = to->cache.bit[i] & to->durable.bit[i];
		vc_maps_settle(&a, here, together ? there : 0);
		if (together) { /* copied, also as an empty cell, and nothing of it waits in a cache */
			here = from->part.bit[i] & ~(from->cache.bit[i] ^ from->durable.bit[i]);
			there = from->part.bit[i] & ~(to->cache.bit[i] ^ to->durable.bit[i]);
			vc_maps_copied(&a, here, there);
			vc_maps_copied(&b, there, here);
		}
		if (kept(w, source))
			put(from, i, &a);
		if (kept(w, 1 - source))
			put(to, i, &b);
	}
}

/* The promise of core/maps.h, wherever a resync would believe the maps. */
void sim_maps_check(struct world *w)
{
	const struct host *a = &w->host[0], *b = &w->host[1];
	if (a->disk.map_base == 0 || a->disk.map_base != b->disk.map_base)
		return;
	for (unsigned i = 0; i < WORDS; i++) {
		uint64_t differ = (a->cache.bit[i] ^ b->cache.bit[i]) | (a->durable.bit[i] ^ b->durable.bit[i]);
		if (differ & ~compare(w, VC_SCOPE_MAPS, i))
			sim_violation(w, 0, "maps: the stores differ where neither host's maps say so");
	}
}

void sim_maps_check_fold(struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	for (unsigned i = 0; i < WORDS && kept(w, h) && me->disk.map_base; i++)
		if (me->log.bit[i] & ~me->dirty.bit[i])
			sim_violation(w, h, "maps: a solo era begins, but what the log names is not dirty and can never leave it");
}
