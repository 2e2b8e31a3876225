// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

/* What the child does between fork and exec. */
struct child_plan {
	char *const *argv;
	int keep_fd;   /* -1: none */
	int stdout_fd; /* -1: inherited */
	int stderr_fd; /* -1: inherited */
	int report_fd; /* takes errno if exec fails; closed by exec */
	bool new_session;
	bool new_group; /* so that a timeout reaches its children too */
};

static void reset_signals(void)
{
	sigset_t none;
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL); /* SIGKILL, SIGSTOP: refused, harmless */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Runs after fork: only async-signal-safe calls. Returns only on failure, with errno set. */
static void child_exec(const struct child_plan *plan)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0)
		return;
	if (plan->stdout_fd >= 0 && dup2(plan->stdout_fd, STDOUT_FILENO) < 0)
		return;
	if (plan->stderr_fd >= 0 && dup2(plan->stderr_fd, STDERR_FILENO) < 0)
		return;
	if (plan->new_session && setsid() < 0)
		return;
	if (plan->new_group && setpgid(0, 0) != 0)
		return;
	/* report_fd must live until exec, so the others are marked instead of closed. */
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		return;
	if (plan->keep_fd >= 3 && fcntl(plan->keep_fd, F_SETFD, 0) != 0)
		return;
	reset_signals();
	execv(plan->argv[0], plan->argv);
}

/* The exec's result: 0, or the errno the child reported. */
static int read_report(int fd)
{
	int code = 0;
	ssize_t n;
	do {
		n = read(fd, &code, sizeof code);
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof code ? code : 0;
}

static pid_t spawn(struct child_plan *plan)
{
	int report[2];
	if (!plan->argv[0] || plan->argv[0][0] != '/')
		return -EINVAL;
	if (pipe2(report, O_CLOEXEC) != 0)
		return -errno;
	plan->report_fd = report[1];
	pid_t pid = fork();
	if (pid == 0) {
		child_exec(plan);
		int code = errno;
		ssize_t ignored = write(plan->report_fd, &code, sizeof code);
		(void)ignored;
		_exit(127);
	}
	int code = pid < 0 ? errno : 0;
	close(report[1]);
	if (pid > 0)
		code = read_report(report[0]);
	close(report[0]);
	if (code != 0 && pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	return code != 0 ? -code : pid;
}

pid_t vt_spawn(char *const argv[], int keep_fd, int new_session)
{
	struct child_plan plan = {
	    .argv = argv,
	    .keep_fd = keep_fd,
	    .stdout_fd = -1,
	    .stderr_fd = -1,
	    .new_session = new_session != 0,
	};
	return spawn(&plan);
}

static int ms_left(uint64_t deadline_ns)
{
	uint64_t now = vt_boottime_ns();
	return now >= deadline_ns ? 0 : (int)((deadline_ns - now + 999999) / 1000000);
}

/* Reads what is there into out[len..cap-1), dropping what does not fit. False at end of file. */
static bool drain(int fd, char *out, size_t cap, size_t *len)
{
	char chunk[4096];
	assert(out || cap == 0);
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		for (ssize_t i = 0; i < n && *len + 1 < cap; i++)
			out[(*len)++] = chunk[i];
		if (n < (ssize_t)sizeof chunk)
			return true;
	}
}

/* 0 once the process has ended, -ETIMEDOUT, or negative errno. Collects fd's bytes meanwhile. */
static int wait_end(int pidfd, int fd, char *out, size_t cap, uint64_t deadline_ns)
{
	size_t len = 0;
	struct pollfd p[2] = {{.fd = pidfd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	for (;;) {
		int left = ms_left(deadline_ns);
		int n = poll(p, 2, left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && p[1].revents && !drain(fd, out, cap, &len))
			p[1].fd = -1;
		if (fd >= 0 && cap > 0)
			out[len] = '\0';
		if (n > 0 && p[0].revents) {
			if (fd >= 0)
				drain(fd, out, cap, &len);
			if (fd >= 0 && cap > 0)
				out[len] = '\0';
			return 0;
		}
		if (left == 0)
			return -ETIMEDOUT;
	}
}

#define KILLED_MS 1000 /* for the death of a child that was killed */

static int reap(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

/* Waits for the child and collects what comes from pipe_fd (-1: nothing is collected). */
static int finish(pid_t pid, int pipe_fd, char *out, size_t cap, uint64_t deadline_ns)
{
	int pidfd = pidfd_open(pid, 0);
	int rc = pidfd < 0 ? -errno : wait_end(pidfd, pipe_fd, out, cap, deadline_ns);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	if (rc != 0)
		kill(-pid, SIGKILL);
	/* Stuck in the kernel (a disk that hangs) it does not even die: left to init (S7). */
	bool over = rc == 0 || pidfd < 0 || poll(&p, 1, KILLED_MS) == 1;
	int end = over ? reap(pid) : 0;
	if (pidfd >= 0)
		close(pidfd);
	return rc == 0 ? end : rc;
}

int vt_run(char *const argv[], int timeout_ms, char *out, size_t cap)
{
	int pipefd[2] = {-1, -1};
	uint64_t deadline_ns = vt_boottime_ns() + (uint64_t)timeout_ms * 1000000;
	if (out && cap > 0)
		out[0] = '\0';
	if (out && pipe2(pipefd, O_CLOEXEC) != 0)
		return -errno;
	struct child_plan plan = {
	    .argv = argv, .keep_fd = -1, .stdout_fd = pipefd[1], .stderr_fd = -1, .new_group = true};
	pid_t pid = spawn(&plan);
	if (pipefd[1] >= 0)
		close(pipefd[1]);
	if (pipefd[0] >= 0)
		fcntl(pipefd[0], F_SETFL, O_NONBLOCK);
	int rc = pid > 0 ? finish(pid, pipefd[0], out, cap, deadline_ns) : pid;
	if (pipefd[0] >= 0)
		close(pipefd[0]);
	return rc;
}

int vt_run_to(char *const argv[], int timeout_ms, int out_fd, int error_fd)
{
	uint64_t deadline_ns = vt_boottime_ns() + (uint64_t)timeout_ms * 1000000;
	struct child_plan plan = {.argv = argv,
				  .keep_fd = -1,
				  .stdout_fd = out_fd,
				  .stderr_fd = error_fd,
				  .new_group = true};
	pid_t pid = spawn(&plan);
	return pid > 0 ? finish(pid, -1, NULL, 0, deadline_ns) : pid;
}
