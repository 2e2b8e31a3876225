// SPDX-License-Identifier: GPL-2.0-or-later
/* How the hosts are fenced, by what the unit files say: that each can be, and by a device of its own. */
#include <errno.h>
#include <string.h>

#include "base/address.h"
#include "crm-config/model.h"

const char *cf_power_option(const struct cf_power *p, const char *name)
{
	for (unsigned i = 0; i < p->options; i++)
		if (strcmp(p->option[i].name, name) == 0)
			return p->option[i].value;
	return NULL;
}

/* These switch one machine, the one at their address. */
static bool switches_one(const struct cf_power *p)
{
	static const char *const agents[] = {"fence_ipmilan", "fence_ipmilanplus", "fence_idrac", "fence_ilo",	"fence_ilo2",
					     "fence_ilo3",    "fence_ilo4",	   "fence_ilo5",  "fence_imm", "fence_redfish"};
	for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++)
		if (strcmp(p->agent, agents[i]) == 0)
			return !cf_power_option(p, "port_as_ip");
	return false;
}

static const char *address_of(const struct cf_power *p)
{
	const char *ip = cf_power_option(p, "ip");
	return ip ? ip : cf_power_option(p, "ipaddr");
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static bool same_machine(const struct cf_power *a, const struct cf_power *b)
{
	return switches_one(a) && switches_one(b) && vt_address_same(address_of(a), address_of(b)) &&
	       strcmp(or_nothing(cf_power_option(a, "ipport")), or_nothing(cf_power_option(b, "ipport"))) == 0;
}

int cf_model_powers_fit(const struct cf_site *site, struct vt_fail *fail)
{
	for (int l = 0; l < CF_FENCE_LEVELS; l++)
		for (int h = 0; h < CF_HOSTS; h++)
			if (switches_one(&site->power[l][h]) && !address_of(&site->power[l][h]))
				return vt_fail(fail, -EINVAL, "fence%s.%s: %s needs the address of the host's management board: ip=ADDRESS", l ? "2" : "",
					       site->host[h], site->power[l][h].agent);
	for (int l = 0; l < CF_FENCE_LEVELS; l++)
		for (int k = 0; k < CF_FENCE_LEVELS; k++)
			if (same_machine(&site->power[l][0], &site->power[k][1]))
				return vt_fail(fail, -EINVAL, "fence%s.%s and fence%s.%s both switch the machine at %.64s: each host has a management board of its own; correct the address of one",
					       l ? "2" : "", site->host[0], k ? "2" : "", site->host[1], address_of(&site->power[l][0]));
	return 0;
}

/* It waits for the end of leases; DRBD has none. */
static const struct cf_unit *a_drbd_unit(const struct cf_model *m)
{
	for (unsigned i = 0; i < m->units; i++)
		if (m->unit[i].conf.drbd)
			return &m->unit[i];
	return NULL;
}

bool cf_model_fences_itself(const struct cf_model *m)
{
	if (a_drbd_unit(m))
		return false;
	return m->site.device_host[0] || m->site.witness[0] || m->site.allow_unfenced;
}

int cf_model_can_fence(const struct cf_model *m, struct vt_fail *fail)
{
	const struct cf_site *site = &m->site;
	for (int i = 0; i < CF_HOSTS; i++) {
		if (site->power[1][i].agent[0] && !site->power[0][i].agent[0])
			return vt_fail(fail, -EPERM, "fence2.%s is given without fence.%s: the first level comes first", site->host[i], site->host[i]);
		const struct cf_unit *drbd = a_drbd_unit(m);
		if (!site->power[0][i].agent[0] && drbd)
			return vt_fail(fail, -EPERM, "%s can't be fenced: unit %s has storage = drbd, and fence_vmtwin waits for leases, which DRBD has not; "
				       "power fencing is needed: fence.%s = AGENT OPTIONS", site->host[i], drbd->conf.name, site->host[i]);
		if (!site->power[0][i].agent[0] && !cf_model_fences_itself(m))
			return vt_fail(fail, -EPERM, "%s can't be fenced: when the other host stops hearing it, nobody could tell whether its VMs still run. "
				       "Add to a unit file: fence.%s = AGENT OPTIONS (power), or witness = qdevice:HOST or ping:ADDRESS (docs/FENCING.md)",
				       site->host[i], site->host[i]);
	}
	return 0;
}
