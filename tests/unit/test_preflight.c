// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict as a whole: a host that is well, one of which nothing is known, and the two hosts beside each other. */
#include "tests/unit/preflight_host.h"

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    CASE(test_well), CASE(test_untold), CASE(test_other_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
