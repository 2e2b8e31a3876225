// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin-config remove: takes a unit out of the cluster. Its VM is shut down, its data stays where it is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/paths.h"
#include "base/unitconf.h"
#include "crm-config/cib_build.h"
#include "crm-config/cmd.h"
#include "crm-config/live.h"
#include "crm-config/merge.h"
#include "crm-config/normal.h"
#include "crm-config/owned.h"

#define STOP_LIMIT_S 600 /* a guest may take its time */
#define TOOL_LIMIT_MS 30000
#define INSTANCES_MAX 16 /* of a clone */
#define RUNS_ON "is running on" /* crm_resource's words */

static const char help[] =
    "Usage: vmtwin-config remove [--dry-run] UNIT\n\n"
    "Takes a unit out of the running cluster: its VM is shut down, its mirror stopped on both hosts, then their resources and\n"
    "constraints are deleted. Data, unit file and the libvirt domain stay. If the VM does not stop within 10 minutes nothing is deleted.\n"
    "Fence devices stay: they are of the hosts.\n\n"
    "  --dry-run   shows what would be deleted and changes nothing\n\n"
    "Exit codes: 0 done; 1 refused: it does not stop, or the cluster does not take the change; 2 wrong usage, no such unit.\n";

struct removal {
	const struct vt_command *cmd;
	const char *unit;
	struct cf_owned owned;
};

static bool resource_is_there(const xmlDoc *doc, const char *id)
{
	const xmlNode *in = cf_section(doc, "resources");
	return cf_child_of_id(in, "clone", id) || cf_child_of_id(in, "primitive", id);
}

static int set_meta(const struct removal *r, const char *id, const char *name, const char *value)
{
	const char *const args[] = {"--resource", id, "--meta", "--set-parameter", name, "--parameter-value", value, NULL};
	int rc = cf_live_tool("crm_resource", args, TOOL_LIMIT_MS, NULL, 0);
	if (rc == 0)
		return 0;
	vt_command_error(r->cmd, CF_EXIT_BAD, "unit %s: resource %s can't be told to stop (crm_resource ended with %d); nothing was deleted", r->unit, id, rc);
	return -1;
}

/* Waits until Pacemaker has nothing more to do. Whether it has done what was wanted is looked at afterwards. */
static void settle(void)
{
	char limit[16];
	snprintf(limit, sizeof limit, "%d", STOP_LIMIT_S);
	const char *const args[] = {"--wait", "--timeout", limit, NULL};
	cf_live_tool("crm_resource", args, (STOP_LIMIT_S + 10) * 1000, NULL, 0);
}

struct instance {
	char host[VT_HOST_NAME_MAX + 1];
	bool promoted;
};

/* Where it runs, in crm_resource's words "... is running on: HOST Promoted". How many, or -1: that can't be told. */
static int locate(const char *id, struct instance found[INSTANCES_MAX])
{
	const char *const args[] = {"--resource", id, "--locate", NULL};
	char text[4096] = "";
	int count = 0;
	if (cf_live_tool("crm_resource", args, TOOL_LIMIT_MS, text, sizeof text) != 0)
		return -1;
	for (const char *at = strstr(text, RUNS_ON); at && count < INSTANCES_MAX; at = strstr(at, RUNS_ON)) {
		struct instance *i = &found[count++];
		at += strlen(RUNS_ON);
		at += strspn(at, ": ");
		size_t size = strcspn(at, " \n");
		snprintf(i->host, sizeof i->host, "%.*s", (int)size, at);
		at += size + strspn(at + size, " ");
		i->promoted = strncmp(at, "Promoted", 8) == 0 || strncmp(at, "Master", 6) == 0;
	}
	return count;
}

static bool runs_nowhere(const char *id)
{
	struct instance found[INSTANCES_MAX];
	return locate(id, found) == 0;
}

/* The host that is promoted of what is found, or -1. */
static int promoted_of(const struct instance *found, int count)
{
	for (int i = 0; i < count; i++)
		if (found[i].promoted)
			return i;
	return -1;
}

/* The host that has the VM, or whose copy it would be started from; for people, also where none is known. */
static void find_last(const struct removal *r, const xmlDoc *doc, char *host, size_t cap)
{
	struct instance found[INSTANCES_MAX];
	int last = locate(r->unit, found) > 0 ? 0 : -1;
	for (const char *const *id = r->owned.id; *id && last < 0; id++)
		if (cf_child_of_id(cf_section(doc, "resources"), "clone", *id))
			last = promoted_of(found, locate(*id, found));
	snprintf(host, cap, "%s", last >= 0 ? found[last].host : "the host that stopped last");
}

/* The clone that keeps its copies is DRBD's. */
static bool is_drbd(const struct removal *r)
{
	char id[VT_UNIT_NAME_MAX + 16];
	snprintf(id, sizeof id, CF_DRBD, r->unit);
	for (const char *const *o = r->owned.id; *o; o++)
		if (strcmp(*o, id) == 0)
			return true;
	return false;
}

static int still_runs(const struct removal *r, const char *id)
{
	const char *clone = is_drbd(r) ? "drbd-clone" : "mirror-clone";
	return vt_command_error(r->cmd, CF_EXIT_REFUSED, "unit %s: %s does not stop; nothing was deleted. Look at it: pcs status; run this again, or take the unit back into service: "
		 "pcs resource clear %s-%s, pcs resource enable %s %s-%s, vmtwin-config apply %s", r->unit, id, r->unit, clone, r->unit, r->unit, clone,
		 r->unit);
}

static int set_clones(const struct removal *r, const xmlDoc *doc, const char *name, const char *value)
{
	for (const char *const *id = r->owned.id; *id; id++)
		if (cf_child_of_id(cf_section(doc, "resources"), "clone", *id) && set_meta(r, *id, name, value) < 0)
			return -1;
	settle();
	return 0;
}

/* Bans a clone that has a promoted instance from every other host where it runs, and waits. The constraint goes with the unit. */
static void keep_promoted_only(const char *clone)
{
	struct instance found[INSTANCES_MAX];
	int count = locate(clone, found), promoted = promoted_of(found, count);
	bool any = false;
	for (int i = 0; i < count && promoted >= 0; i++) {
		const char *const ban[] = {"--resource", clone, "--ban", "--node", found[i].host, NULL};
		if (!found[i].promoted)
			any |= cf_live_tool("crm_resource", ban, TOOL_LIMIT_MS, NULL, 0) == 0;
	}
	if (any)
		settle();
}

/* The VM; then the secondary, then the primary: the host that had the VM is the last one, and keeps the good copy. */
static int stop_all(const struct removal *r, const xmlDoc *doc)
{
	printf("unit %s: waiting for its VM and its %s to stop\n", r->unit, is_drbd(r) ? "DRBD device" : "mirror");
	fflush(stdout);
	if (resource_is_there(doc, r->unit)) {
		if (set_meta(r, r->unit, "target-role", "Stopped") < 0)
			return CF_EXIT_REFUSED;
		settle();
		if (!runs_nowhere(r->unit))
			return still_runs(r, r->unit);
	}
	for (const char *const *id = r->owned.id; *id; id++)
		if (cf_child_of_id(cf_section(doc, "resources"), "clone", *id))
			keep_promoted_only(*id);
	if (set_clones(r, doc, "target-role", "Stopped") < 0)
		return CF_EXIT_REFUSED;
	for (const char *const *id = r->owned.id; *id; id++)
		if (resource_is_there(doc, *id) && !runs_nowhere(*id))
			return still_runs(r, *id);
	return CF_EXIT_OK;
}

/* All that goes: somebody else's constraints of the unit's resources too, which may be wanted again one day. */
static void tell_difference(const xmlDoc *before, const xmlDoc *after)
{
	struct cf_lines a = cf_normal(before), b = cf_normal(after);
	cf_lines_diff(stdout, &a, &b);
	cf_lines_free(&a);
	cf_lines_free(&b);
}

/* before is read anew by the caller: stopping has changed it. */
static int take_out(const struct removal *r, const xmlDoc *before, bool dry_run)
{
	struct vt_fail fail = {0};
	struct cf_change c = {.dir = ""};
	xmlDoc *after = xmlCopyDoc((xmlDoc *)before, 1);
	if (!after || !cf_take_out(after, r->owned.id)) {
		xmlFreeDoc(after);
		return vt_command_error(r->cmd, CF_EXIT_BAD, after ? "no resource of unit '%s' is in the cluster" : "out of memory for unit '%s'", r->unit);
	}
	int code = CF_EXIT_OK;
	tell_difference(before, after);
	if (dry_run) {
		xmlFreeDoc(after);
		return code;
	}
	if (cf_change_begin(&c, before, after, &fail) < 0) {
		code = vt_command_error(r->cmd, CF_EXIT_BAD, "%s", fail.text);
	} else {
		if (cf_change_apply(&c, before, after, &fail) < 0) {
			vt_command_error(r->cmd, CF_EXIT_BAD, "unit %s is stopped, but still in the cluster's configuration: %s; run this again", r->unit, fail.text);
			code = CF_EXIT_REFUSED;
		}
		cf_change_end(&c);
	}
	xmlFreeDoc(after);
	return code;
}

/* Why not, for people; NULL: it could. */
static const char *in_the_way(const struct cf_change *c, const xmlDoc *before, const xmlDoc *after)
{
	struct vt_fail fail = {0};
	char plan[65536] = "";
	if (cf_change_verify(c, after, &fail) < 0 && cf_change_verify(c, before, &fail) < 0)
		return "Pacemaker finds mistakes in the configuration as it is already (crm_verify, above): correct these first";
	if (fail.code)
		return "something else in the configuration names its resources (a constraint over sets, a tag; crm_verify, above, says where): take them out "
		       "of there first";
	if (!cf_change_simulate(c, plan, sizeof plan))
		return "what Pacemaker would do can't be foretold (crm_simulate --live-check says why), so nobody knows whether a host waits for its fencing";
	if (strstr(plan, "* Fence "))
		return "a host waits for its fencing, and what runs there isn't known (pcs status): see that it is fenced first";
	return NULL;
}

/* Before anything is stopped: the cluster takes what is left. */
static int could_be_taken_out(const struct removal *r, const xmlDoc *before)
{
	struct vt_fail fail = {0};
	struct cf_change c = {.dir = ""};
	xmlDoc *after = xmlCopyDoc((xmlDoc *)before, 1);
	if (!after || !cf_take_out(after, r->owned.id) || cf_change_begin(&c, before, after, &fail) < 0) {
		xmlFreeDoc(after);
		return vt_command_error(r->cmd, CF_EXIT_BAD, "unit '%s': %s", r->unit, fail.text[0] ? fail.text : "out of memory");
	}
	const char *why = in_the_way(&c, before, after);
	cf_change_end(&c);
	xmlFreeDoc(after);
	return why ? vt_command_error(r->cmd, CF_EXIT_REFUSED, "unit %s can't be taken out: %s. Nothing was changed", r->unit, why) : CF_EXIT_OK;
}

/* To use it without the cluster. last: the host that stopped last, for people. */
static void tell_way_back(const struct removal *r, const char *last)
{
	const char *unit = r->unit;
	if (is_drbd(r))
		printf("unit %s is out of the cluster, and DRBD is down. To use its VM without the cluster: on both hosts: drbdadm up %s; then on %s: "
		       "drbdadm primary %s, virsh define " VT_DOMAIN_DIR "/%s.xml, virsh start with the domain's name\n", unit, unit, last, unit, unit);
	else
		printf("unit %s is out of the cluster. Its files as plain files again: on %s: vmtwin destroy %s --keep-data; on the other host the "
		       "same with --force, for its copy counts as old from now on\n", unit, last, unit);
}

static int take_unit(struct removal *r, bool dry_run)
{
	struct vt_fail fail = {0};
	xmlDoc *doc = cf_live_read(&fail);
	if (!doc)
		return vt_command_error(r->cmd, CF_EXIT_BAD, "%s", fail.text);
	if (cf_live_schema(doc, &fail) < 0 || cf_owned_add(&r->owned, doc, r->unit, false, &fail) < 0) {
		xmlFreeDoc(doc);
		vt_command_error(r->cmd, CF_EXIT_BAD, "%s", fail.text);
		return CF_EXIT_REFUSED;
	}
	if (r->owned.count == 0) {
		xmlFreeDoc(doc);
		return vt_command_error(r->cmd, CF_EXIT_BAD, "no resource of unit '%s' is in the cluster; which ones there are: pcs status", r->unit);
	}
	char last[VT_HOST_NAME_MAX + 1];
	find_last(r, doc, last, sizeof last);
	int code = could_be_taken_out(r, doc);
	if (code != CF_EXIT_OK) {
		xmlFreeDoc(doc);
		return code;
	}
	if (!dry_run) {
		code = stop_all(r, doc);
		xmlFreeDoc(doc);
		doc = code == CF_EXIT_OK ? cf_live_read(&fail) : NULL;
		if (code == CF_EXIT_OK && !doc)
			return vt_command_error(r->cmd, CF_EXIT_BAD, "%s", fail.text);
	}
	if (code == CF_EXIT_OK)
		code = take_out(r, doc, dry_run);
	xmlFreeDoc(doc);
	if (code != CF_EXIT_OK)
		return code;
	if (dry_run)
		puts("Nothing was changed (--dry-run).");
	else
		tell_way_back(r, last);
	return code;
}

static int run_remove(const struct vt_command *cmd, int argc, char **argv)
{
	static const struct option longs[] = {{"dry-run", 0, 0, 'n'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
	struct removal r = {.cmd = cmd};
	bool dry_run = false;
	int c;
	while ((c = vt_option(cmd, argc, argv, ":h", longs)) >= 0)
		dry_run = true;
	if (c != VT_OPTION_END)
		return c == VT_OPTION_HELP ? CF_EXIT_OK : CF_EXIT_BAD;
	if (argc - optind != 1)
		return vt_command_error(cmd, CF_EXIT_BAD, "which unit? One name is needed; see vmtwin-config remove --help");
	r.unit = argv[optind];
	if (!vt_unit_name_ok(r.unit))
		return vt_command_error(cmd, CF_EXIT_BAD, "'%.80s' can't be a unit's name", r.unit);
	if (!cf_owned_init(&r.owned, 1))
		return vt_command_error(cmd, CF_EXIT_BAD, "out of memory");
	int code = take_unit(&r, dry_run);
	cf_owned_free(&r.owned);
	return code;
}

const struct vt_command cf_cmd_remove = {
    .name = "remove",
    .summary = "takes a unit out of the running cluster; its data stays",
    .help = help,
    .run = run_remove,
};
