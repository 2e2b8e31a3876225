/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quorum and membership as corosync tells them. */
#ifndef VMTWIN_IO_QUORUM_H
#define VMTWIN_IO_QUORUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

/* Called from vt_quorum_dispatch, first with the present state, then at each change. */
typedef void (*vt_quorum_fn)(void *ctx, bool quorate, const uint32_t *node, unsigned nodes);

struct vt_quorum;

/* As vt_cpg_open: may block as long as corosync does; -EAGAIN: corosync does not run, or not yet. */
int vt_quorum_open(struct vt_quorum **out, vt_quorum_fn fn, void *ctx, struct vt_fail *fail);
void vt_quorum_close(struct vt_quorum *quorum); /* NULL is fine */
int vt_quorum_fd(const struct vt_quorum *quorum);
/* Does not block. 0, or -ECONNRESET: corosync is gone. */
int vt_quorum_dispatch(struct vt_quorum *quorum);

#endif
