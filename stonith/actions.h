/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's actions. Each returns the agent's exit code (FenceAgentAPI). */
#ifndef VMTWIN_STONITH_ACTIONS_H
#define VMTWIN_STONITH_ACTIONS_H

#include "stonith/options.h"

enum fa_exit {
	FA_EXIT_OK = 0,
	FA_EXIT_FAILED = 1,
	FA_EXIT_OFF = 2 /* of status alone */
};

/* off and reboot: asks vmtwind until it says that the host has surely ended, refuses, or wait_timeout is over. */
int fa_fence(const struct fa_options *o);
int fa_on(const struct fa_options *o);
int fa_status(const struct fa_options *o);
int fa_monitor(const struct fa_options *o);
int fa_list(const struct fa_options *o, bool with_status);
int fa_validate(const struct fa_options *o);

#endif
