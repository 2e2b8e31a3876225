/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which constraints keep a VM with its promoted copy. */
#ifndef VMTWIN_CRM_CONFIG_CIB_BIND_H
#define VMTWIN_CRM_CONFIG_CIB_BIND_H

#include "crm-config/cib_tree.h"

/* Of each VM among cib's resources whose unit's copies are there too: copy, together and after. constraints may be NULL. */
void cf_cib_bind(struct cf_cib *cib, const xmlNode *constraints);

#endif
