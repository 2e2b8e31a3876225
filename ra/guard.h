/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs an action in a child of its own, so that a library call that hangs can't keep the action
 * from ending in time with a reason (S7).
 */
#ifndef VMTWIN_RA_GUARD_H
#define VMTWIN_RA_GUARD_H

#include "ra/ocf.h"

/* What the child is doing, for the parent's message: shared memory. */
struct guard_note {
	char text[200];
};

typedef enum ocf_code (*guard_fn)(struct ocf_run *run, struct guard_note *note, void *arg);

/* Sets the note. */
void guard_doing(struct guard_note *note, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * Runs fn in a child until `share` percent of the action's time limit. Its code; or OCF_ERR_GENERIC
 * with the reason told if it did not end (it is killed) or crashed.
 */
enum ocf_code guard_run(struct ocf_run *run, unsigned share, guard_fn fn, void *arg);

#endif
