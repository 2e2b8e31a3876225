// SPDX-License-Identifier: GPL-2.0-or-later
/* As the text of `crm configure`, to be loaded by `crm configure load update FILE`. */
#include <errno.h>
#include <string.h>

#include "crm-config/emit.h"

static void put_value(FILE *out, const char *text)
{
	if (text[0] && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:/@%+") == strlen(text)) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void put_pairs(FILE *out, const xmlNode *rsc, const char *kind, const char *word)
{
	const xmlNode *in = cf_child(rsc, kind);
	if (!in)
		return;
	fprintf(out, " \\\n\t%s", word);
	for (const xmlNode *n = in->children; n; n = n->next) {
		if (!cf_is(n, "nvpair"))
			continue;
		fprintf(out, " %s=", cf_attr(n, "name"));
		put_value(out, cf_attr(n, "value"));
	}
}

static void put_primitive(FILE *out, const xmlNode *prim)
{
	static const char *const attributes[] = {"interval", "timeout", "role"};
	const xmlNode *in = cf_child(prim, "operations");
	const char *provider = cf_attr(prim, "provider");
	fprintf(out, "primitive %s %s:%s%s%s", cf_attr(prim, "id"), cf_attr(prim, "class"), provider, provider[0] ? ":" : "", cf_attr(prim, "type"));
	put_pairs(out, prim, "instance_attributes", "params");
	put_pairs(out, prim, "meta_attributes", "meta");
	for (const xmlNode *n = in ? in->children : NULL; n; n = n->next) {
		fprintf(out, " \\\n\top %s", cf_attr(n, "name"));
		for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
			if (cf_attr(n, attributes[i])[0])
				fprintf(out, " %s=%s", attributes[i], cf_attr(n, attributes[i]));
	}
	fputc('\n', out);
}

static void put_clone(FILE *out, const xmlNode *clone)
{
	const xmlNode *prim = cf_child(clone, "primitive");
	put_primitive(out, prim);
	fprintf(out, "clone %s %s", cf_attr(clone, "id"), cf_attr(prim, "id"));
	put_pairs(out, clone, "meta_attributes", "meta");
	fputc('\n', out);
}

/* crm calls infinity inf. */
static const char *score(const xmlNode *n)
{
	const char *text = cf_attr(n, "score");
	return strcmp(text, "INFINITY") == 0 ? "inf" : strcmp(text, "-INFINITY") == 0 ? "-inf" : text;
}

static void put_rule(FILE *out, const xmlNode *location)
{
	const xmlNode *rule = cf_child(location, "rule");
	bool first = true;
	fprintf(out, "location %s %s \\\n\trule $id=%s $role=%s %s:", cf_attr(location, "id"), cf_attr(location, "rsc"), cf_attr(rule, "id"),
		cf_attr(rule, "role"), score(rule));
	for (const xmlNode *n = rule->children; n; n = n->next) {
		const char *type = cf_attr(n, "type");
		if (!cf_is(n, "expression"))
			continue;
		fprintf(out, "%s %s %s%s%s ", first ? "" : " and", cf_attr(n, "attribute"), type, type[0] ? ":" : "", cf_attr(n, "operation"));
		put_value(out, cf_attr(n, "value"));
		first = false;
	}
	fputc('\n', out);
}

static void put_constraint(FILE *out, const xmlNode *n)
{
	if (cf_is(n, "rsc_colocation"))
		fprintf(out, "colocation %s %s: %s:%s %s:%s\n", cf_attr(n, "id"), score(n), cf_attr(n, "rsc"), cf_attr(n, "rsc-role"),
			cf_attr(n, "with-rsc"), cf_attr(n, "with-rsc-role"));
	else if (cf_is(n, "rsc_order"))
		fprintf(out, "order %s Mandatory: %s:%s %s:%s\n", cf_attr(n, "id"), cf_attr(n, "first"), cf_attr(n, "first-action"), cf_attr(n, "then"),
			cf_attr(n, "then-action"));
	else if (cf_is(n, "rsc_location") && cf_child(n, "rule"))
		put_rule(out, n);
	else if (cf_is(n, "rsc_location"))
		fprintf(out, "location %s %s %s: %s\n", cf_attr(n, "id"), cf_attr(n, "rsc"), score(n), cf_attr(n, "node"));
}

static void put_topology(FILE *out, const xmlNode *topology)
{
	const char *target = "";
	if (!topology)
		return;
	fputs("fencing_topology", out);
	for (const xmlNode *n = topology->children; n; n = n->next) {
		if (strcmp(target, cf_attr(n, "target")) != 0)
			fprintf(out, " \\\n\t%s:", cf_attr(n, "target"));
		fprintf(out, " %s", cf_attr(n, "devices"));
		target = cf_attr(n, "target");
	}
	fputc('\n', out);
}

static void put_properties(FILE *out, const xmlNode *config)
{
	const xmlNode *in = cf_child(config, "cluster_property_set");
	if (!in)
		return;
	fputs("property cib-bootstrap-options:", out);
	for (const xmlNode *n = in->children; n; n = n->next)
		fprintf(out, " \\\n\t%s=%s", cf_attr(n, "name"), cf_attr(n, "value"));
	fputc('\n', out);
}

static bool is_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return *text == '\0';
}

/* The first nvpair below n that crm would spoil, or NULL. */
static const xmlNode *beyond_ascii(const xmlNode *n)
{
	for (const xmlNode *c = n ? n->children : NULL; c; c = c->next) {
		const xmlNode *found = cf_is(c, "nvpair") && !is_ascii(cf_attr(c, "value")) ? c : beyond_ascii(c);
		if (found)
			return found;
	}
	return NULL;
}

int cf_crm_can(const xmlDoc *doc, struct vt_fail *fail)
{
	const xmlNode *n = beyond_ascii(cf_configuration(doc));
	if (!n)
		return 0;
	return vt_fail(fail, -ENOTSUP, "%s = '%s' of resource %s: crm (crmsh) spoils what is not ASCII: it would write &#...; in place of such a character; use "
		       "vmtwin-config apply, or the formats pcs or cib",
		       cf_attr(n, "name"), cf_attr(n, "value"), cf_attr(n->parent->parent, "id"));
}

void cf_emit_crm(FILE *out, const xmlDoc *doc)
{
	fputs("# crm configure load update FILE\n", out);
	for (const xmlNode *n = cf_section(doc, "resources")->children; n; n = n->next) {
		if (cf_is(n, "clone"))
			put_clone(out, n);
		else
			put_primitive(out, n);
	}
	for (const xmlNode *n = cf_section(doc, "constraints")->children; n; n = n->next)
		put_constraint(out, n);
	put_topology(out, cf_section(doc, "fencing-topology"));
	put_properties(out, cf_section(doc, "crm_config"));
}
