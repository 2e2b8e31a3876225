// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that change data, and how changing requests are answered. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <linux/fuse.h>

#include "io/dp_int.h"

struct vd_op *vd_guest_new(fuse_req_t req, enum vd_reply reply)
{
	struct vd_path *path = vd_req_path(req);
	struct vd_op *op = NULL;
	int err = ENOMEM;
	if (path->gate == VD_READONLY)
		err = EROFS;
	else if (path->gate == VD_FAILED)
		err = EIO;
	else
		op = vd_op_get(path);
	if (!op) {
		fuse_reply_err(req, err);
		return NULL;
	}
	op->req = req;
	op->reply = reply;
	return op;
}

static void fill_attr(struct fuse_attr *attr, const struct stat *st)
{
	*attr = (struct fuse_attr){
	    .ino = st->st_ino,
	    .size = (uint64_t)st->st_size,
	    .blocks = (uint64_t)st->st_blocks,
	    .atime = (uint64_t)st->st_atim.tv_sec,
	    .mtime = (uint64_t)st->st_mtim.tv_sec,
	    .ctime = (uint64_t)st->st_ctim.tv_sec,
	    .atimensec = (uint32_t)st->st_atim.tv_nsec,
	    .mtimensec = (uint32_t)st->st_mtim.tv_nsec,
	    .ctimensec = (uint32_t)st->st_ctim.tv_nsec,
	    .mode = st->st_mode,
	    .nlink = (uint32_t)st->st_nlink,
	    .uid = st->st_uid,
	    .gid = st->st_gid,
	    .rdev = (uint32_t)st->st_rdev,
	    .blksize = (uint32_t)st->st_blksize,
	};
}

static void answer_create(struct vd_op *op, struct vs_inode *inode, const struct stat *st)
{
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} out = {0};
	static_assert(sizeof out == sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out),
		      "the kernel expects the two without a gap");
	out.entry.nodeid = (uint64_t)(uintptr_t)inode;
	fill_attr(&out.entry.attr, st);
	out.open.open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES;
	inode->opens++;
	inode->lookups++;
	if (fuse_reply_buf(op->req, (const char *)&out, sizeof out) != 0) {
		inode->opens--;
		inode->lookups--;
	}
}

static void answer_entry(struct vd_op *op, struct vs_inode *inode, const struct stat *st)
{
	struct fuse_entry_param e = {.ino = (fuse_ino_t)inode, .attr = *st};
	inode->lookups++;
	if (fuse_reply_entry(op->req, &e) != 0)
		inode->lookups--;
}

void vd_answer(struct vd_op *op, int error)
{
	struct vs_inode *about = op->reply == VD_REPLY_ATTR ? op->inode : op->made;
	struct stat st;
	bool wants_stat = op->reply == VD_REPLY_ENTRY || op->reply == VD_REPLY_CREATE ||
			  op->reply == VD_REPLY_ATTR;
	if (error == 0 && wants_stat)
		error = about ? -vs_stat(about, &st) : EIO;
	if (error != 0) {
		fuse_reply_err(op->req, error);
		return;
	}
	switch (op->reply) {
	case VD_REPLY_WRITE:
		op->path->writes++;
		fuse_reply_write(op->req, op->length);
		break;
	case VD_REPLY_ENTRY:
		answer_entry(op, about, &st);
		break;
	case VD_REPLY_CREATE:
		answer_create(op, about, &st);
		break;
	case VD_REPLY_ATTR:
		fuse_reply_attr(op->req, &st, 0);
		break;
	default:
		if (op->frame == VF_FLUSH)
			op->path->flushes++;
		fuse_reply_err(op->req, 0);
		break;
	}
}

/* Errors that are the request's own fault or a full disk; anything else is the disk's. */
static bool harmless(int res)
{
	return res >= 0 || vd_no_space(res) || res == -EFBIG || res == -EOPNOTSUPP ||
	       res == -EINVAL || res == -ENOMEM;
}

static void data_done(struct vd_op *op, int res)
{
	vs_dirty(op->inode, VS_DATA);
	op->inode->timed = true;
	if (!harmless(res)) {
		vd_disk_failed(op->path, -res, "a write");
		res = -EIO;
	}
	vd_local_done(op, res);
}

static void write_start(struct vd_op *op)
{
	vd_emit(op);
	vd_rw_write(op, data_done);
}

static void ll_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	struct vd_path *path = vd_req_path(req);
	(void)fi;
	if (size > VF_PAYLOAD_MAX || off < 0 || size > (uint64_t)(INT64_MAX - off)) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	struct vd_op *op = size > 0 ? vd_guest_new(req, VD_REPLY_WRITE) : NULL;
	if (!op) {
		if (size == 0)
			fuse_reply_write(req, 0);
		return;
	}
	op->inode = vs_ref(vd_req_inode(req, ino));
	op->offset = (uint64_t)off;
	op->length = size;
	op->buf = vp_ref(path->front.current);
	op->payload = (const uint8_t *)data;
	op->frame = VF_WRITE;
	op->start = write_start;
	vd_guest_submit(op);
}

static void zero_start(struct vd_op *op)
{
	vd_emit(op);
	vd_rw_zero(op, data_done);
}

static void ll_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t off, off_t length,
			 struct fuse_file_info *fi)
{
	const int known = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
	(void)fi;
	if ((mode & ~known) || off < 0 || length <= 0 || length > INT64_MAX - off) {
		fuse_reply_err(req, mode & ~known ? EOPNOTSUPP : EINVAL);
		return;
	}
	struct vd_op *op = vd_guest_new(req, VD_REPLY_ERR);
	if (!op)
		return;
	op->inode = vs_ref(vd_req_inode(req, ino));
	op->offset = (uint64_t)off;
	op->length = (uint64_t)length;
	op->zero_mode = (uint32_t)mode;
	op->frame = VF_ZERO;
	op->start = zero_start;
	vd_guest_submit(op);
}

static void fsync_done(struct vd_op *op, int res)
{
	op->path->running--;
	if (res < 0)
		vd_disk_failed(op->path, -res, "a flush");
	vd_local_done(op, res < 0 ? -EIO : 0);
}

static void fsync_start(struct vd_op *op)
{
	op->path->running++;
	vd_emit(op);
	vd_sync_inodes(op, fsync_done);
}

static void ll_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	struct vd_path *path = vd_req_path(req);
	(void)fi;
	if (path->gate == VD_READONLY) { /* nothing of this reader's could be lost */
		fuse_reply_err(req, 0);
		return;
	}
	struct vd_op *op = vd_guest_new(req, VD_REPLY_ERR);
	if (!op)
		return;
	op->inode = vs_ref(vd_req_inode(req, ino));
	op->datasync = datasync;
	op->frame = VF_FLUSH;
	op->start = fsync_start;
	vd_guest_submit(op);
}

void vd_front_change_ops(struct fuse_lowlevel_ops *ops)
{
	ops->write = ll_write;
	ops->fallocate = ll_fallocate;
	ops->fsync = ll_fsync;
	ops->fsyncdir = ll_fsync;
}
