// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What only one side could write for lack of space: one range a file, copied from ours each second
 * until the target took it. Bounded: further ranges of a file widen its one range.
 */
#include <errno.h>
#include <string.h>

#include "io/dp_int.h"

static void arm(struct vd_path *path);

void vd_repair(struct vd_path *path, struct vs_inode *inode, uint64_t offset, uint64_t length)
{
	uint64_t start = offset & ~(uint64_t)(VD_GRAIN - 1), end = offset + length;
	if (!inode->id || path->stream != VD_STREAM_SOURCE || path->closing)
		return;
	if (inode->in_repair) {
		inode->repair_start = start < inode->repair_start ? start : inode->repair_start;
		inode->repair_end = end > inode->repair_end ? end : inode->repair_end;
		return;
	}
	inode->in_repair = true;
	inode->repair_start = start;
	inode->repair_end = end;
	inode->repair_next = path->repairs;
	path->repairs = vs_ref(inode);
	arm(path);
}

static struct vs_inode *take(struct vs_inode **list)
{
	struct vs_inode *inode = *list;
	if (inode) {
		*list = inode->repair_next;
		inode->repair_next = NULL;
		inode->in_repair = false;
	}
	return inode;
}

void vd_repair_forget(struct vd_path *path)
{
	for (struct vs_inode *i = take(&path->repairs); i; i = take(&path->repairs))
		vs_unref(i);
	for (struct vs_inode *i = take(&path->repairs_now); i; i = take(&path->repairs_now))
		vs_unref(i);
}

/* A running repair: job->inode, [job->offset, job->length) is what is left. */
static void next_piece(struct vd_op *job);
static void run_one(struct vd_path *path);

static void job_end(struct vd_op *job)
{
	struct vd_path *path = job->path;
	vd_op_free(job);
	run_one(path); /* the next of this round; what failed again is for the next round */
	path->repairs_running--;
	if (path->repairs || path->repairs_now)
		arm(path);
	vd_check_drained(path);
}

static void piece_done(struct vd_op *batch)
{
	struct vd_op *job = batch->owner;
	vd_op_free(batch);
	next_piece(job);
}

static void next_piece(struct vd_op *job)
{
	struct vd_path *path = job->path;
	uint64_t length = 0;
	bool live = job->gen == path->gen && path->connected && !path->broken;
	int plan = live ? vd_plan_next(job->inode, job->offset, job->length, &length) : VD_PLAN_END;
	struct vd_op *batch = NULL;
	if (plan > VD_PLAN_END)
		batch = vd_batch_new(path, job->inode, job->offset, length, piece_done);
	if (!batch) {
		if (live && plan != VD_PLAN_END)
			vd_repair(path, job->inode, job->offset, job->length - job->offset);
		job_end(job);
		return;
	}
	batch->owner = job;
	job->offset += length;
	if (plan == VD_PLAN_HOLE) {
		vd_batch_hole(batch);
	} else {
		batch->need = UINT64_MAX;
		vd_batch_copy(batch);
	}
}

static void size_acked(struct vd_op *job)
{
	if (vd_no_space(job->peer_res))
		vd_repair(job->path, job->inode, job->offset, job->length - job->offset);
	else if (job->peer_res < 0 && !job->lost)
		vd_broken(job->path, "the peer failed to set a size: %s", strerror(-job->peer_res));
	job->seq = 0;
	job->on_ack = NULL;
	if (job->lost || job->peer_res < 0)
		job_end(job);
	else
		next_piece(job);
}

/* Nothing else runs: our size is what the stream up to here makes of the file. */
static void size_start(struct vd_op *job)
{
	struct stat st;
	bool live = job->gen == job->path->gen && job->path->connected;
	if (live && vs_stat(job->inode, &st) == 0 && st.st_nlink > 0) {
		job->frame = VF_META;
		job->meta = (struct vm_op){.kind = VM_SETATTR,
					   .flags = VM_SET_SIZE,
					   .file = job->inode->id,
					   .size = (uint64_t)st.st_size};
		job->on_ack = size_acked;
		vd_emit(job);
	}
	vd_unrange(job);
	if (!job->seq)
		job_end(job);
}

static void run_one(struct vd_path *path)
{
	struct vd_op *job = path->repairs_now ? vd_op_get(path) : NULL;
	if (!job)
		return;
	struct vs_inode *inode = take(&path->repairs_now);
	job->inode = inode; /* with the list's reference */
	job->offset = inode->repair_start;
	job->length = inode->repair_end;
	job->start = size_start;
	path->repairs_running++;
	vd_wait_all(job);
}

static void fire(struct vr_timer *t)
{
	struct vd_path *path =
	    (struct vd_path *)((char *)t - offsetof(struct vd_path, repair_timer));
	if (!path->connected || path->broken || path->repairs_running > 0) {
		if (path->repairs || path->repairs_now)
			arm(path);
		return;
	}
	if (!path->repairs_now) {
		path->repairs_now = path->repairs;
		path->repairs = NULL;
	}
	run_one(path);
	if (path->repairs_now && path->repairs_running == 0)
		arm(path);
	vd_pump(path);
}

static void arm(struct vd_path *path)
{
	if (path->repair_timer.at_ns || path->closing)
		return;
	path->repair_timer.fire = fire;
	vr_timer_arm(path->ring, &path->repair_timer, vt_boottime_ns() + VD_RETRY_NS);
}
