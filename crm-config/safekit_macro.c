// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Macros. Each macro's value is worked out once, so the work is bounded by the file's length times SK_VALUE_MAX, however they
 * refer to each other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crm-config/safekit.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

enum { NOT_YET, UNDER_WAY, DONE };

/* A value as it grows. */
struct piece {
	char text[SK_VALUE_MAX];
	size_t len;
	bool full;
};

static void add(struct piece *p, const char *text, size_t len)
{
	if (len >= sizeof p->text - p->len) {
		p->full = true;
		return;
	}
	memcpy(p->text + p->len, text, len);
	p->len += len;
	p->text[p->len] = '\0';
}

static struct sk_macro *find(struct sk_doc *doc, const char *name, size_t len)
{
	for (unsigned i = 0; i < doc->macros; i++) {
		const char *known = doc->attr[doc->macro[i].name].value;
		if (strlen(known) == len && memcmp(known, name, len) == 0)
			return &doc->macro[i];
	}
	return NULL;
}

static int expand(struct sk_doc *doc, struct sk_attr *a, struct vt_fail *fail);

static int settle(struct sk_doc *doc, struct sk_macro *m, const struct sk_attr *user, struct vt_fail *fail)
{
	if (m->state == UNDER_WAY)
		return vt_fail(fail, -EINVAL, "%s:%u: the macro '%.60s' is defined by itself", doc->path, user->line,
			       doc->attr[m->name].value);
	if (m->state == DONE)
		return 0;
	m->state = UNDER_WAY;
	int rc = expand(doc, &doc->attr[m->value], fail);
	m->state = DONE;
	return rc;
}

/* What stands between two '%'. */
static int put_macro(struct sk_doc *doc, const struct sk_attr *user, const char *name, size_t len, struct piece *out,
		     struct vt_fail *fail)
{
	struct sk_macro *m = find(doc, name, len);
	if (!m)
		return vt_fail(fail, -EINVAL,
			       "%s:%u: %s: the macro '%%%.*s%%' is not defined; add <macro name=\"%.*s\" value=\"...\"/>, or write the "
			       "value itself",
			       doc->path, user->line, user->name, (int)len, name, (int)len, name);
	m->used = true;
	int rc = settle(doc, m, user, fail);
	if (rc == 0)
		add(out, doc->attr[m->value].value, strlen(doc->attr[m->value].value));
	return rc;
}

static int expand_into(struct sk_doc *doc, const struct sk_attr *a, struct piece *out, struct vt_fail *fail)
{
	for (const char *at = a->value; *at;) {
		size_t name = *at == '%' ? strspn(at + 1, NAME_CHARS) : 0;
		if (name == 0 || name >= SK_NAME_MAX || at[1 + name] != '%') {
			add(out, at++, 1);
			continue;
		}
		int rc = put_macro(doc, a, at + 1, name, out, fail);
		if (rc < 0)
			return rc;
		at += name + 2;
	}
	return 0;
}

/* Replaces the value of a by what it becomes. */
static int expand(struct sk_doc *doc, struct sk_attr *a, struct vt_fail *fail)
{
	if (!strchr(a->value, '%'))
		return 0;
	struct piece *out = calloc(1, sizeof *out);
	if (!out)
		return vt_fail(fail, -ENOMEM, "out of memory");
	int rc = expand_into(doc, a, out, fail);
	if (rc == 0 && out->full)
		rc = vt_fail(fail, -EINVAL, "%s:%u: %s: with its macros put in, the value is longer than %d bytes", doc->path, a->line,
			     a->name, SK_VALUE_MAX - 1);
	char *text = rc == 0 ? strdup(out->text) : NULL;
	free(out);
	if (rc < 0)
		return rc;
	if (!text)
		return vt_fail(fail, -ENOMEM, "out of memory");
	free(a->value);
	a->value = text;
	return 0;
}

static int define(struct sk_doc *doc, const struct sk_elem *e, struct vt_fail *fail)
{
	const struct sk_attr *name = sk_attr(doc, e, "name"), *value = sk_attr(doc, e, "value");
	if (!name || !value)
		return vt_fail(fail, -EINVAL, "%s:%u: a macro needs name=\"...\" and value=\"...\"", doc->path, e->line);
	size_t len = strspn(name->value, NAME_CHARS);
	if (len == 0 || len >= SK_NAME_MAX || name->value[len])
		return vt_fail(fail, -EINVAL, "%s:%u: '%.60s' can't be a macro's name: 1 to %d letters, digits, '_', '-' and '.'",
			       doc->path, name->line, name->value, SK_NAME_MAX - 1);
	const struct sk_macro *other = find(doc, name->value, len);
	if (other)
		return vt_fail(fail, -EINVAL, "%s:%u: the macro '%s' is already defined in line %u", doc->path, name->line, name->value,
			       doc->attr[other->name].line);
	if (doc->macros == SK_MACROS_MAX)
		return vt_fail(fail, -EINVAL, "%s:%u: more than %d macros", doc->path, e->line, SK_MACROS_MAX);
	doc->macro[doc->macros++] = (struct sk_macro){.name = (unsigned)(name - doc->attr), .value = (unsigned)(value - doc->attr)};
	return 0;
}

int sk_macros(struct sk_doc *doc, struct vt_fail *fail)
{
	int rc = 0;
	for (unsigned i = 0; i < doc->elems && rc == 0; i++)
		if (strcmp(doc->elem[i].name, "macro") == 0)
			rc = define(doc, &doc->elem[i], fail);
	for (unsigned i = 0; i < doc->macros && rc == 0; i++)
		rc = settle(doc, &doc->macro[i], &doc->attr[doc->macro[i].value], fail);
	for (unsigned i = 0; i < doc->attrs && rc == 0; i++) {
		bool value = false;
		for (unsigned k = 0; k < doc->macros && !value; k++)
			value = doc->macro[k].value == i;
		if (!value)
			rc = expand(doc, &doc->attr[i], fail);
	}
	return rc;
}

const struct sk_attr *sk_macro(const struct sk_doc *doc, const char *name)
{
	for (unsigned i = 0; i < doc->macros; i++)
		if (strcmp(doc->attr[doc->macro[i].name].value, name) == 0)
			return &doc->attr[doc->macro[i].value];
	return NULL;
}

bool sk_macro_used(const struct sk_doc *doc, const char *name)
{
	for (unsigned i = 0; i < doc->macros; i++)
		if (doc->macro[i].used && strcmp(doc->attr[doc->macro[i].name].value, name) == 0)
			return true;
	return false;
}
