// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/preflight_host.h"

#include <stdio.h>

struct cf_corosync corosync;
struct vt_hostconf hostconf;
struct vt_unitconf unit[2];
unsigned units;
struct pf_host host;
struct pf_facts other;
struct pf_peer peer;
const struct cf_model *model;
const char *model_trouble;
struct cf_findings found;

void text(char *out, const char *value)
{
	memcpy(out, value, strlen(value) + 1);
}

void good_facts(struct pf_facts *f, const char *name)
{
	static const char *const versions[PF_PROGRAMS] = {"0.1.0", "0.1.0", "2.1.5", "3.1.7", "9.0.0", "7.2.9", "6.1.0-18-amd64"};
	memset(f, 0, sizeof *f);
	text(f->host, name);
	for (int i = 0; i < PF_PROGRAMS && versions[i]; i++)
		text(f->version[i], versions[i]);
	text(f->cpu, "AMD EPYC-Rome");
	text(f->machines, "pc-q35-7.2 pc-i440fx-7.2 q35 pc");
	text(f->interfaces, "eth0 br0");
	text(f->networks, "default");
	text(f->corosync_conf, "01234567");
	text(f->vmtwind_conf, "self_fence:01234567");
	f->has_clock = f->synchronised = true;
	f->clock_ms = 1700000000000;
	struct pf_unit_facts *u = pf_facts_add_unit(f, "vm1");
	text(u->digest, "directory:01234567 hosts:89abcdef port:00000001");
	text(u->machine, "pc-q35-7.2");
	u->has_data = true;
	u->data_bytes = 1 << 30;
}

void good_path(struct pf_path *p)
{
	*p = (struct pf_path){.told = PF_TOLD,
			      .peer = "host2",
			      .own = "10.0.0.1",
			      .other = "10.0.0.2",
			      .own_here = true,
			      .device = "eth1",
			      .carrier = PF_YES,
			      .mtu = 9000,
			      .mtu_passed = 9000,
			      .speed_mbit = 10000,
			      .sent = PF_PINGS,
			      .answered = PF_PINGS,
			      .median_us = 210,
			      .link = PF_YES};
}

static void good_system(struct pf_system *s)
{
	*s = (struct pf_system){.told = PF_TOLD, .root = true, .fuse_known = PF_YES, .synchronised = PF_YES, .selinux = PF_NO, .apparmor = PF_YES};
	s->boot[PF_S_COROSYNC] = s->boot[PF_S_PACEMAKER] = s->boot[PF_S_VMTWIND] = PF_BOOT_ON;
	s->boot[PF_S_GUESTS] = PF_BOOT_OFF;
	s->firewalld = s->nft_filters = PF_NO;
}

void good_domain(struct pf_domain *d)
{
	*d = (struct pf_domain){.source = PF_S_LIBVIRT, .autostart = PF_NO, .machine = "pc-q35-7.2", .cpu_mode = "host-model", .disks = 1};
	d->disk[0] = (struct pf_vdisk){
	    .target = "vda", .cache = "none", .source = "/var/lib/libvirt/images/vm1/vm1.qcow2", .file = true, .writable = true};
}

int well(void **state)
{
	struct vt_fail fail = {.code = 0};
	(void)state;
	assert_int_equal(cf_corosync_parse(&corosync,
					   "totem {\ncrypto_cipher: aes256\ncrypto_hash: sha256\n}\n"
					   "nodelist {\nnode {\nname: host1\nring0_addr: 10.0.0.1\n}\n"
					   "node {\nname: host2\nring0_addr: 10.0.0.2\n}\n}\n",
					   "f", &fail),
			 0);
	assert_int_equal(vt_hostconf_parse(&hostconf, "watchdog = /dev/watchdog\n", "f", &fail), 0);
	assert_int_equal(vt_unitconf_parse(&unit[0], "vm1", "directory = /var/lib/libvirt/images/vm1\nhosts = host1 host2\n", "f", &fail), 0);
	units = 1;
	model = NULL;
	model_trouble = NULL;
	memset(&host, 0, sizeof host);
	good_facts(&host.own, "host1");
	good_facts(&other, "host2");
	peer = (struct pf_peer){.facts = &other, .here_ms = other.clock_ms};
	good_system(&host.system);
	host.cluster = (struct pf_cluster){.told = PF_TOLD, .corosync = PF_YES, .vmtwind = PF_YES, .node = "host1"};
	host.cluster.link_up[0] = PF_YES;
	host.names = (struct pf_names){.told = PF_TOLD, .count = 2};
	host.names.name[0] = (struct pf_name){.host = "host1", .listed = true, .addr = "10.0.0.1"};
	host.names.name[1] = (struct pf_name){.host = "host2", .listed = true, .addr = "10.0.0.2"};
	host.paths = 1;
	good_path(&host.path[0]);
	host.disk[0] = (struct pf_disk){.told = PF_TOLD,
					.path = "/var/lib/libvirt/images",
					.type = "ext4",
					.total = 100ull << 30,
					.free_bytes = 50ull << 30,
					.has_data = true,
					.data_bytes = 1 << 30,
					.entry_types = PF_YES,
					.flush_us = 400,
					.cache = PF_CACHE_VOLATILE};
	host.vms.told = PF_TOLD;
	good_domain(&host.vms.domain[0]);
	return 0;
}

void judge(void)
{
	struct cf_facts f = {.corosync = &corosync, .host = &hostconf, .unit = unit, .units = units, .named = units, .model = model,
			     .model_trouble = model_trouble};
	memset(&found, 0, sizeof found);
	pf_check(&f, &host, &peer, &found);
}

void show(void)
{
	for (unsigned i = 0; i < found.count; i++)
		if (found.list[i].severity != CF_OK)
			printf("%d %s\n", (int)found.list[i].severity, found.list[i].text);
}

void only(enum cf_severity severity, const char *words)
{
	judge();
	if (found.errors + found.warnings != 1)
		show();
	assert_int_equal(found.errors, severity == CF_ERROR);
	assert_int_equal(found.warnings, severity == CF_WARNING);
	for (unsigned i = 0; i < found.count; i++)
		if (found.list[i].severity != CF_OK && !strstr(found.list[i].text, words)) {
			show();
			fail_msg("no '%s'", words);
		}
}

bool has_ok(const char *words)
{
	judge();
	for (unsigned i = 0; i < found.count; i++)
		if (found.list[i].severity == CF_OK && strstr(found.list[i].text, words))
			return true;
	return false;
}
