// SPDX-License-Identifier: GPL-2.0-or-later
/* self_fence and watchdog: never late, and never without a reason. */
#include "tests/unit/unit.h"

#include "core/guard.h"

#define S(n) ((uint64_t)(n) * 1000000000u)

/* Armed, last proof at 100 s, of 30 s of lease 27 are counted on, a watchdog of 10 s. */
static struct vc_guard armed(void)
{
	return (struct vc_guard){.armed = true, .self_fence = true, .proof_ns = S(100), .own_ns = S(27), .watchdog_ns = S(10)};
}

static void ends_when_proofs_are_over(void **state)
{
	(void)state;
	struct vc_guard g = armed();
	assert_int_equal(vc_guard(&g, S(101)), VC_GUARD_FEED);
	assert_int_equal(vc_guard(&g, S(117) - 1), VC_GUARD_FEED);
	assert_int_equal(vc_guard(&g, S(117)), VC_GUARD_STARVE); /* 10 s later it bites, in time */
	assert_int_equal(vc_guard(&g, S(127) - 1), VC_GUARD_STARVE);
	assert_int_equal(vc_guard(&g, S(127)), VC_GUARD_STARVE | VC_GUARD_END);
	g.watchdog_ns = 0;
	assert_int_equal(vc_guard(&g, S(126)), VC_GUARD_FEED);
	assert_true(vc_guard(&g, S(127)) & VC_GUARD_END);
}

static void the_watchdog_alone(void **state)
{
	(void)state;
	struct vc_guard g = armed();
	g.self_fence = false;
	assert_int_equal(vc_guard(&g, S(500)), VC_GUARD_STARVE);
}

/* A lease shorter than the pause between proofs: one proof is not over before the next one. */
static void a_fresh_proof(void **state)
{
	(void)state;
	struct vc_guard g = armed();
	g.own_ns = S(1);
	assert_int_equal(vc_guard(&g, S(101) + S(1) / 2), VC_GUARD_FEED);
	assert_true(vc_guard(&g, S(102)) & VC_GUARD_END);
}

static void nothing_to_end(void **state)
{
	(void)state;
	struct vc_guard g = armed();
	g.proof_ns = 0; /* it was never of the cluster */
	assert_int_equal(vc_guard(&g, S(500)), VC_GUARD_FEED);
	g = armed();
	g.armed = false; /* corosync was shut down in order */
	assert_int_equal(vc_guard(&g, S(500)), VC_GUARD_FEED);
	g = armed();
	g.ending = true;
	assert_int_equal(vc_guard(&g, S(101)), 0); /* nothing holds it up */
}

static void another_life(void **state)
{
	(void)state;
	struct vc_guard g = armed();
	assert_false(vc_guard_overdue(&g, S(117) - 1));
	assert_true(vc_guard_overdue(&g, S(117)));
	g.grace_ns = S(205);
	assert_int_equal(vc_guard(&g, S(205) - 1), VC_GUARD_STARVE);
	assert_true(vc_guard(&g, S(205)) & VC_GUARD_END);
	g.proof_ns = 0;
	assert_false(vc_guard_overdue(&g, S(500)));
}

static void a_watchdog_that_fits(void **state)
{
	(void)state;
	assert_true(vc_guard_watchdog_fits(S(10), S(27)));
	assert_true(vc_guard_watchdog_fits(S(10), S(20)));
	assert_false(vc_guard_watchdog_fits(S(10), S(20) - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ends_when_proofs_are_over), cmocka_unit_test(the_watchdog_alone), cmocka_unit_test(a_fresh_proof),
	    cmocka_unit_test(nothing_to_end),		 cmocka_unit_test(another_life),       cmocka_unit_test(a_watchdog_that_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
