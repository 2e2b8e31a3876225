// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmtwin force-primary: the operator's word that this host's data is to be used, though it may not
 * be the newest (S8). What may be lost is told first; the decision core records a forced era.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/unitconf.h"
#include "ctl/ask.h"

#define ANSWER_MS 10000
#define FORCE_MS 40000

static int not_started(const struct vt_command *cmd, const struct vt_fail *fail)
{
	return vt_command_error(cmd, EX_NO_ANSWER,
			 "%s; start it first: pcs resource enable or clear it, pcs node unstandby; "
			 "without quorum see pcs quorum unblock. Nothing was changed",
			 fail->text);
}

/* Why the core would refuse, said before anybody is asked anything. */
static int refused(const struct vt_command *cmd, const char *unit, long rc, const char *why,
		   const struct vt_kv *facts)
{
	bool primary = strcmp(ca_word(facts, "role"), "primary") == 0 &&
		       strcmp(ca_word(facts, "usable"), "yes") == 0;
	if (rc == -EALREADY || primary)
		return vt_command_error(
		    cmd, EX_FAILED,
		    "%s: not needed: this host's data may be used (rule: %s). If the VM "
		    "doesn't start here, pcs status and vmtwin explain %s say why; nothing "
		    "was changed",
		    unit, ca_word(facts, "rule"), unit);
	if (rc == -ENOSYS)
		return vt_command_error(
		    cmd, EX_FAILED,
		    "%s: the vmtwind that runs is older than this command and can't do "
		    "this: restart it (systemctl restart vmtwind), and the unit; nothing "
		    "was changed",
		    unit);
	return vt_command_error(cmd, EX_FAILED, "%s: refused: %s; nothing was changed", unit,
			 *why ? why : strerror(rc < 0 && rc > -4096 ? (int)-rc : EIO));
}

static void tell_loss(const char *unit, const struct vt_kv *facts)
{
	const char *peer = ca_word(facts, "peer");
	printf("unit %s: make the copy on %s the one that counts, whatever %s holds\n\n"
	       "This may lose: %s.\n",
	       unit, ca_word(facts, "host"), peer, ca_word(facts, "loses"));
	if (vt_kv_long(facts, "peer-member", 0) == 0)
		printf(
		    "%s is not in the cluster. If it still runs the VM somewhere, both hosts will "
		    "write: make sure that it is off.\n",
		    peer);
	printf(
	    "The copy on %s, if there is one, is not touched: should it have gone on, that is told "
	    "as a fork.\n\n",
	    peer);
}

static void tell_next(const char *unit, const struct vt_kv *facts)
{
	const char *host = ca_word(facts, "host"), *peer = ca_word(facts, "peer");
	printf(
	    "unit %s: the copy on %s may be used from now on; Pacemaker promotes it and starts the "
	    "VM by itself\n",
	    unit, host);
	if (vt_kv_long(facts, "peer-member", 0) == 0)
		printf(
		    "  if it doesn't: Pacemaker waits for the fencing of %s (pcs status shows it "
		    "UNCLEAN). If %s is lost for good, make sure that it is really off, then:\n"
		    "    pcs stonith confirm %s\n",
		    peer, peer, peer);
	printf("  when %s is back and a fork is told (vmtwin explain %s): vmtwin discard-fork %s "
	       "there\n",
	       peer, unit, unit);
}

static int force(const struct vt_command *cmd, const char *unit, bool yes)
{
	struct vt_kv facts, reply;
	struct vt_fail fail = {0};
	int rc = ca_call("explain", unit, NULL, 0, ANSWER_MS, &facts, &fail);
	if (rc == -ENOENT)
		return not_started(cmd, &fail);
	if (rc != 0)
		return vt_command_error(cmd, ca_exit_code(rc), "%s: %s; nothing was changed", unit,
				 fail.text);
	if (!vt_kv_get(&facts, "loses"))
		return refused(cmd, unit, -ENOSYS, "", &facts);
	long would = vt_kv_long(&facts, "force-rc", 0);
	if (would != 0)
		return refused(cmd, unit, would, ca_word(&facts, "force-text"), &facts);
	tell_loss(unit, &facts);
	int code = ca_confirm(cmd, unit, yes);
	if (code != EX_DONE)
		return code;
	rc = ca_call("force", unit, NULL, 0, FORCE_MS, &reply, &fail);
	if (rc == -ETIMEDOUT)
		return vt_command_error(cmd, EX_NO_ANSWER,
				 "%s: %s. Whether it was done: vmtwin explain %s", unit, fail.text,
				 unit);
	if (rc == -EALREADY || rc == -EBUSY || rc == -ENOSYS) /* changed since it was asked */
		return refused(cmd, unit, rc, fail.text, &facts);
	if (rc != 0)
		return vt_command_error(cmd, EX_FAILED, "%s: refused: %s", unit, fail.text);
	tell_next(unit, &facts);
	return EX_DONE;
}

static int run_force(const struct vt_command *cmd, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"yes", no_argument, NULL, 'y'}, {"help", no_argument, NULL, 'h'}, {0}};
	bool yes = false;
	int c;
	while ((c = vt_option(cmd, argc, argv, ":h", longs)) >= 0)
		yes |= c == 'y';
	if (c != VT_OPTION_END)
		return c == VT_OPTION_HELP ? EX_DONE : EX_BAD_USAGE;
	const char *unit = ctl_unit_argument(cmd, argc, argv, 0);
	if (!unit)
		return EX_BAD_USAGE;
	if (!vt_unit_name_ok(unit))
		return vt_command_error(cmd, EX_BAD_USAGE, "'%s' is not a unit's name", unit);
	if (geteuid() != 0)
		return vt_command_error(cmd, EX_FAILED, "%s: run this as root; nothing was changed", unit);
	return force(cmd, unit, yes);
}

const struct vt_command ctl_force = {
    .name = "force-primary",
    .summary = "use this host's data although it may not be the newest",
    .help =
	"Usage: vmtwin force-primary UNIT [--yes]\n\n"
	"Run it on the host whose data is to be used, when the other host is lost or the cluster\n"
	"can't decide. Tells what may be lost, and asks for the unit's name. The host then stands\n"
	"alone, marked as forced; Pacemaker promotes it and starts the VM. Nothing is changed on\n"
	"the other host: should it have gone on, that is found out and told as a fork.\n\n"
	"  --yes   don't ask; for scripts\n\n"
	"Exit codes: 0 done, 1 refused, not confirmed or not needed, 3 vmtwind does not run,\n"
	"4 unit not started or no answer, 64 usage.\n",
    .run = run_force,
};
