// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/version.h"

#define OPTIONS_MAX 16	/* of one command */
#define COMMANDS_MAX 16

static const struct vt_program *running; /* this process's */

int vt_command_error(const struct vt_command *cmd, int code, const char *fmt, ...)
{
	va_list ap;
	fprintf(stderr, "%s %s: ", running->name, cmd->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

/* ---- options ---------------------------------------------------------------------------------------------- */

static int unknown_option(const struct vt_command *cmd, const char *word, const struct option *longs)
{
	const char *known[OPTIONS_MAX], *near = NULL;
	char name[64];
	size_t count = 0;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
	for (; count < OPTIONS_MAX && longs[count].name; count++)
		known[count] = longs[count].name;
	if (strncmp(name, "--", 2) == 0)
		near = vt_nearest(name + 2, known, count);
	if (near && strcmp(near, name + 2) == 0)
		return vt_command_error(cmd, VT_OPTION_BAD, "option '%s' takes no value", name);
	if (near)
		return vt_command_error(cmd, VT_OPTION_BAD, "unknown option '%s': did you mean '--%s'?", name, near);
	return vt_command_error(cmd, VT_OPTION_BAD, "unknown option '%s'; see %s %s --help", name, running->name, cmd->name);
}

int vt_option(const struct vt_command *cmd, int argc, char **argv, const char *shorts, const struct option *longs)
{
	opterr = 0;
	int c = getopt_long(argc, argv, shorts, longs, NULL);
	const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";
	const char dash[3] = {'-', (char)optopt, '\0'};
	switch (c) {
	case ':':
		return vt_command_error(cmd, VT_OPTION_BAD, "option '%s' needs a value; see %s %s --help", word, running->name, cmd->name);
	case '?':
		/* A long option without value that got one comes here too, with its letter; a short one may stand in the middle of a word. */
		if (optopt > 0 && optopt < 128 && !strchr(shorts, optopt) && strncmp(word, "--", 2) != 0)
			word = dash;
		return unknown_option(cmd, word, longs);
	case 'h':
		fputs(cmd->help, stdout);
		return VT_OPTION_HELP;
	default:
		return c;
	}
}

/* ---- commands --------------------------------------------------------------------------------------------- */

static int print_help(void)
{
	printf("Usage: %s COMMAND ...\n\n%s\n", running->name, running->purpose);
	for (size_t i = 0; i < running->count; i++)
		printf("  %-13s %s\n", running->commands[i]->name, running->commands[i]->summary);
	printf("\n  %s COMMAND --help   options and exit codes of a command\n  %s --version        version of this program\n%s", running->name, running->name,
	       running->hint);
	return 0;
}

static int unknown_command(const char *word)
{
	const char *names[COMMANDS_MAX];
	size_t count = 0;
	for (; count < running->count && count < COMMANDS_MAX; count++)
		names[count] = running->commands[count]->name;
	const char *near = vt_nearest(word, names, count);
	if (near)
		fprintf(stderr, "%s: unknown command '%s': did you mean '%s'?\n", running->name, word, near);
	else
		fprintf(stderr, "%s: unknown command '%s'; see %s --help\n", running->name, word, running->name);
	return running->bad_usage;
}

int vt_program_run(const struct vt_program *program, int argc, char **argv)
{
	running = program;
	if (argc < 2) {
		fprintf(stderr, "%s: what shall be done? See %s --help\n", program->name, program->name);
		return program->bad_usage;
	}
	const char *word = argv[1];
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return print_help();
	if (strcmp(word, "--version") == 0) {
		printf("%s %s\n", program->name, VT_VERSION);
		return 0;
	}
	for (size_t i = 0; i < program->count; i++)
		if (strcmp(word, program->commands[i]->name) == 0)
			return program->commands[i]->run(program->commands[i], argc - 1, argv + 1);
	return unknown_command(word);
}
