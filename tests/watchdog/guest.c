// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pid 1 of a machine with a real kernel and its softdog: what io/watchdog.c does there, and what sysrq does. The kernel's
 * command line says which case: watchdog.case=bite (fed for a while, then no more), die (its owner is killed), disarm (closed in
 * order: nothing happens), long (a time that the device can't do), reset and off (sysrq). Prints what happened with the
 * seconds since boot; run watches whether the machine lives.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/watchdog.h"

enum { FED_S = 6, TIMEOUT_MS = 3000 };

static void say(const char *what)
{
	struct timespec ts;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	printf("WATCHDOG %s at %ld.%03ld\n", what, (long)ts.tv_sec, ts.tv_nsec / 1000000);
	fflush(stdout);
}

static void insert(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST)
		say(strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void press(const char *key)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, key, 1) != 1)
		say("sysrq can't be written");
	if (fd >= 0)
		close(fd);
}

static int arm(uint32_t ms)
{
	struct vt_fail fail = {0};
	int fd = vt_watchdog_open("/dev/watchdog", ms, &fail);
	say(fd < 0 ? fail.text : "armed");
	return fd;
}

static void feed_for(int fd, int seconds)
{
	for (int i = 0; i < seconds; i++) {
		sleep(1);
		if (!vt_watchdog_feed(fd))
			say("can't be fed");
	}
	say("fed for the last time");
}

static void live_on(int seconds)
{
	sleep((unsigned)seconds);
	say("alive");
	press("o");
}

static void killed_owner(void)
{
	int ready[2];
	char byte;
	if (pipe(ready) != 0)
		return;
	pid_t pid = fork();
	if (pid == 0) {
		int fd = arm(TIMEOUT_MS);
		feed_for(fd, 1);
		if (write(ready[1], "x", 1) == 1)
			pause();
	}
	if (pid > 0 && read(ready[0], &byte, 1) == 1) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

int main(void)
{
	char line[1024] = "";
	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof line - 1);
	if (n > 0)
		line[n] = '\0';
	insert("/modules/watchdog.ko");
	insert("/modules/softdog.ko");
	if (strstr(line, "watchdog.case=bite")) {
		feed_for(arm(TIMEOUT_MS), FED_S);
	} else if (strstr(line, "watchdog.case=die")) {
		killed_owner();
	} else if (strstr(line, "watchdog.case=disarm")) {
		fd = arm(TIMEOUT_MS);
		feed_for(fd, 1);
		vt_watchdog_close(fd, true);
		say("disarmed");
	} else if (strstr(line, "watchdog.case=busy")) {
		fd = arm(TIMEOUT_MS);
		arm(TIMEOUT_MS);
		vt_watchdog_close(fd, true);
	} else if (strstr(line, "watchdog.case=reset")) {
		say("resets");
		press("b");
	} else if (strstr(line, "watchdog.case=off")) {
		say("switches off");
		press("o");
	}
	live_on(8);
	for (;;)
		pause();
}
