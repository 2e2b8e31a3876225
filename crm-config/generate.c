// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin-config generate: prints a configuration that was made of the unit files. Changes nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/paths.h"
#include "crm-config/cmd.h"
#include "crm-config/emit.h"
#include "crm-config/selection.h"

static const char help[] =
    "Usage: vmtwin-config generate FORMAT [--unit-dir DIR] [UNIT...]\n\n"
    "Prints a configuration of the cluster, made of its unit files (vmtwin-unit(5)). Nothing is changed.\n"
    "With UNIT: the resources of these; without: of all, and the hosts' fencing and properties.\n\n"
    "Formats:\n"
    "  pcs       commands of pcs, one a line, to be typed on one host\n"
    "  crm       text for `crm configure load update FILE`\n"
    "  cib       a CIB\n"
    "  corosync  /etc/corosync/corosync.conf\n"
    "  vmtwind   /etc/vmtwin/vmtwind.conf: the witnesses\n"
    "  drbd      /etc/drbd.d/UNIT.res, of units with storage = drbd only\n\n"
    "  --unit-dir DIR        default " VT_UNIT_DIR "\n"
    "  --drbd 8.4|9          DRBD's module on the hosts; default: 8.4 (the kernel's own) with one ring, 9 with several\n\n"
    "Exit codes: 0 printed; 1 the hosts can't be fenced, times do not fit each other, or the format can't hold a value; 2 wrong usage or\n"
    "a mistake in a unit file.\n";

struct request {
	const struct vt_command *cmd;
	const char *format, *unit_dir;
	enum cf_drbd module;
};

/* To these two it does not matter whether the hosts can be fenced. */
static int print_file(const struct request *q, const struct cf_model *m)
{
	struct vt_fail fail = {0};
	if (strcmp(q->format, "corosync") == 0)
		return cf_emit_corosync(stdout, m, &fail) < 0 ? vt_command_error(q->cmd, CF_EXIT_BAD, "%s", fail.text) : CF_EXIT_OK;
	cf_emit_vmtwind(stdout, m);
	return CF_EXIT_OK;
}

/* Without names those that have DRBD; one that is named has to. A DRBD whose hosts can't be fenced stops its I/O at the first failure, for
 * good: its file is refused as the cluster is. */
static int print_drbd(const struct request *q, const struct cf_model *m, const struct cf_wanted *wanted)
{
	struct vt_fail fail = {0};
	const struct cf_unit *unit[CF_UNITS_MAX];
	unsigned units = 0;
	for (unsigned i = 0; i < m->units; i++) {
		if (!wanted->unit[i] || (wanted->site && !m->unit[i].conf.drbd))
			continue;
		unit[units++] = &m->unit[i];
		if (cf_drbd_fits(&m->site, &m->unit[i], &fail) < 0)
			return vt_command_error(q->cmd, CF_EXIT_BAD, "%s", fail.text);
	}
	if (units == 0)
		return vt_command_error(q->cmd, CF_EXIT_BAD, "no unit has storage = drbd (vmtwin-unit(5))");
	if (cf_model_can_fence(m, &fail) < 0) {
		vt_command_error(q->cmd, CF_EXIT_BAD, "%s", fail.text);
		return CF_EXIT_REFUSED;
	}
	for (unsigned i = 0; i < units; i++)
		cf_emit_drbd(stdout, &m->site, unit[i], q->module);
	return CF_EXIT_OK;
}

static int print_cluster(const struct request *q, const struct cf_model *m, const struct cf_wanted *wanted)
{
	struct vt_fail fail = {0};
	if (wanted->site && cf_model_can_fence(m, &fail) < 0) {
		vt_command_error(q->cmd, CF_EXIT_BAD, "%s", fail.text);
		return CF_EXIT_REFUSED;
	}
	xmlDoc *doc = cf_cib_build(m, wanted);
	if (!doc)
		return vt_command_error(q->cmd, CF_EXIT_BAD, "out of memory");
	if (strcmp(q->format, "crm") == 0 && cf_crm_can(doc, &fail) < 0) {
		xmlFreeDoc(doc);
		vt_command_error(q->cmd, CF_EXIT_BAD, "%s", fail.text);
		return CF_EXIT_REFUSED;
	}
	if (strcmp(q->format, "pcs") == 0)
		cf_emit_pcs(stdout, doc);
	else if (strcmp(q->format, "crm") == 0)
		cf_emit_crm(stdout, doc);
	else
		cf_emit_cib(stdout, doc);
	xmlFreeDoc(doc);
	return CF_EXIT_OK;
}

/* Those asked for; a DRBD has no lease. */
static int look_at_times(const struct cf_model *m, const struct cf_wanted *wanted, struct vt_fail *fail)
{
	int rc = 0;
	for (unsigned i = 0; i < m->units && rc == 0; i++)
		if (wanted->unit[i] && !m->unit[i].conf.drbd)
			rc = cf_model_times_fit(m, &m->unit[i], fail);
	return rc;
}

static int print(const struct request *q, const struct cf_model *m, const struct cf_wanted *wanted)
{
	struct vt_fail fail = {0};
	if (look_at_times(m, wanted, &fail) < 0) {
		vt_command_error(q->cmd, CF_EXIT_BAD, "%s", fail.text);
		return CF_EXIT_REFUSED;
	}
	if (strcmp(q->format, "corosync") == 0 || strcmp(q->format, "vmtwind") == 0)
		return print_file(q, m);
	return strcmp(q->format, "drbd") == 0 ? print_drbd(q, m, wanted) : print_cluster(q, m, wanted);
}

static int check_format(const struct vt_command *cmd, const char *format)
{
	static const char *const formats[] = {"pcs", "crm", "cib", "corosync", "vmtwind", "drbd"};
	size_t known = sizeof formats / sizeof formats[0];
	if (!format)
		return vt_command_error(cmd, CF_EXIT_BAD, "which format? pcs, crm, cib, corosync, vmtwind or drbd; see vmtwin-config generate --help");
	for (size_t i = 0; i < known; i++)
		if (strcmp(format, formats[i]) == 0)
			return CF_EXIT_OK;
	const char *near = vt_nearest(format, formats, known);
	return vt_command_error(cmd, CF_EXIT_BAD, "unknown format '%s'%s%s%s", format, near ? ": did you mean '" : "", near ? near : "",
			near ? "'?" : "; see vmtwin-config generate --help");
}

static int generate(const struct request *q, int count, char **names)
{
	struct vt_fail fail = {0};
	struct cf_wanted wanted;
	struct cf_model *m = malloc(sizeof *m);
	int code = CF_EXIT_BAD;
	if (!m)
		return vt_command_error(q->cmd, CF_EXIT_BAD, "out of memory");
	if (cf_select(m, &wanted, q->unit_dir, count, names, &fail) < 0)
		vt_command_error(q->cmd, CF_EXIT_BAD, "%s", fail.text);
	else
		code = print(q, m, &wanted);
	free(m);
	if (fflush(stdout) != 0 || ferror(stdout))
		return vt_command_error(q->cmd, CF_EXIT_BAD, "the output can't be written: %s", strerror(errno));
	return code;
}

static bool set_module(enum cf_drbd *module, const char *text)
{
	*module = strcmp(text, "9") == 0 ? CF_DRBD_9 : CF_DRBD_8_4;
	return *module == CF_DRBD_9 || strcmp(text, "8.4") == 0;
}

static int run_generate(const struct vt_command *cmd, int argc, char **argv)
{
	static const struct option longs[] = {{"unit-dir", 1, 0, 'u'}, {"drbd", 1, 0, 'd'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
	struct request q = {.cmd = cmd, .unit_dir = VT_UNIT_DIR, .module = CF_DRBD_BY_RINGS};
	int c;
	while ((c = vt_option(cmd, argc, argv, ":h", longs)) >= 0) {
		if (c == 'u')
			q.unit_dir = optarg;
		else if (!set_module(&q.module, optarg))
			return vt_command_error(cmd, CF_EXIT_BAD, "--drbd %s: must be 8.4 or 9", optarg);
	}
	if (c != VT_OPTION_END)
		return c == VT_OPTION_HELP ? CF_EXIT_OK : CF_EXIT_BAD;
	q.format = argv[optind];
	if (check_format(cmd, q.format) != CF_EXIT_OK)
		return CF_EXIT_BAD;
	if (q.module != CF_DRBD_BY_RINGS && strcmp(q.format, "drbd") != 0)
		return vt_command_error(cmd, CF_EXIT_BAD, "--drbd belongs to the format drbd only");
	return generate(&q, argc - optind - 1, argv + optind + 1);
}

const struct vt_command cf_cmd_generate = {
    .name = "generate",
    .summary = "prints pcs commands, crm text, a CIB, corosync.conf, DRBD resources, made of the unit files",
    .help = help,
    .run = run_generate,
};
