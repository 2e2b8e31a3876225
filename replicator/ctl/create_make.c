// SPDX-License-Identifier: GPL-2.0-or-later
/* The steps of `vmtwin create`, in the order that create.h gives the reasons for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/create.h"
#include "io/metafile.h"

void cc_first_record(const struct cc_job *job, struct vc_durable *out)
{
	*out = (struct vc_durable){.standing = VC_SYNCING};
	if (!job->good)
		return; /* the unit's id comes with the first pairing */
	for (int i = 0; i < 2; i++) {
		uint64_t v = vt_random_u64();
		memcpy(out->unit_id + i * 8, &v, sizeof v);
	}
	int slot = vt_unitconf_slot(&job->conf, job->host);
	out->standing = VC_SOLO;
	out->log.count = 1;
	out->log.era[0] = (struct vc_era){
	    .number = 1,
	    .id = vt_random_u64(),
	    .writer = (uint8_t)slot,
	    .members = (uint8_t)(1u << slot),
	};
}

static int make_store(const struct cc_job *job, struct vt_fail *fail)
{
	int rc = cd_make(job->base, 0700);
	if (rc == 0 && !job->own_store && chmod(job->base, 0700) < 0)
		rc = -errno;
	if (rc == 0)
		rc = cd_make(job->conf.store, 0700);
	if (rc == 0 && chmod(job->conf.store, 0700) < 0)
		rc = -errno;
	if (rc < 0)
		return vt_fail(fail, rc, "cannot make the store %s: %s", job->conf.store,
			       strerror(-rc));
	return 0;
}

/* meta.new is scratch whatever happens; meta is complete or not there. */
static int make_meta(const struct cc_job *job, struct vt_fail *fail)
{
	struct vc_durable first;
	int rc = cd_drop_meta(job->meta_new);
	if (rc == 0 && cd_kind(job->meta) != CD_ABSENT) {
		rc = cd_move(job->meta, job->meta_new, false);
		if (rc == 0)
			rc = cd_drop_meta(job->meta_new);
	}
	if (rc == 0)
		rc = cd_make(job->meta_new, 0700);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot make %s: %s", job->meta_new, strerror(-rc));
	cc_first_record(job, &first);
	rc = vm_file_create(job->meta_new, &first, fail);
	if (rc < 0)
		return rc;
	rc = cd_move(job->meta_new, job->meta, false);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot rename %s: %s", job->meta_new, strerror(-rc));
	return 0;
}

/* Takes back the steps before the rename, as far as they are there. Data is never touched. */
static void take_back(const struct cc_job *job)
{
	if (cd_kind(job->data) != CD_ABSENT)
		return;
	if (cd_kind(job->meta) != CD_ABSENT && cd_kind(job->meta_new) == CD_ABSENT)
		(void)cd_move(job->meta, job->meta_new, false);
	(void)cd_drop_meta(job->meta_new);
	(void)rmdir(job->conf.store); /* stays if it holds anything, such as older metadata */
	if (!job->own_store)
		(void)rmdir(job->base);
}

static int move_files(const struct cc_job *job, struct vt_fail *fail)
{
	const char *dir = job->conf.directory;
	struct vt_fail why = {0};
	int rc = cd_move(dir, job->data, false);
	if (rc < 0 && cd_kind(job->data) != CD_ABSENT)
		return vt_fail(
		    fail, rc,
		    "%s was renamed to %s, but that could not be made durable: %s; look at "
		    "the disk, then repeat create",
		    dir, job->data, strerror(-rc));
	if (rc < 0)
		return vt_fail(fail, rc, "cannot rename %s to %s: %s; nothing was changed", dir,
			       job->data, strerror(-rc));
	/* whoever opened a file since the check has it still; nobody else can from here on */
	rc = ct_in_use(&job->tree, dir, &why);
	if (rc == 0)
		return 0;
	int back = cd_move(job->data, dir, false);
	if (back < 0)
		return vt_fail(fail, back,
			       "%s, and moving the files back from %s failed: %s; stop the user "
			       "of the files, then repeat create",
			       why.text, job->data, strerror(-back));
	return vt_fail(fail, rc, "%s; nothing was changed", why.text);
}

static int make_data(const struct cc_job *job, struct vt_fail *fail)
{
	if (job->good)
		return move_files(job, fail);
	int rc = cd_make(job->data, 0711);
	if (rc == 0)
		rc = cd_copy_owner(job->data, cd_kind(job->conf.directory) == CD_EMPTY
						  ? job->conf.directory
						  : job->data);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot make %s: %s", job->data, strerror(-rc));
	return 0;
}

static int make_directory(const struct cc_job *job, bool *immutable, struct vt_fail *fail)
{
	const char *dir = job->conf.directory;
	*immutable = false;
	int rc = cd_immutable(dir, false); /* of an earlier run, or nothing there */
	if (rc == -ENOENT || rc == -EOPNOTSUPP)
		rc = 0;
	if (rc == 0)
		rc = cd_make(dir, 0700);
	if (rc == 0)
		rc = cd_copy_owner(dir, job->data);
	if (rc == 0) {
		rc = cd_immutable(dir, true);
		*immutable = rc == 0;
		if (rc == -EOPNOTSUPP)
			rc = 0;
	}
	if (rc < 0)
		return vt_fail(
		    fail, rc,
		    "cannot make %s anew: %s; the VM's files are in %s, repeat create to "
		    "go on",
		    dir, strerror(-rc), job->data);
	return 0;
}

int cc_make(struct cc_job *job, bool *immutable, struct vt_fail *fail)
{
	int rc = 0;
	if (job->need_data) {
		rc = make_store(job, fail);
		if (rc == 0)
			rc = make_meta(job, fail);
		if (rc == 0)
			rc = make_data(job, fail);
		if (rc < 0) {
			take_back(job);
			return rc;
		}
	}
	rc = make_directory(job, immutable, fail);
	return rc < 0 ? rc : vt_unitconf_save(&job->conf, job->text, job->unit_dir, fail);
}
