// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict on a host with a unit on DRBD, and what is read of DRBD: of 8.4 and of 9. */
#include "tests/unit/preflight_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "crm-config/emit.h"

#define SITE                                                                                                        \
	"directory = /var/lib/libvirt/images/vm1\nhosts = host1 host2\nring0 = 10.0.0.1 10.0.0.2\nfence.host1 = fence_ipmilan ip=1\n" \
	"fence.host2 = fence_ipmilan ip=2\nstorage = drbd\ndrbd_device = /dev/drbd7\ndrbd_disk = /dev/vg0/vm1\n"

static struct cf_model model_here;
static struct pf_volume *volume = &host.volume[0];
static struct pf_resource *resource = &host.drbd.resource[0];

/* The same unit on DRBD, with these keys beside it. */
static void on_drbd(const char *keys)
{
	struct vt_fail fail = {.code = 0};
	char file[2048];
	snprintf(file, sizeof file, SITE "%s", keys);
	memset(&model_here, 0, sizeof model_here);
	struct cf_model_reader *r = cf_model_begin(&model_here);
	assert_non_null(r);
	assert_int_equal(cf_model_add(r, "vm1", file, "f", &fail), 0);
	assert_int_equal(cf_model_end(r, &fail), 0);
	unit[0] = model_here.unit[0].conf;
	model = &model_here;
}

static void file_for(enum cf_drbd module)
{
	char *written = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&written, &size);
	assert_non_null(to);
	cf_emit_drbd(to, &model_here.site, &model_here.unit[0], module);
	fclose(to);
	pf_digest_text(written, volume->res);
	free(written);
}

static void versions(const char *module)
{
	struct pf_facts *const facts[] = {&host.own, &other};
	for (int i = 0; i < 2; i++) {
		text(facts[i]->version[PF_DRBD], module);
		text(facts[i]->version[PF_DRBD_UTILS], "9.22.0");
	}
}

static void drbd_disk(struct pf_vdisk *d)
{
	*d = (struct pf_vdisk){.target = "vda", .cache = "none", .source = "/dev/drbd7", .format = "raw", .writable = true};
}

/* A host with a unit on DRBD alone, which needs nothing of vmtwin's mirror; all runs and is in step. */
static int well_drbd(void **state)
{
	well(state);
	on_drbd("");
	hostconf.watchdog[0] = '\0';
	host.cluster.vmtwind = PF_NO;
	host.system.boot[PF_S_VMTWIND] = PF_BOOT_ABSENT;
	host.system.fuse_error = ENOENT;
	host.system.uring_error = EPERM;
	host.system.selinux = PF_YES;
	host.disk[0] = (struct pf_disk){.told = PF_UNTOLD};
	host.own.unit[0].has_data = other.unit[0].has_data = false;
	host.own.unit[0].has_disk = other.unit[0].has_disk = true;
	host.own.unit[0].disk_bytes = other.unit[0].disk_bytes = 10ull << 30;
	text(host.own.unit[0].definition, "01234567");
	text(other.unit[0].definition, "01234567");
	versions("8.4.11");
	host.drbd = (struct pf_drbd){.told = PF_TOLD, .agent = PF_YES, .uname = "host1", .resources = 1};
	host.drbd.scripts[CF_DRBD_8_4] = host.drbd.scripts[CF_DRBD_9] = PF_YES;
	host.system.boot[PF_S_DRBD] = PF_BOOT_OFF;
	*volume = (struct pf_volume){.told = PF_TOLD, .boot = PF_NO, .bytes = 10ull << 30, .meta = PF_META_8};
	file_for(CF_DRBD_8_4);
	*resource = (struct pf_resource){.name = "vm1",
					 .has_minor = true,
					 .minor = 7,
					 .suspended = "no",
					 .disk = "UpToDate",
					 .connection = "Connected",
					 .replication = "Established",
					 .peer_disk = "UpToDate"};
	drbd_disk(&host.vms.domain[0].disk[0]);
	return 0;
}

static void test_well(void **state)
{
	static const char *const said[] = {"drbd-utils 9.22.0, with the agent ocf:linbit:drbd",
					   "DRBD's module = 8.4.11",
					   "versions are the same on host2",
					   "/etc/drbd.d/vm1.res is as the units' files say, for DRBD's module 8.4",
					   "drbd_disk of unit vm1 = /dev/vg0/vm1: 10240 MiB",
					   "drbd_disk of unit vm1: as large on host2",
					   "DRBD of unit vm1: Connected, UpToDate on both hosts",
					   "port 7790 of unit vm1: its data link is up",
					   "/etc/vmtwin/domains/vm1.xml: the same on host2",
					   "disk vda of domain vm1: cache='none', on /dev/drbd7",
					   "unit file of vm1: the same on host2"};
	static const char *const not_said[] = {"FUSE", "io_uring", "vmtwind", "store of", "watchdog"};
	(void)state;
	judge();
	show();
	assert_int_equal(found.errors + found.warnings, 0);
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
		if (!has_ok(said[i]))
			fail_msg("no '%s'", said[i]);
	for (unsigned i = 0; i < found.count; i++)
		for (size_t k = 0; k < sizeof not_said / sizeof not_said[0]; k++)
			assert_null(strstr(found.list[i].text, not_said[k]));
	host.drbd.resources = 0;
	assert_true(has_ok("DRBD of unit vm1 doesn't run on this host"));
	assert_int_equal(found.errors + found.warnings, 0);
	/* and nothing of it where no unit is on it */
	well(state);
	host.drbd.told = host.volume[0].told = PF_TOLD;
	judge();
	for (unsigned i = 0; i < found.count; i++)
		assert_null(strstr(found.list[i].text, "DRBD"));
}

/* Beside a mirrored unit what that one needs is asked for. */
static void test_mixed(void **state)
{
	struct vt_fail fail = {.code = 0};
	(void)state;
	assert_int_equal(vt_unitconf_parse(&unit[1], "vm2", "directory = /var/lib/libvirt/images/vm2\nhosts = host1 host2\nport = 7791\n", "f", &fail), 0);
	units = 2;
	host.vms.domain[1].source = PF_S_LIBVIRT;
	host.system.uring_error = 0;
	host.system.selinux = PF_NO;
	host.system.boot[PF_S_VMTWIND] = PF_BOOT_ON;
	host.cluster.vmtwind = PF_YES;
	only(CF_ERROR, "FUSE: /dev/fuse can't be opened");
	host.system.fuse_error = 0;
	judge();
	assert_int_equal(found.errors + found.warnings, 0);
}

static void test_host(void **state)
{
	host.own.version[PF_DRBD_UTILS][0] = other.version[PF_DRBD_UTILS][0] = '\0';
	only(CF_ERROR, "`apt-get install drbd-utils`");
	well_drbd(state);
	host.drbd.agent = PF_NO;
	only(CF_ERROR, "their agent ocf:linbit:drbd is not in");
	well_drbd(state);
	host.system.boot[PF_S_DRBD] = PF_BOOT_ON;
	only(CF_WARNING, "service drbd is started at boot, but Pacemaker starts DRBD; `systemctl disable drbd.service`");
	well_drbd(state);
	volume->boot = PF_YES;
	only(CF_WARNING, "service drbd@vm1 is started at boot");
	well_drbd(state);
	text(host.drbd.uname, "host1.example.org");
	text(volume->refused, "vm1 is not of this host");
	only(CF_ERROR, "`uname -n` = host1.example.org, but the cluster calls this host host1");
	well_drbd(state);
	host.drbd.told = PF_LATE;
	only(CF_ERROR, "its programs or its module don't answer in time");
	well_drbd(state);
	volume->told = PF_LATE;
	only(CF_ERROR, "its files and volume could not be looked at in time");
	well_drbd(state);
	model = NULL;
	model_trouble = "b.conf:3: ring0 contradicts a.conf:3";
	only(CF_ERROR, "can't be told: b.conf:3: ring0 contradicts");
}

static void test_module(void **state)
{
	versions("none");
	only(CF_ERROR, "DRBD's module: the kernel that runs has none");
	text(volume->refused, "as for another module");
	only(CF_ERROR, "DRBD's module: the kernel that runs has none");
	well_drbd(state);
	versions("8.3.16");
	only(CF_ERROR, "DRBD's module = 8.3.16, at least 8.4 is needed");
	well_drbd(state);
	versions("9.1.7");
	file_for(CF_DRBD_9);
	volume->meta = PF_META_9;
	assert_true(has_ok("for DRBD's module 9"));
	assert_int_equal(found.errors + found.warnings, 0);
	text(other.version[PF_DRBD], "8.4.11");
	only(CF_WARNING, "version of DRBD's module: 9.1.7 here, 8.4.11 on host2");
	well_drbd(state);
	versions("");
	judge();
	assert_int_equal(found.errors + found.warnings, 0);
}

/* With several rings 9 is meant; 8.4 with its own file works, on one of them. */
static void test_rings(void **state)
{
	on_drbd("ring1 = 10.1.0.1 10.1.0.2\n");
	file_for(CF_DRBD_8_4);
	only(CF_WARNING, "DRBD's module = 8.4.11 knows one address a host: without ring0 the units on it are not replicated, though there are 2 rings");
	versions("9.1.7");
	file_for(CF_DRBD_BY_RINGS);
	volume->meta = PF_META_9;
	judge();
	assert_int_equal(found.errors + found.warnings, 0);
	(void)state;
}

static void test_file(void **state)
{
	volume->res_error = ENOENT;
	volume->res[0] = '\0';
	only(CF_ERROR, "/etc/drbd.d/vm1.res: No such file or directory; `vmtwin-config generate drbd --drbd 8.4 vm1 >/etc/drbd.d/vm1.res`");
	versions("9.1.7");
	only(CF_ERROR, "`vmtwin-config generate drbd --drbd 9 vm1 >/etc/drbd.d/vm1.res`");
	well_drbd(state);
	text(volume->res, "deadbeef");
	only(CF_ERROR, "/etc/drbd.d/vm1.res is not what the units' files say, for neither module");
	well_drbd(state);
	file_for(CF_DRBD_9);
	only(CF_ERROR, "/etc/drbd.d/vm1.res is for DRBD's module 9, but the module here is 8.4.11, which refuses it; `vmtwin-config generate drbd "
		       "--drbd 8.4 vm1");
	well_drbd(state);
	text(volume->refused, "a.res:2: conflicting use of device-minor 7");
	only(CF_ERROR, "drbdadm refuses it, or a file beside it: a.res:2: conflicting use of device-minor 7");
	well_drbd(state);
	host.drbd.scripts[CF_DRBD_9] = PF_NO;
	judge();
	assert_int_equal(found.errors + found.warnings, 0);
	host.drbd.scripts[CF_DRBD_8_4] = PF_NO;
	only(CF_ERROR, "its handlers /usr/lib/drbd/crm-fence-peer.sh and /usr/lib/drbd/crm-unfence-peer.sh are not both there");
	well_drbd(state);
	model_here.site.rings = 0;
	only(CF_ERROR, "no unit file has ring0");
}

static void test_volume(void **state)
{
	volume->disk_error = ENOENT;
	only(CF_ERROR, "drbd_disk of unit vm1 = /dev/vg0/vm1: No such file or directory; make it");
	volume->disk_error = ENOTBLK;
	only(CF_ERROR, "drbd_disk of unit vm1 = /dev/vg0/vm1 is no block device");
	well_drbd(state);
	text(volume->used, "mounted at /srv");
	only(CF_ERROR, "drbd_disk of unit vm1 = /dev/vg0/vm1 is mounted at /srv: DRBD needs it for itself");
	well_drbd(state);
	volume->meta = PF_META_NONE; /* it runs: it has some elsewhere, or they can't be read */
	judge();
	assert_int_equal(found.errors, 0);
	host.drbd.resources = 0;
	only(CF_ERROR, "has no metadata of DRBD at its end; `drbdadm create-md vm1`");
	volume->meta = PF_META_9;
	only(CF_ERROR, "has metadata of DRBD 9, but the module here is 8.4.11");
	volume->meta = PF_META_UNKNOWN;
	judge();
	assert_int_equal(found.errors, 0);
	well_drbd(state);
	other.unit[0].disk_bytes -= 4096;
	only(CF_WARNING, "drbd_disk of unit vm1 has 10737418240 bytes here and 10737414144 on host2");
	other.unit[0].has_disk = false;
	judge();
	assert_int_equal(found.warnings, 0);
	well_drbd(state);
	host.drbd.resource[1] = (struct pf_resource){.name = "mail", .has_minor = true, .minor = 7, .connection = "StandAlone"};
	host.drbd.resources = 2;
	only(CF_ERROR, "drbd_device of unit vm1 = /dev/drbd7 is that of DRBD's resource mail, which runs");
	host.drbd.resource[1].minor = 8;
	judge();
	assert_int_equal(found.errors, 0);
}

static void test_state(void **state)
{
	static const struct {
		const char *connection, *replication, *disk, *peer_disk;
		enum cf_severity severity;
		const char *words;
	} cases[] = {
	    {"StandAlone", "Off", "UpToDate", "DUnknown", CF_ERROR, "StandAlone: it doesn't connect any more, as after a split"},
	    {"StandAlone", "Off", "UpToDate", "DUnknown", CF_ERROR, "`drbdadm connect --discard-my-data vm1`"},
	    {"WFConnection", "Off", "UpToDate", "Outdated", CF_WARNING, "WFConnection: the other host isn't reached"},
	    {"Connecting", "Off", "UpToDate", "DUnknown", CF_WARNING, "Connecting: the other host isn't reached"},
	    {"Connected", "SyncTarget", "Inconsistent", "UpToDate", CF_WARNING, "SyncTarget, Inconsistent here and UpToDate on the other host"},
	    {"Connected", "Established", "Inconsistent", "Inconsistent", CF_WARNING, "`drbdadm primary --force vm1`"},
	    {"Connected", "Established", "UpToDate", "Diskless", CF_WARNING, "UpToDate here and Diskless on the other host: one copy can't take over"},
	    {"Connected", "Established", "Diskless", "UpToDate", CF_ERROR, "Diskless: it goes on without /dev/vg0/vm1"},
	    {"Connected", "Established", "Failed", "UpToDate", CF_ERROR, "`drbdadm attach vm1`"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		well_drbd(state);
		text(resource->connection, cases[i].connection);
		text(resource->replication, cases[i].replication);
		text(resource->disk, cases[i].disk);
		text(resource->peer_disk, cases[i].peer_disk);
		only(cases[i].severity, cases[i].words);
	}
	well_drbd(state);
	text(resource->replication, "VerifyS");
	judge();
	assert_int_equal(found.errors + found.warnings, 0);
	text(resource->suspended, "fencing");
	only(CF_ERROR, "its I/O is suspended (fencing), until the other host is fenced");
}

static void test_domain(void **state)
{
	struct pf_domain *dom = &host.vms.domain[0];
	text(dom->disk[0].cache, "writeback");
	only(CF_ERROR, "cache='writeback': what this host's memory holds isn't on the other one; set cache='none' (`virsh edit vm1`, and in "
		       "/etc/vmtwin/domains/vm1.xml)");
	drbd_disk(&dom->disk[0]);
	text(dom->disk[0].format, "qcow2");
	only(CF_ERROR, "disk vda of domain vm1 is /dev/drbd7 with type='block qcow2'");
	drbd_disk(&dom->disk[0]);
	dom->disk[0].file = true;
	only(CF_ERROR, "type='file raw'");
	drbd_disk(&dom->disk[0]);
	dom->disk[0].format[0] = '\0';
	drbd_disk(&dom->disk[1]);
	text(dom->disk[1].source, "/dev/vg0/vm1");
	dom->disks = 2;
	only(CF_WARNING, "/dev/vg0/vm1 is not on DRBD: after a failover it is missing");
	dom->disks = 0;
	only(CF_ERROR, "domain vm1 has no disk on /dev/drbd7");
	well_drbd(state);
	volume->definition_error = ENOENT;
	dom->source = PF_S_NONE;
	only(CF_ERROR, "/etc/vmtwin/domains/vm1.xml, the definition of unit vm1's domain: No such file or directory: the VM can't start here");
	well_drbd(state);
	text(other.unit[0].definition, "76543210");
	only(CF_ERROR, "/etc/vmtwin/domains/vm1.xml is not the same on host2");
	other.unit[0].definition[0] = '\0';
	only(CF_ERROR, "/etc/vmtwin/domains/vm1.xml is not there on host2");
	well_drbd(state);
	text(other.unit[0].digest, "directory:01234567 drbd_disk:1");
	only(CF_ERROR, "unit file of vm1: not the same on host2, in hosts, port, drbd_disk;");
}

/* ---- what is read ------------------------------------------------------------------------------------------------ */

static void test_status_9(void **state)
{
	static struct pf_drbd d;
	(void)state;
	pf_status_parse(&d, "mail node-id:1 role:Secondary suspended:no\n"
			    "    force-io-failures:no\n"
			    "  volume:0 minor:1 disk:UpToDate backing_dev:/dev/vg0/mail quorum:yes blocked:no\n"
			    "  host1 local:ipv4:10.0.0.2:7791 peer:ipv4:10.0.0.1:7791 node-id:0\n"
			    "      connection:Connected role:Primary tls:no congested:no ap-in-flight:0\n"
			    "      rs-in-flight:0\n"
			    "    volume:0 replication:Established peer-disk:UpToDate resync-suspended:no\n"
			    "\n"
			    "vm1 node-id:1 role:Primary suspended:fencing\n"
			    "  volume:0 minor:7 disk:Inconsistent quorum:yes blocked:upper\n"
			    "  host1 node-id:0 connection:StandAlone role:Unknown congested:no\n"
			    "    volume:0 replication:Off peer-disk:DUnknown resync-suspended:no\n");
	assert_int_equal(d.resources, 2);
	assert_string_equal(d.resource[0].name, "mail");
	assert_true(d.resource[0].has_minor && d.resource[0].minor == 1);
	assert_string_equal(d.resource[0].suspended, "no");
	assert_string_equal(d.resource[0].disk, "UpToDate");
	assert_string_equal(d.resource[0].connection, "Connected");
	assert_string_equal(d.resource[0].replication, "Established");
	assert_string_equal(d.resource[0].peer_disk, "UpToDate");
	assert_int_equal(d.resource[1].minor, 7);
	assert_string_equal(d.resource[1].suspended, "fencing");
	assert_string_equal(d.resource[1].disk, "Inconsistent");
	assert_string_equal(d.resource[1].connection, "StandAlone");
	assert_string_equal(d.resource[1].replication, "Off");
	assert_string_equal(d.resource[1].peer_disk, "DUnknown");
}

static void test_status_8(void **state)
{
	static struct pf_drbd d;
	(void)state;
	pf_status_parse(&d, "vm1 role:Secondary suspended:no\n"
			    "    write-ordering:drain\n"
			    "  volume:0 minor:7 disk:UpToDate\n"
			    "      size:10616472 read:134465 written:144800 al-writes:18 bm-writes:0\n"
			    "  peer connection:Connected role:Primary congested:no\n"
			    "    volume:0 replication:SyncSource peer-disk:Inconsistent done:43.12\n"
			    "        resync-suspended:no\n");
	assert_int_equal(d.resources, 1);
	assert_string_equal(d.resource[0].disk, "UpToDate");
	assert_string_equal(d.resource[0].connection, "Connected");
	assert_string_equal(d.resource[0].replication, "SyncSource");
	assert_string_equal(d.resource[0].peer_disk, "Inconsistent");
	/* as older releases name the peer's disk */
	pf_status_parse(&d, "vm1 role:Primary\n  disk:UpToDate\n  host2 role:Secondary\n    disk:Outdated\n");
	assert_int_equal(d.resources, 1);
	assert_string_equal(d.resource[0].disk, "UpToDate");
	assert_string_equal(d.resource[0].peer_disk, "Outdated");
	assert_string_equal(d.resource[0].connection, "");
	pf_status_parse(&d, "vm1 role:Primary\n  volume:0 minor:123456789 disk:UpToDate\n");
	assert_false(d.resource[0].has_minor);
	pf_status_parse(&d, "# No currently configured DRBD found.\n");
	assert_int_equal(d.resources, 0);
	pf_status_parse(&d, "  disk:UpToDate\n");
	assert_int_equal(d.resources, 0);
}

static void test_status_full(void **state)
{
	static struct pf_drbd d;
	static char many[8192];
	size_t len = 0;
	(void)state;
	for (int i = 0; i < PF_RESOURCES_MAX; i++)
		len += (size_t)snprintf(many + len, sizeof many - len, "r%d role:Primary\n  disk:UpToDate\n", i);
	pf_status_parse(&d, many);
	assert_true(d.resources == PF_RESOURCES_MAX && !d.more_resources);
	snprintf(many + len, sizeof many - len, "more role:Primary\n  disk:Failed\n");
	pf_status_parse(&d, many);
	assert_true(d.resources == PF_RESOURCES_MAX && d.more_resources);
	assert_string_equal(d.resource[PF_RESOURCES_MAX - 1].disk, "UpToDate");
}

static void test_versions(void **state)
{
	char version[PF_VERSION_MAX], said[32];
	(void)state;
	pf_version_of("version: 8.4.11 (api:1/proto:86-101)\nsrcversion: ABCDEF\n\n 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n",
		      version);
	assert_string_equal(version, "8.4.11");
	pf_version_of("version: 9.1.7 (api:2/proto:110-121)\nGIT-hash: bfd2450739e3e27cfd0a2eece2cde3d94ad993ae build by root@host1\n", version);
	assert_string_equal(version, "9.1.7");
	pf_complaint("modinfo: ERROR: Module drbd not found.\na.res:2: conflicting use of device-minor 0\nmore\n", said, sizeof said);
	assert_string_equal(said, "a.res:2: conflicting use of dev");
	pf_complaint("modinfo: ERROR: Module drbd not found.\n", said, sizeof said);
	assert_string_equal(said, "");
}

static void test_disks(void **state)
{
	static uint8_t block[PF_META_BYTES];
	static const uint8_t magic[] = {0x83, 0x74, 0x02, 0x6b};
	static const char mounts[] = "rubbish\n3 1 253:4 / /srv/a\\040b rw - ext4 /dev/dm-4 rw\n";
	char dir[16];
	(void)state;
	assert_int_equal(pf_meta_of(block), PF_META_NONE);
	memcpy(block + 60, magic, sizeof magic);
	assert_int_equal(pf_meta_of(block), PF_META_8);
	block[63] = 0x6c; /* in use when the power went */
	assert_int_equal(pf_meta_of(block), PF_META_8);
	block[63] = 0x6d;
	assert_int_equal(pf_meta_of(block), PF_META_9);
	block[63] = 0x67; /* 8.0's and older */
	assert_int_equal(pf_meta_of(block), PF_META_NONE);
	assert_true(pf_mounted_at(mounts, 253, 4, dir, sizeof dir));
	assert_string_equal(dir, "/srv/a b");
	assert_false(pf_mounted_at(mounts, 253, 5, dir, sizeof dir));
	assert_true(pf_is_swap("Filename\tType\n/dev/dm-1 partition\t1\n", "/dev/dm-1"));
	assert_false(pf_is_swap("Filename\tType\n/dev/dm-11 partition\t1\n", "/dev/dm-1"));
	assert_false(pf_is_swap("Filename\tType\n", ""));
}

static void test_facts(void **state)
{
	struct vt_fail fail = {.code = 0};
	static struct pf_facts f;
	static const struct {
		const char *text, *words;
	} cases[] = {{"disk.vm1 = 1\ndisk.vm1 = 1\n", "told twice: 'disk.vm1'"},
		     {"disk.vm1 = -1\n", "must be a whole number: 'disk.vm1'"},
		     {"disk.../x = 1\n", "none can have this name"},
		     {"definition.vm1 = 0123456789abcdef\n", "the value is too long: 'definition.vm1'"},
		     {"definition.vm1 = 1\ndefinition.vm1 = 1\n", "told twice"}};
	(void)state;
	assert_int_equal(pf_facts_parse(&f,
					"facts = 1\nhost = a\nversion.drbd = none\nversion.drbd-utils = 9.22.0\ndisk.vm1 = 4096\n"
					"definition.vm1 = 01234567\n",
					"f", &fail),
			 0);
	assert_string_equal(f.version[PF_DRBD], "none");
	assert_string_equal(f.version[PF_DRBD_UTILS], "9.22.0");
	assert_true(f.unit[0].has_disk && f.unit[0].disk_bytes == 4096 && !f.unit[0].has_data);
	assert_string_equal(f.unit[0].definition, "01234567");
	char *printed = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);
	assert_int_equal(pf_facts_print(&f, out), 0);
	fclose(out);
	assert_non_null(strstr(printed, "version.drbd-utils = 9.22.0\nversion.drbd = none\n"));
	assert_non_null(strstr(printed, "disk.vm1 = 4096\ndefinition.vm1 = 01234567\n"));
	free(printed);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char told[256];
		snprintf(told, sizeof told, "facts = 1\nhost = a\n%s", cases[i].text);
		assert_int_equal(pf_facts_parse(&f, told, "f", &fail), -EINVAL);
		if (!strstr(fail.text, cases[i].words))
			fail_msg("'%s', not '%s'", fail.text, cases[i].words);
	}
}

#define DRBD(f) cmocka_unit_test_setup(f, well_drbd)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    DRBD(test_well), DRBD(test_mixed), DRBD(test_host), DRBD(test_module), DRBD(test_rings), DRBD(test_file), DRBD(test_volume),
	    DRBD(test_state), DRBD(test_domain),
	    cmocka_unit_test(test_status_9), cmocka_unit_test(test_status_8), cmocka_unit_test(test_status_full), cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_disks), cmocka_unit_test(test_facts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
