// SPDX-License-Identifier: GPL-2.0-or-later
/* Fencing history: what counts as proof that a node was fenced, and its text form. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/fence_history.h"

static struct vt_fence_snapshot snap, again;
static char line[VT_FENCE_LINE_MAX];

static int clear(void **state)
{
	(void)state;
	memset(&snap, 0, sizeof snap);
	snap.known = true;
	return 0;
}

static void add(const char *action, enum vt_fence_state state, int64_t s, int64_t ns)
{
	struct vt_fence_entry e = {
	    .target = "host2",
	    .action = action,
	    .origin = "host1",
	    .state = state,
	    .completed_s = s,
	    .completed_ns = ns,
	};
	assert_int_equal(vt_fence_add(&snap, &e), 0);
}

static uint64_t record(void)
{
	const struct vt_fence_node *node = vt_fence_find(&snap, "host2");
	return node ? node->record : 0;
}

/* An entry that fencers exchange late, or that a clock puts before an older one, is not what counts. */
static void only_what_was_heard_counts(void **state)
{
	struct vt_fence_live live = {.nonce = 42};
	(void)state;
	add("reboot", VT_FENCE_DONE, 100, 0);
	assert_true(record() != 0);
	assert_int_equal(vt_fence_apply(&live, &snap), 0);
	assert_true(record() == 0);
	assert_int_equal(vt_fence_heard(&live, "host2", "on"), 0);
	assert_int_equal(vt_fence_heard(&live, "host2", NULL), 0);
	assert_int_equal(vt_fence_heard(&live, NULL, "off"), 0);
	assert_int_equal(vt_fence_apply(&live, &snap), 0);
	assert_true(record() == 0);
	assert_int_equal(vt_fence_heard(&live, "host2", "off"), 0);
	assert_int_equal(vt_fence_heard(&live, "host3", "reboot"), 0);
	assert_int_equal(vt_fence_apply(&live, &snap), 0);
	uint64_t first = record();
	assert_true(first != 0 && vt_fence_find(&snap, "host3")->record != first);
	/* the same again: nothing happened since; then another one, whatever the clocks say */
	assert_int_equal(vt_fence_apply(&live, &snap), 0);
	assert_true(record() == first);
	assert_int_equal(vt_fence_heard(&live, "host2", "off"), 0);
	add("reboot", VT_FENCE_DONE, 50, 0);
	assert_int_equal(vt_fence_apply(&live, &snap), 0);
	assert_true(record() != 0 && record() != first);
	/* another listener's first is another one */
	live = (struct vt_fence_live){.nonce = 43};
	assert_int_equal(vt_fence_heard(&live, "host2", "off"), 0);
	assert_int_equal(vt_fence_apply(&live, &snap), 0);
	assert_true(record() != first);
}

/* What is under way is in the history alone; a node that it knows nothing else of is added. */
static void heard_and_pending(void **state)
{
	struct vt_fence_live live = {.nonce = 42};
	char name[16];
	(void)state;
	add("reboot", VT_FENCE_PENDING, 0, 0);
	assert_int_equal(vt_fence_heard(&live, "host1", "off"), 0);
	assert_int_equal(vt_fence_apply(&live, &snap), 0);
	assert_true(vt_fence_find(&snap, "host2")->pending && record() == 0);
	assert_true(vt_fence_find(&snap, "host1")->record != 0);
	for (int i = 0; i < VT_FENCE_NODES - 1; i++) {
		snprintf(name, sizeof name, "n%d", i);
		assert_int_equal(vt_fence_heard(&live, name, "off"), 0);
	}
	assert_int_equal(vt_fence_heard(&live, "one more", "off"), 0); /* no name of a node */
	assert_int_equal(vt_fence_heard(&live, "more", "off"), -E2BIG);
	assert_int_equal(vt_fence_apply(&live, &snap), -E2BIG);
}

static void unfencing_proves_nothing(void **state)
{
	(void)state;
	add("on", VT_FENCE_DONE, 100, 0);
	add("on", VT_FENCE_PENDING, 0, 0);
	add("monitor", VT_FENCE_DONE, 100, 0);
	assert_null(vt_fence_find(&snap, "host2"));
}

static void failure_proves_nothing(void **state)
{
	(void)state;
	add("reboot", VT_FENCE_OTHER, 100, 0);
	assert_null(vt_fence_find(&snap, "host2"));
}

static void pending_is_no_proof(void **state)
{
	(void)state;
	add("off", VT_FENCE_PENDING, 0, 0);
	assert_int_equal(record(), 0);
	assert_true(vt_fence_find(&snap, "host2")->pending);
}

static void last_success_in_any_order(void **state)
{
	(void)state;
	add("reboot", VT_FENCE_DONE, 200, 5);
	uint64_t last = record();
	assert_int_not_equal(last, 0);
	add("reboot", VT_FENCE_DONE, 100, 9);
	assert_int_equal(record(), last);
	clear(NULL);
	add("reboot", VT_FENCE_DONE, 100, 9);
	assert_int_not_equal(record(), last);
	add("reboot", VT_FENCE_DONE, 200, 5);
	assert_int_equal(record(), last);
	add("reboot", VT_FENCE_DONE, 200, 9); /* again within the second */
	assert_int_not_equal(record(), last);
	last = record();
	add("reboot", VT_FENCE_DONE, 200, 7);
	assert_int_equal(record(), last);
}

static void identities_differ(void **state)
{
	(void)state;
	add("reboot", VT_FENCE_DONE, 100, 1);
	uint64_t first = record();
	clear(NULL);
	add("reboot", VT_FENCE_DONE, 100, 2); /* twice in one second */
	assert_int_not_equal(record(), first);
	clear(NULL);
	add("off", VT_FENCE_DONE, 100, 1);
	assert_int_not_equal(record(), first);
	clear(NULL);
	add("reboot", VT_FENCE_DONE, 100, 1); /* the same, read again */
	assert_int_equal(record(), first);
}

static void later_failure_keeps_the_success(void **state)
{
	(void)state;
	add("reboot", VT_FENCE_DONE, 100, 1);
	uint64_t first = record();
	add("reboot", VT_FENCE_OTHER, 300, 1);
	add("on", VT_FENCE_DONE, 400, 1);
	assert_int_equal(record(), first);
}

static void odd_entries_are_passed_over(void **state)
{
	(void)state;
	struct vt_fence_entry e = {.action = "off", .state = VT_FENCE_DONE};
	assert_int_equal(vt_fence_add(&snap, &e), 0);
	e.target = "two words";
	assert_int_equal(vt_fence_add(&snap, &e), 0);
	assert_int_equal(snap.nodes, 0);
	e.target = "host2"; /* strings missing, time zero: still a success */
	assert_int_equal(vt_fence_add(&snap, &e), 0);
	assert_int_not_equal(record(), 0);
}

static void too_many_nodes(void **state)
{
	char name[16];
	struct vt_fence_entry e = {.target = name, .action = "off", .state = VT_FENCE_DONE};
	(void)state;
	for (int i = 0; i < VT_FENCE_NODES; i++) {
		snprintf(name, sizeof name, "n%d", i);
		assert_int_equal(vt_fence_add(&snap, &e), 0);
	}
	strcpy(name, "one-more");
	assert_int_equal(vt_fence_add(&snap, &e), -E2BIG);
}

static void text_survives(void **state)
{
	(void)state;
	add("reboot", VT_FENCE_DONE, 100, 1);
	add("off", VT_FENCE_PENDING, 0, 0);
	snap.read_ns = 123456789;
	int len = vt_fence_format(&snap, line, sizeof line);
	assert_true(len > 0);
	assert_int_equal(vt_fence_parse(&again, line, (size_t)len), 0);
	assert_true(again.known);
	assert_int_equal(again.read_ns, 123456789);
	assert_int_equal(vt_fence_find(&again, "host2")->record, record());
	assert_true(vt_fence_find(&again, "host2")->pending);
	snap.known = false;
	len = vt_fence_format(&snap, line, sizeof line);
	assert_int_equal(vt_fence_parse(&again, line, (size_t)len), 0);
	assert_false(again.known);
	assert_int_equal(again.nodes, 0);
}

static void corrupt_lines(void **state)
{
	static const char *const bad[] = {
	    "", " ", "maybe 5", "known", "known x", "known -5", "known 5 host2", "known 5 host2 12",
	    "known 5 host2 12 2", "known 5 host2 xyz 0", "known 5 host2 1 0 host2 2 0", "known 5 a 1 0 b",
	    "unknown 5 host2 1 0", "known 5\nknown 6", "known 99999999999999999999999",
	};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(vt_fence_parse(&again, bad[i], strlen(bad[i])), -EBADMSG);
		assert_false(again.known); /* nothing of it is believed */
	}
	assert_int_equal(vt_fence_parse(&again, "known 5\0 host2 1 0", 18), -EBADMSG);
}

static struct vt_fence_memory memory;

static uint64_t remembered(void)
{
	vt_fence_remember(&memory, &snap);
	return record();
}

static void lost_history_forges_nothing(void **state)
{
	(void)state;
	memset(&memory, 0, sizeof memory);
	add("reboot", VT_FENCE_DONE, 100, 1);
	uint64_t first = remembered();
	assert_int_not_equal(first, 0);
	clear(NULL); /* cleaned up */
	assert_int_equal(remembered(), first);
	add("reboot", VT_FENCE_DONE, 200, 1);
	uint64_t second = remembered();
	assert_int_not_equal(second, first);
	clear(NULL); /* an old one comes back from a peer, the newer one is lost */
	add("reboot", VT_FENCE_DONE, 100, 1);
	assert_int_equal(remembered(), second);
	clear(NULL);
	snap.known = false; /* says nothing and changes nothing */
	add("reboot", VT_FENCE_DONE, 300, 1);
	vt_fence_remember(&memory, &snap);
	clear(NULL);
	assert_int_equal(remembered(), second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(only_what_was_heard_counts, clear),
	    cmocka_unit_test_setup(heard_and_pending, clear),
	    cmocka_unit_test_setup(unfencing_proves_nothing, clear),
	    cmocka_unit_test_setup(failure_proves_nothing, clear),
	    cmocka_unit_test_setup(pending_is_no_proof, clear),
	    cmocka_unit_test_setup(last_success_in_any_order, clear),
	    cmocka_unit_test_setup(identities_differ, clear),
	    cmocka_unit_test_setup(later_failure_keeps_the_success, clear),
	    cmocka_unit_test_setup(odd_entries_are_passed_over, clear),
	    cmocka_unit_test_setup(too_many_nodes, clear),
	    cmocka_unit_test_setup(lost_history_forges_nothing, clear),
	    cmocka_unit_test_setup(text_survives, clear),
	    cmocka_unit_test(corrupt_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
