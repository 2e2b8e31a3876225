// SPDX-License-Identifier: GPL-2.0-or-later
/* What an operator may have set, and left so: then nothing is unsafe, but no VM starts on the other host. Warnings only, so that
 * vmtwin-config apply works meanwhile. */
#include <string.h>
#include <strings.h>

#include "crm-config/check_int.h"

static const struct {
	const char *what, *undo;
} halts[CF_HALTS] = {
    [CF_HALT_MAINTENANCE] = {"maintenance-mode = true: Pacemaker starts, stops and watches nothing, also when a host is lost",
			     "pcs property set maintenance-mode=false"},
    [CF_HALT_STOP_ALL] = {"stop-all-resources = true: no VM runs, on no host", "pcs property set stop-all-resources=false"},
    [CF_HALT_STOPPED] = {"target-role = Stopped in rsc_defaults: nothing starts that has no target-role of its own, fence devices neither",
			 "pcs resource defaults update target-role="},
    [CF_HALT_UNPROMOTED] = {"target-role = Unpromoted in rsc_defaults: no copy is promoted, so no VM starts",
			    "pcs resource defaults update target-role="},
    [CF_HALT_UNMANAGED] = {"is-managed = false in rsc_defaults: Pacemaker starts and stops nothing that has no is-managed of its own, also when a "
			   "host is lost",
			   "pcs resource defaults update is-managed="},
    [CF_HALT_DEFAULT_MAINTENANCE] = {"maintenance = true in rsc_defaults: Pacemaker starts, stops and watches nothing, also when a host is lost",
				     "pcs resource defaults update maintenance="},
};

static void check_halts(const struct cf_facts *f, struct cf_findings *out)
{
	for (int i = 0; i < CF_HALTS; i++)
		if (f->cib->halt[i])
			cf_say(out, CF_WARNING, "%s; `%s`", halts[i].what, halts[i].undo);
}

static bool has_host(const struct vt_unitconf *u, const char *host)
{
	return strcasecmp(u->hosts[0], host) == 0 || strcasecmp(u->hosts[1], host) == 0;
}

static bool is_host(const struct cf_facts *f, const char *host)
{
	for (unsigned i = 0; i < f->units; i++)
		if (has_host(&f->unit[i], host))
			return true;
	return false;
}

static void check_nodes(const struct cf_facts *f, struct cf_findings *out)
{
	for (unsigned i = 0; i < f->cib->aways; i++) {
		const struct cf_away *n = &f->cib->away[i];
		if (n->standby && is_host(f, n->name))
			cf_say(out, CF_WARNING, "standby = on of %s: no VM starts there when the other host is lost; `pcs node unstandby %s`", n->name, n->name);
		if (n->maintenance && is_host(f, n->name))
			cf_say(out, CF_WARNING,
			       "maintenance = true of %s: Pacemaker starts and stops nothing there, also when the other host is lost; `pcs node "
			       "unmaintenance %s`",
			       n->name, n->name);
	}
}

/* ---- one unit ------------------------------------------------------------------------------------------ */

/* The unit of a resource to which the constraint is, if it is one whose findings are asked for. */
static const struct vt_unitconf *named_unit(const struct cf_facts *f, const char *rsc)
{
	for (unsigned i = 0; i < f->cib->resources; i++) {
		const struct cf_resource *r = &f->cib->resource[i];
		const struct vt_unitconf *u = cf_resource_is(r, rsc) ? cf_unit_of(f, r) : NULL;
		if (u && u < f->unit + f->named)
			return u;
	}
	return NULL;
}

static void check_bans(const struct cf_facts *f, struct cf_findings *out)
{
	for (unsigned i = 0; i < f->cib->locations; i++) {
		const struct cf_location *l = &f->cib->location[i];
		const struct vt_unitconf *u = l->rule || l->score > -CF_SCORE_INFINITY ? NULL : named_unit(f, l->rsc);
		bool moved = strncmp(l->id, "cli-", 4) == 0; /* by pcs resource move or ban, crm_resource */
		if (u && has_host(u, l->node))
			cf_say(out, CF_WARNING, "constraint %s keeps %s off %s: the VM of unit %s can't start there when the other host is lost; `pcs %s %s`",
			       l->id, l->rsc, l->node, u->name, moved ? "resource clear" : "constraint delete", moved ? l->rsc : l->id);
	}
}

/* By what the agents are told, or by the VM's name. */
static bool is_applied(const struct cf_cib *cib, const char *unit)
{
	for (unsigned i = 0; i < cib->resources; i++)
		if (strcmp(cib->resource[i].unit, unit) == 0 || strcmp(cib->resource[i].id, unit) == 0)
			return true;
	return false;
}

static void check_applied(const struct cf_facts *f, struct cf_findings *out)
{
	for (unsigned i = 0; i < f->named; i++)
		if (!is_applied(f->cib, f->unit[i].name))
			cf_say(out, CF_WARNING, "unit %s is not applied yet: the cluster has no resource of it and starts its VM nowhere; `vmtwin-config apply %s`",
			       f->unit[i].name, f->unit[i].name);
}

void cf_check_failover(const struct cf_facts *f, struct cf_findings *out)
{
	check_halts(f, out);
	check_nodes(f, out);
	check_applied(f, out);
	check_bans(f, out);
}
