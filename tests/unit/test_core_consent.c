// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of the decision core. Consent: who steps back, and whose word counts. */
#include "tests/unit/story.h"

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

/* Both want to go on: who hears its own request first refuses the other's, so that one of them does. */
static void crossed_requests_leave_one(void **state)
{
	(void)state;
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	world_cut_link(&w);
	settle(200);
	for (unsigned h = 0; h < 2; h++) {
		w.host[h].promote_rc = 1;
		world_event_type(&w, h, VC_E_PROMOTE);
	}
	settle(4000);
	assert_int_equal((w.host[0].promote_rc == 0) + (w.host[1].promote_rc == 0), 1);
	assert_int_equal((w.host[0].gate == VC_G_SOLO) + (w.host[1].gate == VC_G_SOLO), 1);
}

/* A request that nobody answered, in the pairing before, is no reason to refuse the other's in this one. */
static void unanswered_request_ends_with_its_pairing(void **state)
{
	(void)state;
	world_event_type(&w, 0, VC_E_DEMOTE);
	settle(200);
	assert_int_equal(promote(1, 500), 0); /* host2 has written last */
	world_event_type(&w, 1, VC_E_DEMOTE);
	settle(200);
	world_cut_link(&w);
	settle(200);
	world_stop_worker(&w, 1, 60000);
	assert_int_equal(promote(0, 9000), -EAGAIN);
	assert_true(w.host[0].core.outdate_live);
	w.fence_wanted[1] = false; /* that failed */
	world_tell_fence(&w, 0);
	world_kill_worker(&w, 1);
	world_start_worker(&w, 1);
	settle(1000);
	assert_int_equal(w.host[1].core.phase, VC_LINKING);
	assert_true(w.host[1].core.sender);
	assert_int_equal(promote(1, 4000), 0);
	assert_int_equal(w.host[0].disk.standing, VC_OUTDATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(link_stays_down_peer_steps_back),
	    STORY(consent_has_rules),
	    STORY(stale_consent_is_nothing),
	    STORY(consent_ends_a_resync),
	    STORY(unasked_consent_counts_in_sync_only),
	    STORY(crossed_requests_leave_one),
	    STORY(unanswered_request_ends_with_its_pairing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
