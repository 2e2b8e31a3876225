// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/merge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crm-config/cib_build.h"
#include "crm-config/merge_int.h"
#include "crm-config/normal.h"
#include "crm-config/nvset.h"

static bool names(const char *const *list, const char *id)
{
	for (; *list; list++)
		if (strcmp(*list, id) == 0)
			return true;
	return false;
}

/* cib/configuration/NAME, made if it is not there. */
static xmlNode *section(xmlDoc *doc, const char *name)
{
	xmlNode *in = cf_section(doc, name);
	return in ? in : xmlNewChild(cf_configuration(doc), NULL, (const xmlChar *)name, NULL);
}

/* ---- constraints, levels, properties ---------------------------------------------------------------------- */

static bool about(const xmlNode *n, const char *const *ids)
{
	static const char *const attributes[] = {"rsc", "with-rsc", "first", "then"};
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
		if (names(ids, cf_attr(n, attributes[i])))
			return true;
	return false;
}

/* clone is that of what keeps the copies of the VM vm_id. */
static bool is_copier_of(const char *clone, const char *vm_id)
{
	size_t n = strlen(vm_id);
	return strncmp(clone, vm_id, n) == 0 && (strcmp(clone + n, "-mirror-clone") == 0 || strcmp(clone + n, "-drbd-clone") == 0);
}

/* One that vmtwin-config makes: between a unit's VM and its mirror, or a rule under the id that it gives. Administrators' own, also
 * between two units, and those of `pcs resource move`, are not. */
static bool is_ours(const xmlNode *n, const char *const *owned)
{
	static const char *const rules[] = {"prefer", "ping", "hosts"};
	const char *rsc = cf_attr(n, "rsc");
	char id[512];
	if (cf_is(n, "rsc_colocation"))
		return names(owned, rsc) && names(owned, cf_attr(n, "with-rsc")) && is_copier_of(cf_attr(n, "with-rsc"), rsc);
	if (cf_is(n, "rsc_order"))
		return names(owned, cf_attr(n, "first")) && names(owned, cf_attr(n, "then")) && is_copier_of(cf_attr(n, "first"), cf_attr(n, "then"));
	if (!cf_is(n, "rsc_location") || !names(owned, rsc))
		return false;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		snprintf(id, sizeof id, "location-%s-%s", rsc, rules[i]);
		if (strcmp(id, cf_attr(n, "id")) == 0)
			return true;
	}
	return false;
}

static xmlNode *find_same(const xmlNode *section_node, const xmlNode *wanted)
{
	for (xmlNode *n = section_node->children; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && xmlStrEqual(n->name, wanted->name) && cf_merge_same(n, wanted))
			return n;
	return NULL;
}

static bool is_wanted(const xmlNode *n, const xmlNode *wanted_section)
{
	return wanted_section && find_same(wanted_section, n);
}

/* A wanted one, of which somebody has changed the rest. */
static bool is_version_of_one(const xmlNode *n, const xmlNode *wanted_section)
{
	for (const xmlNode *w = wanted_section ? wanted_section->children : NULL; w; w = w->next)
		if (w->type == XML_ELEMENT_NODE && cf_counterpart(n->parent, w) == n)
			return true;
	return false;
}

/* What keeps fence_vmtwin off hosts that need no vmtwin, where that device is vmtwin-config's to configure. */
static bool is_of_twin(const xmlNode *n, const xmlDoc *wanted)
{
	return cf_is(n, "rsc_location") && strcmp(cf_attr(n, "id"), "location-" CF_TWIN "-hosts") == 0 && strcmp(cf_attr(n, "rsc"), CF_TWIN) == 0 &&
	       cf_child_of_id(cf_section(wanted, "resources"), "primitive", CF_TWIN);
}

static bool merge_constraints(xmlNode *in, const xmlDoc *wanted_doc, const char *const *owned)
{
	const xmlNode *wanted = cf_section(wanted_doc, "constraints");
	for (xmlNode *n = in->children, *next; n; n = next) {
		next = n->next;
		if (n->type == XML_ELEMENT_NODE && (is_ours(n, owned) || is_version_of_one(n, wanted) || is_of_twin(n, wanted_doc)) && !is_wanted(n, wanted))
			cf_merge_drop(n);
	}
	for (const xmlNode *n = wanted ? wanted->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && !find_same(in, n) && !cf_merge_append(in, n))
			return false;
	return true;
}

static bool merge_levels(xmlDoc *current, const xmlNode *wanted)
{
	if (!wanted || !wanted->children)
		return true;
	xmlNode *in = section(current, "fencing-topology");
	for (xmlNode *n = in->children, *next; n; n = next) {
		next = n->next;
		if (!cf_is(n, "fencing-level"))
			continue;
		bool host_is_ours = false;
		for (const xmlNode *w = wanted->children; w; w = w->next)
			host_is_ours |= cf_is(w, "fencing-level") && strcmp(cf_attr(w, "target"), cf_attr(n, "target")) == 0;
		if (host_is_ours && !is_wanted(n, wanted))
			cf_merge_drop(n);
	}
	for (const xmlNode *n = wanted->children; n; n = n->next)
		if (cf_is(n, "fencing-level") && !find_same(in, n) && !cf_merge_append(in, n))
			return false;
	return true;
}

#define PROPERTIES "cluster_property_set"

/* The head start of the host with the VM: the administrator knows how long his devices take. */
static bool is_longer_delay(const xmlNode *has, const xmlNode *wanted)
{
	uint32_t has_ms, wanted_ms;
	return strcmp(cf_attr(wanted, "name"), "priority-fencing-delay") == 0 && cf_time_parse(cf_attr(has, "value"), &has_ms) &&
	       cf_time_parse(cf_attr(wanted, "value"), &wanted_ms) && has_ms > wanted_ms;
}

/* Wherever it is given without a rule: which of several sets counts does not matter then. False: nowhere. */
static bool set_property(xmlNode *config, const xmlNode *wanted)
{
	bool has = false;
	for (xmlNode *set = config->children; set; set = set->next) {
		xmlNode *in = cf_set_is_plain(set, PROPERTIES) ? cf_pair(set, cf_attr(wanted, "name")) : NULL;
		if (in && !is_longer_delay(in, wanted))
			xmlSetProp(in, (const xmlChar *)"value", (const xmlChar *)cf_attr(wanted, "value"));
		has |= in != NULL;
	}
	return has;
}

static xmlNode *plain_properties(xmlNode *config)
{
	for (xmlNode *set = config->children; set; set = set->next)
		if (cf_set_is_plain(set, PROPERTIES))
			return set;
	return NULL;
}

static bool merge_properties(xmlDoc *current, const xmlNode *wanted)
{
	xmlNode *want = cf_child(wanted, PROPERTIES);
	xmlNode *config = section(current, "crm_config");
	if (!want)
		return true;
	if (!plain_properties(config) && !cf_merge_append(config, want))
		return false;
	for (const xmlNode *n = want->children; n; n = n->next)
		if (cf_is(n, "nvpair") && !set_property(config, n) && !cf_merge_append(plain_properties(config), n))
			return false;
	return true;
}

int cf_merge(xmlDoc *current, const xmlDoc *wanted, const char *const *owned, struct vt_fail *fail)
{
	int rc = cf_clash(current, wanted, fail);
	if (rc < 0)
		return rc;
	xmlNode *resources = section(current, "resources");
	const xmlNode *want = cf_section(wanted, "resources");
	for (const xmlNode *n = want ? want->children : NULL; n && rc == 0; n = n->next)
		if (n->type == XML_ELEMENT_NODE)
			rc = cf_merge_resource(resources, n, fail);
	if (rc < 0)
		return rc;
	for (xmlNode *n = resources->children, *next; n; n = next) { /* a unit's ping that is no longer asked for */
		next = n->next;
		if (n->type == XML_ELEMENT_NODE && names(owned, cf_attr(n, "id")) && !cf_child_of_id(want, (const char *)n->name, cf_attr(n, "id")))
			cf_merge_drop(n);
	}
	if (merge_constraints(section(current, "constraints"), wanted, owned) &&
	    merge_levels(current, cf_section(wanted, "fencing-topology")) && merge_properties(current, cf_section(wanted, "crm_config")))
		return 0;
	return vt_fail(fail, -ENOMEM, "out of memory; nothing was changed");
}

bool cf_take_out(xmlDoc *current, const char *const *owned)
{
	bool found = false;
	xmlNode *resources = section(current, "resources"), *constraints = section(current, "constraints");
	for (xmlNode *n = resources->children, *next; n; n = next) {
		next = n->next;
		if (n->type == XML_ELEMENT_NODE && names(owned, cf_attr(n, "id"))) {
			cf_merge_drop(n);
			found = true;
		}
	}
	for (xmlNode *n = constraints->children, *next; n; n = next) {
		next = n->next;
		if (n->type == XML_ELEMENT_NODE && about(n, owned))
			cf_merge_drop(n);
	}
	return found;
}
