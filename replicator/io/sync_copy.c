// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making a range of a file on the target equal to ours. A batch may first compare hashes; what is
 * to be copied is read while the range is held in the conflict table, so that no guest write slips
 * in between the reading and the frame's place in the stream (S3).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "io/dp_int.h"

#define BLOCK 4096u /* zeroes are found in this size */

static bool is_zero(const uint8_t *p, size_t len)
{
	return p[0] == 0 && memcmp(p, p + 1, len - 1) == 0;
}

void vd_grain_hash(const uint8_t *grain, uint8_t out[VD_HASH_SIZE])
{
	XXH128_canonical_t canonical;
	static_assert(sizeof canonical == VD_HASH_SIZE, "a hash on the wire");
	if (is_zero(grain, VD_GRAIN)) {
		memset(out, 0, VD_HASH_SIZE); /* stands for zeroes and holes */
		return;
	}
	XXH128_canonicalFromHash(&canonical, XXH3_128bits(grain, VD_GRAIN));
	memcpy(out, &canonical, VD_HASH_SIZE);
}

int vd_plan_next(struct vs_inode *inode, uint64_t pos, uint64_t end, uint64_t *length)
{
	struct stat st;
	int fd = vs_data_fd(inode), rc = vs_stat(inode, &st);
	if (fd < 0 || rc < 0)
		return fd < 0 ? fd : rc;
	if (end > (uint64_t)st.st_size)
		end = (uint64_t)st.st_size;
	if (pos >= end || st.st_nlink == 0) /* without a name it ends with this host */
		return VD_PLAN_END;
	off_t data = lseek(fd, (off_t)pos, SEEK_DATA);
	if (data < 0 && errno != ENXIO)
		data = (off_t)pos; /* can't tell: read it */
	uint64_t hole_end = data < 0 ? end : (uint64_t)data & ~(uint64_t)(VD_GRAIN - 1);
	if (hole_end > end)
		hole_end = end;
	if (hole_end > pos) {
		*length = hole_end - pos;
		return VD_PLAN_HOLE;
	}
	*length = end - pos < VD_BATCH ? end - pos : VD_BATCH;
	return VD_PLAN_DATA;
}

struct vd_op *vd_batch_new(struct vd_path *path, struct vs_inode *inode, uint64_t offset,
			   uint64_t length, void (*done)(struct vd_op *batch))
{
	struct vd_op *op = vd_op_get(path);
	if (!op)
		return NULL;
	op->inode = vs_ref(inode);
	op->file = inode->id;
	op->offset = offset;
	op->length = length;
	op->batch_done = done;
	return op;
}

static void batch_end(struct vd_op *op)
{
	vd_unrange(op);
	vp_put(op->buf);
	op->buf = NULL;
	op->batch_done(op);
}

static bool stale(const struct vd_op *op)
{
	return op->gen != op->path->gen || !op->path->connected || op->path->broken;
}

/* ---- holes ---- */

static void hole_acked(struct vd_op *op)
{
	if (op->peer_res < 0 && !op->lost) {
		if (vd_no_space(op->peer_res))
			vd_repair(op->path, op->inode, op->offset, op->length);
		else
			vd_broken(op->path, "the peer failed to punch a hole: %s",
				  strerror(-op->peer_res));
	}
	batch_end(op);
}

/* The range is ours: say it's a hole, unless a guest wrote there since it was planned. */
static void hole_start(struct vd_op *op)
{
	struct vd_path *path = op->path;
	int fd = vs_data_fd(op->inode);
	off_t data = fd < 0 || stale(op) ? 0 : lseek(fd, (off_t)op->offset, SEEK_DATA);
	if (stale(op) || (data >= 0 && (uint64_t)data < op->offset + op->length)) {
		if (!stale(op))
			vd_repair(path, op->inode, op->offset, op->length);
		batch_end(op);
		return;
	}
	op->frame = VF_ZERO;
	op->zero_mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	op->on_ack = hole_acked;
	vd_emit(op);
	vd_unrange(op);
	if (!op->seq)
		batch_end(op);
}

void vd_batch_hole(struct vd_op *op)
{
	op->start = hole_start;
	vd_wait_range(op, vd_key(op->inode), op->offset, op->length);
	vd_pump(op->path);
}

/* ---- data ---- */

static void piece_acked(struct vd_op *piece)
{
	struct vd_op *batch = piece->owner;
	struct vd_path *path = piece->path;
	bool space = vd_no_space(piece->peer_res);
	if (space || (piece->lost && piece->gen == path->gen))
		vd_repair(path, piece->inode, piece->offset, piece->length);
	else if (piece->peer_res < 0)
		vd_broken(path, "the peer failed to write a copy: %s", strerror(-piece->peer_res));
	vd_op_free(piece);
	if (--batch->pending == 0)
		batch_end(batch);
}

static void send_piece(struct vd_op *batch, const uint8_t *data, uint64_t offset, uint64_t length,
		       bool zero)
{
	struct vd_path *path = batch->path;
	struct vd_op *piece = vd_op_get(path);
	if (!piece) {
		vd_repair(path, batch->inode, offset, length);
		return;
	}
	piece->inode = vs_ref(batch->inode);
	piece->offset = offset;
	piece->length = length;
	piece->frame = zero ? VF_ZERO : VF_COPY;
	piece->zero_mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	piece->payload = data;
	piece->owner = batch;
	piece->on_ack = piece_acked;
	batch->pending++;
	vd_emit(piece);
	piece->payload = NULL; /* taken over by the link */
	if (!zero)
		path->sync_sent += length;
	if (!piece->seq) { /* the stream ended under us */
		batch->pending--;
		vd_op_free(piece);
	}
}

/* Length of the run of equal kind (zero or not) at the beginning of p. */
static size_t run_length(const uint8_t *p, size_t len, bool *zero)
{
	size_t n = 0;
	while (n < len) {
		size_t step = len - n < BLOCK ? len - n : BLOCK;
		bool z = is_zero(p + n, step);
		if (n == 0)
			*zero = z;
		else if (z != *zero)
			break;
		n += step;
	}
	return n;
}

static unsigned count_runs(const uint8_t *p, size_t len)
{
	unsigned runs = 0;
	bool zero = false;
	for (size_t at = 0; at < len; runs++)
		at += run_length(p + at, len - at, &zero);
	return runs;
}

static void send_grain(struct vd_op *batch, uint64_t at, size_t len, size_t have)
{
	const uint8_t *p = batch->payload + at;
	uint64_t offset = batch->offset + at;
	bool zero = false;
	if (have < len) /* beyond our end there's nothing on the target either */
		send_piece(batch, NULL, offset + have, len - have, true);
	if (have == 0)
		return;
	if (count_runs(p, have) > VD_RUNS_MAX) {
		send_piece(batch, p, offset, have, false);
		return;
	}
	for (size_t i = 0; i < have;) {
		size_t n = run_length(p + i, have - i, &zero);
		send_piece(batch, p + i, offset + i, n, zero);
		i += n;
	}
}

static void copy_read(struct vd_op *op, int res)
{
	struct vd_path *path = op->path;
	op->pending = 1; /* until all pieces are out */
	if (res < 0)
		vd_disk_failed(path, -res, "a read for the peer");
	if (res >= 0 && !stale(op)) {
		op->inode->timed = true;
		uint64_t end = op->length;
		for (uint64_t at = 0, i = 0; at < end; at += VD_GRAIN, i++) {
			size_t len = end - at < VD_GRAIN ? end - at : VD_GRAIN;
			size_t have = (uint64_t)res <= at ? 0 : (uint64_t)res - at;
			if (op->need & (1ull << i))
				send_grain(op, at, len, have < len ? have : len);
		}
	}
	vd_unrange(op);
	vp_put(op->buf);
	op->buf = NULL;
	if (--op->pending == 0)
		batch_end(op);
	vd_pump(path);
}

static void copy_start(struct vd_op *op)
{
	if (stale(op))
		batch_end(op);
	else
		vd_rw_read(op, copy_read);
}

static void copies_wake(void *ctx);

/* The buffer comes first: whoever holds a range must not wait for one that waiters may hold. */
static bool copy_try(struct vd_op *op)
{
	if (stale(op)) {
		batch_end(op);
		return true;
	}
	op->buf = vp_get(op->path->pool, false);
	if (!op->buf)
		return false;
	op->start = copy_start;
	vd_wait_range(op, vd_key(op->inode), op->offset, op->length);
	return true;
}

static void copies_wake(void *ctx)
{
	struct vd_path *path = ctx;
	struct vd_queue q = path->copies;
	path->copies = (struct vd_queue){.tail = &path->copies.head};
	struct vd_op *next;
	for (struct vd_op *op = q.head; op; op = next) {
		next = op->queue_next;
		if (!copy_try(op)) {
			vd_queue_push(&path->copies, op);
			vp_wait(path->pool, copies_wake, path);
		}
	}
	vd_pump(path);
}

void vd_batch_copy(struct vd_op *op)
{
	vd_queue_push(&op->path->copies, op);
	copies_wake(op->path);
}

/* ---- hashes first ---- */

static void hash_acked(struct vd_op *op)
{
	if (op->peer_res < 0 && !op->lost)
		vd_broken(op->path, "the peer failed to compare a range: %s",
			  strerror(-op->peer_res));
	op->frame = 0;
	op->seq = 0;
	op->on_ack = NULL;
	if (op->lost || op->need == 0 || stale(op))
		batch_end(op);
	else
		vd_batch_copy(op);
}

static void hash_read(struct vd_op *op, int res)
{
	if (res < 0)
		vd_disk_failed(op->path, -res, "a read for the peer");
	if (res < 0 || stale(op)) {
		batch_end(op);
		return;
	}
	uint8_t hashes[VD_BATCH_GRAINS * VD_HASH_SIZE];
	uint64_t length = op->length;
	unsigned grains = (unsigned)((length + VD_GRAIN - 1) / VD_GRAIN);
	memset(op->buf->mem + res, 0, (size_t)grains * VD_GRAIN - (size_t)res);
	for (unsigned i = 0; i < grains; i++)
		vd_grain_hash(op->buf->mem + (size_t)i * VD_GRAIN, hashes + i * VD_HASH_SIZE);
	op->frame = VF_HASH;
	op->payload = hashes;
	op->length = grains * VD_HASH_SIZE;
	op->on_ack = hash_acked;
	vd_emit(op);
	op->payload = NULL;
	op->length = length;
	vp_put(op->buf);
	op->buf = NULL;
	if (!op->seq)
		batch_end(op);
}

void vd_batch_hash(struct vd_op *op)
{
	assert(op->offset % VD_GRAIN == 0 && op->length <= VD_BATCH && op->buf);
	vd_rw_read(op, hash_read);
}

void vd_on_need(struct vd_path *path, const struct vf_header *h, const void *payload)
{
	struct vt_rbuf r;
	vt_rbuf_init(&r, payload, h->length);
	uint64_t seq = vt_get_u64(&r), need = vt_get_u64(&r);
	if (path->stream != VD_STREAM_SOURCE || path->broken)
		return;
	struct vd_op *op = path->window[seq % AW_SIZE];
	if (!vt_rbuf_done(&r) || !op || op->seq != seq || op->frame != VF_HASH) {
		vd_broken(path, "the peer asked for a range it wasn't told of");
		return;
	}
	op->need = need & ((1ull << VD_BATCH_GRAINS) - 1);
}
