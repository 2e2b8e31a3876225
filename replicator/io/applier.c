// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stream's target. Data frames run side by side unless they overlap; flushes and changes of
 * names are barriers, so that nothing after a flush is durable before what came before it (S2).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "io/dp_int.h"

#define ACK_SIZE 12

void vd_flush_acks(struct vd_path *path)
{
	if (path->ack_count == 0 || !path->connected)
		return; /* frames may come a moment before we are told to resume */
	struct vf_header h = {.type = VF_ACK, .length = path->ack_count * ACK_SIZE};
	path->ack_count = 0;
	vl_send(path->link, &h, path->acks);
	vr_again(path->ring); /* the link's hook may have had its turn */
}

static void ack(struct vd_path *path, uint64_t seq, int32_t res)
{
	struct vt_wbuf w;
	if (path->ack_count == VD_ACKS_MAX)
		vd_flush_acks(path);
	if (path->ack_count == VD_ACKS_MAX)
		return; /* not connected: it will be asked for again */
	vt_wbuf_init(&w, path->acks + path->ack_count * ACK_SIZE, ACK_SIZE);
	vt_put_u64(&w, seq);
	vt_put_u32(&w, (uint32_t)res);
	path->ack_count++;
}

static bool disk_error(int res)
{
	return res == -EIO || res == -EUCLEAN || res == -EROFS || res == -ENODEV;
}

void vd_apply_done(struct vd_op *op, int res)
{
	struct vd_path *path = op->path;
	if (disk_error(res))
		vd_disk_failed(path, -res, "an operation of the peer");
	vd_unrange(op);
	if (op->gen == path->gen) {
		int32_t result = res < 0 ? res : 0;
		aw_applied(&path->applied, op->seq, result);
		ack(path, op->seq, result);
	}
	path->apply_count--;
	vd_op_free(op);
	vd_sync_try_tree(path);
	vd_check_drained(path);
	vd_pump(path);
}

static void data_applied(struct vd_op *op, int res)
{
	vs_dirty(op->inode, VS_DATA);
	vd_apply_done(op, res);
}

static struct vs_inode *by_id(struct vd_path *path, uint64_t id)
{
	return id ? vs_by_id(path->store, id) : NULL;
}

static int apply_meta(struct vd_op *op)
{
	struct vd_path *path = op->path;
	struct vm_op *m = &op->meta;
	int rc = vm_get_op(m, op->payload, op->length);
	if (rc < 0)
		return rc;
	struct vs_inode *parent = by_id(path, m->parent), *parent2 = by_id(path, m->parent2);
	struct vs_inode *file = by_id(path, m->file);
	if ((m->parent && !parent) || (m->parent2 && !parent2))
		return -ESTALE;
	if (m->kind == VM_CREATE ? file != NULL : m->file && !file)
		return -ESTALE;
	if (m->kind == VM_FORGET) {
		if (file == vs_root(path->store))
			return -EINVAL;
		op->inode = vs_ref(file); /* goes with the operation */
		vs_clean(file);
		vs_set_id(file, 0);
		return 0;
	}
	rc = vs_exec(path->store, m, parent, parent2, file, &op->made);
	if (rc >= 0 && m->kind == VM_CREATE) {
		vs_set_id(op->made, m->file);
		if (m->file >= path->next_id)
			path->next_id = m->file + 1;
	}
	return rc;
}

static int apply_tree(struct vd_op *op)
{
	int rc = op->path->tree ? 0 : vd_tree_begin(op->path);
	return rc < 0 ? rc : vd_tree_entries(op->path, op->payload, op->length);
}

static void flush_applied(struct vd_op *op, int res)
{
	op->path->running--;
	vd_apply_done(op, res);
}

static void apply_barrier(struct vd_op *op)
{
	switch (op->frame) {
	case VF_META:
		vd_apply_done(op, apply_meta(op));
		break;
	case VF_TREE:
		vd_apply_done(op, apply_tree(op));
		break;
	case VF_TREE_END:
		vd_apply_done(op, op->path->tree ? vd_tree_end(op->path) : -EPROTO);
		break;
	default: /* VF_FLUSH */
		op->path->running++;
		vd_sync_inodes(op, flush_applied);
		break;
	}
}

static void apply_data(struct vd_op *op)
{
	switch (op->frame) {
	case VF_ZERO:
		vd_rw_zero(op, data_applied);
		break;
	case VF_HASH:
		vd_hash_start(op);
		break;
	default:
		if (op->length == 0)
			vd_apply_done(op, 0);
		else
			vd_rw_write(op, data_applied);
		break;
	}
}

static bool is_data(uint8_t frame)
{
	return frame == VF_WRITE || frame == VF_COPY || frame == VF_ZERO || frame == VF_HASH;
}

static void apply_start(struct vd_op *op)
{
	struct vd_path *path = op->path;
	if (op->gen != path->gen) { /* its stream ended before its turn came */
		vd_apply_done(op, 0);
		return;
	}
	if (!is_data(op->frame)) {
		apply_barrier(op);
		return;
	}
	if (!op->inode) {
		struct vs_inode *inode = by_id(path, op->file);
		op->inode = inode ? vs_ref(inode) : NULL;
	}
	if (!op->inode || !S_ISREG(op->inode->mode))
		vd_apply_done(op, -ESTALE);
	else
		apply_data(op);
}

/* Takes type-specific fields out of the frame. 0 or -EBADMSG. */
static int parse(struct vd_op *op, const struct vf_header *h)
{
	const uint32_t modes = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
	struct vt_rbuf r;
	op->length = h->length;
	if (h->type == VF_ZERO) {
		vt_rbuf_init(&r, op->payload, h->length);
		op->length = vt_get_u64(&r);
		op->zero_mode = h->flags;
		if (!vt_rbuf_done(&r) || (h->flags & ~modes))
			return -EBADMSG;
	} else if (h->type == VF_HASH) {
		uint32_t grains = h->length / VD_HASH_SIZE;
		if (h->length % VD_HASH_SIZE || grains == 0 || grains > VD_BATCH_GRAINS ||
		    h->offset % VD_GRAIN)
			return -EBADMSG;
		op->length = (uint64_t)grains * VD_GRAIN;
	}
	if (h->offset > INT64_MAX || op->length > INT64_MAX - h->offset)
		return -EBADMSG;
	return 0;
}

static void queue(struct vd_op *op)
{
	struct vd_path *path = op->path;
	struct vs_inode *inode = is_data(op->frame) ? by_id(path, op->file) : NULL;
	op->start = apply_start;
	path->apply_count++;
	if (inode) {
		op->inode = vs_ref(inode);
		vd_wait_range(op, vd_key(inode), op->offset, op->length ? op->length : 1);
	} else {
		vd_wait_all(op); /* a barrier, or a file whose creation is still before us */
	}
	vd_pump(path);
}

static void apply_new(struct vd_path *path, const struct vf_header *h, struct vp_buf *payload)
{
	struct vd_op *op = vd_op_get(path);
	if (!op) {
		vp_put(payload);
		vd_broken(path, "too many operations of the peer at once");
		return;
	}
	op->frame = h->type;
	op->seq = h->seq;
	op->file = h->file;
	op->offset = h->offset;
	op->buf = payload;
	op->payload = payload ? payload->data : NULL;
	if (parse(op, h) < 0) {
		vd_op_free(op);
		vd_broken(path, "a frame of the peer is malformed (type %u)", h->type);
		return;
	}
	queue(op);
}

void vd_apply_frame(struct vd_path *path, const struct vf_header *h, struct vp_buf *payload)
{
	int32_t result = 0;
	if (path->stream != VD_STREAM_TARGET || path->broken || h->type < VF_WRITE ||
	    h->type >= VF_NEED) {
		vp_put(payload);
		return;
	}
	switch (aw_receive(&path->applied, h->seq, &result)) {
	case AW_NEW:
		apply_new(path, h, payload);
		return;
	case AW_DONE:
		ack(path, h->seq, result);
		break;
	case AW_PENDING:
		break;
	case AW_BROKEN:
		vd_broken(path, "frame %llu of the peer came out of order",
			  (unsigned long long)h->seq);
		break;
	}
	vp_put(payload);
}
