// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of the decision core. Async: whose tail may have been left behind. */
#include "tests/unit/story.h"

static int async_pair(void **state)
{
	(void)state;
	world_init(&w, 42, NULL);
	w.mode = VC_ASYNC;
	for (unsigned h = 0; h < 2; h++) {
		world_kill_worker(&w, h);
		world_start_worker(&w, h);
	}
	settle(4000);
	assert_int_equal(promote(0, 500), 0);
	assert_int_equal(look(0).show, VC_SHOW_PRIM);
	assert_int_equal(look(1).show, VC_SHOW_SECOND);
	return 0;
}

static bool tail_marked(unsigned h)
{
	return vc_eralog_last(&w.host[h].disk.log)->flags & VC_ERA_TAIL;
}

/* Within the lag bound writes go on while the link is away. */
static void lost_link_holds_nothing(void **state)
{
	(void)state;
	world_cut_link(&w);
	world_settle(&w);
	assert_int_equal(w.host[0].core.phase, VC_LOST);
	assert_int_equal(w.host[0].gate, VC_G_PAIR);
}

/* The writer dies: what it had acknowledged and not sent is not here, and the log says so. Back again, it is
 * resynchronised: its tail is not what the unit goes on with. */
static void tail_of_a_dead_writer_is_marked(void **state)
{
	(void)state;
	world_power_off(&w, 0);
	world_fence(&w, 1);
	settle(300);
	assert_int_equal(promote(1, 300), 0);
	assert_true(tail_marked(1));
	world_power_on(&w, 0);
	settle(3000);
	assert_int_equal(look(0).show, VC_SHOW_SECOND);
	assert_int_equal(look(0).colour, VC_GREEN);
}

/* The other way round nothing can be missing: the writer has it all. */
static void writer_that_goes_on_leaves_no_tail(void **state)
{
	(void)state;
	world_power_off(&w, 1);
	world_fence(&w, 0);
	settle(3000);
	assert_int_equal(w.host[0].disk.standing, VC_SOLO);
	assert_false(tail_marked(0));
}

static void stop(unsigned h)
{
	world_event_type(&w, h, VC_E_STOP);
	settle(4000);
	assert_false(w.host[h].worker);
}

static void clean_leave_leaves_no_tail(void **state)
{
	(void)state;
	stop(0);
	assert_int_equal(w.host[0].disk.standing, VC_OUTDATED);
	assert_int_equal(w.host[1].disk.standing, VC_SOLO);
	assert_false(tail_marked(1));
}

/* A write is acknowledged and not sent, the drain is given up: the frames go nowhere, which nobody has noticed yet. */
static void leave_a_tail(enum vc_event_type request)
{
	w.blocked[1] = true;
	world_guest_write(&w, 0);
	assert_int_equal(w.host[0].req_count, 1);
	world_event_type(&w, 0, request);
	for (unsigned t = 0; t < 40 && w.host[0].worker && w.host[0].core.role != VC_SECONDARY; t++) {
		w.host[0].link_silent_ms = w.host[1].link_silent_ms = 0;
		world_pass(&w, 100);
		world_settle(&w);
	}
}

/* This host does not call itself complete by leaving. Its end is evidence all the same. */
static void unsent_tail_makes_no_clean_leave(void **state)
{
	(void)state;
	leave_a_tail(VC_E_STOP);
	assert_false(w.host[0].worker);
	assert_int_equal(w.host[0].disk.standing, VC_PAIRED);
	w.blocked[1] = false;
	struct vc_event e = {.type = VC_E_UNIT_DOWN};
	e.u.incarnation = w.host[0].core.config.incarnation;
	world_event(&w, 1, &e);
	settle(300);
	assert_int_equal(promote(1, 300), 0);
	assert_true(tail_marked(1));
}

/* Nor does it hand over: it pairs anew, and as the last writer brings over what it still owes. */
static void unsent_tail_is_brought_over(void **state)
{
	(void)state;
	leave_a_tail(VC_E_DEMOTE);
	assert_int_equal(w.host[0].core.role, VC_SECONDARY);
	assert_memory_not_equal(&w.host[0].cache, &w.host[1].cache, sizeof w.host[0].cache);
	w.blocked[1] = false;
	settle(9000); /* the other one notices by silence */
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
	assert_memory_equal(&w.host[0].cache, &w.host[1].cache, sizeof w.host[0].cache);
}

/* Its tail is overwritten: a host that stepped back with one is the target, and the new era says so. */
static void tail_that_is_overwritten_is_marked(void **state)
{
	(void)state;
	leave_a_tail(VC_E_DEMOTE);
	ask_to_outdate(0, w.host[0].core.pairing);
	assert_int_equal(w.host[0].disk.standing, VC_OUTDATED);
	w.blocked[1] = false;
	world_kill_worker(&w, 1); /* before it heard of that */
	world_start_worker(&w, 1);
	settle(4000);
	assert_int_equal(w.host[1].core.phase, VC_INSYNC);
	const struct vc_eralog *log = &w.host[1].disk.log;
	assert_int_equal(log->era[log->count - 2].writer, 1);
	assert_true(log->era[log->count - 2].flags & VC_ERA_TAIL);
}

static void forced_era_marks_the_tail(void **state)
{
	(void)state;
	world_power_off(&w, 0);
	settle(300);
	world_event_type(&w, 1, VC_E_FORCE);
	assert_int_equal(vc_eralog_last(&w.host[1].disk.log)->flags, VC_ERA_FORCED | VC_ERA_TAIL);
}

/* It steps back when asked through the group; what the broken link still owes has not come by that. */
static void consent_says_nothing_of_the_tail(void **state)
{
	(void)state;
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(500);
	assert_int_equal(w.host[0].core.role, VC_SECONDARY);
	world_cut_link(&w);
	world_event_type(&w, 1, VC_E_PROMOTE);
	settle(4000);
	assert_int_equal(w.host[0].disk.standing, VC_OUTDATED);
	assert_int_equal(w.host[1].disk.standing, VC_SOLO);
	assert_true(tail_marked(1));
}

int main(void)
{
#define ASYNC(f) cmocka_unit_test_setup(f, async_pair)
	const struct CMUnitTest tests[] = {
	    ASYNC(lost_link_holds_nothing),
	    ASYNC(tail_of_a_dead_writer_is_marked),
	    ASYNC(writer_that_goes_on_leaves_no_tail),
	    ASYNC(clean_leave_leaves_no_tail),
	    ASYNC(unsent_tail_makes_no_clean_leave),
	    ASYNC(unsent_tail_is_brought_over),
	    ASYNC(tail_that_is_overwritten_is_marked),
	    ASYNC(forced_era_marks_the_tail),
	    ASYNC(consent_says_nothing_of_the_tail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
