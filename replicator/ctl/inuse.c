// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who has files of a tree open. Compared by inode, not by name: QEMU sees the files through a mount
 * namespace of its own, where the names differ.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/tree.h"

#define LOOKS_MAX 4000000 /* open files of all processes looked at; more: refuse, don't guess */

struct look {
	const struct ct_tree *tree;
	const char *dir;
	unsigned long looks;
	struct vt_fail *fail;
};

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* True if what /proc's link name in dir leads to is of the tree. Never waits for a file server. */
static bool of_tree(const struct ct_tree *t, int dir, const char *name)
{
	struct statx st;
	if (statx(dir, name, AT_STATX_DONT_SYNC, STATX_INO, &st) < 0)
		return false; /* closed meanwhile */
	uint64_t inode = st.stx_ino;
	return st.stx_dev_major == t->dev_major && st.stx_dev_minor == t->dev_minor &&
	       bsearch(&inode, t->inode, t->count, sizeof inode, by_number) != NULL;
}

static int tell(const struct look *l, int dir, const char *pid, const char *name, const char *how)
{
	char program[64] = "?", target[256] = "?", path[64];
	ssize_t n = readlinkat(dir, name, target, sizeof target - 1);
	target[n > 0 ? n : 1] = '\0';
	snprintf(path, sizeof path, "/proc/%.10s/comm", pid);
	FILE *f = fopen(path, "re");
	if (f) {
		if (fgets(program, sizeof program, f))
			program[strcspn(program, "\n")] = '\0';
		fclose(f);
	}
	return vt_fail(
	    l->fail, -EBUSY,
	    "%s is in use: process %s (%s) has %s%s; stop it first (a VM: virsh shutdown)", l->dir,
	    pid, program, how, target);
}

static int look_at_files(struct look *l, int process, const char *pid)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int rc = 0;
	struct dirent *e;
	if (!d) {
		if (fd >= 0)
			close(fd);
		return 0; /* ended meanwhile, or a kernel thread */
	}
	while (rc == 0 && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		if (++l->looks > LOOKS_MAX)
			rc = vt_fail(
			    l->fail, -EOVERFLOW,
			    "more than %d open files on this host: can't make sure that nobody "
			    "uses %s; try again when there are fewer",
			    LOOKS_MAX, l->dir);
		else if (of_tree(l->tree, dirfd(d), e->d_name))
			rc = tell(l, dirfd(d), pid, e->d_name, "open: ");
	}
	closedir(d);
	return rc;
}

static int look_at_process(struct look *l, int proc, const char *pid)
{
	int process = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return 0;
	int rc = 0;
	if (of_tree(l->tree, process, "cwd"))
		rc = tell(l, process, pid, "cwd", "its working directory there: ");
	if (rc == 0)
		rc = look_at_files(l, process, pid);
	close(process);
	return rc;
}

/* Loop devices hold files open without any process. */
static int look_at_loops(const struct look *l)
{
	DIR *d = opendir("/sys/block");
	struct dirent *e;
	int rc = 0;
	if (!d)
		return 0;
	while (rc == 0 && (e = readdir(d)) != NULL) {
		char name[300], backing[4096] = "";
		if (strncmp(e->d_name, "loop", 4) != 0)
			continue;
		snprintf(name, sizeof name, "/sys/block/%s/loop/backing_file", e->d_name);
		FILE *f = fopen(name, "re");
		if (!f)
			continue;
		bool got = fgets(backing, sizeof backing, f) != NULL;
		fclose(f);
		backing[strcspn(backing, "\n")] = '\0';
		if (got && of_tree(l->tree, AT_FDCWD, backing))
			rc = vt_fail(
			    l->fail, -EBUSY,
			    "%s is in use: /dev/%s is made of %.200s; detach it first: losetup "
			    "-d /dev/%s",
			    l->dir, e->d_name, backing, e->d_name);
	}
	closedir(d);
	return rc;
}

int ct_in_use(const struct ct_tree *tree, const char *dir, struct vt_fail *fail)
{
	struct look l = {.tree = tree, .dir = dir, .fail = fail};
	struct dirent *e;
	int rc = 0;
	DIR *d = opendir("/proc");
	if (!d)
		return vt_fail(fail, -errno,
			       "cannot read /proc: %s; can't make sure that nobody uses %s",
			       strerror(errno), dir);
	long self = (long)getpid();
	while (rc == 0 && (e = readdir(d)) != NULL) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' || strtol(e->d_name, NULL, 10) == self)
			continue;
		rc = look_at_process(&l, dirfd(d), e->d_name);
	}
	closedir(d);
	return rc == 0 ? look_at_loops(&l) : rc;
}
