// SPDX-License-Identifier: GPL-2.0-or-later
/* As pcs commands: each line is one, to be typed on one host. */
#include <string.h>

#include "crm-config/emit.h"

/* A word of a shell command: nothing in it is special. */
static void put_word(FILE *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:=/@%+";
	if (text[0] && strspn(text, plain) == strlen(text)) {
		fputs(text, out);
		return;
	}
	fputc('\'', out);
	for (; *text; text++)
		fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, out);
	fputc('\'', out);
}

static void put_pair(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=", name);
	put_word(out, value);
}

/* promotable is a keyword there. */
static void put_pairs(FILE *out, const xmlNode *rsc, const char *kind, const char *before)
{
	const xmlNode *in = cf_child(rsc, kind);
	if (in && before)
		fprintf(out, " %s", before);
	for (const xmlNode *n = in ? in->children : NULL; n; n = n->next)
		if (cf_is(n, "nvpair") && strcmp(cf_attr(n, "name"), "promotable") != 0)
			put_pair(out, cf_attr(n, "name"), cf_attr(n, "value"));
}

static void put_operations(FILE *out, const xmlNode *prim)
{
	static const char *const attributes[] = {"interval", "timeout", "role"};
	const xmlNode *in = cf_child(prim, "operations");
	for (const xmlNode *n = in ? in->children : NULL; n; n = n->next) {
		if (!cf_is(n, "op"))
			continue;
		fprintf(out, " op %s", cf_attr(n, "name"));
		for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
			if (cf_attr(n, attributes[i])[0])
				put_pair(out, attributes[i], cf_attr(n, attributes[i]));
	}
}

static void put_device(FILE *out, const xmlNode *prim)
{
	fprintf(out, "pcs stonith create %s %s", cf_attr(prim, "id"), cf_attr(prim, "type"));
	put_pairs(out, prim, "instance_attributes", NULL);
	put_operations(out, prim);
	fputc('\n', out);
}

/* Disabled at first, where it stands for itself: it must not start before its constraints are there. */
static void put_resource(FILE *out, const xmlNode *prim, const xmlNode *clone)
{
	fprintf(out, "pcs resource create %s %s:%s:%s", cf_attr(prim, "id"), cf_attr(prim, "class"), cf_attr(prim, "provider"),
		cf_attr(prim, "type"));
	put_pairs(out, prim, "instance_attributes", NULL);
	put_operations(out, prim);
	put_pairs(out, prim, "meta_attributes", "meta");
	if (clone && cf_child(clone, "meta_attributes"))
		put_pairs(out, clone, "meta_attributes", "promotable");
	else if (clone)
		fputs(" clone", out);
	fprintf(out, " --no-default-ops%s\n", clone ? "" : " --disabled");
}

static void put_rule(FILE *out, const xmlNode *location)
{
	const xmlNode *rule = cf_child(location, "rule");
	bool first = true;
	fprintf(out, "pcs constraint location %s rule constraint-id=%s id=%s role=%s score=%s", cf_attr(location, "rsc"), cf_attr(location, "id"),
		cf_attr(rule, "id"), cf_attr(rule, "role"), cf_attr(rule, "score"));
	for (const xmlNode *n = rule->children; n; n = n->next) {
		if (!cf_is(n, "expression"))
			continue;
		fprintf(out, "%s ", first ? "" : " and");
		put_word(out, cf_attr(n, "attribute"));
		fprintf(out, " %s ", cf_attr(n, "operation"));
		if (cf_attr(n, "type")[0])
			fprintf(out, "%s ", cf_attr(n, "type"));
		put_word(out, cf_attr(n, "value"));
		first = false;
	}
	fputc('\n', out);
}

static void put_constraint(FILE *out, const xmlNode *n)
{
	if (cf_is(n, "rsc_colocation"))
		fprintf(out, "pcs constraint colocation add %s %s with %s %s %s\n", cf_attr(n, "rsc-role"), cf_attr(n, "rsc"),
			cf_attr(n, "with-rsc-role"), cf_attr(n, "with-rsc"), cf_attr(n, "score"));
	else if (cf_is(n, "rsc_order"))
		fprintf(out, "pcs constraint order %s %s then %s %s\n", cf_attr(n, "first-action"), cf_attr(n, "first"), cf_attr(n, "then-action"),
			cf_attr(n, "then"));
	else if (cf_is(n, "rsc_location") && cf_child(n, "rule"))
		put_rule(out, n);
	else if (cf_is(n, "rsc_location"))
		fprintf(out, "pcs constraint location %s avoids %s=INFINITY\n", cf_attr(n, "rsc"), cf_attr(n, "node"));
}

static void put_properties(FILE *out, const xmlDoc *doc)
{
	const xmlNode *in = cf_child(cf_section(doc, "crm_config"), "cluster_property_set");
	if (!in)
		return;
	fputs("pcs property set", out);
	put_pairs(out, cf_section(doc, "crm_config"), "cluster_property_set", NULL);
	fputc('\n', out);
}

void cf_emit_pcs(FILE *out, const xmlDoc *doc)
{
	const xmlNode *resources = cf_section(doc, "resources"), *topology = cf_section(doc, "fencing-topology");
	fputs("# Type these on one host; pcs tells the other. All at once: pcs cluster cib FILE, then each with -f FILE, then pcs cluster cib-push FILE.\n", out);
	for (const xmlNode *n = resources->children; n; n = n->next) {
		if (cf_is(n, "clone"))
			put_resource(out, cf_child(n, "primitive"), n);
		else if (strcmp(cf_attr(n, "class"), "stonith") == 0)
			put_device(out, n);
		else
			put_resource(out, n, NULL);
	}
	for (const xmlNode *n = cf_section(doc, "constraints")->children; n; n = n->next)
		put_constraint(out, n);
	for (const xmlNode *n = topology ? topology->children : NULL; n; n = n->next)
		fprintf(out, "pcs stonith level add %s %s %s\n", cf_attr(n, "index"), cf_attr(n, "target"), cf_attr(n, "devices"));
	put_properties(out, doc);
	for (const xmlNode *n = resources->children; n; n = n->next)
		if (cf_is(n, "primitive") && strcmp(cf_attr(n, "class"), "stonith") != 0)
			fprintf(out, "pcs resource enable %s\n", cf_attr(n, "id"));
}
