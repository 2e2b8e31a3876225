// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/client.h"

int ca_call(const char *verb, const char *unit, const char *key, long value, int timeout_ms,
	    struct vt_kv *reply, struct vt_fail *fail)
{
	struct vt_kv request;
	vt_kv_init(&request);
	vt_kv_add(&request, "cmd", "%s", verb);
	vt_kv_add(&request, "unit", "%s", unit);
	vt_kv_add(&request, "timeout_ms", "%d", timeout_ms);
	if (key)
		vt_kv_add(&request, key, "%ld", value);
	int rc = vt_ctl_call(&request, reply, timeout_ms, fail);
	if (rc < 0)
		return rc;
	rc = (int)vt_kv_long(reply, "rc", -EBADMSG);
	const char *text = ca_word(reply, "text");
	if (rc != 0)
		vt_fail(fail, rc, "%s",
			*text ? text
			      : "vmtwind refused and gave no reason; see journalctl -u vmtwind");
	return rc;
}

int ca_exit_code(int rc)
{
	switch (rc) {
	case 0:
		return EX_DONE;
	case -ECONNREFUSED:
		return EX_NO_DAEMON;
	case -ENOENT:
	case -ETIMEDOUT:
	case -EBADMSG:
		return EX_NO_ANSWER;
	default:
		return EX_FAILED;
	}
}

const char *ca_word(const struct vt_kv *reply, const char *key)
{
	const char *value = vt_kv_get(reply, key);
	return value ? value : "";
}

int ca_confirm(const struct vt_command *cmd, const char *unit, bool yes)
{
	char line[128];
	if (yes)
		return EX_DONE;
	if (!isatty(STDIN_FILENO))
		return vt_command_error(cmd, EX_FAILED,
				 "%s: needs the unit's name typed on a terminal, or --yes; nothing "
				 "was changed",
				 unit);
	fflush(stdout);
	fprintf(stderr, "Type the unit's name (%s) to go on, anything else to leave it: ", unit);
	if (!fgets(line, sizeof line, stdin))
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (strcmp(line, unit) == 0)
		return EX_DONE;
	return vt_command_error(cmd, EX_FAILED,
			 "'%s' is not the name of the unit, %s; nothing was changed", line, unit);
}
