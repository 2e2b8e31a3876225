// SPDX-License-Identifier: GPL-2.0-or-later
#include "ra/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void guard_doing(struct guard_note *note, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(note->text, sizeof note->text, fmt, ap);
	va_end(ap);
}

static void run_child(struct ocf_run *run, guard_fn fn, struct guard_note *note, void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* Pacemaker may kill the agent at its own limit */
	enum ocf_code code = fn(run, note, arg);
	fflush(NULL);
	_exit((int)code);
}

static enum ocf_code collect(pid_t pid, const struct guard_note *note)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		return (enum ocf_code)WEXITSTATUS(status);
	return ocf_fail(OCF_ERR_GENERIC,
			"the agent crashed with signal %d while %s; please report it",
			WTERMSIG(status), note->text);
}

/* True once the child has ended, false at the time limit. */
static bool wait_child(struct ocf_run *run, unsigned share, int pidfd)
{
	for (;;) {
		struct pollfd p = {.fd = pidfd, .events = POLLIN};
		int left = ocf_ms_left(run, share);
		if (poll(&p, 1, left) > 0)
			return true;
		if (left == 0)
			return false;
	}
}

enum ocf_code guard_run(struct ocf_run *run, unsigned share, guard_fn fn, void *arg)
{
	struct guard_note *note =
	    mmap(NULL, sizeof *note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (note == MAP_FAILED)
		return ocf_fail(OCF_ERR_GENERIC, "no memory: %s", strerror(errno));
	guard_doing(note, "starting");
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		return ocf_fail(OCF_ERR_GENERIC, "can't start a process: %s", strerror(errno));
	if (pid == 0)
		run_child(run, fn, note, arg);
	enum ocf_code code;
	int pidfd = pidfd_open(pid, 0);
	if (pidfd >= 0 && wait_child(run, share, pidfd)) {
		code = collect(pid, note);
	} else {
		char doing[sizeof note->text];
		kill(pid, SIGKILL); /* not waited for: it may be stuck in the kernel */
		memcpy(doing, note->text, sizeof doing);
		doing[sizeof doing - 1] = '\0';
		code = ocf_fail(
		    OCF_ERR_GENERIC,
		    "no end within %u ms while %s: what it waits for does not answer; look at "
		    "systemctl status libvirtd virtqemud, and for a file of the mirror at "
		    "vmtwin status",
		    run->timeout_ms * share / 100, doing);
	}
	if (pidfd >= 0)
		close(pidfd);
	munmap(note, sizeof *note);
	return code;
}
