/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which resources of a CIB are a unit's: by their ids, and by what they are; somebody else's may have such an id. */
#ifndef VMTWIN_CRM_CONFIG_OWNED_H
#define VMTWIN_CRM_CONFIG_OWNED_H

#include "base/unitconf.h"
#include "crm-config/cib_tree.h"

#define CF_OWNED_PER_UNIT 7

/* Ids of units' resources, with a NULL behind the last one. */
struct cf_owned {
	unsigned count;
	char (*text)[VT_UNIT_NAME_MAX + 32];
	const char **id;
};

/* Room for so many units. False: out of memory. Free it with cf_owned_free. */
bool cf_owned_init(struct cf_owned *o, unsigned units);
/*
 * Adds those of the unit that are in the CIB. -EEXIST, and fail says which: a resource with the id of one of them is something else,
 * or lies where vmtwin-config does not put it (a group, another clone). Without wants_ping (require_ping) an administrator's own ping may
 * have that name.
 */
int cf_owned_add(struct cf_owned *o, const xmlDoc *doc, const char *unit, bool wants_ping, struct vt_fail *fail);
void cf_owned_free(struct cf_owned *o);

#endif
