// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/nvset.h"

#include <limits.h>
#include <string.h>

#include "crm-config/cib.h"

#define FIRST_PROPERTIES "cib-bootstrap-options" /* comes before all others, whatever their scores */

bool cf_set_is_plain(const xmlNode *n, const char *kind)
{
	return cf_is(n, kind) && !cf_child(n, "rule") && !cf_attr(n, "id-ref")[0];
}

const xmlNode *cf_set_meant(const xmlNode *set)
{
	const char *other = cf_attr(set, "id-ref");
	return other[0] ? cf_find_id(cf_configuration(set->doc), other) : set;
}

xmlNode *cf_pair(const xmlNode *set, const char *name)
{
	for (xmlNode *n = set ? set->children : NULL; n; n = n->next)
		if (cf_is(n, "nvpair") && strcmp(cf_attr(n, "name"), name) == 0)
			return n;
	return NULL;
}

const char *cf_pair_find(const xmlNode *n, const char *kind, const char *name)
{
	const char *value = NULL;
	int best = INT_MIN;
	for (const xmlNode *s = n ? n->children : NULL; s; s = s->next) {
		const xmlNode *set = cf_is(s, kind) ? cf_set_meant(s) : NULL;
		const xmlNode *pair = set && !cf_child(set, "rule") ? cf_pair(set, name) : NULL;
		int score = pair && strcmp(cf_attr(set, "id"), FIRST_PROPERTIES) == 0 ? INT_MAX : pair ? cf_score_parse(cf_attr(set, "score")) : INT_MIN;
		if (score <= best)
			continue;
		best = score;
		value = cf_attr(pair, "value");
	}
	return value;
}

const char *cf_pair_value(const xmlNode *n, const char *kind, const char *name)
{
	const char *value = cf_pair_find(n, kind, name);
	return value ? value : "";
}
