/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration as plain lines that mean the same for the same meaning, whoever wrote the XML: sorted, without ids where they
 * are only names (of attributes' sets, operations, constraints), with the defaults that some tools write and others don't.
 */
#ifndef VMTWIN_CRM_CONFIG_NORMAL_H
#define VMTWIN_CRM_CONFIG_NORMAL_H

#include <stdio.h>

#include "crm-config/cib_tree.h"

struct cf_lines {
	unsigned count, room;
	char **line; /* sorted */
	bool failed; /* out of memory: lines are missing */
};

/* All of the configuration; free it with cf_lines_free. */
struct cf_lines cf_normal(const xmlDoc *doc);
/* One element below resources, constraints, fencing-topology or a property's nvpair. */
struct cf_lines cf_normal_of(const xmlNode *n);
/* The operations of a primitive alone. */
struct cf_lines cf_normal_operations(const xmlNode *prim);
void cf_lines_free(struct cf_lines *l);
bool cf_lines_same(const struct cf_lines *a, const struct cf_lines *b);
/* "- line" of what only before has, "+ line" of what only after has. Returns how many. */
unsigned cf_lines_diff(FILE *out, const struct cf_lines *before, const struct cf_lines *after);

#endif
