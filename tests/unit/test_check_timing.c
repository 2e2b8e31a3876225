// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict: a safe cluster, and each fact changed to where it just isn't safe any more. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "crm-config/check_int.h"
#include "crm-config/check_timing.h"

static struct cf_corosync corosync;
static struct cf_cib cib;
static struct vt_hostconf host;
static struct vt_unitconf unit[3];
static struct cf_findings found;
static unsigned units, named; /* named 0: all */
static bool bare;	       /* nothing of the units is put into the cluster */

/* Defaults everywhere, a quorum device, fence_vmtwin, one unit. */
static int safe(void **state)
{
	struct vt_fail fail = {.code = 0};
	(void)state;
	assert_int_equal(cf_corosync_parse(&corosync,
					   "nodelist {\nnode {\nname: host1\nring0_addr: 10.0.0.1\n}\n"
					   "node {\nname: host2\nring0_addr: 10.0.0.2\n}\n}\n"
					   "quorum {\nprovider: corosync_votequorum\n"
					   "device {\nmodel: net\nnet {\nhost: third\n}\n}\n}\n",
					   "f", &fail),
			 0);
	cf_cib_init(&cib);
	cib.devices = 1;
	cib.device[0] = (struct cf_device){.id = "twin",
					   .agent = "fence_vmtwin",
					   .vmtwin = true,
					   .hosts = "host1 host2",
					   .reboot_ms = 72660,
					   .off_ms = 72660,
					   .monitored = true};
	assert_int_equal(vt_hostconf_parse(&host, "", "f", &fail), 0);
	for (unsigned i = 0; i < 3; i++) {
		char name[8];
		snprintf(name, sizeof name, "vm%u", i + 1);
		assert_int_equal(vt_unitconf_parse(&unit[i], name, "directory = /a/b\nhosts = host1 host2\n", "f", &fail), 0);
	}
	units = 1;
	named = 0;
	bare = false;
	return 0;
}

/* A VM for each unit of which the test has put nothing into the cluster. */
static void put_in_vms(void)
{
	for (unsigned i = 0; i < units; i++) {
		bool there = bare;
		for (unsigned k = 0; k < cib.resources; k++)
			there |= strcmp(cib.resource[k].id, unit[i].name) == 0 || strcmp(cib.resource[k].unit, unit[i].name) == 0;
		if (there)
			continue;
		struct cf_resource *r = &cib.resource[cib.resources++];
		*r = (struct cf_resource){.stop_ms = 120000};
		snprintf(r->id, sizeof r->id, "%s", unit[i].name);
		snprintf(r->unit, sizeof r->unit, "%s", unit[i].name);
	}
}

static void judge(void)
{
	struct cf_facts f = {.corosync = &corosync, .cib = &cib, .host = &host, .unit = unit, .units = units, .named = named ? named : units};
	put_in_vms();
	cf_check(&f, &found);
}

static unsigned says(enum cf_severity severity, const char *text)
{
	unsigned n = 0;
	judge();
	for (unsigned i = 0; i < found.count; i++)
		n += found.list[i].severity == severity && strstr(found.list[i].text, text) != NULL;
	if (n == 0)
		for (unsigned i = 0; i < found.count; i++)
			printf("%d %s\n", (int)found.list[i].severity, found.list[i].text);
	return n;
}

/* Nothing but ok. */
static bool clean(void)
{
	judge();
	for (unsigned i = 0; i < found.count; i++)
		if (found.list[i].severity != CF_OK)
			printf("%s\n", found.list[i].text);
	return found.errors == 0 && found.warnings == 0;
}

static void two_node(void)
{
	corosync.device = false;
	corosync.two_node = corosync.wait_for_all = 1;
}

static void add_power(const char *victim)
{
	struct cf_device *d = &cib.device[cib.devices++];
	*d = (struct cf_device){.agent = "fence_ipmilan", .monitored = true};
	snprintf(d->id, sizeof d->id, "power-%s", victim);
	snprintf(d->hosts, sizeof d->hosts, "%s", victim);
}

static void test_sums(void **state)
{
	char text[CF_SECONDS_TEXT];
	struct cf_sum s = {.ms = 0};
	(void)state;
	assert_string_equal(cf_seconds(0, text), "0");
	assert_string_equal(cf_seconds(10, text), "0.01");
	assert_string_equal(cf_seconds(3600, text), "3.6");
	assert_string_equal(cf_seconds(100000, text), "100");
	cf_sum_add(&s, "a", 1500);
	cf_sum_add(&s, "b", 2);
	cf_sum_end(&s);
	assert_string_equal(s.text, "a 1.5 + b 0.002 = 1.502 s");
	for (int i = 0; i < 100; i++)
		cf_sum_add(&s, "too long for the text", 1);
	assert_int_equal(s.ms, 1602);
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} good[] = {{"60", 60000}, {"60s", 60000}, {"500ms", 500}, {"2min", 120000}, {"1h", 3600000}, {"0", 0}, {"24h", 86400000}};
	static const char *const bad[] = {"", "s", "-1", "1.5s", "5 parsecs", "25h", "9999999999", "1s2"};
	uint32_t ms = 0;
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(cf_time_parse(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(cf_time_parse(bad[i], &ms));
	assert_true(cf_list_has("host1, host2;host3", "HOST2"));
	assert_false(cf_list_has("host10 host2", "host1"));
	assert_false(cf_list_has("host1", ""));
	struct cf_device d = {.delay_base = "host1:5s; host2:250ms", .map = "host1:1;host2:2,3"};
	assert_int_equal(cf_device_base_ms(&d, "host1"), 5000);
	assert_int_equal(cf_device_base_ms(&d, "host2"), 250);
	assert_int_equal(cf_device_base_ms(&d, "host3"), 0);
	assert_true(cf_device_covers(&d, "host2"));
	assert_false(cf_device_covers(&d, "host3"));
	assert_true(cf_delay_base_ok(d.delay_base));
	assert_false(cf_delay_base_ok("host1:5s;host2"));
	assert_false(cf_delay_base_ok("host1:x"));
}

static void test_safe(void **state)
{
	(void)state;
	assert_true(clean());
	assert_int_equal(says(CF_OK, "lease_ms 30 + token 3 + consensus 3.6 + quorum.device.sync_timeout 30 + drift and reserve 1.06 = "
				     "67.66 s"),
			 2);
}

/* One millisecond less is refused; each delay counts; stonith-timeout where none is given. */
static void test_fence_timeout(void **state)
{
	(void)state;
	cib.device[0].reboot_ms = 72659;
	assert_int_equal(says(CF_ERROR, "pcmk_reboot_timeout of twin = 72.659 s, but fencing takes at least"), 1);
	assert_int_equal(found.errors, 1);
	cib.device[0].reboot_ms = 72660;
	cib.device[0].delay_ms = 1;
	assert_int_equal(says(CF_ERROR, "drift and reserve 1.06 + delay 0.001 = 67.661 s"), 2);
	cib.device[0].delay_ms = 0;
	snprintf(cib.device[0].delay_base, sizeof cib.device[0].delay_base, "host9:60s;host2:1s");
	assert_int_equal(says(CF_ERROR, "+ pcmk_delay_base 1 = 68.66 s"), 2);
	cib.device[0].delay_max_ms = 3000;
	assert_int_equal(says(CF_ERROR, "+ pcmk_delay_max 3 = 70.66 s"), 2);
	cib.device[0].delay_max_ms = 0;
	cib.device[0].delay_base[0] = '\0';
	cib.device[0].off_ms = 0;
	assert_int_equal(says(CF_ERROR, "pcmk_off_timeout of twin = 60 s (stonith-timeout)"), 1);
	cib.stonith_timeout_ms = 72660;
	assert_true(clean());
	cib.priority_delay_ms = 60000; /* outside the device's time */
	assert_true(clean());
}

/* The advised lease is the longest that fits. */
static void test_advice(void **state)
{
	(void)state;
	cib.device[0].reboot_ms = cib.device[0].off_ms = 0;
	assert_int_equal(says(CF_ERROR, "pcmk_reboot_timeout=73s`, or lease_ms = 17000 in"), 1);
	unit[0].lease_ms = 17000;
	assert_int_equal(says(CF_OK, "pcmk_reboot_timeout of twin = 60 s (stonith-timeout) >= lease_ms 17 + token 3"), 1);
	assert_int_equal(found.errors, 0);
	unit[0].lease_ms = 18000;
	assert_int_equal(says(CF_ERROR, "lease_ms 18"), 2);
	unit[0].lease_ms = 16000; /* 14.4 s < 15 s */
	assert_int_equal(says(CF_ERROR, "any change of the membership would take the VM down; set lease_ms = 17000"), 1);
	cib.stonith_timeout_ms = 40000;
	assert_int_equal(says(CF_ERROR, "pcmk_reboot_timeout=59s`"), 1);
	assert_int_equal(found.errors, 3);
}

static void test_lease(void **state)
{
	(void)state;
	corosync.device_timeout_ms = 17000; /* 20.4 + 3 s against 27; hanging: 6.6 + 17 + 3 s */
	assert_true(clean());
	snprintf(corosync.heuristics, sizeof corosync.heuristics, "sync");
	assert_int_equal(says(CF_WARNING, "+ quorum.device.timeout 17 + heuristics.sync_timeout 15 + proof interval 1 + reserve 2 = 41.6 s"), 1);
	corosync.heuristics[0] = '\0';
	corosync.device_timeout_ms = 17500;
	assert_int_equal(says(CF_WARNING, "token 3 + consensus 3.6 + quorum.device.timeout 17.5 + proof interval 1 + reserve 2 = 27.1 s"), 1);
	assert_int_equal(found.errors, 0);
	corosync.device_timeout_ms = 20001;
	assert_int_equal(says(CF_ERROR, "1.2 x quorum.device.timeout 24.001 + proof interval 1 + reserve 2 = 27.001 s"), 1);
	safe(NULL);
	units = 2;
	unit[1].lease_ms = 29000;
	assert_int_equal(says(CF_WARNING, "lease_ms of unit vm2 = 29 s, but the longest of all units is 30 s"), 1);
	assert_int_equal(found.errors, 0);
	unit[1].lease_ms = 30001;
	assert_int_equal(says(CF_ERROR, "lease_ms 30.001 + token 3"), 2);
	safe(NULL);
	unit[0].outdate_timeout_ms = 20499;
	assert_true(clean());
	unit[0].outdate_timeout_ms = 20500;
	assert_int_equal(says(CF_ERROR, "link_timeout_ms 5 + reconnect 1.5 + outdate_timeout_ms 20.5 = 27 s"), 1);
}

static void test_totem(void **state)
{
	(void)state;
	corosync.consensus_ms = 3599;
	assert_int_equal(says(CF_ERROR, "consensus = 3.599 s < 1.2 x token 3 = 3.6 s"), 1);
	corosync.consensus_ms = 3600;
	corosync.real_token_ms = 999;
	assert_int_equal(says(CF_WARNING, "token = 0.999 s < 1 s"), 1);
	assert_int_equal(found.errors, 0);
	corosync.real_token_ms = 10001;
	assert_int_equal(says(CF_WARNING, "token = 10.001 s > 10 s"), 1);
}

static void test_sides(void **state)
{
	struct vt_fail fail = {.code = 0};
	(void)state;
	two_node();
	units = 2;
	unit[0].allow_unfenced = true;
	assert_int_equal(says(CF_ERROR, "(unit vm2 has not allow_unfenced)"), 1);
	assert_int_equal(found.errors, 1);
	unit[1].allow_unfenced = true;
	assert_int_equal(says(CF_WARNING, "a split makes a fork"), 1);
	assert_int_equal(found.errors, 0);
	assert_int_equal(vt_hostconf_parse(&host, "witness = ping:192.0.2.1\n", "f", &fail), 0);
	assert_int_equal(says(CF_WARNING, "not needed here"), 2);
	unit[0].allow_unfenced = unit[1].allow_unfenced = false;
	assert_true(clean());
	assert_int_equal(vt_hostconf_parse(&host, "witness = ping:192.0.2.1 tcp:10.0.0.2:80\nwitness_need = all\n", "f", &fail), 0);
	assert_int_equal(says(CF_ERROR, "witness tcp:10.0.0.2:80 is ring0_addr of host2"), 1);
}

static void test_present(void **state)
{
	(void)state;
	cib.stonith_enabled = false;
	assert_int_equal(says(CF_ERROR, "stonith-enabled = false"), 1);
	unit[0].allow_unfenced = true;
	assert_int_equal(says(CF_ERROR, "needs fence_vmtwin all the same"), 1);
	safe(NULL);
	cib.device[0].disabled = true;
	assert_int_equal(says(CF_ERROR, "1 configured, 0 in use"), 1);
	safe(NULL);
	cib.symmetric = false;
	assert_int_equal(says(CF_ERROR, "location constraints keep twin from host1"), 1);
	cib.locations = 2;
	cib.location[0] = (struct cf_location){.rsc = "twin", .node = "host1", .score = 0};
	cib.location[1] = (struct cf_location){.rsc = "twin", .node = "host2", .score = 1};
	cib.location[0].score = 1;
	assert_true(clean());
}

static void test_levels(void **state)
{
	(void)state;
	add_power("host1");
	add_power("host2");
	cib.levels = 4;
	cib.level[0] = (struct cf_level){.index = 1, .target = "host1", .count = 1, .device = {"power-host1"}};
	cib.level[1] = (struct cf_level){.index = 2, .target = "host1", .count = 1, .device = {"twin"}};
	cib.level[2] = (struct cf_level){.index = 1, .target = "host2", .count = 1, .device = {"power-host2"}};
	cib.level[3] = (struct cf_level){.index = 2, .target = "host2", .count = 1, .device = {"twin"}};
	assert_true(clean());
	cib.device[0].off_ms = 60000;
	assert_int_equal(says(CF_ERROR, "pcmk_off_timeout of twin = 60 s, but"), 1);
	cib.levels = 3; /* still used against host1 */
	assert_int_equal(says(CF_ERROR, "pcmk_off_timeout of twin = 60 s, but"), 1);
	cib.level[1] = cib.level[2];
	cib.levels = 2;
	assert_int_equal(says(CF_WARNING, "twin (fence_vmtwin) is used for no host of these units"), 1);
	assert_int_equal(found.errors, 0);
	cib.level[0].count = 2;
	snprintf(cib.level[0].device[1], CF_ID_MAX, "twin");
	cib.device[0].off_ms = 72660;
	assert_int_equal(says(CF_WARNING, "fencing level 1 of host1 has fence_vmtwin and 1 more"), 1);
}

/* Power first, fence_vmtwin if that fails: only levels say so. */
static void test_order(void **state)
{
	(void)state;
	units = 2;
	add_power("host1");
	assert_int_equal(says(CF_WARNING, "fence devices of host1: power-host1 and twin (fence_vmtwin), but no fencing levels"), 1);
	assert_int_equal(says(CF_WARNING, "`pcs stonith level add 1 host1 power-host1` and `pcs stonith level add 2 host1 twin`"), 1);
	assert_int_equal(found.warnings, 1);
	assert_int_equal(found.errors, 0);
	cib.device[1].disabled = true;
	assert_true(clean());
	cib.device[1].disabled = false;
	cib.levels = 2;
	cib.level[0] = (struct cf_level){.index = 1, .target = "host1", .count = 1, .device = {"power-host1"}};
	cib.level[1] = (struct cf_level){.index = 2, .target = "host1", .count = 1, .device = {"twin"}};
	assert_true(clean());
	cib.level[0].target[0] = cib.level[1].target[0] = '\0'; /* by a pattern */
	assert_true(clean());
}

static void test_duel(void **state)
{
	(void)state;
	two_node();
	cib.devices = 0;
	add_power("host1");
	add_power("host2");
	assert_int_equal(says(CF_ERROR, "are quorate and shoot each other"), 1);
	assert_int_equal(found.errors, 1);
	cib.device[0].delay_max_ms = 5000;
	assert_int_equal(says(CF_WARNING, "a random part up to 5 s"), 1);
	assert_int_equal(found.errors, 0);
	snprintf(cib.device[1].delay_base, sizeof cib.device[1].delay_base, "3s");
	assert_true(clean());
	cib.priority_delay_ms = 9999;
	assert_int_equal(says(CF_ERROR, "both hosts weigh 0"), 1);
	cib.resources = 1;
	cib.resource[0] = (struct cf_resource){.id = "vm1", .unit = "vm1", .priority = 10, .stop_ms = 120000};
	assert_int_equal(says(CF_WARNING, "priority-fencing-delay = 9.999 s < 2 x the devices' own delay = 10 s"), 1);
	cib.priority_delay_ms = 10000;
	assert_true(clean());
	cib.others = 1;
	cib.other_priority = 1;
	snprintf(cib.other_weighty, sizeof cib.other_weighty, "web");
	assert_int_equal(says(CF_WARNING, "web has priority 1 and counts for its host as a VM does"), 1);
	assert_int_equal(says(CF_OK, "shoots first"), 0);
	cib.priority_delay_ms = 0;
	cib.device[0].delay_max_ms = 0;
	cib.device[1].delay_base[0] = '\0';
	safe(NULL);
	cib.devices = 0;
	add_power("host1"); /* one side only, and a device's vote */
	add_power("host2");
	assert_true(clean());
}

/* fence_vmtwin has off and reboot alone; a power device may have more, but none that switches nothing off. */
static void test_actions(void **state)
{
	static const char *const idle[] = {"on",	"enable",    "status",	     "monitor", "list", "list-status", "metadata",
					   "meta-data", "validate-all", "start", "stop", "manpage", "unfence", "Status"};
	static const char *const real[] = {"off", "reboot", "OFF", "cycle", "diag"};
	(void)state;
	cib.devices = 0;
	add_power("host1");
	add_power("host2");
	for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
		snprintf(cib.device[0].reboot_action, CF_ID_MAX, "%s", idle[i]);
		assert_int_equal(says(CF_ERROR, "of power-host1: it succeeds and the host is not off: two copies would run"), 1);
	}
	for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
		snprintf(cib.device[0].reboot_action, CF_ID_MAX, "%s", real[i]);
		assert_true(clean());
	}
	snprintf(cib.device[1].off_action, CF_ID_MAX, "status");
	assert_int_equal(says(CF_ERROR, "`pcs stonith update power-host2 pcmk_reboot_action= pcmk_off_action=`"), 1);
	safe(NULL);
	snprintf(cib.device[0].off_action, CF_ID_MAX, "cycle");
	assert_int_equal(says(CF_ERROR, "pcmk_off_action = 'cycle' of twin: anything but"), 1);
}

static void test_host(void **state)
{
	struct vt_fail fail = {.code = 0};
	(void)state;
	cib.others = 2;
	snprintf(cib.other, sizeof cib.other, "web");
	snprintf(cib.fence_reaction, sizeof cib.fence_reaction, "panic");
	assert_int_equal(says(CF_ERROR, "self_fence = no and no watchdog in force, but 2 other resources (web)"), 1);
	assert_int_equal(found.errors, 1);
	assert_int_equal(vt_hostconf_parse(&host, "self_fence = yes\n", "f", &fail), 0);
	assert_int_equal(says(CF_WARNING, "self_fence = yes without a watchdog"), 1);
	assert_int_equal(vt_hostconf_parse(&host, "self_fence = yes\nwatchdog = /dev/watchdog\n", "f", &fail), 0);
	assert_true(clean());
	assert_int_equal(vt_hostconf_parse(&host, "watchdog = /dev/watchdog\n", "f", &fail), 0);
	assert_true(clean());
	assert_int_equal(says(CF_OK, "self_fence = no and a watchdog: the host's 2 other resources (web) end with it, at most 27 s"), 1);
	snprintf(cib.fence_reaction, sizeof cib.fence_reaction, "stop");
	assert_int_equal(says(CF_WARNING, "fence-reaction = stop"), 1);
	cib.others = 0;
	host.watchdog_ms = 13500;
	assert_true(clean());
	host.watchdog_ms = 13501;
	assert_int_equal(says(CF_ERROR, "watchdog: 2 x watchdog_timeout_s 13.501 = 27.002 s > nine tenths of the longest lease_ms, 27 s: vmtwind "
					"doesn't arm it, and a host that hangs is not reset; set watchdog_timeout_s = 13 or less, or "
					"lease_ms = 31000"),
			 1);
	cib.others = 2;
	assert_int_equal(says(CF_ERROR, "no watchdog in force, but 2 other resources"), 1);
	safe(NULL);
	cib.others = 1; /* with power fencing alone the whole host ends */
	cib.devices = 0;
	add_power("host1");
	add_power("host2");
	assert_true(clean());
}

static void test_operations(void **state)
{
	(void)state;
	cib.resources = 2;
	cib.resource[0] = (struct cf_resource){.id = "m", .unit = "vm1", .mirror = true, .promote_ms = 87248, .stop_ms = 10000, .demote_ms = 10000};
	cib.resource[1] = (struct cf_resource){.id = "v", .unit = "vm1", .stop_ms = 120000};
	assert_true(clean());
	cib.resource[0].promote_ms = 87247;
	assert_int_equal(says(CF_WARNING, "74.159 s, but a promotion that has to wait for fencing takes reconnect 1.5 + outdate_timeout_ms 5 + "
					  "fencing 67.66 = 74.16 s"),
			 1);
	cib.resource[0].promote_ms = 90000;
	cib.resource[0].stop_ms = 9999;
	assert_int_equal(says(CF_WARNING, "stop timeout of m = 9.999 s, but six tenths of it have to hold drain 3 + leave 3 = 6 s"), 1);
	cib.resource[0].stop_ms = 0;
	cib.resource[1].stop_ms = 0;
	assert_int_equal(says(CF_WARNING, "stop timeout of v = 20 s (Pacemaker's own: the CIB names none): the guest has 0.8 of it - 2 = 14 s"), 1);
	assert_int_equal(found.warnings, 1);
	cib.op_default_ms = 120000;
	cib.op_default_set = true;
	assert_true(clean());
	assert_int_equal(says(CF_OK, "stop timeout of v = 120 s (from op_defaults)"), 1);
}

/* A unit of DRBD has neither lease nor data link, and its VM doesn't name it; fence_vmtwin can't judge it. */
static void test_drbd(void **state)
{
	struct vt_fail fail = {.code = 0};
	(void)state;
	assert_int_equal(vt_unitconf_parse(&unit[0], "vm1", "directory = /a/b\nhosts = host1 host2\nstorage = drbd\nlease_ms = 6000\n", "f", &fail), 0);
	assert_int_equal(says(CF_ERROR, "storage of unit vm1 = drbd, but fence_vmtwin is used"), 1);
	assert_int_equal(found.errors, 1);
	cib.devices = 0;
	add_power("host1");
	add_power("host2");
	cib.resources = 2;
	cib.resource[0] = (struct cf_resource){.id = "vm1", .stop_ms = 120000};
	cib.resource[1] = (struct cf_resource){.id = "of-no-unit", .stop_ms = 1000};
	assert_true(clean());
	for (unsigned i = 0; i < found.count; i++)
		assert_null(strstr(found.list[i].text, "lease"));
	assert_int_equal(says(CF_OK, "stop timeout of vm1 = 120 s: the guest has"), 1);
	cib.resource[0].stop_ms = 0;
	assert_int_equal(says(CF_WARNING, "stop timeout of vm1 = 20 s"), 1);
	cib.resource[0].stop_ms = 120000;
	/* DRBD's own, and one of no unit */
	cib.resource[1] = (struct cf_resource){.id = "d", .unit = "vm1", .mirror = true, .drbd = true, .stop_ms = 100000};
	assert_true(clean());
	cib.resource[1].stop_ms = 99999;
	assert_int_equal(says(CF_WARNING, "stop timeout of d = 99.999 s, but DRBD's agent asks for 100 s"), 1);
	cib.resource[1].unit[0] = 'x';
	assert_true(clean());
	cib.resource[1] = (struct cf_resource){.id = "of-no-unit", .stop_ms = 1000};
	cib.resource[0].stop_ms = 0;
	/* of the same name, but vmtwin's */
	unit[0].drbd = false;
	unit[0].lease_ms = 30000;
	assert_true(clean());
	cib.resource[1].unit[0] = 'x';
	assert_int_equal(says(CF_WARNING, "resource of-no-unit is of unit 'x', which has no file here"), 1);
	/* beside one of vmtwin's: its lease is not waited for */
	safe(NULL);
	units = 2;
	unit[1].drbd = true;
	unit[1].lease_ms = 31000;
	assert_int_equal(says(CF_WARNING, "the longest of all units"), 0);
	assert_int_equal(says(CF_ERROR, "lease_ms 31 "), 0);
}

/* Nothing unsafe, but nothing that fails over either. */
static void test_halts(void **state)
{
	static const char *const text[CF_HALTS] = {[CF_HALT_MAINTENANCE] = "`pcs property set maintenance-mode=false`",
						   [CF_HALT_STOP_ALL] = "`pcs property set stop-all-resources=false`",
						   [CF_HALT_STOPPED] = "target-role = Stopped in rsc_defaults",
						   [CF_HALT_UNPROMOTED] = "target-role = Unpromoted in rsc_defaults",
						   [CF_HALT_UNMANAGED] = "`pcs resource defaults update is-managed=`",
						   [CF_HALT_DEFAULT_MAINTENANCE] = "`pcs resource defaults update maintenance=`"};
	(void)state;
	for (int i = 0; i < CF_HALTS; i++) {
		cib.halt[i] = true;
		assert_int_equal(says(CF_WARNING, text[i]), 1);
		assert_int_equal(found.warnings, 1);
		assert_int_equal(found.errors, 0);
		cib.halt[i] = false;
	}
	units = 2;
	cib.aways = 2;
	cib.away[0] = (struct cf_away){.name = "host9", .standby = true, .maintenance = true};
	cib.away[1] = (struct cf_away){.name = "HOST2", .standby = true};
	assert_int_equal(says(CF_WARNING, "standby = on of HOST2"), 1);
	assert_int_equal(found.warnings, 1);
	cib.away[1].maintenance = true;
	assert_int_equal(says(CF_WARNING, "`pcs node unmaintenance HOST2`"), 1);
	assert_int_equal(found.warnings, 2);
	assert_int_equal(found.errors, 0);
}

static void test_bans(void **state)
{
	(void)state;
	units = 2;
	cib.resources = 2;
	cib.resource[0] = (struct cf_resource){.id = "vm1", .unit = "vm1", .stop_ms = 120000, .in = "grp"};
	cib.resource[1] = (struct cf_resource){.id = "vm1-mirror", .unit = "vm1", .mirror = true, .in = "c", .promote_ms = 90000, .stop_ms = 60000, .demote_ms = 60000};
	cib.locations = 1;
	cib.location[0] = (struct cf_location){.id = "cli-ban-c-on-host2", .rsc = "c", .node = "host2", .score = -CF_SCORE_INFINITY};
	assert_int_equal(says(CF_WARNING, "constraint cli-ban-c-on-host2 keeps c off host2: the VM of unit vm1 can't start there when the other host is "
					  "lost; `pcs resource clear c`"),
			 1);
	assert_int_equal(found.warnings, 1);
	snprintf(cib.location[0].id, CF_ID_MAX, "never");
	snprintf(cib.location[0].rsc, CF_ID_MAX, "grp");
	assert_int_equal(says(CF_WARNING, "`pcs constraint delete never`"), 1);
	cib.location[0].rule = true;
	assert_true(clean());
	cib.location[0].rule = false;
	cib.location[0].score = 1 - CF_SCORE_INFINITY;
	assert_true(clean());
	cib.location[0].score = -CF_SCORE_INFINITY;
	snprintf(cib.location[0].node, CF_ID_MAX, "host3");
	assert_true(clean());
	snprintf(cib.location[0].node, CF_ID_MAX, "host1");
	snprintf(cib.location[0].rsc, CF_ID_MAX, "vm2"); /* of a unit that isn't asked for */
	assert_int_equal(says(CF_WARNING, "keeps vm2 off host1"), 1);
	named = 1;
	assert_true(clean());
}

static void test_bound(void **state)
{
	(void)state;
	cib.resources = 1;
	cib.resource[0] = (struct cf_resource){.id = "v", .unit = "vm1", .stop_ms = 120000, .copy = "c", .together = true, .after = true};
	assert_true(clean());
	cib.resource[0].after = false;
	assert_int_equal(says(CF_ERROR, "v and c: no order"), 1);
	assert_int_equal(found.errors, 1);
	cib.resource[0].after = true;
	cib.resource[0].together = false;
	assert_int_equal(says(CF_ERROR, "v and c: no colocation"), 1);
	assert_int_equal(found.errors, 1);
	units = 2;
	cib.resource[0].unit[2] = '2';
	named = 1; /* of the other one */
	assert_int_equal(says(CF_ERROR, "v and c"), 0);
}

static void test_applied(void **state)
{
	(void)state;
	bare = true;
	assert_int_equal(says(CF_WARNING, "unit vm1 is not applied yet"), 1);
	assert_int_equal(says(CF_WARNING, "`vmtwin-config apply vm1`"), 1);
	assert_int_equal(found.errors, 0);
	cib.resources = 1;
	cib.resource[0] = (struct cf_resource){.id = "m", .unit = "vm1", .stop_ms = 120000};
	assert_true(clean());
	units = 2;
	named = 1;
	assert_true(clean());
}

static void test_device(void **state)
{
	(void)state;
	corosync.device_timeout_ms = 10000;
	corosync.device_sync_ms = 10000;
	assert_true(clean());
	corosync.device_sync_ms = 9999;
	assert_int_equal(says(CF_ERROR, "quorum.device.timeout = 10 s > sync_timeout = 9.999 s"), 1);
	safe(NULL);
	snprintf(corosync.device_host, sizeof corosync.device_host, "HOST2");
	assert_int_equal(says(CF_ERROR, "quorum.device.net.host = HOST2 is host2 itself"), 1);
	snprintf(corosync.device_host, sizeof corosync.device_host, "127.0.0.1");
	assert_int_equal(says(CF_ERROR, "127.0.0.1 is this host itself"), 1);
	corosync.device_host[0] = '\0';
	assert_int_equal(says(CF_ERROR, "quorum.device.net.host is not set"), 1);
	safe(NULL);
	corosync.two_node = 1;
	assert_int_equal(says(CF_ERROR, "two_node = 1 together with a quorum device"), 1);
	safe(NULL);
	corosync.device_votes = 2;
	assert_int_equal(says(CF_ERROR, "ffsplit wants 1"), 1);
	safe(NULL);
	corosync.device = false; /* 2 votes, quorum 2, nothing else */
	assert_int_equal(says(CF_WARNING, "when one dies the other stops too"), 1);
	two_node();
	corosync.wait_for_all = 0;
	assert_int_equal(says(CF_WARNING, "wait_for_all = 0 with two_node = 1"), 1);
}

/* More findings than fit are still counted. */
static void test_full(void **state)
{
	(void)state;
	judge();
	for (unsigned i = 0; i < 2 * CF_FINDINGS_MAX; i++)
		cf_say(&found, CF_ERROR, "%02000u", i);
	assert_int_equal(found.count, CF_FINDINGS_MAX);
	assert_int_equal(found.errors, 2 * CF_FINDINGS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sums),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test_setup(test_safe, safe),
	    cmocka_unit_test_setup(test_fence_timeout, safe),
	    cmocka_unit_test_setup(test_advice, safe),
	    cmocka_unit_test_setup(test_lease, safe),
	    cmocka_unit_test_setup(test_totem, safe),
	    cmocka_unit_test_setup(test_sides, safe),
	    cmocka_unit_test_setup(test_present, safe),
	    cmocka_unit_test_setup(test_levels, safe),
	    cmocka_unit_test_setup(test_order, safe),
	    cmocka_unit_test_setup(test_duel, safe),
	    cmocka_unit_test_setup(test_actions, safe),
	    cmocka_unit_test_setup(test_host, safe),
	    cmocka_unit_test_setup(test_operations, safe),
	    cmocka_unit_test_setup(test_drbd, safe),
	    cmocka_unit_test_setup(test_halts, safe),
	    cmocka_unit_test_setup(test_bans, safe),
	    cmocka_unit_test_setup(test_bound, safe),
	    cmocka_unit_test_setup(test_applied, safe),
	    cmocka_unit_test_setup(test_device, safe),
	    cmocka_unit_test_setup(test_full, safe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
