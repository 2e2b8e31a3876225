// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict on stores and VMs. */
#include "tests/unit/preflight_host.h"

#include <errno.h>

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    CASE(test_file_systems), CASE(test_files), CASE(test_domains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
