// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/cib_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crm-config/cib_bind.h"
#include "crm-config/cib_tree.h"
#include "crm-config/nvset.h"

#define DEPTH_MAX 16 /* groups in clones and the like */

struct reader {
	struct cf_cib *cib;
	xmlNode *resources; /* where templates are */
	const char *source;
	struct vt_fail *fail;
	int rc; /* the first error */
};

/* Meta attributes that a primitive has from what it lies in, or from rsc_defaults. */
struct outer {
	int priority;
	const char *requires;
	const char *in; /* the outermost that it lies in; "": none */
};

static void refuse(struct reader *r, const char *what, const char *text)
{
	if (r->rc == 0)
		r->rc = vt_fail(r->fail, -EINVAL, "%s: %s '%.80s'", r->source, what, text);
}

static void copy(struct reader *r, char *out, size_t cap, const char *text, const char *what)
{
	size_t n = strlen(text);
	if (n >= cap) {
		refuse(r, "too long for this check:", what);
		n = 0;
	}
	memcpy(out, text, n);
	out[n] = '\0';
}

/* A set there that a rule switches is told: what it gives is not looked at. */
static void note_rules(struct reader *r, const xmlNode *n)
{
	for (const xmlNode *s = n ? n->children : NULL; s; s = s->next)
		if (s->type == XML_ELEMENT_NODE && cf_child(s, "rule") && r->cib->rules++ == 0)
			copy(r, r->cib->ruled, sizeof r->cib->ruled, cf_attr(s, "id"), "a set's id");
}

static const xmlNode *template_of(const struct reader *r, const xmlNode *prim)
{
	const char *name = cf_attr(prim, "template");
	for (const xmlNode *c = name[0] ? r->resources->children : NULL; c; c = c->next)
		if (cf_is(c, "template") && strcmp(cf_attr(c, "id"), name) == 0)
			return c;
	return NULL;
}

/* The same of a primitive, whose template may have it. */
static const char *value_of(const struct reader *r, const xmlNode *prim, const char *set, const char *name)
{
	const char *value = cf_pair_find(prim, set, name);
	if (!value)
		value = cf_pair_find(template_of(r, prim), set, name);
	return value ? value : "";
}

static uint32_t time_or(struct reader *r, const char *text, uint32_t fallback, const char *what)
{
	uint32_t ms = fallback;
	if (text && text[0] && !cf_time_parse(text, &ms)) {
		char where[96];
		snprintf(where, sizeof where, "not a time (of %s):", what);
		refuse(r, where, text);
	}
	return ms;
}

static bool truth(const char *text, bool fallback)
{
	if (!text || !text[0])
		return fallback;
	return strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0 || strcasecmp(text, "on") == 0 ||
	       strcasecmp(text, "y") == 0 || strcmp(text, "1") == 0;
}

static void read_properties(struct reader *r, const xmlNode *crm_config)
{
	struct cf_cib *c = r->cib;
	const char *set = "cluster_property_set";
	c->stonith_enabled = truth(cf_pair_find(crm_config, set, "stonith-enabled"), true);
	for (const xmlNode *in = crm_config ? crm_config->children : NULL; in; in = in->next) /* off at times is off */
		if (cf_is(in, set) && cf_child(in, "rule") && cf_pair(in, "stonith-enabled"))
			c->stonith_enabled &= truth(cf_attr(cf_pair(in, "stonith-enabled"), "value"), true);
	note_rules(r, crm_config);
	c->halt[CF_HALT_MAINTENANCE] = truth(cf_pair_find(crm_config, set, "maintenance-mode"), false);
	c->halt[CF_HALT_STOP_ALL] = truth(cf_pair_find(crm_config, set, "stop-all-resources"), false);
	c->startup_fencing = truth(cf_pair_find(crm_config, set, "startup-fencing"), true);
	c->symmetric = truth(cf_pair_find(crm_config, set, "symmetric-cluster"), true);
	c->have_watchdog = truth(cf_pair_find(crm_config, set, "have-watchdog"), false);
	c->stonith_timeout_ms =
	    time_or(r, cf_pair_find(crm_config, set, "stonith-timeout"), CF_STONITH_TIMEOUT_DEFAULT_MS, "stonith-timeout");
	c->priority_delay_ms =
	    time_or(r, cf_pair_find(crm_config, set, "priority-fencing-delay"), 0, "priority-fencing-delay");
	const char *text = cf_pair_find(crm_config, set, "stonith-watchdog-timeout");
	c->watchdog_timeout_ms = text && text[0] == '-' ? -1 : (int64_t)time_or(r, text, 0, "stonith-watchdog-timeout");
	text = cf_pair_find(crm_config, set, "no-quorum-policy");
	if (text)
		copy(r, c->no_quorum, sizeof c->no_quorum, text, "no-quorum-policy");
	text = cf_pair_find(crm_config, set, "fence-reaction");
	if (text)
		copy(r, c->fence_reaction, sizeof c->fence_reaction, text, "fence-reaction");
}

static uint32_t op_ms_in(struct reader *r, const xmlNode *owner, const char *name)
{
	const xmlNode *ops = cf_child(owner, "operations");
	for (const xmlNode *o = ops ? ops->children : NULL; o; o = o->next) {
		if (!cf_is(o, "op") || strcmp(cf_attr(o, "name"), name) != 0)
			continue;
		const char *text = cf_attr(o, "timeout");
		if (!text[0])
			text = cf_pair_find(o, "meta_attributes", "timeout");
		return time_or(r, text, 0, name);
	}
	return 0;
}

static const char *on_fail_in(const xmlNode *owner, const char *name)
{
	const xmlNode *ops = cf_child(owner, "operations");
	for (const xmlNode *o = ops ? ops->children : NULL; o; o = o->next) {
		if (!cf_is(o, "op") || strcmp(cf_attr(o, "name"), name) != 0)
			continue;
		const char *in = cf_pair_find(o, "meta_attributes", "on-fail");
		return in ? in : cf_attr(o, "on-fail");
	}
	return "";
}

/* on-fail of an operation, "": not given. */
static const char *on_fail(const struct reader *r, const xmlNode *prim, const char *name)
{
	const char *text = on_fail_in(prim, name);
	return text[0] ? text : on_fail_in(template_of(r, prim), name);
}

static uint32_t op_ms(struct reader *r, const xmlNode *prim, const char *name)
{
	uint32_t ms = op_ms_in(r, prim, name);
	return ms ? ms : op_ms_in(r, template_of(r, prim), name);
}

static bool has_monitor(const xmlNode *owner)
{
	const xmlNode *ops = cf_child(owner, "operations");
	for (const xmlNode *o = ops ? ops->children : NULL; o; o = o->next)
		if (cf_is(o, "op") && strcmp(cf_attr(o, "name"), "monitor") == 0 && strtoul(cf_attr(o, "interval"), NULL, 10) > 0)
			return true;
	return false;
}

/* Those of a primitive, of its operations, and of the clone or group that it lies in. */
static void note_rules_of(struct reader *r, const xmlNode *prim)
{
	const xmlNode *ops = cf_child(prim, "operations");
	note_rules(r, prim);
	for (const xmlNode *op = ops ? ops->children : NULL; op; op = op->next)
		note_rules(r, op);
	if (prim->parent != r->resources)
		note_rules(r, prim->parent);
}

static void read_device(struct reader *r, const xmlNode *prim, const char *type)
{
	const char *set = "instance_attributes";
	if (r->cib->devices == CF_DEVICES_MAX) {
		refuse(r, "too many fence devices for this check, at", cf_attr(prim, "id"));
		return;
	}
	struct cf_device *d = &r->cib->device[r->cib->devices++];
	copy(r, d->id, sizeof d->id, cf_attr(prim, "id"), "a device's id");
	copy(r, d->agent, sizeof d->agent, type, d->id);
	d->vmtwin = strcmp(type, "fence_vmtwin") == 0;
	d->disabled = strcasecmp(value_of(r, prim, "meta_attributes", "target-role"), "Stopped") == 0;
	copy(r, d->hosts, sizeof d->hosts, value_of(r, prim, set, "pcmk_host_list"), "pcmk_host_list");
	copy(r, d->map, sizeof d->map, value_of(r, prim, set, "pcmk_host_map"), "pcmk_host_map");
	d->reboot_ms = time_or(r, value_of(r, prim, set, "pcmk_reboot_timeout"), 0, "pcmk_reboot_timeout");
	d->off_ms = time_or(r, value_of(r, prim, set, "pcmk_off_timeout"), 0, "pcmk_off_timeout");
	copy(r, d->reboot_action, sizeof d->reboot_action, value_of(r, prim, set, "pcmk_reboot_action"), "pcmk_reboot_action");
	copy(r, d->off_action, sizeof d->off_action, value_of(r, prim, set, "pcmk_off_action"), "pcmk_off_action");
	const char *base = value_of(r, prim, set, "pcmk_delay_base");
	if (base[0] && !cf_delay_base_ok(base))
		refuse(r, "not a time, nor one for each host (pcmk_delay_base):", base);
	copy(r, d->delay_base, sizeof d->delay_base, base, "pcmk_delay_base");
	d->delay_max_ms = time_or(r, value_of(r, prim, set, "pcmk_delay_max"), 0, "pcmk_delay_max");
	d->delay_ms = time_or(r, value_of(r, prim, set, "delay"), 0, "delay");
	d->monitored = has_monitor(prim) || has_monitor(template_of(r, prim));
}

static int priority_of(const struct reader *r, const xmlNode *prim, const struct outer *outer)
{
	const char *own = value_of(r, prim, "meta_attributes", "priority");
	return own[0] ? cf_score_parse(own) : outer->priority;
}

static void read_other(struct reader *r, const xmlNode *prim, const struct outer *outer)
{
	struct cf_cib *c = r->cib;
	int priority = priority_of(r, prim, outer);
	if (c->others++ == 0)
		copy(r, c->other, sizeof c->other, cf_attr(prim, "id"), "a resource's id");
	if (priority <= c->other_priority)
		return;
	c->other_priority = priority;
	copy(r, c->other_weighty, sizeof c->other_weighty, cf_attr(prim, "id"), "a resource's id");
}

/* Agents whose resources a unit is made of. */
static const struct agent {
	const char *provider, *type, *unit; /* unit: the parameter that names it */
	bool mirror, drbd;
} agents[] = {{"vmtwin", "mirror", "unit", true, false}, {"vmtwin", "", "unit", false, false}, {"linbit", "drbd", "drbd_resource", true, true}};

static const struct agent *agent_of(const char *provider, const char *type)
{
	for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++)
		if (strcmp(provider, agents[i].provider) == 0 && (!agents[i].type[0] || strcmp(type, agents[i].type) == 0))
			return &agents[i];
	return NULL;
}

static void read_own(struct reader *r, const xmlNode *prim, const struct agent *agent, const struct outer *outer)
{
	if (r->cib->resources == CF_RESOURCES_MAX) {
		refuse(r, "too many resources for this check, at", cf_attr(prim, "id"));
		return;
	}
	struct cf_resource *o = &r->cib->resource[r->cib->resources++];
	copy(r, o->in, sizeof o->in, outer->in, "a clone's id");
	o->mirror = agent->mirror;
	o->drbd = agent->drbd;
	copy(r, o->id, sizeof o->id, cf_attr(prim, "id"), "a resource's id");
	copy(r, o->unit, sizeof o->unit, value_of(r, prim, "instance_attributes", agent->unit), o->id);
	o->stop_ms = op_ms(r, prim, "stop");
	o->promote_ms = op_ms(r, prim, "promote");
	o->demote_ms = op_ms(r, prim, "demote");
	o->priority = priority_of(r, prim, outer);
	const char *text = value_of(r, prim, "meta_attributes", "requires");
	copy(r, o->requires, sizeof o->requires, text[0] ? text : outer->requires, "requires");
	copy(r, o->stop_on_fail, sizeof o->stop_on_fail, on_fail(r, prim, "stop"), "on-fail");
	copy(r, o->demote_on_fail, sizeof o->demote_on_fail, on_fail(r, prim, "demote"), "on-fail");
}

static void read_primitive(struct reader *r, const xmlNode *prim, const struct outer *outer)
{
	const xmlNode *kind = cf_attr(prim, "type")[0] ? prim : template_of(r, prim);
	const char *class = kind ? cf_attr(kind, "class") : "", *type = kind ? cf_attr(kind, "type") : "";
	const char *provider = strcmp(class, "ocf") == 0 ? cf_attr(kind, "provider") : "";
	const struct agent *agent = agent_of(provider, type);
	bool stonith = strcmp(class, "stonith") == 0, ping = strcmp(provider, "pacemaker") == 0 && strcmp(type, "ping") == 0;
	if (stonith || agent)
		note_rules_of(r, prim);
	if (stonith)
		read_device(r, prim, type);
	else if (agent)
		read_own(r, prim, agent, outer);
	/* A ping only looks, and may do that on both hosts. */
	if (!stonith && !ping && (!agent || agent->drbd))
		read_other(r, prim, outer);
}

static void read_resources(struct reader *r, const xmlNode *in, const struct outer *outer, unsigned depth)
{
	if (depth == DEPTH_MAX) {
		refuse(r, "resources are nested too deep at", cf_attr(in, "id"));
		return;
	}
	for (const xmlNode *n = in->children; n; n = n->next) {
		struct outer here = *outer;
		const char *own = n->type == XML_ELEMENT_NODE ? cf_pair_find(n, "meta_attributes", "priority") : NULL;
		const char *requires = n->type == XML_ELEMENT_NODE ? cf_pair_find(n, "meta_attributes", "requires") : NULL;
		here.priority = own ? cf_score_parse(own) : here.priority;
		here.requires = requires ? requires : here.requires;
		if (cf_is(n, "primitive")) {
			read_primitive(r, n, &here);
		} else if (cf_is(n, "group") || cf_is(n, "clone") || cf_is(n, "master") || cf_is(n, "bundle")) {
			here.in = depth ? here.in : cf_attr(n, "id");
			read_resources(r, n, &here, depth + 1);
		}
	}
}

/* vmtwin-config's own: "#uname ne HOST and #uname ne HOST" keeps it off all hosts but these two. */
static void read_only_hosts(struct reader *r, struct cf_location *l, const xmlNode *rule)
{
	unsigned hosts = 0;
	if (!rule || cf_score_parse(cf_attr(rule, "score")) >= 0 || strcmp(cf_attr(rule, "boolean-op"), "or") == 0)
		return;
	for (const xmlNode *e = rule->children; e; e = e->next) {
		if (e->type != XML_ELEMENT_NODE)
			continue;
		bool names_host = cf_is(e, "expression") && strcmp(cf_attr(e, "attribute"), "#uname") == 0 && strcmp(cf_attr(e, "operation"), "ne") == 0;
		if (!names_host || hosts == CF_ONLY_HOSTS) {
			memset(l->only, 0, sizeof l->only);
			return;
		}
		copy(r, l->only[hosts], sizeof l->only[hosts], cf_attr(e, "value"), "a host in a rule");
		hosts++;
	}
}

static void read_location(struct reader *r, const xmlNode *n)
{
	if (r->cib->locations == CF_LOCATIONS_MAX) {
		refuse(r, "too many location constraints for this check, at", cf_attr(n, "id"));
		return;
	}
	struct cf_location *l = &r->cib->location[r->cib->locations++];
	copy(r, l->id, sizeof l->id, cf_attr(n, "id"), "a constraint's id");
	copy(r, l->rsc, sizeof l->rsc, cf_attr(n, "rsc"), "a constraint's resource");
	copy(r, l->node, sizeof l->node, cf_attr(n, "node"), "a constraint's node");
	l->score = cf_score_parse(cf_attr(n, "score"));
	l->rule = cf_child(n, "rule") != NULL || !l->node[0] || !l->rsc[0];
	read_only_hosts(r, l, cf_child(n, "rule"));
}

static void split_devices(struct reader *r, struct cf_level *l, const char *list)
{
	while (*list) {
		list += strspn(list, " ,");
		size_t n = strcspn(list, " ,");
		if (n == 0)
			break;
		if (l->count == CF_LEVEL_DEVICES_MAX || n >= CF_ID_MAX) {
			refuse(r, "too many devices in a fencing level:", list);
			return;
		}
		memcpy(l->device[l->count], list, n);
		l->device[l->count++][n] = '\0';
		list += n;
	}
}

static void read_level(struct reader *r, const xmlNode *n)
{
	if (r->cib->levels == CF_LEVELS_MAX) {
		refuse(r, "too many fencing levels for this check, at", cf_attr(n, "id"));
		return;
	}
	struct cf_level *l = &r->cib->level[r->cib->levels++];
	l->index = (unsigned)strtoul(cf_attr(n, "index"), NULL, 10);
	copy(r, l->target, sizeof l->target, cf_attr(n, "target"), "a level's target");
	split_devices(r, l, cf_attr(n, "devices"));
}

static void read_op_defaults(struct reader *r, const xmlNode *defaults)
{
	const char *text = cf_pair_find(defaults, "meta_attributes", "timeout");
	note_rules(r, defaults);
	r->cib->op_default_set = text != NULL;
	r->cib->op_default_ms = time_or(r, text, CF_OP_TIMEOUT_DEFAULT_MS, "op_defaults timeout");
	copy(r, r->cib->op_default_on_fail, sizeof r->cib->op_default_on_fail, cf_pair_value(defaults, "meta_attributes", "on-fail"), "on-fail");
}

static struct outer read_rsc_defaults(struct reader *r, const xmlNode *defaults)
{
	const char *set = "meta_attributes", *role = cf_pair_value(defaults, set, "target-role");
	bool *halt = r->cib->halt;
	note_rules(r, defaults);
	halt[CF_HALT_STOPPED] = strcasecmp(role, "Stopped") == 0;
	halt[CF_HALT_UNPROMOTED] = strcasecmp(role, "Unpromoted") == 0 || strcasecmp(role, "Slave") == 0;
	halt[CF_HALT_UNMANAGED] = !truth(cf_pair_find(defaults, set, "is-managed"), true);
	halt[CF_HALT_DEFAULT_MAINTENANCE] = truth(cf_pair_find(defaults, set, "maintenance"), false);
	return (struct outer){
	    .priority = cf_score_parse(cf_pair_value(defaults, set, "priority")), .requires = cf_pair_value(defaults, set, "requires"), .in = ""};
}

static void read_node(struct reader *r, const xmlNode *n)
{
	const char *set = "instance_attributes";
	bool standby = truth(cf_pair_find(n, set, "standby"), false), maintenance = truth(cf_pair_find(n, set, "maintenance"), false);
	if (!standby && !maintenance)
		return;
	if (r->cib->aways == CF_AWAY_MAX) {
		refuse(r, "too many hosts in standby or maintenance for this check, at", cf_attr(n, "uname"));
		return;
	}
	struct cf_away *o = &r->cib->away[r->cib->aways++];
	copy(r, o->name, sizeof o->name, cf_attr(n, "uname"), "a host's name");
	o->standby = standby;
	o->maintenance = maintenance;
}

static void read_each(struct reader *r, const xmlNode *in, const char *element, void (*read)(struct reader *r, const xmlNode *n))
{
	for (const xmlNode *n = in ? in->children : NULL; n; n = n->next)
		if (cf_is(n, element))
			read(r, n);
}

static void read_configuration(struct reader *r, const xmlNode *conf)
{
	read_properties(r, cf_child(conf, "crm_config"));
	read_op_defaults(r, cf_child(conf, "op_defaults"));
	struct outer outer = read_rsc_defaults(r, cf_child(conf, "rsc_defaults"));
	r->resources = cf_child(conf, "resources");
	if (r->resources)
		read_resources(r, r->resources, &outer, 0);
	cf_cib_bind(r->cib, cf_child(conf, "constraints"));
	read_each(r, cf_child(conf, "nodes"), "node", read_node);
	read_each(r, cf_child(conf, "constraints"), "rsc_location", read_location);
	read_each(r, cf_child(conf, "fencing-topology"), "fencing-level", read_level);
}

int cf_cib_parse(struct cf_cib *cib, const char *text, const char *source, struct vt_fail *fail)
{
	struct reader r = {.cib = cib, .source = source, .fail = fail};
	cf_cib_init(cib);
	xmlDoc *doc = cf_tree_parse(text, source, fail);
	if (!doc)
		return -EINVAL;
	read_configuration(&r, cf_child(xmlDocGetRootElement(doc), "configuration"));
	xmlFreeDoc(doc);
	return r.rc;
}
