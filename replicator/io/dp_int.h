/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data path inside. One struct vd_op is one operation of any kind, from the guest, from the
 * peer or of the resync; what differs is in its function pointers. All of them come from one free
 * list.
 *
 *   fuse_*.c     guest requests become operations          rw.c      local reads and writes
 *   pipeline.c   gate, order, holding, answering (S3)      flush.c   making things durable
 *   sender.c     the stream's source: sequence, window     applier.c its target
 *   sync_source.c, sync_copy.c, sync_target.c  resync      repair.c  ranges one side failed to
 * write
 */
#ifndef VMTWIN_IO_DP_INT_H
#define VMTWIN_IO_DP_INT_H

#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

#include "io/dp.h"
#include "io/ranges.h"
#include "io/store.h"
#include "io/window.h"
#include "wire/metaop.h"

#define VD_OPS_MAX 16384	 /* operations of all kinds; FUSE itself stops at a few hundred */
#define VD_RANGES_MAX VD_OPS_MAX /* of them in the conflict table */
#define VD_ACKS_MAX AW_SIZE	 /* answers gathered into one VF_ACK: all there can be */
#define VD_RW_TRIES 16	    /* times one request may be continued after a short or broken step */
#define VD_WINDOW_KEEP 2048 /* of the stream's window, left by guests to resync and repair */
#define VD_RETRY_NS 1000000000u /* between tries of what failed for lack of space */

enum vd_reply {
	VD_REPLY_NONE,
	VD_REPLY_ERR,
	VD_REPLY_WRITE,
	VD_REPLY_ENTRY,
	VD_REPLY_CREATE,
	VD_REPLY_ATTR
};

/* What the stream is on this host. */
enum vd_stream { VD_STREAM_NONE, VD_STREAM_STARTING, VD_STREAM_SOURCE, VD_STREAM_TARGET };

struct vd_op {
	struct vr_op io; /* first: the ring gives it back */
	struct vd_path *path;
	struct vd_op *queue_next;	     /* ready queue, or free list */
	struct vd_op *list_next, *list_prev; /* guest operations by age */
	struct rg_node range;
	bool in_ranges, gated, guest, started, local_done, acked, answered, lost;

	void (*start)(struct vd_op *op); /* nothing that it must wait for is left */
	void (*rw_done)(struct vd_op *op, int res);
	void (*on_ack)(struct vd_op *op); /* NULL: a guest operation */

	struct vs_inode *inode, *parent, *parent2, *made; /* referenced */
	uint64_t offset, length;
	uint32_t zero_mode; /* FALLOC_FL_* */
	struct vp_buf *buf; /* referenced; payload and names lie in it */
	const uint8_t *payload;
	struct vm_op meta;
	int local_res, peer_res;

	/* the stream */
	uint8_t frame; /* enum vf_type, 0: not replicated */
	uint64_t seq, file, gen;
	uint64_t sent_ns; /* when the frame went out last */

	/* the guest */
	enum vd_reply reply;
	fuse_req_t req;
	int open_flags;
	uint64_t arrival_ns, started_ns;

	/* the running step of local I/O */
	int rw_fd, rw_tries;
	bool rw_direct;
	uint8_t *rw_mem;
	uint64_t rw_off, rw_len, rw_pos, rw_skip;

	/* flushes: a parent with one child an inode */
	struct vd_op *owner;
	uint32_t pending;
	uint8_t dirt;
	bool datasync;
	void (*flush_done)(void *ctx, int res);
	void *flush_ctx;

	uint64_t need; /* of a batch: grains the target asked for */
	void (*batch_done)(struct vd_op *batch);
};

struct vd_queue {
	struct vd_op *head, **tail;
};

enum vd_defer {
	VD_EV_SYNC_DONE = 1,
	VD_EV_BROKEN = 2,
	VD_EV_DISK = 4,
	VD_EV_GONE = 8,
	VD_EV_DRAIN = 16,
	VD_EV_READ = 32
};

struct vd_front {
	struct fuse_session *se;
	int fd;
	bool mounted, gone, stalled, reading;
	struct vr_op poll;
	bool polling;
	struct vp_buf *current; /* holds the request being dispatched */
};

struct vd_sync; /* sync_source.c */
struct vd_tree; /* sync_target.c */

struct vd_path {
	struct vr_ring *ring;
	struct vp_pool *pool;
	struct vd_events events;
	char unit[128], data_dir[4096], mount_dir[4096];
	enum vd_gate gate;
	struct vs_store *store;
	struct vd_front front;
	bool closing;

	struct rg_table ranges;
	struct vd_op *free_ops;
	void **slabs;
	uint32_t slab_count, op_count, ops_used;
	struct vd_op *oldest_op, *newest_op; /* guest operations, by age */
	uint32_t guest_count, apply_count;
	uint32_t running; /* changing operations whose local I/O is under way */
	struct vd_queue gated, open;
	bool pumping;

	enum vd_stream stream;
	struct vl_link *link;
	bool connected; /* frames flow */
	bool resumable; /* every unacknowledged frame can be sent again */
	bool broken;
	uint64_t gen; /* of the stream: what belongs to an older one is dropped */
	uint64_t next_seq, oldest_seq;
	uint64_t next_id;
	struct vd_op *window[AW_SIZE]; /* unacknowledged, by seq */
	uint8_t scratch[VM_OP_MAX];

	struct aw_window applied;
	uint8_t acks[VD_ACKS_MAX * 12];
	uint32_t ack_count;
	struct vd_tree *tree;
	struct vd_sync *sync;
	struct vd_queue copies; /* batches waiting for a buffer */

	struct vs_inode *repairs, *repairs_now; /* for the next round; of the running one */
	struct vr_timer repair_timer;
	uint32_t repairs_running;

	bool undurable; /* what was written before our start may not be durable */
	struct vr_timer defer_timer;
	uint32_t deferred;
	char broken_text[256], disk_text[512];
	int disk_error;
	void (*drain_done)(void *ctx);
	void *drain_ctx;

	uint64_t writes, reads, flushes, sync_total, sync_done, sync_sent;
};

/* dp.c */
struct vd_op *vd_op_get(struct vd_path *path); /* zeroed; NULL: VD_OPS_MAX are in use */
void vd_op_free(struct vd_op *op);	       /* gives back references and buffer as well */
/* Has events reported from the loop, not from within whatever is running. */
void vd_defer(struct vd_path *path, enum vd_defer what);
void vd_broken(struct vd_path *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void vd_disk_failed(struct vd_path *path, int error, const char *what);
static inline bool vd_no_space(int res)
{
	return res == -ENOSPC || res == -EDQUOT;
}

/* pipeline.c */
void vd_queue_push(struct vd_queue *q, struct vd_op *op);
/* How an operation waits for others before its start: */
void vd_wait_range(struct vd_op *op, uint64_t key, uint64_t offset, uint64_t length);
void vd_wait_all(struct vd_op *op);
void vd_wait_none(struct vd_op *op);
void vd_unrange(struct vd_op *op); /* lets those behind it go */
void vd_pump(struct vd_path *path);
/* Takes a guest's changing operation: it starts when gate and order allow. */
void vd_guest_submit(struct vd_op *op);
void vd_local_done(struct vd_op *op, int res);
void vd_try_finish(struct vd_op *op);
void vd_finish_all(struct vd_path *path); /* the gate or the stream changed */
void vd_check_drained(struct vd_path *path);
static inline uint64_t vd_key(const struct vs_inode *inode)
{
	return (uint64_t)(uintptr_t)inode;
}

/* rw.c: one local request; rw_done gets what was done, or -errno. */
void vd_rw_write(struct vd_op *op, void (*done)(struct vd_op *op, int res));
/* Reads into op->buf; op->payload is where the data begins. Shorter at the end of the file. */
void vd_rw_read(struct vd_op *op, void (*done)(struct vd_op *op, int res));
void vd_rw_zero(struct vd_op *op, void (*done)(struct vd_op *op, int res));
/* Has the kernel forget cached pages of the file: a direct write over them would go through one of
 * its threads, at twice the cost. */
void vd_rw_uncache(struct vd_path *path, struct vs_inode *inode);

/* flush.c: makes op->inode and dirty directories (or, without inode, all dirty inodes) durable. */
void vd_sync_inodes(struct vd_op *op, void (*done)(struct vd_op *op, int res));

/* fuse_front.c, fuse_read.c, fuse_change.c, fuse_name.c */
int vd_front_open(struct vd_path *path, struct vt_fail *fail);
void vd_front_close(struct vd_path *path);   /* unmounts */
void vd_front_destroy(struct vd_path *path); /* nothing is to be answered any more */
void vd_front_resume(void *path);	     /* goes on reading requests */
void vd_answer(struct vd_op *op, int error);
void vd_front_read_ops(struct fuse_lowlevel_ops *ops);
void vd_front_change_ops(struct fuse_lowlevel_ops *ops);
void vd_front_name_ops(struct fuse_lowlevel_ops *ops);
struct vd_path *vd_req_path(fuse_req_t req);
struct vs_inode *vd_req_inode(fuse_req_t req, fuse_ino_t ino);
/* A changing operation for req, or NULL after answering it (read-only, failed, no memory). */
struct vd_op *vd_guest_new(fuse_req_t req, enum vd_reply reply);
void vd_open_reply(struct vd_path *path, fuse_req_t req, struct vs_inode *inode);

/* sender.c */
bool vd_stream_live(const struct vd_path *path);
bool vd_window_room(const struct vd_path *path, uint32_t keep);
void vd_emit(struct vd_op *op); /* gives a sequence number and sends, if the file takes part */
void vd_send(struct vd_op *op); /* the frame itself, once or again */
void vd_forget_window(struct vd_path *path);
void vd_on_acks(struct vd_path *path, const void *payload, uint32_t length);
/* Sends a change that no guest waits for (times, forgotten ids). */
void vd_note(struct vd_path *path, struct vs_inode *inode, const struct vm_op *meta);
void vd_note_times(struct vd_path *path, struct vs_inode *inode);
/* If inode has no name and no user left but the caller: its id ends on both hosts. */
void vd_note_gone(struct vd_path *path, struct vs_inode *inode);

/* applier.c */
void vd_apply_frame(struct vd_path *path, const struct vf_header *h, struct vp_buf *payload);
void vd_apply_done(struct vd_op *op, int res);
void vd_flush_acks(struct vd_path *path);
void vd_target_free(struct vd_path *path);
/* sync_target.c */
int vd_tree_begin(struct vd_path *path);
int vd_tree_entries(struct vd_path *path, const void *payload, size_t len);
int vd_tree_end(struct vd_path *path);
void vd_hash_start(struct vd_op *op);

/* sync_source.c */
void vd_sync_try_tree(struct vd_path *path); /* the stream begins once nothing runs */
void vd_sync_step(struct vd_path *path);
void vd_sync_stop(struct vd_path *path);
bool vd_sync_running(const struct vd_path *path);

/* sync_copy.c: bringing a range of the target to what ours is. */
#define VD_GRAIN 65536u
#define VD_BATCH_GRAINS 16u
#define VD_BATCH (VD_GRAIN * VD_BATCH_GRAINS)
#define VD_HASH_SIZE 16u
#define VD_RUNS_MAX 6u /* frames a grain is cut into around its zeroes */
enum vd_plan { VD_PLAN_END, VD_PLAN_HOLE, VD_PLAN_DATA };
/* What comes at pos, below end: a hole or data of *length bytes (data: one batch at most). */
int vd_plan_next(struct vs_inode *inode, uint64_t pos, uint64_t end, uint64_t *length);
struct vd_op *vd_batch_new(struct vd_path *path, struct vs_inode *inode, uint64_t offset,
			   uint64_t length, void (*done)(struct vd_op *batch));
void vd_batch_hole(struct vd_op *batch);
void vd_batch_copy(struct vd_op *batch); /* the grains in batch->need */
void vd_batch_hash(struct vd_op *batch); /* batch->buf is set: asks the target first */
void vd_on_need(struct vd_path *path, const struct vf_header *h, const void *payload);
void vd_grain_hash(const uint8_t *grain, uint8_t out[VD_HASH_SIZE]);

/* repair.c: ranges that only one side could write are copied from ours until it worked. */
void vd_repair(struct vd_path *path, struct vs_inode *inode, uint64_t offset, uint64_t length);
void vd_repair_forget(struct vd_path *path);
static inline bool vd_repairing(const struct vd_path *path)
{
	return path->repairs || path->repairs_now || path->repairs_running > 0;
}

#endif
