/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the merge share. */
#ifndef VMTWIN_CRM_CONFIG_MERGE_INT_H
#define VMTWIN_CRM_CONFIG_MERGE_INT_H

#include "base/log.h"
#include "crm-config/cib_tree.h"

/* They mean the same (normal.h). */
bool cf_merge_same(const xmlNode *a, const xmlNode *b);
/*
 * A copy of n becomes the last child of to, of which it is told whether it could be made. An id in it that something else has already
 * becomes another one: there ids are only names. Of what is a resource, constraint or level: cf_clash looks before.
 */
bool cf_merge_append(xmlNode *to, const xmlNode *n);
void cf_merge_drop(xmlNode *n);
/* A resource, in its place. 0; -ENOMEM; or -EEXIST: what is there can't become it, and fail says why. */
int cf_merge_resource(xmlNode *resources, const xmlNode *wanted, struct vt_fail *fail);

/* The element that a wanted resource, constraint or level replaces: it has the same id and is of the same kind and about the same. */
xmlNode *cf_counterpart(const xmlNode *section, const xmlNode *wanted);
/* -EEXIST: an id that is wanted for a resource, constraint or level is something else's, and fail says what that is. Else 0. */
int cf_clash(const xmlDoc *current, const xmlDoc *wanted, struct vt_fail *fail);

#endif
