// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of the decision core. What the disk says of activity log and dirty map. */
#include "tests/unit/story.h"

static void restart(unsigned h, bool keeps_maps)
{
	w.keeps_maps = keeps_maps;
	world_kill_worker(&w, h);
	world_start_worker(&w, h);
}

/* Both keep maps and, as targets, what they overwrite; host1 as primary in sync with host2. */
static int pair_with_maps(void **state)
{
	(void)state;
	world_init(&w, 42, NULL);
	w.keeps_undo = true;
	for (unsigned h = 0; h < 2; h++)
		restart(h, true);
	settle(4000);
	assert_int_equal(promote(0, 500), 0);
	assert_int_equal(look(1).show, VC_SHOW_SECOND);
	assert_true(w.host[0].disk.map_base && w.host[0].disk.map_base == w.host[1].disk.map_base);
	return 0;
}

static void until_target(unsigned h)
{
	for (unsigned t = 0; t < 80 && w.host[h].core.phase != VC_TARGET; t++) {
		world_pass(&w, 100);
		world_settle(&w);
	}
	assert_int_equal(w.host[h].core.phase, VC_TARGET);
}

static void resync_goes_by_maps(void **state)
{
	(void)state;
	uint64_t base = w.host[1].disk.map_base;
	restart(1, true);
	until_target(1);
	assert_int_equal(w.host[1].core.scope, VC_SCOPE_MAPS);
	assert_true(w.host[1].disk.map_base == base);
	settle(2000);
	assert_int_equal(w.host[1].core.phase, VC_INSYNC);
}

/* One of them was told to keep none: all is compared, and a copy that is overwritten as a whole has no maps from then on. */
static void whole_resync_has_no_maps(void **state)
{
	(void)state;
	restart(0, false);
	until_target(1);
	assert_int_equal(w.host[1].core.scope, VC_SCOPE_ALL);
	assert_int_equal(w.host[1].disk.standing, VC_SYNCING);
	assert_true(w.host[1].disk.map_base == 0);
}

/* It is on the disk before the first write that no map names. */
static void maps_given_up_before_writes(void **state)
{
	(void)state;
	world_power_off(&w, 1);
	world_fence(&w, 0);
	settle(3000);
	assert_int_equal(w.host[0].disk.standing, VC_SOLO);
	restart(0, false);
	assert_true(w.host[0].disk.map_base != 0);
	assert_int_equal(promote(0, 500), 0);
	assert_true(w.host[0].disk.map_base == 0);
}

static int place_of(unsigned h, enum vc_action_type type)
{
	for (unsigned i = 0; i < w.host[h].acts.count; i++)
		if (w.host[h].acts.action[i].type == type)
			return (int)i;
	return -1;
}

/* The same before an undo, which writes as well. */
static void maps_given_up_before_an_undo(void **state)
{
	(void)state;
	restart(1, true);
	until_target(1);
	assert_true(w.host[1].disk.map_base && w.host[1].disk.undo);
	restart(1, false);
	assert_int_equal(w.host[1].core.phase, VC_APART);
	world_event_type(&w, 1, VC_E_UNDO);
	int record = place_of(1, VC_A_PERSIST), back = place_of(1, VC_A_UNDO_BACK);
	assert_true(record >= 0 && back > record);
	assert_true(w.host[1].acts.action[record].u.durable.map_base == 0);
	assert_int_equal(w.host[1].acts.action[record].u.durable.standing, VC_SYNCING);
	assert_int_equal(w.host[1].disk.standing, VC_OUTDATED);
}

int main(void)
{
#define MAPS(f) cmocka_unit_test_setup(f, pair_with_maps)
	const struct CMUnitTest tests[] = {
	    MAPS(resync_goes_by_maps),	       MAPS(whole_resync_has_no_maps), MAPS(maps_given_up_before_writes),
	    MAPS(maps_given_up_before_an_undo),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
