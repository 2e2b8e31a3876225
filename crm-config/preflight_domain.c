// SPDX-License-Identifier: GPL-2.0-or-later
/* What the preflight takes out of libvirt's XML. No network, no DTD, no entities. */
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

#include "crm-config/preflight_int.h"
#include "crm-config/preflight_xml.h"

#define XML_MAX (4u << 20)

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
	const char *kind = pf_xml_attr(n, "device");
	d->more_disks = d->more_disks || d->disks == PF_DISKS_MAX;
	if (d->disks == PF_DISKS_MAX)
		return;
	struct pf_vdisk *v = &d->disk[d->disks++];
	v->file = strcmp(pf_xml_attr(n, "type"), "file") == 0 || !pf_xml_attr(n, "type")[0];
	v->writable = strcmp(kind, "cdrom") != 0 && strcmp(kind, "floppy") != 0 && !pf_xml_child(n, "readonly");
	pf_xml_copy(v->target, sizeof v->target, pf_xml_attr(pf_xml_child(n, "target"), "dev"));
	pf_xml_copy(v->cache, sizeof v->cache, pf_xml_attr(pf_xml_child(n, "driver"), "cache"));
	pf_xml_copy(v->format, sizeof v->format, pf_xml_attr(pf_xml_child(n, "driver"), "type"));
	pf_xml_copy(v->source, sizeof v->source, pf_xml_attr(pf_xml_child(n, "source"), v->file ? "file" : "dev"));
	v->optional = strcmp(pf_xml_attr(pf_xml_child(n, "source"), "startupPolicy"), "optional") == 0;
	pf_chain_take(d, v, n);
}

int pf_domain_parse(struct pf_domain *d, const char *xml, struct vt_fail *fail)
{
	xmlDoc *doc = read_xml(xml);
	const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	/* a domain with snapshots or of a managed save lies one deeper */
	const xmlNode *dom = root && pf_xml_is(root, "domain") ? root : pf_xml_child(root, "domain");
	if (!dom) {
		xmlFreeDoc(doc);
		return vt_fail(fail, -EINVAL, "it is not a domain's XML");
	}
	pf_xml_copy(d->machine, sizeof d->machine, pf_xml_attr(pf_xml_child(pf_xml_child(dom, "os"), "type"), "machine"));
	pf_xml_copy(d->cpu_mode, sizeof d->cpu_mode, pf_xml_attr(pf_xml_child(dom, "cpu"), "mode"));
	const xmlNode *devices = pf_xml_child(dom, "devices");
	for (const xmlNode *n = devices ? devices->children : NULL; n; n = n->next)
		if (pf_xml_is(n, "disk"))
			take_disk(d, n);
	pf_needs_take(d, dom);
	xmlFreeDoc(doc);
	return 0;
}

/* Machine types of one <guest>; several guests of the same architecture (32 bits, another OS type) repeat them. */
static void take_machines(struct pf_facts *facts, const xmlNode *arch)
{
	for (const xmlNode *n = arch->children; n; n = n->next)
		if (pf_xml_is(n, "machine") && !pf_word_add(facts->machines, sizeof facts->machines, pf_xml_text(n)))
			return;
}

int pf_capabilities_parse(struct pf_facts *facts, const char *xml, const char *arch)
{
	xmlDoc *doc = read_xml(xml);
	const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	if (!root || !pf_xml_is(root, "capabilities")) {
		xmlFreeDoc(doc);
		return -EINVAL;
	}
	const xmlNode *cpu = pf_xml_child(pf_xml_child(root, "host"), "cpu");
	const char *vendor = pf_xml_text(pf_xml_child(cpu, "vendor")), *model = pf_xml_text(pf_xml_child(cpu, "model"));
	snprintf(facts->cpu, sizeof facts->cpu, "%.40s%s%.80s", vendor, vendor[0] && model[0] ? " " : "", model);
	for (const xmlNode *n = root->children; n; n = n->next) {
		const xmlNode *a = pf_xml_is(n, "guest") ? pf_xml_child(n, "arch") : NULL;
		if (a && strcmp(pf_xml_attr(a, "name"), arch) == 0)
			take_machines(facts, a);
	}
	xmlFreeDoc(doc);
	return 0;
}
