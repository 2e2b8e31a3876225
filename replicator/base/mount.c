// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/mountinfo.h"

#define DETACH_MAX 16 /* mounts stacked at one directory */

int vt_mount_at(const char *dir, char *type, unsigned cap, unsigned *minor_out)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	int found = 0;
	struct vt_mountinfo mi;
	if (!f)
		return -errno;
	while (getline(&line, &size, f) > 0) {
		if (vt_mountinfo_parse(&mi, line) != 0 || strcmp(mi.dir, dir) != 0)
			continue;
		found = 1; /* no break: the last one is the one on top */
		if (type)
			snprintf(type, cap, "%s", mi.type);
		if (minor_out)
			*minor_out = mi.minor;
	}
	if (ferror(f))
		found = -EIO;
	free(line);
	fclose(f);
	return found;
}

/*
 * Answers all requests that hang in the kernel for this mount with an error. Without the control
 * file system the lazy unmount and the end of the worker must do; so the result is not looked at.
 */
static void abort_connection(unsigned minor)
{
	char path[64];
	snprintf(path, sizeof path, "/sys/fs/fuse/connections/%u/abort", minor);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t ignored = write(fd, "1", 1);
	(void)ignored;
	close(fd);
}

int vt_mount_detach(const char *dir, struct vt_fail *fail)
{
	for (int i = 0; i < DETACH_MAX; i++) {
		char type[64];
		unsigned minor = 0;
		int rc = vt_mount_at(dir, type, sizeof type, &minor);
		if (rc == 0 || (rc == 1 && i > 0 && strcmp(type, VT_FUSE_SUBTYPE) != 0))
			return 0; /* what is left was there before ours */
		if (rc < 0)
			return vt_fail(fail, rc, "can't read the list of mounts: %s",
				       strerror(-rc));
		if (strcmp(type, VT_FUSE_SUBTYPE) != 0)
			return vt_fail(fail, -EBUSY,
				       "%s has a mount of type %s, not ours: unmount it by hand",
				       dir, type);
		abort_connection(minor);
		if (umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW) != 0) {
			rc = -errno;
			return vt_fail(fail, rc, "can't unmount %s: %s", dir, strerror(-rc));
		}
	}
	return vt_fail(fail, -EBUSY, "more than %d mounts on top of each other at %s", DETACH_MAX,
		       dir);
}
