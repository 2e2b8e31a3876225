// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/preflight_facts.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/conffile.h"

#define FORMAT "1"
#define NUMBER_DIGITS 18

#define AT(member) offsetof(struct pf_facts, member), sizeof(((struct pf_facts *)0)->member)
static const struct text_key {
	const char *key;
	size_t offset, cap;
} texts[] = {
    {"host", AT(host)},
    {"version.vmtwin", AT(version[PF_VMTWIN])},
    {"version.vmtwind", AT(version[PF_VMTWIND])},
    {"version.pacemaker", AT(version[PF_PACEMAKER])},
    {"version.corosync", AT(version[PF_COROSYNC])},
    {"version.libvirt", AT(version[PF_LIBVIRT])},
    {"version.qemu", AT(version[PF_QEMU])},
    {"version.kernel", AT(version[PF_KERNEL])},
    {"version.drbd-utils", AT(version[PF_DRBD_UTILS])},
    {"version.drbd", AT(version[PF_DRBD])},
    {"cpu", AT(cpu)},
    {"machines", AT(machines)},
    {"interfaces", AT(interfaces)},
    {"networks", AT(networks)},
    {"corosync.conf", AT(corosync_conf)},
    {"vmtwind.conf", AT(vmtwind_conf)},
};
#define TEXTS (sizeof texts / sizeof texts[0])

const char *pf_program_name(enum pf_program p)
{
	static const char *const names[PF_PROGRAMS] = {
	    [PF_VMTWIN] = "vmtwin",   [PF_VMTWIND] = "vmtwind", [PF_PACEMAKER] = "Pacemaker", [PF_COROSYNC] = "corosync",
	    [PF_LIBVIRT] = "libvirt", [PF_QEMU] = "QEMU",	[PF_KERNEL] = "the kernel",
	    [PF_DRBD_UTILS] = "drbd-utils", [PF_DRBD] = "DRBD's module",
	};
	return names[p];
}

struct pf_unit_facts *pf_facts_unit(struct pf_facts *facts, const char *name)
{
	for (unsigned i = 0; i < facts->units; i++)
		if (strcmp(facts->unit[i].name, name) == 0)
			return &facts->unit[i];
	return NULL;
}

struct pf_unit_facts *pf_facts_add_unit(struct pf_facts *facts, const char *name)
{
	struct pf_unit_facts *u = pf_facts_unit(facts, name);
	if (u || facts->units == PF_UNITS_MAX || !vt_unit_name_ok(name))
		return u;
	u = &facts->unit[facts->units++];
	memset(u, 0, sizeof *u);
	memcpy(u->name, name, strlen(name) + 1);
	return u;
}

struct reader {
	struct pf_facts *facts;
	const char *source;
	unsigned line;
	bool has_format, has_synchronised;
	struct vt_fail *fail;
};

static int bad(const struct reader *r, const char *what, const char *key)
{
	return vt_fail(r->fail, -EINVAL, "%s:%u: %s: '%.64s'", r->source, r->line, what, key);
}

static int take_text(const struct reader *r, char *out, size_t cap, const char *key, const char *value)
{
	size_t n = strlen(value);
	if (out[0])
		return bad(r, "told twice", key);
	if (n == 0 || n >= cap)
		return bad(r, n ? "the value is too long" : "the value is empty", key);
	memcpy(out, value, n + 1);
	return 0;
}

static int take_number(const struct reader *r, uint64_t *out, const char *key, const char *value)
{
	size_t n = strlen(value);
	if (n == 0 || n > NUMBER_DIGITS || strspn(value, "0123456789") != n)
		return bad(r, "must be a whole number", key);
	*out = strtoull(value, NULL, 10);
	return 0;
}

static int take_clock(const struct reader *r, const char *value)
{
	uint64_t ms = 0;
	if (r->facts->has_clock)
		return bad(r, "told twice", "clock");
	int rc = take_number(r, &ms, "clock", value);
	r->facts->has_clock = true;
	r->facts->clock_ms = (int64_t)ms;
	return rc;
}

static int take_synchronised(struct reader *r, const char *value)
{
	if (r->has_synchronised)
		return bad(r, "told twice", "synchronised");
	r->has_synchronised = true;
	r->facts->synchronised = strcmp(value, "yes") == 0;
	return r->facts->synchronised || strcmp(value, "no") == 0 ? 0 : bad(r, "must be yes or no", value);
}

static int take_size(const struct reader *r, bool *has, uint64_t *bytes, const char *key, const char *value)
{
	if (*has)
		return bad(r, "told twice", key);
	*has = true;
	return take_number(r, bytes, key, value);
}

/* The keys of a unit, before its name. 1: another key. */
static int take_unit(const struct reader *r, const char *key, const char *value)
{
	static const char *const kinds[] = {"unit.", "machine.", "data.", "disk.", "definition."};
	unsigned kind = 0, count = sizeof kinds / sizeof kinds[0];
	while (kind < count && strncmp(key, kinds[kind], strlen(kinds[kind])) != 0)
		kind++;
	if (kind == count)
		return 1;
	struct pf_unit_facts *u = pf_facts_add_unit(r->facts, key + strlen(kinds[kind]));
	if (!u)
		return bad(r, "too many units, or none can have this name", key);
	switch (kind) {
	case 0:
		return take_text(r, u->digest, sizeof u->digest, key, value);
	case 1:
		return take_text(r, u->machine, sizeof u->machine, key, value);
	case 2:
		return take_size(r, &u->has_data, &u->data_bytes, key, value);
	case 3:
		return take_size(r, &u->has_disk, &u->disk_bytes, key, value);
	default:
		return take_text(r, u->definition, sizeof u->definition, key, value);
	}
}

static int take(void *ctx, unsigned line, const char *key, const char *value, struct vt_fail *fail)
{
	struct reader *r = ctx;
	r->line = line;
	r->fail = fail;
	if (!r->has_format) {
		if (strcmp(key, "facts") != 0)
			return bad(r, "these are no facts of `vmtwin-config check --facts`, which begin with 'facts = " FORMAT "'", key);
		r->has_format = true;
		if (strcmp(value, FORMAT) != 0)
			return bad(r, "facts of another version; install the same vmtwin on both hosts", value);
		return 0;
	}
	for (size_t i = 0; i < TEXTS; i++)
		if (strcmp(key, texts[i].key) == 0)
			return take_text(r, (char *)r->facts + texts[i].offset, texts[i].cap, key, value);
	if (strcmp(key, "clock") == 0)
		return take_clock(r, value);
	if (strcmp(key, "synchronised") == 0)
		return take_synchronised(r, value);
	int rc = take_unit(r, key, value);
	return rc == 1 ? 0 : rc;
}

int pf_facts_parse(struct pf_facts *facts, const char *text, const char *source, struct vt_fail *fail)
{
	struct reader r = {.facts = facts, .source = source};
	memset(facts, 0, sizeof *facts);
	int rc = vt_conf_parse(text, source, take, &r, fail);
	if (rc == 0 && !r.has_format)
		return vt_fail(fail, -EINVAL, "%s: empty; the other host prints its facts by `vmtwin-config check --facts`", source);
	if (rc == 0 && !facts->host[0])
		return vt_fail(fail, -EINVAL, "%s: the line 'host = NAME' is missing", source);
	return rc;
}

int pf_facts_print(const struct pf_facts *facts, FILE *out)
{
	fprintf(out, "facts = " FORMAT "\n");
	for (size_t i = 0; i < TEXTS; i++) {
		const char *text = (const char *)facts + texts[i].offset;
		if (text[0])
			fprintf(out, "%s = %s\n", texts[i].key, text);
	}
	for (unsigned i = 0; i < facts->units; i++) {
		const struct pf_unit_facts *u = &facts->unit[i];
		if (u->digest[0])
			fprintf(out, "unit.%s = %s\n", u->name, u->digest);
		if (u->machine[0])
			fprintf(out, "machine.%s = %s\n", u->name, u->machine);
		if (u->has_data)
			fprintf(out, "data.%s = %llu\n", u->name, (unsigned long long)u->data_bytes);
		if (u->has_disk)
			fprintf(out, "disk.%s = %llu\n", u->name, (unsigned long long)u->disk_bytes);
		if (u->definition[0])
			fprintf(out, "definition.%s = %s\n", u->name, u->definition);
	}
	fprintf(out, "synchronised = %s\n", facts->synchronised ? "yes" : "no");
	if (facts->has_clock)
		fprintf(out, "clock = %lld\n", (long long)facts->clock_ms);
	return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}
