// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/owned.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crm-config/nvset.h"

/* UNIT plus suffix is of this agent, of which one parameter names the unit; PRIMITIVE-clone is its clone. */
static const struct kind {
	const char *suffix, *provider, *type, *names_unit;
} kinds[] = {
    {"", "vmtwin", "vm", NULL}, /* of DRBD's it has no unit */
    {"-mirror", "vmtwin", "mirror", "unit"},
    {"-drbd", "linbit", "drbd", "drbd_resource"},
    {"-ping", "pacemaker", "ping", NULL},
};

bool cf_owned_init(struct cf_owned *o, unsigned units)
{
	*o = (struct cf_owned){0};
	o->text = calloc((size_t)units * CF_OWNED_PER_UNIT + 1, sizeof *o->text);
	o->id = calloc((size_t)units * CF_OWNED_PER_UNIT + 1, sizeof *o->id);
	return o->text && o->id;
}

static void add(struct cf_owned *o, const char *id)
{
	snprintf(o->text[o->count], sizeof *o->text, "%s", id);
	o->id[o->count] = o->text[o->count];
	o->count++;
}

static bool is_of_unit(const xmlNode *prim, const struct kind *k, const char *unit)
{
	if (!cf_is(prim, "primitive") || strcmp(cf_attr(prim, "class"), "ocf") != 0 || strcmp(cf_attr(prim, "provider"), k->provider) != 0 ||
	    strcmp(cf_attr(prim, "type"), k->type) != 0)
		return false;
	if (!k->names_unit && !k->suffix[0]) /* the VM: of a mirror it names the unit, of DRBD it has a file of its own */
		return strcmp(cf_pair_value(prim, "instance_attributes", "unit"), unit) == 0 || (!cf_pair_value(prim, "instance_attributes", "unit")[0] && cf_pair_value(prim, "instance_attributes", "config")[0]);
	if (!k->names_unit) /* a ping: its attribute has the name that the unit's rule asks for */
		return strcmp(cf_pair_value(prim, "instance_attributes", "name"), cf_attr(prim, "id")) == 0;
	return strcmp(cf_pair_value(prim, "instance_attributes", k->names_unit), unit) == 0;
}

static int foreign(const xmlNode *n, const char *id, const char *unit, struct vt_fail *fail)
{
	const char *parent = n->parent ? cf_attr(n->parent, "id") : "";
	return vt_fail(fail, -EEXIST, "unit %s: its resource would be called %s, but that is a %s of somebody else's%s%s; give the unit another name, or take it "
		       "out of there first; nothing was changed", unit, id, (const char *)n->name, parent[0] ? ", in " : "", parent);
}

static int add_kind(struct cf_owned *o, const xmlNode *resources, const struct kind *k, const char *unit, bool wants_ping, struct vt_fail *fail)
{
	char id[VT_UNIT_NAME_MAX + 16], clone_id[VT_UNIT_NAME_MAX + 32];
	snprintf(id, sizeof id, "%s%s", unit, k->suffix);
	snprintf(clone_id, sizeof clone_id, "%s-clone", id);
	const xmlNode *n = cf_find_id(resources, id), *clone = k->suffix[0] ? cf_find_id(resources, clone_id) : NULL;
	if (n && !is_of_unit(n, k, unit) && strcmp(k->type, "ping") == 0 && !wants_ping)
		return 0; /* an administrator's, and nothing is in its way */
	if (n && !is_of_unit(n, k, unit))
		return foreign(n, id, unit, fail);
	if (n && n->parent != (k->suffix[0] && clone ? clone : resources))
		return foreign(n, id, unit, fail);
	if (clone && (!n || !cf_is(clone, "clone") || clone->parent != resources))
		return foreign(clone, clone_id, unit, fail);
	if (n)
		add(o, id);
	if (clone)
		add(o, clone_id);
	return 0;
}

int cf_owned_add(struct cf_owned *o, const xmlDoc *doc, const char *unit, bool wants_ping, struct vt_fail *fail)
{
	int rc = 0;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && rc == 0; i++)
		rc = add_kind(o, cf_section(doc, "resources"), &kinds[i], unit, wants_ping, fail);
	return rc;
}

void cf_owned_free(struct cf_owned *o)
{
	free(o->text);
	free(o->id);
	*o = (struct cf_owned){0};
}
