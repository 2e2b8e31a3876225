// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin discard-fork: this host's branch of a fork is given up, and kept under another name. */
#include "ctl/fork.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/paths.h"
#include "ctl/ask.h"

#define ANSWER_MS 10000
#define STOP_MS 45000
#define START_MS 45000
#define RESTART_MS                                                                            \
	60000 /* until then vmtwind has Pacemaker's questions wait; then it starts the worker \
		 itself */

struct args {
	bool even_so, yes, list;
	const char *remove, *unit_dir;
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Keeps a second run out, and create. The descriptor or negative errno. */
static int lock_units(const struct cf_job *j, struct vt_fail *fail)
{
	assert(j->unit_dir);
	int fd = open(j->unit_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	int rc = errno;
	if (fd >= 0)
		close(fd);
	return vt_fail(fail, -rc, "%s: %s; nothing was changed", j->unit_dir,
		       rc == EWOULDBLOCK ? "locked by another 'vmtwin' command; try again"
					 : strerror(rc));
}

/* Is there a fork at all, and may this host give up its branch now? */
static int check_fork(struct cf_job *j, enum cf_left left, struct vt_kv *facts,
		      struct vt_fail *fail)
{
	struct vt_fail why = {0};
	int rc = ca_call("explain", j->conf.name, NULL, 0, ANSWER_MS, facts, &why);
	j->started = rc == 0;
	if (rc != 0 && rc != -ENOENT && rc != -ECONNREFUSED)
		return vt_fail(fail, rc, "%s; nothing was changed", why.text);
	if (rc == 0 && strcmp(ca_word(facts, "role"), "primary") == 0)
		return vt_fail(
		    fail, -EBUSY,
		    "this host is primary: its data is in use. Move the VM away first (pcs "
		    "resource move), or give up the other host's branch there; nothing was "
		    "changed");
	if (left == CF_BRANCH || j->even_so)
		return 0;
	if (rc == 0 && vt_kv_long(facts, "fork", 0) != 0)
		return 0;
	if (rc == 0)
		return vt_fail(
		    fail, -EPERM,
		    "no fork was seen with %s (%s); giving up this copy would leave one copy "
		    "until it is fetched anew. If that is meant: --even-so; nothing was "
		    "changed",
		    ca_word(facts, "peer"), ca_word(facts, "rule"));
	if (cf_fork_recorded(j) || left == CF_SCRATCH)
		return 0; /* an earlier run saw it and was told to go on */
	return vt_fail(
	    fail, -EPERM,
	    "%s, and no fork is recorded; start it, or say --even-so; nothing was changed",
	    rc == -ENOENT ? why.text : "vmtwind does not run on this host");
}

/* The other host's data has to fit beside the branch; how big it is, this host's own is a guess. */
static int check_space(struct cf_job *j, struct vt_fail *fail)
{
	struct statvfs fs = {0};
	char needed[32], there[32];
	int rc = cf_tree_bytes(j->conf.store, &j->bytes);
	if (rc == 0 && statvfs(j->conf.store, &fs) < 0)
		rc = -errno;
	if (rc < 0)
		return vt_fail(fail, rc, "cannot read %s: %s; nothing was changed", j->conf.store,
			       strerror(-rc));
	uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (free_bytes >= j->bytes || j->even_so)
		return 0;
	cf_size_text(needed, sizeof needed, j->bytes);
	cf_size_text(there, sizeof there, free_bytes);
	return vt_fail(
	    fail, -ENOSPC,
	    "%s has %s free; this branch, which is kept, has %s, and the other host's data "
	    "will need about as much beside it: make room, or say --even-so; nothing was "
	    "changed",
	    j->conf.store, there, needed);
}

/* Step 4, also when step 3 failed. False: the unit doesn't start, and that is told. */
static bool start_again(const struct vt_command *cmd, const struct cf_job *j)
{
	struct vt_kv reply;
	struct vt_fail why = {0};
	int rc = ca_call("start", j->conf.name, "restart", 1, START_MS, &reply, &why);
	/* cancelled: Pacemaker or vmtwind has decided about it meanwhile */
	if (rc == 0 || rc == -ECANCELED || j->resumed)
		return true;
	vt_command_error(cmd, EX_FAILED,
		  "%s: the unit doesn't start here again: %s; then: pcs resource cleanup",
		  j->conf.name, why.text);
	return false;
}

/* Steps 2 to 4. A unit that didn't run here is left to Pacemaker. */
static int replace_store(const struct vt_command *cmd, struct cf_job *j, struct vt_fail *fail)
{
	struct vt_kv reply;
	struct vt_fail why = {0};
	int rc = j->started ? ca_call("stop", j->conf.name, "restart_ms", RESTART_MS, STOP_MS,
				      &reply, &why)
			    : 0;
	if (rc != 0)
		return vt_fail(fail, rc, "the unit can't be stopped here: %s; nothing was changed",
			       why.text);
	rc = cf_exchange(j, fail);
	if (j->started || j->resumed)
		j->failed = !start_again(cmd, j);
	return rc;
}

static void tell_plan(const struct cf_job *j, const struct vt_kv *facts)
{
	char size[32];
	const char *peer = ca_word(facts, "peer");
	cf_size_text(size, sizeof size, j->bytes);
	printf(
	    "unit %s: give up this host's branch (%s in %s)\n"
	    "It is kept under another name. This host then has no copy until everything has been "
	    "fetched from %s: meanwhile %s has the only usable one.\n\n",
	    j->conf.name, size, j->conf.store, *peer ? peer : "the other host",
	    *peer ? peer : "the other host");
}

static void tell_done(const struct cf_job *j)
{
	char size[32] = "?";
	uint64_t bytes;
	if (cf_tree_bytes(j->kept, &bytes) == 0)
		cf_size_text(size, sizeof size, bytes);
	printf(
	    "unit %s: this host's branch is given up%s, and kept: %s (%s)\n"
	    "  the first resynchronisation from the other host begins by itself: vmtwin status %s\n"
	    "  to delete the branch when nobody needs it any more:\n"
	    "    vmtwin discard-fork %s --delete %s\n"
	    "  to take it back: vmtwin(8), DECISIONS\n",
	    j->conf.name, j->resumed ? " (going on from an earlier run)" : "", j->kept, size,
	    j->conf.name, j->conf.name, last_part(j->kept));
}

/* Steps 1 to 5, asked for and confirmed. */
static int carry_out(const struct vt_command *cmd, struct cf_job *j, struct vt_fail *fail)
{
	int rc = cf_prepare(j, fail);
	if (rc == 0)
		rc = replace_store(cmd, j, fail);
	if (rc < 0) {
		cf_unprepare(j); /* the branch itself is never touched by that */
		return rc;
	}
	return cf_name_branch(j, fail);
}

/* An earlier run was killed after step 3. */
static int go_on(const struct vt_command *cmd, struct cf_job *j, struct vt_fail *fail)
{
	j->resumed = true;
	(void)start_again(cmd, j);
	return cf_name_branch(j, fail);
}

static int do_discard(const struct vt_command *cmd, struct cf_job *j, bool yes, struct vt_fail *fail)
{
	struct vt_kv facts;
	vt_kv_init(&facts);
	int left = cf_look(j, fail);
	int rc = left < 0 ? left : check_fork(j, (enum cf_left)left, &facts, fail);
	if (rc == 0 && left != CF_BRANCH)
		rc = check_space(j, fail);
	if (rc < 0)
		return vt_command_error(cmd, ca_exit_code(rc == -ENOENT ? -EIO : rc), "%s: %s",
				 j->conf.name, fail->text);
	j->resumed = left == CF_SCRATCH && !j->started; /* killed after it had stopped the unit */
	if (left != CF_BRANCH) {
		tell_plan(j, &facts);
		int code = ca_confirm(cmd, j->conf.name, yes);
		if (code != EX_DONE)
			return code;
	}
	rc = left == CF_BRANCH ? go_on(cmd, j, fail) : carry_out(cmd, j, fail);
	if (rc < 0)
		return vt_command_error(cmd, EX_FAILED, "%s: %s", j->conf.name, fail->text);
	tell_done(j);
	return j->failed ? EX_FAILED : EX_DONE;
}

static int discard(const struct vt_command *cmd, struct cf_job *j, bool yes)
{
	struct vt_fail fail = {0};
	int lock = lock_units(j, &fail);
	if (lock < 0)
		return vt_command_error(cmd, EX_FAILED, "%s: %s", j->conf.name, fail.text);
	int code = do_discard(cmd, j, yes, &fail);
	close(lock);
	return code;
}

static int delete_branch(const struct vt_command *cmd, const struct cf_job *j, const char *name,
			 bool yes)
{
	char path[CD_PATH_MAX], size[32];
	uint64_t bytes = 0;
	struct vt_fail fail = {0};
	if (cf_check_delete(j, name, path, &bytes, &fail) < 0)
		return vt_command_error(cmd, EX_FAILED, "%s: %s", j->conf.name, fail.text);
	cf_size_text(size, sizeof size, bytes);
	printf("unit %s: delete the kept branch %s (%s) for good\n\n", j->conf.name, path, size);
	int code = ca_confirm(cmd, j->conf.name, yes);
	if (code != EX_DONE)
		return code;
	if (cf_delete(path, &fail) < 0)
		return vt_command_error(cmd, EX_FAILED, "%s: %s", j->conf.name, fail.text);
	printf("unit %s: %s is deleted\n", j->conf.name, path);
	return EX_DONE;
}

static int list(const struct vt_command *cmd, const struct cf_job *j)
{
	struct vt_fail fail = {0};
	int found = cf_list(j, &fail);
	if (found < 0)
		return vt_command_error(cmd, EX_FAILED, "%s: %s", j->conf.name, fail.text);
	if (found == 0)
		printf("no kept branches of %s on this host\n", j->conf.name);
	return EX_DONE;
}

static int read_args(const struct vt_command *cmd, int argc, char **argv, struct args *a)
{
	static const struct option longs[] = {{"even-so", no_argument, NULL, 'e'},
					      {"yes", no_argument, NULL, 'y'},
					      {"list", no_argument, NULL, 'l'},
					      {"delete", required_argument, NULL, 'd'},
					      {"unit-dir", required_argument, NULL, 'u'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	int c;
	while ((c = vt_option(cmd, argc, argv, ":h", longs)) >= 0) {
		a->even_so |= c == 'e';
		a->yes |= c == 'y';
		a->list |= c == 'l';
		if (c == 'd')
			a->remove = optarg;
		if (c == 'u')
			a->unit_dir = optarg;
	}
	return c;
}

static int run_discard(const struct vt_command *cmd, int argc, char **argv)
{
	struct args a = {.unit_dir = VT_UNIT_DIR};
	struct cf_job j = {0};
	struct vt_fail fail = {0};
	int c = read_args(cmd, argc, argv, &a);
	if (c != VT_OPTION_END)
		return c == VT_OPTION_HELP ? EX_DONE : EX_BAD_USAGE;
	const char *unit = ctl_unit_argument(cmd, argc, argv, 0);
	if (!unit)
		return EX_BAD_USAGE;
	if (a.remove && (a.list || a.even_so))
		return vt_command_error(cmd, EX_BAD_USAGE, "--delete goes with --yes only");
	if (!vt_unit_name_ok(unit))
		return vt_command_error(cmd, EX_BAD_USAGE, "'%s' is not a unit's name", unit);
	if (geteuid() != 0)
		return vt_command_error(cmd, EX_FAILED, "%s: run this as root; nothing was changed", unit);
	if (vt_unitconf_load(&j.conf, a.unit_dir, unit, &fail) < 0)
		return vt_command_error(cmd, EX_FAILED, "%s; nothing was changed", fail.text);
	j.unit_dir = a.unit_dir;
	j.even_so = a.even_so;
	umask(0077);
	if (a.list)
		return list(cmd, &j);
	return a.remove ? delete_branch(cmd, &j, a.remove, a.yes) : discard(cmd, &j, a.yes);
}

const struct vt_command ctl_discard = {
    .name = "discard-fork",
    .summary = "give up this host's branch of a fork; it is kept",
    .help =
	"Usage: vmtwin discard-fork UNIT [--yes] [--even-so]\n"
	"       vmtwin discard-fork UNIT --list\n"
	"       vmtwin discard-fork UNIT --delete NAME [--yes]\n\n"
	"Run it on the host whose data is to be given up after both hosts wrote without each\n"
	"other. The whole store is kept beside the new, empty one, as UNIT.fork-DATE-TIME; then\n"
	"everything is fetched from the other host. Asks for the unit's name. A run that was\n"
	"interrupted can be repeated.\n\n"
	"  --list           the branches that are kept here\n"
	"  --delete NAME    delete one of them for good\n"
	"  --yes            don't ask; for scripts\n"
	"  --even-so        although no fork was seen, or space looks short\n"
	"  --unit-dir DIR   where unit files are (default: " VT_UNIT_DIR ")\n\n"
	"Exit codes: 0 done, 1 refused, not confirmed or failed, 3 vmtwind does not run, 4 no\n"
	"answer, 64 usage.\n",
    .run = run_discard,
};
