/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit's worker process seen from outside, without vmtwind's help. The worker holds an exclusive
 * flock on VT_RUN_DIR/UNIT.pid for its whole life and writes its pid there: the lock tells that it
 * lives, so a number left over from before, now another process's, is never believed.
 */
#ifndef VMTWIN_RA_WORKER_H
#define VMTWIN_RA_WORKER_H

#include "base/log.h"

/* 1: the unit's worker lives, 0: it does not, negative errno: can't be told. */
int worker_alive(const char *unit);
/*
 * Kills the worker and waits for its end, limit_ms at the most. 0: it is gone (or was never there).
 * -ETIMEDOUT: it does not die (a process stuck in the kernel). Other negative errno: not killed.
 */
int worker_kill(const char *unit, int limit_ms, struct vt_fail *fail);
/* Waits until the lock is free, limit_ms at the most. 0, -ETIMEDOUT, negative errno. */
int worker_wait_gone(const char *unit, int limit_ms);

#endif
