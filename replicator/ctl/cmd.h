/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands of vmtwin share: their table, exit codes, reading of options. */
#ifndef VMTWIN_CTL_CMD_H
#define VMTWIN_CTL_CMD_H

#include <getopt.h>

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

struct ctl_cmd {
	const char *name;
	const char *summary; /* one line of `vmtwin --help` */
	const char *help;    /* all of `vmtwin NAME --help` */
	int (*run)(const struct ctl_cmd *cmd, int argc, char **argv); /* returns the exit code */
};

extern const struct ctl_cmd ctl_create, ctl_destroy, ctl_status, ctl_explain, ctl_log, ctl_force,
    ctl_discard, ctl_support;

enum { CTL_OPT_END = -1, CTL_OPT_BAD = -2, CTL_OPT_HELP = -3 };
/*
 * The next option of a subcommand, like getopt_long (long options only with a value in `val`, short
 * ones as in `shorts`, which begins with ':'). CTL_OPT_BAD: told on standard error, exit with
 * EX_BAD_USAGE. CTL_OPT_HELP: printed, exit with EX_DONE. Each table has to hold {"help", 0, 0, 'h'}.
 */
int ctl_option(const struct ctl_cmd *cmd, int argc, char **argv, const char *shorts,
	       const struct option *longs);
/*
 * The one argument after the options, the unit's name; NULL after telling what is wrong. With
 * optional, none at all gives "".
 */
const char *ctl_unit_argument(const struct ctl_cmd *cmd, int argc, char **argv, int optional);
/* Prints "vmtwin NAME: text" to standard error and returns code. */
int ctl_error(const struct ctl_cmd *cmd, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
