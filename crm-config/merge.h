/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting a wanted configuration into one that is there: what is equal stays untouched, what differs is changed in its place, what
 * is missing is added, what is no longer wanted of the same units is taken out. Others' things are never touched.
 */
#ifndef VMTWIN_CRM_CONFIG_MERGE_H
#define VMTWIN_CRM_CONFIG_MERGE_H

#include <stdio.h>

#include "base/log.h"
#include "crm-config/cib_tree.h"

/*
 * Changes current into what it shall be. wanted as of cf_cib_build. owned: ids of the units' resources that are there
 * (owned.h), ended by NULL: constraints that vmtwin-config makes of them and that wanted has not are taken out. Sets that a rule
 * switches, or that are somebody else's (id-ref), stay as they are: cf_tell_ruled. A longer priority-fencing-delay stays too. 0; -EEXIST: an id that is needed is something
 * else's, current is untouched; -ENOMEM. fail says why.
 */
int cf_merge(xmlDoc *current, const xmlDoc *wanted, const char *const *owned, struct vt_fail *fail);
/* A line for each value that is wanted and to which such a set gives another one. Returns how many. */
unsigned cf_tell_ruled(FILE *out, const xmlDoc *current, const xmlDoc *wanted);
/* Takes a unit's resources (by id, ended by NULL), their constraints and levels out. False: none of them was there. */
bool cf_take_out(xmlDoc *current, const char *const *owned);

#endif
