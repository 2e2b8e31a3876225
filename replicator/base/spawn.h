/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subprocesses by argv, never through a shell. */
#ifndef VMTWIN_BASE_SPAWN_H
#define VMTWIN_BASE_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Starts argv[0] (an absolute path) with stdin from /dev/null, stdout and stderr inherited, all other
 * descriptors closed except keep_fd (-1: none). new_session detaches it from us (setsid). Returns the
 * pid or negative errno.
 */
pid_t vt_spawn(char *const argv[], int keep_fd, int new_session);
/*
 * Runs argv to its end, at most timeout_ms, then kills it. Its standard output goes to out (cut at
 * cap-1, terminated) unless out is NULL. Returns its exit code, -ETIMEDOUT, or negative errno
 * (-ECHILD: died by a signal).
 */
int vt_run(char *const argv[], int timeout_ms, char *out, size_t cap);
/* The same with its standard output going to out_fd and its errors to error_fd (-1: inherited). */
int vt_run_to(char *const argv[], int timeout_ms, int out_fd, int error_fd);

#endif
