// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict on names, rings, ports and corosync's messages. */
#include "tests/unit/preflight_host.h"

#include <errno.h>
#include <netdb.h>

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    CASE(test_names), CASE(test_line), CASE(test_quality), CASE(test_ports), CASE(test_crypto),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
