// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin support: one archive from both hosts for a ticket. */
#include "ctl/support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/spawn.h"
#include "ctl/ask.h"

#define ANSWER_MS 5000
#define TAR_MS 120000
#define FETCH_MS 90000

struct args {
	const char *output, *peer_archive, *unit_dir;
	bool local;
};

/* This host's name in the cluster: vmtwind's word, else the host name. */
static void find_hosts(struct sp_job *j)
{
	struct vt_kv reply;
	struct vt_fail fail = {0};
	struct utsname u;
	uname(&u);
	snprintf(j->host, sizeof j->host, "%s", u.nodename);
	if (ca_call("status", j->unit, NULL, 0, ANSWER_MS, &reply, &fail) == 0 &&
	    *ca_word(&reply, "node"))
		snprintf(j->host, sizeof j->host, "%s", ca_word(&reply, "node"));
	if (strchr(j->host, '/') || j->host[0] == '.') /* it becomes a path's part */
		snprintf(j->host, sizeof j->host, "this-host");
	int slot = j->have_conf ? vt_unitconf_slot(&j->conf, j->host) : -ENOENT;
	for (int i = 0; i < 2 && slot >= 0; i++)
		if (strcmp(j->conf.hosts[i], j->host) != 0)
			snprintf(j->peer, sizeof j->peer, "%s", j->conf.hosts[i]);
}

static int load(struct sp_job *j, struct vt_fail *fail)
{
	char story[sizeof VT_LOG_DIR + VT_UNIT_NAME_MAX + 8], stamp[32];
	struct vt_fail why = {0};
	time_t now = time(NULL);
	struct tm tm;
	int rc = vt_unitconf_load(&j->conf, j->unit_dir, j->unit, &why);
	j->have_conf = rc == 0;
	snprintf(j->conf_error, sizeof j->conf_error, "%s", why.text);
	snprintf(story, sizeof story, "%s/%s.log", VT_LOG_DIR, j->unit);
	if (rc == -ENOENT && access(story, F_OK) != 0)
		return vt_fail(fail, rc, "%s, and there never was one here", why.text);
	find_hosts(j);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &tm);
	snprintf(j->name, sizeof j->name, "vmtwin-support-%s-%s", j->unit, stamp);
	return 0;
}

/* The archive's file, made first so that what is wrong with it is told before anything else is
 * done. */
static int open_output(const struct sp_job *j, const char *given, char *path, struct vt_fail *fail)
{
	int n = given ? snprintf(path, CD_PATH_MAX, "%s", given)
		      : snprintf(path, CD_PATH_MAX, "%s.tar.gz", j->name);
	if (n < 0 || n >= CD_PATH_MAX - 64)
		return vt_fail(fail, -ENAMETOOLONG, "--output: the path is too long");
	if (strcmp(path, "-") == 0)
		return isatty(STDOUT_FILENO)
			   ? vt_fail(fail, -EINVAL,
				     "--output -: not to a terminal: the archive is binary")
			   : dup(STDOUT_FILENO);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		return fd;
	return vt_fail(fail, -errno, "cannot make %s: %s%s; nothing was written", path,
		       strerror(errno), errno == EEXIST ? "; name another file with --output" : "");
}

static int make_work(struct sp_job *j, const char *output, struct vt_fail *fail)
{
	char base[CD_PATH_MAX] = ".";
	if (strcmp(output, "-") == 0)
		snprintf(base, sizeof base, "/var/tmp");
	else if (strchr(output, '/'))
		cd_parent(base, output);
	int n = snprintf(j->work, sizeof j->work, "%s/.vmtwin-support-XXXXXX", base);
	int rc = n < 0 || (size_t)n >= sizeof j->work ? -ENAMETOOLONG : 0;
	if (rc == 0 && !mkdtemp(j->work)) {
		rc = -errno;
		j->work[0] = '\0';
	}
	n = snprintf(j->dir, sizeof j->dir, "%s/%s", j->work, j->name);
	if (rc == 0 && ((size_t)n >= sizeof j->dir || mkdir(j->dir, 0700) < 0))
		rc = -errno;
	n = snprintf(j->dir, sizeof j->dir, "%s/%s/%s", j->work, j->name, j->host);
	if (rc == 0 && ((size_t)n >= sizeof j->dir || mkdir(j->dir, 0700) < 0))
		rc = -errno;
	return rc < 0 ? vt_fail(fail, rc, "cannot make a directory in %s: %s", base, strerror(-rc))
		      : 0;
}

/* ---- the other host
 * ------------------------------------------------------------------------------- */

/* Unpacks the other host's part of an archive made there. Nothing else of it is taken. */
static int unpack_peer(const struct sp_job *j, const char *archive, struct vt_fail *fail)
{
	char tar[CD_PATH_MAX], to[CD_PATH_MAX], pattern[CD_PATH_MAX], found[CD_PATH_MAX];
	if (sp_find_program("tar", tar) < 0)
		return vt_fail(fail, -ENOENT, "there is no tar here");
	snprintf(to, sizeof to, "%.*s", (int)(strlen(j->dir) - strlen(j->host) - 1), j->dir);
	snprintf(pattern, sizeof pattern, "vmtwin-support-%s-*/%s/*", j->unit, j->peer);
	char *argv[] = {tar,
			(char *)(uintptr_t) "-xz",
			(char *)(uintptr_t) "-f",
			(char *)(uintptr_t)archive,
			(char *)(uintptr_t) "-C",
			to,
			(char *)(uintptr_t) "--no-same-owner",
			(char *)(uintptr_t) "--no-same-permissions",
			(char *)(uintptr_t) "--strip-components=1",
			(char *)(uintptr_t) "--wildcards",
			pattern,
			NULL};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int rc = vt_run_to(argv, TAR_MS, null, null);
	close(null);
	if (cd_join(found, to, j->peer) < 0 || cd_kind(found) != CD_FILLED)
		return vt_fail(
		    fail, -EINVAL,
		    "it holds nothing of unit %s from %s (tar: %d); is it the archive that "
		    "'vmtwin support %s --local' made there?",
		    j->unit, j->peer, rc, j->unit);
	return 0;
}

/* By ssh, if root may do so without being asked anything; else why not. */
static int fetch_peer(const struct sp_job *j, struct vt_fail *fail)
{
	char ssh[CD_PATH_MAX], archive[CD_PATH_MAX];
	if (sp_find_program("ssh", ssh) < 0)
		return vt_fail(fail, -ENOENT, "there is no ssh here");
	if (cd_join(archive, j->work, "peer.tar.gz") < 0)
		return vt_fail(fail, -ENAMETOOLONG, "the path %s is too long", j->work);
	char *argv[] = {ssh,
			(char *)(uintptr_t) "-o",
			(char *)(uintptr_t) "BatchMode=yes",
			(char *)(uintptr_t) "-o",
			(char *)(uintptr_t) "ConnectTimeout=10",
			(char *)(uintptr_t) "--",
			(char *)(uintptr_t)j->peer,
			(char *)(uintptr_t) "vmtwin",
			(char *)(uintptr_t) "support",
			(char *)(uintptr_t)j->unit,
			(char *)(uintptr_t) "--local",
			(char *)(uintptr_t) "--output",
			(char *)(uintptr_t) "-",
			NULL};
	int fd = open(archive, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return vt_fail(fail, -errno, "cannot write %s: %s", archive, strerror(errno));
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int rc = vt_run_to(argv, FETCH_MS, fd, null);
	close(null);
	close(fd);
	rc = rc == 0 ? unpack_peer(j, archive, fail)
		     : vt_fail(fail, -EIO, "ssh %s vmtwin support %s --local: %s %d", j->peer,
			       j->unit, rc < 0 ? "error" : "exit code", rc);
	unlink(archive);
	return rc;
}

/* Said on the screen and in the archive: exactly what to type, and where. */
static int tell_missing(const struct sp_job *j, const char *why)
{
	char text[2048], path[CD_PATH_MAX];
	snprintf(text, sizeof text,
		 "Nothing of %s is in it (%s). To add it, on %s:\n"
		 "  vmtwin support %s --local --output /root/%s-%s.tar.gz\n"
		 "bring that file here, and:\n"
		 "  vmtwin support %s --peer-archive %s-%s.tar.gz\n",
		 j->peer, why, j->peer, j->unit, j->unit, j->peer, j->unit, j->unit, j->peer);
	fputs(text, stderr);
	int n =
	    snprintf(path, sizeof path, "%s/%s/NOT-COLLECTED-%s.txt", j->work, j->name, j->peer);
	FILE *f = n > 0 && (size_t)n < sizeof path ? fopen(path, "wex") : NULL;
	if (!f)
		return -errno;
	fputs(text, f);
	return fclose(f) == 0 ? 0 : -errno;
}

static int add_peer(const struct sp_job *j, const struct args *a, struct vt_fail *fail)
{
	struct vt_fail why = {0};
	int rc = 0;
	if (a->local)
		return 0;
	if (!j->peer[0] && a->peer_archive)
		return vt_fail(
		    fail, -EINVAL, "--peer-archive: which host is the other one isn't known: %s",
		    j->conf_error[0] ? j->conf_error
				     : "this host is none of the two in the unit's file");
	if (!j->peer[0]) {
		fprintf(stderr,
			"Nothing of the other host is in it: which one that is isn't known.\n");
		return 0;
	}
	if (a->peer_archive) {
		rc = unpack_peer(j, a->peer_archive, &why);
		return rc < 0
			   ? vt_fail(fail, rc, "--peer-archive %s: %s", a->peer_archive, why.text)
			   : 0;
	}
	if (fetch_peer(j, &why) == 0)
		return 0;
	rc = tell_missing(j, why.text);
	return rc < 0 ? vt_fail(fail, rc, "cannot write in %s: %s", j->work, strerror(-rc)) : 0;
}

/* ---- the archive
 * ---------------------------------------------------------------------------------- */

static int pack(const struct sp_job *j, int fd, struct vt_fail *fail)
{
	char tar[CD_PATH_MAX], work[CD_PATH_MAX];
	if (sp_find_program("tar", tar) < 0)
		return vt_fail(fail, -ENOENT, "there is no tar here; install it");
	snprintf(work, sizeof work, "%s", j->work);
	char *argv[] = {tar,
			(char *)(uintptr_t) "-cz",
			(char *)(uintptr_t) "-f",
			(char *)(uintptr_t) "-",
			(char *)(uintptr_t) "--owner=0",
			(char *)(uintptr_t) "--group=0",
			(char *)(uintptr_t) "-C",
			work,
			(char *)(uintptr_t)j->name,
			NULL};
	int rc = vt_run_to(argv, TAR_MS, fd, -1);
	if (rc == 0 && fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
		return vt_fail(fail, -errno, "cannot write the archive: %s", strerror(errno));
	return rc == 0 ? 0 : vt_fail(fail, -EIO, "cannot write the archive: tar failed (%d)", rc);
}

static int make_archive(struct sp_job *j, const struct args *a, const char *output, int fd,
			struct vt_fail *fail)
{
	int rc = make_work(j, output, fail);
	if (rc == 0)
		rc = sp_collect(j, fail);
	if (rc == 0)
		rc = add_peer(j, a, fail);
	if (rc == 0)
		rc = pack(j, fd, fail);
	if (j->work[0])
		(void)cd_remove_tree(j->work, NULL);
	return rc;
}

static int support(const struct vt_command *cmd, struct sp_job *j, const struct args *a)
{
	char output[CD_PATH_MAX];
	struct vt_fail fail = {0};
	if (a->peer_archive && access(a->peer_archive, R_OK) != 0)
		return vt_command_error(cmd, EX_FAILED, "--peer-archive %s: %s; nothing was written",
				 a->peer_archive, strerror(errno));
	if (load(j, &fail) < 0)
		return vt_command_error(cmd, EX_FAILED, "%s; nothing was written", fail.text);
	int fd = open_output(j, a->output, output, &fail);
	if (fd < 0)
		return vt_command_error(cmd, EX_FAILED, "%s", fail.text);
	sigset_t ending, before;
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, &before); /* nothing half done is left behind */
	int rc = make_archive(j, a, output, fd, &fail);
	close(fd);
	bool file = strcmp(output, "-") != 0;
	if (rc < 0 && file)
		unlink(output);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (rc < 0)
		return vt_command_error(cmd, EX_FAILED, "%s: %s; no archive was made", j->unit, fail.text);
	if (file)
		printf("%s\n", output);
	return EX_DONE;
}

static int run_support(const struct vt_command *cmd, int argc, char **argv)
{
	static const struct option longs[] = {{"output", required_argument, NULL, 'o'},
					      {"peer-archive", required_argument, NULL, 'p'},
					      {"local", no_argument, NULL, 'l'},
					      {"unit-dir", required_argument, NULL, 'u'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	struct args a = {.unit_dir = VT_UNIT_DIR};
	struct sp_job j = {0};
	int c;
	while ((c = vt_option(cmd, argc, argv, ":h", longs)) >= 0) {
		a.local |= c == 'l';
		if (c == 'o')
			a.output = optarg;
		else if (c == 'p')
			a.peer_archive = optarg;
		else if (c == 'u')
			a.unit_dir = optarg;
	}
	if (c != VT_OPTION_END)
		return c == VT_OPTION_HELP ? EX_DONE : EX_BAD_USAGE;
	j.unit = ctl_unit_argument(cmd, argc, argv, 0);
	if (!j.unit)
		return EX_BAD_USAGE;
	if (!vt_unit_name_ok(j.unit))
		return vt_command_error(cmd, EX_BAD_USAGE, "'%s' is not a unit's name", j.unit);
	if (a.local && a.peer_archive)
		return vt_command_error(cmd, EX_BAD_USAGE, "--local and --peer-archive: one or the other");
	if (geteuid() != 0)
		return vt_command_error(cmd, EX_FAILED, "%s: run this as root; nothing was written",
				 j.unit);
	j.unit_dir = a.unit_dir;
	umask(0077);
	return support(cmd, &j, &a);
}

const struct vt_command ctl_support = {
    .name = "support",
    .summary = "one archive from both hosts for a ticket, without secrets",
    .help =
	"Usage: vmtwin support UNIT [--output FILE] [--local | --peer-archive FILE]\n\n"
	"Logs, states, eras, versions and configuration of the unit and its cluster, as a\n"
	"compressed tar. Keys and passwords are left out. The other host's part is fetched by\n"
	"ssh if root may use that without a password; if not, it is told what to type there.\n\n"
	"  --output FILE         default: vmtwin-support-UNIT-DATE.tar.gz; - for standard output\n"
	"  --local               this host only\n"
	"  --peer-archive FILE   the other host's part, made there with --local\n"
	"  --unit-dir DIR        where unit files are (default: " VT_UNIT_DIR ")\n\n"
	"Exit codes: 0 made (the file's name is printed), 1 refused or failed, 64 usage.\n",
    .run = run_support,
};
