// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict on a host: one that is well, and each thing broken in turn gets its own diagnosis, and no other. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>

#include "crm-config/preflight_int.h"

static struct cf_corosync corosync;
static struct vt_hostconf hostconf;
static struct vt_unitconf unit[2];
static struct cf_findings found;
static struct pf_host host;
static struct pf_facts other;
static struct pf_peer peer;
static unsigned units;

static void text(char *out, const char *value)
{
	memcpy(out, value, strlen(value) + 1);
}

static void good_facts(struct pf_facts *f, const char *name)
{
	static const char *const versions[PF_PROGRAMS] = {"0.1.0", "0.1.0", "2.1.5", "3.1.7", "9.0.0", "7.2.9", "6.1.0-18-amd64"};
	memset(f, 0, sizeof *f);
	text(f->host, name);
	for (int i = 0; i < PF_PROGRAMS; i++)
		text(f->version[i], versions[i]);
	text(f->cpu, "AMD EPYC-Rome");
	text(f->machines, "pc-q35-7.2 pc-i440fx-7.2 q35 pc");
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

static void good_path(struct pf_path *p)
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

static void good_domain(struct pf_domain *d)
{
	*d = (struct pf_domain){.source = PF_S_LIBVIRT, .autostart = PF_NO, .machine = "pc-q35-7.2", .cpu_mode = "host-model", .disks = 1};
	d->disk[0] = (struct pf_vdisk){
	    .target = "vda", .cache = "none", .source = "/var/lib/libvirt/images/vm1/vm1.qcow2", .file = true, .writable = true};
}

static int well(void **state)
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

static void judge(void)
{
	struct cf_facts f = {.corosync = &corosync, .host = &hostconf, .unit = unit, .units = units, .named = units};
	memset(&found, 0, sizeof found);
	pf_check(&f, &host, &peer, &found);
}

static void show(void)
{
	for (unsigned i = 0; i < found.count; i++)
		if (found.list[i].severity != CF_OK)
			printf("%d %s\n", (int)found.list[i].severity, found.list[i].text);
}

/* One finding that isn't ok, and it says that. */
static void only(enum cf_severity severity, const char *words)
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

static bool has_ok(const char *words)
{
	judge();
	for (unsigned i = 0; i < found.count; i++)
		if (found.list[i].severity == CF_OK && strstr(found.list[i].text, words))
			return true;
	return false;
}

static void test_well(void **state)
{
	static const char *const said[] = {"versions: Pacemaker 2.1.5, corosync 3.1.7, libvirt 9.0.0, QEMU 7.2.9",
					   "versions are the same on host2",
					   "vmtwind runs, version 0.1.0",
					   "/dev/fuse opens",
					   "clock: synchronised",
					   "clock: as on host2",
					   "started at boot: corosync, pacemaker, vmtwind",
					   "watchdog = /dev/watchdog",
					   "name host2 resolves to 10.0.0.2",
					   "20 of 20 pings answered, median 0.21 ms",
					   "MTU of 9000 bytes gets through",
					   "corosync gets through",
					   "its data link is up",
					   "encrypted and signed",
					   "is on ext4",
					   "50 % free",
					   "safe after 0.40 ms",
					   "libvirt answers",
					   "autostart of domain vm1 is off",
					   "disk vda of domain vm1: cache='none'",
					   "machine type of domain vm1 = pc-q35-7.2",
					   "unit file of vm1: the same on host2"};
	(void)state;
	judge();
	show();
	assert_int_equal(found.errors + found.warnings, 0);
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
		if (!has_ok(said[i]))
			fail_msg("no '%s'", said[i]);
	peer.facts = NULL;
	judge();
	assert_int_equal(found.errors + found.warnings, 0);
}

/* Nothing was found out: nothing is said of it, but for what is missing without doubt. */
static void test_untold(void **state)
{
	(void)state;
	memset(&host, 0, sizeof host);
	peer.facts = NULL;
	text(host.own.version[PF_PACEMAKER], "2.1.5");
	text(host.own.version[PF_COROSYNC], "3.1.7");
	text(host.own.version[PF_KERNEL], "6.1.0");
	text(host.own.host, "host1");
	judge();
	show();
	assert_int_equal(found.errors + found.warnings, 0);
}

static void test_versions(void **state)
{
	static const struct {
		enum pf_program program;
		const char *old, *words;
	} cases[] = {{PF_PACEMAKER, "2.0.5", "version of Pacemaker = 2.0.5, at least 2.1"},
		     {PF_COROSYNC, "3.0.4", "version of corosync = 3.0.4, at least 3.1"},
		     {PF_LIBVIRT, "6.10.0", "version of libvirt = 6.10.0, at least 7.0"},
		     {PF_QEMU, "5.1.0", "version of QEMU = 5.1.0, at least 5.2"},
		     {PF_KERNEL, "5.9.16", "version of the kernel = 5.9.16, at least 5.10"}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		well(state);
		text(host.own.version[cases[i].program], cases[i].old);
		text(other.version[cases[i].program], cases[i].old);
		only(CF_ERROR, cases[i].words);
	}
	well(state);
	host.own.version[PF_COROSYNC][0] = '\0';
	only(CF_ERROR, "version of corosync: none was found");
	well(state);
	text(host.own.version[PF_VMTWIND], "0.0.9");
	text(other.version[PF_VMTWIND], "0.0.9");
	only(CF_ERROR, "vmtwind that runs is of version 0.0.9, but 0.1.0 is installed");
	well(state);
	host.own.version[PF_VMTWIND][0] = '\0';
	only(CF_WARNING, "vmtwind that runs is older than this command");
	well(state);
	text(other.version[PF_VMTWIN], "0.2.0");
	only(CF_ERROR, "version of vmtwin: 0.1.0 here, 0.2.0 on host2");
	well(state);
	text(other.version[PF_QEMU], "8.0.0");
	only(CF_WARNING, "version of QEMU: 7.2.9 here, 8.0.0 on host2");
}

static void test_daemons(void **state)
{
	host.cluster.vmtwind = PF_NO;
	text(host.cluster.vmtwind_trouble, "vmtwind does not run");
	only(CF_ERROR, "vmtwind on this host: vmtwind does not run");
	well(state);
	host.cluster.corosync = PF_NO;
	only(CF_ERROR, "corosync on this host does not run");
	well(state);
	host.cluster.told = PF_LATE;
	only(CF_ERROR, "corosync or vmtwind on this host does not answer in time");
	well(state);
	host.system.told = PF_LATE;
	only(CF_ERROR, "could not be looked at in time");
	well(state);
	host.system.root = false;
	only(CF_WARNING, "not root");
}

static void test_kernel(void **state)
{
	host.system.fuse_known = PF_NO;
	only(CF_ERROR, "FUSE: the kernel doesn't know it; `modprobe fuse`");
	well(state);
	host.system.fuse_error = ENOENT;
	only(CF_ERROR, "FUSE: /dev/fuse can't be opened: No such file");
	well(state);
	host.system.fuse_error = EACCES;
	only(CF_ERROR, "root may read and write");
	well(state);
	host.system.uring_error = EPERM;
	only(CF_ERROR, "io_uring: Operation not permitted");
}

static void test_clock(void **state)
{
	host.system.synchronised = PF_NO;
	only(CF_WARNING, "clock: not synchronised");
	well(state);
	peer.here_ms = other.clock_ms + 5000;
	assert_true(has_ok("clock: as on host2"));
	peer.here_ms = other.clock_ms + 61000;
	only(CF_WARNING, "clock: host2's is 61 s behind this host's");
	peer.here_ms = other.clock_ms - 5001;
	only(CF_WARNING, "clock: host2's is 5 s ahead of this host's");
}

static void test_boot(void **state)
{
	host.system.boot[PF_S_PACEMAKER] = PF_BOOT_OFF;
	only(CF_WARNING, "service pacemaker is not started at boot");
	well(state);
	host.system.boot[PF_S_VMTWIND] = PF_BOOT_ABSENT;
	only(CF_ERROR, "service vmtwind is not installed");
	well(state);
	host.system.boot[PF_S_GUESTS] = PF_BOOT_ON;
	only(CF_WARNING, "systemctl disable --now libvirt-guests");
	well(state);
	host.system.watchdog_error = ENODEV;
	only(CF_ERROR, "watchdog = /dev/watchdog of vmtwind.conf: no watchdog device");
	well(state);
	host.system.watchdog_error = ENOENT;
	only(CF_ERROR, "No such file or directory");
	hostconf.watchdog[0] = '\0';
	judge();
	assert_int_equal(found.errors, 0);
}

static void test_security(void **state)
{
	host.system.selinux = PF_YES;
	only(CF_ERROR, "setsebool -P virt_use_fusefs on");
	host.system.selinux_fuse = PF_YES;
	assert_true(has_ok("SELinux: VMs may use FUSE"));
	well(state);
	text(unit[0].directory, "/srv/vm1");
	text(host.vms.domain[0].disk[0].source, "/srv/vm1/disk");
	only(CF_WARNING, "AppArmor: directory of unit vm1 = /srv/vm1 is outside");
	text(host.system.apparmor_local, "/srv/vm1/** r,\n");
	assert_true(has_ok("virt-aa-helper names /srv/vm1"));
}

static void test_names(void **state)
{
	struct pf_name *n = &host.names.name[0];
	n->loopback = true;
	text(n->addr, "127.0.1.1");
	only(CF_ERROR, "name host1 resolves to 127.0.1.1, an address of the loopback");
	well(state);
	n->error = EAI_NONAME;
	only(CF_ERROR, "name host1 does not resolve");
	well(state);
	n->listed = false;
	text(n->addr, "192.0.2.9");
	only(CF_WARNING, "name host1 resolves to 192.0.2.9, none of its addresses");
	well(state);
	host.names.told = PF_LATE;
	only(CF_ERROR, "names are not resolved in time");
	well(state);
	host.own.host[0] = '\0';
	only(CF_ERROR, "this host is none of corosync.conf's nodes");
	well(state);
	text(host.own.host, "host3");
	only(CF_ERROR, "hosts of unit vm1 = host1 host2: this host, host3, is neither");
}

static void test_line(void **state)
{
	struct pf_path *p = &host.path[0];
	p->unresolved = true;
	only(CF_ERROR, "an address does not resolve");
	good_path(p);
	p->own_here = false;
	only(CF_ERROR, "ring0 to host2 (10.0.0.1 to 10.0.0.2, eth1): 10.0.0.1 is not configured on any interface");
	good_path(p);
	p->carrier = PF_NO;
	only(CF_ERROR, "eth1 has no link");
	good_path(p);
	p->route_error = ENETUNREACH;
	only(CF_ERROR, "no way to that address: Network is unreachable");
	good_path(p);
	p->told = PF_LATE;
	only(CF_ERROR, "could not be looked at in time");
	good_path(p);
	p->ping_error = EPERM;
	only(CF_WARNING, "no ping could be sent: Operation not permitted");
	good_path(p);
	p->answered = 0;
	only(CF_ERROR, "none of 20 pings was answered");
	well(state);
	host.more_paths = true;
	only(CF_WARNING, "more than 16 paths");
}

static void test_quality(void **state)
{
	struct pf_path *p = &host.path[0];
	(void)state;
	p->answered = 15;
	only(CF_WARNING, "only 15 of 20 pings");
	p->answered = 19;
	judge();
	assert_int_equal(found.warnings, 0);
	p->median_us = 2001;
	only(CF_WARNING, "takes 2.0 ms (median)");
	good_path(p);
	p->mtu_passed = 1500;
	only(CF_WARNING, "eth1's MTU of 9000 bytes don't get through whole, only 1500");
	good_path(p);
	p->speed_mbit = 100;
	only(CF_WARNING, "eth1 runs at 100 Mbit/s");
	p->speed_mbit = 1000;
	judge();
	assert_int_equal(found.warnings, 0);
	text(p->via, "192.0.2.1");
	only(CF_WARNING, "leave with the address 192.0.2.1");
	good_path(p);
	p->link = PF_NO;
	only(CF_ERROR, "corosync does not get through, though pings do");
}

static void test_ports(void **state)
{
	host.cluster.link_up[0] = PF_NO;
	host.path[0].port[0] = PF_PORT_SILENT;
	only(CF_ERROR, "port 7790 of unit vm1: packets to the other host's are dropped");
	host.paths = 2;
	good_path(&host.path[1]);
	host.path[1].port[0] = PF_PORT_OPEN;
	assert_true(has_ok("port 7790 of unit vm1: open on the other host"));
	assert_int_equal(found.errors, 0);
	well(state);
	host.cluster.link_up[0] = PF_NO;
	host.path[0].port[0] = PF_PORT_REFUSED;
	assert_true(has_ok("nothing listens"));
	host.system.firewalld = PF_YES;
	only(CF_WARNING, "--add-service=high-availability --add-port=7790/tcp");
	host.system.firewalld = PF_NO;
	host.system.nft_filters = PF_YES;
	only(CF_WARNING, "tcp dport { 2224, 3121, 5403, 7790 } accept");
	host.cluster.link_up[0] = PF_YES;
	judge();
	assert_int_equal(found.warnings, 0);
}

static void test_crypto(void **state)
{
	text(corosync.hash, "none");
	only(CF_WARNING, "corosync's messages are not signed");
	well(state);
	corosync.cipher[0] = '\0';
	only(CF_WARNING, "corosync's messages are not encrypted");
	text(corosync.secauth, "on");
	assert_true(has_ok("encrypted and signed"));
}

static void test_file_systems(void **state)
{
	static const struct {
		const char *type, *words;
		enum cf_severity severity;
	} cases[] = {{"tmpfs", "in memory: a power cut takes it", CF_ERROR},
		     {"nfs4", "a network file system", CF_ERROR},
		     {"btrfs", "not tested with", CF_WARNING}};
	struct pf_disk *d = &host.disk[0];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		well(state);
		text(d->type, cases[i].type);
		only(cases[i].severity, cases[i].words);
	}
	well(state);
	d->no_barrier = true;
	only(CF_ERROR, "mounted without barriers");
	well(state);
	d->free_bytes = 9ull << 30;
	only(CF_WARNING, "only 9 %");
	well(state);
	other.unit[0].data_bytes = 60ull << 30;
	only(CF_ERROR, "host2 has 61440 MiB of it");
	well(state);
	host.more_units = true;
	only(CF_WARNING, "more than 64 units");
}

static void test_files(void **state)
{
	struct pf_disk *d = &host.disk[0];
	d->told = PF_LATE;
	only(CF_ERROR, "its disk does not answer in time");
	well(state);
	d->error = EIO;
	only(CF_ERROR, "/var/lib/libvirt/images: Input/output error");
	well(state);
	d->write_error = EROFS;
	only(CF_ERROR, "no file can be made in /var/lib/libvirt/images: Read-only");
	well(state);
	d->direct_error = EINVAL;
	only(CF_ERROR, "has no direct I/O (O_DIRECT: Invalid argument)");
	well(state);
	d->xattr_error = EOPNOTSUPP;
	only(CF_WARNING, "no extended attributes");
	well(state);
	d->entry_types = PF_NO;
	only(CF_ERROR, "ftype=0");
	well(state);
	d->flush_us = 35000;
	only(CF_WARNING, "takes 35 ms until it is safe");
	d->flush_us = 20;
	only(CF_WARNING, "it may lie about flushes");
	d->cache = PF_CACHE_NONE;
	judge();
	assert_int_equal(found.warnings, 0);
}

static void test_domains(void **state)
{
	struct pf_domain *d = &host.vms.domain[0];
	d->autostart = PF_YES;
	only(CF_ERROR, "autostart of domain vm1 is on");
	good_domain(d);
	text(d->disk[0].cache, "writeback");
	only(CF_ERROR, "disk vda of domain vm1: cache='writeback'");
	d->disk[0].cache[0] = '\0';
	only(CF_ERROR, "cache='default'");
	text(d->disk[0].cache, "directsync");
	judge();
	assert_int_equal(found.errors, 0);
	text(d->disk[0].source, "/srv/other.qcow2");
	only(CF_WARNING, "/srv/other.qcow2 is not in /var/lib/libvirt/images/vm1 and not mirrored");
	d->disk[0].file = false;
	only(CF_WARNING, "it is no file");
	good_domain(d);
	d->more_disks = true;
	only(CF_WARNING, "more than 16 disks");
	d->source = PF_S_NONE;
	text(d->trouble, "No such file or directory");
	only(CF_WARNING, "libvirt here doesn't know it, and /var/lib/libvirt/images/vm1/vm1.xml can't be read (No such file");
	well(state);
	text(host.vms.trouble, "Failed to connect");
	host.vms.domain[0].source = PF_S_NONE;
	only(CF_ERROR, "libvirt: Failed to connect");
	host.vms.told = PF_LATE;
	only(CF_ERROR, "libvirt does not answer in time");
}

static void test_other_host(void **state)
{
	text(host.vms.domain[0].cpu_mode, "host-passthrough");
	judge();
	assert_int_equal(found.warnings, 0);
	text(other.cpu, "Intel Skylake");
	only(CF_WARNING, "AMD EPYC-Rome here but Intel Skylake on host2");
	peer.facts = NULL;
	only(CF_WARNING, "compare them by --peer-facts");
	well(state);
	text(other.machines, "pc-q35-7.2.1 xpc-q35-7.2");
	only(CF_ERROR, "machine type of domain vm1 = pc-q35-7.2, which QEMU on host2 (7.2.9) doesn't have");
	text(other.machines, "pc-q35-6.0 ...");
	judge();
	assert_int_equal(found.errors, 0);
	well(state);
	text(other.unit[0].digest, "directory:01234567 hosts:89abcdef port:00000002 lease_ms:1");
	only(CF_ERROR, "unit file of vm1: not the same on host2, in port, lease_ms;");
	other.units = 0;
	only(CF_ERROR, "unit file of vm1: host2 has none");
	well(state);
	text(other.corosync_conf, "76543210");
	only(CF_ERROR, "corosync.conf: not the same on host2");
	well(state);
	other.vmtwind_conf[0] = '\0';
	only(CF_WARNING, "vmtwind.conf: not the same on host2, in self_fence");
	well(state);
	text(other.host, "host1");
	only(CF_ERROR, "facts: they are of this host");
}

#define CASE(f) cmocka_unit_test_setup(f, well)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    CASE(test_well),	    CASE(test_untold),	     CASE(test_versions), CASE(test_daemons),	CASE(test_kernel),
	    CASE(test_clock),	    CASE(test_boot),	     CASE(test_security), CASE(test_names),	CASE(test_line),
	    CASE(test_quality),	    CASE(test_ports),	     CASE(test_crypto),	  CASE(test_file_systems), CASE(test_files),
	    CASE(test_domains),	    CASE(test_other_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
