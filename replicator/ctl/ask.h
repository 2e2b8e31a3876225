/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking vmtwind for one thing of one unit, and asking the operator whether it is really meant. */
#ifndef VMTWIN_CTL_ASK_H
#define VMTWIN_CTL_ASK_H

#include <stdbool.h>

#include "base/kv.h"
#include "ctl/cmd.h"

/*
 * Sends `verb` for the unit, with one more key if `key` is not NULL, and waits for timeout_ms at
 * the most. 0, or the transport's error or the reply's rc (negative errno) with its text in fail.
 */
int ca_call(const char *verb, const char *unit, const char *key, long value, int timeout_ms,
	    struct vt_kv *reply, struct vt_fail *fail);
/* The exit code for what ca_call returned. */
int ca_exit_code(int rc);
/* The value of key, "" if the reply has none. */
const char *ca_word(const struct vt_kv *reply, const char *key);

/*
 * Has the unit's name typed on a terminal, unless yes. 0; else an exit code, and the refusal is
 * told: nothing may have been changed before.
 */
int ca_confirm(const struct vt_command *cmd, const char *unit, bool yes);

#endif
