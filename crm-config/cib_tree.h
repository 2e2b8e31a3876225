/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking over a CIB that libxml2 has read. Elements are by the name of Pacemaker's schema. */
#ifndef VMTWIN_CRM_CONFIG_CIB_TREE_H
#define VMTWIN_CRM_CONFIG_CIB_TREE_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "base/log.h"
#include "crm-config/cib.h"

/* By libxml2: no network, no DTD, no entities; at most CF_CIB_BYTES_MAX. source: for messages. <cib> with <configuration>, without text between elements, to be freed by xmlFreeDoc. NULL: it is none, and
 * fail (-EINVAL) says why. */
xmlDoc *cf_tree_parse(const char *text, const char *source, struct vt_fail *fail);

bool cf_is(const xmlNode *n, const char *name);
/* An attribute's text; "": it is not there. CIBs have no entities, so an attribute is one text node. */
const char *cf_attr(const xmlNode *n, const char *name);
/* The first child of that name, or NULL. n may be NULL. */
xmlNode *cf_child(const xmlNode *n, const char *name);
/* The first child of that name with that id, or NULL. n may be NULL. */
xmlNode *cf_child_of_id(const xmlNode *n, const char *name, const char *id);
/* The first one below in that has the id, at whatever depth, or NULL. in may be NULL. */
xmlNode *cf_find_id(const xmlNode *in, const char *id);
/* cib/configuration. */
xmlNode *cf_configuration(const xmlDoc *doc);
/* cib/configuration/NAME; NULL: not there. */
xmlNode *cf_section(const xmlDoc *doc, const char *name);

#endif
