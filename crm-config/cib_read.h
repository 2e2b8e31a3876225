/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a CIB (what `cibadmin -Q` or `pcs cluster cib` prints) by libxml2: no network, no DTD, no entities. */
#ifndef VMTWIN_CRM_CONFIG_CIB_READ_H
#define VMTWIN_CRM_CONFIG_CIB_READ_H

#include "base/log.h"
#include "crm-config/cib.h"

#define CF_CIB_BYTES_MAX (8u << 20)

/* source: for messages. 0, or -EINVAL: not a CIB, a DOCTYPE in it, a value that can't be understood, more than the tables of
 * cib.h hold; fail says what. cib is defined only after 0. */
int cf_cib_parse(struct cf_cib *cib, const char *text, const char *source, struct vt_fail *fail);

#endif
