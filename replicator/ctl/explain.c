// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin explain: why the unit is in its state, in the worker's own words; else what the disk says. */
#include <errno.h>
#include <stdio.h>

#include "base/paths.h"
#include "base/unitconf.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/record.h"

#define ANSWER_MS 10000

/* Nobody to ask: what the disk says of this host's copy, on standard output. */
static void tell_record(const char *unit)
{
	struct vt_unitconf conf;
	struct vm_record rec;
	time_t when;
	if (vt_unitconf_load(&conf, VT_UNIT_DIR, unit, NULL) == 0 &&
	    cr_read(conf.store, &rec, &when) == 0) {
		fputs("on disk here: ", stdout);
		cr_print_line(stdout, &rec, when);
	}
}

static int run_explain(const struct vt_command *cmd, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {0}};
	struct vt_kv request, reply;
	struct vt_fail fail = {0};
	int c = vt_option(cmd, argc, argv, ":h", longs);
	if (c != VT_OPTION_END)
		return c == VT_OPTION_HELP ? EX_DONE : EX_BAD_USAGE;
	const char *unit = ctl_unit_argument(cmd, argc, argv, 0);
	if (!unit)
		return EX_BAD_USAGE;
	if (!vt_unit_name_ok(unit))
		return vt_command_error(cmd, EX_BAD_USAGE, "'%s' is not a unit's name", unit);
	vt_kv_init(&request);
	vt_kv_add(&request, "cmd", "explain");
	vt_kv_add(&request, "unit", "%s", unit);
	int rc = vt_ctl_call(&request, &reply, ANSWER_MS, &fail);
	if (rc < 0)
		tell_record(unit);
	if (rc < 0)
		return vt_command_error(cmd, rc == -ECONNREFUSED ? EX_NO_DAEMON : EX_NO_ANSWER, "%s: %s",
				 unit, fail.text);
	const char *text = vt_kv_get(&reply, "text");
	long refused = vt_kv_long(&reply, "rc", -EBADMSG);
	if (refused == -ENOENT)
		tell_record(unit);
	if (refused == -ENOENT)
		return vt_command_error(
		    cmd, EX_NO_ANSWER,
		    "%s; its resource is disabled, banned from here, in standby or has failed: see "
		    "pcs status --full, or, if there is no such unit, vmtwin status",
		    text ? text : unit);
	if (refused != 0)
		return vt_command_error(
		    cmd, EX_NO_ANSWER, "%s: %s", unit,
		    text ? text : "vmtwind refused and gave no reason; see journalctl -u vmtwind");
	puts(text && *text ? text : "nothing to explain: vmtwind gave no text");
	return EX_DONE;
}

const struct vt_command ctl_explain = {
    .name = "explain",
    .summary = "why the unit is in its state on this host, and what it waits for",
    .help =
	"Usage: vmtwin explain UNIT\n\n"
	"Prints whether this host's data may be used, why, by which rule and since when; what\n"
	"would change it, and what force-primary here would lose; then the facts. Of a unit that\n"
	"isn't started, what is recorded on disk.\n\n"
	"Exit codes: 0 printed, 3 vmtwind does not run, 4 unit not started or no answer, 64 "
	"usage.\n",
    .run = run_explain,
};
