/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what the preflight needs out of a CIB (what `cibadmin -Q` or `pcs cluster cib` prints). */
#ifndef VMTWIN_CRM_CONFIG_CIB_READ_H
#define VMTWIN_CRM_CONFIG_CIB_READ_H

#include "base/log.h"
#include "crm-config/cib.h"

/* source: for messages. 0, or -EINVAL: not a CIB, a DOCTYPE in it, a value that can't be understood, more than the tables of
 * cib.h hold; fail says what. cib is defined only after 0. */
int cf_cib_parse(struct cf_cib *cib, const char *text, const char *source, struct vt_fail *fail);

#endif
