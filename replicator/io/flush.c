// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making things durable: one fsync an inode, all at once through the ring. An inode whose earlier
 * flush is still under way is flushed again: that flush may have begun before the last write.
 */
#include <errno.h>

#include "io/dp_int.h"

static void child_done(struct vd_op *op)
{
	if (--op->pending > 0)
		return;
	op->rw_done(op, op->local_res);
}

static void sync_cqe(struct vr_op *io, int res, bool more)
{
	struct vd_op *child = (struct vd_op *)io, *op = child->owner;
	(void)more;
	vs_sync_end(child->inode, child->dirt, res >= 0);
	if (res < 0 && op->local_res == 0)
		op->local_res = res;
	vd_op_free(child);
	child_done(op);
}

static void sync_one(struct vd_op *op, struct vs_inode *inode, bool datasync)
{
	int fd = vs_data_fd(inode);
	struct vd_op *child = fd >= 0 ? vd_op_get(op->path) : NULL;
	if (!child) {
		op->local_res = fd < 0 ? fd : -ENOMEM;
		return;
	}
	child->owner = op;
	child->inode = vs_ref(inode);
	child->dirt = vs_sync_begin(inode);
	op->pending++;
	struct io_uring_sqe *sqe = vr_sqe(op->path->ring);
	bool only_data = datasync && !(child->dirt & VS_META);
	io_uring_prep_fsync(sqe, fd, only_data ? IORING_FSYNC_DATASYNC : 0);
	child->io.done = sync_cqe;
	vr_attach(sqe, &child->io);
}

void vd_sync_inodes(struct vd_op *op, void (*done)(struct vd_op *op, int res))
{
	struct vd_path *path = op->path;
	op->rw_done = done;
	op->local_res = 0;
	op->pending = 1; /* until all are started */
	if (!op->inode && path->undurable) {
		int rc = vs_dirty_tree(path->store);
		path->undurable = rc < 0;
		op->local_res = rc < 0 ? rc : 0;
	}
	if (op->inode)
		sync_one(op, op->inode, op->datasync);
	struct vs_inode *next;
	for (struct vs_inode *i = vs_dirty_first(path->store); i; i = next) {
		next = i->dirty_next;
		/* A guest's flush of one file also makes names durable: new files hang on them. */
		if (i != op->inode && (!op->inode || S_ISDIR(i->mode)))
			sync_one(op, i, true);
	}
	child_done(op);
}
