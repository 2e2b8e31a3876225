// SPDX-License-Identifier: GPL-2.0-or-later
/* The import's frame: what must be known before the walk along the file, the walk, and what follows from it. */
#include "crm-config/safekit_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crm-config/safekit_int.h"

static bool under(const struct sk_doc *doc, const struct sk_elem *e, const char *name, const char *parent)
{
	const struct sk_elem *in = sk_parent(doc, e);
	return strcmp(e->name, name) == 0 && in && strcmp(in->name, parent) == 0;
}

/* <user><var name="NAME">, NULL: none. */
static const struct sk_attr *var(const struct sk_doc *doc, const char *name)
{
	for (unsigned i = 0; i < doc->elems; i++)
		if (under(doc, &doc->elem[i], "var", "user") && strcmp(sk_value(doc, &doc->elem[i], "name"), name) == 0)
			return sk_attr(doc, &doc->elem[i], "value");
	return NULL;
}

static int find_service(struct sk_import *m)
{
	const struct sk_elem *found = NULL;
	for (unsigned i = 0; i < m->doc->elems; i++) {
		const struct sk_elem *e = &m->doc->elem[i];
		if (!under(m->doc, e, "service", "safe"))
			continue;
		if (found)
			return sk_bad(m, e->line, "a second <service> (the first is in line %u); a module has one", found->line);
		found = e;
	}
	if (!found)
		return vt_fail(m->fail, -EINVAL, "%s: no <service> in <safe>: not a module's configuration", m->doc->path);
	return 0;
}

/* ---- the unit's and the domain's name ------------------------------------------------------------------- */

/* A unit's name from a domain's: small letters, and '-' for what it can't have. */
static void unit_of_domain(const char *domain, char out[VT_UNIT_NAME_MAX + 1])
{
	size_t n = 0;
	for (; n < VT_UNIT_NAME_MAX && domain[n]; n++) {
		char c = domain[n];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		out[n] = strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", c) ? c : '-';
	}
	out[n] = '\0';
}

/* VM_NAME of the scripts' variables, else of the macros, else NULL. */
static const struct sk_attr *find_domain(struct sk_import *m)
{
	const struct sk_attr *a = var(m->doc, "VM_NAME");
	if (a && a->value[0])
		return a;
	a = sk_macro(m->doc, "VM_NAME");
	m->plan.name_of_macro = a && a->value[0];
	return m->plan.name_of_macro ? a : NULL;
}

static int name_unit(struct sk_import *m)
{
	struct sk_plan *p = &m->plan;
	const char *unit = m->want->unit;
	const struct sk_attr *domain = find_domain(m);
	if (!domain && !unit)
		return vt_fail(m->fail, -EINVAL, "%s: neither <var name=\"VM_NAME\"> nor the macro VM_NAME says what the VM is called; say --unit NAME",
			       m->doc->path);
	if (unit && !vt_unit_name_ok(unit))
		return vt_fail(m->fail, -EINVAL, "--unit '%.80s' can't be a unit's name: 1 to %d of a-z 0-9 . _ -, beginning with a letter or digit, and not vmtwind",
			       unit, VT_UNIT_NAME_MAX);
	snprintf(p->domain, sizeof p->domain, "%s", domain ? domain->value : unit);
	p->domain_line = domain ? domain->line : 0;
	if (unit)
		snprintf(p->unit, sizeof p->unit, "%s", unit);
	else
		unit_of_domain(p->domain, p->unit);
	if (!vt_unit_name_ok(p->unit))
		return sk_bad(m, p->domain_line, "VM_NAME '%.80s' can't be made a unit's name; say --unit NAME", p->domain);
	struct vt_fail why = {.code = 0};
	if (cf_unit_name_fits(p->unit, &why) < 0)
		return unit ? vt_fail(m->fail, -EINVAL, "--unit: %s", why.text)
			    : sk_bad(m, p->domain_line, "VM_NAME '%.80s': %s: --unit NAME", p->domain, why.text);
	snprintf(m->out->name, sizeof m->out->name, "%s", p->unit);
	return 0;
}

/* ---- the directory -------------------------------------------------------------------------------------- */

/* Without '/' at the end or twice in a row. */
static void clean_path(const char *path, char *out)
{
	size_t n = 0;
	for (const char *c = path; *c && n < SK_VALUE_MAX - 1; c++)
		if (*c != '/' || n == 0 || out[n - 1] != '/')
			out[n++] = *c;
	while (n > 1 && out[n - 1] == '/')
		n--;
	out[n] = '\0';
}

static bool is_path(const char *dir, const char *wanted)
{
	char a[SK_VALUE_MAX], b[SK_VALUE_MAX];
	clean_path(dir, a);
	clean_path(wanted, b);
	return strcmp(a, b) == 0;
}

/* What the module calls the VM's directory: the scripts' variable, or the macro, with the VM's name behind it or without. */
static bool is_vm_path(const struct sk_import *m, const char *dir)
{
	const struct sk_attr *said = var(m->doc, "VM_PATH"), *macro = sk_macro(m->doc, "VM_PATH");
	char joined[2 * SK_VALUE_MAX + 2];
	if (said && is_path(dir, said->value))
		return true;
	if (!macro)
		return false;
	snprintf(joined, sizeof joined, "%s/%s", macro->value, m->plan.domain);
	return is_path(dir, joined) || is_path(dir, macro->value);
}

/* The directory that the module calls the VM's; else the first one. */
static int find_directory(struct sk_import *m)
{
	struct sk_plan *p = &m->plan;
	const struct sk_elem *first = NULL, *best = NULL;
	for (unsigned i = 0; i < m->doc->elems; i++) {
		const struct sk_elem *e = &m->doc->elem[i];
		const char *dir = sk_value(m->doc, e, "dir");
		if (!under(m->doc, e, "replicated", "rfs") || !dir[0])
			continue;
		first = first ? first : e;
		if (!best && is_vm_path(m, dir))
			best = e;
	}
	p->main_dir = best ? best : first;
	if (!p->main_dir)
		return vt_fail(m->fail, -EINVAL, "%s: no <replicated dir=\"...\"> in <rfs>: there is no directory to mirror", m->doc->path);
	const struct sk_attr *dir = sk_attr(m->doc, p->main_dir, "dir");
	p->dir_line = dir->line;
	if (dir->value[0] != '/')
		return sk_bad(m, dir->line, "replicated dir=\"%.80s\": not an absolute path of Linux", dir->value);
	clean_path(dir->value, p->directory);
	return 0;
}

/* ---- what follows ----------------------------------------------------------------------------------------- */

static void ask_for_hosts(struct sk_import *m)
{
	if (!m->plan.hosts_known)
		sk_todo(m, "hosts = host1 host2", "the two hosts' cluster node names (`crm_node -l` lists them); userconfig.xml doesn't have them, cluster.xml does");
}

/* What must be known before the attributes are looked at one by one. */
static int prepare(struct sk_import *m)
{
	int rc = find_service(m);
	if (rc == 0)
		rc = name_unit(m);
	if (rc == 0)
		rc = find_directory(m);
	if (rc == 0)
		rc = sk_plan_prove_names(m);
	if (rc == 0)
		rc = sk_cluster_take(m);
	if (rc == 0)
		rc = sk_cluster_rings(m);
	if (rc == 0)
		ask_for_hosts(m);
	return rc;
}

/* A service of another mode is refused before anything else is complained of. */
static int refuse_other_modes(struct sk_import *m)
{
	for (unsigned i = 0; i < m->doc->elems; i++) {
		const struct sk_elem *e = &m->doc->elem[i];
		const struct sk_attr *mode = sk_attr(m->doc, e, "mode");
		if (under(m->doc, e, "service", "safe") && (!mode || strcmp(mode->value, "mirror") != 0))
			return sk_take_mode(m, e, mode);
	}
	return 0;
}

static int import(struct sk_import *m)
{
	int rc = refuse_other_modes(m);
	if (rc == 0)
		rc = prepare(m);
	if (rc == 0)
		rc = sk_rules_apply(m);
	if (rc < 0)
		return rc;
	sk_cluster_report(m);
	return sk_plan_text(m);
}

int sk_map(const struct sk_doc *module, const struct sk_doc *cluster, const struct sk_want *want, struct sk_result *out,
	   struct vt_fail *fail)
{
	size_t len = 0;
	*out = (struct sk_result){.conf = NULL};
	struct sk_import *m = calloc(1, sizeof *m);
	if (!m)
		return vt_fail(fail, -ENOMEM, "out of memory");
	*m = (struct sk_import){.module = module, .cluster_doc = cluster, .doc = module, .want = want, .out = out, .fail = fail};
	m->report = open_memstream(&out->report, &len);
	int rc = m->report ? import(m) : vt_fail(fail, -ENOMEM, "out of memory");
	if (m->report && fclose(m->report) != 0 && rc == 0)
		rc = vt_fail(fail, -ENOMEM, "out of memory");
	free(m);
	if (rc < 0)
		sk_result_free(out);
	return rc;
}

void sk_result_free(struct sk_result *r)
{
	free(r->conf);
	free(r->report);
	r->conf = r->report = NULL;
}
