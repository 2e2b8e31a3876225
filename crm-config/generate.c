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
    "  vmtwind   /etc/vmtwin/vmtwind.conf: the witnesses\n\n"
    "  --unit-dir DIR        default " VT_UNIT_DIR "\n\n"
    "Exit codes: 0 printed, 1 the hosts can't be fenced, 2 wrong usage or a mistake in a unit file.\n";

static int print(const struct cf_cmd *cmd, const char *format, const struct cf_model *m, const struct cf_wanted *wanted)
{
	struct vt_fail fail = {0};
	if (strcmp(format, "corosync") == 0)
		return cf_emit_corosync(stdout, m, &fail) < 0 ? cf_error(cmd, "%s", fail.text) : CF_EXIT_OK;
	if (strcmp(format, "vmtwind") == 0) {
		cf_emit_vmtwind(stdout, m);
		return CF_EXIT_OK;
	}
	if (wanted->site && cf_model_can_fence(m, &fail) < 0) {
		cf_error(cmd, "%s", fail.text);
		return CF_EXIT_REFUSED;
	}
	xmlDoc *doc = cf_cib_build(m, wanted);
	if (!doc)
		return cf_error(cmd, "out of memory");
	if (strcmp(format, "pcs") == 0)
		cf_emit_pcs(stdout, doc);
	else if (strcmp(format, "crm") == 0)
		cf_emit_crm(stdout, doc);
	else
		cf_emit_cib(stdout, doc);
	xmlFreeDoc(doc);
	return CF_EXIT_OK;
}

static int generate(const struct cf_cmd *cmd, const char *unit_dir, int count, char **words)
{
	static const char *const formats[] = {"pcs", "crm", "cib", "corosync", "vmtwind"};
	struct vt_fail fail = {0};
	struct cf_wanted wanted;
	size_t known = sizeof formats / sizeof formats[0];
	const char *near = count > 0 ? vt_nearest(words[0], formats, known) : NULL;
	bool found = false;
	for (size_t i = 0; i < known && count > 0; i++)
		found |= strcmp(words[0], formats[i]) == 0;
	if (count == 0)
		return cf_error(cmd, "which format? pcs, crm, cib, corosync or vmtwind; see vmtwin-config generate --help");
	if (!found)
		return cf_error(cmd, "unknown format '%s'%s%s%s", words[0], near ? ": did you mean '" : "", near ? near : "",
				near ? "'?" : "; see vmtwin-config generate --help");
	struct cf_model *m = malloc(sizeof *m);
	int code = CF_EXIT_BAD;
	if (!m)
		return cf_error(cmd, "out of memory");
	if (cf_select(m, &wanted, unit_dir, count - 1, words + 1, &fail) < 0)
		cf_error(cmd, "%s", fail.text);
	else
		code = print(cmd, words[0], m, &wanted);
	free(m);
	if (fflush(stdout) != 0 || ferror(stdout))
		return cf_error(cmd, "the output can't be written: %s", strerror(errno));
	return code;
}

static int run_generate(const struct cf_cmd *cmd, int argc, char **argv)
{
	static const struct option longs[] = {{"unit-dir", 1, 0, 'u'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
	const char *unit_dir = VT_UNIT_DIR;
	int c;
	while ((c = cf_option(cmd, argc, argv, longs)) >= 0)
		unit_dir = optarg;
	if (c != CF_OPT_END)
		return c == CF_OPT_HELP ? CF_EXIT_OK : CF_EXIT_BAD;
	return generate(cmd, unit_dir, argc - optind, argv + optind);
}

const struct cf_cmd cf_cmd_generate = {
    .name = "generate",
    .summary = "prints pcs commands, crm text, a CIB, corosync.conf, made of the unit files",
    .help = help,
    .run = run_generate,
};
