/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether corosync ends because somebody has it shut down in order, or otherwise. */
#ifndef VMTWIN_IO_SHUTDOWN_H
#define VMTWIN_IO_SHUTDOWN_H

#include "base/log.h"

struct vt_shutdown;
typedef void (*vt_shutdown_fn)(void *ctx); /* an orderly shutdown of corosync has begun */

/* As vt_cpg_open: may block as long as corosync does. 0 or negative errno. */
int vt_shutdown_open(struct vt_shutdown **out, vt_shutdown_fn fn, void *ctx, struct vt_fail *fail);
void vt_shutdown_close(struct vt_shutdown *s); /* NULL is fine */
int vt_shutdown_fd(const struct vt_shutdown *s);
int vt_shutdown_dispatch(struct vt_shutdown *s); /* does not block; 0 or -ECONNRESET */

#endif
