// SPDX-License-Identifier: GPL-2.0-or-later
#include "ra/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/paths.h"

#define POLL_MS 50

/* Opens the pid file. A descriptor, -ENOENT: there is none, so no worker; negative errno. */
static int open_pid_file(const char *unit)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s.pid", VT_RUN_DIR, unit);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* 1: somebody holds the lock, 0: nobody, negative errno. */
static int lock_held(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? 1 : -errno;
	flock(fd, LOCK_UN);
	return 0;
}

int worker_alive(const char *unit)
{
	int fd = open_pid_file(unit);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	int held = lock_held(fd);
	close(fd);
	return held;
}

static pid_t read_pid(int fd)
{
	char text[32];
	char *end;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	if (n <= 0)
		return -EBADMSG;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	errno = 0;
	long pid = strtol(text, &end, 10);
	return errno || *end || pid <= 1 || pid > 0x7fffffff ? -EBADMSG : (pid_t)pid;
}

/*
 * A handle on the worker that can't turn into another process: the lock is looked at after the
 * handle was made, so the pid belonged to the living holder all the while. -ESRCH: it is gone.
 */
static int open_worker(int fd)
{
	pid_t pid = read_pid(fd);
	int pidfd = pid < 0 ? pid : pidfd_open(pid, 0);
	if (pidfd == -1)
		pidfd = -errno;
	int held = lock_held(fd);
	if (held == 1)
		return pidfd;
	if (pidfd >= 0)
		close(pidfd);
	return held < 0 ? held : -ESRCH;
}

int worker_kill(const char *unit, int limit_ms, struct vt_fail *fail)
{
	int fd = open_pid_file(unit);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return vt_fail(fail, fd, "can't open %s/%s.pid: %s", VT_RUN_DIR, unit,
			       strerror(-fd));
	int pidfd = open_worker(fd);
	close(fd);
	if (pidfd == -ESRCH)
		return worker_alive(unit) == 0 ? 0
					       : vt_fail(fail, -EAGAIN, "its worker just changed");
	if (pidfd < 0)
		return vt_fail(fail, pidfd, "%s/%s.pid is held but names no process: %s",
			       VT_RUN_DIR, unit, strerror(-pidfd));
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int rc = 0;
	if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) != 0 && errno != ESRCH)
		rc = vt_fail(fail, -errno, "can't kill its worker: %s", strerror(errno));
	else if (poll(&p, 1, limit_ms) != 1)
		rc = vt_fail(fail, -ETIMEDOUT, "its worker does not die within %d ms of SIGKILL",
			     limit_ms);
	close(pidfd);
	return rc;
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
