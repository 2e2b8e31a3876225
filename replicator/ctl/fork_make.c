// SPDX-License-Identifier: GPL-2.0-or-later
/* The steps of `vmtwin discard-fork`, in the order that fork.h gives the reasons for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mount.h"
#include "ctl/fork.h"
#include "io/metafile.h"

#define SAME_SECOND 100 /* branches given up within one second, at most */

static int fill_paths(struct cf_job *j, struct vt_fail *fail)
{
	int n = snprintf(j->fresh, sizeof j->fresh, "%s.discard-new", j->conf.store);
	int rc = n < 0 || (size_t)n >= sizeof j->fresh ? -ENAMETOOLONG : 0;
	if (rc == 0)
		rc = cd_join(j->meta, j->conf.store, "meta");
	if (rc == 0)
		rc = cd_join(j->data, j->conf.store, "data");
	return rc < 0 ? vt_fail(fail, rc, "the path of the store %s is too long", j->conf.store)
		      : 0;
}

/* True if the metadata there says that its host has never held anything, or there is none. */
static bool is_blank(const char *meta)
{
	struct vm_file file;
	struct vc_durable d;
	int damaged;
	if (cd_kind(meta) == CD_ABSENT)
		return true;
	if (vm_file_open(&file, meta, &d, &damaged, NULL) < 0)
		return false; /* not readable: never take it for nothing */
	vm_file_close(&file);
	return d.log.count == 0 && d.standing == VC_SYNCING;
}

bool cf_fork_recorded(const struct cf_job *j)
{
	struct vm_file file;
	struct vc_durable d;
	int damaged;
	if (vm_file_open(&file, j->meta, &d, &damaged, NULL) < 0)
		return false;
	vm_file_close(&file);
	return d.fork;
}

static int look_at_fresh(const struct cf_job *j, struct vt_fail *fail)
{
	char meta[CD_PATH_MAX], data[CD_PATH_MAX];
	int kind = cd_kind(j->fresh);
	if (kind == CD_ABSENT)
		return CF_NONE;
	if (kind < 0 || kind == CD_OTHER)
		return vt_fail(fail, kind < 0 ? kind : -ENOTDIR, "cannot use %s: %s", j->fresh,
			       kind < 0 ? strerror(-kind) : "not a directory; move it away");
	if (cd_join(meta, j->fresh, "meta") < 0 || cd_join(data, j->fresh, "data") < 0)
		return vt_fail(fail, -ENAMETOOLONG, "the path %s is too long", j->fresh);
	kind = cd_kind(data);
	return (kind == CD_ABSENT || kind == CD_EMPTY) && is_blank(meta) ? CF_SCRATCH : CF_BRANCH;
}

int cf_look(struct cf_job *j, struct vt_fail *fail)
{
	int rc = fill_paths(j, fail);
	if (rc < 0)
		return rc;
	int kind = cd_kind(j->conf.store);
	if (kind == CD_ABSENT || kind == CD_OTHER || kind < 0)
		return vt_fail(fail, kind < 0 ? kind : -ENOENT,
			       "the unit's store %s is not there: %s; nothing was changed",
			       j->conf.store, kind < 0 ? strerror(-kind) : "no such directory");
	if (vt_mount_at(j->conf.store, NULL, 0, NULL) == 1)
		return vt_fail(
		    fail, -EBUSY,
		    "the store %s is a mount point and can't be renamed; use a directory "
		    "inside it as the store (key 'store' in the unit file); nothing was "
		    "changed",
		    j->conf.store);
	return look_at_fresh(j, fail);
}

static int make_fresh_meta(const struct cf_job *j, struct vt_fail *fail)
{
	struct vc_durable first = {.standing =
				       VC_SYNCING}; /* a second host's, as create makes it */
	char meta[CD_PATH_MAX], meta_new[CD_PATH_MAX];
	int rc = cd_join(meta, j->fresh, "meta");
	if (rc == 0)
		rc = cd_join(meta_new, j->fresh, "meta.new");
	if (rc == 0 && cd_kind(meta) != CD_ABSENT)
		return 0; /* of an earlier run: complete, by its name */
	if (rc == 0)
		rc = cd_drop_meta(meta_new);
	if (rc == 0)
		rc = cd_make(meta_new, 0700);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot make %s: %s", meta_new, strerror(-rc));
	rc = vm_file_create(meta_new, &first, fail);
	if (rc < 0)
		return rc;
	rc = cd_move(meta_new, meta, false);
	return rc < 0 ? vt_fail(fail, rc, "cannot rename %s: %s", meta_new, strerror(-rc)) : 0;
}

int cf_prepare(struct cf_job *j, struct vt_fail *fail)
{
	char data[CD_PATH_MAX];
	int rc = cd_join(data, j->fresh, "data");
	if (rc == 0)
		rc = cd_make(j->fresh, 0700);
	if (rc == 0)
		rc = cd_make(data, 0711);
	if (rc == 0)
		rc = cd_copy_owner(data, j->data);
	if (rc < 0)
		return vt_fail(fail, rc,
			       "cannot make the new, empty store %s: %s; nothing was changed",
			       j->fresh, strerror(-rc));
	rc = cd_copy_owner(j->fresh, j->conf.store);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot set the owner of %s: %s; nothing was changed",
			       j->fresh, strerror(-rc));
	return make_fresh_meta(j, fail);
}

void cf_unprepare(struct cf_job *j)
{
	char path[CD_PATH_MAX];
	if (look_at_fresh(j, NULL) != CF_SCRATCH)
		return; /* it is the branch: never touched */
	if (cd_join(path, j->fresh, "meta.new") == 0)
		(void)cd_drop_meta(path);
	if (cd_join(path, j->fresh, "meta") == 0)
		(void)cd_drop_meta(path);
	if (cd_join(path, j->fresh, "data") == 0)
		(void)rmdir(path);
	(void)rmdir(j->fresh);
}

/* Under the lock: nothing mounted, and the branch is one that is worth a name. */
static int check_still(const struct cf_job *j, struct vt_fail *fail)
{
	int mounted = vt_mount_at(j->conf.directory, NULL, 0, NULL);
	if (mounted != 0)
		return vt_fail(fail, mounted < 0 ? mounted : -EBUSY,
			       "%s is still mounted although the unit was stopped: end who uses it "
			       "(fuser -vm %s), then repeat this",
			       j->conf.directory, j->conf.directory);
	return 0;
}

int cf_exchange(struct cf_job *j, struct vt_fail *fail)
{
	struct vm_file lock;
	struct vc_durable d;
	char parent[CD_PATH_MAX];
	int damaged;
	int rc = vm_file_open(&lock, j->meta, &d, &damaged, fail);
	if (rc < 0 && rc != -EBADMSG) /* a branch whose metadata is damaged may go as well */
		return rc;
	cd_parent(parent, j->conf.store);
	rc = check_still(j, fail);
	if (rc == 0 && renameat2(AT_FDCWD, j->conf.store, AT_FDCWD, j->fresh, RENAME_EXCHANGE) < 0)
		rc = vt_fail(fail, -errno, "cannot exchange %s and %s: %s%s", j->conf.store,
			     j->fresh, strerror(errno),
			     errno == EINVAL
				 ? " (this file system can't: vmtwin(8), DECISIONS tells "
				   "how to do it by hand)"
				 : "");
	if (rc == 0) {
		rc = cd_sync(parent);
		if (rc < 0)
			vt_fail(fail, rc,
				"cannot make the exchange of %s durable: %s; check the disk",
				j->conf.store, strerror(-rc));
	}
	vm_file_close(&lock);
	return rc;
}

int cf_name_branch(struct cf_job *j, struct vt_fail *fail)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &tm);
	int rc = -EEXIST;
	for (int i = 0; i < SAME_SECOND && rc == -EEXIST; i++) {
		int n = i == 0
			    ? snprintf(j->kept, sizeof j->kept, "%s.fork-%s", j->conf.store, stamp)
			    : snprintf(j->kept, sizeof j->kept, "%s.fork-%s-%d", j->conf.store,
				       stamp, i);
		rc = n < 0 || (size_t)n >= sizeof j->kept ? -ENAMETOOLONG
							  : cd_move(j->fresh, j->kept, false);
	}
	if (rc < 0)
		return vt_fail(fail, rc,
			       "the branch is kept in %s, but can't be named anew: %s; repeat "
			       "discard-fork",
			       j->fresh, strerror(-rc));
	return 0;
}
