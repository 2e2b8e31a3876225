// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The source's half of a resync: the tree at one moment, then each file's content by hashes, while
 * guests go on. It holds back when guests or the link are busy.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "io/dp_int.h"

#define BATCHES_MAX 16	       /* compared or copied at a time */
#define BATCHES_BUSY 4	       /* while guests wait for answers */
#define BACKLOG_MAX (4u << 20) /* bytes in the link before resync adds no more */
#define WINDOW_MAX 1024	       /* frames in flight before resync adds no more */
#define TREE_FRAME_MAX (1u << 20)
#define TREE_FRAMES_MAX 1024u

enum phase { PHASE_COPY, PHASE_FLUSH };

struct sync_file {
	struct vs_inode *inode; /* referenced */
};

struct vd_sync {
	enum phase phase;
	struct sync_file *files; /* regular files */
	uint32_t files_len, files_cap, at;
	uint64_t pos;
	uint32_t batches;
	bool waiting; /* for a buffer */
	bool stepping;
};

struct tree_walk {
	struct vd_path *path;
	struct vt_wbuf w;
	uint32_t frames;
};

bool vd_sync_running(const struct vd_path *path)
{
	return path->sync != NULL;
}

static void sync_wake(void *ctx)
{
	struct vd_path *path = ctx;
	if (path->sync)
		path->sync->waiting = false;
	vd_sync_step(path);
	vd_pump(path);
}

void vd_sync_stop(struct vd_path *path)
{
	struct vd_sync *sync = path->sync;
	path->sync = NULL;
	vp_unwait(path->pool, sync_wake, path);
	if (!sync)
		return;
	for (uint32_t i = 0; i < sync->files_len; i++) {
		vd_note_gone(path, sync->files[i].inode);
		vs_unref(sync->files[i].inode);
	}
	free(sync->files);
	free(sync);
}

/* ---- the tree ---- */

static void plain_acked(struct vd_op *op)
{
	struct vd_path *path = op->path;
	if (op->peer_res < 0 && !op->lost)
		vd_broken(path, "the peer can't take over the tree of files: %s",
			  strerror(-op->peer_res));
	vd_op_free(op);
}

static int emit_plain(struct vd_path *path, uint8_t frame, const void *payload, size_t len,
		      void (*acked)(struct vd_op *op))
{
	struct vd_op *op = vd_op_get(path);
	if (!op)
		return -ENOMEM;
	op->frame = frame;
	op->payload = payload;
	op->length = len;
	op->on_ack = acked;
	vd_emit(op);
	op->payload = NULL;
	if (op->seq)
		return 0;
	vd_op_free(op);
	return -EPIPE;
}

static int add_file(struct vd_sync *sync, struct vs_inode *inode)
{
	if (sync->files_len == sync->files_cap) {
		uint32_t cap = sync->files_cap ? sync->files_cap * 2 : 64;
		struct sync_file *files = realloc(sync->files, cap * sizeof *files);
		if (!files)
			return -ENOMEM;
		sync->files = files;
		sync->files_cap = cap;
	}
	sync->files[sync->files_len++].inode = vs_ref(inode);
	return 0;
}

static void put_xattrs(struct vt_wbuf *w, struct vm_entry *e, struct vs_inode *inode)
{
	char path[VS_PROC_PATH], list[VM_VALUE_MAX];
	uint8_t value[VM_VALUE_MAX];
	vs_proc_path(inode, path);
	ssize_t n = listxattr(path, list, sizeof list);
	e->xattr_count = 0;
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(list + at) + 1)
		if (getxattr(path, list + at, NULL, 0) >= 0)
			e->xattr_count++;
	vm_put_entry(w, e);
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(list + at) + 1) {
		ssize_t len = getxattr(path, list + at, value, sizeof value);
		if (len < 0)
			continue;
		struct vm_xattr x = {.name = list + at, .value = value, .len = (uint32_t)len};
		vm_put_xattr(w, &x);
	}
}

static int put_entry(struct vt_wbuf *w, struct vs_inode *parent, const char *name,
		     struct vs_inode *inode, const struct stat *st, bool link)
{
	char target[VM_TARGET_MAX + 1] = "";
	if (S_ISLNK(st->st_mode)) {
		ssize_t n = readlinkat(inode->fd, "", target, sizeof target);
		if (n < 0 || (size_t)n == sizeof target)
			return n < 0 ? -errno : -ENAMETOOLONG;
		target[n] = 0;
	}
	struct vm_entry e = {
	    .file = inode->id,
	    .parent = parent ? parent->id : 0,
	    .link = link,
	    .mode = st->st_mode & (S_IFMT | 07777),
	    .uid = st->st_uid,
	    .gid = st->st_gid,
	    .size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
	    .atime = {.sec = st->st_atim.tv_sec, .nsec = (uint32_t)st->st_atim.tv_nsec},
	    .mtime = {.sec = st->st_mtim.tv_sec, .nsec = (uint32_t)st->st_mtim.tv_nsec},
	    .name = name,
	    .target = target,
	};
	put_xattrs(w, &e, inode);
	return 0;
}

static int flush_tree(struct tree_walk *walk)
{
	if (walk->w.len == 0)
		return 0;
	if (++walk->frames > TREE_FRAMES_MAX)
		return -E2BIG;
	int rc = emit_plain(walk->path, VF_TREE, walk->w.data, walk->w.len, plain_acked);
	vt_wbuf_init(&walk->w, walk->w.data, walk->w.cap);
	return rc;
}

static int visit(void *ctx, struct vs_inode *parent, const char *name, struct vs_inode *inode,
		 const struct stat *st)
{
	struct tree_walk *walk = ctx;
	struct vd_path *path = walk->path;
	bool link = inode->id != 0;
	if (!link) {
		vs_set_id(inode, path->next_id++);
		inode->timed = false;
	}
	size_t before = walk->w.len;
	int rc = put_entry(&walk->w, parent, name, inode, st, link);
	if (rc >= 0 && walk->w.failed && before > 0) { /* full: send what came before */
		walk->w.failed = false;
		walk->w.len = before;
		rc = flush_tree(walk);
		if (rc >= 0)
			rc = put_entry(&walk->w, parent, name, inode, st, link);
	}
	if (rc >= 0 && walk->w.failed)
		rc = -E2BIG;
	if (rc < 0 || link || !S_ISREG(st->st_mode))
		return rc;
	path->sync_total += (uint64_t)st->st_size;
	return add_file(path->sync, inode);
}

static int send_tree(struct vd_path *path)
{
	struct vs_inode *root = vs_root(path->store);
	struct tree_walk walk = {.path = path};
	struct stat st;
	uint8_t *mem = malloc(TREE_FRAME_MAX);
	if (!mem)
		return -ENOMEM;
	vt_wbuf_init(&walk.w, mem, TREE_FRAME_MAX);
	int rc = vs_stat(root, &st);
	if (rc >= 0)
		rc = visit(&walk, NULL, "", root, &st);
	if (rc >= 0)
		rc = vs_walk(path->store, visit, &walk);
	if (rc >= 0)
		rc = flush_tree(&walk);
	if (rc >= 0)
		rc = emit_plain(path, VF_TREE_END, NULL, 0, plain_acked);
	free(mem);
	return rc;
}

void vd_sync_try_tree(struct vd_path *path)
{
	if (path->stream != VD_STREAM_STARTING || path->running > 0)
		return;
	if (!vl_is_up(path->link)) { /* lost meanwhile: a new start will follow */
		path->stream = VD_STREAM_NONE;
		vd_pump(path);
		return;
	}
	path->stream = VD_STREAM_SOURCE;
	path->connected = true;
	path->resumable = true;
	path->sync_total = path->sync_done = path->sync_sent = 0;
	path->sync = calloc(1, sizeof *path->sync);
	int rc = path->sync ? send_tree(path) : -ENOMEM;
	if (rc < 0) {
		vd_broken(path, "can't read the tree of the store: %s", strerror(-rc));
		return;
	}
	vd_sync_step(path);
	vd_pump(path);
}

/* ---- content ---- */

static void batch_done(struct vd_op *batch)
{
	struct vd_path *path = batch->path;
	bool ours = batch->gen == path->gen && path->sync;
	if (ours) {
		path->sync->batches--;
		path->sync_done += batch->length;
	}
	vd_op_free(batch);
	if (ours)
		vr_again(path->ring); /* the idle hook goes on */
}

static void next_file(struct vd_sync *sync)
{
	sync->at++;
	sync->pos = 0;
}

/* Starts one batch. False: not now. */
static bool start_batch(struct vd_path *path)
{
	struct vd_sync *sync = path->sync;
	struct vs_inode *inode = sync->files[sync->at].inode;
	uint64_t length = 0;
	int plan = vd_plan_next(inode, sync->pos, UINT64_MAX, &length);
	if (plan < 0) {
		vd_disk_failed(path, -plan, "a read for the peer");
		vd_broken(path, "can't read a file for the peer: %s", strerror(-plan));
		return false;
	}
	if (plan == VD_PLAN_END) {
		next_file(sync);
		return true;
	}
	struct vp_buf *buf = plan == VD_PLAN_DATA ? vp_get(path->pool, false) : NULL;
	if (plan == VD_PLAN_DATA && !buf) {
		sync->waiting = true;
		vp_wait(path->pool, sync_wake, path);
		return false;
	}
	struct vd_op *batch = vd_batch_new(path, inode, sync->pos, length, batch_done);
	if (!batch) {
		vp_put(buf);
		return false;
	}
	/* A file that grows meanwhile does so in the stream: what was its end is done with. */
	sync->pos = (sync->pos + length + VD_GRAIN - 1) & ~(uint64_t)(VD_GRAIN - 1);
	sync->batches++;
	batch->buf = buf;
	if (buf)
		vd_batch_hash(batch);
	else
		vd_batch_hole(batch);
	return true;
}

/* Guests' operations that a lost stream left unanswered are now on both hosts. */
static void carried_over(struct vd_path *path)
{
	for (struct vd_op *op = path->oldest_op; op; op = op->list_next)
		op->lost = false;
}

static void flush_acked(struct vd_op *op)
{
	struct vd_path *path = op->path;
	bool good = op->gen == path->gen && !op->lost;
	if (good && op->peer_res < 0)
		vd_broken(path, "the peer can't make its copy durable: %s",
			  strerror(-op->peer_res));
	vd_op_free(op);
	if (!good || path->broken || !path->sync)
		return;
	if (vd_repairing(path)) { /* something came up: again after it */
		path->sync->phase = PHASE_COPY;
		return;
	}
	vd_sync_stop(path);
	carried_over(path);
	vd_defer(path, VD_EV_SYNC_DONE);
	vd_finish_all(path);
}

static void finish_sync(struct vd_path *path)
{
	struct vd_sync *sync = path->sync;
	if (sync->batches > 0 || vd_repairing(path))
		return;
	for (uint32_t i = 0; i < sync->files_len; i++) {
		struct vs_inode *inode = sync->files[i].inode;
		if (inode->opens == 0 && path->next_seq - path->oldest_seq < VD_WINDOW_KEEP)
			vd_note_times(path, inode);
	}
	if (emit_plain(path, VF_FLUSH, NULL, 0, flush_acked) == 0)
		sync->phase = PHASE_FLUSH;
}

static bool may_go_on(const struct vd_path *path)
{
	const struct vd_sync *sync = path->sync;
	uint32_t most = path->guest_count > 0 ? BATCHES_BUSY : BATCHES_MAX;
	return sync && !path->broken && path->connected && !sync->waiting && sync->batches < most &&
	       sync->at < sync->files_len && path->next_seq - path->oldest_seq < WINDOW_MAX &&
	       vl_backlog(path->link) < BACKLOG_MAX;
}

void vd_sync_step(struct vd_path *path)
{
	struct vd_sync *sync = path->sync;
	if (!sync || sync->stepping || sync->phase != PHASE_COPY || !path->connected ||
	    path->broken)
		return;
	sync->stepping = true;
	while (may_go_on(path) && start_batch(path))
		;
	sync->stepping = false;
	if (sync->at >= sync->files_len)
		finish_sync(path);
	vd_pump(path);
}
