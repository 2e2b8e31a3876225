// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stream's source. A frame keeps its operation until it is acknowledged, so that after a broken
 * link the same frames go out again in the same order.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "io/dp_int.h"

bool vd_stream_live(const struct vd_path *path)
{
	return path->stream == VD_STREAM_SOURCE && !path->broken &&
	       (path->connected || path->resumable);
}

bool vd_window_room(const struct vd_path *path, uint32_t keep)
{
	return path->next_seq - path->oldest_seq + keep < AW_SIZE;
}

static void send_frame(struct vd_op *op, uint8_t type, const void *payload, size_t length)
{
	struct vf_header h = {.type = type,
			      .length = (uint32_t)length,
			      .seq = op->seq,
			      .file = op->file,
			      .offset = op->offset};
	if (type == VF_ZERO)
		h.flags = (uint8_t)op->zero_mode;
	vl_send(op->path->link, &h, payload);
}

static void send_length(struct vd_op *op, uint64_t length)
{
	uint8_t bytes[8];
	struct vt_wbuf w;
	vt_wbuf_init(&w, bytes, sizeof bytes);
	vt_put_u64(&w, length);
	send_frame(op, VF_ZERO, bytes, w.len);
}

void vd_send(struct vd_op *op)
{
	struct vd_path *path = op->path;
	if (!path->connected)
		return;
	op->sent_ns = vt_boottime_ns();
	struct vt_wbuf w;
	switch (op->frame) {
	case VF_ZERO:
		send_length(op, op->lost ? 0 : op->length);
		return;
	case VF_META:
		vt_wbuf_init(&w, path->scratch, sizeof path->scratch);
		vm_put_op(&w, &op->meta);
		assert(!w.failed); /* VM_OP_MAX holds every operation */
		send_frame(op, VF_META, w.data, w.len);
		return;
	case VF_FLUSH:
	case VF_TREE_END:
		send_frame(op, op->frame, NULL, 0);
		return;
	case VF_COPY:
		if (op->lost) { /* its bytes are gone; the range is copied anew */
			send_length(op, 0);
			return;
		}
		break;
	default:
		break;
	}
	send_frame(op, op->frame, op->payload, op->length);
}

void vd_emit(struct vd_op *op)
{
	struct vd_path *path = op->path;
	if (!vd_stream_live(path))
		return;
	if (op->inode && op->frame != VF_META && op->frame != VF_FLUSH) {
		op->file = op->inode->id;
		if (op->file == 0)
			return; /* had no name when the stream began: ours alone */
	}
	op->seq = path->next_seq++;
	op->gen = path->gen;
	assert(!path->window[op->seq % AW_SIZE]);
	path->window[op->seq % AW_SIZE] = op;
	vd_send(op);
}

static void advance(struct vd_path *path)
{
	while (path->oldest_seq < path->next_seq && !path->window[path->oldest_seq % AW_SIZE])
		path->oldest_seq++;
}

/* Unacknowledged operations lose their place in the stream, which is over. */
void vd_forget_window(struct vd_path *path)
{
	for (uint32_t i = 0; i < AW_SIZE; i++) {
		struct vd_op *op = path->window[i];
		path->window[i] = NULL;
		if (!op)
			continue;
		op->seq = 0;
		op->lost = true;
		if (op->on_ack)
			op->on_ack(op);
	}
	path->next_seq = 1;
	path->oldest_seq = 1;
}

static void guest_acked(struct vd_op *op)
{
	struct vd_path *path = op->path;
	bool data = op->frame == VF_WRITE || op->frame == VF_ZERO;
	if (op->peer_res < 0 && !(vd_no_space(op->peer_res) && data)) {
		op->acked = false; /* never answered by this stream */
		vd_broken(path, "the peer failed an operation: %s", strerror(-op->peer_res));
		return;
	}
	vd_try_finish(op);
}

static void on_ack(struct vd_path *path, uint64_t seq, int32_t res)
{
	struct vd_op *op = path->window[seq % AW_SIZE];
	if (!op || op->seq != seq)
		return;
	path->window[seq % AW_SIZE] = NULL;
	op->acked = true;
	op->peer_res = res > 0 ? 0 : res;
	if (op->on_ack)
		op->on_ack(op);
	else
		guest_acked(op);
}

void vd_on_acks(struct vd_path *path, const void *payload, uint32_t length)
{
	struct vt_rbuf r;
	vt_rbuf_init(&r, payload, length);
	if (path->stream != VD_STREAM_SOURCE || path->broken)
		return;
	while (vt_rbuf_left(&r) > 0) {
		uint64_t seq = vt_get_u64(&r);
		int32_t res = (int32_t)vt_get_u32(&r);
		if (r.failed) {
			vd_broken(path, "the peer sent a malformed acknowledgement");
			return;
		}
		on_ack(path, seq, res);
	}
	advance(path);
	vd_pump(path);
	vd_sync_step(path);
}

void vd_check_peer(struct vd_path *path, uint64_t now_ns, uint64_t limit_ns)
{
	struct vd_op *op = NULL;
	if (path->stream != VD_STREAM_SOURCE || !path->connected || path->broken)
		return;
	for (uint64_t seq = path->oldest_seq; seq < path->next_seq && !op; seq++)
		op = path->window[seq % AW_SIZE];
	if (op && now_ns > op->sent_ns && now_ns - op->sent_ns > limit_ns)
		vd_broken(path, "the peer did not do an operation within %llu s; is its disk well?",
			  (unsigned long long)(limit_ns / 1000000000u));
}

static void note_acked(struct vd_op *op)
{
	if (op->peer_res < 0 && !op->lost)
		vd_broken(op->path, "the peer failed an operation: %s", strerror(-op->peer_res));
	vd_op_free(op);
}

void vd_note(struct vd_path *path, struct vs_inode *inode, const struct vm_op *meta)
{
	if (!vd_stream_live(path) || !vd_window_room(path, 0) || !inode->id)
		return;
	struct vd_op *op = vd_op_get(path);
	if (!op)
		return;
	op->frame = VF_META;
	op->meta = *meta;
	op->meta.file = inode->id;
	op->on_ack = note_acked;
	vd_emit(op);
}

/* Writes change times on each host at its own pace; when a file comes to rest they are made equal.
 */
void vd_note_times(struct vd_path *path, struct vs_inode *inode)
{
	struct stat st;
	if (!inode->timed || !vd_stream_live(path) || vs_stat(inode, &st) < 0)
		return;
	inode->timed = false;
	struct vm_op meta = {
	    .kind = VM_SETATTR,
	    .flags = VM_SET_ATIME | VM_SET_MTIME,
	    .atime = {.sec = st.st_atim.tv_sec, .nsec = (uint32_t)st.st_atim.tv_nsec},
	    .mtime = {.sec = st.st_mtim.tv_sec, .nsec = (uint32_t)st.st_mtim.tv_nsec},
	};
	vd_note(path, inode, &meta);
}

void vd_note_gone(struct vd_path *path, struct vs_inode *inode)
{
	struct stat st;
	struct vm_op meta = {.kind = VM_FORGET};
	bool last = inode->lookups == 0 && inode->refs == 1;
	bool ours = path->stream != VD_STREAM_TARGET || inode->id == 0;
	if (!last || !ours || inode == vs_root(path->store) || vs_stat(inode, &st) < 0 ||
	    st.st_nlink > 0)
		return;
	vs_clean(inode);
	if (inode->id == 0 || !vd_stream_live(path) || !vd_window_room(path, 0))
		return;
	vd_note(path, inode, &meta);
	vs_set_id(inode, 0);
}
