/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting a wanted configuration into one that is there: what is equal stays untouched, what differs is changed in its place, what
 * is missing is added, what is no longer wanted of the same units is taken out. Others' things are never touched.
 */
#ifndef VMTWIN_CRM_CONFIG_MERGE_H
#define VMTWIN_CRM_CONFIG_MERGE_H

#include "crm-config/cib_tree.h"

/*
 * Changes current into what it shall be. wanted as of cf_cib_build. owned: ids of the units' resources that are there
 * (owned.h), ended by NULL: constraints between them that wanted has not are taken out. False: out of memory, or a resource that is
 * there is of another class.
 */
bool cf_merge(xmlDoc *current, const xmlDoc *wanted, const char *const *owned);
/* Takes a unit's resources (by id, ended by NULL), their constraints and levels out. False: none of them was there. */
bool cf_take_out(xmlDoc *current, const char *const *owned);

#endif
