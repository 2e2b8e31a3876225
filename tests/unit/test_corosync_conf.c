// SPDX-License-Identifier: GPL-2.0-or-later
/* corosync.conf: what is understood, corosync's defaults, what is refused and in which words. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "crm-config/corosync_conf.h"

#define NODE(n) "\tnode {\n\t\tring0_addr: 10.0.0." #n "\n\t\tname: host" #n "\n\t}\n"
#define VOTES "quorum {\n provider: corosync_votequorum\n"
#define DEVICE " device {\n  model: net\n  net {\n   host: q\n  }\n  heuristics {\n   mode: sync\n  }\n }\n"

static struct cf_corosync conf;
static struct vt_fail fail;

static int parse(const char *text)
{
	fail = (struct vt_fail){.code = 0};
	return cf_corosync_parse(&conf, text, "f", &fail);
}

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(conf.real_token_ms, 3000);
	assert_int_equal(conf.consensus_ms, 3600);
	assert_int_equal(conf.device_timeout_ms, 10000);
	assert_int_equal(conf.device_sync_ms, 30000);
	assert_string_equal(conf.algorithm, "ffsplit");
	assert_false(conf.device);
	assert_false(conf.two_node);
	assert_int_equal(conf.node_count, 0);
}

static void test_two_hosts(void **state)
{
	(void)state;
	assert_int_equal(parse("# comment: {\n\r\ntotem {\n\ttoken: 5000\r\n  interface {\n ringnumber: 0\n token: 1\n}\n}\n"
			       "nodelist {\n" NODE(1) NODE(2) "}\n" VOTES "two_node: 1\n}\n"),
			 0);
	assert_int_equal(conf.real_token_ms, 5000);
	assert_int_equal(conf.consensus_ms, 6000);
	assert_int_equal(conf.node_count, 2);
	assert_string_equal(conf.node[1].name, "host2");
	assert_string_equal(conf.node[1].addr[0], "10.0.0.2");
	assert_int_equal(conf.node[1].votes, 1);
	assert_int_equal(conf.wait_for_all, 1);
	assert_int_equal(conf.expected_votes, 2);
	assert_true(cf_corosync_both_quorate(&conf));
	assert_ptr_equal(cf_corosync_node(&conf, "HOST2"), &conf.node[1]);
	assert_null(cf_corosync_node(&conf, "10.0.0.2"));
	struct vt_cluster_timing t = cf_corosync_timing(&conf);
	assert_int_equal(t.token_ms, 5000);
	assert_true(t.two_node);
	assert_false(t.device);
}

static void test_wait_for_all_off(void **state)
{
	(void)state;
	assert_int_equal(parse(VOTES "two_node: 1\nwait_for_all: 0\n}\n"), 0);
	assert_int_equal(conf.wait_for_all, 0);
	assert_int_equal(parse(VOTES "wait_for_all: 0\ntwo_node: 1\n}\n"), 0);
	assert_int_equal(conf.wait_for_all, 0);
}

static void test_device(void **state)
{
	(void)state;
	assert_int_equal(parse("nodelist {\n" NODE(1) NODE(2) "}\n" VOTES DEVICE "}\n"), 0);
	assert_true(conf.device);
	assert_int_equal(conf.device_votes, 1);
	assert_string_equal(conf.device_host, "q");
	assert_string_equal(conf.device_model, "net");
	assert_string_equal(conf.heuristics, "sync");
	assert_int_equal(conf.heuristics_sync_ms, 15000);
	assert_false(cf_corosync_both_quorate(&conf));
	/* expected 2 + 1, quorum 2 */
	assert_false(cf_corosync_alone(&conf, &conf.node[0]));
	conf.node[0].votes = 2;
	assert_true(cf_corosync_alone(&conf, &conf.node[0]));
}

/* The third node's coefficient; expected_votes that make each host quorate alone; no votequorum at all. */
static void test_quorum(void **state)
{
	(void)state;
	assert_int_equal(parse("nodelist {\n" NODE(1) NODE(2) NODE(3) NODE(4) "}\n" VOTES "}\n"), 0);
	assert_int_equal(conf.real_token_ms, 3000 + 2 * 650);
	assert_int_equal(conf.consensus_ms, 5160);
	assert_false(cf_corosync_both_quorate(&conf));
	assert_int_equal(parse("nodelist {\n" NODE(1) NODE(2) "}\n" VOTES "expected_votes: 1\n}\n"), 0);
	assert_true(cf_corosync_both_quorate(&conf));
	assert_int_equal(parse("nodelist {\n" NODE(1) NODE(2) "}\n" VOTES "expected_votes: 2\n}\n"), 0);
	assert_false(cf_corosync_both_quorate(&conf));
	assert_int_equal(parse("nodelist {\n" NODE(1) NODE(2) "}\n"), 0);
	assert_true(cf_corosync_both_quorate(&conf));
	/* two_node is off as soon as there are three */
	assert_int_equal(parse("nodelist {\n" NODE(1) NODE(2) NODE(3) "}\n" VOTES "two_node: 1\n}\n"), 0);
	assert_false(cf_corosync_both_quorate(&conf));
}

static void test_last_counts(void **state)
{
	(void)state;
	assert_int_equal(parse("totem {\ntoken: 1000\ntoken: 2000\nconsensus: 2500\n}\ntotem {\ntoken: 4000\n}\n"), 0);
	assert_int_equal(conf.real_token_ms, 4000);
	assert_int_equal(conf.consensus_ms, 2500);
	/* an unnamed node goes by its address */
	assert_int_equal(parse("nodelist {\nnode {\nring0_addr: alpha\n}\n}\n"), 0);
	assert_non_null(cf_corosync_node(&conf, "alpha"));
}

static void test_corrupt(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
	    {"totem {\n cluster_name: B\xfcro\n}\n", "f:2: byte 0xfc is not UTF-8"},
	    {"totem {\n cluster_name: a\x1b[2J\n}\n", "f:2: control character 0x1b"},
	    {"totem\n", "f:1: neither 'KEY: VALUE' nor a section: 'totem'"},
	    {"\ntotem {\n token: 3s\n}\n", "f:3: must be a whole number: '3s'"},
	    {"totem {\n token: -1\n}\n", "f:2: must be a whole number: '-1'"},
	    {"totem {\n token:\n}\n", "f:2: must be a whole number: ''"},
	    {"totem {\n token: 4294967297\n}\n", "f:2: must be a whole number"},
	    {"}\n", "f:1: no section is open here"},
	    {"totem {\n", "f: section 'totem' is not closed"},
	    {"{\n}\n", "f:1: not a section's name: ''"},
	    {"to.tem {\n}\n", "f:1: not a section's name: 'to.tem'"},
	    {"a {\na {\na {\na {\na {\na {\na {\na {\na {\n", "f:9: sections are nested too deep at: 'a'"},
	    {"quorum {\nprovider: a-name-that-is-longer-than-any-provider\n}\n", "f:2: the value is too long"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(parse(bad[i].text), -EINVAL);
		assert_int_equal(fail.code, -EINVAL);
		if (!strstr(fail.text, bad[i].says))
			fail_msg("said '%s', expected '%s'", fail.text, bad[i].says);
	}
}

static void test_corrupt_long(void **state)
{
	char text[4096];
	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(fail.text, "f:1: the line is too long (at most 1023 bytes)"));
	text[1023] = '\n';
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(fail.text, "f:1: neither"));
	/* a section's name that just does not fit */
	memset(text, 'x', sizeof text);
	memcpy(text + 255, "{\n", 3);
	assert_int_equal(parse(text), -EINVAL);
	memcpy(text + 254, "{\n", 3);
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(fail.text, "is not closed"));
	char *at = text + snprintf(text, sizeof text, "nodelist {\n");
	for (int i = 0; i < CF_NODES_MAX; i++)
		at += snprintf(at, (size_t)(text + sizeof text - at), "node {\n}\n");
	snprintf(at, (size_t)(text + sizeof text - at), "}\n");
	assert_int_equal(parse(text), 0);
	assert_int_equal(conf.node_count, CF_NODES_MAX);
	snprintf(at, (size_t)(text + sizeof text - at), "node {\n}\n}\n");
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(fail.text, "more than 16 nodes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),	     cmocka_unit_test(test_two_hosts), cmocka_unit_test(test_device),
	    cmocka_unit_test(test_wait_for_all_off), cmocka_unit_test(test_quorum),    cmocka_unit_test(test_last_counts),
	    cmocka_unit_test(test_corrupt),	     cmocka_unit_test(test_corrupt_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
