// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin, the operator's command. */
#include "ctl/cmd.h"

static const struct vt_command *const commands[] = {&ctl_create, &ctl_status,  &ctl_explain, &ctl_log,
						    &ctl_force,	 &ctl_discard, &ctl_support, &ctl_destroy};

int main(int argc, char **argv)
{
	static const struct vt_program vmtwin = {
	    .name = "vmtwin",
	    .purpose = "Looks after units: virtual machines whose directory is mirrored between two hosts.\n",
	    .hint = "\nStarting, stopping and moving a VM is Pacemaker's business: pcs resource ...\n",
	    .bad_usage = EX_BAD_USAGE,
	    .commands = commands,
	    .count = sizeof commands / sizeof commands[0],
	};
	return vt_program_run(&vmtwin, argc, argv);
}
