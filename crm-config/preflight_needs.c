// SPDX-License-Identifier: GPL-2.0-or-later
/* What a domain needs beside its disks, out of its XML. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crm-config/preflight_int.h"
#include "crm-config/preflight_xml.h"

#define NVRAM_DIR "/var/lib/libvirt/qemu/nvram" /* where libvirt puts it if the XML doesn't say */

void pf_need_add(struct pf_domain *d, enum pf_need_kind kind, const char *of, const char *name)
{
	if (!name[0] || strlen(name) >= VT_PATH_MAX)
		return;
	for (unsigned i = 0; i < d->needs; i++)
		if (d->need[i].kind == kind && strcmp(d->need[i].name, name) == 0 && strcmp(d->need[i].of, of) == 0)
			return;
	d->more_needs = d->more_needs || d->needs == PF_NEEDS_MAX;
	if (d->needs == PF_NEEDS_MAX)
		return;
	struct pf_need *n = &d->need[d->needs++];
	*n = (struct pf_need){.kind = kind};
	pf_xml_copy(n->of, sizeof n->of, of);
	pf_xml_copy(n->name, sizeof n->name, name);
}

/* ---- what the VM is booted by ------------------------------------------------------------------------------------ */

static const char *nvram_place(const xmlNode *nvram)
{
	const xmlNode *source = pf_xml_child(nvram, "source");
	if (!source)
		return pf_xml_text(nvram);
	return pf_xml_attr(source, strcmp(pf_xml_attr(nvram, "type"), "block") == 0 ? "dev" : "file");
}

static void take_nvram(struct pf_domain *d, const xmlNode *dom, const xmlNode *os)
{
	const xmlNode *nvram = pf_xml_child(os, "nvram"), *loader = pf_xml_child(os, "loader");
	bool uefi = strcmp(pf_xml_attr(os, "firmware"), "efi") == 0 || strcmp(pf_xml_attr(loader, "type"), "pflash") == 0;
	char place[VT_PATH_MAX];
	if ((!nvram && !uefi) || strcmp(pf_xml_attr(loader, "stateless"), "yes") == 0)
		return;
	snprintf(place, sizeof place, NVRAM_DIR "/%.200s_VARS.fd", pf_xml_text(pf_xml_child(dom, "name")));
	const char *told = nvram_place(nvram);
	bool elsewhere = strcmp(pf_xml_attr(nvram, "type"), "network") == 0;
	if (!elsewhere)
		pf_need_add(d, PF_N_NVRAM, "", told[0] && told[0] != '\n' ? told : place);
	pf_need_add(d, PF_N_TEMPLATE, "", pf_xml_attr(nvram, "template"));
}

static void take_os(struct pf_domain *d, const xmlNode *dom)
{
	static const struct {
		const char *element;
		enum pf_need_kind kind;
	} files[] = {{"loader", PF_N_FIRMWARE}, {"kernel", PF_N_KERNEL}, {"initrd", PF_N_INITRD}, {"dtb", PF_N_DTB}};
	const xmlNode *os = pf_xml_child(dom, "os");
	take_nvram(d, dom, os);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		pf_need_add(d, files[i].kind, "", pf_xml_text(pf_xml_child(os, files[i].element)));
}

/* ---- devices ------------------------------------------------------------------------------------------------------ */

/* <element type='TYPE'>...<source ATTR='NAME'/>. type "": none is told. */
static const struct source_row {
	const char *element, *type;
	enum pf_need_kind kind;
	const char *attr;
} sources[] = {
    {"interface", "bridge", PF_N_BRIDGE, "bridge"},
    {"interface", "direct", PF_N_LINK, "dev"},
    {"interface", "network", PF_N_NETWORK, "network"},
    {"filesystem", "", PF_N_SHARED, "dir"},
    {"filesystem", "mount", PF_N_SHARED, "dir"},
    {"filesystem", "file", PF_N_SHARED, "file"},
    {"serial", "file", PF_N_LOG, "path"},
    {"console", "file", PF_N_LOG, "path"},
    {"parallel", "file", PF_N_LOG, "path"},
    {"channel", "file", PF_N_LOG, "path"},
    {"serial", "dev", PF_N_LINE, "path"},
    {"console", "dev", PF_N_LINE, "path"},
    {"parallel", "dev", PF_N_LINE, "path"},
    {"channel", "dev", PF_N_LINE, "path"},
    {"serial", "pipe", PF_N_LINE, "path"},
    {"console", "pipe", PF_N_LINE, "path"},
    {"channel", "pipe", PF_N_LINE, "path"},
};

/* The path up to its last name. */
static void add_directory(struct pf_domain *d, const char *path)
{
	char dir[VT_PATH_MAX];
	const char *slash = strrchr(path, '/');
	pf_xml_copy(dir, sizeof dir, path);
	if (slash && slash > path && (size_t)(slash - path) < sizeof dir) {
		dir[slash - path] = '\0';
		pf_need_add(d, PF_N_LOG, "", dir);
	}
}

static void take_source(struct pf_domain *d, const xmlNode *n)
{
	const char *type = pf_xml_attr(n, "type");
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		const struct source_row *row = &sources[i];
		if (!pf_xml_is(n, row->element) || strcmp(type, row->type) != 0)
			continue;
		bool ovs = strcmp(pf_xml_attr(pf_xml_child(n, "virtualport"), "type"), "openvswitch") == 0;
		enum pf_need_kind kind = row->kind == PF_N_BRIDGE && ovs ? PF_N_LINK : row->kind;
		const char *name = pf_xml_attr(pf_xml_child(n, "source"), row->attr);
		if (kind == PF_N_LOG)
			add_directory(d, name);
		else
			pf_need_add(d, kind, "", name);
	}
}

static unsigned number(const xmlNode *address, const char *attr)
{
	return (unsigned)strtoul(pf_xml_attr(address, attr), NULL, 0);
}

static void take_pci(struct pf_domain *d, const xmlNode *source)
{
	const xmlNode *a = pf_xml_child(source, "address");
	char name[64];
	snprintf(name, sizeof name, "%04x:%02x:%02x.%x", number(a, "domain"), number(a, "bus"), number(a, "slot"), number(a, "function"));
	if (a)
		pf_need_add(d, PF_N_PCI, "", name);
}

static void take_usb(struct pf_domain *d, const xmlNode *source)
{
	const xmlNode *vendor = pf_xml_child(source, "vendor"), *product = pf_xml_child(source, "product");
	const xmlNode *address = pf_xml_child(source, "address");
	char name[64];
	if (vendor && product)
		snprintf(name, sizeof name, "USB %04x:%04x", number(vendor, "id"), number(product, "id"));
	else
		snprintf(name, sizeof name, "USB bus %u device %u", number(address, "bus"), number(address, "device"));
	pf_need_add(d, PF_N_DEVICE, "", name);
}

/* <hostdev>, and an interface that is a PCI device. */
static void take_passed(struct pf_domain *d, const xmlNode *n)
{
	const char *type = pf_xml_attr(n, "type");
	const xmlNode *source = pf_xml_child(n, "source");
	char name[64];
	bool interface = pf_xml_is(n, "interface");
	if (interface ? strcmp(type, "hostdev") != 0 : !pf_xml_is(n, "hostdev"))
		return;
	snprintf(name, sizeof name, "%.40s", type[0] ? type : pf_xml_attr(n, "mode"));
	if (interface || strcmp(type, "pci") == 0)
		take_pci(d, source);
	else if (strcmp(type, "usb") == 0)
		take_usb(d, source);
	else
		pf_need_add(d, PF_N_DEVICE, "", name);
}

/* The state of an emulated TPM is where libvirt keeps it, or where the XML of a newer libvirt says. */
static void take_tpm(struct pf_domain *d, const xmlNode *n)
{
	const xmlNode *backend = pf_xml_child(n, "backend");
	const char *type = pf_xml_attr(backend, "type"), *chip = pf_xml_attr(pf_xml_child(backend, "device"), "path");
	const char *place = pf_xml_attr(pf_xml_child(backend, "source"), "path");
	if (!pf_xml_is(n, "tpm"))
		return;
	if (strcmp(type, "emulator") == 0)
		pf_need_add(d, PF_N_TPM_STATE, "", place[0] ? place : "/var/lib/libvirt/swtpm");
	else if (strcmp(type, "passthrough") == 0)
		pf_need_add(d, PF_N_TPM_CHIP, "", chip[0] ? chip : "/dev/tpm0");
	else
		pf_need_add(d, PF_N_TPM_CHIP, "", place);
}

static void take_device(struct pf_domain *d, const xmlNode *n)
{
	const xmlNode *random = pf_xml_is(n, "rng") ? pf_xml_child(n, "backend") : NULL;
	take_source(d, n);
	take_passed(d, n);
	take_tpm(d, n);
	if (pf_xml_is(n, "shmem"))
		pf_need_add(d, PF_N_MEMORY, "", pf_xml_attr(n, "name"));
	if (strcmp(pf_xml_attr(random, "model"), "random") == 0)
		pf_need_add(d, PF_N_RANDOM, "", pf_xml_text(random));
}

void pf_needs_take(struct pf_domain *d, const xmlNode *dom)
{
	const xmlNode *devices = pf_xml_child(dom, "devices");
	take_os(d, dom);
	for (const xmlNode *n = devices ? devices->children : NULL; n; n = n->next)
		take_device(d, n);
}

void pf_chain_take(struct pf_domain *d, struct pf_vdisk *v, const xmlNode *disk)
{
	const xmlNode *base = pf_xml_child(disk, "backingStore");
	v->chain = base != NULL;
	for (int i = 0; base && i < PF_CHAIN_MAX; i++, base = pf_xml_child(base, "backingStore")) {
		const xmlNode *source = pf_xml_child(base, "source");
		const char *file = pf_xml_attr(source, "file"), *dev = pf_xml_attr(source, "dev");
		pf_need_add(d, PF_N_BACKING, v->target, file[0] ? file : dev[0] ? dev : pf_xml_attr(source, "name"));
	}
}
