/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands of vmtwin-config share. */
#ifndef VMTWIN_CRM_CONFIG_CMD_H
#define VMTWIN_CRM_CONFIG_CMD_H

#include "base/command.h"

/* Exit codes, as vmtwin-config(8) documents them. */
enum {
	CF_EXIT_OK = 0,
	CF_EXIT_REFUSED = 1, /* something is unsafe; each finding says what to do */
	CF_EXIT_BAD = 2,     /* unknown option or subcommand, input missing or not understood */
};

extern const struct vt_command cf_cmd_check, cf_cmd_generate, cf_cmd_apply, cf_cmd_remove, cf_cmd_import;

#endif
