// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin-config apply: puts into force what the unit files say, and nothing else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conffile.h"
#include "base/paths.h"
#include "base/spawn.h"
#include "crm-config/cmd.h"
#include "crm-config/corosync_conf.h"
#include "crm-config/live.h"
#include "crm-config/merge.h"
#include "crm-config/normal.h"
#include "crm-config/nvset.h"
#include "crm-config/owned.h"
#include "crm-config/selection.h"

#define COROSYNC_CONF "/etc/corosync/corosync.conf"
#define CHECK_LIMIT_MS 60000
#define TEXT_MAX_BYTES 65536

static const char help[] =
    "Usage: vmtwin-config apply [--dry-run] [--unit-dir DIR] [--corosync-conf FILE] [--host-conf FILE] [UNIT...]\n\n"
    "Changes the running cluster's resources, constraints, fencing and properties into what the unit files say (vmtwin-unit(5)).\n"
    "What is so already stays untouched, and so does what is not vmtwin's. First it shows what changes, then what Pacemaker will\n"
    "do about it. With UNIT: only the resources of these. A second time there is nothing to change.\n\n"
    "What would be unsafe (vmtwin-config check) is not put into force.\n\n"
    "  --dry-run             shows it and changes nothing\n"
    "  --unit-dir DIR        default " VT_UNIT_DIR "\n"
    "  --corosync-conf FILE  for the check; default " COROSYNC_CONF "\n"
    "  --host-conf FILE      for the check; default " VT_HOST_CONF "\n\n"
    "Exit codes: 0 done, or nothing to do; 1 refused, nothing was changed; 2 wrong usage, or an input can't be read.\n";

struct apply {
	const struct vt_command *cmd;
	bool dry_run;
	const char *unit_dir, *corosync_conf, *host_conf;
	struct cf_model m;
	struct cf_wanted wanted;
	struct cf_corosync corosync;
	struct vt_cluster_timing timing; /* of that */
	xmlDoc *before, *after;
	char text[TEXT_MAX_BYTES];
};

static int refuse(const struct apply *a, const char *text)
{
	vt_command_error(a->cmd, CF_EXIT_BAD, "%s", text);
	return CF_EXIT_REFUSED;
}

static bool uses_twin(const xmlDoc *doc)
{
	const xmlNode *in = cf_section(doc, "resources");
	for (const xmlNode *n = in ? in->children : NULL; n; n = n->next)
		if (cf_is(n, "primitive") && strcmp(cf_attr(n, "type"), "fence_vmtwin") == 0)
			return true;
	return false;
}

static bool has_fencing(const xmlDoc *doc)
{
	const xmlNode *in = cf_section(doc, "resources");
	for (const xmlNode *n = in ? in->children : NULL; n; n = n->next)
		if (cf_is(n, "primitive") && strcmp(cf_attr(n, "class"), "stonith") == 0)
			return true;
	return false;
}

/* A cluster that is fenced by what somebody else has configured stays so; the check below looks at it. */
static int look_at_fencing(struct apply *a, struct vt_fail *fail)
{
	bool drbd = false;
	for (unsigned i = 0; i < a->m.units; i++)
		drbd |= a->m.unit[i].conf.drbd;
	if (drbd && uses_twin(a->before))
		return vt_fail(fail, -EPERM, "fence_vmtwin is configured, but a unit has storage = drbd: it waits for leases, which DRBD has not. Have power fencing "
			       "for both hosts, and take it out first: pcs stonith delete its device");
	if ((!a->wanted.site && !drbd) || cf_model_can_fence(&a->m, fail) == 0)
		return 0;
	bool said = false;
	for (int l = 0; l < CF_FENCE_LEVELS; l++)
		for (int h = 0; h < CF_HOSTS; h++)
			said |= a->m.site.power[l][h].agent[0] != '\0';
	if (drbd || said || cf_model_fences_itself(&a->m) || !has_fencing(a->before))
		return -EPERM;
	printf("No unit file says how the hosts are fenced: the devices that are configured stay.\n");
	a->wanted.site = false;
	return 0;
}

/* One storage is not changed into the other under a VM. */
static int look_at_storage(const struct apply *a, struct vt_fail *fail)
{
	char id[VT_UNIT_NAME_MAX + 32];
	for (unsigned i = 0; i < a->m.units; i++) {
		const struct cf_unit *u = &a->m.unit[i];
		snprintf(id, sizeof id, "%s-%s-clone", u->conf.name, u->conf.drbd ? "mirror" : "drbd");
		if (a->wanted.unit[i] && cf_child_of_id(cf_section(a->before, "resources"), "clone", id))
			return vt_fail(fail, -EEXIST, "unit %s is in the cluster with the other storage (%s): take it out first: vmtwin-config remove %s",
				       u->conf.name, id, u->conf.name);
	}
	return 0;
}

/* The times are those that corosync has. That its file can't be read is said by the check. */
static void look_at_corosync(struct apply *a)
{
	struct vt_fail fail = {0};
	if (vt_conf_read(a->corosync_conf, a->text, sizeof a->text, &fail) < 0 || cf_corosync_parse(&a->corosync, a->text, a->corosync_conf, &fail) < 0)
		return;
	a->timing = cf_corosync_timing(&a->corosync);
	a->wanted.timing = &a->timing;
}

static int merge(struct apply *a, struct vt_fail *fail)
{
	struct cf_owned owned;
	xmlDoc *wanted = cf_cib_build(&a->m, &a->wanted);
	int rc = cf_owned_init(&owned, a->m.units) && wanted ? 0 : vt_fail(fail, -ENOMEM, "out of memory; nothing was changed");
	for (unsigned i = 0; i < a->m.units && rc == 0; i++)
		if (a->wanted.unit[i])
			rc = cf_owned_add(&owned, a->before, a->m.unit[i].conf.name, a->m.unit[i].ping[0] != '\0', fail);
	if (rc == 0 && !(a->after = xmlCopyDoc(a->before, 1)))
		rc = vt_fail(fail, -ENOMEM, "out of memory; nothing was changed");
	if (rc == 0)
		rc = cf_merge(a->after, wanted, owned.id, fail);
	if (rc == 0)
		cf_tell_ruled(stderr, a->after, wanted);
	cf_owned_free(&owned);
	xmlFreeDoc(wanted);
	return rc;
}

static unsigned show_difference(const struct apply *a)
{
	struct cf_lines before = cf_normal(a->before), after = cf_normal(a->after);
	unsigned changes = cf_lines_diff(stdout, &before, &after);
	cf_lines_free(&before);
	cf_lines_free(&after);
	return changes;
}

/* The sums, for the configuration as it would be. */
static int look_at_sums(struct apply *a, const struct cf_change *c, const char *verdict)
{
	const char *const argv[] = {"/proc/self/exe", "check", "--cib", c->after, "--corosync-conf", a->corosync_conf, "--host-conf", a->host_conf, "--unit-dir",
				    a->unit_dir, NULL};
	int rc = vt_run((char *const *)(uintptr_t)argv, CHECK_LIMIT_MS, a->text, sizeof a->text);
	fflush(stdout);
	for (const char *line = a->text; rc == 0 && line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "warning", 7) == 0)
			fprintf(stderr, "%.*s\n", (int)strcspn(line, "\n"), line);
	}
	if (rc == 0)
		return CF_EXIT_OK;
	if (rc != CF_EXIT_REFUSED)
		return vt_command_error(a->cmd, CF_EXIT_BAD, "the times can't be checked (vmtwin-config check, above); nothing was changed");
	for (char *rest = NULL, *line = strtok_r(a->text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, "error", 5) == 0)
			fprintf(stderr, "%s\n", line);
	return refuse(a, verdict);
}

static int put_into_force(struct apply *a, const struct cf_change *c)
{
	struct vt_fail fail = {0};
	if (cf_change_verify(c, a->after, &fail) < 0)
		return refuse(a, fail.text);
	int code = look_at_sums(a, c, "this would be unsafe (vmtwin-config check, above); nothing was changed");
	if (code != CF_EXIT_OK)
		return code;
	if (cf_change_simulate(c, a->text, sizeof a->text))
		printf("Pacemaker then does:\n%s", a->text[0] ? a->text : "  nothing\n");
	else
		printf("What Pacemaker then does can't be foretold (crm_simulate).\n");
	if (a->dry_run) {
		puts("Nothing was changed (--dry-run).");
		return CF_EXIT_OK;
	}
	fflush(stdout);
	if (cf_change_apply(c, a->before, a->after, &fail) < 0)
		return refuse(a, fail.text);
	puts("Done.");
	return CF_EXIT_OK;
}

/* Resources that are hosts themselves: pacemaker_remote's, and guests. */
static bool has_remotes(const xmlNode *in)
{
	for (const xmlNode *n = in ? in->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE &&
		    ((cf_is(n, "primitive") && strcmp(cf_attr(n, "provider"), "pacemaker") == 0 && strcmp(cf_attr(n, "type"), "remote") == 0) ||
		     cf_pair_find(n, "meta_attributes", "remote-node") || has_remotes(n)))
			return true;
	return false;
}

/* A host of the cluster that has no part in the units: a third one, or one of pacemaker_remote. */
static bool has_other_nodes(const struct apply *a)
{
	const xmlNode *in = cf_section(a->before, "nodes");
	bool other = has_remotes(cf_section(a->before, "resources"));
	for (const xmlNode *n = in ? in->children : NULL; n; n = n->next)
		if (cf_is(n, "node") && cf_attr(n, "uname")[0] && strcmp(cf_attr(n, "uname"), a->m.site.host[0]) != 0 &&
		    strcmp(cf_attr(n, "uname"), a->m.site.host[1]) != 0)
			other = true;
	return other;
}

static int change(struct apply *a)
{
	struct vt_fail fail = {0};
	struct cf_change c = {.dir = ""};
	a->wanted.others = has_other_nodes(a);
	a->wanted.twin = uses_twin(a->before);
	look_at_corosync(a);
	if (merge(a, &fail) < 0)
		return refuse(a, fail.text);
	unsigned changes = show_difference(a);
	if (changes == 0)
		puts("Nothing to change.");
	if (cf_change_begin(&c, a->before, a->after, &fail) < 0)
		return vt_command_error(a->cmd, CF_EXIT_BAD, "%s", fail.text);
	/* A unit file that has changed may have made unsafe what stays as it is. */
	int code = changes ? put_into_force(a, &c) : look_at_sums(a, &c, "the cluster as it is is unsafe (vmtwin-config check, above)");
	cf_change_end(&c);
	return code;
}

static int apply(struct apply *a, int count, char **names)
{
	struct vt_fail fail = {0};
	if (cf_select(&a->m, &a->wanted, a->unit_dir, count, names, &fail) < 0)
		return vt_command_error(a->cmd, CF_EXIT_BAD, "%s", fail.text);
	a->before = cf_live_read(&fail);
	if (!a->before)
		return vt_command_error(a->cmd, CF_EXIT_BAD, "%s", fail.text);
	int code = cf_live_schema(a->before, &fail) < 0 || look_at_fencing(a, &fail) < 0 || look_at_storage(a, &fail) < 0 ? refuse(a, fail.text) : change(a);
	xmlFreeDoc(a->after);
	xmlFreeDoc(a->before);
	return code;
}

static int run_apply(const struct vt_command *cmd, int argc, char **argv)
{
	static const struct option longs[] = {{"dry-run", 0, 0, 'n'},	    {"unit-dir", 1, 0, 'u'}, {"corosync-conf", 1, 0, 'c'},
					      {"host-conf", 1, 0, 'o'}, {"help", 0, 0, 'h'},     {0, 0, 0, 0}};
	struct apply *a = calloc(1, sizeof *a);
	int c;
	if (!a)
		return vt_command_error(cmd, CF_EXIT_BAD, "out of memory");
	a->cmd = cmd;
	a->unit_dir = VT_UNIT_DIR;
	a->corosync_conf = COROSYNC_CONF;
	a->host_conf = VT_HOST_CONF;
	while ((c = vt_option(cmd, argc, argv, ":h", longs)) >= 0) {
		if (c == 'n')
			a->dry_run = true;
		else if (c == 'u')
			a->unit_dir = optarg;
		else if (c == 'c')
			a->corosync_conf = optarg;
		else
			a->host_conf = optarg;
	}
	int code = c == VT_OPTION_HELP ? CF_EXIT_OK : CF_EXIT_BAD;
	if (c == VT_OPTION_END)
		code = apply(a, argc - optind, argv + optind);
	free(a);
	return code;
}

const struct vt_command cf_cmd_apply = {
    .name = "apply",
    .summary = "changes the running cluster into what the unit files say",
    .help = help,
    .run = run_apply,
};
