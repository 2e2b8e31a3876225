// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/cib_tree.h"

#include <string.h>

bool cf_is(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

const char *cf_attr(const xmlNode *n, const char *name)
{
	const xmlAttr *a = xmlHasProp((xmlNode *)n, (const xmlChar *)name);
	return a && a->children && a->children->content ? (const char *)a->children->content : "";
}

xmlNode *cf_child(const xmlNode *n, const char *name)
{
	return cf_child_of_id(n, name, NULL);
}

xmlNode *cf_child_of_id(const xmlNode *n, const char *name, const char *id)
{
	for (xmlNode *c = n ? n->children : NULL; c; c = c->next)
		if (cf_is(c, name) && (!id || strcmp(cf_attr(c, "id"), id) == 0))
			return c;
	return NULL;
}

xmlNode *cf_configuration(const xmlDoc *doc)
{
	xmlNode *root = xmlDocGetRootElement((xmlDoc *)doc);
	return root && cf_is(root, "configuration") ? root : cf_child(root, "configuration");
}

xmlNode *cf_section(const xmlDoc *doc, const char *name)
{
	return cf_child(cf_configuration(doc), name);
}

xmlNode *cf_find_id(const xmlNode *in, const char *id)
{
	for (xmlNode *c = in ? in->children : NULL; c; c = c->next) {
		xmlNode *found = c->type != XML_ELEMENT_NODE ? NULL : strcmp(cf_attr(c, "id"), id) == 0 ? c : cf_find_id(c, id);
		if (found)
			return found;
	}
	return NULL;
}
