// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/merge.h"

#include <stdio.h>
#include <string.h>

#include "crm-config/normal.h"

static bool same_lines(struct cf_lines a, struct cf_lines b)
{
	bool equal = cf_lines_same(&a, &b);
	cf_lines_free(&a);
	cf_lines_free(&b);
	return equal;
}

static bool same(const xmlNode *a, const xmlNode *b)
{
	return same_lines(cf_normal_of(a), cf_normal_of(b));
}

static bool names(const char *const *list, const char *id)
{
	for (; *list; list++)
		if (strcmp(*list, id) == 0)
			return true;
	return false;
}

static void drop(xmlNode *n)
{
	xmlUnlinkNode(n);
	xmlFreeNode(n);
}

/* cib/configuration/NAME, made if it is not there. */
static xmlNode *section(xmlDoc *doc, const char *name)
{
	xmlNode *in = cf_section(doc, name);
	if (in)
		return in;
	xmlNode *root = xmlDocGetRootElement(doc);
	return xmlNewChild(cf_is(root, "configuration") ? root : cf_child(root, "configuration"), NULL, (const xmlChar *)name, NULL);
}

static bool append(xmlNode *to, const xmlNode *n)
{
	xmlNode *copy = xmlDocCopyNode((xmlNode *)n, to->doc, 1);
	return copy && xmlAddChild(to, copy);
}

/* ---- resources -------------------------------------------------------------------------------------------- */

/* What an operator sets for a while: not the configuration's to change. */
static bool is_operators(const xmlNode *pair)
{
	static const char *const kept[] = {"target-role", "is-managed", "maintenance", NULL};
	return names(kept, cf_attr(pair, "name"));
}

static xmlNode *find_pair(const xmlNode *set, const char *name)
{
	for (xmlNode *n = set ? set->children : NULL; n; n = n->next)
		if (cf_is(n, "nvpair") && strcmp(cf_attr(n, "name"), name) == 0)
			return n;
	return NULL;
}

/* The set of that kind, made like the wanted one's; in the schema's order: instance attributes, meta attributes, operations. */
static xmlNode *set_in(xmlNode *rsc, const char *kind, const xmlNode *wanted)
{
	xmlNode *in = cf_child(rsc, kind);
	if (in)
		return in;
	in = xmlDocCopyNode((xmlNode *)wanted, rsc->doc, 2); /* its attributes only */
	if (!in)
		return NULL;
	xmlNode *first = rsc->children;
	xmlNode *params = cf_child(rsc, "instance_attributes"), *metas = cf_child(rsc, "meta_attributes");
	if (strcmp(kind, "operations") == 0 && (metas || params))
		return xmlAddNextSibling(metas ? metas : params, in);
	if (strcmp(kind, "meta_attributes") == 0 && params)
		return xmlAddNextSibling(params, in);
	return first && cf_is(rsc, "primitive") ? xmlAddPrevSibling(first, in) : xmlAddChild(rsc, in);
}

static bool merge_pairs(xmlNode *rsc, const xmlNode *wanted, const char *kind)
{
	const xmlNode *want = cf_child(wanted, kind);
	xmlNode *in = want ? set_in(rsc, kind, want) : cf_child(rsc, kind);
	if (want && !in)
		return false;
	for (xmlNode *n = in ? in->children : NULL, *next; n; n = next) {
		next = n->next;
		if (cf_is(n, "nvpair") && !is_operators(n) && !find_pair(want, cf_attr(n, "name")))
			drop(n);
	}
	for (const xmlNode *n = want ? want->children : NULL; n; n = n->next) {
		if (!cf_is(n, "nvpair"))
			continue;
		xmlNode *has = find_pair(in, cf_attr(n, "name"));
		if (has)
			xmlSetProp(has, (const xmlChar *)"value", (const xmlChar *)cf_attr(n, "value"));
		else if (!append(in, n))
			return false;
	}
	return true;
}

/* Operations are one thing together: replaced as a whole if they differ; other ids alone are no difference. */
static bool merge_operations(xmlNode *rsc, const xmlNode *wanted)
{
	if (same_lines(cf_normal_operations(rsc), cf_normal_operations(wanted)))
		return true;
	const xmlNode *want = cf_child(wanted, "operations");
	xmlNode *in = want ? set_in(rsc, "operations", want) : cf_child(rsc, "operations");
	if (want && !in)
		return false;
	for (xmlNode *n = in ? in->children : NULL, *next; n; n = next) {
		next = n->next;
		drop(n);
	}
	for (const xmlNode *n = want ? want->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && !append(in, n))
			return false;
	return true;
}

static bool merge_primitive(xmlNode *rsc, const xmlNode *wanted)
{
	static const char *const kind[] = {"class", "provider", "type"};
	for (size_t i = 0; i < sizeof kind / sizeof kind[0]; i++)
		if (cf_attr(wanted, kind[i])[0])
			xmlSetProp(rsc, (const xmlChar *)kind[i], (const xmlChar *)cf_attr(wanted, kind[i]));
	return merge_pairs(rsc, wanted, "instance_attributes") && merge_pairs(rsc, wanted, "meta_attributes") && merge_operations(rsc, wanted);
}

static bool merge_resource(xmlNode *resources, const xmlNode *wanted)
{
	const char *name = (const char *)wanted->name;
	xmlNode *has = cf_child_of_id(resources, name, cf_attr(wanted, "id"));
	if (!has)
		return append(resources, wanted);
	if (strcmp(cf_attr(has, "class"), cf_attr(wanted, "class")) != 0)
		return false; /* a fence device does not become a VM */
	if (cf_is(wanted, "primitive"))
		return same(has, wanted) || merge_primitive(has, wanted);
	const xmlNode *prim = cf_child(wanted, "primitive");
	xmlNode *in = cf_child_of_id(has, "primitive", cf_attr(prim, "id"));
	if (!in)
		return false;
	return same(has, wanted) || (merge_primitive(in, prim) && merge_pairs(has, wanted, "meta_attributes"));
}

/* ---- constraints, levels, properties ---------------------------------------------------------------------- */

static bool about(const xmlNode *n, const char *const *ids)
{
	static const char *const attributes[] = {"rsc", "with-rsc", "first", "then"};
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
		if (names(ids, cf_attr(n, attributes[i])))
			return true;
	return false;
}

/* One that vmtwin-config makes: between resources of units alone, or a rule under the id that it gives. Administrators' own, and those
 * of `pcs resource move`, are not. */
static bool is_ours(const xmlNode *n, const char *const *owned)
{
	char id[512];
	if (cf_is(n, "rsc_colocation"))
		return names(owned, cf_attr(n, "rsc")) && names(owned, cf_attr(n, "with-rsc"));
	if (cf_is(n, "rsc_order"))
		return names(owned, cf_attr(n, "first")) && names(owned, cf_attr(n, "then"));
	if (!cf_is(n, "rsc_location") || !names(owned, cf_attr(n, "rsc")))
		return false;
	snprintf(id, sizeof id, "location-%s-prefer", cf_attr(n, "rsc"));
	if (strcmp(id, cf_attr(n, "id")) == 0)
		return true;
	snprintf(id, sizeof id, "location-%s-ping", cf_attr(n, "rsc"));
	return strcmp(id, cf_attr(n, "id")) == 0;
}

static xmlNode *find_same(const xmlNode *section_node, const xmlNode *wanted)
{
	for (xmlNode *n = section_node->children; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && xmlStrEqual(n->name, wanted->name) && same(n, wanted))
			return n;
	return NULL;
}

static bool is_wanted(const xmlNode *n, const xmlNode *wanted_section)
{
	return wanted_section && find_same(wanted_section, n);
}

static bool merge_constraints(xmlNode *in, const xmlNode *wanted, const char *const *owned)
{
	for (xmlNode *n = in->children, *next; n; n = next) {
		next = n->next;
		if (n->type == XML_ELEMENT_NODE && is_ours(n, owned) && !is_wanted(n, wanted))
			drop(n);
	}
	for (const xmlNode *n = wanted ? wanted->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && !find_same(in, n) && !append(in, n))
			return false;
	return true;
}

static bool merge_levels(xmlDoc *current, const xmlNode *wanted)
{
	if (!wanted || !wanted->children)
		return true;
	xmlNode *in = section(current, "fencing-topology");
	for (xmlNode *n = in->children, *next; n; n = next) {
		next = n->next;
		if (!cf_is(n, "fencing-level"))
			continue;
		bool host_is_ours = false;
		for (const xmlNode *w = wanted->children; w; w = w->next)
			host_is_ours |= cf_is(w, "fencing-level") && strcmp(cf_attr(w, "target"), cf_attr(n, "target")) == 0;
		if (host_is_ours && !is_wanted(n, wanted))
			drop(n);
	}
	for (const xmlNode *n = wanted->children; n; n = n->next)
		if (cf_is(n, "fencing-level") && !find_same(in, n) && !append(in, n))
			return false;
	return true;
}

static bool merge_properties(xmlDoc *current, const xmlNode *wanted)
{
	const xmlNode *want = cf_child(wanted, "cluster_property_set");
	xmlNode *config = section(current, "crm_config");
	for (const xmlNode *n = want ? want->children : NULL; n; n = n->next) {
		bool has = false;
		if (!cf_is(n, "nvpair"))
			continue;
		for (xmlNode *set = config->children; set; set = set->next) { /* in each set: which one counts is Pacemaker's matter */
			xmlNode *in = cf_is(set, "cluster_property_set") ? find_pair(set, cf_attr(n, "name")) : NULL;
			if (in)
				xmlSetProp(in, (const xmlChar *)"value", (const xmlChar *)cf_attr(n, "value"));
			has |= in != NULL;
		}
		if (has)
			continue;
		if (!cf_child(config, "cluster_property_set") && !xmlAddChild(config, xmlDocCopyNode((xmlNode *)want, current, 2)))
			return false;
		if (!append(cf_child(config, "cluster_property_set"), n))
			return false;
	}
	return true;
}

bool cf_merge(xmlDoc *current, const xmlDoc *wanted, const char *const *owned)
{
	xmlNode *resources = section(current, "resources");
	const xmlNode *want = cf_section(wanted, "resources");
	for (const xmlNode *n = want ? want->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && !merge_resource(resources, n))
			return false;
	for (xmlNode *n = resources->children, *next; n; n = next) { /* a unit's ping that is no longer asked for */
		next = n->next;
		if (n->type == XML_ELEMENT_NODE && names(owned, cf_attr(n, "id")) && !cf_child_of_id(want, (const char *)n->name, cf_attr(n, "id")))
			drop(n);
	}
	return merge_constraints(section(current, "constraints"), cf_section(wanted, "constraints"), owned) &&
	       merge_levels(current, cf_section(wanted, "fencing-topology")) && merge_properties(current, cf_section(wanted, "crm_config"));
}

bool cf_take_out(xmlDoc *current, const char *const *owned)
{
	bool found = false;
	xmlNode *resources = section(current, "resources"), *constraints = section(current, "constraints");
	for (xmlNode *n = resources->children, *next; n; n = next) {
		next = n->next;
		if (n->type == XML_ELEMENT_NODE && names(owned, cf_attr(n, "id"))) {
			drop(n);
			found = true;
		}
	}
	for (xmlNode *n = constraints->children, *next; n; n = next) {
		next = n->next;
		if (n->type == XML_ELEMENT_NODE && about(n, owned))
			drop(n);
	}
	return found;
}
