// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of the decision core. Forks, force, disks that were put back. */
#include "tests/unit/story.h"

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

/* The group has nothing to say of the peer, but the link carries its writes: force has no business here. */
static void force_is_refused_while_linked(void **state)
{
	(void)state;
	world_kill_master(&w, 0);
	world_settle(&w);
	assert_int_equal(w.host[1].core.phase, VC_INSYNC);
	assert_int_equal(force(1), -EBUSY);
	assert_int_equal(w.host[1].disk.standing, VC_PAIRED);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(fork_is_kept),
	    STORY(force_of_an_uncertain_copy),
	    STORY(force_makes_a_fork_that_is_not_forgotten),
	    STORY(force_is_refused_while_linked),
	    STORY(force_has_rules),
	    STORY(rolled_back_disk_is_no_source),
	    STORY(rolled_back_solo_disk_is_not_promoted_at_once),
	    STORY(rolled_back_solo_disk_is_a_fork),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
