/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ids of a unit's resources. */
#ifndef VMTWIN_CRM_CONFIG_OWNED_H
#define VMTWIN_CRM_CONFIG_OWNED_H

#include "base/unitconf.h"

#define CF_OWNED_PER_UNIT 7

/* Ids of units, with a NULL behind the last one. */
struct cf_owned {
	unsigned count;
	char (*text)[VT_UNIT_NAME_MAX + 32];
	const char **id;
};

/* Room for so many units. False: out of memory. Free it with cf_owned_free. */
bool cf_owned_init(struct cf_owned *o, unsigned units);
void cf_owned_add(struct cf_owned *o, const char *unit);
void cf_owned_free(struct cf_owned *o);

#endif
