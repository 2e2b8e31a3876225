// SPDX-License-Identifier: GPL-2.0-or-later
/* The unit file: what is understood, what is refused and in which words. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/nearest.h"
#include "base/unitconf.h"

#define GOOD "directory = /vm/vm1\nhosts = b a\n"

static void test_defaults(void **state)
{
	struct vt_unitconf c;
	struct vt_fail fail = {0};
	(void)state;
	assert_int_equal(vt_unitconf_parse(&c, "vm1", GOOD, "f", &fail), 0);
	assert_string_equal(c.name, "vm1");
	assert_string_equal(c.directory, "/vm/vm1");
	assert_string_equal(c.store, "/vm/.vmtwin/vm1");
	assert_string_equal(c.domain, "vm1");
	assert_string_equal(c.hosts[0], "b");
	assert_string_equal(c.hosts[1], "a");
	assert_int_equal(c.mode, VT_SYNC);
	assert_int_equal(c.port, 7790);
	assert_int_equal(c.link_timeout_ms, 5000);
	assert_int_equal(c.lease_ms, 30000);
	assert_int_equal(c.outdate_timeout_ms, 5000);
}

static void test_everything_set(void **state)
{
	struct vt_unitconf c;
	struct vt_fail fail = {0};
	static const char text[] =
	    "# a comment\n\n\tdirectory=/a b/c \n  hosts =  h1\t h2 \n"
	    "store = /big/s#1\ndomain = My VM\nmode=sync\nport = 1\n"
	    "link_timeout_ms = 60000\nlease_ms=600000\noutdate_timeout_ms = 1000";
	(void)state;
	assert_int_equal(vt_unitconf_parse(&c, "v-m.1_x", text, "f", &fail), 0);
	assert_string_equal(c.directory, "/a b/c");
	assert_string_equal(c.store, "/big/s#1");
	assert_string_equal(c.domain, "My VM");
	assert_string_equal(c.hosts[0], "h1");
	assert_string_equal(c.hosts[1], "h2");
	assert_int_equal(c.port, 1);
	assert_int_equal(c.link_timeout_ms, 60000);
	assert_int_equal(c.lease_ms, 600000);
	assert_int_equal(c.outdate_timeout_ms, 1000);
}

static void test_directory_at_the_root(void **state)
{
	struct vt_unitconf c;
	(void)state;
	assert_int_equal(vt_unitconf_parse(&c, "x", "directory = /x\nhosts = a b\n", "f", NULL), 0);
	assert_string_equal(c.store, "/.vmtwin/x");
}

static const struct {
	const char *text, *message;
} bad_file[] = {
    {"", "f: 'directory' is missing; add a line such as: directory = /var/lib/libvirt/images/vm1"},
    {"directory = /a\n", "f: 'hosts' is missing; add a line such as: hosts = host1 host2"},
    {"hosts = a b\n", "f: 'directory' is missing"},
    {GOOD "directry = /x\n", "f:3: unknown key 'directry': did you mean 'directory'?"},
    {GOOD "prot = 1\n", "f:3: unknown key 'prot': did you mean 'port'?"},
    {GOOD "lease = 1\n", "f:3: unknown key 'lease'"},
    {GOOD "link_timeout = 1\n", "f:3: unknown key 'link_timeout': did you mean 'link_timeout_ms'?"},
    {GOOD "frobnicate = 1\n", "f:3: unknown key 'frobnicate'; the keys are described in"},
    {GOOD "Port = 1\n", "f:3: unknown key 'Port': did you mean 'port'?"},
    {GOOD "= 1\n", "f:3: unknown key ''"},
    {GOOD "\n# x\nhosts = a b\n", "f:5: 'hosts' is already set in line 2"},
    {GOOD "port\n", "f:3: 'port' is not of the form 'key = value'"},
    {GOOD "port =\n", "f:3: 'port' has no value"},
    {GOOD "port = 0\n", "f:3: port = '0': must be a whole number from 1 to 65535"},
    {GOOD "port = 65536\n", "f:3: port = '65536': must be a whole number"},
    {GOOD "port = -1\n", "f:3: port = '-1': must be a whole number"},
    {GOOD "port = 77x\n", "f:3: port = '77x': must be a whole number"},
    {GOOD "port = 7 7\n", "f:3: port = '7 7': must be a whole number"},
    {GOOD "port = 4294967297\n", "f:3: port = '4294967297': must be a whole number"},
    {GOOD "port = 99999999999999999999999\n", "f:3: port = '99999999999999999999999': must be"},
    {GOOD "lease_ms = 30s\n", "f:3: lease_ms = '30s': must be a whole number from 5000 to 600000"},
    {GOOD "lease_ms = 4999\n", "f:3: lease_ms = '4999': must be a whole number from 5000"},
    {GOOD "link_timeout_ms = 60001\n", "f:3: link_timeout_ms = '60001': must be a whole number"},
    {GOOD "outdate_timeout_ms = 0\n", "f:3: outdate_timeout_ms = '0': must be a whole number"},
    {GOOD "mode = semi\n", "f:3: mode = 'semi': unknown mode; known: sync"},
    {GOOD "domain = a/b\n", "f:3: domain = 'a/b': a domain's name has no '/'"},
    {GOOD "domain = -x\n", "f:3: domain = '-x': a domain's name has no '/' and does not begin"},
    {"directory = vm1\n", "f:1: directory = 'vm1': must be an absolute path"},
    {"directory = /\n", "f:1: directory = '/': must not be the root directory"},
    {"directory = /a/\n", "f:1: directory = '/a/': must not end with '/'"},
    {"directory = /a//b\n", "f:1: directory = '/a//b': must not contain '//'"},
    {"directory = /a/../b\n", "f:1: directory = '/a/../b': must not contain '.' or '..'"},
    {"directory = /a/.\n", "f:1: directory = '/a/.': must not contain '.' or '..'"},
    {GOOD "store = store\n", "f:3: store = 'store': must be an absolute path"},
    {GOOD "store = /vm/vm1\n", "f:3: directory and store must not lie one inside the other"},
    {GOOD "store = /vm/vm1/s\n", "f:3: directory and store must not lie one inside the other"},
    {GOOD "store = /vm\n", "f:3: directory and store must not lie one inside the other"},
    {"hosts = a\n", "f:1: hosts = 'a': two cluster node names are needed"},
    {"hosts = a a\n", "f:1: hosts = 'a a': the two hosts must differ"},
    {"hosts = a A\n", "f:1: hosts = 'a A': the two hosts must differ in more than capital letters"},
    {"hosts = a b c\n", "f:1: hosts = 'a b c': a unit has two hosts, no more"},
    {"hosts = a, b\n", "f:1: hosts = 'a, b': not a node name"},
    {"hosts = -a b\n", "f:1: hosts = '-a b': not a node name"},
    {GOOD "domain = B\xfcro\n", "f:3: byte 0xfc is not UTF-8"},
    {GOOD "domain = a\x1b[2J\n", "f:3: control character 0x1b in the line"},
    {"\r\ndirectory = /a\r\n", "f:1: control character 0x0d in the line; write the file with Unix"},
};

static void test_bad_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_file / sizeof bad_file[0]; i++) {
		struct vt_unitconf c;
		struct vt_fail fail = {0};
		int rc = vt_unitconf_parse(&c, "vm1", bad_file[i].text, "f", &fail);
		const char *want = bad_file[i].message;
		if (rc != -EINVAL || strncmp(fail.text, want, strlen(want)) != 0)
			fail_msg("file %zu: rc %d, said '%s', expected '%s'", i, rc, fail.text,
				 want);
		assert_int_equal(fail.code, -EINVAL);
	}
}

static void test_values_from_options(void **state)
{
	static const struct vt_unitconf_value good[] = {{"directory", "/vm/vm1"}, {"hosts", "a b"}};
	static const struct vt_unitconf_value bad[] = {{"directory", "/vm/vm1"}, {"hosts", "a a"}};
	static const struct vt_unitconf_value line[] = {{"directory", "/vm/vm1\nport = 1"}};
	struct vt_unitconf c;
	struct vt_fail fail = {0};
	(void)state;
	assert_int_equal(vt_unitconf_build(&c, "vm1", good, 2, "create", &fail), 0);
	assert_string_equal(c.store, "/vm/.vmtwin/vm1");
	assert_int_equal(vt_unitconf_build(&c, "vm1", bad, 2, "create", &fail), -EINVAL);
	assert_string_equal(fail.text, "create: hosts = 'a a': the two hosts must differ");
	assert_int_equal(vt_unitconf_build(&c, "vm1", good, 1, "create", &fail), -EINVAL);
	assert_int_equal(vt_unitconf_build(&c, "vm1", line, 1, "create", &fail), -EINVAL);
	assert_string_equal(fail.text, "create: control character in the value of directory");
}

static void test_long_values(void **state)
{
	struct vt_unitconf c;
	struct vt_fail fail = {0};
	char text[8192];
	(void)state;
	snprintf(text, sizeof text, "directory = /%01100d\nhosts = a b\n", 7);
	assert_int_equal(vt_unitconf_parse(&c, "vm1", text, "f", &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "the path is too long"));
	snprintf(text, sizeof text, "directory = /%01000d/x\nhosts = a b\n", 7);
	assert_int_equal(vt_unitconf_parse(&c, "a-rather-long-name", text, "f", &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "set 'store'"));
	snprintf(text, sizeof text, GOOD "domain = %0200d\n", 7);
	assert_int_equal(vt_unitconf_parse(&c, "vm1", text, "f", &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "f:3: domain = '0000"));
	snprintf(text, sizeof text, GOOD "# %05000d\n", 7);
	assert_int_equal(vt_unitconf_parse(&c, "vm1", text, "f", &fail), -EINVAL);
	assert_string_equal(fail.text, "f:3: the line is too long (at most 4095 bytes)");
	snprintf(text, sizeof text, "hosts = a %0256d\n", 7);
	assert_int_equal(vt_unitconf_parse(&c, "vm1", text, "f", &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "not a node name"));
}

static void test_unit_names(void **state)
{
	char longest[VT_UNIT_NAME_MAX + 2];
	(void)state;
	memset(longest, 'a', sizeof longest);
	longest[VT_UNIT_NAME_MAX] = '\0';
	assert_true(vt_unit_name_ok("vm1"));
	assert_true(vt_unit_name_ok("0.a_b-c"));
	assert_true(vt_unit_name_ok(longest));
	longest[VT_UNIT_NAME_MAX] = 'a';
	longest[VT_UNIT_NAME_MAX + 1] = '\0';
	static const char *const bad[] = {"",	 ".",	"..",  ".vm1", "-vm1", "_vm1",
					  "VM1", "a/b", "a b", "a\n",  "../a", "\xc3\xa4"};
	assert_false(vt_unit_name_ok(longest));
	assert_false(vt_unit_name_ok("vmtwind"));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct vt_unitconf c;
		struct vt_fail fail = {0};
		assert_false(vt_unit_name_ok(bad[i]));
		assert_int_equal(vt_unitconf_load(&c, "/", bad[i], &fail), -EINVAL);
		assert_non_null(strstr(fail.text, "can't be a unit's name"));
	}
}

static void test_slot_goes_by_name(void **state)
{
	struct vt_unitconf c;
	(void)state;
	assert_int_equal(vt_unitconf_parse(&c, "vm1", "\xef\xbb\xbf" GOOD, "f", NULL), 0); /* as some editors save it */
	assert_int_equal(vt_unitconf_parse(&c, "vm1", GOOD, "f", NULL), 0);
	assert_int_equal(vt_unitconf_slot(&c, "a"), 0);
	assert_int_equal(vt_unitconf_slot(&c, "b"), 1);
	assert_int_equal(vt_unitconf_slot(&c, "c"), -ENOENT);
	assert_int_equal(vt_unitconf_parse(&c, "vm1", "directory = /d\nhosts = a b\n", "f", NULL),
			 0);
	assert_int_equal(vt_unitconf_slot(&c, "a"), 0);
	assert_int_equal(vt_unitconf_slot(&c, "b"), 1);
}

static int write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	ssize_t n = write(fd, bytes, len);
	close(fd);
	return n == (ssize_t)len ? 0 : -1;
}

static void test_save_and_load(void **state)
{
	char dir[] = "/tmp/vmtwin-test-XXXXXX";
	char path[128], temp[128];
	struct vt_unitconf c, again;
	struct vt_fail fail = {0};
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/vm1.conf", dir);
	snprintf(temp, sizeof temp, "%s/.vm1.conf.new", dir);
	assert_int_equal(vt_unitconf_load(&c, dir, "vm1", &fail), -ENOENT);
	assert_non_null(strstr(fail.text, "no unit 'vm1' on this host"));
	assert_int_equal(vt_unitconf_parse(&c, "vm1", GOOD "port = 99\n", "f", &fail), 0);
	assert_int_equal(write_file(temp, "half", 4), 0); /* left by a save that was killed */
	assert_int_equal(vt_unitconf_save(&c, NULL, dir, &fail), 0);
	assert_int_equal(access(temp, F_OK), -1);
	memset(&again, 0, sizeof again);
	assert_int_equal(vt_unitconf_load(&again, dir, "vm1", &fail), 0);
	assert_string_equal(again.directory, c.directory);
	assert_string_equal(again.store, c.store);
	assert_string_equal(again.hosts[0], "b");
	assert_int_equal(again.port, 99);
	assert_int_equal(vt_unitconf_save(&c, NULL, dir, &fail), -EEXIST);
	assert_int_equal(access(temp, F_OK), -1);
	assert_int_equal(write_file(path, GOOD "\0port = 1", sizeof GOOD + 9), 0);
	assert_int_equal(vt_unitconf_load(&c, dir, "vm1", &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "a NUL byte"));
	assert_int_equal(truncate(path, 70000), 0);
	assert_int_equal(vt_unitconf_load(&c, dir, "vm1", &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "the file is too long"));
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(vt_unitconf_load(&c, dir, "vm1", &fail), -EISDIR);
	rmdir(path);
	rmdir(dir);
	assert_int_equal(vt_unitconf_save(&c, NULL, dir, &fail), -ENOENT);
}

static void test_nearest(void **state)
{
	static const char *const known[] = {"create", "status", "log"};
	(void)state;
	assert_string_equal(vt_nearest("creaet", known, 3), "create");
	assert_string_equal(vt_nearest("stat", known, 3), "status");
	assert_string_equal(vt_nearest("logs", known, 3), "log");
	assert_null(vt_nearest("", known, 3));
	assert_null(vt_nearest("x", known, 3));
	assert_null(vt_nearest("banana", known, 3));
	assert_null(vt_nearest("create", known, 0));
}

static void test_keys_of_the_cluster(void **state)
{
	struct vt_unitconf c;
	struct vt_fail fail = {0};
	(void)state;
	assert_int_equal(vt_unitconf_parse(&c, "vm1", GOOD "failover = manual\nring0 = 10.0.0.1 10.0.0.2\nfence.h-1 = fence_x ip=1\n", "f", &fail), 0);
	assert_true(c.manual_failover && !c.drbd);
	assert_int_equal(vt_unitconf_parse(&c, "vm1", GOOD "storage = drbd\n", "f", &fail), 0);
	assert_true(c.drbd);
	assert_int_equal(vt_unitconf_parse(&c, "vm1", GOOD "storage = vmtwin\n", "f", &fail), 0);
	assert_false(c.drbd);
	assert_int_equal(vt_unitconf_parse(&c, "vm1", GOOD "failover = off\n", "f", &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "f:3: failover = 'off': must be auto or manual"));
	assert_int_equal(vt_unitconf_parse(&c, "vm1", GOOD "fence.a = x\nfence.a = y\n", "f", &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "f:4: 'fence.a' is already set in line 3"));
	assert_int_equal(vt_unitconf_parse(&c, "vm1", GOOD "fence. = x\n", "f", &fail), -EINVAL);
	assert_int_equal(vt_unitconf_parse(&c, "vm1", GOOD "prefr = a\n", "f", &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "f:3: unknown key 'prefr': did you mean 'prefer'"));
	assert_int_equal(vt_unitconf_parse(&c, "vm1", GOOD "ring1 =\n", "f", &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "no value"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys_of_the_cluster), cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_everything_set),
	    cmocka_unit_test(test_directory_at_the_root),
	    cmocka_unit_test(test_bad_files),
	    cmocka_unit_test(test_values_from_options),
	    cmocka_unit_test(test_long_values),
	    cmocka_unit_test(test_unit_names),
	    cmocka_unit_test(test_slot_goes_by_name),
	    cmocka_unit_test(test_save_and_load),
	    cmocka_unit_test(test_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
