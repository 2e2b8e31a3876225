// SPDX-License-Identifier: GPL-2.0-or-later
/* What a domain needs of the host beside its disks: read from its XML, looked up, judged. */
#include "tests/unit/preflight_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY "/var/lib/libvirt/images/vm1"

static struct pf_domain parsed;

static void parse(const char *os, const char *devices)
{
	struct vt_fail fail = {.code = 0};
	char xml[4096];
	snprintf(xml, sizeof xml, "<domain><name>vm1</name>%s<devices>%s</devices></domain>", os, devices);
	memset(&parsed, 0, sizeof parsed);
	assert_int_equal(pf_domain_parse(&parsed, xml, &fail), 0);
}

/* It is the only need. */
static void needs(enum pf_need_kind kind, const char *name)
{
	assert_int_equal(parsed.needs, 1);
	assert_int_equal(parsed.need[0].kind, kind);
	assert_string_equal(parsed.need[0].name, name);
}

static void test_devices(void **state)
{
	static const struct {
		const char *xml;
		enum pf_need_kind kind;
		const char *name;
	} cases[] = {
	    {"<interface type='bridge'><source bridge='br0'/></interface>", PF_N_BRIDGE, "br0"},
	    {"<interface type='bridge'><source bridge='br0'/><virtualport type='openvswitch'/></interface>", PF_N_LINK, "br0"},
	    {"<interface type='direct'><source dev='eth0' mode='bridge'/></interface>", PF_N_LINK, "eth0"},
	    {"<interface type='network'><source network='default'/></interface>", PF_N_NETWORK, "default"},
	    {"<interface type='hostdev'><source><address type='pci' domain='0x0000' bus='0x03' slot='0x10' function='0x1'/></source></interface>", PF_N_PCI,
	     "0000:03:10.1"},
	    {"<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='0xa' slot='0' function='0'/></source></hostdev>", PF_N_PCI,
	     "0000:0a:00.0"},
	    {"<hostdev mode='subsystem' type='usb'><source><vendor id='0x046d'/><product id='0xc31c'/></source></hostdev>", PF_N_DEVICE,
	     "USB 046d:c31c"},
	    {"<hostdev mode='subsystem' type='usb'><source><address bus='1' device='4'/></source></hostdev>", PF_N_DEVICE, "USB bus 1 device 4"},
	    {"<hostdev mode='subsystem' type='mdev'><source/></hostdev>", PF_N_DEVICE, "mdev"},
	    {"<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>", PF_N_TPM_STATE, "/var/lib/libvirt/swtpm"},
	    {"<tpm><backend type='emulator'><source type='dir' path='" DIRECTORY "/tpm'/></backend></tpm>", PF_N_TPM_STATE, DIRECTORY "/tpm"},
	    {"<tpm><backend type='passthrough'><device path='/dev/tpm1'/></backend></tpm>", PF_N_TPM_CHIP, "/dev/tpm1"},
	    {"<filesystem type='mount'><source dir='/srv/share'/></filesystem>", PF_N_SHARED, "/srv/share"},
	    {"<filesystem type='file'><source file='/srv/fs.img'/></filesystem>", PF_N_SHARED, "/srv/fs.img"},
	    {"<shmem name='ring'/>", PF_N_MEMORY, "ring"},
	    {"<serial type='file'><source path='/var/log/vms/vm1'/></serial><console type='file'><source path='/var/log/vms/vm1'/></console>", PF_N_LOG,
	     "/var/log/vms"},
	    {"<serial type='dev'><source path='/dev/ttyS0'/></serial>", PF_N_LINE, "/dev/ttyS0"},
	    {"<rng model='virtio'><backend model='random'>/dev/hwrng</backend></rng>", PF_N_RANDOM, "/dev/hwrng"},
	    {"<disk type='file'><source file='/a'/><backingStore type='file'><source file='/srv/base'/><backingStore/></backingStore>"
	     "<target dev='vda'/></disk>",
	     PF_N_BACKING, "/srv/base"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		parse("", cases[i].xml);
		needs(cases[i].kind, cases[i].name);
	}
	assert_true(parsed.disk[0].chain);
	assert_string_equal(parsed.need[0].of, "vda");
	parse("", "<interface type='user'/><serial type='pty'/><channel type='unix'><source mode='bind' path='/a/b'/></channel>"
		  "<disk type='file'><source file='/a' startupPolicy='optional'/></disk>");
	assert_int_equal(parsed.needs, 0);
	assert_true(parsed.disk[0].optional && !parsed.disk[0].chain);
}

static void test_firmware(void **state)
{
	static const char standard[] = "/var/lib/libvirt/qemu/nvram/vm1_VARS.fd";
	(void)state;
	parse("<os firmware='efi'/>", "");
	needs(PF_N_NVRAM, standard);
	parse("<os><nvram>/srv/vars</nvram></os>", "");
	needs(PF_N_NVRAM, "/srv/vars");
	parse("<os><nvram type='file'><source file='/srv/vars'/></nvram></os>", "");
	needs(PF_N_NVRAM, "/srv/vars");
	parse("<os><loader type='pflash'/><nvram template='/usr/share/vars'/></os>", "");
	assert_int_equal(parsed.needs, 2);
	assert_string_equal(parsed.need[0].name, standard);
	assert_int_equal(parsed.need[1].kind, PF_N_TEMPLATE);
	parse("<os firmware='efi'><loader stateless='yes'/></os>", "");
	assert_int_equal(parsed.needs, 0);
	parse("<os><loader type='rom'>/usr/share/bios</loader></os>", "");
	needs(PF_N_FIRMWARE, "/usr/share/bios");
	parse("<os><kernel>/boot/k</kernel><initrd>/boot/i</initrd><dtb>/boot/d</dtb></os>", "");
	assert_int_equal(parsed.needs, 3);
}

static void test_too_many(void **state)
{
	(void)state;
	memset(&parsed, 0, sizeof parsed);
	for (int i = 0; i < PF_NEEDS_MAX + 1; i++) {
		char name[16];
		snprintf(name, sizeof name, "br%d", i);
		assert_false(parsed.more_needs);
		pf_need_add(&parsed, PF_N_BRIDGE, "", name);
	}
	assert_int_equal(parsed.needs, PF_NEEDS_MAX);
	assert_true(parsed.more_needs);
	host.vms.domain[0] = parsed;
	host.vms.domain[0].source = PF_S_LIBVIRT;
	other.interfaces[0] = '\0';
	only(CF_WARNING, "domain vm1 needs more than 32 things");
}

/* ---- looked up ---------------------------------------------------------------------------------------------------- */

static char home[] = "/tmp/test_needs.XXXXXX";

static void write_image(const char *path, const char *backing)
{
	static const uint8_t start[16] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3, [15] = 104};
	uint8_t bytes[512] = {0};
	char full[VT_PATH_MAX];
	memcpy(bytes, start, sizeof start);
	bytes[19] = (uint8_t)strlen(backing);
	snprintf((char *)bytes + 104, sizeof bytes - 104, "%s", backing);
	snprintf(full, sizeof full, "%s/%s", home, path);
	FILE *out = fopen(full, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes, sizeof bytes, 1, out), 1);
	fclose(out);
}

static void clear_home(void)
{
	static const char *const names[] = {"store/data/top", "store/data/middle", "store/data", "store", "base"};
	char path[VT_PATH_MAX];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", home, names[i]);
		remove(path);
	}
	rmdir(home);
}

static void test_chain(void **state)
{
	struct vt_unitconf *u = &unit[0];
	char path[VT_PATH_MAX];
	(void)state;
	assert_non_null(mkdtemp(home));
	snprintf(path, sizeof path, "%s/store", home);
	assert_int_equal(mkdir(path, 0700), 0);
	text(u->store, path);
	snprintf(path, sizeof path, "%s/store/data", home);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(u->directory, sizeof u->directory, "%s/vm1", home);
	write_image("store/data/top", "middle");
	write_image("store/data/middle", "../base");
	write_image("base", "");
	memset(&parsed, 0, sizeof parsed);
	parsed.disks = 1;
	parsed.disk[0] = (struct pf_vdisk){.target = "vda", .format = "qcow2", .file = true};
	snprintf(parsed.disk[0].source, VT_PATH_MAX, "%s/vm1/top", home);
	pf_look_at_needs(u, &parsed);
	assert_int_equal(parsed.needs, 2);
	assert_true(pf_inside(parsed.need[0].name, u->directory));
	snprintf(path, sizeof path, "%s/base", home);
	assert_string_equal(parsed.need[1].name, path);
	assert_string_equal(parsed.need[1].of, "vda");
	assert_int_equal(parsed.need[1].here, PF_YES);
	/* of a raw image the guest could have written that */
	parsed.needs = 0;
	text(parsed.disk[0].format, "raw");
	pf_look_at_needs(u, &parsed);
	assert_int_equal(parsed.needs, 0);
	clear_home();
}

static void test_look(void **state)
{
	static const struct {
		enum pf_need_kind kind;
		const char *name;
		enum pf_truth here;
	} cases[] = {
	    {PF_N_KERNEL, "/dev/null", PF_YES},	     {PF_N_KERNEL, "/dev/null/x", PF_NO}, {PF_N_BRIDGE, "br-nowhere", PF_NO}, {PF_N_BRIDGE, "lo", PF_NO},
	    {PF_N_LINK, "lo", PF_YES},		     {PF_N_LINK, "../net/lo", PF_NO},	  {PF_N_PCI, "ffff:ff:1f.7", PF_NO},
	    {PF_N_NETWORK, "default", PF_UNKNOWN},   {PF_N_BACKING, "nbd://x", PF_UNKNOWN}, {PF_N_KERNEL, DIRECTORY "/k", PF_UNKNOWN},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memset(&parsed, 0, sizeof parsed);
		pf_need_add(&parsed, cases[i].kind, "", cases[i].name);
		pf_look_at_needs(&unit[0], &parsed);
		assert_int_equal(parsed.need[0].here, cases[i].here);
	}
	memset(&parsed, 0, sizeof parsed);
	parsed.disks = 1;
	text(parsed.disk[0].source, "/dev/null/x.iso");
	pf_look_at_needs(&unit[0], &parsed);
	assert_int_equal(parsed.disk[0].here, PF_NO);
}

static void test_names(void **state)
{
	char list[12] = "", out[VT_PATH_MAX];
	uint64_t offset;
	uint32_t len;
	static const uint8_t raw[PF_QCOW2_HEAD] = {1};
	(void)state;
	assert_true(pf_word_add(list, sizeof list, "br0") && pf_word_add(list, sizeof list, "br0") && pf_word_in(list, "br0"));
	assert_false(pf_word_in(list, "br") || pf_word_in(list, "r0") || pf_word_in(list, ""));
	assert_false(pf_word_add(list, sizeof list, "longer"));
	assert_string_equal(list, "br0 ...");
	assert_true(pf_word_in(list, "longer") && !pf_word_add(list, sizeof list, "x"));
	assert_true(pf_inside("/a/b", "/a") && !pf_inside("/ab", "/a") && !pf_inside("/a", "/a") && !pf_inside("/a/../b", "/a"));
	assert_true(pf_beside("/a/b/c", "d", out));
	assert_string_equal(out, "/a/b/d");
	assert_true(pf_beside("/a/b/c", "./../../../../d//e", out));
	assert_string_equal(out, "/d/e");
	assert_true(pf_beside("/a/b/c", "/x/./y", out));
	assert_string_equal(out, "/x/y");
	assert_false(pf_beside("/a/b", "nbd://host/x", out) || pf_beside("/a/b", "json:{}", out) || pf_beside("/a/b", "", out) || pf_beside("/a", "..", out));
	assert_false(pf_qcow2_backing(raw, &offset, &len));
}

/* ---- judged ------------------------------------------------------------------------------------------------------- */

static struct pf_need *need(enum pf_need_kind kind, const char *name, enum pf_truth here)
{
	struct pf_domain *d = &host.vms.domain[0];
	good_domain(d);
	pf_need_add(d, kind, kind == PF_N_BACKING ? "vda" : "", name);
	d->need[0].here = here;
	return &d->need[0];
}

static void test_not_mirrored(void **state)
{
	static const struct {
		enum pf_need_kind kind;
		const char *name, *words;
	} cases[] = {
	    {PF_N_NVRAM, "/srv/vars", "NVRAM of domain vm1: /srv/vars is not in " DIRECTORY " and not mirrored"},
	    {PF_N_KERNEL, "/boot/k", "kernel of domain vm1: /boot/k is not in"},
	    {PF_N_INITRD, "/boot/i", "name the new place in <initrd> (`virsh edit vm1`, and in " DIRECTORY "/vm1.xml)"},
	    {PF_N_DTB, "/boot/d", "device tree of domain vm1"},
	    {PF_N_BACKING, "/srv/base", "backing file of disk vda of domain vm1: /srv/base is not in"},
	    {PF_N_SHARED, "/srv/share", "shared directory of domain vm1: /srv/share is not in"},
	    {PF_N_LINE, "/dev/ttyS0", "only if that has one of the same name"},
	    {PF_N_PCI, "0000:03:00.0", "only if that has such a device at the same address"},
	    {PF_N_DEVICE, "USB 046d:c31c", "USB 046d:c31c is this host's"},
	    {PF_N_TPM_STATE, "/var/lib/libvirt/swtpm", "the guest finds another TPM"},
	    {PF_N_TPM_CHIP, "/dev/tpm0", "TPM of domain vm1: /dev/tpm0 is this host's"},
	    {PF_N_MEMORY, "ring", "shared memory of domain vm1: ring is this host's"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		need(cases[i].kind, cases[i].name, PF_YES);
		only(CF_WARNING, cases[i].words);
	}
	/* on DRBD there is no directory: the same by hand */
	unit[0].drbd = true;
	unit[0].directory[0] = '\0';
	struct cf_findings *out = &found;
	struct cf_facts f = {.unit = unit};
	const struct pf_judge j = {.f = &f, .host = &host, .peer = &peer, .out = out};
	memset(out, 0, sizeof *out);
	need(PF_N_NVRAM, "/srv/vars", PF_YES);
	pf_check_needs(&j, &unit[0], &host.vms.domain[0]);
	assert_int_equal(out->warnings, 1);
	assert_non_null(strstr(out->list[0].text, "/srv/vars is not on DRBD"));
}

static void test_missing(void **state)
{
	static const struct {
		enum pf_need_kind kind;
		const char *words;
	} cases[] = {
	    {PF_N_FIRMWARE, "install the package"}, {PF_N_KERNEL, "kernel of domain vm1: /x is not on this host: the VM can't start here"},
	    {PF_N_INITRD, "initrd of domain vm1"},  {PF_N_DTB, "device tree of domain vm1"},
	    {PF_N_BACKING, "copy it from the host"}, {PF_N_SHARED, "take <filesystem> out (`virsh edit vm1`"},
	    {PF_N_LOG, "serial line's file"},	    {PF_N_LINE, "plug it in"},
	    {PF_N_RANDOM, "name /dev/urandom"},	    {PF_N_PCI, "lspci"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		need(cases[i].kind, "/x", PF_NO);
		only(CF_ERROR, cases[i].words);
	}
	need(PF_N_BRIDGE, "br0", PF_NO);
	text(other.interfaces, "br0 eth0");
	only(CF_ERROR, "bridge of domain vm1: br0 is not on this host: the VM can't start here; make it");
	need(PF_N_NETWORK, "default", PF_NO);
	only(CF_ERROR, "`virsh net-define`");
	/* a template is for an NVRAM that isn't there yet; one of the directory comes with it */
	struct pf_domain *d = &host.vms.domain[0];
	need(PF_N_NVRAM, "/srv/vars", PF_YES);
	pf_need_add(d, PF_N_TEMPLATE, "", "/usr/share/vars");
	d->need[1].here = PF_NO;
	only(CF_WARNING, "NVRAM of domain vm1");
	d->need[0].here = PF_NO;
	judge();
	assert_int_equal(found.errors, 1);
	text(d->need[0].name, DIRECTORY "/vars");
	judge();
	assert_int_equal(found.errors + found.warnings, 0);
	/* media */
	good_domain(d);
	text(d->disk[0].source, "/srv/x.iso");
	d->disk[0].here = PF_NO;
	only(CF_ERROR, "disk vda of domain vm1: /srv/x.iso is not on this host: the VM can't start here");
	d->disk[0].optional = true;
	only(CF_WARNING, "not mirrored");
	host.vms.told = PF_LATE;
	host.vms.asked = true;
	only(CF_ERROR, "can't be looked at in time");
}

static void test_networks(void **state)
{
	(void)state;
	need(PF_N_NETWORK, "default", PF_YES)->active = PF_NO;
	only(CF_ERROR, "default is not active on this host: the VM can't start here; `virsh net-start default`");
	host.vms.domain[0].need[0].active = PF_YES;
	host.vms.domain[0].need[0].at_boot = PF_NO;
	only(CF_WARNING, "default is not started at boot");
	host.vms.domain[0].need[0].at_boot = PF_YES;
	assert_true(has_ok("domain vm1 has what it needs beside its disks: libvirt's network default"));
	text(other.networks, "isolated");
	only(CF_ERROR, "host2 has no active default: the VM can't start there");
	text(other.networks, "isolated default");
	judge();
	assert_int_equal(found.errors + found.warnings, 0);
	need(PF_N_BRIDGE, "br0", PF_YES);
	text(other.interfaces, "br00 br");
	only(CF_ERROR, "bridge of domain vm1: host2 has no br0");
	text(other.interfaces, "none");
	only(CF_ERROR, "host2 has no br0");
	peer.facts = NULL;
	judge();
	assert_int_equal(found.errors, 0);
}

static void test_well(void **state)
{
	struct pf_domain *d = &host.vms.domain[0];
	(void)state;
	assert_false(has_ok("beside its disks"));
	need(PF_N_NVRAM, DIRECTORY "/vars", PF_UNKNOWN);
	pf_need_add(d, PF_N_TPM_STATE, "", DIRECTORY "/tpm");
	pf_need_add(d, PF_N_BACKING, "vda", DIRECTORY "/base");
	pf_need_add(d, PF_N_BRIDGE, "", "br0");
	d->need[3].here = PF_YES;
	assert_true(has_ok("beside its disks: NVRAM, state of the emulated TPM, backing file, bridge br0"));
	assert_int_equal(found.errors + found.warnings, 0);
	pf_need_add(d, PF_N_NVRAM, "", "/srv/vars");
	assert_false(has_ok("beside its disks"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    CASE(test_devices), CASE(test_firmware), CASE(test_too_many), CASE(test_chain),	  CASE(test_look),
	    CASE(test_names),	CASE(test_not_mirrored), CASE(test_missing), CASE(test_networks), CASE(test_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
