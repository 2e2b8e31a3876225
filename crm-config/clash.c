// SPDX-License-Identifier: GPL-2.0-or-later
/* Ids that are wanted, and what has them already. In a CIB each id is there once, whatever it is the id of. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crm-config/merge_int.h"

/* What makes of two elements with the same id versions of one. */
static const char *const subject[] = {"class", "rsc", "with-rsc", "first", "then", "target"};

static bool is_version_of(const xmlNode *n, const xmlNode *wanted)
{
	if (!xmlStrEqual(n->name, wanted->name) || !n->parent || !xmlStrEqual(n->parent->name, wanted->parent->name))
		return false;
	for (size_t i = 0; i < sizeof subject / sizeof subject[0]; i++)
		if (strcmp(cf_attr(n, subject[i]), cf_attr(wanted, subject[i])) != 0)
			return false;
	const xmlNode *prim = cf_is(wanted, "clone") ? cf_child(wanted, "primitive") : NULL;
	return !prim || cf_child_of_id(n, "primitive", cf_attr(prim, "id"));
}

xmlNode *cf_counterpart(const xmlNode *section, const xmlNode *wanted)
{
	xmlNode *n = cf_child_of_id(section, (const char *)wanted->name, cf_attr(wanted, "id"));
	return n && is_version_of(n, wanted) ? n : NULL;
}

/* "rsc_order of web and vm1", for people. */
static const char *describe(const xmlNode *n, char *out, size_t cap)
{
	size_t at = (size_t)snprintf(out, cap, "%s", (const char *)n->name);
	const char *word = " of ";
	for (size_t i = 1; i < sizeof subject / sizeof subject[0] && at < cap; i++)
		if (cf_attr(n, subject[i])[0]) {
			at += (size_t)snprintf(out + at, cap - at, "%s%s", word, cf_attr(n, subject[i]));
			word = " and ";
		}
	const char *parent = n->parent ? cf_attr(n->parent, "id") : "";
	if (parent[0] && at < cap)
		snprintf(out + at, cap - at, " in %s", parent);
	return out;
}

static int look(const xmlDoc *current, const xmlNode *wanted, struct vt_fail *fail)
{
	char has[384], want[384];
	const char *id = cf_attr(wanted, "id");
	const xmlNode *n = cf_find_id(cf_configuration(current), id);
	if (!n || is_version_of(n, wanted))
		return 0;
	return vt_fail(fail, -EEXIST, "id %s is needed for a %s, but has been given to a %s, which is not vmtwin-config's: give that one another id, or take it out "
		       "(cibadmin --query --xpath \"//*[@id='%s']\" shows it); nothing was changed",
		       id, describe(wanted, want, sizeof want), describe(n, has, sizeof has), id);
}

/* One that is there already, under whatever id, needs none. */
static bool is_there(const xmlNode *in, const xmlNode *wanted)
{
	for (const xmlNode *n = in ? in->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && xmlStrEqual(n->name, wanted->name) && cf_merge_same(n, wanted))
			return true;
	return false;
}

int cf_clash(const xmlDoc *current, const xmlDoc *wanted, struct vt_fail *fail)
{
	static const char *const sections[] = {"resources", "constraints", "fencing-topology"};
	int rc = 0;
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		const xmlNode *want = cf_section(wanted, sections[i]), *in = cf_section(current, sections[i]);
		for (const xmlNode *n = want ? want->children : NULL; n && rc == 0; n = n->next) {
			if (n->type != XML_ELEMENT_NODE || is_there(in, n))
				continue;
			rc = look(current, n, fail);
			const xmlNode *prim = cf_is(n, "clone") ? cf_child(n, "primitive") : NULL;
			if (prim && rc == 0 && !cf_find_id(cf_configuration(current), cf_attr(n, "id")))
				rc = look(current, prim, fail);
		}
	}
	return rc;
}
