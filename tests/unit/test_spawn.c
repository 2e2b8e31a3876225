// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/spawn.h"

static int run(char *out, size_t cap, int timeout_ms, const char *script)
{
	char *argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)script, NULL};
	return vt_run(argv, timeout_ms, out, cap);
}

static void output_and_exit_code(void **state)
{
	char out[64];
	(void)state;
	assert_int_equal(run(out, sizeof out, 10000, "echo hello; exit 3"), 3);
	assert_string_equal(out, "hello\n");
	assert_int_equal(run(NULL, 0, 10000, "exit 0"), 0);
}

static void long_output_is_cut(void **state)
{
	char out[16];
	(void)state;
	assert_int_equal(run(out, sizeof out, 20000, "head -c 300000 /dev/zero | tr '\\0' x"), 0);
	assert_int_equal(strlen(out), sizeof out - 1);
}

static void timeout_kills_it_and_its_children(void **state)
{
	char out[64];
	(void)state;
	uint64_t start_ns = vt_boottime_ns();
	assert_int_equal(run(out, sizeof out, 300, "sleep 60 & echo $!; wait"), -ETIMEDOUT);
	assert_true(vt_boottime_ns() - start_ns < 10000000000ULL);
	int pid = atoi(out);
	assert_true(pid > 1);
	for (int i = 0; i < 200 && kill(pid, 0) == 0; i++) {
		char path[64], line[256] = "";
		snprintf(path, sizeof path, "/proc/%d/stat", pid);
		FILE *f = fopen(path, "r");
		if (!f)
			return;
		char *got = fgets(line, sizeof line, f);
		fclose(f);
		if (!got || strstr(line, ") Z "))
			return; /* dead, and waits for somebody else to collect it */
		usleep(10000);
	}
	assert_int_not_equal(kill(pid, 0), 0);
}

static void a_child_that_holds_the_pipe_does_not_delay(void **state)
{
	char out[64];
	(void)state;
	uint64_t start_ns = vt_boottime_ns();
	assert_int_equal(run(out, sizeof out, 20000, "sleep 3 & echo done"), 0);
	assert_string_equal(out, "done\n");
	assert_true(vt_boottime_ns() - start_ns < 2500000000ULL);
}

static void death_by_signal(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, 0, 10000, "kill -9 $$"), -ECHILD);
}

static void errors_of_exec(void **state)
{
	char *missing[] = {(char *)"/nonexistent/program", NULL};
	char *relative[] = {(char *)"true", NULL};
	char *directory[] = {(char *)"/", NULL};
	(void)state;
	assert_int_equal(vt_run(missing, 1000, NULL, 0), -ENOENT);
	assert_int_equal(vt_spawn(missing, -1, 0), -ENOENT);
	assert_int_equal(vt_run(relative, 1000, NULL, 0), -EINVAL);
	assert_int_equal(vt_run(directory, 1000, NULL, 0), -EACCES);
}

static void no_shell_between(void **state)
{
	char out[64];
	char *argv[] = {(char *)"/bin/echo", (char *)"$HOME; `id`", NULL};
	(void)state;
	assert_int_equal(vt_run(argv, 5000, out, sizeof out), 0);
	assert_string_equal(out, "$HOME; `id`\n");
}

static void only_keep_fd_is_inherited(void **state)
{
	char script[200];
	(void)state;
	int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int other = open("/dev/null", O_RDONLY);
	assert_true(kept >= 3 && other >= 3);
	snprintf(script, sizeof script,
		 "test -e /proc/self/fd/%d && ! test -e /proc/self/fd/%d && "
		 "test \"$(readlink /proc/self/fd/0)\" = /dev/null",
		 kept, other);
	char *argv[] = {(char *)"/bin/sh", (char *)"-c", script, NULL};
	int status = 0;
	pid_t pid = vt_spawn(argv, kept, 0);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(kept);
	close(other);
}

static void new_session_and_signals_reset(void **state)
{
	int status = 0;
	char *argv[] = {(char *)"/bin/sleep", (char *)"30", NULL};
	sigset_t block;
	(void)state;
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	signal(SIGTERM, SIG_IGN);
	pid_t pid = vt_spawn(argv, -1, 1);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &block, NULL);
	assert_true(pid > 0);
	assert_int_equal(getsid(pid), pid);
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(output_and_exit_code),
	    cmocka_unit_test(long_output_is_cut),
	    cmocka_unit_test(timeout_kills_it_and_its_children),
	    cmocka_unit_test(a_child_that_holds_the_pipe_does_not_delay),
	    cmocka_unit_test(death_by_signal),
	    cmocka_unit_test(errors_of_exec),
	    cmocka_unit_test(no_shell_between),
	    cmocka_unit_test(only_keep_fd_is_inherited),
	    cmocka_unit_test(new_session_and_signals_reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
