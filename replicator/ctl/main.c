// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin, the operator's command: finds the subcommand and runs it. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/version.h"
#include "ctl/cmd.h"

static const struct ctl_cmd *const commands[] = {&ctl_create,  &ctl_status,  &ctl_explain, &ctl_log,
						 &ctl_force,   &ctl_discard, &ctl_support, &ctl_destroy};
#define COMMANDS (sizeof commands / sizeof commands[0])

static int print_help(void)
{
	printf("Usage: vmtwin COMMAND ...\n\n"
	       "Looks after units: virtual machines whose directory is mirrored between two "
	       "hosts.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-13s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n  vmtwin COMMAND --help   options and exit codes of a command\n"
	       "  vmtwin --version        version of this program\n\n"
	       "Starting, stopping and moving a VM is Pacemaker's business: pcs resource ...\n");
	return EX_DONE;
}

static int unknown_command(const char *word)
{
	const char *names[COMMANDS];
	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i]->name;
	const char *near = vt_nearest(word, names, COMMANDS);
	if (near)
		fprintf(stderr, "vmtwin: unknown command '%s': did you mean '%s'?\n", word, near);
	else
		fprintf(stderr, "vmtwin: unknown command '%s'; see vmtwin --help\n", word);
	return EX_BAD_USAGE;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "vmtwin: what shall be done? See vmtwin --help\n");
		return EX_BAD_USAGE;
	}
	const char *word = argv[1];
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return print_help();
	if (strcmp(word, "--version") == 0) {
		printf("vmtwin %s\n", VT_VERSION);
		return EX_DONE;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(word, commands[i]->name) == 0)
			return commands[i]->run(commands[i], argc - 1, argv + 1);
	return unknown_command(word);
}
