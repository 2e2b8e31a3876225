/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data path of one unit: FUSE front, store, stream to the peer or from it. It obeys the gate
 * that the decision core sets and decides nothing about who may write.
 */
#ifndef VMTWIN_IO_DP_H
#define VMTWIN_IO_DP_H

#include "base/log.h"
#include "io/link.h"
#include "io/pool.h"
#include "io/ring.h"

struct vd_path;

enum vd_gate {
	VD_READONLY, /* secondary: reads are served, everything that changes gets EROFS */
	VD_PAIR,     /* an operation is acknowledged when both hosts did it */
	VD_SOLO,   /* acknowledged when done here; if a stream runs, the peer's answer is waited for
		    * as long as the link is up */
	VD_FROZEN, /* nothing new starts, nothing is acknowledged, reads are served */
	VD_FAILED, /* everything that changes gets EIO at once */
};

struct vd_config {
	const char *unit;
	const char *data_dir;  /* the store's data directory */
	const char *mount_dir; /* the unit's directory; empty, mounted over */
};

struct vd_progress {
	uint64_t total_bytes, done_bytes, sent_bytes; /* of the running resync */
	uint64_t held;				      /* operations held or waiting for the peer */
	uint64_t oldest_ns; /* BOOTTIME of the oldest unanswered changing operation, 0: none */
	uint64_t writes, reads, flushes; /* answered since start */
};

struct vd_events {
	void *ctx;
	/* Source: everything is on the target and was made durable there; the stream goes on. */
	void (*sync_done)(void *ctx);
	/* The stream or the resync can't go on (checksum, order, a failed operation on the target
	 * that isn't ENOSPC): link must be dropped and a new resync made. */
	void (*stream_broken)(void *ctx, const char *text);
	/* This host's disk failed an operation with something else than ENOSPC/EDQUOT. */
	void (*disk_failed)(void *ctx, int error, const char *text);
	/* The mount was taken away or its FUSE connection aborted from outside. */
	void (*mount_gone)(void *ctx);
};

/* Opens the store (locks nothing, changes nothing) and mounts. Gate: VD_READONLY. */
int vd_open(struct vd_path **path, struct vr_ring *ring, struct vp_pool *pool,
	    const struct vd_config *config, const struct vd_events *events, struct vt_fail *fail);
/*
 * Sets the gate. PAIR or FROZEN -> SOLO acknowledges what is done here and starts what was held;
 * FROZEN -> PAIR goes on waiting for the peer; -> FAILED answers held and waiting operations with
 * EIO (those already on the local disk too: not acknowledged); -> READONLY expects that vd_drain or
 * FAILED came first.
 */
void vd_set_gate(struct vd_path *path, enum vd_gate gate);
/*
 * done(ctx), from the loop, once no changing operation is in flight or held, here or received from
 * the peer, and what only one side could write for lack of space was repaired: on a full disk that
 * may last, so the caller has a limit of its own (S7). One at a time.
 */
void vd_drain(struct vd_path *path, void (*done)(void *ctx), void *ctx);
/* Makes all that is written in the store durable: files and directories. done(ctx, 0 or -errno),
 * perhaps before this returns. The first one also covers what an earlier process wrote. */
void vd_flush(struct vd_path *path, void (*done)(void *ctx, int res), void *ctx);

/* The stream's ends; frames of types VF_ACK and VF_WRITE..VF_NEED are passed to vd_frame. */
void vd_set_link(struct vd_path *path, struct vl_link *link);
void vd_frame(struct vd_path *path, const struct vf_header *h, struct vp_buf *payload);
/* Begin a resync as its source (new stream from sequence 1; tree, then content that differs; guest
 * writes take part from the start) or as its target (forgets file ids; expects a tree). */
void vd_source_start(struct vd_path *path);
void vd_target_start(struct vd_path *path);
/* The link went down; the stream may be resumed (same pairing) or replaced by a new start. */
void vd_link_down(struct vd_path *path);
/* The link is up again in the same pairing: the source sends again what was not acknowledged, the
 * target skips what it has applied and acknowledges it again. */
void vd_resume(struct vd_path *path);
/* Breaks the stream if the peer has left its oldest frame unanswered for limit_ns: the link may be
 * well while its disk hangs (S7). To be called now and then, now_ns on CLOCK_BOOTTIME. */
void vd_check_peer(struct vd_path *path, uint64_t now_ns, uint64_t limit_ns);
/* Reports this host's disk as failed if it has left a guest's operation undone for limit_ns (S7). To be called
 * now and then, now_ns on CLOCK_BOOTTIME. */
void vd_check_disk(struct vd_path *path, uint64_t now_ns, uint64_t limit_ns);
/* The stream is over (pairing void): forget ids and unacknowledged frames; gate rules what happens.
 */
void vd_stream_end(struct vd_path *path);
/* Hand-over in a running stream: the target becomes its sender and the other way round. Both ends
 * are idle (drained). File ids stay. */
void vd_stream_turn(struct vd_path *path);

void vd_progress(const struct vd_path *path, struct vd_progress *out);
/* Fails what is held, unmounts (lazily if busy: the FUSE connection is aborted then) and frees.
 * Runs the ring until the kernel has given back all buffers, 10 s at most: never called from a
 * callback. */
void vd_close(struct vd_path *path);

#endif
