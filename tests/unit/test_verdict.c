// SPDX-License-Identifier: GPL-2.0-or-later
/* What fence_vmtwin is told: every rule, and that one second before its time nothing is said. */
#include "tests/unit/unit.h"


#include "base/timing.h"
#include "core/verdict.h"

#define S(n) ((uint64_t)(n) * 1000000000u)

/* host2 is cut off since 100 s; this side has the vote since 90 s. */
static struct vc_fence_facts cut_off(void)
{
	return (struct vc_fence_facts){
	    .third_vote = true,
	    .lease_known = true,
	    .wait_ms = 40000,
	    .quorate_ns = S(90),
	    .is_node = true,
	    .silent_ns = S(100),
	    .begun_ns = S(101),
	    .away = true,
	};
}

/* A healthy member that has been one for long. */
static struct vc_fence_facts healthy(void)
{
	struct vc_fence_facts f = cut_off();
	f.silent_ns = 0;
	f.away = false;
	f.member = f.daemon = true;
	f.member_ns = S(10);
	return f;
}

static void expect(const struct vc_fence_facts *f, uint64_t now, enum vc_fence_state state, enum vc_fence_why why)
{
	struct vc_fence_verdict v = vc_fence_verdict(f, now);
	if (v.state != state || v.why != why)
		fail_msg("state %d why %d, not %d %d", v.state, v.why, state, why);
}

static void silence_and_own_vote(void **state)
{
	struct vc_fence_facts f = cut_off();
	(void)state;
	expect(&f, S(139), VC_FENCE_WAITING, VC_WHY_SILENCE);
	assert_true(vc_fence_verdict(&f, S(139)).left_ns == S(1));
	expect(&f, S(140), VC_FENCE_DONE, VC_WHY_SILENT);
	f.quorate_ns = S(120); /* the vote came later: the other side may have had it until then */
	expect(&f, S(159), VC_FENCE_WAITING, VC_WHY_SILENCE);
	expect(&f, S(160), VC_FENCE_DONE, VC_WHY_SILENT);
	f.quorate_ns = 0;
	expect(&f, S(1000), VC_FENCE_WAITING, VC_WHY_NO_QUORUM);
}

static void witness_without_a_break(void **state)
{
	struct vc_fence_facts f = cut_off();
	(void)state;
	f.third_vote = false;
	expect(&f, S(1000), VC_FENCE_REFUSED, VC_WHY_NO_WITNESS); /* TRAPS 16 */
	f.witness = true;
	expect(&f, S(1000), VC_FENCE_WAITING, VC_WHY_NOT_REACHED);
	f.witness_ns = S(130);
	expect(&f, S(169), VC_FENCE_WAITING, VC_WHY_SILENCE);
	expect(&f, S(170), VC_FENCE_DONE, VC_WHY_SILENT);
	f.third_vote = true; /* both are configured: both are needed */
	f.witness_ns = 0;
	expect(&f, S(1000), VC_FENCE_WAITING, VC_WHY_NOT_REACHED);
}

static void setup(void **state)
{
	struct vc_fence_facts f = cut_off();
	(void)state;
	f.third_vote = false;
	f.allow_unfenced = true;
	expect(&f, S(139), VC_FENCE_WAITING, VC_WHY_SILENCE);
	expect(&f, S(140), VC_FENCE_DONE, VC_WHY_SILENT);
	f.lease_known = false;
	expect(&f, S(1000), VC_FENCE_REFUSED, VC_WHY_LEASE_UNKNOWN);
	assert_int_equal(vc_fence_setup(&f), VC_WHY_LEASE_UNKNOWN);
	f = cut_off();
	assert_int_equal(vc_fence_setup(&f), VC_WHYS);
	f.is_self = true;
	expect(&f, S(1000), VC_FENCE_REFUSED, VC_WHY_SELF);
	f.is_node = false;
	expect(&f, S(1000), VC_FENCE_REFUSED, VC_WHY_UNKNOWN_NODE);
}

static void member_is_ordered(void **state)
{
	struct vc_fence_facts f = healthy();
	(void)state;
	expect(&f, S(200), VC_FENCE_ORDER, VC_WHY_ORDERED);
	f.order = VC_ORDER_SENT;
	f.order_ns = S(200);
	expect(&f, S(201), VC_FENCE_WAITING, VC_WHY_ORDERED);
	f.silent_ns = S(205); /* it hangs: its leases run out as those of any other */
	expect(&f, S(244), VC_FENCE_WAITING, VC_WHY_HANGS);
	expect(&f, S(245), VC_FENCE_DONE, VC_WHY_SILENT);
	f.order = VC_ORDER_NONE;
	expect(&f, S(245), VC_FENCE_ORDER, VC_WHY_ORDERED);
	f.silent_ns = 0;
	f.order = VC_ORDER_OBEYED;
	expect(&f, S(201), VC_FENCE_WAITING, VC_WHY_LEAVING);
	f.daemon = false;
	f.silent_ns = S(201);
	expect(&f, S(201), VC_FENCE_WAITING, VC_WHY_HANGS); /* its node is still there */
	f.member = false;
	f.ended_ns = S(201);
	expect(&f, S(201), VC_FENCE_DONE, VC_WHY_OBEYED);
	f.member = f.daemon = true; /* back already */
	expect(&f, S(203), VC_FENCE_DONE, VC_WHY_OBEYED);
	f.begun_ns = S(202); /* what it obeyed was another request */
	expect(&f, S(203), VC_FENCE_WAITING, VC_WHY_LEAVING);
	f.begun_ns = S(199);
	f.member = f.daemon = false;
	f.order = VC_ORDER_SENT; /* gone without a word: it may only have been cut off */
	expect(&f, S(202), VC_FENCE_WAITING, VC_WHY_SILENCE);
	expect(&f, S(241), VC_FENCE_DONE, VC_WHY_SILENT);
	f = healthy();
	f.order = VC_ORDER_FAILED;
	expect(&f, S(201), VC_FENCE_REFUSED, VC_WHY_ORDER_FAILED);
	f.order = VC_ORDER_OBEYED;
	f.order_ns = S(200);
	expect(&f, S(231), VC_FENCE_REFUSED, VC_WHY_ORDER_FAILED);
	f.order = VC_ORDER_NONE;
	f.quorate_ns = 0; /* without quorum nobody is shot */
	expect(&f, S(201), VC_FENCE_WAITING, VC_WHY_NO_QUORUM);
}

static void who_came_back_lives(void **state)
{
	struct vc_fence_facts f = healthy();
	(void)state;
	f.away = true;
	expect(&f, S(200), VC_FENCE_REFUSED, VC_WHY_CAME_BACK);
	f.away = false;
	f.member_ns = S(181);
	expect(&f, S(200), VC_FENCE_REFUSED, VC_WHY_JUST_BACK);
	expect(&f, S(201), VC_FENCE_ORDER, VC_WHY_ORDERED);
}

static void member_without_daemon(void **state)
{
	struct vc_fence_facts f = healthy();
	(void)state;
	f.daemon = false;
	f.silent_ns = S(150);
	expect(&f, S(189), VC_FENCE_WAITING, VC_WHY_HANGS);
	expect(&f, S(190), VC_FENCE_DONE, VC_WHY_SILENT);
	f.witness = true; /* not asked for while it is a member */
	expect(&f, S(190), VC_FENCE_DONE, VC_WHY_SILENT);
	f.silent_ns = 0;
	expect(&f, S(1000), VC_FENCE_WAITING, VC_WHY_SILENCE);
}

/* Its vmtwind ends at 20; its node is cut off at 50 and may start another one there. */
static void silence_begins_anew(void **state)
{
	struct vc_seen s = {0};
	uint64_t since = 0;
	(void)state;
	vc_seen_member(&s, true, S(10));
	vc_seen_daemon(&s, true, S(11));
	assert_true(s.member_ns == S(10) && s.silent_ns == 0);
	vc_seen_daemon(&s, false, S(20));
	vc_seen_member(&s, true, S(30));
	assert_true(s.member_ns == S(10) && s.silent_ns == S(20));
	vc_seen_member(&s, false, S(50));
	vc_seen_member(&s, false, S(60));
	assert_true(s.member_ns == 0 && s.silent_ns == S(50) && s.left_ns == S(50));
	vc_seen_member(&s, true, S(70));
	assert_true(s.silent_ns == S(50)); /* that its node is back says nothing of its vmtwind */
	vc_seen_daemon(&s, true, S(71));
	assert_true(s.silent_ns == 0 && s.left_ns == S(50));
	vc_seen_left(&s, S(80));
	vc_seen_daemon(&s, true, S(81)); /* the group tells its return before quorum does */
	assert_true(s.member_ns == S(81) && s.left_ns == S(80) && s.silent_ns == 0);
	vc_seen_since(&since, true, S(1));
	vc_seen_since(&since, true, S(2));
	assert_true(since == S(1));
	vc_seen_since(&since, false, S(3));
	vc_seen_since(&since, true, S(4));
	assert_true(since == S(4));
}

/* Told since 10 s, proved every second since 12 s, votes known. */
static struct vc_vote with_vote(void)
{
	struct vc_vote v = {0};
	vc_vote_read(&v, true, S(9));
	vc_vote_told(&v, true, S(10));
	for (uint64_t t = 12; t <= 60; t++)
		vc_vote_proof(&v, S(t));
	vc_vote_read(&v, false, S(60));
	return v;
}

static void the_vote_without_a_break(void **state)
{
	(void)state;
	struct vc_vote v = with_vote();
	assert_true(vc_vote_since(&v, S(60)) == S(12)); /* the later of both */
	v.proof_since_ns = S(5);
	assert_true(vc_vote_since(&v, S(60)) == S(10));
	v = with_vote();
	assert_true(vc_vote_since(&v, S(62)) == S(12));
	assert_true(vc_vote_since(&v, S(63)) == 0); /* told, and not proved any more: this host hangs, or its cluster */
	vc_vote_proof(&v, S(63));
	vc_vote_read(&v, false, S(63));
	assert_true(vc_vote_since(&v, S(64)) == S(63)); /* proved again: from then on */
	vc_vote_told(&v, false, S(64));
	assert_true(vc_vote_since(&v, S(64)) == 0);
	vc_vote_told(&v, true, S(65));
	assert_true(vc_vote_since(&v, S(65)) == S(65));
}

static void votes_that_change(void **state)
{
	(void)state;
	struct vc_vote v = with_vote();
	vc_vote_read(&v, true, S(60)); /* a device was removed: until now the other side may have had its vote */
	assert_true(vc_vote_since(&v, S(61)) == S(60));
	v = with_vote();
	for (uint64_t t = 61; t < 75; t++)
		vc_vote_proof(&v, S(t));
	assert_true(vc_vote_since(&v, S(74)) == S(12));
	vc_vote_proof(&v, S(75));
	assert_true(vc_vote_since(&v, S(75)) == 0); /* corosync has not told them for 15 s */
	v = with_vote();
	v.votes_ns = 0;
	assert_true(vc_vote_since(&v, S(60)) == 0); /* never told */
}

static void who_hangs_is_silent(void **state)
{
	(void)state;
	struct vc_seen s = {.member_ns = S(1)};
	assert_true(vc_silent_since(&s, S(50), S(54)) == 0);
	assert_true(vc_silent_since(&s, S(50), S(55)) == S(50));
	assert_true(vc_silent_since(&s, 0, S(55)) == 0); /* it has not spoken yet */
	s.silent_ns = S(40);
	assert_true(vc_silent_since(&s, S(50), S(51)) == S(40));
}

static void who_was_ordered_off_stays_so(void **state)
{
	(void)state;
	struct vc_seen s = {.member_ns = S(1)};
	vc_seen_left(&s, S(50));
	assert_true(vc_seen_stays_ended(&s, VC_ORDER_OBEYED, S(50)));
	assert_false(vc_seen_stays_ended(&s, VC_ORDER_SENT, S(50)));
	assert_false(vc_seen_stays_ended(&s, VC_ORDER_OBEYED, 0));
	vc_seen_daemon(&s, true, S(60)); /* back */
	assert_false(vc_seen_stays_ended(&s, VC_ORDER_OBEYED, S(50)));
	vc_seen_left(&s, S(70)); /* and cut off: it may run */
	assert_false(vc_seen_stays_ended(&s, VC_ORDER_OBEYED, S(50)));
}

static void the_sums(void **state)
{
	struct vt_cluster_timing t = {.token_ms = 3000, .consensus_ms = 3600, .device_timeout_ms = 10000, .device_sync_ms = 30000};
	(void)state;
	assert_int_equal(vt_timing_notice_ms(&t), 6600);
	assert_int_equal(vt_timing_margin_ms(&t, 30000), 6600 + 60 + 1000);
	assert_int_equal(vt_timing_fence_ms(&t, 30000), 37660);
	t.device = true;
	assert_int_equal(vt_timing_fence_ms(&t, 30000), 67660);
	t.device_timeout_ms = 40000;
	assert_int_equal(vt_timing_fence_ms(&t, 30000), 77660);
	assert_int_equal(vt_timing_own_ms(30000), 27000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(silence_and_own_vote),  cmocka_unit_test(witness_without_a_break),
	    cmocka_unit_test(setup),		     cmocka_unit_test(member_is_ordered),
	    cmocka_unit_test(who_came_back_lives),   cmocka_unit_test(member_without_daemon),
	    cmocka_unit_test(silence_begins_anew), cmocka_unit_test(the_sums),
	    cmocka_unit_test(the_vote_without_a_break), cmocka_unit_test(votes_that_change), cmocka_unit_test(who_hangs_is_silent),
	    cmocka_unit_test(who_was_ordered_off_stays_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
