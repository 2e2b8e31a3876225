/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of nvpairs in a CIB: instance_attributes, meta_attributes, cluster_property_set. There may be several of a kind; of those that
 * count, the one with the highest score gives a value. One with a rule counts at times only; one with an id-ref is somebody else's.
 */
#ifndef VMTWIN_CRM_CONFIG_NVSET_H
#define VMTWIN_CRM_CONFIG_NVSET_H

#include "crm-config/cib_tree.h"

/* An element of that kind which is no other one's (id-ref), and which no rule switches: the only ones that are changed. */
bool cf_set_is_plain(const xmlNode *n, const char *kind);
/* The set that is meant: itself, or the one that its id-ref names; NULL: there is none. */
const xmlNode *cf_set_meant(const xmlNode *set);
/* The nvpair of that name in one set, or NULL. set may be NULL. */
xmlNode *cf_pair(const xmlNode *set, const char *name);
/* The value that counts when no rule holds, of n's sets of that kind; NULL: none gives it. n may be NULL. */
const char *cf_pair_find(const xmlNode *n, const char *kind, const char *name);
/* The same, or "". */
const char *cf_pair_value(const xmlNode *n, const char *kind, const char *name);

#endif
