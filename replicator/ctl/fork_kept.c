// SPDX-License-Identifier: GPL-2.0-or-later
/* Branches that were given up: listed, and deleted by name, never otherwise (S9). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mount.h"
#include "ctl/fork.h"
#include "ctl/record.h"

static const char deleting[] = ".deleting";

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

int cf_tree_bytes(const char *dir, uint64_t *out)
{
	char path[CD_PATH_MAX];
	char *const roots[] = {path, NULL};
	FTSENT *e;
	int rc = 0;
	*out = 0;
	snprintf(path, sizeof path, "%s", dir);
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	if (!fts)
		return -errno;
	while (rc == 0 && (errno = 0, e = fts_read(fts)) != NULL) {
		if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS)
			rc = -e->fts_errno;
		else if (e->fts_info != FTS_DP)
			*out += (uint64_t)e->fts_statp->st_blocks * 512;
	}
	if (rc == 0 && errno != 0)
		rc = -errno;
	fts_close(fts);
	return rc;
}

void cf_size_text(char *out, size_t cap, uint64_t bytes)
{
	if (bytes < 10ull << 20)
		snprintf(out, cap, "%llu KiB", (unsigned long long)(bytes + 1023) / 1024);
	else if (bytes < 10ull << 30)
		snprintf(out, cap, "%llu MiB", (unsigned long long)(bytes >> 20));
	else
		snprintf(out, cap, "%llu GiB", (unsigned long long)(bytes >> 30));
}

/* ".fork-20260131-030000", perhaps "-7", perhaps ".deleting", and nothing else. */
static bool suffix_ok(const char *s)
{
	static const char shape[] = ".fork-dddddddd-dddddd";
	size_t i;
	for (i = 0; shape[i]; i++)
		if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
			return false;
	s += i;
	if (s[0] == '-') {
		size_t n = strspn(s + 1, "0123456789");
		if (n == 0 || n > 3)
			return false;
		s += 1 + n;
	}
	return s[0] == '\0' || strcmp(s, deleting) == 0;
}

/* True if file, beside the store, is a branch of this unit and not another unit's store. */
static bool is_kept(const struct cf_job *j, const char *file)
{
	const char *base = base_name(j->conf.store);
	char conf[CD_PATH_MAX + 300];
	size_t n = strlen(base);
	if (strncmp(file, base, n) != 0 || !suffix_ok(file + n))
		return false;
	snprintf(conf, sizeof conf, "%s/%s.conf", j->unit_dir, file);
	return access(conf, F_OK) != 0;
}

static void print_kept(const char *path, const char *name)
{
	char size[32] = "?";
	uint64_t bytes;
	struct vm_record rec;
	time_t when;
	if (cf_tree_bytes(path, &bytes) == 0)
		cf_size_text(size, sizeof size, bytes);
	printf("%s  %s  ", name, size);
	if (strstr(name, deleting))
		puts("its deletion was interrupted; repeat it");
	else if (cr_read(path, &rec, &when) == 0)
		cr_print_line(stdout, &rec, when);
	else
		puts("its metadata can't be read");
}

int cf_list(const struct cf_job *j, struct vt_fail *fail)
{
	char parent[CD_PATH_MAX], path[CD_PATH_MAX];
	int found = 0;
	cd_parent(parent, j->conf.store);
	DIR *d = opendir(parent);
	if (!d)
		return vt_fail(fail, -errno, "cannot read %s: %s", parent, strerror(errno));
	for (const struct dirent *e; (e = readdir(d)) != NULL;) {
		if (!is_kept(j, e->d_name) || cd_join(path, parent, e->d_name) < 0)
			continue;
		if (found++ == 0)
			printf("kept branches of %s, in %s:\n", j->conf.name, parent);
		print_kept(path, e->d_name);
	}
	closedir(d);
	return found;
}

int cf_check_delete(const struct cf_job *j, const char *name, char *path, uint64_t *bytes,
		    struct vt_fail *fail)
{
	char parent[CD_PATH_MAX], found[CD_PATH_MAX];
	const char *file = base_name(name);
	cd_parent(parent, j->conf.store);
	int rc = cd_join(path, parent, file);
	if (rc < 0)
		return vt_fail(fail, rc, "'%.100s' is too long; nothing was changed", name);
	if (!is_kept(j, file) || (file != name && strcmp(name, path) != 0))
		return vt_fail(
		    fail, -EINVAL,
		    "'%.200s' is not a kept branch of this unit; 'vmtwin discard-fork %s "
		    "--list' names them; nothing was changed",
		    name, j->conf.name);
	int kind = cd_kind(path);
	if (kind != CD_EMPTY && kind != CD_FILLED)
		return vt_fail(
		    fail, -ENOENT,
		    "there is no %s; 'vmtwin discard-fork %s --list' names what there is; "
		    "nothing was changed",
		    path, j->conf.name);
	rc = cd_mount_below(path, found, sizeof found);
	if (rc != 0)
		return vt_fail(fail, rc < 0 ? rc : -EBUSY,
			       "%s is mounted; unmount it first; nothing "
			       "was changed",
			       rc < 0 ? path : found);
	rc = cf_tree_bytes(path, bytes);
	return rc < 0 ? vt_fail(fail, rc, "cannot read %s: %s; nothing was changed", path,
				strerror(-rc))
		      : 0;
}

/* A worker that serves this store, under whatever unit file, holds its metadata's lock. */
static int lock_kept(const char *path, struct vt_fail *fail)
{
	char meta[CD_PATH_MAX];
	if (cd_join(meta, path, "meta") < 0)
		return -1;
	int fd = open(meta, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1; /* an interrupted deletion got that far */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return vt_fail(fail, -EBUSY, "%s is in use by a worker; nothing was changed", path);
}

int cf_delete(const char *path, struct vt_fail *fail)
{
	char doomed[CD_PATH_MAX], parent[CD_PATH_MAX];
	size_t n = strlen(path), tail = sizeof deleting - 1;
	int lock = lock_kept(path, fail);
	if (lock == -EBUSY)
		return lock;
	int rc = 0;
	snprintf(doomed, sizeof doomed, "%s", path);
	if (n < tail || strcmp(path + n - tail, deleting) != 0) {
		if (n + tail >= sizeof doomed)
			rc = -ENAMETOOLONG;
		else
			memcpy(doomed + n, deleting, tail + 1);
		if (rc == 0) /* from here on nobody takes it for whole */
			rc = cd_move(path, doomed, false);
		if (rc < 0)
			vt_fail(fail, rc, "cannot rename %s: %s; nothing was changed", path,
				strerror(-rc));
	}
	if (rc == 0)
		rc = cd_remove_tree(doomed, fail);
	cd_parent(parent, path);
	if (rc == 0)
		(void)cd_sync(parent);
	if (lock >= 0)
		close(lock);
	return rc;
}
