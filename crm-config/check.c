// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin-config check: reads what the cluster is made of, looks at this host, and prints the verdict. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conffile.h"
#include "base/paths.h"
#include "base/spawn.h"
#include "crm-config/check_timing.h"
#include "crm-config/cib_read.h"
#include "crm-config/cmd.h"
#include "crm-config/model.h"
#include "crm-config/preflight_gather.h"

#define COROSYNC_CONF "/etc/corosync/corosync.conf"
#define CIBADMIN "/usr/sbin/cibadmin"
#define CIBADMIN_LIMIT_MS 20000
#define UNITS_MAX 256

/* All that is read. Large: on the heap. */
struct input {
	const char *corosync_path, *cib_path, *host_path, *unit_dir; /* cib_path NULL: the live one */
	const char *peer, *peer_facts;				     /* NULL: not given */
	bool facts_only, want_host, no_host, described; /* described: a file takes the place of the running cluster */
	struct cf_corosync corosync;
	struct cf_cib cib;
	struct vt_hostconf host;
	struct vt_unitconf unit[UNITS_MAX];
	unsigned units, named; /* the named ones come first */
	struct pf_facts peer_told;
	int64_t peer_told_ms; /* this host's clock then */
	struct cf_model model;
	bool has_model;
	char model_trouble[sizeof((struct vt_fail *)0)->text]; /* "": there is none */
	struct cf_findings findings;
	char text[CF_CIB_BYTES_MAX + 2];
};

static const char help[] =
    "Usage: vmtwin-config check [--corosync-conf FILE] [--cib FILE] [--host-conf FILE] [--unit-dir DIR]\n"
    "                           [--host | --no-host] [--peer HOST] [--peer-facts FILE] [UNIT...]\n"
    "       vmtwin-config check --facts\n\n"
    "Computes the times of leases, fencing, quorum and operations of a cluster, shows each sum, and refuses what is unsafe.\n"
    "Looks at this host and at the way to the other one: versions, clock, names, rings, disks, VMs, services.\n"
    "Nothing is changed. With UNIT: only what concerns these, beside what concerns the whole cluster.\n\n"
    "  --corosync-conf FILE  default " COROSYNC_CONF "\n"
    "  --cib FILE            what `cibadmin -Q` printed; default: the running cluster's\n"
    "  --host-conf FILE      default " VT_HOST_CONF "\n"
    "  --unit-dir DIR        default " VT_UNIT_DIR "\n"
    "  --no-host             only the sums; so it is anyway if --cib or --corosync-conf is given\n"
    "  --host                look at this host even then\n"
    "  --peer HOST           look at the way to this host only\n"
    "  --facts               print what the other host compares, and do no more\n"
    "  --peer-facts FILE     compare with these facts; -: they come from standard input:\n"
    "                        ssh HOST vmtwin-config check --facts | vmtwin-config check --peer-facts -\n\n"
    "Exit codes: 0 all is well (or warnings only), 1 something is unsafe, 2 wrong usage or an input can't be read.\n";

static int read_corosync(struct input *in, struct vt_fail *fail)
{
	int rc = vt_conf_read(in->corosync_path, in->text, sizeof in->text, fail);
	if (rc == -ENOENT)
		return vt_fail(fail, rc, "%s is not there; name corosync's file with --corosync-conf FILE", in->corosync_path);
	return rc < 0 ? rc : cf_corosync_parse(&in->corosync, in->text, in->corosync_path, fail);
}

static int read_live_cib(struct input *in, struct vt_fail *fail)
{
	char program[] = CIBADMIN, query[] = "-Q";
	char *const argv[] = {program, query, NULL};
	int rc = vt_run(argv, CIBADMIN_LIMIT_MS, in->text, sizeof in->text);
	if (rc == 0)
		return cf_cib_parse(&in->cib, in->text, "the live CIB", fail);
	if (rc < 0)
		return vt_fail(fail, rc,
			       "the live CIB can't be read: " CIBADMIN " -Q: %s; with a CIB saved in a file: --cib FILE",
			       strerror(-rc));
	return vt_fail(fail, -EHOSTDOWN,
		       "the live CIB can't be read (" CIBADMIN " -Q ended with %d): the cluster does not run on this host, or you are "
		       "not root; start it (`pcs cluster start`), or give a CIB that was saved in a file: --cib FILE",
		       rc);
}

static int read_cib(struct input *in, struct vt_fail *fail)
{
	if (!in->cib_path)
		return read_live_cib(in, fail);
	int rc = vt_conf_read(in->cib_path, in->text, sizeof in->text, fail);
	if (rc == -ENOENT)
		return vt_fail(fail, rc, "%s is not there; save one by `cibadmin -Q >FILE`", in->cib_path);
	return rc < 0 ? rc : cf_cib_parse(&in->cib, in->text, in->cib_path, fail);
}

static bool have_unit(const struct input *in, const char *name)
{
	for (unsigned i = 0; i < in->units; i++)
		if (strcmp(in->unit[i].name, name) == 0)
			return true;
	return false;
}

static int add_unit(struct input *in, const char *name, struct vt_fail *fail)
{
	if (in->units == UNITS_MAX)
		return vt_fail(fail, -EINVAL, "more than %d units", UNITS_MAX);
	int rc = vt_unitconf_load(&in->unit[in->units], in->unit_dir, name, fail);
	if (rc == -ENOENT)
		return vt_fail(fail, rc, "no unit '%s' in %s", name, in->unit_dir);
	if (rc == 0)
		in->units++;
	return rc;
}

static int is_unit_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return n > 5 && e->d_name[0] != '.' && strcmp(e->d_name + n - 5, ".conf") == 0;
}

static int add_all_units(struct input *in, struct vt_fail *fail)
{
	struct dirent **found = NULL;
	int n = scandir(in->unit_dir, &found, is_unit_file, alphasort);
	int rc = n < 0 ? vt_fail(fail, -errno, "cannot read %s: %s", in->unit_dir, strerror(errno)) : 0;
	for (int i = 0; i < n; i++) {
		char name[VT_UNIT_NAME_MAX + 16];
		int len = snprintf(name, sizeof name, "%.*s", (int)strlen(found[i]->d_name) - 5, found[i]->d_name);
		if (rc == 0 && len >= (int)sizeof name)
			rc = vt_fail(fail, -EINVAL, "%s/%s: too long for a unit's name", in->unit_dir, found[i]->d_name);
		if (rc == 0 && !have_unit(in, name))
			rc = add_unit(in, name, fail);
		free(found[i]);
	}
	free(found);
	if (rc == 0 && in->units == 0)
		rc = vt_fail(fail, -ENOENT, "no unit in %s: there is nothing to check; make one by `vmtwin create`", in->unit_dir);
	return rc;
}

/* What the files mean together, which only DRBD asks for. That they contradict each other is said where that is missed. */
static void read_model(struct input *in)
{
	struct vt_fail fail = {.code = 0};
	bool drbd = false;
	for (unsigned i = 0; i < in->units; i++)
		drbd |= in->unit[i].drbd;
	in->has_model = drbd && cf_model_load(&in->model, in->unit_dir, &fail) == 0;
	if (drbd && !in->has_model)
		snprintf(in->model_trouble, sizeof in->model_trouble, "%s", fail.text);
}

/* Those named first, then all others: fencing waits for the longest lease of all. */
static int read_units(struct input *in, int count, char **names, struct vt_fail *fail)
{
	int rc = 0;
	for (int i = 0; i < count && rc == 0; i++)
		if (!have_unit(in, names[i]))
			rc = add_unit(in, names[i], fail);
	unsigned named = in->units;
	if (rc == 0)
		rc = add_all_units(in, fail);
	in->named = count > 0 ? named : in->units;
	if (rc == 0)
		read_model(in);
	return rc;
}

static int print(const struct cf_findings *found)
{
	static const char *const word[] = {[CF_OK] = "ok", [CF_WARNING] = "warning", [CF_ERROR] = "error"};
	for (unsigned i = 0; i < found->count; i++)
		printf("%-8s %s\n", word[found->list[i].severity], found->list[i].text);
	if (found->count == CF_FINDINGS_MAX)
		printf("%-8s more findings than fit here; correct these, or name single units\n", "warning");
	printf("%u errors, %u warnings\n", found->errors, found->warnings);
	return found->errors ? CF_EXIT_REFUSED : CF_EXIT_OK;
}

/* ---- this host -------------------------------------------------------------------------------------------------- */

/* The other host's facts, from a file or standard input. */
static int read_peer_facts(struct input *in, struct vt_fail *fail)
{
	bool piped = strcmp(in->peer_facts, "-") == 0;
	struct stat st;
	int rc = vt_conf_read(piped ? "/dev/stdin" : in->peer_facts, in->text, PF_FACTS_BYTES_MAX, fail);
	in->peer_told_ms = pf_wall_ms();
	/* a file was written when it was told, by this host's clock */
	if (!piped && stat(in->peer_facts, &st) == 0)
		in->peer_told_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	if (rc == -ENOENT)
		return vt_fail(fail, rc, "%s is not there; make one on the other host by `vmtwin-config check --facts >FILE`", in->peer_facts);
	return rc < 0 ? rc : pf_facts_parse(&in->peer_told, in->text, piped ? "standard input" : in->peer_facts, fail);
}

static struct cf_facts facts_of(const struct input *in)
{
	return (struct cf_facts){.corosync = &in->corosync,
				 .cib = &in->cib,
				 .host = &in->host,
				 .unit = in->unit,
				 .units = in->units,
				 .named = in->named,
				 .model = in->has_model ? &in->model : NULL,
				 .model_trouble = in->model_trouble[0] ? in->model_trouble : NULL};
}

static struct pf_host *gather(const struct input *in, struct vt_fail *fail)
{
	struct cf_facts facts = facts_of(in);
	struct pf_wish wish = {.unit_dir = in->unit_dir,
			       .corosync_path = in->corosync_path,
			       .host_path = in->host_path,
			       .peer = in->peer,
			       .facts_only = in->facts_only};
	return pf_gather(&facts, &wish, fail);
}

/* Adds what there is to say of this host. 0 or negative errno. */
static int check_host(struct input *in, struct vt_fail *fail)
{
	struct cf_facts facts = facts_of(in);
	struct pf_peer peer = {.facts = in->peer_facts ? &in->peer_told : NULL, .here_ms = in->peer_told_ms};
	struct pf_host *host = gather(in, fail);
	if (!host)
		return fail->code;
	pf_check(&facts, host, &peer, &in->findings);
	pf_gather_free(host);
	return 0;
}

/* What is not there yet is left out: hosts are compared before there is a cluster too. */
static int print_facts(const struct vt_command *cmd, struct input *in)
{
	struct vt_fail fail = {.code = 0};
	int rc = read_corosync(in, &fail);
	if (rc == -ENOENT)
		rc = 0;
	if (rc == 0)
		rc = vt_hostconf_load(&in->host, in->host_path, &fail);
	if (rc == 0)
		rc = read_units(in, 0, NULL, &fail);
	if (rc == -ENOENT)
		rc = 0;
	struct pf_host *host = rc == 0 ? gather(in, &fail) : NULL;
	if (!host)
		return vt_command_error(cmd, CF_EXIT_BAD, "%s", fail.text);
	if (!host->own.host[0]) /* no node of the cluster: the other host has to call it something */
		gethostname(host->own.host, sizeof host->own.host - 1);
	rc = pf_facts_print(&host->own, stdout);
	pf_gather_free(host);
	return rc == 0 ? CF_EXIT_OK : vt_command_error(cmd, CF_EXIT_BAD, "cannot write the facts: %s", strerror(-rc));
}

/* ---- all of it ----------------------------------------------------------------------------------------------------- */

static int read_cluster(struct input *in, int count, char **names, struct vt_fail *fail)
{
	int rc = read_corosync(in, fail);
	if (rc < 0)
		memset(&in->corosync, 0, sizeof in->corosync);
	if (rc == 0)
		rc = vt_hostconf_load(&in->host, in->host_path, fail);
	if (rc == 0)
		rc = read_units(in, count, names, fail);
	return rc == 0 ? read_cib(in, fail) : rc;
}

static int check(const struct vt_command *cmd, struct input *in, int count, char **names)
{
	struct vt_fail fail = {.code = 0}, host_fail = {.code = 0};
	if (in->peer_facts && read_peer_facts(in, &fail) < 0)
		return vt_command_error(cmd, CF_EXIT_BAD, "%s", fail.text);
	int rc = read_cluster(in, count, names, &fail);
	struct cf_facts facts = facts_of(in);
	if (rc == 0)
		cf_check(&facts, &in->findings);
	/* without a cluster that runs the host is looked at all the same: it may tell why */
	bool host = !in->no_host && (in->want_host || !in->described);
	if (host && check_host(in, &host_fail) < 0)
		return vt_command_error(cmd, CF_EXIT_BAD, "%s", host_fail.text);
	if (rc == 0)
		return print(&in->findings);
	if (in->findings.count > 0)
		print(&in->findings);
	return vt_command_error(cmd, CF_EXIT_BAD, "%s", fail.text);
}

static void take_option(struct input *in, int c)
{
	switch (c) {
	case 'c':
		in->corosync_path = optarg;
		in->described = true;
		break;
	case 'b':
		in->cib_path = optarg;
		in->described = true;
		break;
	case 'o':
		in->host_path = optarg;
		break;
	case 'u':
		in->unit_dir = optarg;
		break;
	case 'p':
		in->peer = optarg;
		break;
	case 'f':
		in->peer_facts = optarg;
		in->want_host = true;
		break;
	case 'F':
		in->facts_only = true;
		break;
	case 'H':
		in->want_host = true;
		break;
	default:
		in->no_host = true;
	}
}

static int run_options(const struct vt_command *cmd, struct input *in, int argc, char **argv)
{
	if (in->no_host && (in->want_host || in->peer || in->facts_only))
		return vt_command_error(cmd, CF_EXIT_BAD, "--no-host contradicts --host, --peer, --peer-facts and --facts");
	if (in->facts_only && (in->peer_facts || optind < argc))
		return vt_command_error(cmd, CF_EXIT_BAD, "--facts are of the whole host: neither UNIT nor --peer-facts goes with it");
	return in->facts_only ? print_facts(cmd, in) : check(cmd, in, argc - optind, argv + optind);
}

static int run_check(const struct vt_command *cmd, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"corosync-conf", 1, 0, 'c'}, {"cib", 1, 0, 'b'},  {"host-conf", 1, 0, 'o'},  {"unit-dir", 1, 0, 'u'}, {"peer", 1, 0, 'p'},
	    {"peer-facts", 1, 0, 'f'},	  {"facts", 0, 0, 'F'}, {"host", 0, 0, 'H'}, {"no-host", 0, 0, 'N'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
	struct input *in = calloc(1, sizeof *in);
	if (!in)
		return vt_command_error(cmd, CF_EXIT_BAD, "out of memory");
	in->corosync_path = COROSYNC_CONF;
	in->host_path = VT_HOST_CONF;
	in->unit_dir = VT_UNIT_DIR;
	int c;
	while ((c = vt_option(cmd, argc, argv, ":h", longs)) >= 0)
		take_option(in, c);
	int code = c == VT_OPTION_HELP ? CF_EXIT_OK : CF_EXIT_BAD;
	if (c == VT_OPTION_END)
		code = run_options(cmd, in, argc, argv);
	free(in);
	return code;
}

const struct vt_command cf_cmd_check = {
    .name = "check",
    .summary = "computes the times of fencing and leases, looks at this host, and refuses what is unsafe",
    .help = help,
    .run = run_check,
};
