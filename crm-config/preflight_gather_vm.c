// SPDX-License-Identifier: GPL-2.0-or-later
/* libvirt's view of the host and of the units' domains. */
#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/conffile.h"
#include "crm-config/preflight_int.h"

#define URI "qemu:///system"
#define XML_BYTES_MAX (1u << 20)

static void quiet(void *data, virErrorPtr err)
{
	(void)data;
	(void)err;
}

static void version_text(unsigned long version, char out[PF_VERSION_MAX])
{
	snprintf(out, PF_VERSION_MAX, "%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

/* The names of those that are active. */
static void list_networks(virConnectPtr conn, char *out, size_t cap)
{
	virNetworkPtr *all = NULL;
	int count = virConnectListAllNetworks(conn, &all, VIR_CONNECT_LIST_NETWORKS_ACTIVE);
	for (int i = 0; i < count; i++) {
		pf_word_add(out, cap, virNetworkGetName(all[i]));
		virNetworkFree(all[i]);
	}
	free(all);
	if (count >= 0 && !out[0])
		snprintf(out, cap, "none");
}

static void ask_programs(virConnectPtr conn, struct pf_facts *own)
{
	unsigned long version = 0;
	struct utsname u;
	if (virConnectGetLibVersion(conn, &version) == 0)
		version_text(version, own->version[PF_LIBVIRT]);
	version = 0;
	if (virConnectGetVersion(conn, &version) == 0 && version > 0)
		version_text(version, own->version[PF_QEMU]);
	char *xml = virConnectGetCapabilities(conn);
	if (xml && uname(&u) == 0)
		pf_capabilities_parse(own, xml, u.machine);
	free(xml);
	list_networks(conn, own->networks, sizeof own->networks);
}

static void take_xml(struct pf_domain *d, const char *xml, enum pf_source source)
{
	struct vt_fail fail = {.code = 0};
	if (pf_domain_parse(d, xml, &fail) == 0)
		d->source = source;
	else
		snprintf(d->trouble, sizeof d->trouble, "%.*s", (int)sizeof d->trouble - 1, fail.text);
}

static void ask_network(virConnectPtr conn, struct pf_need *n)
{
	int at_boot = 0;
	virNetworkPtr net = virNetworkLookupByName(conn, n->name);
	if (!net) {
		n->here = virGetLastErrorCode() == VIR_ERR_NO_NETWORK ? PF_NO : PF_UNKNOWN;
		return;
	}
	int active = virNetworkIsActive(net);
	n->here = PF_YES;
	if (active >= 0)
		n->active = active ? PF_YES : PF_NO;
	if (virNetworkIsPersistent(net) == 1 && virNetworkGetAutostart(net, &at_boot) == 0)
		n->at_boot = at_boot ? PF_YES : PF_NO;
	virNetworkFree(net);
}

static void ask_networks(virConnectPtr conn, struct pf_domain *d)
{
	for (unsigned i = 0; i < d->needs; i++)
		if (d->need[i].kind == PF_N_NETWORK)
			ask_network(conn, &d->need[i]);
}

/* What the agent starts the domain from; of a mirrored unit in the store itself, since the mounted directory may not be there now. */
static void read_file(const struct vt_unitconf *u, struct pf_domain *d)
{
	char path[PF_DEFINITION_MAX];
	char *xml = malloc(XML_BYTES_MAX);
	if (!xml)
		return;
	if (u->drbd)
		pf_definition(u, path);
	else
		snprintf(path, sizeof path, "%s/data/%s.xml", u->store, u->domain);
	struct vt_fail fail = {.code = 0};
	int rc = vt_conf_read(path, xml, XML_BYTES_MAX, &fail);
	if (rc == 0)
		take_xml(d, xml, PF_S_FILE);
	else
		snprintf(d->trouble, sizeof d->trouble, "%.*s", (int)sizeof d->trouble - 1, rc == -ENOENT ? strerror(ENOENT) : fail.text);
	free(xml);
}

static void ask_domain(virConnectPtr conn, const struct vt_unitconf *u, struct pf_domain *d)
{
	int autostart = 0;
	virDomainPtr dom = virDomainLookupByName(conn, u->domain);
	if (!dom)
		return;
	if (virDomainIsPersistent(dom) == 1 && virDomainGetAutostart(dom, &autostart) == 0)
		d->autostart = autostart ? PF_YES : PF_NO;
	char *xml = virDomainGetXMLDesc(dom, VIR_DOMAIN_XML_INACTIVE);
	if (xml)
		take_xml(d, xml, PF_S_LIBVIRT);
	free(xml);
	virDomainFree(dom);
}

void pf_ask_vms(const struct pf_ask *a, unsigned number)
{
	struct pf_vms *v = &a->host->vms;
	(void)number;
	virSetErrorFunc(NULL, quiet);
	virConnectPtr conn = virConnectOpenReadOnly(URI);
	if (conn)
		ask_programs(conn, &a->host->own);
	else
		snprintf(v->trouble, sizeof v->trouble, "%.*s", (int)sizeof v->trouble - 1, virGetLastErrorMessage());
	for (unsigned i = 0; i < pf_units(a->f); i++) {
		if (conn)
			ask_domain(conn, &a->f->unit[i], &v->domain[i]);
		if (v->domain[i].source == PF_S_NONE)
			read_file(&a->f->unit[i], &v->domain[i]);
		if (conn)
			ask_networks(conn, &v->domain[i]);
	}
	if (conn)
		virConnectClose(conn);
	v->asked = true;
	pf_list_interfaces(a->host->own.interfaces, sizeof a->host->own.interfaces);
	for (unsigned i = 0; i < pf_units(a->f); i++)
		pf_look_at_needs(&a->f->unit[i], &v->domain[i]);
}
