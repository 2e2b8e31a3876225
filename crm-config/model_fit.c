// SPDX-License-Identifier: GPL-2.0-or-later
/* What all unit files say together, against itself: names, rings, witnesses. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/witness.h"
#include "crm-config/model.h"

static int rings_fit(const struct cf_site *site, struct vt_fail *fail)
{
	for (unsigned i = 0; i < site->rings; i++) {
		if (!site->ring[i][0][0])
			return vt_fail(fail, -EINVAL, "ring%u is missing: rings are numbered from 0 without a gap", i);
		for (unsigned k = 0; k < i; k++)
			for (int h = 0; h < CF_HOSTS; h++)
				if (vt_address_same(site->ring[i][h], site->ring[k][0]) || vt_address_same(site->ring[i][h], site->ring[k][1]))
					return vt_fail(fail, -EINVAL, "ring%u and ring%u have the same address %s: each ring is a network of its own",
						       k, i, site->ring[i][h]);
	}
	return 0;
}

/* NULL, or how a witness is called that is one of the hosts. */
static const char *witness_at(const struct cf_site *site, const struct vt_witness_conf *w, const char *address)
{
	if (vt_address_same(site->device_host, address))
		return site->device_host;
	for (unsigned i = 0; i < w->count; i++)
		if (vt_witness_has_text(&w->witness[i], address))
			return w->witness[i].text;
	return NULL;
}

/* It answers its own host whatever is cut. */
static int witness_fits(const struct cf_site *site, struct vt_fail *fail)
{
	struct vt_witness_conf w = {0};
	if (site->witness[0] && vt_witness_list_parse(&w, site->witness, fail) < 0)
		return -EINVAL;
	for (int h = 0; h < CF_HOSTS; h++)
		if (witness_at(site, &w, site->host[h]))
			return vt_fail(fail, -EINVAL, "witness %s is a host of the cluster: it answers itself whatever is cut; take a third machine", site->host[h]);
	for (unsigned i = 0; i < site->rings; i++)
		for (int h = 0; h < CF_HOSTS; h++) {
			const char *at = witness_at(site, &w, site->ring[i][h]);
			if (at)
				return vt_fail(fail, -EINVAL, "witness %s is ring%u's address of %s: it answers its own host whatever is cut; take a third machine", at, i,
					       site->host[h]);
		}
	return 0;
}

/* The VM is a resource of that id, and ids don't begin with a digit. */
int cf_unit_name_fits(const char *name, struct vt_fail *fail)
{
	if (isdigit((unsigned char)name[0]))
		return vt_fail(fail, -EINVAL, "unit %s: a resource of the cluster can't have a name that begins with a digit; give the unit another name", name);
	if (strcmp(name, "twin") == 0 || strncmp(name, "power-", 6) == 0 || strncmp(name, "power2-", 7) == 0)
		return vt_fail(fail, -EINVAL, "unit %s: fence devices are called so; give the unit another name", name);
	return 0;
}

/* A unit's resources are called UNIT and UNIT-mirror and so on. */
static int ids_fit(const struct cf_model *m, struct vt_fail *fail)
{
	static const char *const suffix[] = {"-mirror", "-mirror-clone", "-drbd", "-drbd-clone", "-ping", "-ping-clone"};
	char id[VT_UNIT_NAME_MAX + 32];
	for (unsigned i = 0; i < m->units; i++) {
		const char *name = m->unit[i].conf.name;
		if (cf_unit_name_fits(name, fail) < 0)
			return -EINVAL;
		for (unsigned k = 0; k < m->units; k++)
			for (size_t x = 0; x < sizeof suffix / sizeof suffix[0]; x++) {
				snprintf(id, sizeof id, "%s%s", m->unit[k].conf.name, suffix[x]);
				if (strcmp(id, name) == 0)
					return vt_fail(fail, -EINVAL, "unit %s: a resource of unit %s may be called so; give one of them another name", name,
						       m->unit[k].conf.name);
			}
	}
	return 0;
}

int cf_model_fits(const struct cf_model *m, struct vt_fail *fail)
{
	int rc = ids_fit(m, fail);
	if (rc == 0)
		rc = rings_fit(&m->site, fail);
	if (rc == 0)
		rc = witness_fits(&m->site, fail);
	return rc < 0 ? rc : cf_model_powers_fit(&m->site, fail);
}
