/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands of vmtwin-config share. */
#ifndef VMTWIN_CRM_CONFIG_CMD_H
#define VMTWIN_CRM_CONFIG_CMD_H

#include <getopt.h>

/* Exit codes, as vmtwin-config(8) documents them. */
enum {
	CF_EXIT_OK = 0,
	CF_EXIT_REFUSED = 1, /* something is unsafe; each finding says what to do */
	CF_EXIT_BAD = 2,     /* unknown option or subcommand, input missing or not understood */
};

struct cf_cmd {
	const char *name;
	const char *summary; /* one line of `vmtwin-config --help` */
	const char *help;    /* all of `vmtwin-config NAME --help` */
	int (*run)(const struct cf_cmd *cmd, int argc, char **argv); /* returns the exit code */
};

extern const struct cf_cmd cf_cmd_check, cf_cmd_generate, cf_cmd_apply, cf_cmd_remove, cf_cmd_import;

enum { CF_OPT_END = -1, CF_OPT_BAD = -2, CF_OPT_HELP = -3 };
/* The next long option, its `val`. CF_OPT_BAD: told on standard error. CF_OPT_HELP: printed. longs holds {"help", 0, 0, 'h'}. */
int cf_option(const struct cf_cmd *cmd, int argc, char **argv, const struct option *longs);
/* Prints "vmtwin-config NAME: text" to standard error and returns CF_EXIT_BAD. */
int cf_error(const struct cf_cmd *cmd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
