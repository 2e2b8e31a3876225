// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin status: both hosts' state of each unit, in the words operators of mirror clusters know. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/unitconf.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/status_view.h"

#define ANSWER_MS 10000

static int larger(int a, const char *s)
{
	int n = (int)strnlen(s, VT_HOST_NAME_MAX);
	return n > a ? n : a;
}

/* Prints the table of all units, or of the one named only. */
static void print_table(const struct vt_kv *reply, const char *only)
{
	struct sv_unit unit;
	int unit_width = 4, host_width = 4;
	unsigned shown = 0;
	bool ansi = isatty(STDOUT_FILENO);
	for (unsigned i = 0; sv_unit(reply, i, &unit); i++) {
		unit_width = larger(unit_width, unit.name);
		host_width = larger(larger(host_width, unit.host[0].name), unit.host[1].name);
	}
	for (unsigned i = 0; sv_unit(reply, i, &unit); i++) {
		if (only[0] && strcmp(only, unit.name) != 0)
			continue;
		if (shown++ == 0)
			printf("%-*s  %-*s  STATE   COLOUR   DATA\n", unit_width, "UNIT",
			       host_width, "HOST");
		sv_print_rows(stdout, &unit, unit_width, host_width, ansi);
	}
	if (shown == 0 && only[0] == '\0')
		printf("no units on this host; make one: vmtwin create --help\n");
}

static int exit_code(const struct vt_kv *reply, const char *only, unsigned *found)
{
	struct sv_unit unit;
	int code = EX_DONE;
	*found = 0;
	for (unsigned i = 0; sv_unit(reply, i, &unit); i++) {
		if (only[0] && strcmp(only, unit.name) != 0)
			continue;
		int own = sv_exit_code(&unit);
		code = own > code ? own : code;
		(*found)++;
	}
	return code;
}

static int ask(const struct ctl_cmd *cmd, const char *unit, struct vt_kv *reply)
{
	struct vt_kv request;
	struct vt_fail fail = {0};
	vt_kv_init(&request);
	vt_kv_add(&request, "cmd", "status");
	if (unit[0])
		vt_kv_add(&request, "unit", "%s", unit);
	int rc = vt_ctl_call(&request, reply, ANSWER_MS, &fail);
	if (rc < 0)
		return ctl_error(cmd, rc == -ECONNREFUSED ? EX_NO_DAEMON : EX_NO_ANSWER, "%s",
				 fail.text);
	if (vt_kv_long(reply, "rc", 0) != 0) {
		const char *text = vt_kv_get(reply, "text");
		return ctl_error(
		    cmd, EX_NO_ANSWER, "%s",
		    text ? text : "vmtwind refused and gave no reason; see journalctl -u vmtwind");
	}
	return EX_DONE;
}

static int run_status(const struct ctl_cmd *cmd, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct vt_kv reply;
	bool json = false;
	unsigned found;
	int c;
	while ((c = ctl_option(cmd, argc, argv, ":jh", longs)) != CTL_OPT_END) {
		if (c < 0)
			return c == CTL_OPT_HELP ? EX_DONE : EX_BAD_USAGE;
		json = true;
	}
	const char *unit = ctl_unit_argument(cmd, argc, argv, 1);
	if (!unit)
		return EX_BAD_USAGE;
	if (unit[0] && !vt_unit_name_ok(unit))
		return ctl_error(cmd, EX_BAD_USAGE, "'%s' is not a unit's name", unit);
	int rc = ask(cmd, unit, &reply);
	if (rc != EX_DONE)
		return rc;
	int code = exit_code(&reply, unit, &found);
	if (unit[0] && found == 0)
		return ctl_error(cmd, EX_NO_ANSWER, "no unit '%s' on this host; see vmtwin status",
				 unit);
	if (json)
		sv_print_json(stdout, &reply, unit);
	else
		print_table(&reply, unit);
	return code;
}

const struct ctl_cmd ctl_status = {
    .name = "status",
    .summary = "state of all units, or of one, on both hosts",
    .help =
	"Usage: vmtwin status [UNIT] [--json]\n\n"
	"  -j, --json   for programs\n\n"
	"States: STOP   the unit does not run here      PRIM    has the VM, mirrors to the other "
	"host\n"
	"        WAIT   may not use its data yet        SECOND  receives the mirror\n"
	"        ALONE  has the VM, without a mirror\n"
	"Colours: green as it should be, orange in transition (resynchronising), red not serving.\n"
	"'vmtwin explain UNIT' tells why.\n\n"
	"Exit codes: 0 all green, 1 a host is orange or unknown, 2 a host is red, 3 vmtwind does\n"
	"not run, 4 no such unit or no answer, 64 usage.\n",
    .run = run_status,
};
