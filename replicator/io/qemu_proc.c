// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/qemu_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define PID_DIR "/run/libvirt/qemu"
#define CMDLINE_MAX 65536

static ssize_t read_file(const char *path, char *out, size_t cap)
{
	size_t len = 0;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len + 1 < cap && (n = read(fd, out + len, cap - 1 - len)) > 0)
		len += (size_t)n;
	int err = errno;
	close(fd);
	out[len] = '\0';
	return n < 0 ? -err : (ssize_t)len;
}

/* True if the argument after -name says guest=DOMAIN, alone or followed by a comma. */
static bool names_domain(const char *cmdline, size_t len, const char *domain)
{
	size_t n = strlen(domain);
	for (size_t at = 0; at < len; at += strlen(cmdline + at) + 1) {
		const char *arg = cmdline + at;
		if (strncmp(arg, "guest=", 6) == 0 && strncmp(arg + 6, domain, n) == 0 &&
		    (arg[6 + n] == '\0' || arg[6 + n] == ','))
			return true;
	}
	return false;
}

/* 1: pid is a QEMU of domain, 0: it is not (or gone), negative errno. */
static int is_qemu_of(pid_t pid, const char *domain)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	char *cmdline = malloc(CMDLINE_MAX);
	if (!cmdline)
		return -ENOMEM;
	ssize_t len = read_file(path, cmdline, CMDLINE_MAX);
	int rc = len > 0 ? names_domain(cmdline, (size_t)len, domain) : 0;
	if (len == 0 && kill(pid, 0) == 0)
		rc = -EAGAIN; /* a zombie, or a process in the middle of its exit: still there */
	free(cmdline);
	return len < 0 && len != -ENOENT && len != -ESRCH ? (int)len : rc;
}

pid_t qemu_proc_find(const char *domain)
{
	char path[512], text[32];
	if (strchr(domain, '/') ||
	    snprintf(path, sizeof path, "%s/%s.pid", PID_DIR, domain) >= (int)sizeof path)
		return -EINVAL;
	ssize_t n = read_file(path, text, sizeof text);
	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return (pid_t)n;
	long pid = strtol(text, NULL, 10);
	if (pid <= 1 || pid > 0x7fffffff)
		return 0;
	int rc = is_qemu_of((pid_t)pid, domain);
	return rc == 1 ? (pid_t)pid : rc;
}

static bool ended(int pidfd, int limit_ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	return poll(&p, 1, limit_ms) == 1;
}

static int end(const char *domain, int gentle_ms, int limit_ms, struct vt_fail *fail)
{
	pid_t pid = qemu_proc_find(domain);
	if (pid <= 0)
		return pid == 0
			   ? 0
			   : vt_fail(fail, pid, "can't tell whether QEMU of domain %s runs: %s",
				     domain, strerror(-pid));
	int pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return errno == ESRCH ? 0
				      : vt_fail(fail, -errno, "pidfd_open: %s", strerror(errno));
	int rc = 0;
	if (is_qemu_of(pid, domain) == 1) { /* looked at again: the handle is not a successor's */
		if (gentle_ms > 0)
			pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
		if (gentle_ms == 0 || !ended(pidfd, gentle_ms)) {
			pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
			if (!ended(pidfd, limit_ms - gentle_ms))
				rc = vt_fail(fail, -ETIMEDOUT,
					     "QEMU of domain %s (pid %d) does not die "
					     "within %d ms",
					     domain, (int)pid, limit_ms);
		}
	}
	close(pidfd);
	return rc;
}

int qemu_proc_end(const char *domain, int limit_ms, struct vt_fail *fail)
{
	return end(domain, limit_ms / 2, limit_ms, fail);
}

int qemu_proc_kill(const char *domain, int limit_ms, struct vt_fail *fail)
{
	return end(domain, 0, limit_ms, fail);
}
