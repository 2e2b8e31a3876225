// SPDX-License-Identifier: GPL-2.0-or-later
/* Resources: their sets of values, their operations. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crm-config/cib.h"
#include "crm-config/merge_int.h"
#include "crm-config/normal.h"
#include "crm-config/nvset.h"

#define ID_MAX 512

static bool same_lines(struct cf_lines a, struct cf_lines b)
{
	bool equal = cf_lines_same(&a, &b);
	cf_lines_free(&a);
	cf_lines_free(&b);
	return equal;
}

bool cf_merge_same(const xmlNode *a, const xmlNode *b)
{
	return same_lines(cf_normal_of(a), cf_normal_of(b));
}

void cf_merge_drop(xmlNode *n)
{
	xmlUnlinkNode(n);
	xmlFreeNode(n);
}

/* ---- ids that are only names ------------------------------------------------------------------------------ */

/* Gives n, which is not in the tree yet, and what is in it ids that the configuration has not. */
static void name_anew(const xmlNode *configuration, xmlNode *n)
{
	char id[ID_MAX];
	const char *own = cf_attr(n, "id");
	snprintf(id, sizeof id, "%s", own);
	for (unsigned i = 1; own[0] && cf_find_id(configuration, id); i++)
		snprintf(id, sizeof id, "%s-%u", own, i);
	if (strcmp(id, own) != 0)
		xmlSetProp(n, (const xmlChar *)"id", (const xmlChar *)id);
	for (xmlNode *c = n->children; c; c = c->next)
		if (c->type == XML_ELEMENT_NODE)
			name_anew(configuration, c);
}

bool cf_merge_append(xmlNode *to, const xmlNode *n)
{
	xmlNode *copy = xmlDocCopyNode((xmlNode *)n, to->doc, 1);
	if (!copy)
		return false;
	name_anew(cf_configuration(to->doc), copy);
	return xmlAddChild(to, copy);
}

/* ---- sets of values --------------------------------------------------------------------------------------- */

/* What an operator sets for a while: not the configuration's to change. */
static bool is_operators(const xmlNode *pair)
{
	static const char *const kept[] = {"target-role", "is-managed", "maintenance"};
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (strcmp(cf_attr(pair, "name"), kept[i]) == 0)
			return true;
	return false;
}

/* The first plain one from n on among its siblings. */
static xmlNode *plain_from(xmlNode *n, const char *kind)
{
	while (n && !cf_set_is_plain(n, kind))
		n = n->next;
	return n;
}

/* Where the schema wants something new of that kind: instance attributes, meta attributes, operations; a clone has its resource first. */
static xmlNode *put_in_order(xmlNode *rsc, const char *kind, xmlNode *in)
{
	static const char *const order[] = {"instance_attributes", "meta_attributes", "operations"};
	xmlNode *before = NULL;
	for (size_t i = sizeof order / sizeof order[0]; i > 0 && strcmp(order[i - 1], kind) != 0; i--)
		before = cf_child(rsc, order[i - 1]) ? cf_child(rsc, order[i - 1]) : before;
	return before && cf_is(rsc, "primitive") ? xmlAddPrevSibling(before, in) : xmlAddChild(rsc, in);
}

/* An empty one like the wanted one. */
static xmlNode *make_in(xmlNode *rsc, const char *kind, const xmlNode *wanted)
{
	xmlNode *in = xmlDocCopyNode((xmlNode *)wanted, rsc->doc, 2); /* its attributes only */
	if (!in)
		return NULL;
	name_anew(cf_configuration(rsc->doc), in);
	return put_in_order(rsc, kind, in);
}

/* What nobody wants goes; what stays has the wanted value, so it does not matter which of several sets counts. */
static void clean_set(xmlNode *set, const xmlNode *want)
{
	for (xmlNode *n = set->children, *next; n; n = next) {
		next = n->next;
		const xmlNode *wanted = cf_is(n, "nvpair") ? cf_pair(want, cf_attr(n, "name")) : NULL;
		if (wanted && !cf_attr(n, "id-ref")[0])
			xmlSetProp(n, (const xmlChar *)"value", (const xmlChar *)cf_attr(wanted, "value"));
		else if (cf_is(n, "nvpair") && !is_operators(n))
			cf_merge_drop(n);
	}
}

static bool is_given(xmlNode *rsc, const char *kind, const char *name)
{
	for (xmlNode *set = plain_from(rsc->children, kind); set; set = plain_from(set->next, kind))
		if (cf_pair(set, name))
			return true;
	return false;
}

static bool merge_pairs(xmlNode *rsc, const xmlNode *wanted, const char *kind)
{
	const xmlNode *want = cf_child(wanted, kind);
	for (xmlNode *set = plain_from(rsc->children, kind); set; set = plain_from(set->next, kind))
		clean_set(set, want);
	for (const xmlNode *n = want ? want->children : NULL; n; n = n->next) {
		if (!cf_is(n, "nvpair") || is_given(rsc, kind, cf_attr(n, "name")))
			continue;
		xmlNode *in = plain_from(rsc->children, kind);
		if (!in)
			in = make_in(rsc, kind, want);
		if (!in || !cf_merge_append(in, n))
			return false;
	}
	return true;
}

/* ---- operations ------------------------------------------------------------------------------------------- */

static uint32_t interval_ms(const xmlNode *op)
{
	uint32_t ms = 0;
	return cf_time_parse(cf_attr(op, "interval"), &ms) ? ms : 0;
}

/* The one that does the same thing at the same times. */
static xmlNode *find_op(const xmlNode *ops, const xmlNode *op)
{
	for (xmlNode *n = ops ? ops->children : NULL; n; n = n->next)
		if (cf_is(n, "op") && strcmp(cf_attr(n, "name"), cf_attr(op, "name")) == 0 && interval_ms(n) == interval_ms(op))
			return n;
	return NULL;
}

/* Its own sets that a rule switches stay, and that an operator has switched it off (pcs resource unmanage --monitor), and nothing else that
 * is not wanted. */
static void merge_op(xmlNode *op, const xmlNode *wanted)
{
	for (xmlAttr *a = op->properties, *next; a; a = next) {
		next = a->next;
		if (strcmp((const char *)a->name, "id") != 0 && strcmp((const char *)a->name, "enabled") != 0)
			xmlRemoveProp(a);
	}
	for (const xmlAttr *a = wanted->properties; a; a = a->next)
		if (strcmp((const char *)a->name, "id") != 0)
			xmlSetProp(op, a->name, (const xmlChar *)cf_attr(wanted, (const char *)a->name));
	for (xmlNode *n = op->children, *next; n; n = next) {
		next = n->next;
		if (n->type == XML_ELEMENT_NODE && !cf_child(n, "rule"))
			cf_merge_drop(n);
	}
}

/* Other ids, or other words for the same, are no difference. */
static bool merge_operations(xmlNode *rsc, const xmlNode *wanted)
{
	if (same_lines(cf_normal_operations(rsc), cf_normal_operations(wanted)))
		return true;
	const xmlNode *want = cf_child(wanted, "operations");
	xmlNode *in = cf_child(rsc, "operations");
	if (!in && want)
		in = make_in(rsc, "operations", want);
	for (xmlNode *n = in ? in->children : NULL, *next; n; n = next) {
		next = n->next;
		if (!cf_is(n, "op"))
			continue;
		const xmlNode *meant = find_op(want, n);
		if (meant && find_op(in, meant) == n)
			merge_op(n, meant);
		else
			cf_merge_drop(n);
	}
	for (const xmlNode *n = want ? want->children : NULL; n; n = n->next)
		if (cf_is(n, "op") && !find_op(in, n) && (!in || !cf_merge_append(in, n)))
			return false;
	return true;
}

/* ---- resources -------------------------------------------------------------------------------------------- */

static bool merge_primitive(xmlNode *rsc, const xmlNode *wanted)
{
	static const char *const kind[] = {"class", "provider", "type"};
	for (size_t i = 0; i < sizeof kind / sizeof kind[0]; i++)
		if (cf_attr(wanted, kind[i])[0])
			xmlSetProp(rsc, (const xmlChar *)kind[i], (const xmlChar *)cf_attr(wanted, kind[i]));
	return merge_pairs(rsc, wanted, "instance_attributes") && merge_pairs(rsc, wanted, "meta_attributes") && merge_operations(rsc, wanted);
}

static bool merge_into(xmlNode *has, const xmlNode *wanted)
{
	if (cf_merge_same(has, wanted))
		return true;
	if (cf_is(wanted, "primitive"))
		return merge_primitive(has, wanted);
	const xmlNode *prim = cf_child(wanted, "primitive");
	return merge_primitive(cf_child(has, "primitive"), prim) && merge_pairs(has, wanted, "meta_attributes");
}

int cf_merge_resource(xmlNode *resources, const xmlNode *wanted, struct vt_fail *fail)
{
	xmlNode *has = cf_counterpart(resources, wanted);
	if (has ? merge_into(has, wanted) : cf_merge_append(resources, wanted))
		return 0;
	return vt_fail(fail, -ENOMEM, "out of memory; nothing was changed");
}
