// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin status: both hosts' state of each unit, in the words operators of mirror clusters know. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/unitconf.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/status_view.h"

#define ANSWER_MS 10000
#define PAGES_MAX SV_UNITS_MAX

static int ask(const struct vt_command *cmd, const char *unit, long from, struct vt_kv *reply)
{
	struct vt_kv request;
	struct vt_fail fail = {0};
	vt_kv_init(&request);
	vt_kv_add(&request, "cmd", "status");
	if (unit[0])
		vt_kv_add(&request, "unit", "%s", unit);
	if (from > 0)
		vt_kv_add(&request, "from", "%ld", from);
	int rc = vt_ctl_call(&request, reply, ANSWER_MS, &fail);
	if (rc < 0)
		return vt_command_error(cmd, rc == -ECONNREFUSED ? EX_NO_DAEMON : EX_NO_ANSWER, "%s",
				 fail.text);
	if (vt_kv_long(reply, "rc", 0) != 0) {
		const char *text = vt_kv_get(reply, "text");
		return vt_command_error(
		    cmd, EX_NO_ANSWER, "%s",
		    text ? text : "vmtwind refused and gave no reason; see journalctl -u vmtwind");
	}
	return EX_DONE;
}

/* The replies that a list points into; freed by run_status. */
struct pages {
	unsigned count;
	struct vt_kv *page[PAGES_MAX];
};

static int ask_all(const struct vt_command *cmd, const char *unit, struct pages *pages,
		   struct sv_list *list)
{
	long from = 0;
	while (pages->count < PAGES_MAX) {
		struct vt_kv *reply = malloc(sizeof *reply);
		if (!reply)
			return vt_command_error(cmd, EX_NO_ANSWER, "out of memory");
		pages->page[pages->count++] = reply;
		int rc = ask(cmd, unit, from, reply);
		if (rc != EX_DONE)
			return rc;
		sv_add_page(list, reply, (unsigned)from, unit);
		long next = vt_kv_long(reply, "next", 0);
		if (next <= from)
			return EX_DONE;
		from = next;
	}
	return EX_DONE;
}

static int show(const struct vt_command *cmd, const char *unit, const struct sv_list *list, bool json)
{
	if (unit[0] && list->count == 0)
		return vt_command_error(cmd, EX_NO_ANSWER, "no unit '%s' on this host; see vmtwin status",
				 unit);
	if (json)
		sv_print_json(stdout, list);
	else if (list->count > 0)
		sv_print_table(stdout, list, isatty(STDOUT_FILENO));
	else
		puts("no units on this host; make one: vmtwin create --help");
	return sv_exit_code(list);
}

static int run_status(const struct vt_command *cmd, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct sv_list list = {0};
	struct pages pages = {0};
	bool json = false;
	int c;
	while ((c = vt_option(cmd, argc, argv, ":jh", longs)) != VT_OPTION_END) {
		if (c < 0)
			return c == VT_OPTION_HELP ? EX_DONE : EX_BAD_USAGE;
		json = true;
	}
	const char *unit = ctl_unit_argument(cmd, argc, argv, 1);
	if (!unit)
		return EX_BAD_USAGE;
	if (unit[0] && !vt_unit_name_ok(unit))
		return vt_command_error(cmd, EX_BAD_USAGE, "'%s' is not a unit's name", unit);
	int rc = ask_all(cmd, unit, &pages, &list);
	if (rc == EX_DONE)
		rc = show(cmd, unit, &list, json);
	for (unsigned i = 0; i < pages.count; i++)
		free(pages.page[i]);
	return rc;
}

const struct vt_command ctl_status = {
    .name = "status",
    .summary = "state of all units, or of one, on both hosts",
    .help =
	"Usage: vmtwin status [UNIT] [--json]\n\n"
	"  -j, --json   for programs\n\n"
	"States: PRIM    has the VM and mirrors it    ALONE  has the VM, without a mirror\n"
	"        SECOND  receives the mirror          WAIT   no VM, no mirror here\n"
	"        STOP    the unit does not run here\n"
	"Colours: green as it should be, orange in transition (resynchronising), red not serving.\n"
	"'vmtwin explain UNIT' tells why.\n\n"
	"Exit codes: 0 all green, 1 a host is orange or unknown, 2 a host is red, 3 vmtwind does\n"
	"not run, 4 no such unit or no answer, 64 usage.\n",
    .run = run_status,
};
