// SPDX-License-Identifier: GPL-2.0-or-later
/* What explain tells agrees with what the core does, in every state that lives of hosts lead to. */
#include "tests/unit/unit.h"

#include <string.h>

#include "core/advice.h"
#include "tests/sim/world.h"

static struct world w;

static void look_at(unsigned h)
{
	const struct vc_state *s = &w.host[h].core;
	struct vc_view v = vc_look(s, w.now);
	struct vc_advice a = vc_advise(s, w.now);
	/* the promotion score and the answer must never contradict each other */
	if (v.score >= 0)
		assert_int_not_equal(a.answer, VC_NO);
	else
		assert_int_equal(a.answer, VC_NO);
	if (a.answer == VC_YES)
		assert_int_equal(a.loss, VC_LOSS_NONE);
	assert_true(a.name[0] && a.because[0] && a.changes[0] && a.loses[0]);
}

static void settle(unsigned ms)
{
	for (unsigned t = 0; t < ms; t += 100) {
		world_pass(&w, 100);
		world_settle(&w);
		look_at(0);
		look_at(1);
		world_resync_done(&w, 0);
		world_resync_done(&w, 1);
		world_settle(&w);
		look_at(0);
		look_at(1);
	}
}

static void promote(unsigned h, unsigned wait_ms)
{
	world_event_type(&w, h, VC_E_PROMOTE);
	settle(wait_ms);
}

static int prim_second(void **state)
{
	(void)state;
	world_init(&w, 42, NULL);
	settle(2000);
	promote(0, 500);
	return 0;
}

static enum vc_rule rule(unsigned h)
{
	return vc_advise(&w.host[h].core, w.now).rule;
}

static void in_step(void **state)
{
	(void)state;
	assert_int_equal(rule(0), VC_RULE_USED);
	assert_int_equal(rule(1), VC_RULE_PAIR);
}

static void the_gate(void **state)
{
	(void)state;
	world_power_off(&w, 0);
	settle(500);
	assert_int_equal(rule(1), VC_RULE_GATE);
	assert_int_equal(vc_advise(&w.host[1].core, w.now).answer, VC_LATER);
	world_fence(&w, 1);
	settle(100);
	assert_int_equal(rule(1), VC_RULE_GATE_3);
	promote(1, 300);
	assert_int_equal(rule(1), VC_RULE_USED);
}

static void both_off_one_back(void **state)
{
	(void)state;
	world_power_off(&w, 1);
	world_power_off(&w, 0);
	world_power_on(&w, 1);
	settle(1000);
	assert_int_equal(rule(1), VC_RULE_UNCERTAIN);
	assert_int_equal(vc_advise(&w.host[1].core, w.now).loss, VC_LOSS_UNCERTAIN);
}

static void standings(void **state)
{
	(void)state;
	struct vc_state *s = &w.host[1].core;
	s->role = VC_SECONDARY;
	s->phase = VC_APART;
	s->verdict = s->fork = VC_R_NONE;
	s->d.fork = false;
	s->d.standing = VC_OUTDATED;
	assert_int_equal(rule(1), VC_RULE_OUTDATED);
	s->verdict = VC_R_DIVERGED;
	assert_int_equal(rule(1), VC_RULE_FORK);
	assert_int_equal(vc_advise(s, w.now).loss, VC_LOSS_OUTDATED);
	s->d.standing = VC_SOLO;
	s->fork = VC_R_DIVERGED;
	s->d.fork = true;
	assert_int_equal(rule(1), VC_RULE_FORK);
	assert_int_equal(vc_advise(s, w.now).loss, VC_LOSS_FORK);
	look_at(1);
	s->d.log.era[s->d.log.count - 1].flags |= VC_ERA_FORCED;
	assert_int_equal(rule(1), VC_RULE_FORCED);
	look_at(1);
	s->fork = VC_R_NONE;
	s->d.fork = false;
	assert_int_equal(rule(1), VC_RULE_SOLO);
	look_at(1);
	s->verdict = VC_R_NONE;
	s->d.standing = VC_SYNCING;
	assert_int_equal(rule(1), VC_RULE_SYNCING);
	assert_int_equal(vc_advise(s, w.now).loss, VC_LOSS_SYNCING);
	s->d.log.count = 0;
	assert_int_equal(rule(1), VC_RULE_EMPTY);
	s->disk_failed = true;
	assert_int_equal(rule(1), VC_RULE_DISK);
	look_at(1);
}

static void first_contact_and_cuts(void **state)
{
	(void)state;
	world_init(&w, 7, NULL);
	look_at(0);
	look_at(1);
	settle(100);
	promote(0, 2000);
	world_power_off(&w, 1);
	settle(20000);
	world_fence(&w, 0);
	settle(2000);
	world_power_on(&w, 1);
	settle(5000);
	assert_int_equal(rule(0), VC_RULE_USED);
}

static void names_are_put_in(void **state)
{
	(void)state;
	char out[64], tiny[5];
	vc_expand(out, sizeof out, "%P left %T; 5% %X%", "host2", "at noon");
	assert_string_equal(out, "host2 left at noon; 5% %X%");
	vc_expand(tiny, sizeof tiny, "a%Pb", "host2", "");
	assert_string_equal(tiny, "ahos");
	vc_expand(tiny, 1, "%P", "host2", "");
	assert_string_equal(tiny, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(in_step, prim_second),
	    cmocka_unit_test_setup(the_gate, prim_second),
	    cmocka_unit_test_setup(both_off_one_back, prim_second),
	    cmocka_unit_test_setup(standings, prim_second),
	    cmocka_unit_test(first_contact_and_cuts),
	    cmocka_unit_test(names_are_put_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
