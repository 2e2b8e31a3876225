/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which transitions of the core's table the lives have gone through, over all seeds of a run. */
#ifndef VMTWIN_TESTS_SIM_COVER_H
#define VMTWIN_TESTS_SIM_COVER_H

#include <stdio.h>

#include "core/core.h"

void sim_cover(const struct vc_out *out);
/* Prints what was and what was not gone through (all: each count); returns how many were not. */
unsigned sim_cover_report(FILE *to, bool all);

#endif
