// SPDX-License-Identifier: GPL-2.0-or-later
/* What `vmtwin create` looks at before it changes anything. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/create.h"
#include "io/metafile.h"

/* Directories of the system itself: never one VM's. */
static const char *const system_dir[] = {
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/var",
    "/var/lib",
    "/var/lib/libvirt",
    "/var/lib/libvirt/images", /* of all VMs, not of one */
    "/var/log",
    "/var/lib/pacemaker",
    "/var/lib/corosync",
    "/var/lib/libvirt/qemu",
    "/etc/vmtwin",
};

static int check_unit_file(const struct cc_job *job, struct vt_fail *fail)
{
	char path[CD_PATH_MAX + VT_UNIT_NAME_MAX];
	struct stat st;
	snprintf(path, sizeof path, "%s/%s.conf", job->unit_dir, job->conf.name);
	if (lstat(path, &st) < 0)
		return errno == ENOENT
			   ? 0
			   : vt_fail(fail, -errno, "cannot look at %s: %s", path, strerror(errno));
	return vt_fail(fail, -EEXIST,
		       "unit '%s' exists already on this host (%s); look at it: vmtwin status %s",
		       job->conf.name, path, job->conf.name);
}

static int check_plain_path(const char *path, const char *what, struct vt_fail *fail)
{
	char real[PATH_MAX];
	if (!realpath(path, real))
		return vt_fail(fail, -errno, "%s %s: %s", what, path, strerror(errno));
	if (strcmp(real, path) != 0)
		return vt_fail(
		    fail, -ELOOP,
		    "%s leads through a symbolic link: %s is really %s; give that path, and use "
		    "it in the VM's definition too",
		    what, path, real);
	return 0;
}

static int check_names(const struct cc_job *job, struct vt_fail *fail)
{
	const char *dir = job->conf.directory;
	for (size_t i = 0; i < sizeof system_dir / sizeof system_dir[0]; i++)
		if (strcmp(dir, system_dir[i]) == 0)
			return vt_fail(
			    fail, -EINVAL,
			    "%s is a directory of the system; give the directory of one VM, such "
			    "as /var/lib/libvirt/images/%s",
			    dir, job->conf.name);
	size_t n = strlen(dir);
	if (strncmp(job->unit_dir, dir, n) == 0 && (job->unit_dir[n] == '/' || !job->unit_dir[n]))
		return vt_fail(fail, -EINVAL,
			       "%s holds vmtwin's own unit files (%s); give the directory "
			       "of one VM",
			       dir, job->unit_dir);
	if (strstr(dir, "/.vmtwin/") || (n > 8 && strcmp(dir + n - 8, "/.vmtwin") == 0))
		return vt_fail(
		    fail, -EINVAL,
		    "%s is inside a store of vmtwin; give the directory as the VM sees it", dir);
	return 0;
}

static int check_mounts(const struct cc_job *job, struct vt_fail *fail)
{
	char found[CD_PATH_MAX];
	int rc = cd_mount_below(job->conf.directory, found, sizeof found);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot read the list of mounts: %s", strerror(-rc));
	if (rc == 0)
		return 0;
	if (strcmp(found, job->conf.directory) == 0)
		return vt_fail(
		    fail, -EBUSY,
		    "%s is a mount point and can't be set aside; put the VM's files into a "
		    "directory inside it (%s/%s) and give that one",
		    found, found, job->conf.name);
	return vt_fail(fail, -EBUSY,
		       "%s is mounted inside %s; a unit's files must be on one file system: "
		       "unmount it or copy its files",
		       found, job->conf.directory);
}

static int check_directory(struct cc_job *job, struct vt_fail *fail)
{
	const char *dir = job->conf.directory;
	int rc = check_names(job, fail);
	if (rc < 0)
		return rc;
	cd_parent(job->parent, dir);
	rc = check_plain_path(job->parent, "the directory's parent", fail);
	if (rc < 0)
		return rc;
	job->directory_kind = cd_kind(dir);
	if (job->directory_kind < 0)
		return vt_fail(fail, job->directory_kind, "cannot look at %s: %s", dir,
			       strerror(-job->directory_kind));
	if (job->directory_kind == CD_OTHER) {
		rc = check_plain_path(dir, "the directory", fail);
		return rc < 0 ? rc : vt_fail(fail, -ENOTDIR, "%s is not a directory", dir);
	}
	return job->directory_kind == CD_ABSENT ? 0 : check_mounts(job, fail);
}

/* The store must be where the directory can be renamed to; on the other host anywhere. */
static int check_store_place(const struct cc_job *job, struct vt_fail *fail)
{
	struct cd_place store, dir;
	const char *at = cd_kind(job->conf.store) == CD_ABSENT ? job->base : job->conf.store;
	if (cd_kind(at) == CD_ABSENT)
		at = job->parent; /* .vmtwin, not there yet */
	int rc = cd_place(at, &store);
	if (rc == 0)
		rc = cd_place(job->parent, &dir);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot look at %s: %s", at, strerror(-rc));
	if (!job->good || cd_same_place(&store, &dir))
		return 0;
	return vt_fail(
	    fail, -EXDEV,
	    "the store %s is on another file system than %s, and files are not moved across: "
	    "leave out --store, or first copy the directory to that file system (cp -a "
	    "--sparse=always) and give its new path as --directory",
	    job->conf.store, job->conf.directory);
}

static int check_store_path(struct cc_job *job, struct vt_fail *fail)
{
	cd_parent(job->base, job->conf.store);
	int kind = cd_kind(job->base);
	if (kind == CD_OTHER) {
		int rc = check_plain_path(job->base, "the store's parent", fail);
		if (rc < 0)
			return rc;
		return vt_fail(fail, -ENOTDIR,
			       "%s is not a directory; move it away or give --store", job->base);
	}
	if (kind == CD_ABSENT && job->own_store)
		return vt_fail(fail, -ENOENT,
			       "%s, the directory to hold the store, does not exist; make it",
			       job->base);
	if (kind < 0)
		return vt_fail(fail, kind, "cannot look at %s: %s", job->base, strerror(-kind));
	if (kind != CD_ABSENT) {
		int rc = check_plain_path(job->base, "the store's parent", fail);
		if (rc < 0)
			return rc;
	}
	kind = cd_kind(job->conf.store);
	if (kind == CD_OTHER)
		return vt_fail(fail, -ENOTDIR,
			       "the store %s is there and not a directory; move it away",
			       job->conf.store);
	int rc = cd_join(job->meta, job->conf.store, "meta");
	if (rc == 0)
		rc = cd_join(job->meta_new, job->conf.store, "meta.new");
	if (rc == 0)
		rc = cd_join(job->data, job->conf.store, "data");
	if (rc < 0)
		return vt_fail(fail, rc, "the path of the store %s is too long", job->conf.store);
	return check_store_place(job, fail);
}

enum found_meta { META_NONE, META_GOOD, META_OTHER, META_USED };

/* What an earlier run left, told by its first record, which only a worker changes. */
static int look_at_meta(const struct cc_job *job, enum found_meta *out, struct vt_fail *fail)
{
	struct vm_file file;
	struct vc_durable d;
	int damaged;
	int kind = cd_kind(job->meta);
	*out = META_NONE;
	if (kind == CD_ABSENT)
		return 0;
	int rc = vm_file_open(&file, job->meta, &d, &damaged, fail);
	if (rc < 0)
		return rc;
	uint64_t generation = file.generation;
	vm_file_close(&file);
	*out = META_USED;
	if (generation != 2 || d.lease_ms != 0)
		return 0;
	if (d.standing == VC_SOLO && d.log.count == 1)
		*out = META_GOOD;
	if (d.standing == VC_SYNCING && d.log.count == 0)
		*out = META_OTHER;
	return 0;
}

static int refuse_used(const struct cc_job *job, struct vt_fail *fail)
{
	return vt_fail(
	    fail, -EEXIST,
	    "%s holds the metadata of a unit that was in use, but its unit file is missing: to "
	    "go on with it, copy %s/%s.conf from the other host; to begin anew, move %s away",
	    job->conf.store, job->unit_dir, job->conf.name, job->conf.store);
}

/* An earlier run got as far as data. May this one go on from there? */
static int check_resume(struct cc_job *job, enum found_meta meta, struct vt_fail *fail)
{
	const char *dir = job->conf.directory, *data = job->data;
	if (meta == META_NONE)
		return vt_fail(fail, -EEXIST,
			       "%s is there without metadata, which vmtwin never leaves so; "
			       "look whose it is and move %s away",
			       data, job->conf.store);
	if (meta == META_GOOD && !job->good)
		return vt_fail(
		    fail, -EEXIST,
		    "create was begun here with this host as the good one, and the VM's files are "
		    "in %s; finish it: repeat it with --good-host %s; or take it back: mv %s %s",
		    data, job->host, data, dir);
	if (meta == META_OTHER && job->good)
		return vt_fail(
		    fail, -EEXIST,
		    "create was begun here with the other host as the good one; finish it so, or "
		    "take it back: rm -r %s",
		    job->conf.store);
	if (meta == META_GOOD && job->directory_kind == CD_FILLED)
		return vt_fail(
		    fail, -ENOTEMPTY,
		    "create was begun here and moved the VM's files to %s, but %s holds files "
		    "again: move those away, then repeat create",
		    data, dir);
	if (meta == META_OTHER && job->data_kind == CD_FILLED)
		return vt_fail(fail, -ENOTEMPTY,
			       "%s holds files though this host never received any; "
			       "move %s away",
			       data, job->conf.store);
	job->resumed = true;
	return 0;
}

static int check_store(struct cc_job *job, struct vt_fail *fail)
{
	enum found_meta meta = META_NONE;
	int rc = check_store_path(job, fail);
	if (rc == 0)
		rc = look_at_meta(job, &meta, fail);
	if (rc < 0)
		return rc;
	job->data_kind = cd_kind(job->data);
	if (job->data_kind < 0 || job->data_kind == CD_OTHER)
		return vt_fail(fail, -ENOTDIR, "cannot use %s: not a directory", job->data);
	if (meta == META_USED)
		return refuse_used(job, fail);
	job->need_data = job->data_kind == CD_ABSENT;
	job->resumed = meta != META_NONE;
	return job->need_data ? 0 : check_resume(job, meta, fail);
}

static int check_files(struct cc_job *job, struct vt_fail *fail)
{
	const char *dir = job->conf.directory;
	if (job->good && job->need_data) {
		if (job->directory_kind == CD_ABSENT)
			return vt_fail(fail, -ENOENT,
				       "%s does not exist; on the good host (%s) it must "
				       "hold the VM's files",
				       dir, job->host);
		if (job->directory_kind == CD_EMPTY)
			return vt_fail(
			    fail, -ENOENT,
			    "%s is empty; this is the good host (%s), whose files become the "
			    "unit's: put the VM's files there, or name the other host with "
			    "--good-host",
			    dir, job->host);
		int rc = ct_read(&job->tree, dir, fail);
		return rc < 0 ? rc : ct_in_use(&job->tree, dir, fail);
	}
	if (job->good || job->directory_kind != CD_FILLED)
		return 0;
	int rc = ct_read(&job->tree, dir, fail);
	if (rc < 0)
		return rc;
	return vt_fail(
	    fail, -ENOTEMPTY,
	    "%s holds %llu files: they would be replaced by those of %s; move them away first", dir,
	    (unsigned long long)job->tree.files, job->good_host);
}

int cc_check(struct cc_job *job, struct vt_fail *fail)
{
	ct_free(&job->tree);
	int rc = check_unit_file(job, fail);
	if (rc == 0)
		rc = check_directory(job, fail);
	if (rc == 0)
		rc = cc_check_others(job, fail);
	if (rc == 0)
		rc = check_store(job, fail);
	return rc == 0 ? check_files(job, fail) : rc;
}
