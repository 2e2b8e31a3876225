// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/cib_bind.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool in_sets(const xmlNode *constraint, const struct cf_resource *r)
{
	for (const xmlNode *set = constraint->children; set; set = set->next)
		for (const xmlNode *ref = cf_is(set, "resource_set") ? set->children : NULL; ref; ref = ref->next)
			if (cf_is(ref, "resource_ref") && cf_resource_is(r, cf_attr(ref, "id")))
				return true;
	return false;
}

/* A constraint of sets that names both: what it means for them isn't looked at. */
static bool binds_in_sets(const xmlNode *n, const struct cf_resource *vm, const struct cf_resource *copy)
{
	return in_sets(n, vm) && in_sets(n, copy);
}

static bool keeps_together(const xmlNode *n, const struct cf_resource *vm, const struct cf_resource *copy)
{
	const char *role = cf_attr(n, "with-rsc-role");
	return cf_resource_is(vm, cf_attr(n, "rsc")) && cf_resource_is(copy, cf_attr(n, "with-rsc")) &&
	       (strcasecmp(role, "Promoted") == 0 || strcasecmp(role, "Master") == 0) && cf_score_parse(cf_attr(n, "score")) >= CF_SCORE_INFINITY;
}

/* By kind; old ones have a score for it. */
static bool is_mandatory(const xmlNode *order)
{
	const char *kind = cf_attr(order, "kind"), *score = cf_attr(order, "score");
	return kind[0] ? strcasecmp(kind, "Mandatory") == 0 : !score[0] || cf_score_parse(score) != 0;
}

static bool starts_after(const xmlNode *n, const struct cf_resource *vm, const struct cf_resource *copy)
{
	return cf_resource_is(copy, cf_attr(n, "first")) && strcmp(cf_attr(n, "first-action"), "promote") == 0 && cf_resource_is(vm, cf_attr(n, "then")) &&
	       strcmp(cf_attr(n, "then-action"), "start") == 0 && is_mandatory(n);
}

/* A VM on DRBD doesn't name its unit to the agent, but has its name. */
static const struct cf_resource *copy_of(const struct cf_cib *cib, const struct cf_resource *vm)
{
	for (unsigned i = 0; i < cib->resources; i++) {
		const struct cf_resource *r = &cib->resource[i];
		if (r->mirror && r->drbd == !vm->unit[0] && strcmp(r->unit, vm->unit[0] ? vm->unit : vm->id) == 0)
			return r;
	}
	return NULL;
}

void cf_cib_bind(struct cf_cib *cib, const xmlNode *constraints)
{
	for (unsigned i = 0; i < cib->resources; i++) {
		struct cf_resource *vm = &cib->resource[i];
		const struct cf_resource *copy = vm->mirror ? NULL : copy_of(cib, vm);
		if (!copy)
			continue;
		snprintf(vm->copy, sizeof vm->copy, "%s", copy->in[0] ? copy->in : copy->id);
		for (const xmlNode *n = constraints ? constraints->children : NULL; n; n = n->next) {
			vm->together |= cf_is(n, "rsc_colocation") && (keeps_together(n, vm, copy) || binds_in_sets(n, vm, copy));
			vm->after |= cf_is(n, "rsc_order") && (starts_after(n, vm, copy) || binds_in_sets(n, vm, copy));
		}
	}
}
