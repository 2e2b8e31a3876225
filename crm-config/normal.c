// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/normal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "crm-config/cib.h"
#include "base/secret.h"

#define LINE_MAX_BYTES 2048

static void say(struct cf_lines *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct cf_lines *l, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (l->count == l->room) {
		unsigned room = l->room ? l->room * 2 : 64;
		char **more = reallocarray(l->line, room, sizeof *more);
		if (!more) {
			l->failed = true;
			return;
		}
		l->line = more;
		l->room = room;
	}
	l->line[l->count] = strdup(text);
	if (l->line[l->count])
		l->count++;
	else
		l->failed = true;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct cf_lines sorted(struct cf_lines l)
{
	if (l.count > 0)
		qsort(l.line, l.count, sizeof *l.line, by_text);
	return l;
}

void cf_lines_free(struct cf_lines *l)
{
	for (unsigned i = 0; i < l->count; i++)
		free(l->line[i]);
	free(l->line);
	*l = (struct cf_lines){0};
}

bool cf_lines_same(const struct cf_lines *a, const struct cf_lines *b)
{
	if (a->count != b->count || a->failed || b->failed)
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (strcmp(a->line[i], b->line[i]) != 0)
			return false;
	return true;
}

/* For people: the value of a secret is not shown. */
static void show(FILE *out, char sign, const char *line)
{
	const char *name = strstr(line, ": param ");
	size_t size = name ? strcspn(name + 8, "=") : 0;
	char text[128];
	if (size > 0 && size < sizeof text) {
		snprintf(text, sizeof text, "%.*s", (int)size, name + 8);
		if (vt_is_secret(text)) {
			fprintf(out, "%c %.*s=(not shown)\n", sign, (int)(name + 8 + size - line), line);
			return;
		}
	}
	fprintf(out, "%c %s\n", sign, line);
}

unsigned cf_lines_diff(FILE *out, const struct cf_lines *before, const struct cf_lines *after)
{
	unsigned i = 0, k = 0, found = 0;
	while (i < before->count || k < after->count) {
		int order = i == before->count ? 1 : k == after->count ? -1 : strcmp(before->line[i], after->line[k]);
		if (order < 0)
			show(out, '-', before->line[i++]);
		else if (order > 0)
			show(out, '+', after->line[k++]);
		else
			i++, k++;
		found += order != 0;
	}
	return found;
}

/* ---- words that mean the same ----------------------------------------------------------------------------- */

/* The names of before Pacemaker 2.1. */
static const char *role_of(const char *role)
{
	if (strcmp(role, "Master") == 0)
		return "Promoted";
	if (strcmp(role, "Slave") == 0)
		return "Unpromoted";
	return role[0] ? role : "Started";
}

static const char *or(const char *text, const char *otherwise)
{
	return text[0] ? text : otherwise;
}

static unsigned long ms_of(const char *text)
{
	uint32_t ms = 0;
	return cf_time_parse(text, &ms) ? ms : 0;
}

/* ---- resources -------------------------------------------------------------------------------------------- */

static void say_expressions(char *out, size_t cap, const xmlNode *rule)
{
	size_t at = 0;
	out[0] = '\0';
	for (const xmlNode *n = rule->children; n && at < cap; n = n->next)
		if (cf_is(n, "expression"))
			at += (size_t)snprintf(out + at, cap - at, "%s%s %s %s%s%s", at ? " and " : "", cf_attr(n, "attribute"), cf_attr(n, "operation"),
					       cf_attr(n, "type"), cf_attr(n, "type")[0] ? " " : "", cf_attr(n, "value"));
		else if (n->type == XML_ELEMENT_NODE)
			at += (size_t)snprintf(out + at, cap - at, "%s%s %s", at ? " and " : "", n->name, cf_attr(n, "id"));
	if (strcmp(or(cf_attr(rule, "boolean-op"), "and"), "and") != 0 && at < cap)
		snprintf(out + at, cap - at, " (by %s)", cf_attr(rule, "boolean-op"));
}

/* " where ... (set ID)" of a set that a rule switches, else "". */
static void rule_of(char *out, size_t cap, const xmlNode *set)
{
	char text[1024];
	const xmlNode *rule = cf_child(set, "rule");
	out[0] = '\0';
	if (!rule)
		return;
	say_expressions(text, sizeof text, rule);
	snprintf(out, cap, " where %s (set %s)", text, cf_attr(set, "id"));
}

static void say_pairs(struct cf_lines *l, const xmlNode *n, const char *kind, const char *word)
{
	for (const xmlNode *in = n->children; in; in = in->next) {
		char rule[1280] = "";
		if (!cf_is(in, kind))
			continue;
		rule_of(rule, sizeof rule, in);
		for (const xmlNode *p = in->children; p; p = p->next)
			if (cf_is(p, "nvpair"))
				say(l, "%s %s: %s %s=%s%s", n->name, cf_attr(n, "id"), word, cf_attr(p, "name"), cf_attr(p, "value"), rule);
	}
}

static void say_operation(struct cf_lines *l, const char *rsc, const xmlNode *op)
{
	char more[512] = "";
	size_t at = 0;
	for (const xmlAttr *a = op->properties; a; a = a->next) {
		const char *name = (const char *)a->name;
		if (strcmp(name, "id") == 0 || strcmp(name, "name") == 0 || strcmp(name, "interval") == 0 || strcmp(name, "timeout") == 0 ||
		    strcmp(name, "role") == 0)
			continue;
		at += (size_t)snprintf(more + at, sizeof more - at, " %s=%s", name, cf_attr(op, name));
		if (at >= sizeof more)
			break;
	}
	const char *timeout = cf_attr(op, "timeout"), *role = cf_attr(op, "role");
	unsigned long interval_ms = ms_of(cf_attr(op, "interval")), timeout_ms = ms_of(timeout);
	char every[48] = "", limit[32] = "by default";
	if (interval_ms)
		snprintf(every, sizeof every, " every %lu ms", interval_ms);
	if (timeout[0])
		snprintf(limit, sizeof limit, "%lu ms", timeout_ms);
	for (const xmlNode *in = op->children; in && at < sizeof more; in = in->next) /* what they give is said by their ids */
		if (in->type == XML_ELEMENT_NODE)
			at += (size_t)snprintf(more + at, sizeof more - at, " with %s %s", in->name, cf_attr(in, "id"));
	say(l, "primitive %s: op %s%s%s%s, timeout %s%s", rsc, cf_attr(op, "name"), every,
	    role[0] ? " as " : "", role[0] ? role_of(role) : "", limit, more);
}

static void say_operations(struct cf_lines *l, const xmlNode *prim)
{
	const xmlNode *ops = cf_child(prim, "operations");
	for (const xmlNode *op = ops ? ops->children : NULL; op; op = op->next)
		if (cf_is(op, "op"))
			say_operation(l, cf_attr(prim, "id"), op);
}

static void say_resource(struct cf_lines *l, const xmlNode *n)
{
	const char *id = cf_attr(n, "id");
	say_pairs(l, n, "meta_attributes", "meta");
	if (!cf_is(n, "primitive")) {
		for (const xmlNode *c = n->children; c; c = c->next)
			if (cf_is(c, "primitive") || cf_is(c, "group") || cf_is(c, "clone")) {
				say(l, "%s %s: of %s", n->name, id, cf_attr(c, "id"));
				say_resource(l, c);
			}
		return;
	}
	say(l, "primitive %s: %s:%s:%s", id, cf_attr(n, "class"), cf_attr(n, "provider"), cf_attr(n, "type"));
	say_pairs(l, n, "instance_attributes", "param");
	say_operations(l, n);
}

/* ---- constraints ------------------------------------------------------------------------------------------ */

static void say_location(struct cf_lines *l, const xmlNode *n, const char *rest)
{
	char text[1024];
	bool rules = false;
	for (const xmlNode *rule = n->children; rule; rule = rule->next) {
		if (!cf_is(rule, "rule"))
			continue;
		rules = true;
		say_expressions(text, sizeof text, rule);
		say(l, "location %s as %s: %s where %s%s", cf_attr(n, "rsc"), role_of(or(cf_attr(rule, "role"), cf_attr(n, "role"))),
		    or(cf_attr(rule, "score"), cf_attr(rule, "score-attribute")), text, rest);
	}
	if (!rules)
		say(l, "location %s as %s: %s on %s%s", cf_attr(n, "rsc"), role_of(cf_attr(n, "role")), cf_attr(n, "score"), cf_attr(n, "node"), rest);
}

/* What else a constraint says: such attributes and children change what it means. */
static void rest_of(char *out, size_t cap, const xmlNode *n)
{
	static const char *const told[] = {"id", "rsc", "rsc-role", "with-rsc", "with-rsc-role", "score", "first", "then", "first-action", "then-action",
					   "kind", "symmetrical", "node", "role"};
	size_t at = 0;
	out[0] = '\0';
	for (const xmlAttr *a = n->properties; a && at < cap; a = a->next) {
		bool known = false;
		for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
			known |= strcmp((const char *)a->name, told[i]) == 0;
		if (!known)
			at += (size_t)snprintf(out + at, cap - at, " %s=%s", a->name, cf_attr(n, (const char *)a->name));
	}
	for (const xmlNode *c = n->children; c && at < cap; c = c->next)
		if (c->type == XML_ELEMENT_NODE && !cf_is(c, "rule"))
			at += (size_t)snprintf(out + at, cap - at, " with %s %s", c->name, cf_attr(c, "id"));
}

static void say_constraint(struct cf_lines *l, const xmlNode *n)
{
	char rest[512];
	rest_of(rest, sizeof rest, n);
	if (cf_is(n, "rsc_location"))
		say_location(l, n, rest);
	else if (cf_is(n, "rsc_colocation"))
		say(l, "colocation %s as %s with %s as %s: %s%s", cf_attr(n, "rsc"), role_of(cf_attr(n, "rsc-role")), cf_attr(n, "with-rsc"),
		    role_of(cf_attr(n, "with-rsc-role")), cf_attr(n, "score"), rest);
	else if (cf_is(n, "rsc_order"))
		say(l, "order %s %s then %s %s: %s%s%s", or(cf_attr(n, "first-action"), "start"), cf_attr(n, "first"),
		    or(cf_attr(n, "then-action"), or(cf_attr(n, "first-action"), "start")), cf_attr(n, "then"), or(cf_attr(n, "kind"), "Mandatory"),
		    strcmp(or(cf_attr(n, "symmetrical"), "true"), "true") == 0 ? "" : " not symmetrical", rest);
	else
		say(l, "%s %s", n->name, cf_attr(n, "id"));
}

static void say_property(struct cf_lines *l, const xmlNode *n)
{
	char rule[1280];
	rule_of(rule, sizeof rule, n->parent);
	say(l, "property %s=%s%s", cf_attr(n, "name"), cf_attr(n, "value"), rule);
}

static void say_any(struct cf_lines *l, const xmlNode *n)
{
	const char *parent = n->parent ? (const char *)n->parent->name : "";
	if (n->type != XML_ELEMENT_NODE)
		return;
	if (strcmp(parent, "constraints") == 0)
		say_constraint(l, n);
	else if (cf_is(n, "fencing-level"))
		say(l, "level %s of %s: %s", cf_attr(n, "index"), or(cf_attr(n, "target"), "a pattern or attribute"), cf_attr(n, "devices"));
	else if (cf_is(n, "nvpair"))
		say_property(l, n);
	else
		say_resource(l, n);
}

struct cf_lines cf_normal_of(const xmlNode *n)
{
	struct cf_lines l = {0};
	say_any(&l, n);
	return sorted(l);
}

struct cf_lines cf_normal_operations(const xmlNode *prim)
{
	struct cf_lines l = {0};
	say_operations(&l, prim);
	return sorted(l);
}

struct cf_lines cf_normal(const xmlDoc *doc)
{
	static const char *const sections[] = {"resources", "constraints", "fencing-topology"};
	struct cf_lines l = {0};
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		const xmlNode *in = cf_section(doc, sections[i]);
		for (const xmlNode *n = in ? in->children : NULL; n; n = n->next)
			say_any(&l, n);
	}
	const xmlNode *config = cf_section(doc, "crm_config");
	for (const xmlNode *in = config ? config->children : NULL; in; in = in->next)
		for (const xmlNode *n = cf_is(in, "cluster_property_set") ? in->children : NULL; n; n = n->next)
			if (cf_is(n, "nvpair"))
				say_any(&l, n);
	return sorted(l);
}
