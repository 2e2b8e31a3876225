// SPDX-License-Identifier: GPL-2.0-or-later
/* What fence_vmtwin makes of its options. */
#include <errno.h>
#include <stdio.h>

#include "stonith/options.h"
#include "tests/unit/unit.h"

static struct fa_options o;
static struct vt_fail fail;

static int fed(const char *text)
{
	fa_options_init(&o);
	fail = (struct vt_fail){0};
	return fa_options_stdin(&o, text, strlen(text), &fail);
}

#define ARGV(...) given((const char *const[]){__VA_ARGS__, NULL})
static int given(const char *const *argv)
{
	int argc = 0;
	while (argv[argc])
		argc++;
	fa_options_init(&o);
	fail = (struct vt_fail){0};
	return fa_options_argv(&o, argc, argv, &fail);
}

static void refused(int rc, const char *word)
{
	assert_int_equal(rc, -EINVAL);
	assert_int_equal(fail.code, -EINVAL);
	if (!strstr(fail.text, word))
		fail_msg("\"%s\" does not say \"%s\"", fail.text, word);
}

static void defaults(void **state)
{
	(void)state;
	assert_int_equal(fed(""), 0);
	assert_int_equal(o.action, FA_REBOOT);
	assert_int_equal(o.delay_s, 0);
	assert_int_equal(o.wait_timeout_s, FA_WAIT_TIMEOUT_S);
	assert_string_equal(fa_options_node(&o), "");
	assert_false(o.verbose || o.quiet || o.help || o.version);
	assert_string_equal(o.debug_file, "");
	refused(fa_options_check(&o, &fail), "reboot of which host");
}

static void every_name(void **state)
{
	(void)state;
	assert_int_equal(fed("action=off\nplug=two\nnodename=n2\ndelay=3\nwait_timeout=70\nverbose=1\nquiet=yes\n"
			     "debug_file=/tmp/a=b\nhelp=on\nversion=true"),
			 0);
	assert_int_equal(o.action, FA_OFF);
	assert_string_equal(o.plug, "two");
	assert_string_equal(o.nodename, "n2");
	assert_int_equal(o.delay_s, 3);
	assert_int_equal(o.wait_timeout_s, 70);
	assert_true(o.verbose && o.quiet && o.help && o.version);
	assert_string_equal(o.debug_file, "/tmp/a=b");
	assert_string_equal(o.ignored, "");
	assert_int_equal(fa_options_check(&o, &fail), 0);
}

static void every_action(void **state)
{
	(void)state;
	for (int i = 0; i < FA_ACTIONS; i++) {
		char line[64];
		snprintf(line, sizeof line, "action=%s\n", fa_action_name((enum fa_action)i));
		assert_int_equal(fed(line), 0);
		assert_int_equal(o.action, i);
		bool needs_host = i == FA_OFF || i == FA_REBOOT || i == FA_ON || i == FA_STATUS;
		assert_int_equal(fa_options_check(&o, &fail), needs_host ? -EINVAL : 0);
	}
	assert_int_equal(fed("action=Meta-Data"), 0);
	assert_int_equal(o.action, FA_METADATA);
	refused(fed("action=offf"), "unknown action 'offf'");
	refused(fed("action=of"), "unknown action");
	assert_string_equal(fa_action_name(FA_ACTIONS), "?");
}

static void a_plug_before_a_nodename(void **state)
{
	(void)state;
	assert_int_equal(fed("plug=two\nnodename=three\n"), 0);
	assert_string_equal(fa_options_node(&o), "two");
	assert_int_equal(fed("nodename=three\nport=two\n"), 0);
	assert_string_equal(fa_options_node(&o), "two");
	assert_int_equal(fed("nodename=three\n"), 0);
	assert_string_equal(fa_options_node(&o), "three");
	assert_int_equal(fed("nodename=three\nplug=two\nplug=\n"), 0);
	assert_string_equal(fa_options_node(&o), "three");
}

static void the_last_counts(void **state)
{
	(void)state;
	assert_int_equal(fed("plug=a\nport=b\naction=on\noption=off\nverbose=1\nverbose=0\ndelay=4\ndelay=\nwait_timeout=1\nwait-timeout=\n"), 0);
	assert_string_equal(o.plug, "b");
	assert_int_equal(o.action, FA_OFF);
	assert_false(o.verbose);
	assert_int_equal(o.delay_s, 0);
	assert_int_equal(o.wait_timeout_s, FA_WAIT_TIMEOUT_S);
}

static void blanks_and_comments(void **state)
{
	(void)state;
	assert_int_equal(fed("\n\n \t \r\n# plug=no\n  # plug=no\n \tplug=two \r\n\"\nplug\n"), 0);
	assert_string_equal(o.plug, ""); /* "plug" without a value: as if not given */
	assert_string_equal(o.ignored, "\"");
	assert_int_equal(fed("plug=\"two\""), 0);
	assert_string_equal(o.plug, "two");
	assert_int_equal(fed("plug=\""), 0);
	assert_string_equal(o.plug, "\"");
}

static void unknown_names_are_noted(void **state)
{
	char text[4096] = "";
	(void)state;
	assert_int_equal(fed("ip=1\npcmk_host_list=a\ncrm_feature_set=3\nCRM_meta_timeout=1\npassword=secret\n=x\nplugs=1\nplu=1\nverbose=maybe\n"), 0);
	assert_string_equal(o.ignored, "ip, password, , plugs, plu, verbose=maybe");
	assert_int_equal(fed("\x01\xff\x7f=1\n"), 0);
	assert_string_equal(o.ignored, "???");
	for (int i = 0; i < 100; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "name%02d=%d\n", i, i);
	assert_int_equal(fed(text), 0);
	assert_true(strlen(o.ignored) < sizeof o.ignored);
	assert_non_null(strstr(o.ignored, "name00, name01, "));
	assert_string_equal(o.ignored + strlen(o.ignored) - 5, ", ...");
}

static void values_that_make_no_sense(void **state)
{
	(void)state;
	refused(fed("delay=1.5"), "'1.5' is not a number of seconds");
	refused(fed("delay=5s"), "delay");
	refused(fed("delay=-1"), "delay");
	refused(fed("delay=86401"), "from 0 to 86400");
	refused(fed("wait_timeout=99999999999999999999"), "wait_timeout");
	assert_int_equal(fed("delay=86400\nwait_timeout=0"), 0);
	assert_int_equal(o.delay_s, FA_SECONDS_MAX);
	assert_int_equal(o.wait_timeout_s, 0);
	refused(fed("plug=a b"), "not the name of one host");
	refused(fed("port=a,b"), "'port'");
	refused(fed("nodename=a;b"), "nodename");
	refused(fed("plug=a\x1b[2J"), "plug");
	refused(fed("plug=a\x7f"), "plug");
}

static void limits_of_names(void **state)
{
	char text[FA_PATH_MAX + 64];
	(void)state;
	snprintf(text, sizeof text, "plug=%0*d", FA_NODE_MAX, 0);
	assert_int_equal(fed(text), 0);
	assert_int_equal(strlen(o.plug), FA_NODE_MAX);
	snprintf(text, sizeof text, "plug=%0*d", FA_NODE_MAX + 1, 0);
	refused(fed(text), "at most 255 bytes, this one has 256");
	snprintf(text, sizeof text, "debug_file=%0*d", FA_PATH_MAX, 0);
	assert_int_equal(fed(text), 0);
	assert_int_equal(strlen(o.debug_file), FA_PATH_MAX);
	snprintf(text, sizeof text, "debug_file=%0*d", FA_PATH_MAX + 1, 0);
	refused(fed(text), "too long");
}

static void limits_of_the_input(void **state)
{
	static char text[FA_INPUT_MAX + 2];
	(void)state;
	memset(text, 'x', sizeof text);
	text[FA_LINE_MAX] = '\0';
	assert_int_equal(fed(text), 0);
	text[FA_LINE_MAX] = 'x';
	text[FA_LINE_MAX + 1] = '\0';
	refused(fed(text), "line 1 of standard input has more than 4096 bytes");
	memset(text, '\n', sizeof text);
	text[FA_LINES_MAX] = '\0';
	assert_int_equal(fed(text), 0);
	text[FA_LINES_MAX] = '\n';
	text[FA_LINES_MAX + 1] = '\0';
	refused(fed(text), "more than 512 lines");
	text[FA_LINES_MAX + 1] = '\n';
	refused(fa_options_stdin(&o, text, FA_INPUT_MAX + 1, &fail), "more than 65536 bytes");
	refused(fa_options_stdin(&o, "plug=a\0b", 8, &fail), "NUL byte");
	assert_int_equal(fa_options_stdin(&o, NULL, 0, &fail), 0);
}

static void command_line(void **state)
{
	(void)state;
	assert_int_equal(ARGV("-o", "off", "-n", "two", "-vq", "-D", "/f", "--delay", "2", "--wait-timeout=7"), 0);
	assert_int_equal(o.action, FA_OFF);
	assert_string_equal(o.plug, "two");
	assert_true(o.verbose && o.quiet);
	assert_string_equal(o.debug_file, "/f");
	assert_int_equal(o.delay_s, 2);
	assert_int_equal(o.wait_timeout_s, 7);
	assert_int_equal(ARGV("-ostatus", "-qntwo", "--wait_timeout", "0", "--plug=", "--plug", "-x"), 0);
	assert_int_equal(o.action, FA_STATUS);
	assert_string_equal(o.plug, "-x");
	assert_int_equal(o.wait_timeout_s, 0);
	assert_true(o.quiet && !o.verbose);
	assert_int_equal(ARGV("-h"), 0);
	assert_true(o.help && !o.version);
	assert_int_equal(ARGV("--version", "--verbose=no"), 0);
	assert_true(o.version && !o.verbose);
}

static void command_line_mistakes(void **state)
{
	(void)state;
	refused(ARGV("-x"), "unknown option '-x'");
	refused(ARGV("-vx"), "unknown option '-x'");
	refused(ARGV("--frob"), "unknown option '--frob'; see");
	refused(ARGV("--delai=1"), "did you mean '--delay'?");
	refused(ARGV("--nodename=two"), "unknown option '--nodename'");
	refused(ARGV("--port=two"), "unknown option '--port'");
	refused(ARGV("-o"), "'-o' needs a value");
	refused(ARGV("-q", "--plug"), "'--plug' needs a value");
	refused(ARGV("--quiet=perhaps"), "neither yes nor no");
	refused(ARGV("two"), "'two' is no option");
	refused(ARGV("-"), "'-' is no option");
	refused(ARGV("--"), "'--' is no option");
	refused(ARGV(""), "'' is no option");
	refused(ARGV("--=1"), "unknown option '--'");
	refused(ARGV("-o", "fence"), "unknown action 'fence'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(every_name),
	    cmocka_unit_test(every_action),
	    cmocka_unit_test(a_plug_before_a_nodename),
	    cmocka_unit_test(the_last_counts),
	    cmocka_unit_test(blanks_and_comments),
	    cmocka_unit_test(unknown_names_are_noted),
	    cmocka_unit_test(values_that_make_no_sense),
	    cmocka_unit_test(limits_of_names),
	    cmocka_unit_test(limits_of_the_input),
	    cmocka_unit_test(command_line),
	    cmocka_unit_test(command_line_mistakes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
