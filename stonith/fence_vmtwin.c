// SPDX-License-Identifier: GPL-2.0-or-later
/* fence_vmtwin(8): the fence agent. Options come from the command line, or without one from standard input. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "stonith/actions.h"
#include "stonith/metadata.h"
#include "stonith/say.h"

static int read_stdin(struct fa_options *o, struct vt_fail *fail)
{
	static char input[FA_INPUT_MAX + 1]; /* one more: too much is seen */
	size_t size = 0;
	while (size < sizeof input) {
		ssize_t n = read(STDIN_FILENO, input + size, sizeof input - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return vt_fail(fail, -errno, "can't read the options from standard input: %s", strerror(errno));
		if (n == 0)
			break;
		size += (size_t)n;
	}
	return fa_options_stdin(o, input, size, fail);
}

static int act(const struct fa_options *o)
{
	switch (o->action) {
	case FA_OFF:
	case FA_REBOOT:
		return fa_fence(o);
	case FA_ON:
		return fa_on(o);
	case FA_STATUS:
		return fa_status(o);
	case FA_MONITOR:
		return fa_monitor(o);
	case FA_LIST:
		return fa_list(o, false);
	case FA_LIST_STATUS:
		return fa_list(o, true);
	case FA_VALIDATE:
		return fa_validate(o);
	case FA_METADATA:
		fa_print_metadata();
		return FA_EXIT_OK;
	case FA_ACTIONS:
		break;
	}
	return FA_EXIT_FAILED;
}

static int run(int argc, char **argv)
{
	struct fa_options o;
	struct vt_fail fail = {0};
	fa_options_init(&o);
	int rc = argc > 1 ? fa_options_argv(&o, argc - 1, (const char *const *)argv + 1, &fail) : read_stdin(&o, &fail);
	fa_say_setup(o.quiet, o.verbose, o.debug_file);
	if (rc == 0 && o.help) {
		fa_print_help();
		return FA_EXIT_OK;
	}
	if (rc == 0 && o.version) {
		printf("fence_vmtwin %s\n", VT_VERSION);
		return FA_EXIT_OK;
	}
	if (rc == 0)
		rc = fa_options_check(&o, &fail);
	if (rc != 0) {
		fa_say(FA_ERROR, "%s", fail.text);
		return FA_EXIT_FAILED;
	}
	if (o.ignored[0])
		fa_say(FA_INFO, "options that are not known are ignored: %s", o.ignored);
	return act(&o);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* whoever listened may be gone; the fencing is not */
	int code = run(argc, argv);
	if (fflush(stdout) != 0 && code == FA_EXIT_OK)
		code = FA_EXIT_FAILED;
	return code;
}
