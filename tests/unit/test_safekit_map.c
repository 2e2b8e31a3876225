// SPDX-License-Identifier: GPL-2.0-or-later
/* The import of SafeKit's files: macros, times, what is refused. Whole files: tests/import. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "crm-config/safekit_int.h"

static struct sk_doc module;
static struct sk_result result;
static struct vt_fail fail;

/* Imports <safe>BODY</safe> with host1,host2. */
static int import(const char *body)
{
	static const struct sk_want want = {.hosts = "host1,host2"};
	char text[8192];
	int len = snprintf(text, sizeof text, "<safe>%s</safe>", body);
	assert_in_range(len, 1, sizeof text - 1);
	fail = (struct vt_fail){.code = 0};
	result = (struct sk_result){.conf = NULL};
	int rc = sk_read(&module, text, (size_t)len, "f", "safe", &fail);
	if (rc == 0)
		rc = sk_macros(&module, &fail);
	if (rc == 0)
		rc = sk_map(&module, NULL, &want, &result, &fail);
	sk_free(&module);
	return rc;
}

/* A module with these attributes of service, heart and rfs. */
static int import_with(const char *service, const char *heart, const char *rfs)
{
	char body[2048];
	snprintf(body, sizeof body,
		 "<macro name='VM_NAME' value='vm1'/><service mode='mirror' %s><heart %s/><rfs %s><replicated dir='/srv/%%VM_NAME%%'/></rfs></service>",
		 service, heart, rfs);
	return import(body);
}

static void has(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("'%s' is not in '%s'", part, text ? text : "(null)");
}

static void test_times(void **state)
{
	uint64_t ms = 0;
	char text[32];
	(void)state;
	assert_true(sk_time_parse("24", 3600000, &ms) && ms == 86400000);
	assert_true(sk_time_parse(" 24 h ", 1, &ms) && ms == 86400000);
	assert_true(sk_time_parse("1h30min", 1, &ms) && ms == 5400000);
	assert_true(sk_time_parse("30000", 1, &ms) && ms == 30000);
	assert_true(sk_time_parse("0", 1000, &ms) && ms == 0);
	assert_true(sk_time_parse("3650d", 1, &ms));
	assert_false(sk_time_parse("3651d", 1, &ms));
	assert_false(sk_time_parse("999999999999d999999999999d", 1, &ms));
	assert_false(sk_time_parse("9999999999999", 1, &ms));
	assert_false(sk_time_parse("", 1, &ms));
	assert_false(sk_time_parse("-1s", 1, &ms));
	assert_false(sk_time_parse("1.5h", 1, &ms));
	assert_false(sk_time_parse("1h30", 1, &ms));
	assert_false(sk_time_parse("h", 1, &ms));
	assert_string_equal(sk_time_text(86400000, text, sizeof text), "24h");
	assert_string_equal(sk_time_text(5400000, text, sizeof text), "90min");
	assert_string_equal(sk_time_text(90000, text, sizeof text), "90s");
	assert_string_equal(sk_time_text(1, text, sizeof text), "1s");
}

static void test_long_times(void **state)
{
	(void)state;
	assert_int_equal(import_with("", "timeout='8s'", ""), 0);
	has(result.conf, "token_ms = 8000\n");
	sk_result_free(&result);
	assert_int_equal(import_with("", "timeout='30s'", ""), 0);
	has(result.conf, "token_ms = 10000\n");
	sk_result_free(&result);
	assert_int_equal(import_with("", "", "locktimeout='200'"), 0);
	has(result.conf, "link_timeout_ms = 10000\n");
	assert_null(strstr(result.conf, "lease_ms"));
	sk_result_free(&result);
}

static void test_macros(void **state)
{
	(void)state;
	assert_int_equal(import("<macro name='A' value='%B%x%B%'/><macro name='B' value='%VM_NAME%'/><macro name='VM_NAME' value='v'/>"
				"<service mode='mirror'><rfs><replicated dir='/%A%/100%/%%B%'/></rfs></service>"),
			 0);
	has(result.conf, "directory = /vxv/100%/%v\n");
	sk_result_free(&result);
	assert_int_equal(import("<macro name='A' value='%B%'/><macro name='B' value='%A%'/>"), -EINVAL);
	has(fail.text, "f:1: the macro 'A' is defined by itself");
	assert_int_equal(import("<service mode='%MODE%'/>"), -EINVAL);
	has(fail.text, "f:1: mode: the macro '%MODE%' is not defined");
}

static void test_nothing_gets_in(void **state)
{
	(void)state;
	assert_int_equal(import_with("defaultprim='host1&#10;allow_unfenced = yes'", "", ""), -EINVAL);
	has(fail.text, "a control character in the value");
	assert_int_equal(import_with("defaultprim='host1 allow_unfenced = yes'", "", ""), -EINVAL);
	has(fail.text, "neither alone nor lastprim nor a node's name");
	assert_null(result.conf);
	assert_null(result.report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_long_times),
	    cmocka_unit_test(test_macros),
	    cmocka_unit_test(test_nothing_gets_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
