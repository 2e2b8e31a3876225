// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Local I/O of one operation. Direct where offset, length and memory allow it; unaligned reads are
 * rounded outwards into the buffer; unaligned writes go through the page cache, which the conflict
 * table keeps away from direct writes of the same page.
 */
#include <errno.h>
#include <fcntl.h>

#include "io/dp_int.h"

#define READ_ALIGN_MAX 4096u /* room for rounding in a pool buffer */

static void write_step(struct vd_op *op);
static void read_step(struct vd_op *op);

/* Ends a changing step. */
static void finish(struct vd_op *op, int res)
{
	op->path->running--;
	op->rw_done(op, res);
}

static bool try_again(struct vd_op *op, int res)
{
	return (res == -EINTR || res == -EAGAIN) && ++op->rw_tries < VD_RW_TRIES;
}

static void write_cqe(struct vr_op *io, int res, bool more)
{
	struct vd_op *op = (struct vd_op *)io;
	(void)more;
	if (res == -EINVAL && op->rw_direct && ++op->rw_tries < VD_RW_TRIES) {
		op->inode->align = 0; /* alignment isn't what the kernel said */
		op->inode->mem_align = 0;
		write_step(op);
		return;
	}
	if (res > 0) {
		op->rw_pos += (uint64_t)res;
		if (op->rw_pos == op->rw_len || ++op->rw_tries >= VD_RW_TRIES)
			finish(op, op->rw_pos == op->rw_len ? (int)op->rw_len : -EIO);
		else
			write_step(op);
		return;
	}
	if (try_again(op, res)) {
		write_step(op);
		return;
	}
	finish(op, res == 0 ? -EIO : res);
}

static void write_step(struct vd_op *op)
{
	const uint8_t *mem = op->payload + op->rw_pos;
	uint64_t off = op->offset + op->rw_pos, len = op->rw_len - op->rw_pos;
	int fd = vs_direct_fd(op->inode, off, len, mem);
	op->rw_direct = fd >= 0;
	if (fd < 0)
		fd = vs_data_fd(op->inode);
	if (fd < 0) {
		finish(op, fd);
		return;
	}
	struct io_uring_sqe *sqe = vr_sqe(op->path->ring);
	io_uring_prep_write(sqe, fd, mem, (unsigned)len, off);
	op->io.done = write_cqe;
	vr_attach(sqe, &op->io);
}

void vd_rw_write(struct vd_op *op, void (*done)(struct vd_op *op, int res))
{
	op->rw_done = done;
	op->rw_len = op->length;
	op->rw_pos = 0;
	op->rw_tries = 0;
	op->path->running++;
	write_step(op);
}

static void read_finish(struct vd_op *op)
{
	uint64_t got = op->rw_pos > op->rw_skip ? op->rw_pos - op->rw_skip : 0;
	op->payload = op->rw_mem + op->rw_skip;
	op->rw_done(op, (int)(got < op->length ? got : op->length));
}

static void read_cqe(struct vr_op *io, int res, bool more)
{
	struct vd_op *op = (struct vd_op *)io;
	(void)more;
	if (try_again(op, res)) {
		read_step(op);
	} else if (res < 0) {
		op->rw_done(op, res);
	} else {
		op->rw_pos += (uint64_t)res;
		bool aligned = !op->rw_direct || res % (int)op->inode->align == 0;
		bool go_on = res > 0 && op->rw_pos < op->rw_len && aligned;
		if (go_on && ++op->rw_tries < VD_RW_TRIES)
			read_step(op);
		else
			read_finish(op);
	}
}

static void read_step(struct vd_op *op)
{
	struct io_uring_sqe *sqe = vr_sqe(op->path->ring);
	io_uring_prep_read(sqe, op->rw_fd, op->rw_mem + op->rw_pos,
			   (unsigned)(op->rw_len - op->rw_pos), op->rw_off + op->rw_pos);
	op->io.done = read_cqe;
	vr_attach(sqe, &op->io);
}

void vd_rw_read(struct vd_op *op, void (*done)(struct vd_op *op, int res))
{
	uint64_t align = vs_direct_align(op->inode);
	op->rw_done = done;
	op->rw_mem = op->buf->mem;
	op->rw_tries = 0;
	op->rw_pos = 0;
	op->rw_direct = align > 0 && align <= READ_ALIGN_MAX;
	if (!op->rw_direct)
		align = 1;
	op->rw_off = op->offset & ~(align - 1);
	op->rw_skip = op->offset - op->rw_off;
	op->rw_len = (op->rw_skip + op->length + align - 1) & ~(align - 1);
	op->rw_fd = op->rw_direct ? op->inode->direct_fd : vs_data_fd(op->inode);
	if (op->rw_fd < 0 || op->rw_len > VP_SIZE)
		op->rw_done(op, op->rw_fd < 0 ? op->rw_fd : -EINVAL);
	else
		read_step(op);
}

static void uncached(struct vr_op *io, int res, bool more)
{
	(void)res; /* advice: nothing depends on it */
	(void)more;
	vd_op_free((struct vd_op *)io);
}

void vd_rw_uncache(struct vd_path *path, struct vs_inode *inode)
{
	int fd = vs_data_fd(inode);
	struct vd_op *op = fd >= 0 ? vd_op_get(path) : NULL;
	if (!op)
		return;
	op->inode = vs_ref(inode);
	struct io_uring_sqe *sqe = vr_sqe(path->ring);
	io_uring_prep_fadvise(sqe, fd, 0, 0, POSIX_FADV_DONTNEED);
	op->io.done = uncached;
	vr_attach(sqe, &op->io);
}

static void zero_step(struct vd_op *op);

static void size_cqe(struct vr_op *io, int res, bool more)
{
	struct vd_op *op = (struct vd_op *)io;
	(void)more;
	finish(op, res);
}

/* A zero range that the file system can't do is a hole plus, where asked for, the size. */
static void zero_as_hole(struct vd_op *op)
{
	struct stat st;
	bool keep = op->zero_mode & FALLOC_FL_KEEP_SIZE;
	if (!keep && vs_stat(op->inode, &st) == 0 &&
	    (uint64_t)st.st_size < op->offset + op->length &&
	    ftruncate(op->rw_fd, (off_t)(op->offset + op->length)) < 0) {
		finish(op, -errno);
		return;
	}
	op->zero_mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	zero_step(op);
}

static void zero_cqe(struct vr_op *io, int res, bool more)
{
	struct vd_op *op = (struct vd_op *)io;
	(void)more;
	if (res == -EOPNOTSUPP && (op->zero_mode & FALLOC_FL_ZERO_RANGE))
		zero_as_hole(op);
	else if (try_again(op, res))
		zero_step(op);
	else
		size_cqe(io, res, more);
}

static void zero_step(struct vd_op *op)
{
	struct io_uring_sqe *sqe = vr_sqe(op->path->ring);
	io_uring_prep_fallocate(sqe, op->rw_fd, (int)op->zero_mode, op->offset, op->length);
	op->io.done = zero_cqe;
	vr_attach(sqe, &op->io);
}

void vd_rw_zero(struct vd_op *op, void (*done)(struct vd_op *op, int res))
{
	op->rw_done = done;
	op->rw_tries = 0;
	op->rw_fd = vs_data_fd(op->inode);
	op->path->running++;
	if (op->rw_fd < 0)
		finish(op, op->rw_fd);
	else if (op->length == 0) /* a filler: nothing to do */
		finish(op, 0);
	else
		zero_step(op);
}
