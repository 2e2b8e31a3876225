// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way of a changing operation: wait for those it overlaps (S3), wait for the gate, start (local
 * I/O and frame at once; the order of starts is the order of the stream), wait for disk and peer,
 * answer. Nothing here calls itself through a chain of waiters: who may start goes to a queue.
 */
#include <assert.h>
#include <errno.h>

#include "io/dp_int.h"

void vd_queue_push(struct vd_queue *q, struct vd_op *op)
{
	op->queue_next = NULL;
	*q->tail = op;
	q->tail = &op->queue_next;
}

static struct vd_op *queue_pop(struct vd_queue *q)
{
	struct vd_op *op = q->head;
	if (op) {
		q->head = op->queue_next;
		if (!q->head)
			q->tail = &q->head;
	}
	return op;
}

static void ready(struct vd_op *op)
{
	vd_queue_push(op->gated ? &op->path->gated : &op->path->open, op);
}

static void node_ready(void *ctx, struct rg_node *n)
{
	(void)ctx;
	ready((struct vd_op *)((char *)n - offsetof(struct vd_op, range)));
}

static void waits(struct vd_op *op, int blockers)
{
	assert(blockers >= 0); /* the table holds more than there can be operations in it */
	op->in_ranges = true;
	if (blockers == 0)
		ready(op);
}

void vd_wait_range(struct vd_op *op, uint64_t key, uint64_t offset, uint64_t length)
{
	waits(op, rg_add(&op->path->ranges, &op->range, key, offset, length));
}

void vd_wait_all(struct vd_op *op)
{
	waits(op, rg_add_all(&op->path->ranges, &op->range));
}

void vd_wait_none(struct vd_op *op)
{
	ready(op);
}

void vd_unrange(struct vd_op *op)
{
	if (!op->in_ranges)
		return;
	op->in_ranges = false;
	rg_remove(&op->path->ranges, &op->range, node_ready, NULL);
}

/* The gate: nothing of the guest starts when frozen, nor in a pair without a stream (S1). */
static bool may_start(const struct vd_path *path)
{
	if (path->stream == VD_STREAM_STARTING)
		return false; /* the tree comes first, and that waits for what runs */
	if (path->gate != VD_SOLO && !(path->gate == VD_PAIR && vd_stream_live(path)))
		return false;
	return !vd_stream_live(path) || vd_window_room(path, VD_WINDOW_KEEP);
}

static void unlink_guest(struct vd_op *op)
{
	struct vd_path *path = op->path;
	if (op->list_prev)
		op->list_prev->list_next = op->list_next;
	else
		path->oldest_op = op->list_next;
	if (op->list_next)
		op->list_next->list_prev = op->list_prev;
	else
		path->newest_op = op->list_prev;
	path->guest_count--;
}

static void end_guest(struct vd_op *op)
{
	struct vd_path *path = op->path;
	if (op->seq && !op->acked && path->window[op->seq % AW_SIZE] == op) {
		/* Ended without the peer: its frame can't be sent again. */
		path->window[op->seq % AW_SIZE] = NULL;
		path->resumable = false;
	}
	vd_unrange(op);
	unlink_guest(op);
	vd_op_free(op);
	vd_check_drained(path);
}

static void start(struct vd_op *op)
{
	if (op->guest && op->answered) { /* failed while it waited */
		end_guest(op);
		return;
	}
	op->started = true;
	op->started_ns = vt_boottime_ns();
	op->start(op);
}

void vd_pump(struct vd_path *path)
{
	if (path->pumping)
		return;
	path->pumping = true;
	for (;;) {
		struct vd_op *op = queue_pop(&path->open);
		if (!op && path->gated.head && (path->gated.head->answered || may_start(path)))
			op = queue_pop(&path->gated);
		if (!op)
			break;
		start(op);
	}
	path->pumping = false;
}

void vd_guest_submit(struct vd_op *op)
{
	struct vd_path *path = op->path;
	op->guest = true;
	op->gated = true;
	op->arrival_ns = vt_boottime_ns();
	op->list_prev = path->newest_op;
	if (path->newest_op)
		path->newest_op->list_next = op;
	else
		path->oldest_op = op;
	path->newest_op = op;
	path->guest_count++;
	if (op->frame == VF_META)
		vd_wait_all(op);
	else if (op->frame == VF_FLUSH)
		vd_wait_none(op);
	else
		vd_wait_range(op, vd_key(op->inode), op->offset, op->length);
	vd_pump(path);
}

void vd_local_done(struct vd_op *op, int res)
{
	struct vd_path *path = op->path;
	op->local_done = true;
	op->local_res = res;
	vd_unrange(op); /* the stream's order is fixed by now */
	vd_try_finish(op);
	vd_sync_try_tree(path);
	vd_pump(path);
}

static bool needs_peer(const struct vd_op *op)
{
	const struct vd_path *path = op->path;
	if (!op->seq || op->acked || path->stream != VD_STREAM_SOURCE)
		return false;
	return path->gate == VD_PAIR || (path->connected && !path->broken);
}

/* What the guest is told: a lack of space on either host of a pair is a lack of space. A peer that
 * is still being brought up to date is no member: its failures are repaired, not told. */
static int guest_error(const struct vd_op *op)
{
	if (op->local_res < 0)
		return -op->local_res;
	return op->path->gate == VD_PAIR && op->acked && op->peer_res < 0 ? -op->peer_res : 0;
}

/* One side has the bytes and the other may not: ours count. */
static void compare_sides(struct vd_op *op)
{
	bool data = op->frame == VF_WRITE || op->frame == VF_ZERO;
	if (data && op->acked && (op->local_res < 0 || op->peer_res < 0))
		vd_repair(op->path, op->inode, op->offset, op->length);
}

void vd_try_finish(struct vd_op *op)
{
	struct vd_path *path = op->path;
	if (!op->local_done)
		return;
	if (!op->answered) {
		bool gate = path->gate == VD_PAIR || path->gate == VD_SOLO;
		if (!gate || needs_peer(op))
			return;
		if (path->gate == VD_PAIR && op->lost)
			return; /* its stream ended; the next resync carries it over (S1) */
		op->answered = true;
		vd_answer(op, guest_error(op));
	}
	compare_sides(op);
	end_guest(op);
}

void vd_finish_all(struct vd_path *path)
{
	bool fail = path->gate == VD_FAILED || path->gate == VD_READONLY;
	bool pumping = path->pumping;
	struct vd_op *next;
	path->pumping = true; /* nothing starts, and so ends, under our feet: `next` stays */
	for (struct vd_op *op = path->oldest_op; op; op = next) {
		next = op->list_next;
		if (fail && !op->answered) {
			op->answered = true;
			vd_answer(op, EIO);
		}
		vd_try_finish(op);
	}
	path->pumping = pumping;
	vd_pump(path);
	vd_check_drained(path);
}

void vd_check_disk(struct vd_path *path, uint64_t now_ns, uint64_t limit_ns)
{
	struct vd_op *op = path->oldest_op;
	while (op && (!op->started || op->local_done))
		op = op->list_next; /* held, or waiting for the peer */
	if (op && now_ns > op->started_ns && now_ns - op->started_ns > limit_ns)
		vd_disk_failed(path, ETIMEDOUT, "an operation");
}

void vd_check_drained(struct vd_path *path)
{
	bool repairing = path->stream == VD_STREAM_SOURCE && path->connected && !path->broken &&
			 vd_repairing(path);
	if (repairing && path->drain_done && path->gate == VD_FAILED) {
		/* A peer that has no space may not have any for ever: a resync is to settle it. */
		vd_broken(path, "the peer still lacks ranges that it had no space for");
		repairing = false;
	}
	if (path->drain_done && path->guest_count == 0 && path->apply_count == 0 && !repairing)
		vd_defer(path, VD_EV_DRAIN);
}
