// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/dp.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/dp_int.h"

#define SLAB_OPS 64

static int grow(struct vd_path *path)
{
	if (path->op_count + SLAB_OPS > VD_OPS_MAX)
		return -ENOMEM;
	void **slabs = realloc(path->slabs, (path->slab_count + 1) * sizeof *slabs);
	if (!slabs)
		return -ENOMEM;
	path->slabs = slabs;
	struct vd_op *ops = calloc(SLAB_OPS, sizeof *ops);
	if (!ops)
		return -ENOMEM;
	slabs[path->slab_count++] = ops;
	path->op_count += SLAB_OPS;
	for (int i = 0; i < SLAB_OPS; i++) {
		ops[i].queue_next = path->free_ops;
		path->free_ops = &ops[i];
	}
	return 0;
}

struct vd_op *vd_op_get(struct vd_path *path)
{
	if (!path->free_ops && grow(path) < 0)
		return NULL;
	struct vd_op *op = path->free_ops;
	path->free_ops = op->queue_next;
	memset(op, 0, sizeof *op);
	op->path = path;
	op->gen = path->gen;
	path->ops_used++;
	return op;
}

void vd_op_free(struct vd_op *op)
{
	struct vd_path *path = op->path;
	if (op->inode)
		vd_note_gone(path, op->inode);
	vs_unref(op->inode);
	vs_unref(op->parent);
	vs_unref(op->parent2);
	vs_unref(op->made);
	op->queue_next = path->free_ops;
	path->free_ops = op;
	path->ops_used--;
	vp_put(op->buf); /* last: may wake the front, which takes the next operation */
}

static void fire_broken(struct vd_path *path)
{
	path->events.stream_broken(path->events.ctx, path->broken_text);
}

static void fire_drain(struct vd_path *path)
{
	void (*done)(void *ctx) = path->drain_done;
	path->drain_done = NULL;
	if (done)
		done(path->drain_ctx);
}

static void fire_deferred(struct vr_timer *t)
{
	struct vd_path *path =
	    (struct vd_path *)((char *)t - offsetof(struct vd_path, defer_timer));
	uint32_t what = path->deferred;
	path->deferred = 0;
	if (what & VD_EV_READ)
		vd_front_resume(path);
	if (what & VD_EV_GONE)
		path->events.mount_gone(path->events.ctx);
	if (what & VD_EV_DISK)
		path->events.disk_failed(path->events.ctx, path->disk_error, path->disk_text);
	if (what & VD_EV_BROKEN && path->broken)
		fire_broken(path);
	if (what & VD_EV_SYNC_DONE && path->stream == VD_STREAM_SOURCE && !path->broken)
		path->events.sync_done(path->events.ctx);
	if (what & VD_EV_DRAIN)
		fire_drain(path);
}

void vd_defer(struct vd_path *path, enum vd_defer what)
{
	if (!path->deferred)
		vr_timer_arm(path->ring, &path->defer_timer, vt_boottime_ns());
	path->deferred |= what;
}

void vd_broken(struct vd_path *path, const char *fmt, ...)
{
	if (path->broken)
		return;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(path->broken_text, sizeof path->broken_text, fmt, ap);
	va_end(ap);
	path->broken = true;
	vd_defer(path, VD_EV_BROKEN);
}

void vd_disk_failed(struct vd_path *path, int error, const char *what)
{
	if (path->disk_error || path->closing)
		return; /* said once: the unit leaves this disk */
	path->disk_error = error;
	snprintf(path->disk_text, sizeof path->disk_text,
		 "unit %s: %s in the store %.300s failed: %s; check the disk and the kernel's log",
		 path->unit, what, path->data_dir, strerror(error));
	vd_defer(path, VD_EV_DISK);
}

static void idle(void *ctx)
{
	struct vd_path *path = ctx;
	vd_flush_acks(path);
	vd_sync_step(path);
}

static void free_path(struct vd_path *path)
{
	vs_close(path->store);
	rg_free(&path->ranges);
	for (uint32_t i = 0; i < path->slab_count; i++)
		free(path->slabs[i]);
	free(path->slabs);
	free(path);
}

static int copy_config(struct vd_path *path, const struct vd_config *config, struct vt_fail *fail)
{
	if (strlen(config->unit) >= sizeof path->unit ||
	    strlen(config->data_dir) >= sizeof path->data_dir ||
	    strlen(config->mount_dir) >= sizeof path->mount_dir)
		return vt_fail(fail, -ENAMETOOLONG, "unit %.64s: a path is too long; shorten it",
			       config->unit);
	strcpy(path->unit, config->unit);
	strcpy(path->data_dir, config->data_dir);
	strcpy(path->mount_dir, config->mount_dir);
	return 0;
}

int vd_open(struct vd_path **out, struct vr_ring *ring, struct vp_pool *pool,
	    const struct vd_config *config, const struct vd_events *events, struct vt_fail *fail)
{
	struct vd_path *path = calloc(1, sizeof *path);
	if (!path)
		return vt_fail(fail, -ENOMEM, "unit %s: no memory", config->unit);
	path->ring = ring;
	path->pool = pool;
	path->events = *events;
	path->gate = VD_READONLY;
	path->gated.tail = &path->gated.head;
	path->open.tail = &path->open.head;
	path->copies.tail = &path->copies.head;
	path->next_seq = path->oldest_seq = 1;
	path->next_id = 1;
	path->undurable = true;
	path->defer_timer.fire = fire_deferred;
	int rc = copy_config(path, config, fail);
	if (rc >= 0 && rg_init(&path->ranges, VD_RANGES_MAX) < 0)
		rc = vt_fail(fail, -ENOMEM, "unit %s: no memory", config->unit);
	if (rc >= 0)
		rc = vs_open(&path->store, path->unit, path->data_dir, fail);
	if (rc >= 0)
		rc = vd_front_open(path, fail);
	if (rc < 0) {
		free_path(path);
		return rc;
	}
	vr_on_idle(ring, idle, path);
	*out = path;
	return 0;
}

void vd_set_gate(struct vd_path *path, enum vd_gate gate)
{
	path->gate = gate;
	if (gate != VD_FROZEN)
		vd_finish_all(path);
}

void vd_drain(struct vd_path *path, void (*done)(void *ctx), void *ctx)
{
	path->drain_done = done;
	path->drain_ctx = ctx;
	vd_check_drained(path);
}

static void flushed(struct vd_op *op, int res)
{
	struct vd_path *path = op->path;
	void (*done)(void *ctx, int res) = op->flush_done;
	void *ctx = op->flush_ctx;
	if (res < 0)
		vd_disk_failed(path, -res, "a flush");
	vd_op_free(op);
	done(ctx, res < 0 ? res : 0);
}

void vd_flush(struct vd_path *path, void (*done)(void *ctx, int res), void *ctx)
{
	struct vd_op *op = vd_op_get(path);
	if (!op) {
		done(ctx, -ENOMEM);
		return;
	}
	op->flush_done = done;
	op->flush_ctx = ctx;
	vd_sync_inodes(op, flushed);
}

void vd_progress(const struct vd_path *path, struct vd_progress *out)
{
	*out = (struct vd_progress){
	    .total_bytes = path->sync_total,
	    .done_bytes = path->sync_done,
	    .sent_bytes = path->sync_sent,
	    .held = path->guest_count,
	    .oldest_ns = path->oldest_op ? path->oldest_op->arrival_ns : 0,
	    .writes = path->writes,
	    .reads = path->reads,
	    .flushes = path->flushes,
	};
}

/* Operations whose I/O the kernel still has must end before their memory goes. */
#define CLOSE_WAIT_NS 10000000000u

void vd_close(struct vd_path *path)
{
	if (!path)
		return;
	path->closing = true;
	vd_set_gate(path, VD_FAILED);
	vd_stream_end(path);
	vd_front_close(path);
	uint64_t until = vt_boottime_ns() + CLOSE_WAIT_NS;
	while (path->ops_used > 0 && vt_boottime_ns() < until)
		if (vr_step(path->ring, until) < 0)
			break;
	vr_timer_cancel(path->ring, &path->defer_timer);
	vr_timer_cancel(path->ring, &path->repair_timer);
	vr_on_idle(path->ring, NULL, path);
	if (path->ops_used > 0)
		return; /* a disk that never answers: leaking is safe, freeing is not (S7) */
	vd_front_destroy(path);
	free_path(path);
}
