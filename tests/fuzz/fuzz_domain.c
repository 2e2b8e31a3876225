// SPDX-License-Identifier: GPL-2.0-or-later
/* libvirt's XML, a domain's and of its capabilities, and a backing file's name: any bytes. */
#include "tests/fuzz/fuzz.h"

#include "crm-config/preflight_int.h"

static void read_domain(const char *text)
{
	static struct pf_domain d;
	struct vt_fail fail = {.code = 0};
	d = (struct pf_domain){.disks = 0};
	int rc = pf_domain_parse(&d, text, &fail);
	require(rc == 0 || (rc == -EINVAL && fail.code == rc && fail.text[0]));
	require(d.disks <= PF_DISKS_MAX && memchr(d.machine, '\0', sizeof d.machine) && memchr(d.cpu_mode, '\0', sizeof d.cpu_mode));
	for (unsigned i = 0; i < d.disks; i++) {
		const struct pf_vdisk *v = &d.disk[i];
		require(memchr(v->target, '\0', sizeof v->target) && memchr(v->cache, '\0', sizeof v->cache) && memchr(v->format, '\0', sizeof v->format) &&
			memchr(v->source, '\0', sizeof v->source));
	}
	require(d.needs <= PF_NEEDS_MAX);
	for (unsigned i = 0; i < d.needs; i++) {
		const struct pf_need *n = &d.need[i];
		require(n->kind < PF_N_KINDS && n->name[0] && memchr(n->name, '\0', sizeof n->name) && memchr(n->of, '\0', sizeof n->of));
	}
}

/* The name of a backing file: any. */
static void read_name(const char *text)
{
	char out[VT_PATH_MAX];
	if (!pf_beside("/srv/vm1/a.qcow2", text, out))
		return;
	require(out[0] == '/' && memchr(out, '\0', sizeof out) && !strstr(out, "/../") && !strstr(out, "/./") && !strstr(out, "//"));
}

static void read_capabilities(const char *text)
{
	static struct pf_facts facts;
	facts = (struct pf_facts){.cpu = ""};
	int rc = pf_capabilities_parse(&facts, text, "x86_64");
	require(rc == 0 || rc == -EINVAL);
	require(memchr(facts.cpu, '\0', sizeof facts.cpu) && memchr(facts.machines, '\0', sizeof facts.machines));
	require(!strstr(facts.machines, "  "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	read_domain(text);
	read_capabilities(text);
	read_name(text);
	free(text);
	return 0;
}
