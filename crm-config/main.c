// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin-config: looks after a cluster's configuration; finds the subcommand and runs it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/version.h"
#include "crm-config/cmd.h"

#define OPTIONS_MAX 16 /* of one subcommand */

static const struct cf_cmd *const commands[] = {&cf_cmd_import, &cf_cmd_generate, &cf_cmd_apply, &cf_cmd_remove, &cf_cmd_check};
#define COMMANDS (sizeof commands / sizeof commands[0])

int cf_error(const struct cf_cmd *cmd, const char *fmt, ...)
{
	va_list ap;
	fprintf(stderr, "vmtwin-config %s: ", cmd->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return CF_EXIT_BAD;
}

static int unknown_option(const struct cf_cmd *cmd, const char *word, const struct option *longs)
{
	const char *known[OPTIONS_MAX], *near = NULL;
	char name[64];
	size_t count = 0;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
	for (; count < OPTIONS_MAX && longs[count].name; count++)
		known[count] = longs[count].name;
	if (strncmp(name, "--", 2) == 0)
		near = vt_nearest(name + 2, known, count);
	if (near)
		cf_error(cmd, "unknown option '%s': did you mean '--%s'?", name, near);
	else
		cf_error(cmd, "unknown option '%s'; see vmtwin-config %s --help", name, cmd->name);
	return CF_OPT_BAD;
}

int cf_option(const struct cf_cmd *cmd, int argc, char **argv, const struct option *longs)
{
	opterr = 0;
	int c = getopt_long(argc, argv, ":h", longs, NULL);
	const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";
	if (c == ':') {
		cf_error(cmd, "option '%s' needs a value; see vmtwin-config %s --help", word, cmd->name);
		return CF_OPT_BAD;
	}
	if (c == '?')
		return unknown_option(cmd, word, longs);
	if (c != 'h')
		return c;
	fputs(cmd->help, stdout);
	return CF_OPT_HELP;
}

static int print_help(void)
{
	printf("Usage: vmtwin-config COMMAND ...\n\n"
	       "Looks after the configuration of a cluster that mirrors virtual machines.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-13s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n  vmtwin-config COMMAND --help   options and exit codes of a command\n"
	       "  vmtwin-config --version        version of this program\n");
	return CF_EXIT_OK;
}

static int unknown_command(const char *word)
{
	const char *names[COMMANDS];
	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i]->name;
	const char *near = vt_nearest(word, names, COMMANDS);
	if (near)
		fprintf(stderr, "vmtwin-config: unknown command '%s': did you mean '%s'?\n", word, near);
	else
		fprintf(stderr, "vmtwin-config: unknown command '%s'; see vmtwin-config --help\n", word);
	return CF_EXIT_BAD;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "vmtwin-config: what shall be done? See vmtwin-config --help\n");
		return CF_EXIT_BAD;
	}
	const char *word = argv[1];
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return print_help();
	if (strcmp(word, "--version") == 0) {
		printf("vmtwin-config %s\n", VT_VERSION);
		return CF_EXIT_OK;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(word, commands[i]->name) == 0)
			return commands[i]->run(commands[i], argc - 1, argv + 1);
	return unknown_command(word);
}
