/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker's loop: one io_uring, one thread, no locks (docs/ARCHITECTURE.md). Everything that completes later
 * is a vr_op embedded in its owner's struct; its callback runs from vr_run, never from a submit.
 */
#ifndef VMTWIN_IO_RING_H
#define VMTWIN_IO_RING_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

struct vr_ring;

/* One operation in flight. The owner keeps it alive until done was called. */
struct vr_op {
	/* res as in the cqe; more: a multishot operation goes on. */
	void (*done)(struct vr_op *op, int res, bool more);
};

/* A one-shot timer in CLOCK_BOOTTIME. Zero it, set fire, then arm and cancel at will. */
struct vr_timer {
	void (*fire)(struct vr_timer *t);
	uint64_t at_ns;		  /* 0: not armed */
	struct vr_timer *next; /* private */
};

/* entries: size of the submission queue (power of two). 0 or negative errno. The process and thread that
 * opens a ring is the one that runs it: no fork in between. */
int vr_open(struct vr_ring **ring, unsigned entries);
void vr_close(struct vr_ring *ring);
/*
 * A submission entry, never NULL (a full queue is submitted first). The caller preps it with
 * io_uring_prep_* and must then call vr_attach. It is handed to the kernel at the latest when the
 * loop waits.
 */
struct io_uring_sqe *vr_sqe(struct vr_ring *ring);
static inline void vr_attach(struct io_uring_sqe *sqe, struct vr_op *op)
{
	io_uring_sqe_set_data(sqe, op);
}
/* Asks to cancel op; its done is still called (with -ECANCELED or its result). */
void vr_cancel(struct vr_ring *ring, struct vr_op *op);
void vr_timer_arm(struct vr_ring *ring, struct vr_timer *t, uint64_t at_ns);
void vr_timer_cancel(struct vr_ring *ring, struct vr_timer *t);
/*
 * Called once after each batch of completions, before waiting again: flush outgoing data here. Up to
 * VR_IDLE_MAX owners register, each with its own ctx, and are called in that order; idle NULL takes
 * ctx's registration back.
 */
#define VR_IDLE_MAX 8
void vr_on_idle(struct vr_ring *ring, void (*idle)(void *ctx), void *ctx);
/* The next wait doesn't block, so idle hooks come once more: for work that turns up after one's own
 * hook ran in this round (another hook sent a frame, or gave a buffer back). */
void vr_again(struct vr_ring *ring);
/* Runs until vr_stop. 0 or negative errno of the ring itself. */
int vr_run(struct vr_ring *ring);
/*
 * One round: waits for completions or a timer, until CLOCK_BOOTTIME until_ns at the latest (0: looks
 * only), dispatches them. 0 or negative errno of the ring itself. For closing down and for tests;
 * never called from a callback.
 */
int vr_step(struct vr_ring *ring, uint64_t until_ns);
void vr_stop(struct vr_ring *ring);
/* Operations not completed yet (polls and timers of the loop itself not counted). */
unsigned vr_in_flight(const struct vr_ring *ring);

#endif
