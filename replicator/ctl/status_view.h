/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reply to `status` taken apart, as a table for people and as JSON for programs. */
#ifndef VMTWIN_CTL_STATUS_VIEW_H
#define VMTWIN_CTL_STATUS_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "base/kv.h"

#define SV_UNITS_MAX 256 /* units looked for in one reply */

enum sv_colour { SV_GREEN, SV_ORANGE, SV_RED, SV_UNKNOWN };

/* What one host says of a unit. Strings point into the reply; "" where it says nothing. */
struct sv_host {
	const char *name, *state, *text;
	enum sv_colour colour;
	int uptodate;	    /* 1, 0, -1: not told */
	long progress;	    /* percent of a resync, -1: not told */
	long eta_s;	    /* seconds left, -1: not told */
	long held;	    /* writes held, -1: not told */
};

struct sv_unit {
	const char *name;
	struct sv_host host[2]; /* this host, the other one */
};

/* Unit number index of the reply; false if there is none. */
bool sv_unit(const struct vt_kv *reply, unsigned index, struct sv_unit *out);
/* The exit code for one unit: the worst of both hosts (EX_DONE, EX_ORANGE, EX_RED). */
int sv_exit_code(const struct sv_unit *unit);
/* Rows of the table for unit; the unit's column is unit_width wide, the hosts' host_width. */
void sv_print_rows(FILE *out, const struct sv_unit *unit, int unit_width, int host_width, bool ansi);
/* {"units": [...], "facts": {...}} of all units named only (NULL or "": all). */
void sv_print_json(FILE *out, const struct vt_kv *reply, const char *only);

#endif
