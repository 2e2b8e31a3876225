// SPDX-License-Identifier: GPL-2.0-or-later
#include "ra/worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paths.h"

#define POLL_MS 50
#define WORKER_NAME "vmtwin-worker" /* as /proc/PID/comm shows it */
#define WORKERS_MAX 4 /* of one unit at once: one, and those that find it there and end */
#define CMDLINE_MAX 4096
#define ENDING_TRIES 20 /* looks, POLL_MS apart, at a worker that is ending */

/* ---- the lock on the pid file ------------------------------------------------------------------- */

/* 1: somebody holds the pid file's lock, 0: nobody, or there is no pid file; negative errno. */
static int pid_file_held(const char *unit)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s.pid", VT_RUN_DIR, unit);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	int rc = 0;
	if (flock(fd, LOCK_SH | LOCK_NB) != 0)
		rc = errno == EWOULDBLOCK ? 1 : -errno;
	close(fd);
	return rc;
}

/* ---- the process -------------------------------------------------------------------------------- */

/* A process that ends while it is looked at is none; what can't be looked at can't be told. */
static int unless_gone(int err)
{
	return err == ENOENT || err == ESRCH ? 0 : -err;
}

/* Reads a file of /proc/PID, terminated. Its length, or what unless_gone makes of an error. */
static ssize_t slurp(int process, const char *name, char *out, size_t cap)
{
	int fd = openat(process, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return unless_gone(errno);
	ssize_t n = read(fd, out, cap - 1);
	int err = errno;
	close(fd);
	if (n < 0)
		return unless_gone(err);
	out[n] = '\0';
	return n;
}

/* vmtwin-worker [OPTIONS] UNIT */
static const char *last_word(const char *cmdline, ssize_t len)
{
	const char *last = "";
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(cmdline + at) + 1)
		if (cmdline[at])
			last = cmdline + at;
	return last;
}

/* A process whose memory is gone is ending; until its last thread has ended, it may still write. 0: ended; -EBUSY: not yet. */
static int half_gone(int process)
{
	char text[512] = "", state = 0;
	long threads = 0;
	ssize_t n = slurp(process, "stat", text, sizeof text);
	const char *after = n > 0 ? strrchr(text, ')') : NULL; /* proc(5) */
	if (n <= 0)
		return (int)n;
	if (!after || sscanf(after, ") %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld", &state,
			     &threads) != 2)
		return -EBADMSG;
	return (state == 'Z' || state == 'X') && threads <= 1 ? 0 : -EBUSY;
}

/* 1: it is of this host, not of a container with its own processes or its own files; 0; negative errno. */
static int is_of_this_host(int process)
{
	char ours[64] = "", its[64] = "";
	struct stat our_root, its_root;
	if (readlink("/proc/self/ns/pid", ours, sizeof ours - 1) < 0 || stat("/", &our_root) != 0)
		return -errno;
	if (readlinkat(process, "ns/pid", its, sizeof its - 1) < 0 || fstatat(process, "root", &its_root, 0) != 0)
		return unless_gone(errno);
	return strcmp(ours, its) == 0 && our_root.st_dev == its_root.st_dev && our_root.st_ino == its_root.st_ino;
}

/* 1: the process is a worker of the unit, 0: it is not (or has ended), negative errno. */
static int is_worker_of(const char *unit, int process)
{
	char name[32] = "", cmdline[CMDLINE_MAX] = "";
	struct stat st;
	ssize_t n = slurp(process, "comm", name, sizeof name);
	if (n <= 0)
		return (int)n;
	if (strcmp(name, WORKER_NAME "\n") != 0)
		return 0;
	n = slurp(process, "cmdline", cmdline, sizeof cmdline);
	if (n <= 0)
		return n < 0 ? (int)n : half_gone(process);
	if (strcmp(last_word(cmdline, n), unit) != 0)
		return 0;
	if (fstat(process, &st) != 0)
		return unless_gone(errno);
	return st.st_uid == 0 ? is_of_this_host(process) : 0;
}

/* The same by number. */
static int is_worker_pid(const char *unit, int proc, const char *pid)
{
	int process = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return unless_gone(errno);
	int rc = is_worker_of(unit, process);
	close(process);
	return rc;
}

/*
 * A handle on the process if it is the unit's worker, that can't turn into another process: looked at again after it was
 * made. -ESRCH: it is not.
 */
static int open_if_worker(const char *unit, int proc, const char *pid)
{
	int is = is_worker_pid(unit, proc, pid);
	if (is <= 0)
		return is < 0 ? is : -ESRCH;
	int pidfd = pidfd_open((pid_t)strtol(pid, NULL, 10), 0);
	if (pidfd < 0)
		return -errno;
	is = is_worker_pid(unit, proc, pid);
	if (is > 0)
		return pidfd;
	close(pidfd);
	return is < 0 ? is : -ESRCH;
}

static int look_at_all(const char *unit)
{
	int found = -ESRCH;
	DIR *proc = opendir("/proc");
	if (!proc)
		return -errno;
	while (found == -ESRCH) {
		errno = 0;
		const struct dirent *e = readdir(proc);
		if (!e) {
			found = errno ? -errno : -ESRCH;
			break;
		}
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			found = open_if_worker(unit, dirfd(proc), e->d_name);
	}
	closedir(proc);
	return found;
}

/* A handle on a worker of the unit. -ESRCH: there is none. Other negative errno: can't be told. Some worker that is ending,
 * whose it was can't be seen any more, is given a moment. */
static int find_worker(const char *unit)
{
	int found = -EBUSY;
	for (int i = 0; i < ENDING_TRIES && found == -EBUSY; i++) {
		if (i > 0)
			poll(NULL, 0, POLL_MS);
		found = look_at_all(unit);
	}
	return found;
}

int worker_alive(const char *unit)
{
	int held = pid_file_held(unit);
	if (held != 0)
		return held;
	int pidfd = find_worker(unit);
	if (pidfd >= 0)
		close(pidfd);
	return pidfd >= 0 ? 1 : pidfd == -ESRCH ? 0 : pidfd;
}

static int ms_until(uint64_t end_ns)
{
	uint64_t now = vt_boottime_ns();
	return now < end_ns ? (int)((end_ns - now) / 1000000) : 0;
}

static int kill_one(int pidfd, uint64_t end_ns, int limit_ms, struct vt_fail *fail)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) != 0 && errno != ESRCH)
		return vt_fail(fail, -errno, "can't kill its worker: %s", strerror(errno));
	if (poll(&p, 1, ms_until(end_ns)) != 1)
		return vt_fail(fail, -ETIMEDOUT, "its worker does not die within %d ms of SIGKILL",
			       limit_ms);
	return 0;
}

int worker_kill(const char *unit, int limit_ms, struct vt_fail *fail)
{
	uint64_t end_ns = vt_boottime_ns() + (uint64_t)limit_ms * 1000000;
	int pidfd = -ESRCH;
	for (int i = 0; i < WORKERS_MAX && (pidfd = find_worker(unit)) >= 0; i++) {
		int rc = kill_one(pidfd, end_ns, limit_ms, fail);
		close(pidfd);
		if (rc != 0)
			return rc;
	}
	if (pidfd >= 0)
		return vt_fail(fail, -EBUSY, "workers of it are started again and again");
	if (pidfd != -ESRCH)
		return vt_fail(fail, pidfd, "can't look for its worker: %s", strerror(-pidfd));
	int held = pid_file_held(unit);
	if (held < 0)
		return vt_fail(fail, held, "can't look at %s/%s.pid: %s", VT_RUN_DIR, unit, strerror(-held));
	return held == 0 ? 0
			 : vt_fail(fail, -EBUSY, "%s/%s.pid is locked by a process that is no worker of it (see: fuser -v "
				   "%s/%s.pid)", VT_RUN_DIR, unit, VT_RUN_DIR, unit);
}

int worker_wait_gone(const char *unit, int limit_ms)
{
	uint64_t end_ns = vt_boottime_ns() + (uint64_t)limit_ms * 1000000;
	for (;;) {
		int alive = worker_alive(unit);
		if (alive <= 0)
			return alive;
		if (vt_boottime_ns() >= end_ns)
			return -ETIMEDOUT;
		poll(NULL, 0, POLL_MS);
	}
}
