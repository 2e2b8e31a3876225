// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/cib_tree.h"

#include <errno.h>
#include <libxml/parser.h>
#include <string.h>

static void silent(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

xmlDoc *cf_tree_parse(const char *text, const char *source, struct vt_fail *fail)
{
	static const int options = XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA;
	size_t len = strnlen(text, CF_CIB_BYTES_MAX + 1);
	const char *wrong = NULL;
	xmlDoc *doc = NULL;
	if (len > CF_CIB_BYTES_MAX) {
		vt_fail(fail, -EINVAL, "%s: longer than %u bytes: not a CIB", source, CF_CIB_BYTES_MAX);
		return NULL;
	}
	if (strstr(text, "<!DOCTYPE") || strstr(text, "<!ENTITY")) {
		wrong = "has a DOCTYPE; a CIB has none, so this is refused";
	} else {
		xmlSetGenericErrorFunc(NULL, silent);
		doc = xmlReadMemory(text, (int)len, source, NULL, options);
		if (!doc)
			wrong = "not well-formed XML; give what `cibadmin -Q` prints";
		else if (doc->intSubset || !cf_is(xmlDocGetRootElement(doc), "cib") || !cf_child(xmlDocGetRootElement(doc), "configuration"))
			wrong = "not a CIB (no <cib> with <configuration>); give what `cibadmin -Q` prints";
	}
	if (!wrong)
		return doc;
	xmlFreeDoc(doc);
	vt_fail(fail, -EINVAL, "%s: %s", source, wrong);
	return NULL;
}

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
