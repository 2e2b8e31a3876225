// SPDX-License-Identifier: GPL-2.0-or-later
#include "ra/worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

/* True if it is called as a worker is, and of our pid namespace: a container's unit isn't ours. */
static bool is_some_worker(int process)
{
	char name[32] = "", ours[64] = "", its[64] = "";
	int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof name - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0 || strcmp(name, WORKER_NAME "\n") != 0)
		return false;
	return readlink("/proc/self/ns/pid", ours, sizeof ours - 1) > 0 &&
	       readlinkat(process, "ns/pid", its, sizeof its - 1) > 0 && strcmp(ours, its) == 0;
}

/* What the link in /proc/PID/fd tells: is it the unit's pid file, also one that was removed? */
static bool is_pid_file(const char *unit, int fds, const char *name)
{
	char path[512], target[512];
	snprintf(path, sizeof path, "%s/%s.pid", VT_RUN_DIR, unit);
	ssize_t n = readlinkat(fds, name, target, sizeof target - 1);
	size_t len = strlen(path);
	if (n < 0)
		return false;
	target[n] = '\0';
	return strncmp(target, path, len) == 0 &&
	       (target[len] == '\0' || strcmp(target + len, " (deleted)") == 0);
}

/* Never waits for a file server. */
static bool same_file(int fds, const char *name, const char *path)
{
	struct statx a, b;
	return statx(fds, name, AT_STATX_DONT_SYNC, STATX_INO, &a) == 0 &&
	       statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, &b) == 0 &&
	       a.stx_ino == b.stx_ino && a.stx_dev_major == b.stx_dev_major &&
	       a.stx_dev_minor == b.stx_dev_minor;
}

/* 1: the process is a worker of the unit, 0: it is not (or has ended), negative errno. */
static int is_worker_of(const struct worker_id *id, int process)
{
	char meta[PATH_MAX];
	if (!is_some_worker(process))
		return 0;
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *fds = fd < 0 ? NULL : fdopendir(fd);
	if (!fds) {
		int err = errno;
		if (fd >= 0)
			close(fd);
		return err == ENOENT || err == ESRCH ? 0 : -err;
	}
	snprintf(meta, sizeof meta, "%s/meta", id->store ? id->store : "");
	bool found = false;
	for (const struct dirent *e; !found && (e = readdir(fds)) != NULL;)
		found = e->d_name[0] != '.' &&
			(is_pid_file(id->unit, fd, e->d_name) ||
			 (id->store && same_file(fd, e->d_name, meta)));
	closedir(fds);
	return found;
}

/* The same by number. */
static int is_worker_pid(const struct worker_id *id, int proc, const char *pid)
{
	int process = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return errno == ENOENT ? 0 : -errno;
	int rc = is_worker_of(id, process);
	close(process);
	return rc;
}

/*
 * A handle on the unit's worker that can't turn into another process: looked at again after the
 * handle was made. -ESRCH: there is none.
 */
static int find_worker(const struct worker_id *id)
{
	int found = -ESRCH;
	DIR *proc = opendir("/proc");
	if (!proc)
		return -errno;
	for (const struct dirent *e; found == -ESRCH && (e = readdir(proc)) != NULL;) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		int is = is_worker_pid(id, dirfd(proc), e->d_name);
		int pidfd = is == 1 ? pidfd_open((pid_t)strtol(e->d_name, NULL, 10), 0) : -1;
		if (is == 1 && pidfd < 0 && errno != ESRCH)
			is = -errno;
		if (pidfd >= 0)
			is = is_worker_pid(id, dirfd(proc), e->d_name);
		if (is < 0)
			found = is;
		else if (is == 1 && pidfd >= 0)
			found = pidfd;
		if (pidfd >= 0 && found != pidfd)
			close(pidfd);
	}
	closedir(proc);
	return found;
}

int worker_alive(const struct worker_id *id)
{
	int held = pid_file_held(id->unit);
	if (held != 0)
		return held;
	int pidfd = find_worker(id);
	if (pidfd >= 0)
		close(pidfd);
	return pidfd >= 0 ? 1 : pidfd == -ESRCH ? 0 : pidfd;
}

static int kill_one(int pidfd, int limit_ms, struct vt_fail *fail)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) != 0 && errno != ESRCH)
		return vt_fail(fail, -errno, "can't kill its worker: %s", strerror(errno));
	if (poll(&p, 1, limit_ms) != 1)
		return vt_fail(fail, -ETIMEDOUT, "its worker does not die within %d ms of SIGKILL",
			       limit_ms);
	return 0;
}

int worker_kill(const struct worker_id *id, int limit_ms, struct vt_fail *fail)
{
	for (int i = 0; i < WORKERS_MAX; i++) {
		int pidfd = find_worker(id);
		if (pidfd == -ESRCH)
			break;
		if (pidfd < 0)
			return vt_fail(fail, pidfd, "can't look for its worker: %s",
				       strerror(-pidfd));
		int rc = kill_one(pidfd, limit_ms, fail);
		close(pidfd);
		if (rc != 0)
			return rc;
	}
	int alive = worker_alive(id);
	if (alive == 0)
		return 0;
	return vt_fail(fail, alive < 0 ? alive : -EBUSY,
		       "%s/%s.pid is locked by a process that is no worker", VT_RUN_DIR, id->unit);
}

int worker_wait_gone(const struct worker_id *id, int limit_ms)
{
	uint64_t end_ns = vt_boottime_ns() + (uint64_t)limit_ms * 1000000;
	for (;;) {
		int alive = worker_alive(id);
		if (alive <= 0)
			return alive;
		if (vt_boottime_ns() >= end_ns)
			return -ETIMEDOUT;
		poll(NULL, 0, POLL_MS);
	}
}
