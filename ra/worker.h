/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit's worker process seen from outside, without vmtwind's help. It is found among all processes by its name and its
 * last argument, the unit's name: whatever became of the pid file or the unit's file. For its whole life it holds an exclusive
 * lock on VT_RUN_DIR/UNIT.pid as well, so where that is held nobody needs to look; the number in it is never believed.
 */
#ifndef VMTWIN_RA_WORKER_H
#define VMTWIN_RA_WORKER_H

#include "base/log.h"

/* 1: the unit's worker lives, 0: it does not, negative errno: can't be told. */
int worker_alive(const char *unit);
/*
 * Kills the unit's worker and waits for its end, limit_ms at the most. 0: it is gone (or was never there).
 * -ETIMEDOUT: it does not die (a process stuck in the kernel). Other negative errno: not killed, or can't be told.
 */
int worker_kill(const char *unit, int limit_ms, struct vt_fail *fail);
/* Waits until it is gone, limit_ms at the most. 0, -ETIMEDOUT, negative errno. */
int worker_wait_gone(const char *unit, int limit_ms);

#endif
