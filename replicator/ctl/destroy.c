// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin destroy: the way back, on one host: the VM's files return to its directory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mount.h"
#include "base/paths.h"
#include "base/unitconf.h"
#include "ctl/cmd.h"
#include "ctl/dirs.h"
#include "io/metafile.h"

#define SAME_SECOND 100 /* metadata of units destroyed within one second, at most */

struct job {
	struct vt_unitconf conf;
	const char *unit_dir;
	bool force;
	char meta[CD_PATH_MAX], old[CD_PATH_MAX], data[CD_PATH_MAX];
	char file[CD_PATH_MAX + VT_UNIT_NAME_MAX];
	struct vm_file lock; /* held: no worker can start */
};

/* S8: nobody gets stale files under the VM's name without having asked for it. */
static int check_standing(const struct job *j, const struct vc_durable *d, struct vt_fail *fail)
{
	if (j->force || d->standing == VC_SOLO || d->standing == VC_PAIRED ||
	    cd_kind(j->data) != CD_FILLED)
		return 0;
	return vt_fail(
	    fail, -ESTALE,
	    "the files on this host are %s; do this on the other host. If these files are all "
	    "that is left, add --force; nothing was changed",
	    d->standing == VC_SYNCING ? "an unfinished copy, not usable as they are"
				      : "old: the other host went on without this one");
}

static int check(struct job *j, struct vt_fail *fail)
{
	struct vc_durable d;
	int damaged;
	const char *dir = j->conf.directory;
	int rc = cd_join(j->meta, j->conf.store, "meta");
	if (rc == 0)
		rc = cd_join(j->data, j->conf.store, "data");
	if (rc < 0)
		return vt_fail(fail, rc, "the path of the store %s is too long", j->conf.store);
	int mounted = vt_mount_at(dir, NULL, 0, NULL);
	if (mounted != 0)
		return vt_fail(
		    fail, mounted < 0 ? mounted : -EBUSY,
		    "%s is mounted: the unit runs here; stop it first: pcs resource disable "
		    "%s; nothing was changed",
		    dir, j->conf.name);
	if (cd_kind(j->data) == CD_FILLED && cd_kind(dir) == CD_FILLED)
		return vt_fail(fail, -ENOTEMPTY,
			       "%s holds files, though the VM's are in %s; move them away "
			       "first; nothing was changed",
			       dir, j->data);
	if (cd_kind(j->meta) == CD_ABSENT)
		return 0; /* an earlier run got further */
	rc = vm_file_open(&j->lock, j->meta, &d, &damaged, fail);
	if (rc == -EBADMSG && j->force)
		rc =
		    0; /* damaged metadata is no reason to keep the files from a user who insists */
	return rc < 0 ? rc : check_standing(j, &d, fail);
}

static int give_back(const struct job *j, struct vt_fail *fail)
{
	const char *dir = j->conf.directory;
	if (cd_kind(j->data) == CD_ABSENT)
		return 0;
	int rc = cd_immutable(dir, false);
	if (rc == 0 || rc == -ENOENT || rc == -EOPNOTSUPP)
		rc = cd_move(j->data, dir, true);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot rename %s to %s: %s; the VM's files are in %s",
			       j->data, dir, strerror(-rc), j->data);
	return 0;
}

static int keep_meta(struct job *j, struct vt_fail *fail)
{
	char stamp[32], name[64];
	time_t now = time(NULL);
	struct tm tm;
	if (cd_kind(j->meta) == CD_ABSENT)
		return 0;
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "meta.old-%Y%m%dT%H%M%SZ", &tm);
	int rc = -EEXIST;
	for (int i = 0; i < SAME_SECOND && rc == -EEXIST; i++) {
		if (i == 0)
			snprintf(name, sizeof name, "%s", stamp);
		else
			snprintf(name, sizeof name, "%s-%d", stamp, i);
		rc = cd_join(j->old, j->conf.store, name);
		if (rc == 0)
			rc = cd_move(j->meta, j->old, false);
	}
	if (rc < 0)
		return vt_fail(fail, rc, "cannot rename %s: %s; the VM's files are back in %s",
			       j->meta, strerror(-rc), j->conf.directory);
	return 0;
}

static int remove_unit_file(const struct job *j, struct vt_fail *fail)
{
	int rc = unlink(j->file) < 0 ? -errno : cd_sync(j->unit_dir);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot remove %s: %s; the VM's files are back in %s",
			       j->file, strerror(-rc), j->conf.directory);
	return 0;
}

/* Files first, unit file last: whatever interrupts it, a further run finishes it. */
static int destroy(struct job *j, const char *unit, struct vt_fail *fail)
{
	int rc = vt_unitconf_load(&j->conf, j->unit_dir, unit, fail);
	if (rc < 0)
		return rc;
	snprintf(j->file, sizeof j->file, "%s/%s.conf", j->unit_dir, unit);
	rc = check(j, fail);
	if (rc == 0)
		rc = give_back(j, fail);
	if (rc == 0)
		rc = keep_meta(j, fail);
	if (rc == 0)
		rc = remove_unit_file(j, fail);
	vm_file_close(&j->lock);
	return rc;
}

static int run_destroy(const struct vt_command *cmd, int argc, char **argv)
{
	static const struct option longs[] = {{"keep-data", no_argument, NULL, 'k'},
					      {"force", no_argument, NULL, 'F'},
					      {"unit-dir", required_argument, NULL, 'u'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	struct job j = {.unit_dir = VT_UNIT_DIR, .lock = {.fd = {-1, -1}, .lock_fd = -1}};
	struct vt_fail fail = {0};
	bool keep = false;
	int c;
	while ((c = vt_option(cmd, argc, argv, ":h", longs)) >= 0) {
		keep |= c == 'k';
		j.force |= c == 'F';
		if (c == 'u')
			j.unit_dir = optarg;
	}
	if (c != VT_OPTION_END)
		return c == VT_OPTION_HELP ? EX_DONE : EX_BAD_USAGE;
	const char *unit = ctl_unit_argument(cmd, argc, argv, 0);
	if (!unit)
		return EX_BAD_USAGE;
	if (!keep)
		return vt_command_error(
		    cmd, EX_BAD_USAGE,
		    "add --keep-data: the VM's files go back to its directory (vmtwin never "
		    "deletes them)");
	if (geteuid() != 0)
		return vt_command_error(cmd, EX_FAILED, "%s: run this as root; nothing was changed", unit);
	if (destroy(&j, unit, &fail) < 0)
		return vt_command_error(cmd, EX_FAILED, "%s: %s", unit, fail.text);
	printf("unit %s is gone from this host: the VM's files are in %s again%s%s\n", unit,
	       j.conf.directory, j.old[0] ? ", its metadata is kept as " : "", j.old);
	return EX_DONE;
}

const struct vt_command ctl_destroy = {
    .name = "destroy",
    .summary = "give a VM's files back to its directory: no unit any more",
    .help =
	"Usage: vmtwin destroy UNIT --keep-data [--force]\n\n"
	"For this host only. First take the VM out of the cluster (pcs resource delete). The VM's\n"
	"files are moved back to its directory, where libvirt finds them as before; the metadata\n"
	"is kept under another name in the store.\n\n"
	"  --keep-data      needed: says that you know that the files stay\n"
	"  --force          although this host's files are old, unfinished or of unknown state\n"
	"  --unit-dir DIR   where unit files are (default: " VT_UNIT_DIR ")\n\n"
	"Exit codes: 0 done, 1 refused or failed, 64 usage.\n",
    .run = run_destroy,
};
