/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing a configuration in the languages of those who read it. */
#ifndef VMTWIN_CRM_CONFIG_EMIT_H
#define VMTWIN_CRM_CONFIG_EMIT_H

#include <stdio.h>

#include "crm-config/cib_build.h"

/* cf_cib_build's tree as XML, as pcs commands (for a shell), as the text of `crm configure`. */
void cf_emit_cib(FILE *out, const xmlDoc *doc);
void cf_emit_pcs(FILE *out, const xmlDoc *doc);
void cf_emit_crm(FILE *out, const xmlDoc *doc);
/* corosync.conf(5) of the hosts. -EINVAL: no ring is known; fail says so. */
int cf_emit_corosync(FILE *out, const struct cf_model *m, struct vt_fail *fail);
/* vmtwind.conf(5), the part that the unit files know: witnesses. */
void cf_emit_vmtwind(FILE *out, const struct cf_model *m);

#endif
