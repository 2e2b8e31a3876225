// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of the decision core that read as traces; the random ones are in tests/sim. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "core/eralog.h"
#include "tests/sim/world.h"

static struct world w;

static struct vc_view look(unsigned h)
{
	return vc_look(&w.host[h].core, w.now);
}

static void settle(unsigned ms)
{
	for (unsigned t = 0; t < ms; t += 100) {
		world_pass(&w, 100);
		world_settle(&w);
		world_resync_done(&w, 0);
		world_resync_done(&w, 1);
		world_settle(&w);
	}
	assert_null(w.violation);
}

static int promote(unsigned h, unsigned wait_ms)
{
	w.host[h].promote_rc = 1;
	world_event_type(&w, h, VC_E_PROMOTE);
	settle(wait_ms);
	return w.host[h].promote_rc;
}

static void hear_all(unsigned h)
{
	while (world_deliver_group(&w, h))
		;
}

static int prim_second(void **state)
{
	(void)state;
	world_init(&w, 42, NULL);
	settle(2000);
	assert_int_equal(promote(0, 500), 0);
	assert_int_equal(look(0).show, VC_SHOW_PRIM);
	assert_int_equal(look(1).show, VC_SHOW_SECOND);
	world_guest_write(&w, 0);
	settle(100);
	assert_int_equal(w.acked_count, 1);
	return 0;
}

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

static void link_stays_down_peer_steps_back(void **state)
{
	(void)state;
	world_cut_link(&w);
	settle(3000);
	assert_int_equal(w.host[0].core.gate, VC_G_SOLO);
	assert_int_equal(w.host[1].core.d.standing, VC_OUTDATED);
	assert_int_equal(promote(1, 300), -EPERM);
	w.link_net_up = true;
	settle(3000);
	assert_int_equal(look(1).show, VC_SHOW_SECOND);
	assert_int_equal(look(1).colour, VC_GREEN);
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
	settle(25000); /* the longer lease of the two */
	assert_int_equal(w.host[0].core.gate, VC_G_FAILED);
	assert_false(w.host[0].core.certain);
	assert_int_equal(look(0).score, -1);
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
	world_cut_ring(&w);
	world_cut_link(&w);
	w.host[0].quorate = false;
	struct vc_event e = {.type = VC_E_QUORUM};
	world_event(&w, 0, &e);
	settle(SIM_LEASE_LONG_MS + 2000);
	assert_int_equal(w.host[0].core.gate, VC_G_FAILED);
	assert_false(w.host[0].core.certain);
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

/* After "A alone, A stops, B boots" B waits though it has quorum. */
static void last_to_leave_starts_alone(void **state)
{
	(void)state;
	world_event_type(&w, 1, VC_E_STOP);
	settle(300);
	assert_int_equal(w.host[1].disk.standing, VC_OUTDATED);
	assert_int_equal(w.host[0].disk.standing, VC_SOLO);
	world_event_type(&w, 0, VC_E_STOP);
	settle(300);
	assert_int_equal(w.host[0].disk.standing, VC_SOLO);
	world_start_worker(&w, 1);
	assert_int_equal(promote(1, 300), -EPERM);
	world_start_worker(&w, 0);
	assert_int_equal(promote(0, 300), 0);
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

static void held_writes_are_failed_on_request(void **state)
{
	(void)state;
	world_power_off(&w, 1);
	settle(300);
	world_guest_write(&w, 0);
	world_event_type(&w, 0, VC_E_FAIL_HELD);
	assert_int_equal(w.host[0].core.gate, VC_G_FAILED);
	world_fence(&w, 0);
	settle(300);
	assert_int_equal(w.host[0].core.gate, VC_G_FAILED); /* until demoted */
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(300);
	assert_int_equal(w.host[0].core.gate, VC_G_READONLY);
}

static void ask_to_outdate(unsigned h, uint64_t pairing)
{
	struct vc_event e = {.type = VC_E_MSG};
	e.u.msg.sender = w.host[1 - h].master_id;
	e.u.msg.msg.type = VC_M_OUTDATE;
	e.u.msg.msg.pairing = pairing;
	e.u.msg.msg.request = 1;
	world_event(&w, h, &e);
}

/* A primary, a solo host and one of another pairing do not step back. */
static void consent_has_rules(void **state)
{
	(void)state;
	uint64_t pairing = w.host[0].core.pairing;
	ask_to_outdate(0, pairing);
	assert_int_equal(w.host[0].disk.standing, VC_PAIRED);
	assert_int_equal(w.host[0].core.gate, VC_G_PAIR);
	ask_to_outdate(1, pairing + 1);
	assert_int_equal(w.host[1].disk.standing, VC_PAIRED);
	world_event_type(&w, 1, VC_E_STOP);
	settle(300);
	assert_int_equal(w.host[0].disk.standing, VC_SOLO);
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(300);
	ask_to_outdate(0, pairing);
	assert_int_equal(w.host[0].disk.standing, VC_SOLO);
}

/* An answer to nothing, or to a request of before, is no consent (TRAPS 10). */
static void stale_consent_is_nothing(void **state)
{
	(void)state;
	struct vc_event e = {.type = VC_E_MSG};
	e.u.msg.sender = w.host[1].master_id;
	e.u.msg.msg.type = VC_M_OUTDATED;
	e.u.msg.msg.pairing = w.host[0].core.pairing;
	e.u.msg.msg.request = 4711;
	world_event(&w, 0, &e);
	assert_false(w.host[0].core.consent);
	e.u.msg.msg.request = 0;
	e.u.msg.msg.pairing++;
	world_event(&w, 0, &e);
	assert_false(w.host[0].core.consent);
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
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

/* Both went on alone: neither is resynchronised from the other (S9). */
static void fork_is_kept(void **state)
{
	(void)state;
	struct vc_durable fork = w.host[1].disk;
	world_power_off(&w, 1);
	world_fence(&w, 0);
	settle(300);
	world_guest_write(&w, 0);
	assert_int_equal(w.host[0].disk.standing, VC_SOLO);
	fork.standing = VC_SOLO;
	fork.log.era[fork.log.count] = (struct vc_era){
	    .number = fork.log.count + 1, .id = 666, .writer = 1, .members = 2};
	fork.log.count++;
	w.host[1].disk = fork;
	world_power_on(&w, 1);
	settle(3000);
	assert_int_equal(w.host[0].core.verdict, VC_R_DIVERGED);
	assert_int_equal(w.host[1].core.verdict, VC_R_DIVERGED);
	assert_int_equal(w.host[1].disk.standing, VC_SOLO);
	assert_int_equal(promote(1, 300), -EPERM);
	assert_int_equal(look(0).show, VC_SHOW_ALONE);
	/* Nor is the other branch taken because the one that was in use is gone (S8). */
	world_power_off(&w, 0);
	world_fence(&w, 1);
	settle(3000);
	assert_int_equal(promote(1, 300), -EPERM);
	assert_true(look(1).score < 0);
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

/* Who consents in the midst of a resync does not end that resync afterwards (TRAPS 3, 10). */
static void consent_ends_a_resync(void **state)
{
	(void)state;
	world_power_off(&w, 1);
	world_fence(&w, 0);
	world_power_on(&w, 1);
	world_pass(&w, 100);
	for (int i = 0; i < 50 && w.host[1].core.phase != VC_TARGET; i++) {
		world_pass(&w, 10);
		world_settle(&w);
	}
	assert_int_equal(w.host[1].core.phase, VC_TARGET);
	world_resync_done(&w, 0);
	assert_int_equal(w.host[0].core.phase, VC_SRC_END); /* its word is under way to the target */
	assert_true(w.host[1].in_count > 0);
	struct link_item word = w.host[1].in[w.host[1].in_head];
	assert_int_equal(word.msg.type, VC_M_PAIR);
	ask_to_outdate(1, w.host[1].core.pairing);
	while (world_deliver_link(&w, 1))
		;
	assert_int_equal(w.host[1].disk.standing, VC_SYNCING);
	assert_false(w.host[1].core.certain);
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

static void disk_fails_while_promoting(void **state)
{
	(void)state;
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	world_event_type(&w, 1, VC_E_PROMOTE);
	world_event_type(&w, 1, VC_E_DISK_FAILED);
	settle(500);
	assert_int_equal(w.host[1].core.role, VC_SECONDARY);
	assert_int_equal(w.host[1].gate, VC_G_READONLY);
	assert_int_equal(promote(0, 3000), 0);
}

/* Nobody is there to go on: then leaving does not make the only copy outdated (docs/PROTOCOL.md). */
static void leaving_nobody(void **state)
{
	(void)state;
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	world_kill_master(&w, 1); /* not heard of yet by the first host */
	world_event_type(&w, 0, VC_E_STOP);
	hear_all(0);
	assert_false(w.host[0].worker);
	assert_int_equal(w.host[0].disk.standing, VC_PAIRED);
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

static int force(unsigned h)
{
	struct vc_out out = {0};
	world_event_type(&w, h, VC_E_FORCE);
	for (unsigned i = 0; i < w.host[h].acts.count; i++) {
		out.action[0] = w.host[h].acts.action[i];
		if (out.action[0].type == VC_A_REPLY && out.action[0].u.reply.request == VC_E_FORCE)
			return out.action[0].u.reply.rc;
	}
	return 1;
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

static unsigned actions_of(unsigned h, enum vc_action_type type)
{
	unsigned n = 0;
	for (unsigned i = 0; i < w.host[h].acts.count; i++)
		n += w.host[h].acts.action[i].type == type;
	return n;
}

/* The lease ended while no master was there to take the VM down: the next one is told. */
static void vm_down_outlives_the_master(void **state)
{
	(void)state;
	world_kill_master(&w, 0);
	settle(SIM_LEASE_LONG_MS + 1000);
	assert_int_equal(w.host[0].core.gate, VC_G_FAILED);
	world_event_type(&w, 0, VC_E_ATTACHED);
	assert_int_equal(actions_of(0, VC_A_VM_DOWN), 1);
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	world_event_type(&w, 0, VC_E_ATTACHED);
	assert_int_equal(actions_of(0, VC_A_VM_DOWN), 0);
}

/* The other host is lost for good: the operator's word starts a new era, marked so (S8). */
static void force_of_an_uncertain_copy(void **state)
{
	(void)state;
	assert_int_equal(force(1), -EBUSY); /* connected */
	world_power_off(&w, 0);
	world_kill_worker(&w, 1);
	world_start_worker(&w, 1);
	settle(1000);
	assert_int_equal(promote(1, 9000), -EAGAIN);
	assert_int_equal(force(1), 0);
	assert_int_equal(w.host[1].disk.standing, VC_SOLO);
	assert_int_equal(vc_eralog_last(&w.host[1].disk.log)->flags, VC_ERA_FORCED);
	assert_int_equal(force(1), -EALREADY);
	assert_int_equal(promote(1, 300), 0);
	/* what the other held is not in it, and it had not gone on: it follows */
	world_power_on(&w, 0);
	settle(3000);
	assert_int_equal(look(0).show, VC_SHOW_SECOND);
	assert_int_equal(look(0).colour, VC_GREEN);
}

/* Force while the other holds newer data makes a fork: it is seen on both, and outlives restarts (S9). */
static void force_makes_a_fork_that_is_not_forgotten(void **state)
{
	(void)state;
	world_power_off(&w, 1);
	world_fence(&w, 0);
	settle(300);
	assert_int_equal(w.host[0].disk.standing, VC_SOLO);
	world_power_off(&w, 0);
	world_power_on(&w, 1);
	settle(300);
	assert_int_equal(force(1), 0);
	world_power_on(&w, 0);
	settle(3000);
	assert_int_equal(w.host[0].core.verdict, VC_R_DIVERGED);
	assert_int_equal(w.host[1].core.verdict, VC_R_DIVERGED);
	assert_true(w.host[0].disk.fork && w.host[1].disk.fork);
	/* alone again: the branch that nobody forced doesn't start by itself, the other may */
	world_power_off(&w, 1);
	world_fence(&w, 0);
	world_kill_worker(&w, 0);
	world_start_worker(&w, 0);
	settle(1000);
	assert_int_equal(promote(0, 300), -EPERM);
	assert_int_equal(force(0), 0);
	assert_int_equal(promote(0, 300), 0);
	assert_int_equal(look(0).colour, VC_ORANGE);
}

static void force_has_rules(void **state)
{
	(void)state;
	struct vc_durable kept = w.host[1].disk;
	world_power_off(&w, 0);
	world_kill_worker(&w, 1);
	w.host[1].disk = (struct vc_durable){.standing = VC_SYNCING};
	world_start_worker(&w, 1);
	settle(300);
	assert_int_equal(force(1), -EPERM); /* it never had any data */
	world_kill_worker(&w, 1);
	w.host[1].disk = kept;
	world_start_worker(&w, 1);
	world_power_on(&w, 0);
	settle(3000);
	assert_int_equal(promote(0, 500), 0);
	world_cut_link(&w);
	settle(3000); /* the primary goes on alone, this host consented */
	assert_int_equal(w.host[1].disk.standing, VC_OUTDATED);
	assert_int_equal(force(1), -EBUSY);
	assert_int_equal(w.host[1].disk.standing, VC_OUTDATED);
	assert_int_equal(force(0), -EBUSY); /* it has the VM */
}

/* A disk put back to an older state: its host's own eras are in the peer's log and not in its own. */
static void rolled_back_disk_is_no_source(void **state)
{
	(void)state;
	struct vc_durable old = w.host[0].disk;
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	assert_int_equal(promote(1, 300), 0); /* an era that host1 has recorded too */
	world_guest_write(&w, 1);
	settle(100);
	world_power_off(&w, 0);
	w.host[0].disk = old;
	memset(&w.host[0].cache, 0, sizeof w.host[0].cache);
	memset(&w.host[0].durable, 0, sizeof w.host[0].durable);
	world_power_off(&w, 1); /* the page cache tells nothing now */
	w.host[1].cache = w.host[1].durable = w.acked;
	world_power_on(&w, 0);
	world_power_on(&w, 1);
	settle(3000);
	assert_int_equal(w.host[0].core.phase, VC_INSYNC);
	assert_int_equal(w.host[1].core.phase, VC_INSYNC);
	assert_true(w.host[1].core.sender);
	assert_memory_equal(&w.host[0].cache, &w.acked, sizeof w.acked);
}

/* The same, but it stood solo then; promoted the moment that it starts. The peer's word comes first. */
static void rolled_back_solo_disk_is_not_promoted_at_once(void **state)
{
	(void)state;
	world_event_type(&w, 1, VC_E_STOP);
	settle(300);
	struct vc_durable old = w.host[0].disk;
	world_start_worker(&w, 1);
	settle(3000);
	world_power_off(&w, 0);
	w.host[0].disk = old;
	world_power_on(&w, 0);
	struct vc_event joined = {.type = VC_E_GROUP}; /* told first, as masters do */
	joined.u.group.member = w.host[1].master_id;
	joined.u.group.how = VC_JOINED;
	world_event(&w, 0, &joined);
	w.host[0].promote_rc = 1;
	world_event_type(&w, 0, VC_E_PROMOTE);
	settle(4000);
	assert_int_equal(w.host[0].promote_rc, -EPERM);
	assert_int_equal(w.host[0].core.verdict, VC_R_ROLLED_BACK);
	/* Without the peer there is nothing to wait for. */
	world_power_off(&w, 1);
	world_power_off(&w, 0);
	w.host[0].disk = old;
	world_power_on(&w, 0);
	assert_int_equal(promote(0, 300), 0);
}

/* It may have been started since: the operator decides. */
static void rolled_back_solo_disk_is_a_fork(void **state)
{
	(void)state;
	world_event_type(&w, 1, VC_E_STOP);
	settle(300);
	struct vc_durable old = w.host[0].disk;
	assert_int_equal(old.standing, VC_SOLO);
	world_start_worker(&w, 1);
	settle(3000);
	assert_int_equal(w.host[1].core.phase, VC_INSYNC);
	world_power_off(&w, 0);
	w.host[0].disk = old;
	world_power_on(&w, 0);
	settle(3000);
	assert_int_equal(w.host[0].core.verdict, VC_R_ROLLED_BACK);
	assert_int_equal(w.host[1].core.verdict, VC_R_ROLLED_BACK);
	assert_int_equal(promote(0, 300), -EPERM);
	assert_int_equal(w.host[1].disk.standing, VC_PAIRED);
}

static void lose_all(unsigned h)
{
	memset(&w.host[h].cache, 0, sizeof w.host[h].cache);
	memset(&w.host[h].durable, 0, sizeof w.host[h].durable);
}

/* A disk error of the one that has the data is no consent to the other that lost some of it and was
 * never in sync in this pairing. */
static void unasked_consent_counts_in_sync_only(void **state)
{
	(void)state;
	world_power_off(&w, 1);
	lose_all(1);
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	w.link_net_up = false;
	world_power_on(&w, 1);
	settle(500);
	assert_int_equal(w.host[1].core.phase, VC_LINKING);
	assert_false(w.host[1].core.sender);
	world_event_type(&w, 1, VC_E_PROMOTE);
	world_event_type(&w, 0, VC_E_DISK_FAILED);
	settle(500);
	assert_int_equal(w.host[1].disk.standing, VC_PAIRED);
	assert_int_equal(w.host[1].gate, VC_G_READONLY);
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

#define STORY(f) cmocka_unit_test_setup(f, prim_second)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(primary_dies_and_is_fenced),
	    STORY(old_fence_record_is_no_evidence),
	    STORY(secondary_dies_primary_freezes_until_fenced),
	    STORY(link_lost_and_back_is_only_a_stall),
	    STORY(link_stays_down_peer_steps_back),
	    STORY(no_quorum_ends_with_the_lease),
	    STORY(old_proof_does_not_renew),
	    STORY(shorter_lease_binds_at_once),
	    STORY(hand_over_needs_no_resync),
	    STORY(last_to_leave_starts_alone),
	    STORY(restarted_daemon_is_uncertain),
	    STORY(held_writes_are_failed_on_request),
	    STORY(consent_has_rules),
	    STORY(stale_consent_is_nothing),
	    STORY(fenced_member_is_not_dead),
	    STORY(isolated_host_has_nobody_shot),
	    STORY(no_token_and_no_link_but_a_peer),
	    STORY(passed_over_primary_is_linked_when_demoted),
	    STORY(end_after_a_split_proves_nothing),
	    STORY(fork_is_kept),
	    STORY(another_unit_is_refused),
	    STORY(hand_over_whose_answer_is_lost),
	    STORY(consent_ends_a_resync),
	    STORY(many_hand_overs),
	    STORY(disk_fails_while_promoting),
	    STORY(leaving_nobody),
	    STORY(broken_stream_of_two_secondaries),
	    STORY(end_of_resync_holds_writes),
	    STORY(vm_down_outlives_the_master),
	    STORY(force_of_an_uncertain_copy),
	    STORY(force_makes_a_fork_that_is_not_forgotten),
	    STORY(force_has_rules),
	    STORY(rolled_back_disk_is_no_source),
	    STORY(rolled_back_solo_disk_is_not_promoted_at_once),
	    STORY(rolled_back_solo_disk_is_a_fork),
	    STORY(unasked_consent_counts_in_sync_only),
	    STORY(clean_stop_keeps_the_survivors_copy),
	    STORY(resync_waits_for_a_demotion),
	    STORY(promotion_gives_way_to_a_pairing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
