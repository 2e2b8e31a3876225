// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/dirs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mountinfo.h"

int cd_join(char *out, const char *dir, const char *name)
{
	int n = snprintf(out, CD_PATH_MAX, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name);
	return n < 0 || n >= CD_PATH_MAX ? -ENAMETOOLONG : 0;
}

void cd_parent(char *out, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash && slash != path ? (size_t)(slash - path) : 1;
	snprintf(out, CD_PATH_MAX, "%.*s", (int)n, path);
}

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cd_kind(const char *path)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? CD_ABSENT : -errno;
	if (!S_ISDIR(st.st_mode))
		return CD_OTHER;
	DIR *d = opendir(path);
	if (!d)
		return -errno;
	int kind = CD_EMPTY;
	struct dirent *e;
	while (kind == CD_EMPTY && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			kind = CD_FILLED;
	closedir(d);
	return kind;
}

int cd_place(const char *path, struct cd_place *out)
{
	struct statx st;
	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &st) < 0)
		return -errno;
	out->mount = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0;
	out->major = st.stx_dev_major;
	out->minor = st.stx_dev_minor;
	return 0;
}

bool cd_same_place(const struct cd_place *a, const struct cd_place *b)
{
	return a->mount == b->mount && a->major == b->major && a->minor == b->minor;
}

int cd_mount_below(const char *path, char *found, size_t cap)
{
	static const char table[] = "/proc/self/mountinfo";
	char *line = NULL;
	size_t line_cap = 0, n = strlen(path);
	struct vt_mountinfo mi;
	int rc = 0;
	FILE *f = fopen(table, "re");
	if (!f)
		return -errno;
	while (rc == 0 && getline(&line, &line_cap, f) > 0) {
		if (vt_mountinfo_parse(&mi, line) < 0 || strncmp(mi.dir, path, n) != 0)
			continue;
		if (mi.dir[n] != '\0' && mi.dir[n] != '/')
			continue;
		snprintf(found, cap, "%s", mi.dir);
		rc = 1;
	}
	free(line);
	fclose(f);
	return rc;
}

int cd_sync(const char *path)
{
	int fd = open_dir(path);
	if (fd < 0)
		return fd;
	int rc = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static int sync_parent(const char *path)
{
	char parent[CD_PATH_MAX];
	cd_parent(parent, path);
	return cd_sync(parent);
}

int cd_make(const char *path, mode_t mode)
{
	if (mkdir(path, mode) < 0) {
		if (errno != EEXIST)
			return -errno;
		int kind = cd_kind(path);
		if (kind < 0 || kind == CD_OTHER)
			return kind < 0 ? kind : -ENOTDIR;
	}
	int rc = cd_sync(path);
	return rc < 0 ? rc : sync_parent(path);
}

int cd_copy_owner(const char *path, const char *like)
{
	struct stat st;
	if (lstat(like, &st) < 0)
		return -errno;
	int fd = open_dir(path);
	if (fd < 0)
		return fd;
	int rc = 0;
	if (fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, st.st_mode & 07777) < 0 ||
	    fsync(fd) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int cd_immutable(const char *path, bool on)
{
	int flags = 0;
	int fd = open_dir(path);
	if (fd < 0)
		return fd;
	int rc = ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 ? -errno : 0;
	int wanted = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	if (rc == 0 && wanted != flags && ioctl(fd, FS_IOC_SETFLAGS, &wanted) < 0)
		rc = -errno;
	close(fd);
	if (rc == -ENOTTY || rc == -EOPNOTSUPP || rc == -EPERM || rc == -EINVAL || rc == -ENOSYS)
		return -EOPNOTSUPP;
	return rc;
}

int cd_move(const char *from, const char *to, bool over_empty)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, over_empty ? 0 : RENAME_NOREPLACE) < 0)
		return -errno;
	int rc = sync_parent(to);
	return rc < 0 ? rc : sync_parent(from);
}

int cd_drop_meta(const char *meta)
{
	int fd = open_dir(meta);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	int rc = 0;
	for (int i = 0; i < 2 && rc == 0; i++)
		if (unlinkat(fd, i == 0 ? "slot0" : "slot1", 0) < 0 && errno != ENOENT)
			rc = -errno;
	close(fd);
	if (rc == 0 && rmdir(meta) < 0)
		rc = -errno;
	return rc;
}

int cd_remove_tree(const char *dir, struct vt_fail *fail)
{
	char path[CD_PATH_MAX];
	char *const roots[] = {path, NULL};
	FTSENT *e;
	int rc = 0;
	snprintf(path, sizeof path, "%s", dir);
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	if (!fts)
		return vt_fail(fail, -errno, "cannot read %s: %s", dir, strerror(errno));
	while (rc == 0 && (errno = 0, e = fts_read(fts)) != NULL) {
		int failed = 0;
		if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS)
			failed = errno = e->fts_errno;
		else if (e->fts_info == FTS_DP)
			failed = rmdir(e->fts_accpath);
		else if (e->fts_info != FTS_D)
			failed = unlink(e->fts_accpath);
		if (failed != 0)
			rc = vt_fail(fail, -errno, "cannot delete %s: %s",
				     e->fts_path, strerror(errno));
	}
	fts_close(fts);
	return rc;
}
