// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin-config: looks after a cluster's configuration. */
#include "crm-config/cmd.h"

static const struct vt_command *const commands[] = {&cf_cmd_import, &cf_cmd_generate, &cf_cmd_apply, &cf_cmd_remove, &cf_cmd_check};

int main(int argc, char **argv)
{
	static const struct vt_program vmtwin_config = {
	    .name = "vmtwin-config",
	    .purpose = "Looks after the configuration of a cluster that mirrors virtual machines.\n",
	    .hint = "",
	    .bad_usage = CF_EXIT_BAD,
	    .commands = commands,
	    .count = sizeof commands / sizeof commands[0],
	};
	return vt_program_run(&vmtwin_config, argc, argv);
}
