// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "ctl/cmd.h"

#define OPTIONS_MAX 16 /* of one subcommand */

int ctl_error(const struct ctl_cmd *cmd, int code, const char *fmt, ...)
{
	va_list ap;
	fprintf(stderr, "vmtwin %s: ", cmd->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

static int unknown_option(const struct ctl_cmd *cmd, const char *word, const struct option *longs)
{
	char name[64];
	const char *known[OPTIONS_MAX];
	size_t count = 0;
	const char *near = NULL;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
	while (count < OPTIONS_MAX && longs[count].name) {
		known[count] = longs[count].name;
		count++;
	}
	if (strncmp(name, "--", 2) == 0)
		near = vt_nearest(name + 2, known, count);
	if (near && strcmp(near, name + 2) == 0)
		return ctl_error(cmd, CTL_OPT_BAD, "option '%s' takes no value", name);
	if (near)
		return ctl_error(cmd, CTL_OPT_BAD, "unknown option '%s': did you mean '--%s'?",
				 name, near);
	return ctl_error(cmd, CTL_OPT_BAD, "unknown option '%s'; see vmtwin %s --help", name,
			 cmd->name);
}

int ctl_option(const struct ctl_cmd *cmd, int argc, char **argv, const char *shorts,
	       const struct option *longs)
{
	opterr = 0;
	int c = getopt_long(argc, argv, shorts, longs, NULL);
	const char *word = optind > 0 && optind <= argc ? argv[optind - 1] : "";
	switch (c) {
	case ':':
		return ctl_error(cmd, CTL_OPT_BAD,
				 "option '%s' needs a value; see vmtwin %s --help", word,
				 cmd->name);
	case '?':
		if (optopt > 0 && optopt < 128 && !strchr(shorts, optopt)) {
			char dash[3] = {'-', (char)optopt, '\0'};
			/* an option without value that got one comes here too, with its letter */
			return unknown_option(cmd, strncmp(word, "--", 2) == 0 ? word : dash,
					      longs);
		}
		return unknown_option(cmd, word, longs);
	case 'h':
		fputs(cmd->help, stdout);
		return CTL_OPT_HELP;
	default:
		return c;
	}
}

const char *ctl_unit_argument(const struct ctl_cmd *cmd, int argc, char **argv, int optional)
{
	if (optind >= argc) {
		if (optional)
			return "";
		ctl_error(cmd, 0, "which unit? See vmtwin %s --help", cmd->name);
		return NULL;
	}
	if (optind + 1 < argc) {
		ctl_error(cmd, 0, "one unit at a time: '%s' is too many; see vmtwin %s --help",
			  argv[optind + 1], cmd->name);
		return NULL;
	}
	return argv[optind];
}
