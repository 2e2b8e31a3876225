/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reply to `status` taken apart, as a table for people and as JSON for programs. */
#ifndef VMTWIN_CTL_STATUS_VIEW_H
#define VMTWIN_CTL_STATUS_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "base/kv.h"

#define SV_UNITS_MAX 256 /* units shown; vmtwind runs no more */

enum sv_colour { SV_GREEN, SV_ORANGE, SV_RED, SV_UNKNOWN };

/* What one host says of a unit. Strings point into the reply; "" where it says nothing. */
struct sv_host {
	const char *name, *state, *text;
	enum sv_colour colour;
	int uptodate;  /* 1, 0, -1: not told */
	long progress; /* percent of a resync, -1: not told */
	long eta_s;    /* seconds left, -1: not told */
	long held;     /* writes held, -1: not told */
};

struct sv_unit {
	const char *name;
	struct sv_host host[2]; /* this host, the other one */
};

struct sv_list {
	const struct vt_kv *facts; /* the first page: what concerns no unit is taken from it */
	unsigned count;
	struct sv_unit unit[SV_UNITS_MAX];
};

/*
 * Adds the units of one page of a reply, numbered from `from`, or only the one called only ("": all).
 * The reply must outlive the list. How many units the page held.
 */
unsigned sv_add_page(struct sv_list *list, const struct vt_kv *reply, unsigned from,
		     const char *only);
/* The exit code: the worst of all hosts (EX_DONE, EX_ORANGE, EX_RED). */
int sv_exit_code(const struct sv_list *list);
void sv_print_table(FILE *out, const struct sv_list *list, bool ansi);
/* {"units": [...], "facts": {...}} */
void sv_print_json(FILE *out, const struct sv_list *list);

#endif
