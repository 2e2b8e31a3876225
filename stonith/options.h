/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fence_vmtwin is asked to do: lines of "name=value" on standard input, as fencers send them (FenceAgentAPI of the
 * fence-agents project), or the command line. Pure.
 */
#ifndef VMTWIN_STONITH_OPTIONS_H
#define VMTWIN_STONITH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

#define FA_INPUT_MAX 65536 /* bytes of standard input */
#define FA_LINES_MAX 512
#define FA_LINE_MAX 4096 /* bytes of one line, without its end */
#define FA_NODE_MAX 255	 /* bytes of a host's name */
#define FA_PATH_MAX 1023
#define FA_SECONDS_MAX 86400
#define FA_WAIT_TIMEOUT_S 900 /* longer than any configuration needs: for an agent that was forgotten */

enum fa_action {
	FA_OFF,
	FA_REBOOT,
	FA_ON,
	FA_STATUS,
	FA_MONITOR,
	FA_LIST,
	FA_LIST_STATUS,
	FA_VALIDATE,
	FA_METADATA,
	FA_ACTIONS
};

struct fa_options {
	enum fa_action action;
	char plug[FA_NODE_MAX + 1];	/* the host to act on; "": none given */
	char nodename[FA_NODE_MAX + 1]; /* the same, as a fencer names it: used when no plug is given */
	unsigned delay_s;
	unsigned wait_timeout_s; /* 0: no limit */
	bool verbose, quiet, help, version;
	char debug_file[FA_PATH_MAX + 1];
	char ignored[256]; /* what was not understood on standard input, for a warning; "": nothing */
};

/* The agent's defaults. */
void fa_options_init(struct fa_options *o);
/*
 * Takes size bytes of standard input. Blank lines and lines that begin with '#' are passed over, names that are not known
 * are noted in o->ignored, the last of several values of an option counts, and an empty value is as if not given.
 * 0, or -EINVAL and fail says why: a value that makes no sense, a NUL byte, too much of it.
 */
int fa_options_stdin(struct fa_options *o, const char *input, size_t size, struct vt_fail *fail);
/* Takes the arguments after the program's name. 0, or -EINVAL: also for what is not known. */
int fa_options_argv(struct fa_options *o, int argc, const char *const *argv, struct vt_fail *fail);
/* The host to act on, a plug before a nodename; "" if none was given. */
const char *fa_options_node(const struct fa_options *o);
/* What all actions ask of the options together. 0, or -EINVAL: an action on a host without a host. */
int fa_options_check(const struct fa_options *o, struct vt_fail *fail);
/* "reboot" */
const char *fa_action_name(enum fa_action action);

#endif
