// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of sets that a rule switches, or that somebody else's set lends: a merge leaves them alone, but says so. */
#include <string.h>

#include "crm-config/merge.h"
#include "crm-config/nvset.h"

/* owner: of whom the sets are, for people. */
static unsigned tell_set(FILE *out, const char *owner, const xmlNode *set, const xmlNode *want)
{
	const xmlNode *meant = cf_set_meant(set);
	const char *id = cf_attr(set, "id")[0] ? cf_attr(set, "id") : cf_attr(set, "id-ref");
	unsigned told = 0;
	for (const xmlNode *n = want->children; n; n = n->next) {
		const char *name = cf_is(n, "nvpair") ? cf_attr(n, "name") : "";
		const xmlNode *other = name[0] ? cf_pair(meant, name) : NULL;
		if (!other || strcmp(cf_attr(other, "value"), cf_attr(n, "value")) == 0)
			continue;
		fprintf(out, "warning  %s: %s=%s is meant, but set %s gives it %s=%s%s; vmtwin-config leaves that set alone: see whether it should be there\n", owner, name,
			cf_attr(n, "value"), id, name, cf_attr(other, "value"), meant && cf_child(meant, "rule") ? " while its rule holds" : "");
		told++;
	}
	return told;
}

static unsigned tell_sets(FILE *out, const char *owner, const xmlNode *has, const xmlNode *wanted, const char *kind)
{
	const xmlNode *want = cf_child(wanted, kind);
	unsigned told = 0;
	for (const xmlNode *set = has && want ? has->children : NULL; set; set = set->next)
		if (cf_is(set, kind) && !cf_set_is_plain(set, kind))
			told += tell_set(out, owner, set, want);
	return told;
}

static unsigned tell_resource(FILE *out, const xmlNode *resources, const xmlNode *wanted)
{
	const char *id = cf_attr(wanted, "id");
	const xmlNode *has = cf_find_id(resources, id);
	unsigned told = tell_sets(out, id, has, wanted, "instance_attributes") + tell_sets(out, id, has, wanted, "meta_attributes");
	const xmlNode *prim = cf_is(wanted, "clone") ? cf_child(wanted, "primitive") : NULL;
	return prim ? told + tell_resource(out, resources, prim) : told;
}

unsigned cf_tell_ruled(FILE *out, const xmlDoc *current, const xmlDoc *wanted)
{
	const xmlNode *resources = cf_section(current, "resources"), *want = cf_section(wanted, "resources");
	unsigned told = tell_sets(out, "properties", cf_section(current, "crm_config"), cf_section(wanted, "crm_config"), "cluster_property_set");
	for (const xmlNode *n = want ? want->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE)
			told += tell_resource(out, resources, n);
	return told;
}
