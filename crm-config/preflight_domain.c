// SPDX-License-Identifier: GPL-2.0-or-later
/* What the preflight takes out of libvirt's XML. No network, no DTD, no entities. */
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

#include "crm-config/preflight_int.h"

#define XML_MAX (4u << 20)

static bool is(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

static xmlNode *child(const xmlNode *n, const char *name)
{
	for (xmlNode *c = n ? n->children : NULL; c; c = c->next)
		if (is(c, name))
			return c;
	return NULL;
}

static const char *attr(const xmlNode *n, const char *name)
{
	const xmlAttr *a = n ? xmlHasProp((xmlNode *)n, (const xmlChar *)name) : NULL;
	return a && a->children && a->children->content ? (const char *)a->children->content : "";
}

static const char *text_of(const xmlNode *n)
{
	return n && n->children && n->children->content ? (const char *)n->children->content : "";
}

static void copy(char *out, size_t cap, const char *text)
{
	snprintf(out, cap, "%.*s", (int)cap - 1, text);
}

/* NULL: no XML, or it has a DOCTYPE. */
static xmlDoc *read_xml(const char *xml)
{
	size_t len = strlen(xml);
	int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS;
	xmlDoc *doc = len < XML_MAX ? xmlReadMemory(xml, (int)len, "libvirt", NULL, options) : NULL;
	if (doc && doc->intSubset) {
		xmlFreeDoc(doc);
		return NULL;
	}
	return doc;
}

static void take_disk(struct pf_domain *d, const xmlNode *n)
{
	const char *kind = attr(n, "device");
	d->more_disks = d->more_disks || d->disks == PF_DISKS_MAX;
	if (d->disks == PF_DISKS_MAX)
		return;
	struct pf_vdisk *v = &d->disk[d->disks++];
	v->file = strcmp(attr(n, "type"), "file") == 0 || !attr(n, "type")[0];
	v->writable = strcmp(kind, "cdrom") != 0 && strcmp(kind, "floppy") != 0 && !child(n, "readonly");
	copy(v->target, sizeof v->target, attr(child(n, "target"), "dev"));
	copy(v->cache, sizeof v->cache, attr(child(n, "driver"), "cache"));
	copy(v->format, sizeof v->format, attr(child(n, "driver"), "type"));
	copy(v->source, sizeof v->source, attr(child(n, "source"), v->file ? "file" : "dev"));
}

int pf_domain_parse(struct pf_domain *d, const char *xml, struct vt_fail *fail)
{
	xmlDoc *doc = read_xml(xml);
	const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	/* a domain with snapshots or of a managed save lies one deeper */
	const xmlNode *dom = root && is(root, "domain") ? root : child(root, "domain");
	if (!dom) {
		xmlFreeDoc(doc);
		return vt_fail(fail, -EINVAL, "it is not a domain's XML");
	}
	copy(d->machine, sizeof d->machine, attr(child(child(dom, "os"), "type"), "machine"));
	copy(d->cpu_mode, sizeof d->cpu_mode, attr(child(dom, "cpu"), "mode"));
	const xmlNode *devices = child(dom, "devices");
	for (const xmlNode *n = devices ? devices->children : NULL; n; n = n->next)
		if (is(n, "disk"))
			take_disk(d, n);
	xmlFreeDoc(doc);
	return 0;
}

static bool listed(const char *list, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

/* Machine types of one <guest>; several guests of the same architecture (32 bits, another OS type) repeat them. */
static void take_machines(struct pf_facts *facts, const xmlNode *arch)
{
	static const char more[] = " ...";
	for (const xmlNode *n = arch->children; n; n = n->next) {
		size_t len = strlen(facts->machines);
		const char *name = text_of(n);
		if (!is(n, "machine") || !name[0] || strpbrk(name, " \t\n") || listed(facts->machines, name))
			continue;
		if (len + strlen(name) + sizeof more + 1 > sizeof facts->machines) {
			memcpy(facts->machines + len, more, sizeof more);
			return;
		}
		snprintf(facts->machines + len, sizeof facts->machines - len, "%s%s", len ? " " : "", name);
	}
}

int pf_capabilities_parse(struct pf_facts *facts, const char *xml, const char *arch)
{
	xmlDoc *doc = read_xml(xml);
	const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	if (!root || !is(root, "capabilities")) {
		xmlFreeDoc(doc);
		return -EINVAL;
	}
	const xmlNode *cpu = child(child(root, "host"), "cpu");
	const char *vendor = text_of(child(cpu, "vendor")), *model = text_of(child(cpu, "model"));
	snprintf(facts->cpu, sizeof facts->cpu, "%.40s%s%.80s", vendor, vendor[0] && model[0] ? " " : "", model);
	for (const xmlNode *n = root->children; n; n = n->next) {
		const xmlNode *a = is(n, "guest") ? child(n, "arch") : NULL;
		if (a && strcmp(attr(a, "name"), arch) == 0 && !strstr(facts->machines, " ..."))
			take_machines(facts, a);
	}
	xmlFreeDoc(doc);
	return 0;
}
