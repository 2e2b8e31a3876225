// SPDX-License-Identifier: GPL-2.0-or-later
/* What `vmtwin support` takes from this host. Nothing is taken that isn't named here. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/blank.h"
#include "base/mountinfo.h"
#include "base/paths.h"
#include "base/spawn.h"
#include "base/version.h"
#include "ctl/record.h"
#include "ctl/support.h"

#define RUN_MS 20000	    /* of one program */
#define TEXT_MAX (16 << 20) /* bytes of a file or output that is taken apart in memory */
#define JOURNAL_LINES "50000"

int sp_find_program(const char *name, char *out)
{
	static const char *const dirs[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};
	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
		if (cd_join(out, dirs[i], name) == 0 && access(out, X_OK) == 0)
			return 0;
	return -ENOENT;
}

bool sp_interrupted(void)
{
	sigset_t waiting;
	sigemptyset(&waiting);
	sigpending(&waiting);
	return sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGTERM) ||
	       sigismember(&waiting, SIGHUP);
}

static void note(struct sp_job *j, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void note(struct sp_job *j, const char *name, const char *fmt, ...)
{
	va_list ap;
	fprintf(j->manifest, "%-18s ", name);
	va_start(ap, fmt);
	vfprintf(j->manifest, fmt, ap);
	va_end(ap);
	fputc('\n', j->manifest);
}

static FILE *begin(const struct sp_job *j, const char *name)
{
	char path[CD_PATH_MAX];
	int fd = cd_join(path, j->dir, name) < 0
		     ? -1
		     : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f && fd >= 0)
		close(fd);
	return f;
}

/* Closes f; a full disk shows here at the latest. */
static int finish(FILE *f)
{
	int rc = ferror(f) ? -EIO : 0;
	errno = 0;
	if (fclose(f) != 0)
		rc = errno ? -errno : -EIO;
	return rc;
}

/* ---- files
 * ---------------------------------------------------------------------------------------- */

/* The end of the file at path, SP_LOG_MAX at most, to name. */
static int take_file(struct sp_job *j, const char *path, const char *name)
{
	char block[65536];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		note(j, name, "not taken: %s: %s", path, fd < 0 ? strerror(errno) : "not a file");
		if (fd >= 0)
			close(fd);
		return 0;
	}
	off_t at = st.st_size > SP_LOG_MAX ? st.st_size - SP_LOG_MAX : 0, end = st.st_size;
	FILE *out = begin(j, name);
	int rc = out ? 0 : -errno;
	while (rc == 0 && at < end) {
		size_t want = end - at < (off_t)sizeof block ? (size_t)(end - at) : sizeof block;
		ssize_t n = pread(fd, block, want, at);
		if (n <= 0)
			break; /* cut meanwhile */
		if (fwrite(block, 1, (size_t)n, out) != (size_t)n)
			rc = -errno;
		at += n;
	}
	close(fd);
	int closed = out ? finish(out) : rc;
	note(j, name, "%s%s", path, st.st_size > SP_LOG_MAX ? ", its end" : "");
	return rc < 0 ? rc : closed;
}

/* A whole small file in memory; NULL if it can't be. Freed by the caller. */
static char *read_text(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : malloc(TEXT_MAX + 1);
	*len = 0;
	while (text && *len < TEXT_MAX) {
		ssize_t n = read(fd, text + *len, TEXT_MAX - *len);
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	return text;
}

static int take_blanked(struct sp_job *j, const char *path, const char *name, const char *what,
			void (*copy)(const char *, size_t, FILE *))
{
	size_t len;
	char *text = read_text(path, &len);
	FILE *out = text ? begin(j, name) : NULL;
	int rc = 0;
	if (out) {
		copy(text, len, out);
		rc = finish(out);
	}
	note(j, name, out ? "%s; what may be secret is left out" : "not taken: %s", what);
	free(text);
	return rc;
}

/* ---- programs
 * ------------------------------------------------------------------------------------- */

/* Runs argv (its program by name) with both outputs appended to path. Its exit code or negative
 * errno. */
static int run_into(const char *path, const char *const *words, size_t count)
{
	char program[CD_PATH_MAX];
	char *argv[12] = {program};
	if (sp_interrupted())
		return -EINTR;
	if (words[0][0] == '/')
		snprintf(program, sizeof program, "%s", words[0]);
	else if (sp_find_program(words[0], program) < 0)
		return -ENOENT;
	for (size_t i = 1; i < count && i < 11; i++)
		argv[i] = (char *)(uintptr_t)words[i];
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int rc = vt_run_to(argv, RUN_MS, fd, fd);
	close(fd);
	return rc;
}

/* One program's output under one name. A program that is missing or fails is told, no error. */
static void take_output(struct sp_job *j, const char *name, const char *const *words, size_t count)
{
	char path[CD_PATH_MAX], line[256] = "";
	if (cd_join(path, j->dir, name) < 0)
		return;
	int rc = run_into(path, words, count);
	for (size_t i = 0; i < count; i++)
		snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s", i ? " " : "",
			 words[i]);
	if (rc == -ENOENT)
		note(j, name, "not taken: there is no %s here", words[0]);
	else if (rc == -ETIMEDOUT)
		note(j, name, "%s; stopped after %d s", line, RUN_MS / 1000);
	else
		note(j, name, "%s; exit code %d", line, rc);
}
#define TAKE(j, name, ...)                                       \
	take_output(j, name, (const char *const[]){__VA_ARGS__}, \
		    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void take_own(struct sp_job *j)
{
	char self[CD_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n <= 0)
		return;
	self[n] = '\0';
	TAKE(j, "status.json", self, "status", j->unit, "--json");
	TAKE(j, "explain.txt", self, "explain", j->unit);
	TAKE(j, "kept-forks.txt", self, "discard-fork", j->unit, "--list", "--unit-dir",
	     j->unit_dir);
}

static void take_cluster(struct sp_job *j)
{
	char raw[CD_PATH_MAX];
	TAKE(j, "crm_mon.txt", "crm_mon", "-1rfA");
	TAKE(j, "quorum.txt", "corosync-quorumtool", "-s");
	TAKE(j, "links.txt", "corosync-cfgtool", "-s");
	/* taken whole beside the archive's tree, and removed before that is packed */
	if (cd_join(raw, j->work, "cib.raw") < 0)
		return;
	static const char *const query[] = {"cibadmin", "-Q"};
	int rc = run_into(raw, query, 2);
	if (rc == 0)
		(void)take_blanked(j, raw, "cib.xml", "cibadmin -Q", vt_blank_cib);
	else
		note(j, "cib.xml", "not taken: cibadmin -Q: %s %d", rc < 0 ? "error" : "exit code",
		     rc);
	unlink(raw);
}

static void take_log(struct sp_job *j)
{
	if (access("/run/systemd/system", F_OK) == 0)
		TAKE(j, "vmtwind.journal", "journalctl", "-u", "vmtwind", "-n", JOURNAL_LINES,
		     "--no-pager", "-o", "short-iso-precise");
	else
		note(j, "vmtwind.journal", "not taken: no systemd here");
}

/* ---- what is made here
 * ---------------------------------------------------------------------------- */

static int take_eras(struct sp_job *j)
{
	FILE *out = begin(j, "eras.txt");
	if (!out)
		return -errno;
	cr_print_slots(out, j->conf.store);
	note(j, "eras.txt", "the durable records, decoded");
	return finish(out);
}

static void print_space(FILE *out, const char *path)
{
	struct statvfs fs;
	if (statvfs(path, &fs) < 0) {
		fprintf(out, "%s: %s\n", path, strerror(errno));
		return;
	}
	fprintf(out, "%s: %llu KiB, %llu KiB free, %llu inodes free\n", path,
		(unsigned long long)fs.f_blocks * fs.f_frsize / 1024,
		(unsigned long long)fs.f_bavail * fs.f_frsize / 1024,
		(unsigned long long)fs.f_favail);
}

static bool on_the_way(const char *dir, const char *path)
{
	size_t n = strlen(dir);
	if (strcmp(dir, "/") == 0)
		return true;
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Only mounts that the unit lies on, and its own. */
static void print_mounts(FILE *out, const struct vt_unitconf *conf)
{
	char *line = NULL, *copy = NULL;
	size_t cap = 0;
	struct vt_mountinfo mi;
	FILE *f = fopen("/proc/self/mountinfo", "re");
	while (f && getline(&line, &cap, f) > 0) {
		free(copy);
		copy = strdup(line);
		if (!copy || vt_mountinfo_parse(&mi, line) < 0)
			continue;
		if (on_the_way(mi.dir, conf->store) || on_the_way(mi.dir, conf->directory))
			fputs(copy, out);
	}
	free(line);
	free(copy);
	if (f)
		fclose(f);
}

static int take_store(struct sp_job *j)
{
	FILE *out = begin(j, "store.txt");
	if (!out)
		return -errno;
	print_space(out, j->conf.store);
	print_mounts(out, &j->conf);
	note(j, "store.txt", "space and mounts of the store");
	int rc = finish(out);
	TAKE(j, "files.txt", "find", j->conf.store, "-xdev", "-maxdepth", "3", "-ls");
	return rc;
}

static int take_versions(struct sp_job *j)
{
	struct utsname u;
	char path[CD_PATH_MAX];
	FILE *out = begin(j, "versions.txt");
	if (!out)
		return -errno;
	uname(&u);
	fprintf(out, "vmtwin %s\n%s %s %s\n", VT_VERSION, u.sysname, u.release, u.machine);
	int rc = finish(out);
	static const char *const programs[][2] = {{"corosync", "-v"},
						  {"pacemakerd", "--version"},
						  {"libvirtd", "--version"},
						  {"qemu-system-x86_64", "--version"},
						  {"pcs", "--version"}};
	if (cd_join(path, j->dir, "versions.txt") == 0)
		for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
			(void)run_into(path, programs[i], 2);
	note(j, "versions.txt", "of vmtwin, kernel, cluster stack, libvirt, QEMU");
	return rc < 0 ? rc : take_file(j, "/usr/lib/os-release", "os-release");
}

static int open_manifest(struct sp_job *j)
{
	char when[32];
	j->manifest = begin(j, "MANIFEST");
	if (!j->manifest)
		return -errno;
	vt_wall_text(when, sizeof when);
	fprintf(j->manifest, "unit %s, host %s, %s\n\n", j->unit, j->host, when);
	return 0;
}

int sp_collect(struct sp_job *j, struct vt_fail *fail)
{
	char path[CD_PATH_MAX];
	int rc = open_manifest(j);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot write in %s: %s", j->dir, strerror(-rc));
	snprintf(path, sizeof path, "%s/%s.log", VT_LOG_DIR, j->unit);
	rc = take_file(j, path, "story.log");
	snprintf(path, sizeof path, "%s/%s.conf", j->unit_dir, j->unit);
	if (rc == 0)
		rc = take_file(j, path, "unit.conf");
	if (rc == 0 && access(VT_HOST_CONF, F_OK) == 0)
		rc = take_file(j, VT_HOST_CONF, "vmtwind.conf");
	if (rc == 0 && access("/var/log/vmtwind.out", F_OK) == 0)
		rc = take_file(j, "/var/log/vmtwind.out", "vmtwind.log");
	take_log(j);
	take_own(j);
	take_cluster(j);
	if (rc == 0)
		rc = take_blanked(j, "/etc/corosync/corosync.conf", "corosync.conf",
				  "/etc/corosync/corosync.conf", vt_blank_conf);
	if (rc == 0 && j->have_conf)
		rc = take_eras(j);
	if (rc == 0 && j->have_conf)
		rc = take_store(j);
	if (!j->have_conf)
		note(j, "eras.txt", "not taken: %s", j->conf_error);
	if (rc == 0)
		rc = take_versions(j);
	int closed = finish(j->manifest);
	rc = rc < 0 ? rc : closed;
	if (rc == 0 && sp_interrupted())
		return vt_fail(fail, -EINTR, "interrupted");
	return rc < 0 ? vt_fail(fail, rc, "cannot write in %s: %s", j->dir, strerror(-rc)) : 0;
}
