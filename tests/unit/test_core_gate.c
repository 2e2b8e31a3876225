// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of the decision core. Going alone: evidence, token, lease. */
#include "tests/unit/story.h"

static void primary_dies_and_is_fenced(void **state)
{
	(void)state;
	world_power_off(&w, 0);
	settle(500);
	/* gone is not dead: without a fence record the promotion is not granted */
	assert_int_equal(promote(1, 9000), -EAGAIN);
	assert_int_equal(w.host[1].core.d.standing, VC_PAIRED);
	world_fence(&w, 1);
	assert_int_equal(promote(1, 300), 0);
	assert_int_equal(look(1).show, VC_SHOW_ALONE);
	world_power_on(&w, 0);
	settle(3000);
	assert_int_equal(look(0).show, VC_SHOW_SECOND);
	assert_int_equal(look(0).colour, VC_GREEN);
}

/* The fencing record that was there before the pairing proves nothing (TRAPS 7). */
static void old_fence_record_is_no_evidence(void **state)
{
	(void)state;
	world_power_off(&w, 0);
	world_fence(&w, 1);
	world_power_on(&w, 0);
	settle(3000);
	assert_int_equal(w.host[1].core.phase, VC_INSYNC);
	world_power_off(&w, 0);
	assert_int_equal(promote(1, 9000), -EAGAIN);
}

static void secondary_dies_primary_freezes_until_fenced(void **state)
{
	(void)state;
	world_power_off(&w, 1);
	settle(3000);
	assert_int_equal(w.host[0].core.gate, VC_G_FROZEN);
	world_fence(&w, 0);
	settle(300);
	assert_int_equal(w.host[0].core.gate, VC_G_SOLO);
}

static void no_quorum_ends_with_the_lease(void **state)
{
	(void)state;
	world_cut_ring(&w);
	world_cut_link(&w);
	w.host[0].quorate = false;
	struct vc_event e = {.type = VC_E_QUORUM};
	world_event(&w, 0, &e);
	settle(15000);
	assert_int_equal(w.host[0].core.gate, VC_G_FROZEN); /* held, not failed */
	assert_true(w.host[0].core.certain);
	settle(SIM_LEASE_LONG_MS - 15000 - 2500); /* the longer lease of the two; by its end the VM is down */
	assert_int_equal(w.host[0].core.gate, VC_G_FAILED);
	assert_false(w.host[0].core.certain);
	assert_int_equal(look(0).show, VC_SHOW_PRIM); /* not ALONE: it does not go on */
	assert_int_equal(look(0).reason, VC_R_LEASE_END);
	assert_int_equal(look(0).score, -1);
}

/* A proof counts from its sending (TRAPS 20). */
static void old_proof_does_not_renew(void **state)
{
	(void)state;
	uint64_t end = w.host[0].core.lease_end_ns;
	struct vc_event e = {.type = VC_E_PROOF};
	e.u.sent_ns = w.now - 5000 * VC_NS_PER_MS;
	w.now += 1000 * VC_NS_PER_MS;
	world_event(&w, 0, &e);
	assert_true(w.host[0].core.lease_end_ns == end);
}

/* Both hosts' files name a shorter lease than before: it binds from the pairing on. */
static void shorter_lease_binds_at_once(void **state)
{
	(void)state;
	for (unsigned h = 0; h < 2; h++)
		world_kill_worker(&w, h);
	for (unsigned h = 0; h < 2; h++) {
		w.host[h].disk.lease_ms = 600000;
		world_start_worker(&w, h);
	}
	settle(4000);
	assert_int_equal(promote(0, 500), 0);
	assert_true(w.host[0].core.lease_end_ns <= w.now + SIM_LEASE_LONG_MS * 9 / 10 * VC_NS_PER_MS);
	world_cut_ring(&w);
	world_cut_link(&w);
	w.host[0].quorate = false;
	struct vc_event e = {.type = VC_E_QUORUM};
	world_event(&w, 0, &e);
	settle(SIM_LEASE_LONG_MS + 2000);
	assert_int_equal(w.host[0].core.gate, VC_G_FAILED);
	assert_false(w.host[0].core.certain);
}

static void restarted_daemon_is_uncertain(void **state)
{
	(void)state;
	world_power_off(&w, 0);
	world_kill_worker(&w, 1);
	world_start_worker(&w, 1);
	world_fence(&w, 1);
	settle(300);
	assert_int_equal(look(1).score, -1);
	assert_int_equal(promote(1, 9000), -EAGAIN);
	assert_int_equal(w.host[1].disk.standing, VC_PAIRED);
}

/* A fencing that "succeeded" while its victim is still a member proves nothing. */
static void fenced_member_is_not_dead(void **state)
{
	(void)state;
	world_cut_link(&w);
	w.host[1].fence_record_of_peer = 999;
	world_tell_fence(&w, 1);
	assert_int_equal(promote(1, 1000), 1); /* not answered yet: waiting */
	assert_int_equal(w.host[1].core.role, VC_SECONDARY);
	assert_true(w.host[1].core.d.standing != VC_SOLO);
}

/* The group tells that the peer's node is gone; with a quorum device the loss of quorum is told seconds later. A host
 * that is isolated itself must not have the side shot that goes on. */
static void isolated_host_has_nobody_shot(void **state)
{
	(void)state;
	struct vc_event gone = {.type = VC_E_GROUP}, quorum = {.type = VC_E_QUORUM};
	gone.u.group.member = w.host[1].master_id;
	gone.u.group.how = VC_LEFT_NODEDOWN;
	world_cut_link(&w);
	world_event(&w, 0, &gone);
	settle(12000);
	assert_false(w.fence_wanted[1]);
	assert_int_equal(w.host[0].core.gate, VC_G_FROZEN);
	/* The quorum service says that it is still a member: its daemon hangs. */
	quorum.u.quorum.quorate = quorum.u.quorum.peer_member = true;
	world_event(&w, 0, &quorum);
	settle(300);
	assert_true(w.fence_wanted[1]);
}

/* The primary's vmtwind is restarted, which costs the token, and the link is gone as well: the peer, asked, steps back. */
static void no_token_and_no_link_but_a_peer(void **state)
{
	(void)state;
	world_kill_master(&w, 0);
	world_cut_link(&w);
	settle(1000);
	world_start_master(&w, 0);
	settle(5000);
	assert_int_equal(w.host[0].core.gate, VC_G_SOLO);
	assert_int_equal(w.host[1].disk.standing, VC_OUTDATED);
	w.link_net_up = true;
	settle(3000);
	assert_int_equal(w.host[0].core.gate, VC_G_PAIR);
}

/* Falsely fenced without quorum, and the ring mended before the lease is over: the other may have gone alone. That its
 * worker ends before it is heard of is no evidence then. */
static void end_after_a_split_proves_nothing(void **state)
{
	(void)state;
	struct vc_event gone = {.type = VC_E_GROUP}, back = {.type = VC_E_GROUP}, down = {.type = VC_E_UNIT_DOWN};
	gone.u.group.member = back.u.group.member = w.host[1].master_id;
	gone.u.group.how = VC_LEFT_NODEDOWN;
	back.u.group.how = VC_JOINED;
	down.u.incarnation = w.host[1].core.config.incarnation;
	world_cut_link(&w);
	world_event(&w, 0, &gone);
	world_event(&w, 0, &back);
	world_event(&w, 0, &down);
	for (int i = 0; i < 20; i++) {
		world_pass(&w, 100);
		hear_all(0);
	}
	assert_int_equal(w.host[0].disk.standing, VC_PAIRED);
	assert_int_equal(w.host[0].gate, VC_G_FROZEN);
}

/* A proof that was under way when quorum went proves nothing: silence, and late words, are not quorum (TRAPS 15). */
static void proof_without_quorum_is_none(void **state)
{
	(void)state;
	struct vc_event proof = {.type = VC_E_PROOF}, lost = {.type = VC_E_QUORUM};
	uint64_t end = w.host[0].core.lease_end_ns;
	w.now += 1000 * VC_NS_PER_MS;
	proof.u.sent_ns = w.now;
	world_event(&w, 0, &lost);
	world_event(&w, 0, &proof);
	assert_true(w.host[0].core.lease_end_ns == end);
	lost.u.quorum.quorate = lost.u.quorum.peer_member = true;
	world_event(&w, 0, &lost);
	world_event(&w, 0, &proof);
	assert_true(w.host[0].core.lease_end_ns > end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(primary_dies_and_is_fenced),
	    STORY(old_fence_record_is_no_evidence),
	    STORY(secondary_dies_primary_freezes_until_fenced),
	    STORY(no_quorum_ends_with_the_lease),
	    STORY(old_proof_does_not_renew),
	    STORY(shorter_lease_binds_at_once),
	    STORY(restarted_daemon_is_uncertain),
	    STORY(fenced_member_is_not_dead),
	    STORY(isolated_host_has_nobody_shot),
	    STORY(no_token_and_no_link_but_a_peer),
	    STORY(end_after_a_split_proves_nothing),
	    STORY(proof_without_quorum_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
