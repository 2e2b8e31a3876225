// SPDX-License-Identifier: GPL-2.0-or-later
/* Stories of the decision core. The agents' requests: promote, demote, stop, fail-held. */
#include "tests/unit/story.h"

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

/* The other leaves, and this host's lease ends before it hears of that: only a certain host goes on alone by it. */
static void leave_heard_too_late(void **state)
{
	(void)state;
	world_event_type(&w, 1, VC_E_STOP);
	hear_all(1);
	assert_int_equal(w.host[1].disk.standing, VC_OUTDATED);
	w.now += (SIM_LEASE_LONG_MS + 1000) * VC_NS_PER_MS;
	hear_all(0);
	assert_int_equal(w.host[0].disk.standing, VC_PAIRED);
	assert_int_equal(w.host[0].gate, VC_G_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(last_to_leave_starts_alone),
	    STORY(held_writes_are_failed_on_request),
	    STORY(disk_fails_while_promoting),
	    STORY(leaving_nobody),
	    STORY(vm_down_outlives_the_master),
	    STORY(leave_heard_too_late),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
