/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's XML, by names. A missing node is NULL, a missing text "". */
#ifndef VMTWIN_CRM_CONFIG_PREFLIGHT_XML_H
#define VMTWIN_CRM_CONFIG_PREFLIGHT_XML_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static inline bool pf_xml_is(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

static inline xmlNode *pf_xml_child(const xmlNode *n, const char *name)
{
	for (xmlNode *c = n ? n->children : NULL; c; c = c->next)
		if (pf_xml_is(c, name))
			return c;
	return NULL;
}

static inline const char *pf_xml_attr(const xmlNode *n, const char *name)
{
	const xmlAttr *a = n ? xmlHasProp((xmlNode *)n, (const xmlChar *)name) : NULL;
	return a && a->children && a->children->content ? (const char *)a->children->content : "";
}

static inline const char *pf_xml_text(const xmlNode *n)
{
	return n && n->children && n->children->content ? (const char *)n->children->content : "";
}

/* Cut at cap. */
static inline void pf_xml_copy(char *out, size_t cap, const char *text)
{
	snprintf(out, cap, "%.*s", (int)cap - 1, text);
}

#endif
