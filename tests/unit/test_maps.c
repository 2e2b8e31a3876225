// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The promise of core/maps.h under random lives: where the stores of two hosts differ, a bit is set. Two
 * hosts with 64 grains each, caches that a power cut takes, mirrored and lonely writes, resyncs that end
 * early on either side, undo. What a resync may skip is what the maps say; then both must be equal.
 */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

#include "core/maps.h"

#define GRAINS 64u

struct store {
	unsigned cache[GRAINS], disk[GRAINS], old[GRAINS];
	uint64_t has_old;    /* kept before a resync overwrote it */
	struct vc_maps maps; /* durable */
};

struct life {
	struct store host[2];
	unsigned primary, version;
	bool together; /* mirrored; else the primary writes alone */
	uint64_t rng;
};

static uint64_t dice(struct life *l, uint64_t below)
{
	l->rng ^= l->rng << 13;
	l->rng ^= l->rng >> 7;
	l->rng ^= l->rng << 17;
	return below ? l->rng % below : l->rng;
}

static uint64_t bit(unsigned g)
{
	return 1ull << g;
}

static void write_grain(struct life *l, unsigned g)
{
	struct store *me = &l->host[l->primary], *peer = &l->host[1 - l->primary];
	vc_maps_begin(&me->maps, bit(g));
	l->version++;
	/* In flight it may have arrived here, there, or at both. */
	uint64_t where = 1 + dice(l, 3);
	if (!l->together) {
		vc_maps_alone(&me->maps, bit(g));
		where = 1;
	}
	if (where & 1)
		me->cache[g] = l->version;
	if (where & 2)
		peer->cache[g] = l->version;
}

static uint64_t same_as(const unsigned *a, const unsigned *b)
{
	uint64_t same = 0;
	for (unsigned g = 0; g < GRAINS; g++)
		if (a[g] == b[g])
			same |= bit(g);
	return same;
}

static void sync_disk(struct store *s)
{
	memcpy(s->disk, s->cache, sizeof s->disk);
}

/* A flush of the guest: every write has arrived before, on both if there are two. */
static void flush(struct life *l)
{
	struct store *me = &l->host[l->primary], *peer = &l->host[1 - l->primary];
	if (l->together)
		memcpy(peer->cache, me->cache, sizeof peer->cache);
	sync_disk(me);
	if (l->together)
		sync_disk(peer);
	vc_maps_settle(&me->maps, ~0ull, l->together ? ~0ull : 0);
}

static void power_cut(struct life *l, unsigned h)
{
	for (unsigned g = 0; g < GRAINS; g++)
		if (dice(l, 2))
			l->host[h].disk[g] = l->host[h].cache[g];
	memcpy(l->host[h].cache, l->host[h].disk, sizeof l->host[h].disk);
}

static void go_alone(struct life *l, unsigned h)
{
	l->primary = h;
	l->together = false;
	sync_disk(&l->host[h]);
	vc_maps_fold(&l->host[h].maps);
}

/* Copies up to `limit` grains of what the maps name. True if all were copied. */
static bool copy(struct life *l, uint64_t named, unsigned limit)
{
	struct store *from = &l->host[l->primary], *to = &l->host[1 - l->primary];
	for (unsigned g = 0; g < GRAINS; g++) {
		if (!(named & bit(g)))
			continue;
		if (limit-- == 0)
			return false;
		if (!(to->has_old & bit(g)))
			to->old[g] = to->disk[g];
		to->has_old |= bit(g);
		to->cache[g] = from->cache[g];
	}
	return true;
}

static void undo(struct store *s)
{
	for (unsigned g = 0; g < GRAINS; g++)
		if (s->has_old & bit(g))
			s->cache[g] = s->disk[g] = s->old[g];
	vc_maps_put_back(&s->maps, s->has_old);
	s->has_old = 0;
}

static void clear_copied(struct life *l, uint64_t named)
{
	struct store *from = &l->host[l->primary], *to = &l->host[1 - l->primary];
	uint64_t there = named & same_as(to->disk, from->disk) & same_as(to->cache, from->cache);
	vc_maps_copied(&from->maps, named, there);
	vc_maps_copied(&to->maps, named, there);
}

/* A resync that may end early, with either host losing power; what was copied durably counts. */
static void resync(struct life *l)
{
	struct store *from = &l->host[l->primary], *to = &l->host[1 - l->primary];
	sync_disk(from); /* the source flushes before its target gives up */
	uint64_t named = vc_maps_compare(&from->maps, &to->maps);
	/* the source's own map takes over what the target's says, before the target's is emptied */
	vc_maps_alone(&from->maps, named);
	bool whole = copy(l, named, dice(l, 3) ? GRAINS : (unsigned)dice(l, GRAINS));
	if (!whole) {
		if (dice(l, 2))
			sync_disk(to);
		clear_copied(l, named);
		if (dice(l, 2))
			power_cut(l, 1 - l->primary);
		if (dice(l, 3) == 0)
			undo(to);
		return;
	}
	sync_disk(to);
	clear_copied(l, named);
	assert_memory_equal(from->cache, to->cache, sizeof from->cache);
	to->has_old = 0;
	l->together = true;
}

static void check_promise(const struct life *l)
{
	const struct store *a = &l->host[0], *b = &l->host[1];
	uint64_t differ = ~(same_as(a->cache, b->cache) & same_as(a->disk, b->disk));
	uint64_t unflushed = ~same_as(a->cache, a->disk) | ~same_as(b->cache, b->disk);
	uint64_t named = vc_maps_compare(&a->maps, &b->maps);
	assert_int_equal((differ | unflushed) & ~named, 0);
}

static void live(struct life *l, unsigned steps)
{
	for (unsigned i = 0; i < steps; i++) {
		uint64_t what = dice(l, 20);
		if (what < 11)
			write_grain(l, (unsigned)dice(l, GRAINS));
		else if (what < 14)
			flush(l);
		else if (what < 15)
			power_cut(l, l->together ? (unsigned)dice(l, 2) : 1 - l->primary);
		else if (what < 16 && l->together)
			go_alone(l, (unsigned)dice(l, 2)); /* either may be the one that is left */
		else if (!l->together)
			resync(l);
		check_promise(l);
	}
}

static void random_lives(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		struct life l = {.together = true, .rng = seed * 0x9e3779b97f4a7c15ull};
		live(&l, 300);
	}
}

/* Acknowledged is not durable: a power cut takes it, and nothing would name the difference (TRAPS 12). */
static void log_stays_until_durable(void **state)
{
	(void)state;
	struct vc_maps m = {0};
	vc_maps_begin(&m, 1);
	vc_maps_settle(&m, 0, 0);
	assert_int_equal(m.log, 1);
	vc_maps_settle(&m, 1, 0);
	assert_int_equal(m.log, 1);
	vc_maps_alone(&m, 1);
	vc_maps_settle(&m, 1, 0);
	assert_int_equal(m.log, 0);
	assert_int_equal(m.dirty, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(log_stays_until_durable),
	    cmocka_unit_test(random_lives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
