// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmtwin-vmdown DOMAIN: ends a libvirt domain at once, for a host that may no longer run it (S6).
 * Short-lived, because libvirt may hang; whoever starts it kills it when it takes too long.
 * Exit status: 0 the domain does not run now, 1 it could not be ended, 2 usage.
 */
#include <stdbool.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/log.h"

static void be_quiet(void *ctx, virErrorPtr error)
{
	(void)ctx;
	(void)error; /* told with what was being done, below */
}

static const char *reason(void)
{
	virErrorPtr error = virGetLastError();
	return error && error->message ? error->message : "no reason given";
}

static bool is_no_domain(void)
{
	virErrorPtr error = virGetLastError();
	return error && error->code == VIR_ERR_NO_DOMAIN;
}

static int end_domain(virConnectPtr conn, const char *name)
{
	virDomainPtr domain = virDomainLookupByName(conn, name);
	if (!domain) {
		if (is_no_domain())
			return 0;
		vt_log(VT_ERR, NULL, "libvirt can't look up domain %s: %s", name, reason());
		return 1;
	}
	int active = virDomainIsActive(domain);
	int rc = 0;
	if (active != 0 && virDomainDestroy(domain) < 0) {
		vt_log(VT_ERR, NULL, "libvirt can't destroy domain %s: %s", name, reason());
		rc = virDomainIsActive(domain) == 0 ? 0 : 1;
	}
	virDomainFree(domain);
	return rc;
}

int main(int argc, char **argv)
{
	vt_log_setup("vmtwin-vmdown", VT_INFO);
	if (argc != 2) {
		vt_log(VT_ERR, NULL, "usage: vmtwin-vmdown DOMAIN");
		return 2;
	}
	virSetErrorFunc(NULL, be_quiet);
	virConnectPtr conn = virConnectOpen("qemu:///system");
	if (!conn) {
		vt_log(VT_ERR, NULL, "libvirt does not answer: %s", reason());
		return 1;
	}
	int rc = end_domain(conn, argv[1]);
	virConnectClose(conn);
	return rc;
}
