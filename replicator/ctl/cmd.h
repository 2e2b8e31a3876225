/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands of vmtwin share: exit codes, their argument. */
#ifndef VMTWIN_CTL_CMD_H
#define VMTWIN_CTL_CMD_H

#include "base/command.h"
#include "base/log.h"

/* Exit codes, as vmtwin(8) documents them. */
enum {
	EX_DONE = 0,
	EX_FAILED = 1,	   /* refused or failed; the message says why */
	EX_ORANGE = 1,	   /* status: a host is orange or its state unknown */
	EX_RED = 2,	   /* status: a host is red */
	EX_NO_DAEMON = 3,  /* vmtwind does not run on this host */
	EX_NO_ANSWER = 4,  /* vmtwind refused, did not answer, or knows no such unit */
	EX_BAD_USAGE = 64, /* unknown option or subcommand, argument missing */
};

extern const struct vt_command ctl_create, ctl_destroy, ctl_status, ctl_explain, ctl_log, ctl_force,
    ctl_discard, ctl_support;

/*
 * The one argument after the options, the unit's name; NULL after telling what is wrong. With
 * optional, none at all gives "".
 */
const char *ctl_unit_argument(const struct vt_command *cmd, int argc, char **argv, int optional);

#endif
