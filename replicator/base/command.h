/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program of subcommands: their table, its help, the reading of options. Messages go to standard error and name program and command. */
#ifndef VMTWIN_BASE_COMMAND_H
#define VMTWIN_BASE_COMMAND_H

#include <getopt.h>
#include <stddef.h>

struct vt_command {
	const char *name;
	const char *summary; /* one line of `PROGRAM --help` */
	const char *help;    /* all of `PROGRAM NAME --help` */
	int (*run)(const struct vt_command *cmd, int argc, char **argv); /* argv[0]: its name. Returns the exit code */
};

struct vt_program {
	const char *name;
	const char *purpose; /* of its help, lines before the table of commands */
	const char *hint;    /* lines behind it, or "" */
	int bad_usage;	     /* the exit code of an unknown command */
	const struct vt_command *const *commands;
	size_t count;
};

/* Runs the command that argv[1] names, or prints help or version. Returns the exit code. */
int vt_program_run(const struct vt_program *program, int argc, char **argv);

enum { VT_OPTION_END = -1, VT_OPTION_BAD = -2, VT_OPTION_HELP = -3 };
/*
 * The next option, like getopt_long: of a long one the `val`; short ones are those of shorts, which begins with ':' and has an h, as
 * longs has {"help", 0, 0, 'h'}. VT_OPTION_BAD: told. VT_OPTION_HELP: printed.
 */
int vt_option(const struct vt_command *cmd, int argc, char **argv, const char *shorts, const struct option *longs);
/* Prints "PROGRAM NAME: text" and returns code. */
int vt_command_error(const struct vt_command *cmd, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
