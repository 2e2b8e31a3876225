// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict on programs, kernel, clock, services and security modules. */
#include "tests/unit/preflight_host.h"

#include <errno.h>

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    CASE(test_versions), CASE(test_daemons), CASE(test_kernel), CASE(test_clock), CASE(test_boot),
	    CASE(test_security),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
