// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of the decision core. Pairing, resync, hand-over, resume. */
#include "tests/unit/story.h"

static void link_lost_and_back_is_only_a_stall(void **state)
{
	(void)state;
	unsigned syncs = w.insyncs;
	world_cut_link(&w);
	settle(500);
	assert_int_equal(w.host[0].core.gate, VC_G_FROZEN);
	w.link_net_up = true;
	settle(500);
	assert_int_equal(w.host[0].core.gate, VC_G_PAIR);
	assert_int_equal(w.insyncs, syncs); /* no resync */
}

static void hand_over_needs_no_resync(void **state)
{
	(void)state;
	unsigned syncs = w.insyncs;
	assert_int_equal(promote(1, 300), -EAGAIN); /* the other is primary */
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	assert_int_equal(w.host[0].demote_rc, 0);
	assert_int_equal(promote(1, 300), 0);
	assert_int_equal(look(1).show, VC_SHOW_PRIM);
	assert_int_equal(w.insyncs, syncs);
	world_guest_write(&w, 1);
	settle(100);
	assert_int_equal(w.acked_count, 2);
}

/* Nobody hears of an era before it is recorded: otherwise the host that began it would look rolled back. */
static void promotion_is_recorded_before_it_is_asked(void **state)
{
	(void)state;
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	world_event_type(&w, 1, VC_E_PROMOTE);
	assert_int_equal(w.host[1].core.role, VC_PROMOTING);
	assert_true(w.host[0].in_count > 0); /* asked */
	assert_int_equal(vc_eralog_last(&w.host[1].disk.log)->writer, 1);
}

/* The hand-over's answer is lost with the link: both think that the other sends. Whoever writes next
 * must not count on a stream of which the other remembers another beginning. */
static void hand_over_whose_answer_is_lost(void **state)
{
	(void)state;
	world_guest_write(&w, 0);
	settle(100);
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	world_event_type(&w, 1, VC_E_PROMOTE);
	assert_int_equal(w.host[1].core.role, VC_PROMOTING);
	while (world_deliver_link(&w, 0)) /* the first host has turned and said so */
		;
	assert_true(w.host[1].in_count > 0);
	w.host[1].in_count = 0;
	sim_drop_connection(&w);
	world_event_type(&w, 1, VC_E_DEMOTE);
	settle(3000);
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
	assert_int_equal(promote(0, 1000), 0);
	world_guest_write(&w, 0);
	settle(1000);
	assert_int_equal(w.acked_count, 3);
	world_check_equal(&w);
	assert_null(w.violation);
}

static void many_hand_overs(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 150; i++) {
		world_event_type(&w, 1 - i % 2, VC_E_DEMOTE);
		settle(100);
		assert_int_equal(promote(i % 2, 200), 0);
	}
	world_power_off(&w, 0);
	world_fence(&w, 1);
	settle(500);
	assert_int_equal(w.host[1].core.gate, VC_G_SOLO);
	world_power_on(&w, 0);
	settle(3000);
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
}

/* One end found the stream broken, the other only lost the link: they meet again by themselves. */
static void broken_stream_of_two_secondaries(void **state)
{
	(void)state;
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	world_event_type(&w, 1, VC_E_STREAM_BROKEN);
	settle(5000);
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
	assert_int_equal(w.host[1].core.phase, VC_INSYNC);
}

/* While the target doesn't know that its copy is whole, a power cut of the source would take what was
 * acknowledged and not flushed: both must know first. */
static void end_of_resync_holds_writes(void **state)
{
	(void)state;
	world_power_off(&w, 1);
	world_fence(&w, 0);
	world_power_on(&w, 1);
	for (int i = 0; i < 50 && w.host[1].core.phase != VC_TARGET; i++) {
		world_pass(&w, 10);
		world_settle(&w);
	}
	world_resync_done(&w, 0);
	assert_int_equal(w.host[0].core.phase, VC_SRC_END);
	unsigned before = w.acked_count;
	world_guest_write(&w, 0);
	assert_int_equal(w.host[0].gate, VC_G_FROZEN);
	assert_int_equal(w.acked_count, before);
	world_settle(&w);
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
	assert_int_equal(w.host[0].gate, VC_G_PAIR);
}

/* A resync does not end while writes in flight are drained: in the pair era nothing is acknowledged alone. */
static void resync_waits_for_a_demotion(void **state)
{
	(void)state;
	world_power_off(&w, 1);
	world_fence(&w, 0);
	world_power_on(&w, 1);
	for (int i = 0; i < 50 && w.host[1].core.phase != VC_TARGET; i++) {
		world_pass(&w, 10);
		world_settle(&w);
	}
	world_guest_write(&w, 0);
	assert_int_equal(w.host[0].req_count, 1);
	world_event_type(&w, 0, VC_E_DEMOTE);
	assert_int_equal(w.host[0].core.role, VC_DEMOTING);
	world_event_type(&w, 0, VC_E_SYNC_DONE);
	assert_int_equal(w.host[0].core.phase, VC_SOURCE);
	world_cut_link(&w);
	settle(200);
	assert_int_equal(w.host[0].demote_rc, 0);
	assert_int_equal(w.acked_count, 2); /* alone, in the solo era */
	assert_int_equal(w.host[0].disk.standing, VC_SOLO);
}

/* In sync without a token, both pair anew while one of them waits to be granted a promotion. */
static void promotion_gives_way_to_a_pairing(void **state)
{
	(void)state;
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	world_kill_master(&w, 1);
	world_start_master(&w, 1);
	hear_all(1);
	assert_int_equal(w.host[1].core.phase, VC_INSYNC);
	world_event_type(&w, 1, VC_E_PROMOTE);
	assert_int_equal(w.host[1].core.role, VC_PROMOTING);
	for (unsigned i = 0; i < 20; i++) { /* the link is slower than the group */
		world_pass(&w, 100);
		hear_all(0);
		hear_all(1);
	}
	settle(3000);
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
	assert_int_equal(w.host[1].core.phase, VC_INSYNC);
}

/* The primary's power cut took what the secondary holds; its clean stop and reboot must not take that too
 * (S1, TRAPS 13). */
static void clean_stop_keeps_the_survivors_copy(void **state)
{
	(void)state;
	world_power_off(&w, 0);
	lose_all(0);
	settle(300);
	world_event_type(&w, 1, VC_E_STOP);
	settle(300);
	assert_false(w.host[1].worker);
	world_power_off(&w, 1);
	world_power_on(&w, 0);
	world_power_on(&w, 1);
	settle(3000);
	assert_int_equal(w.host[1].core.phase, VC_INSYNC);
	assert_true(w.host[1].core.sender);
	assert_memory_equal(&w.host[0].cache, &w.acked, sizeof w.acked);
	assert_int_equal(w.acked_count, 1);
}

/* A primary that was passed over: its VM is ended, and it isn't linked, again and again, before it is demoted. */
static void passed_over_primary_is_linked_when_demoted(void **state)
{
	(void)state;
	struct vc_event quorum = {.type = VC_E_QUORUM};
	world_cut_link(&w);
	world_cut_ring(&w);
	w.host[0].quorate = false;
	world_event(&w, 0, &quorum);
	settle(100);
	w.host[1].fence_record_of_peer = 999; /* falsely: host 0 lives */
	world_tell_fence(&w, 1);
	assert_int_equal(promote(1, 300), 0);
	w.link_net_up = true;
	world_mend_ring(&w);
	settle(2000);
	assert_int_equal(w.host[0].core.role, VC_PRIMARY);
	assert_true(w.host[0].core.failed);
	uint64_t conn = w.conn;
	settle(5000);
	assert_int_equal(w.conn, conn);
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(3000);
	assert_int_equal(look(0).show, VC_SHOW_SECOND);
	assert_int_equal(look(0).colour, VC_GREEN);
}

static void another_unit_is_refused(void **state)
{
	(void)state;
	world_power_off(&w, 1);
	world_fence(&w, 0);
	w.host[1].disk.unit_id[0] ^= 0xff;
	world_power_on(&w, 1);
	settle(3000);
	assert_int_equal(w.host[0].core.verdict, VC_R_UNRELATED);
	assert_int_equal(w.host[1].core.phase, VC_APART);
}

/* Host2 comes back after a power cut and is being overwritten. */
static void until_target(void)
{
	world_power_off(&w, 1);
	world_fence(&w, 0);
	world_power_on(&w, 1);
	for (int i = 0; i < 50 && w.host[1].core.phase != VC_TARGET; i++) {
		world_pass(&w, 10);
		world_settle(&w);
	}
	assert_int_equal(w.host[1].core.phase, VC_TARGET);
}

static void lease_runs_out(void)
{
	w.now += (SIM_LEASE_LONG_MS + 1000) * VC_NS_PER_MS;
}

/* The link is quick, the group silent: the end of a resync makes no token for a target whose lease is over (TRAPS 4, 5). */
static void target_without_lease_stays_uncertain(void **state)
{
	(void)state;
	until_target();
	world_resync_done(&w, 0);
	lease_runs_out();
	while (world_deliver_link(&w, 1))
		;
	assert_int_equal(w.host[1].core.phase, VC_INSYNC);
	assert_false(w.host[1].core.certain);
	settle(3000);
	assert_true(w.host[1].core.certain);
}

/* Nor does the source end one without: it goes on alone until its quorum is proven again. */
static void source_without_lease_ends_no_resync(void **state)
{
	(void)state;
	until_target();
	lease_runs_out();
	world_resync_done(&w, 0);
	assert_int_equal(w.host[0].core.phase, VC_SOURCE);
	assert_int_equal(w.host[0].disk.standing, VC_SOLO);
	assert_false(w.host[0].core.certain);
	settle(3000);
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
	assert_true(w.host[0].core.certain);
}

/* One host hears the other's first hello before it may say its own: the last word crosses the one that begins the resume,
 * and must still offer it. Otherwise each waits for the link in another pairing. */
static void resume_is_offered_until_heard(void **state)
{
	(void)state;
	uint64_t pairing = w.host[0].core.pairing;
	unsigned syncs = w.insyncs;
	world_cut_ring(&w);
	settle(100);
	world_mend_ring(&w);
	hear_all(0); /* says hello */
	w.now += VC_NS_PER_MS;
	hear_all(1); /* the last news of fencing is older than the other's coming: answers once there are newer ones */
	assert_true(w.host[1].core.mine.echo == w.host[0].core.mine.nonce);
	hear_all(0);
	assert_int_equal(w.host[0].core.phase, VC_LINKING);
	assert_true(w.host[0].core.pairing == pairing);
	hear_all(1);
	assert_int_equal(w.host[1].core.phase, VC_LINKING);
	assert_true(w.host[1].core.pairing == pairing);
	settle(300);
	assert_int_equal(w.host[0].gate, VC_G_PAIR);
	assert_int_equal(w.insyncs, syncs);
}

/* A fencing may have begun since the last reading of its history, and end after the pairing: pairing waits for a newer
 * one (TRAPS 6). */
static void pairing_waits_for_news_of_fencing(void **state)
{
	(void)state;
	struct vc_event joined = {.type = VC_E_GROUP}, fence = {.type = VC_E_FENCE};
	joined.u.group.member = w.host[1].master_id;
	joined.u.group.how = VC_JOINED;
	world_kill_master(&w, 1);
	settle(100);
	w.now += VC_NS_PER_MS;
	w.host[0].heard_count = 0;
	world_event(&w, 0, &joined);
	assert_int_equal(actions_of(0, VC_A_ASK_FENCE), 1);
	assert_int_equal(actions_of(0, VC_A_CPG_SEND), 0);
	fence.u.fence.known = true;
	fence.u.fence.read_ns = w.now - 1; /* was under way */
	world_event(&w, 0, &fence);
	assert_int_equal(actions_of(0, VC_A_CPG_SEND), 0);
	fence.u.fence.read_ns = w.now;
	world_event(&w, 0, &fence);
	assert_int_equal(actions_of(0, VC_A_CPG_SEND), 1);
}

/* What was answered with an error is not sent again: the link comes back to a new resync (TRAPS 11). */
static void given_up_writes_are_not_resumed(void **state)
{
	(void)state;
	unsigned syncs = w.insyncs;
	world_guest_write(&w, 0);
	world_cut_link(&w);
	settle(300);
	world_event_type(&w, 0, VC_E_FAIL_HELD);
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(300);
	assert_int_equal(w.host[0].demote_rc, 0);
	assert_int_equal(w.host[0].core.phase, VC_LOST);
	w.link_net_up = true;
	settle(3000);
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
	assert_int_equal(w.insyncs, syncs + 2); /* each host says so */
}

/* The same when a demotion gives up a write while the resync's end is under way: that end is no reason to forget it. */
static void given_up_at_the_end_of_a_resync(void **state)
{
	(void)state;
	until_target();
	world_guest_write(&w, 0);
	assert_int_equal(w.host[0].req_count, 1);
	world_resync_done(&w, 0); /* the acknowledgement is under way */
	assert_int_equal(w.host[0].gate, VC_G_FROZEN);
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(100);
	assert_int_equal(w.host[0].demote_rc, 0);
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
	unsigned syncs = w.insyncs;
	sim_drop_connection(&w);
	settle(3000);
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
	assert_int_equal(w.insyncs, syncs + 2);
}

/* failover = manual: only who wrote last gives a promotion score; the operator may promote the other one all the same. */
static void manual_failover_gives_no_score(void **state)
{
	(void)state;
	w.host[0].core.config.manual_failover = w.host[1].core.config.manual_failover = true;
	assert_int_equal(look(1).show, VC_SHOW_SECOND);
	assert_int_equal(look(1).colour, VC_GREEN);
	assert_int_equal(look(1).score, -1);
	assert_true(look(0).score > 0);
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	assert_true(look(0).score > 0); /* it wrote last */
	assert_int_equal(look(1).score, -1);
	assert_int_equal(promote(1, 300), 0);
	world_guest_write(&w, 1);
	settle(100);
	assert_true(look(1).score > 0);
	assert_int_equal(look(0).score, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(link_lost_and_back_is_only_a_stall),
	    STORY(hand_over_needs_no_resync),
	    STORY(promotion_is_recorded_before_it_is_asked),
	    STORY(hand_over_whose_answer_is_lost),
	    STORY(many_hand_overs),
	    STORY(broken_stream_of_two_secondaries),
	    STORY(end_of_resync_holds_writes),
	    STORY(resync_waits_for_a_demotion),
	    STORY(promotion_gives_way_to_a_pairing),
	    STORY(clean_stop_keeps_the_survivors_copy),
	    STORY(passed_over_primary_is_linked_when_demoted),
	    STORY(another_unit_is_refused),
	    STORY(target_without_lease_stays_uncertain),
	    STORY(source_without_lease_ends_no_resync),
	    STORY(resume_is_offered_until_heard),
	    STORY(pairing_waits_for_news_of_fencing),
	    STORY(given_up_writes_are_not_resumed),
	    STORY(given_up_at_the_end_of_a_resync),
	    STORY(manual_failover_gives_no_score),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
