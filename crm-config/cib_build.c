// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/cib_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/paths.h"
#include "core/core.h"
#include "crm-config/cib.h"

#define ID_MAX 384
/* Against the first host, where priorities may be equal; the delay by priority has to be twice that at least. */
#define DELAY_BASE "2s"
#define PRIORITY_DELAY "2s"
#define PRIORITY_DELAY_LONG "4s"
#define PROMOTE_MS 90000      /* at least */
#define STEP_S 10	      /* timeouts are rounded up to that: easier to read */
/* More than a promoted copy's score (1000), less what a copy in sync has (600), and the VM's stickiness: it moves back. Only while
 * that host's copy is in sync. */
#define PREFER_SCORE "1000"
#define PREFER_LEAST "600"

/* ---- elements --------------------------------------------------------------------------------------------- */

static xmlNode *add(xmlNode *parent, const char *name)
{
	return xmlNewChild(parent, NULL, (const xmlChar *)name, NULL);
}

static void set(xmlNode *n, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void set(xmlNode *n, const char *name, const char *fmt, ...)
{
	char text[ID_MAX + CF_VALUE_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	xmlNewProp(n, (const xmlChar *)name, (const xmlChar *)text);
}

/* name = value in the set KIND of the resource (instance_attributes, meta_attributes). */
static void pair(xmlNode *rsc, const char *kind, const char *name, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void pair(xmlNode *rsc, const char *kind, const char *name, const char *fmt, ...)
{
	char text[CF_VALUE_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	xmlNode *in = cf_child(rsc, kind);
	if (!in) {
		in = add(rsc, kind);
		set(in, "id", "%s-%s", cf_attr(rsc, "id"), kind);
	}
	xmlNode *n = add(in, "nvpair");
	set(n, "id", "%s-%s", cf_attr(in, "id"), name);
	set(n, "name", "%s", name);
	set(n, "value", "%s", text);
}
#define param(rsc, ...) pair(rsc, "instance_attributes", __VA_ARGS__)
#define meta(rsc, ...) pair(rsc, "meta_attributes", __VA_ARGS__)

static void property(xmlNode *config, const char *name, const char *value)
{
	xmlNode *in = cf_child(config, "cluster_property_set");
	if (!in) {
		in = add(config, "cluster_property_set");
		set(in, "id", "cib-bootstrap-options");
	}
	xmlNode *n = add(in, "nvpair");
	set(n, "id", "cib-bootstrap-options-%s", name);
	set(n, "name", "%s", name);
	set(n, "value", "%s", value);
}

static xmlNode *primitive(xmlNode *parent, const char *id, const char *class, const char *provider, const char *type)
{
	xmlNode *n = add(parent, "primitive");
	set(n, "id", "%s", id);
	set(n, "class", "%s", class);
	if (provider)
		set(n, "provider", "%s", provider);
	set(n, "type", "%s", type);
	return n;
}

static void operation(xmlNode *rsc, const char *name, const char *interval, const char *timeout, const char *role)
{
	xmlNode *in = cf_child(rsc, "operations");
	if (!in)
		in = add(rsc, "operations");
	xmlNode *n = add(in, "op");
	set(n, "id", "%s-%s-interval-%s", cf_attr(rsc, "id"), name, interval);
	set(n, "name", "%s", name);
	set(n, "interval", "%s", interval);
	if (timeout)
		set(n, "timeout", "%s", timeout);
	if (role)
		set(n, "role", "%s", role);
}

/* ---- constraints -------------------------------------------------------------------------------------------- */

static void expression(xmlNode *in, unsigned number, const char *attribute, const char *operation_name, const char *type, const char *value)
{
	xmlNode *n = add(in, "expression");
	if (number)
		set(n, "id", "%s-expr-%u", cf_attr(in, "id"), number);
	else
		set(n, "id", "%s-expr", cf_attr(in, "id"));
	set(n, "attribute", "%s", attribute);
	set(n, "operation", "%s", operation_name);
	if (type)
		set(n, "type", "%s", type);
	set(n, "value", "%s", value);
}

/* Not even looked for on other hosts, which need no vmtwin. */
static void only_on(xmlNode *constraints, const struct cf_site *site, const char *rsc)
{
	xmlNode *n = add(constraints, "rsc_location"), *r = add(n, "rule");
	set(n, "id", "location-%s-hosts", rsc);
	set(n, "rsc", "%s", rsc);
	set(n, "resource-discovery", "never");
	set(r, "id", "location-%s-hosts-rule", rsc);
	set(r, "score", "-INFINITY");
	set(r, "boolean-op", "and");
	for (unsigned host = 0; host < CF_HOSTS; host++)
		expression(r, host, "#uname", "ne", NULL, site->host[host]);
}

/* ---- fencing ---------------------------------------------------------------------------------------------- */

static void avoids(xmlNode *constraints, const char *rsc, const char *host)
{
	xmlNode *n = add(constraints, "rsc_location");
	set(n, "id", "location-%s-%s--INFINITY", rsc, host);
	set(n, "rsc", "%s", rsc);
	set(n, "node", "%s", host);
	set(n, "score", "-INFINITY");
}

static void power_id(const struct cf_site *site, int level, int host, char *out, size_t cap)
{
	snprintf(out, cap, "power%s-%s", level ? "2" : "", site->host[host]);
}

/* Somebody has decided which host is shot later: there must be no second delay against that one. */
static bool delay_is_given(const struct cf_site *site)
{
	for (int l = 0; l < CF_FENCE_LEVELS; l++)
		for (int h = 0; h < CF_HOSTS; h++)
			if (cf_power_option(&site->power[l][h], "pcmk_delay_base") || cf_power_option(&site->power[l][h], "pcmk_delay_max"))
				return true;
	return false;
}

/* Both hosts may have VMs, and weigh the same then: priority-fencing-delay decides nothing. One of the two is shot later in any case. */
static bool may_weigh_the_same(const struct cf_model *m)
{
	return m->units > 1 && !m->site.device_host[0];
}

static void power(xmlNode *resources, xmlNode *constraints, const struct cf_model *m, int level, int host)
{
	const struct cf_site *site = &m->site;
	const struct cf_power *p = &site->power[level][host];
	char id[ID_MAX];
	power_id(site, level, host, id, sizeof id);
	xmlNode *n = primitive(resources, id, "stonith", NULL, p->agent);
	for (unsigned i = 0; i < p->options; i++)
		param(n, p->option[i].name, "%s", p->option[i].value);
	if (!cf_power_option(p, "pcmk_host_list") && !cf_power_option(p, "pcmk_host_map"))
		param(n, "pcmk_host_list", "%s", site->host[host]);
	if (host == 0 && may_weigh_the_same(m) && !delay_is_given(site))
		param(n, "pcmk_delay_base", DELAY_BASE);
	operation(n, "monitor", "60s", NULL, NULL);
	avoids(constraints, id, site->host[host]);
}

/* What fence_vmtwin waits for: by the unit files' times, or by those that corosync has, if these are longer. */
static uint32_t twin_ms(const struct cf_model *m, const struct cf_wanted *wanted)
{
	struct vt_cluster_timing t = cf_model_timing(m);
	uint32_t ms = vt_timing_fence_ms(&t, m->site.longest_lease_ms);
	uint32_t real_ms = wanted->timing ? vt_timing_fence_ms(wanted->timing, m->site.longest_lease_ms) : 0;
	return real_ms > ms ? real_ms : ms;
}

/* The next step above that. */
static uint32_t step_s(uint32_t ms)
{
	return (ms / 1000 / STEP_S + 1) * STEP_S;
}

static void twin(xmlNode *resources, const struct cf_model *m, const struct cf_wanted *wanted)
{
	xmlNode *n = primitive(resources, CF_TWIN, "stonith", NULL, "fence_vmtwin");
	uint32_t timeout_s = step_s(twin_ms(m, wanted) + CF_FENCE_RESERVE_MS);
	param(n, "pcmk_action_limit", "-1"); /* a monitor does not wait behind a fencing */
	param(n, "pcmk_host_list", "%s %s", m->site.host[0], m->site.host[1]);
	param(n, "pcmk_off_timeout", "%us", timeout_s);
	param(n, "pcmk_reboot_timeout", "%us", timeout_s);
	operation(n, "monitor", "60s", NULL, NULL);
}

static void level(xmlNode *topology, const char *host, unsigned index, const char *device)
{
	xmlNode *n = add(topology, "fencing-level");
	set(n, "id", "fl-%s-%u", host, index);
	set(n, "target", "%s", host);
	set(n, "index", "%u", index);
	set(n, "devices", "%s", device);
}

/* In their order; where there is one device only, the order needs no saying. */
static void levels(xmlNode *topology, const struct cf_model *m, int host)
{
	const struct cf_site *site = &m->site;
	char id[ID_MAX];
	unsigned index = 1;
	bool last = cf_model_fences_itself(m);
	if (!site->power[0][host].agent[0] || (!site->power[1][host].agent[0] && !last))
		return;
	for (int l = 0; l < CF_FENCE_LEVELS; l++) {
		if (!site->power[l][host].agent[0])
			continue;
		power_id(site, l, host, id, sizeof id);
		level(topology, site->host[host], index++, id);
	}
	if (last)
		level(topology, site->host[host], index, CF_TWIN);
}

static void build_site(xmlNode *config, xmlNode *resources, xmlNode *constraints, xmlNode *topology, const struct cf_model *m, const struct cf_wanted *wanted)
{
	const struct cf_site *site = &m->site;
	bool shoot = false;
	for (int host = 0; host < CF_HOSTS; host++) {
		for (int l = 0; l < CF_FENCE_LEVELS; l++)
			if (site->power[l][host].agent[0]) {
				power(resources, constraints, m, l, host);
				shoot = true;
			}
		levels(topology, m, host);
	}
	if (cf_model_fences_itself(m)) {
		twin(resources, m, wanted);
		if (wanted->others)
			only_on(constraints, site, CF_TWIN);
	}
	property(config, "no-quorum-policy", "stop");
	if (shoot && !site->device_host[0]) /* both would shoot at the same moment: the one with the VM first */
		property(config, "priority-fencing-delay", may_weigh_the_same(m) ? PRIORITY_DELAY_LONG : PRIORITY_DELAY);
	property(config, "stonith-enabled", "true");
}

/* ---- a unit ----------------------------------------------------------------------------------------------- */

static xmlNode *clone_of(xmlNode *resources, const char *id, bool promotable)
{
	xmlNode *n = add(resources, "clone");
	set(n, "id", CF_CLONE, id);
	if (!promotable)
		return n;
	meta(n, "clone-max", "2");
	meta(n, "clone-node-max", "1");
	meta(n, "interleave", "true");
	meta(n, "notify", "true");
	meta(n, "promotable", "true");
	meta(n, "promoted-max", "1");
	meta(n, "promoted-node-max", "1");
	return n;
}

/* The schema wants the primitive before the clone's own attributes. */
static xmlNode *first_in(xmlNode *clone, xmlNode *prim)
{
	xmlNode *first = clone->children;
	if (first != prim) {
		xmlUnlinkNode(prim);
		xmlAddPrevSibling(first, prim);
	}
	return prim;
}

/* What keeps two copies: the mirror, or DRBD. Its agent, the parameter that names the unit, and how long its operations may take;
 * a NULL there is worked out for each unit. */
static const struct copier {
	const char *provider, *type, *unit;
	struct op {
		const char *name, *interval, *timeout, *role;
	} op[8];
} mirror = {"vmtwin",
	    "mirror",
	    "unit",
	    {{"demote", "0s", "60s", NULL},
	     {"monitor", "11s", "20s", "Promoted"},
	     {"monitor", "10s", "20s", "Unpromoted"},
	     {"notify", "0s", "20s", NULL},
	     {"promote", "0s", NULL, NULL}, /* promote_s */
	     {"reload-agent", "0s", "20s", NULL},
	     {"start", "0s", "60s", NULL},
	     {"stop", "0s", "60s", NULL}}},
  drbd = {"linbit",
	  "drbd",
	  "drbd_resource",
	  {{"demote", "0s", "90s", NULL},
	   {"monitor", "11s", "20s", "Promoted"},
	   {"monitor", "10s", "20s", "Unpromoted"},
	   {"notify", "0s", "90s", NULL},
	   {"promote", "0s", "90s", NULL},
	   {"start", "0s", "240s", NULL},
	   {"stop", "0s", "100s", NULL}}};

static void seconds(char *out, size_t cap, uint32_t s)
{
	snprintf(out, cap, "%us", s);
}

/* A promotion may have to outdate the other copy, and to wait until that one's host is fenced: the sum of `vmtwin-config check`. */
static uint32_t promote_s(const struct cf_model *m, const struct cf_wanted *wanted, const struct cf_unit *u)
{
	uint64_t ms = (uint64_t)VC_RECONNECT_MS + u->conf.outdate_timeout_ms;
	if (cf_model_fences_itself(m) || wanted->twin)
		ms += twin_ms(m, wanted);
	ms = ms * 100 / CF_PROMOTE_SHARE;
	return ms < PROMOTE_MS ? PROMOTE_MS / 1000 : step_s((uint32_t)ms);
}

static void copies(xmlNode *resources, const struct copier *c, const char *unit, const char *id, const char *promote)
{
	xmlNode *clone = clone_of(resources, id, true);
	xmlNode *n = first_in(clone, primitive(clone, id, "ocf", c->provider, c->type));
	param(n, c->unit, "%s", unit);
	meta(n, "failure-timeout", "10min");
	meta(n, "migration-threshold", "3");
	for (const struct op *op = c->op; op < c->op + sizeof c->op / sizeof c->op[0] && op->name; op++)
		operation(n, op->name, op->interval, op->timeout ? op->timeout : promote, op->role);
}

static void vm(xmlNode *resources, const struct cf_unit *u)
{
	char start[24], stop[24];
	/* What the tries take at least, and what libvirt and QEMU need beside them (ocf:vmtwin:vm's own advice for the defaults). */
	uint32_t start_s = u->start_tries * u->start_interval_s, stop_s = u->stop_tries * u->stop_interval_s;
	seconds(start, sizeof start, start_s > 25 ? start_s + 65 : 90);
	seconds(stop, sizeof stop, stop_s > 25 ? stop_s + 95 : 120);
	xmlNode *n = primitive(resources, u->conf.name, "ocf", "vmtwin", "vm");
	if (u->conf.drbd) {
		param(n, "config", VT_DOMAIN_DIR "/%s.xml", u->conf.name);
		param(n, "domain", "%s", u->conf.domain);
	}
	if (u->start_interval_s != 5)
		param(n, "start_interval", "%u", u->start_interval_s);
	if (u->start_tries != 5)
		param(n, "start_tries", "%u", u->start_tries);
	if (u->stop_interval_s != 5)
		param(n, "stop_interval", "%u", u->stop_interval_s);
	if (u->stop_tries != 5)
		param(n, "stop_tries", "%u", u->stop_tries);
	if (!u->conf.drbd)
		param(n, "unit", "%s", u->conf.name);
	meta(n, "failure-timeout", "%s", u->restart_window);
	meta(n, "migration-threshold", "%u", u->restarts + 1); /* the failure that moves it is one more */
	meta(n, "priority", "10");
	meta(n, "resource-stickiness", "100");
	operation(n, "monitor", "10s", "30s", NULL);
	operation(n, "reload-agent", "0s", "20s", NULL);
	operation(n, "start", "0s", start, NULL);
	operation(n, "stop", "0s", stop, NULL);
}

static void together(xmlNode *constraints, const char *vm_id, const char *clone)
{
	xmlNode *n = add(constraints, "rsc_colocation");
	set(n, "id", "colocation-%s-%s-INFINITY", vm_id, clone);
	set(n, "rsc", "%s", vm_id);
	set(n, "rsc-role", "Started");
	set(n, "with-rsc", "%s", clone);
	set(n, "with-rsc-role", "Promoted");
	set(n, "score", "INFINITY");
	n = add(constraints, "rsc_order");
	set(n, "id", "order-%s-%s-mandatory", clone, vm_id);
	set(n, "first", "%s", clone);
	set(n, "first-action", "promote");
	set(n, "then", "%s", vm_id);
	set(n, "then-action", "start");
}

static xmlNode *rule(xmlNode *constraints, const char *clone, const char *what, const char *score)
{
	xmlNode *n = add(constraints, "rsc_location"), *r;
	set(n, "id", "location-%s-%s", clone, what);
	set(n, "rsc", "%s", clone);
	r = add(n, "rule");
	set(r, "id", "location-%s-%s-rule", clone, what);
	set(r, "role", "Promoted");
	set(r, "score", "%s", score);
	return r;
}

static void prefers(xmlNode *constraints, const struct cf_site *site, const struct cf_unit *u, const char *rsc, const char *clone)
{
	char score[VT_UNIT_NAME_MAX + 32];
	xmlNode *r = rule(constraints, clone, "prefer", PREFER_SCORE);
	snprintf(score, sizeof score, "master-%s", rsc);
	set(r, "boolean-op", "and");
	expression(r, 0, "#uname", "eq", NULL, site->host[u->prefer]);
	expression(r, 1, score, "gte", "number", PREFER_LEAST);
}

/* Addresses of both kinds: the agent refuses to ask fping for them. */
static bool is_mixed(const char *addresses)
{
	bool six = false, other = false;
	for (const char *at = addresses; *at; at += strcspn(at, " \t"), at += strspn(at, " \t")) {
		bool colon = memchr(at, ':', strcspn(at, " \t"));
		six |= colon;
		other |= !colon;
	}
	return six && other;
}

static void pings(xmlNode *resources, xmlNode *constraints, const struct cf_unit *u, const char *clone)
{
	char id[ID_MAX];
	snprintf(id, sizeof id, CF_PING, u->conf.name);
	xmlNode *c = clone_of(resources, id, false);
	xmlNode *n = primitive(c, id, "ocf", "pacemaker", "ping");
	param(n, "dampen", "5s");
	param(n, "host_list", "%s", u->ping);
	param(n, "name", "%s", id);
	if (is_mixed(u->ping))
		param(n, "use_fping", "0");
	operation(n, "monitor", "10s", "60s", NULL);
	operation(n, "start", "0s", "60s", NULL);
	operation(n, "stop", "0s", "20s", NULL);
	expression(rule(constraints, clone, "ping", "-INFINITY"), 0, id, "lt", "number", "1");
}

static void keep_off_others(xmlNode *constraints, const struct cf_site *site, const struct cf_unit *u, const char *clone)
{
	char id[VT_UNIT_NAME_MAX + 32];
	only_on(constraints, site, clone);
	only_on(constraints, site, u->conf.name);
	if (!u->ping[0])
		return;
	snprintf(id, sizeof id, CF_PING "-clone", u->conf.name);
	only_on(constraints, site, id);
}

static void build_unit(xmlNode *resources, xmlNode *constraints, const struct cf_model *m, const struct cf_wanted *wanted, const struct cf_unit *u)
{
	char id[VT_UNIT_NAME_MAX + 16], clone[VT_UNIT_NAME_MAX + 32], promote[24];
	const struct cf_site *site = &m->site;
	seconds(promote, sizeof promote, promote_s(m, wanted, u));
	if (u->conf.drbd)
		snprintf(id, sizeof id, CF_DRBD, u->conf.name);
	else
		snprintf(id, sizeof id, CF_MIRROR, u->conf.name);
	snprintf(clone, sizeof clone, CF_CLONE, id);
	copies(resources, u->conf.drbd ? &drbd : &mirror, u->conf.name, id, promote);
	vm(resources, u);
	together(constraints, u->conf.name, clone);
	if (u->prefer >= 0)
		prefers(constraints, site, u, id, clone);
	if (u->ping[0])
		pings(resources, constraints, u, clone);
	if (wanted->others)
		keep_off_others(constraints, site, u, clone);
}

static void build_nodes(xmlNode *nodes, const struct cf_site *site)
{
	for (int host = 0; host < CF_HOSTS; host++) {
		xmlNode *n = add(nodes, "node");
		set(n, "id", "%d", host + 1);
		set(n, "uname", "%s", site->host[host]);
	}
}

xmlDoc *cf_cib_build(const struct cf_model *m, const struct cf_wanted *wanted)
{
	xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNode *root = doc ? xmlNewNode(NULL, (const xmlChar *)"cib") : NULL;
	if (!root) {
		xmlFreeDoc(doc);
		return NULL;
	}
	xmlDocSetRootElement(doc, root);
	set(root, "validate-with", "pacemaker-3.9");
	set(root, "admin_epoch", "0");
	set(root, "epoch", "1");
	set(root, "num_updates", "0");
	xmlNode *configuration = add(root, "configuration"), *config = add(configuration, "crm_config");
	build_nodes(add(configuration, "nodes"), &m->site);
	xmlNode *resources = add(configuration, "resources"), *constraints = add(configuration, "constraints");
	xmlNode *topology = add(configuration, "fencing-topology");
	add(root, "status");
	if (wanted->site)
		build_site(config, resources, constraints, topology, m, wanted);
	for (unsigned i = 0; i < m->units; i++)
		if (wanted->unit[i])
			build_unit(resources, constraints, m, wanted, &m->unit[i]);
	if (!topology->children) {
		xmlUnlinkNode(topology);
		xmlFreeNode(topology);
	}
	return doc;
}
