/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which units a subcommand is about. */
#ifndef VMTWIN_CRM_CONFIG_SELECTION_H
#define VMTWIN_CRM_CONFIG_SELECTION_H

#include "crm-config/cib_build.h"

/*
 * Reads all unit files of dir, since fencing is a matter of all of them, and marks those named; count 0: all, and the site.
 * 0 or negative errno with fail.
 */
int cf_select(struct cf_model *m, struct cf_wanted *wanted, const char *dir, int count, char *const *names, struct vt_fail *fail);

#endif
