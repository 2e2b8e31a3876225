// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin-config remove: takes a unit out of the cluster. Its VM is shut down, its data stays where it is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/unitconf.h"
#include "crm-config/cmd.h"
#include "crm-config/live.h"
#include "crm-config/merge.h"
#include "crm-config/normal.h"
#include "crm-config/owned.h"

#define STOP_LIMIT_S 600 /* a guest may take its time */
#define TOOL_LIMIT_MS 30000
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

/* Nobody runs it any more, as far as the cluster knows. */
static bool runs_nowhere(const char *id)
{
	const char *const args[] = {"--resource", id, "--locate", NULL};
	char out[4096] = "";
	return cf_live_tool("crm_resource", args, TOOL_LIMIT_MS, out, sizeof out) == 0 && !strstr(out, RUNS_ON);
}

/* The host's name in "is running on: HOST Promoted". */
static void host_after(const char *at, char *out, size_t cap)
{
	at += strlen(RUNS_ON);
	at += strspn(at, ": ");
	snprintf(out, cap, "%.*s", (int)strcspn(at, " \n"), at);
}

/* The host that runs it, for people; "": none is known. */
static void where(const char *id, char *out, size_t cap)
{
	const char *const args[] = {"--resource", id, "--locate", NULL};
	char text[4096] = "";
	cf_live_tool("crm_resource", args, TOOL_LIMIT_MS, text, sizeof text);
	const char *at = strstr(text, RUNS_ON);
	out[0] = '\0';
	if (at)
		host_after(at, out, cap);
}

static int still_runs(const struct removal *r, const char *id)
{
	vt_command_error(r->cmd, CF_EXIT_BAD, "unit %s: %s does not stop; nothing was deleted. Look at it: pcs status; run this again, or take the unit back into service: "
		 "pcs resource clear %s-mirror-clone, pcs resource enable %s %s-mirror-clone, vmtwin-config apply %s", r->unit, id, r->unit, r->unit,
		 r->unit, r->unit);
	return CF_EXIT_REFUSED;
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
	const char *const locate[] = {"--resource", clone, "--locate", NULL};
	char text[4096] = "", *rest = NULL;
	bool any = false;
	if (cf_live_tool("crm_resource", locate, TOOL_LIMIT_MS, text, sizeof text) != 0 || !(strstr(text, "Promoted") || strstr(text, "Master")))
		return;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char host[VT_HOST_NAME_MAX + 1];
		const char *at = strstr(line, RUNS_ON);
		if (!at || strstr(at, "Promoted") || strstr(at, "Master"))
			continue;
		host_after(at, host, sizeof host);
		const char *const ban[] = {"--resource", clone, "--ban", "--node", host, NULL};
		any |= cf_live_tool("crm_resource", ban, TOOL_LIMIT_MS, NULL, 0) == 0;
	}
	if (any)
		settle();
}

/* The VM; then the secondary, then the primary: the host that had the VM is the last one, and keeps the good copy. */
static int stop_all(const struct removal *r, const xmlDoc *doc)
{
	printf("unit %s: waiting for its VM and its mirror to stop\n", r->unit);
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
	if (dry_run) {
		struct cf_lines a = cf_normal(before), b = cf_normal(after);
		cf_lines_diff(stdout, &a, &b);
		cf_lines_free(&a);
		cf_lines_free(&b);
	} else if (cf_change_begin(&c, before, after, &fail) < 0) {
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
	int rc = cf_change_verify(&c, after, &fail);
	cf_change_end(&c);
	xmlFreeDoc(after);
	if (rc == 0)
		return CF_EXIT_OK;
	vt_command_error(r->cmd, CF_EXIT_BAD, "unit %s can't be taken out: something else in the configuration names its resources (a constraint over sets, a tag; crm_verify, above, "
		 "says where): take them out of there first. Nothing was changed", r->unit);
	return CF_EXIT_REFUSED;
}

static int take_unit(struct removal *r, bool dry_run)
{
	struct vt_fail fail = {0};
	xmlDoc *doc = cf_live_read(&fail);
	if (!doc)
		return vt_command_error(r->cmd, CF_EXIT_BAD, "%s", fail.text);
	if (cf_live_schema(doc, &fail) < 0 || cf_owned_add(&r->owned, doc, r->unit, &fail) < 0) {
		xmlFreeDoc(doc);
		vt_command_error(r->cmd, CF_EXIT_BAD, "%s", fail.text);
		return CF_EXIT_REFUSED;
	}
	if (r->owned.count == 0) {
		xmlFreeDoc(doc);
		return vt_command_error(r->cmd, CF_EXIT_BAD, "no resource of unit '%s' is in the cluster; which ones there are: pcs status", r->unit);
	}
	char host[VT_HOST_NAME_MAX + 1];
	int code = CF_EXIT_OK;
	where(r->unit, host, sizeof host);
	code = could_be_taken_out(r, doc);
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
	if (dry_run) {
		puts("Nothing was changed (--dry-run).");
		return code;
	}
	printf("unit %s is out of the cluster. Its files as plain files again: on %s: vmtwin destroy %s --keep-data; on the other host the "
	       "same with --force, for its copy counts as old from now on\n", r->unit, host[0] ? host : "the host that stopped last", r->unit);
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
