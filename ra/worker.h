/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit's worker process seen from outside, without vmtwind's help. For its whole life it holds
 * exclusive locks on VT_RUN_DIR/UNIT.pid and on the store's meta directory, so it has both open:
 * that is how it is found among all processes, whatever became of the pid file or the unit's file.
 * A number written in a file is never believed. The locks alone don't tell enough: the command
 * holds the store's too (vmtwin discard-fork), and whoever tries it keeps a worker from starting.
 */
#ifndef VMTWIN_RA_WORKER_H
#define VMTWIN_RA_WORKER_H

#include "base/log.h"

struct worker_id {
	const char *unit;
	const char *store; /* from the unit's file; NULL if that can't be read */
};

/* 1: the unit's worker lives, 0: it does not, negative errno: can't be told. */
int worker_alive(const struct worker_id *id);
/*
 * Kills the worker and waits for its end, limit_ms at the most. 0: it is gone (or was never there).
 * -ETIMEDOUT: it does not die (a process stuck in the kernel). Other negative errno: not killed.
 */
int worker_kill(const struct worker_id *id, int limit_ms, struct vt_fail *fail);
/* Waits until it is gone, limit_ms at the most. 0, -ETIMEDOUT, negative errno. */
int worker_wait_gone(const struct worker_id *id, int limit_ms);

#endif
