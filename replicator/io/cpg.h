/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One membership in one CPG group. A member is (node id << 32 | pid). Everything a caller hears comes
 * in CPG's total order, out of vt_cpg_dispatch. A handle that broke stays broken: close it.
 */
#ifndef VMTWIN_IO_CPG_H
#define VMTWIN_IO_CPG_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

enum vt_cpg_change { VT_CPG_JOINED, VT_CPG_LEFT, VT_CPG_PROCDOWN, VT_CPG_NODEDOWN };

struct vt_cpg_ops {
	/* A message, own ones included. data lives until the return. */
	void (*message)(void *ctx, uint64_t sender, const void *data, size_t len);
	/* A member came or went; ourselves too, once joined. Members already there are told as
	 * joined. Leavings of one change are told before joinings. */
	void (*change)(void *ctx, uint64_t member, enum vt_cpg_change how);
};

struct vt_cpg;

/*
 * Connects to corosync and joins group. Blocks for as long as corosync does: guard it. 0 and *out is
 * the caller's to close; -EAGAIN: corosync does not run, or not yet; other negative errno.
 */
int vt_cpg_open(struct vt_cpg **out, const char *group, const struct vt_cpg_ops *ops, void *ctx,
		struct vt_fail *fail);
void vt_cpg_close(struct vt_cpg *cpg); /* NULL is fine */
int vt_cpg_fd(const struct vt_cpg *cpg);
uint32_t vt_cpg_self_node(const struct vt_cpg *cpg);
/* Delivers what is there; does not block. 0, or -ECONNRESET: corosync or our membership is gone. */
int vt_cpg_dispatch(struct vt_cpg *cpg);
/* Multicasts. 0; -EAGAIN: corosync takes no more now; -ECONNRESET: broken. Does not block. */
int vt_cpg_send(struct vt_cpg *cpg, const void *data, size_t len);

#endif
