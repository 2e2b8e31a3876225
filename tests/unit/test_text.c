// SPDX-License-Identifier: GPL-2.0-or-later
/* What a line of a configuration file may have in it; and addresses, of which one has many spellings. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "base/address.h"
#include "base/text.h"

static void test_text(void **state)
{
	static const struct {
		const char *text;
		enum vt_text is;
		size_t at;
	} cases[] = {
	    {"", VT_TEXT_OK, 0},
	    {"a\tb ~", VT_TEXT_OK, 0},
	    {"B\xc3\xbcro \xe2\x82\xac \xf0\x9f\x90\xa7 \xc2\xa0", VT_TEXT_OK, 0},
	    {"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbd", VT_TEXT_OK, 0},
	    {"a\rb", VT_TEXT_CONTROL, 1},
	    {"\x1b[2J", VT_TEXT_CONTROL, 0},
	    {"ab\x7f", VT_TEXT_CONTROL, 2},
	    {"\xc2\x80", VT_TEXT_CONTROL, 0},
	    {"\xc3\xbc\xc2\x9f", VT_TEXT_CONTROL, 2},
	    {"\xef\xbf\xbe", VT_TEXT_CONTROL, 0},
	    {"\xef\xbf\xbf", VT_TEXT_CONTROL, 0},
	    {"B\xfcro", VT_TEXT_NOT_UTF8, 1},	       /* Latin-1 */
	    {"\x80", VT_TEXT_NOT_UTF8, 0},	       /* in the middle of one */
	    {"\xc0\xaf", VT_TEXT_NOT_UTF8, 0},	       /* longer than need be */
	    {"\xe0\x9f\xbf", VT_TEXT_NOT_UTF8, 0},
	    {"\xf0\x8f\xbf\xbf", VT_TEXT_NOT_UTF8, 0},
	    {"\xed\xa0\x80", VT_TEXT_NOT_UTF8, 0},     /* half of a pair */
	    {"\xed\xbf\xbf", VT_TEXT_NOT_UTF8, 0},
	    {"\xf4\x90\x80\x80", VT_TEXT_NOT_UTF8, 0}, /* beyond Unicode */
	    {"\xf5\x80\x80\x80", VT_TEXT_NOT_UTF8, 0},
	    {"ab\xe2\x82", VT_TEXT_NOT_UTF8, 2},       /* cut off */
	    {"\xc3", VT_TEXT_NOT_UTF8, 0},
	    {"\xc3(", VT_TEXT_NOT_UTF8, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t at = 0;
		if (vt_text_look(cases[i].text, &at) != cases[i].is || (cases[i].is != VT_TEXT_OK && at != cases[i].at))
			fail_msg("case %zu: %d at %zu", i, vt_text_look(cases[i].text, NULL), at);
	}
}

static void test_messages(void **state)
{
	struct vt_fail fail = {0};
	(void)state;
	assert_int_equal(vt_text_check("a = b", "f", 1, &fail), 0);
	assert_int_equal(vt_text_check("a = \xfc", "f", 7, &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "f:7: byte 0xfc is not UTF-8"));
	assert_int_equal(vt_text_check("a = \xc2\x85", "f", 8, &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "f:8: control character 0x85 in the line"));
}

static void test_same_address(void **state)
{
	(void)state;
	assert_true(vt_address_same("fd00::1", "fd00:0::1"));
	assert_true(vt_address_same("FD00::1", "fd00:0:0:0:0:0:0:0001"));
	assert_true(vt_address_same("::ffff:10.0.0.1", "10.0.0.1"));
	assert_true(vt_address_same("::ffff:a00:1", "10.0.0.1"));
	assert_true(vt_address_same("10.0.0.1", "10.0.0.1"));
	assert_false(vt_address_same("fd00::1", "fd00::2"));
	assert_false(vt_address_same("10.0.0.1", "10.0.0.10"));
	assert_false(vt_address_same("::10.0.0.1", "10.0.0.1"));
	/* names are compared as such */
	assert_true(vt_address_same("Host1", "host1"));
	assert_false(vt_address_same("host1", "10.0.0.1"));
	assert_false(vt_address_same("", ""));
}

static void test_address_faults(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
	    {"10.0.0.1", NULL},		 {"fd00::1", NULL},
	    {"2001:db8::1", NULL},	 {"host1", NULL},
	    {"127.0.0.1", "host itself"}, {"127.8.8.8", "host itself"},
	    {"0.0.0.0", "host itself"},	 {"224.0.0.1", "multicast"},
	    {"255.255.255.255", "broadcast"},	 {"240.0.0.1", "reserved"},
	    {"::", "host itself"},	 {"0:0::1", "host itself"},
	    {"ff02::1", "multicast"},	 {"fe80::1", "can't be reached as it is written"},
	    {"::ffff:10.0.0.1", "as it is written"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *fault = vt_address_fault(cases[i].text);
		if (!fault != !cases[i].fault || (fault && !strstr(fault, cases[i].fault)))
			fail_msg("%s: %s", cases[i].text, fault ? fault : "none");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_same_address),
	    cmocka_unit_test(test_address_faults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
