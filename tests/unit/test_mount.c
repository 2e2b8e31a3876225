// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking for mounts and getting rid of ours, even one whose daemon answers nothing. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mount.h"
#include "base/mountinfo.h"

static char dir[64];
static bool may_mount;

/* A private mount namespace: nothing of this test is seen outside, nothing is left behind. */
static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/vmtwin mount.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	may_mount = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

/* Mounts a FUSE file system that nobody serves: every access to it would hang. */
static int mount_dead_fuse(void)
{
	char opts[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	snprintf(opts, sizeof opts, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (mount("vmtwin", dir, VT_FUSE_SUBTYPE, MS_NOSUID | MS_NODEV, opts) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void lines_are_taken_apart(void **state)
{
	struct vt_mountinfo mi;
	(void)state;
	assert_int_equal(vt_mountinfo_parse(&mi, "36 35 98:3 /mnt1 /mnt\\0402 rw,noatime master:1 "
						 "shared:7 - ext3 /dev/root rw,errors=continue\n"),
			 0);
	assert_int_equal(mi.major, 98);
	assert_int_equal(mi.minor, 3);
	assert_string_equal(mi.dir, "/mnt 2");
	assert_string_equal(mi.type, "ext3");
	assert_int_equal(vt_mountinfo_parse(&mi, "1 0 0:77 / /a rw - fuse.vmtwin vm1 rw"), 0);
	assert_string_equal(mi.type, "fuse.vmtwin");
}

static void corrupt_lines(void **state)
{
	static const char *const bad[] = {
	    "",
	    "\n",
	    "36",
	    "36 35 98:0",
	    "36 35 98:0 /",
	    "36 35 98:0 / ",
	    "36 35 98:0 / /x rw",
	    "36 35 98:0 / /x rw -",
	    "36 35 98:0 / /x rw - ",
	    "36 35 98 / /x rw - t s o",
	    "36 35 98:0 / x rw - t s o",
	    "36 35 98:0 / /\\ rw - t s o",
	    "36 35 98:0 / /\\9 rw - t s o",
	    "36 35 98:0 / /\\000 rw - t s o",
	    "36 35 98:0 / /\\777 rw - t s o",
	};
	struct vt_mountinfo mi;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(vt_mountinfo_parse(&mi, bad[i]), -EBADMSG);
}

static void corrupt_long_fields(void **state)
{
	struct vt_mountinfo mi;
	char line[8192];
	(void)state;
	int at = snprintf(line, sizeof line, "36 35 98:0 / /");
	memset(line + at, 'x', 5000);
	snprintf(line + at + 5000, sizeof line - (size_t)at - 5000, " rw - t s o");
	assert_int_equal(vt_mountinfo_parse(&mi, line), -EBADMSG);
	at = snprintf(line, sizeof line, "36 35 98:0 / / rw - ");
	memset(line + at, 't', 100);
	line[at + 100] = '\0';
	assert_int_equal(vt_mountinfo_parse(&mi, line), -EBADMSG);
}

static void root_is_mounted_and_a_plain_directory_is_not(void **state)
{
	char type[64] = "";
	(void)state;
	assert_int_equal(vt_mount_at("/", type, sizeof type, NULL), 1);
	assert_true(type[0] != '\0');
	assert_int_equal(vt_mount_at(dir, type, sizeof type, NULL), 0);
	assert_int_equal(vt_mount_detach(dir, NULL), 0);
}

static void others_mounts_are_left_alone(void **state)
{
	struct vt_fail fail = {.code = 0};
	char type[64];
	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("none", dir, "tmpfs", 0, NULL), 0);
	assert_int_equal(vt_mount_detach(dir, &fail), -EBUSY);
	assert_non_null(strstr(fail.text, "tmpfs"));
	assert_int_equal(vt_mount_at(dir, type, sizeof type, NULL), 1);
	assert_int_equal(umount2(dir, 0), 0);
}

static void a_dead_mount_is_detached(void **state)
{
	char type[64], byte[8192];
	unsigned minor = 0;
	struct stat st;
	(void)state;
	int fd = may_mount ? mount_dead_fuse() : -1;
	if (fd < 0)
		skip();
	alarm(20); /* a hang is a failure */
	assert_int_equal(vt_mount_at(dir, type, sizeof type, &minor), 1);
	assert_string_equal(type, VT_FUSE_SUBTYPE);
	assert_int_equal(vt_mount_detach(dir, NULL), 0);
	assert_int_equal(vt_mount_at(dir, NULL, 0, NULL), 0);
	assert_int_equal(stat(dir, &st), 0); /* the directory below, at once */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	assert_int_equal(read(fd, byte, sizeof byte), -1);
	assert_int_not_equal(errno, EAGAIN); /* the connection has ended */
	alarm(0);
	close(fd);
}

static void ours_on_top_of_anothers(void **state)
{
	char type[64];
	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("none", dir, "tmpfs", 0, NULL), 0);
	int one = mount_dead_fuse();
	int two = one < 0 ? -1 : mount_dead_fuse();
	if (one >= 0)
		assert_int_equal(vt_mount_detach(dir, NULL), 0);
	assert_int_equal(vt_mount_at(dir, type, sizeof type, NULL), 1);
	assert_string_equal(type, "tmpfs");
	assert_int_equal(umount2(dir, 0), 0);
	close(one);
	close(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_taken_apart),
	    cmocka_unit_test(corrupt_lines),
	    cmocka_unit_test(corrupt_long_fields),
	    cmocka_unit_test(root_is_mounted_and_a_plain_directory_is_not),
	    cmocka_unit_test(others_mounts_are_left_alone),
	    cmocka_unit_test(a_dead_mount_is_detached),
	    cmocka_unit_test(ours_on_top_of_anothers),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
