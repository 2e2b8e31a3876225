// SPDX-License-Identifier: GPL-2.0-or-later
/* As a resource of DRBD: drbd.conf(5). Its modules 8.4 and 9 refuse each other's files: the one has `fencing` in `disk` and one
 * address a host; the other has it in `net`, knows paths, node ids and quorum. */
#include "crm-config/emit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPTS "/usr/lib/drbd/crm-"

/* An address as DRBD wants it. */
static void put_address(FILE *out, const char *address, unsigned port)
{
	if (strchr(address, ':'))
		fprintf(out, "address ipv6 [%s]:%u;", address, port);
	else
		fprintf(out, "address %s:%u;", address, port);
}

/* The place in the site of the host of that slot: the same whatever file is read first, as node ids are in DRBD's metadata. */
static int host_of_slot(const struct cf_site *site, const struct cf_unit *u, int slot)
{
	return vt_unitconf_slot(&u->conf, site->host[0]) == slot ? 0 : 1;
}

static void put_head(FILE *out, const struct cf_site *site, const struct cf_unit *u, enum cf_drbd module)
{
	fprintf(out, "# /etc/drbd.d/%s.res, the same on both hosts. Each host's name is what `uname -n` prints there.\n", u->conf.name);
	if (module == CF_DRBD_9)
		fputs("# For DRBD's module 9; the kernel's own is 8.4 and is refused: then vmtwin-config generate drbd --drbd 8.4\n", out);
	else
		fputs("# For DRBD's module 8.4, the kernel's own; module 9 needs another file: vmtwin-config generate drbd --drbd 9\n", out);
	if (module == CF_DRBD_8_4 && site->rings > 1)
		fputs("# It knows one address a host: that of ring0. The other rings don't carry data.\n", out);
	fprintf(out, "resource \"%s\" {\n\tdevice \"%s\";\n\tdisk \"%s\";\n\tmeta-disk internal;\n", u->conf.name, u->drbd_device, u->drbd_disk);
}

/* A write is acknowledged: C by both disks. */
static char protocol(enum vt_mode mode)
{
	switch (mode) {
	case VT_SYNC:
		return 'C';
	}
	abort();
}

static void put_options(FILE *out)
{
	fputs("\n\toptions {\n"
	      "\t\t# Two hosts have no majority when one is lost: with quorum each failure would stop the VM. Fencing decides instead.\n"
	      "\t\tquorum off;\n"
	      "\t\t# Pacemaker says who is primary, not the first to open the device.\n"
	      "\t\tauto-promote no;\n"
	      "\t}\n", out);
}

static void put_fencing(FILE *out)
{
	fputs("\t\t# I/O waits until the other host is fenced or known to be outdated.\n\t\tfencing resource-and-stonith;\n", out);
}

static void put_net(FILE *out, const struct cf_unit *u, enum cf_drbd module)
{
	uint32_t ms = u->conf.link_timeout_ms, interval_s = ms / 1000 < 10 ? 10 : ms / 1000 + 1;
	fprintf(out, "\n\tnet {\n\t\tprotocol %c;\n", protocol(u->conf.mode));
	if (module == CF_DRBD_9)
		put_fencing(out);
	fputs("\t\t# After a split nothing is discarded but by the operator.\n"
	      "\t\tafter-sb-0pri disconnect;\n\t\tafter-sb-1pri disconnect;\n\t\tafter-sb-2pri disconnect;\n", out);
	/* DRBD counts this one in tenths of a second, and wants it below the two intervals. */
	fprintf(out, "\t\t# link_timeout_ms, in tenths of a second\n\t\ttimeout %u;\n\t\tconnect-int %u;\n\t\tping-int %u;\n", ms / 100, interval_s,
		interval_s);
	fputs("\t\tping-timeout 20;\n"
	      "\t\tmax-buffers 8000;\n"
	      "\t\tverify-alg crc32c;\n"
	      "\t\t# Blocks with the same sum are not sent: the sum must be strong. Only where most of them are the same.\n"
	      "\t\tcsums-alg sha256;\n\t\tcsums-after-crash-only yes;\n"
	      "\t}\n", out);
}

static void put_disk(FILE *out, enum cf_drbd module)
{
	fputs("\n\tdisk {\n", out);
	if (module == CF_DRBD_8_4)
		put_fencing(out);
	fputs("\t\t# A host whose disk fails goes on with the other one's.\n"
	      "\t\ton-io-error detach;\n"
	      "\t\tdisk-flushes yes;\n\t\tmd-flushes yes;\n"
	      "\t\t# A resynchronisation takes what the VM leaves it, at least 10 MB a second.\n"
	      "\t\tc-plan-ahead 20;\n\t\tc-fill-target 1M;\n\t\tc-min-rate 10M;\n\t\tc-max-rate 500M;\n"
	      "\t}\n", out);
}

const char *cf_drbd_script(enum cf_drbd module, bool unfence)
{
	if (module == CF_DRBD_9)
		return unfence ? SCRIPTS "unfence-peer.9.sh" : SCRIPTS "fence-peer.9.sh";
	return unfence ? SCRIPTS "unfence-peer.sh" : SCRIPTS "fence-peer.sh";
}

static void put_handlers(FILE *out, enum cf_drbd module)
{
	fprintf(out, "\n\thandlers {\n\t\tfence-peer \"%s\";\n\t\tunfence-peer \"%s\";\n\t}\n", cf_drbd_script(module, false),
		cf_drbd_script(module, true));
}

static void put_hosts(FILE *out, const struct cf_site *site, const struct cf_unit *u, enum cf_drbd module)
{
	for (int slot = 0; slot < CF_HOSTS; slot++) {
		int host = host_of_slot(site, u, slot);
		fprintf(out, "\n\ton \"%s\" {\n", site->host[host]);
		if (module == CF_DRBD_9)
			fprintf(out, "\t\tnode-id %d;\n", slot);
		if (module == CF_DRBD_8_4 || site->rings == 1) {
			fputs("\t\t", out);
			put_address(out, site->ring[0][host], u->conf.port);
			fputc('\n', out);
		}
		fputs("\t}\n", out);
	}
}

static void put_path(FILE *out, const struct cf_site *site, const struct cf_unit *u, unsigned ring)
{
	fputs("\t\tpath {\n", out);
	for (int slot = 0; slot < CF_HOSTS; slot++) {
		int host = host_of_slot(site, u, slot);
		fprintf(out, "\t\t\thost \"%s\" ", site->host[host]);
		put_address(out, site->ring[ring][host], u->conf.port);
		fputc('\n', out);
	}
	fputs("\t\t}\n", out);
}

/* One goes unused until the one before it fails. */
static void put_paths(FILE *out, const struct cf_site *site, const struct cf_unit *u)
{
	fputs("\n\tconnection {\n", out);
	for (unsigned ring = 0; ring < site->rings; ring++)
		put_path(out, site, u, ring);
	fputs("\t}\n", out);
}

int cf_drbd_fits(const struct cf_site *site, const struct cf_unit *u, struct vt_fail *fail)
{
	if (!u->conf.drbd)
		return vt_fail(fail, -EINVAL, "unit %s has no DRBD: its storage is vmtwin; storage = drbd, drbd_device and drbd_disk make it one of DRBD",
			       u->conf.name);
	if (strcmp(u->conf.name, "all") == 0 || strncmp(u->conf.name, "minor-", 6) == 0)
		return vt_fail(fail, -EINVAL, "unit %s: to drbdadm that name means other resources too; give the unit another one", u->conf.name);
	if (site->rings == 0)
		return vt_fail(fail, -EINVAL, "no unit file has ring0: the hosts' addresses are needed, as in: ring0 = 10.0.0.1 10.0.0.2");
	return 0;
}

enum cf_drbd cf_drbd_module(const struct cf_site *site, enum cf_drbd module)
{
	return module != CF_DRBD_BY_RINGS ? module : site->rings > 1 ? CF_DRBD_9 : CF_DRBD_8_4;
}

void cf_emit_drbd(FILE *out, const struct cf_site *site, const struct cf_unit *u, enum cf_drbd module)
{
	module = cf_drbd_module(site, module);
	put_head(out, site, u, module);
	if (module == CF_DRBD_9)
		put_options(out);
	put_net(out, u, module);
	put_disk(out, module);
	put_handlers(out, module);
	put_hosts(out, site, u, module);
	if (module == CF_DRBD_9 && site->rings > 1)
		put_paths(out, site, u);
	fputs("}\n", out);
}
