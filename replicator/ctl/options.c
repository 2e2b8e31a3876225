// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/cmd.h"

const char *ctl_unit_argument(const struct vt_command *cmd, int argc, char **argv, int optional)
{
	if (optind >= argc) {
		if (optional)
			return "";
		vt_command_error(cmd, 0, "which unit? See vmtwin %s --help", cmd->name);
		return NULL;
	}
	if (optind + 1 < argc) {
		vt_command_error(cmd, 0, "one unit at a time: '%s' is too many; see vmtwin %s --help",
			  argv[optind + 1], cmd->name);
		return NULL;
	}
	return argv[optind];
}
