// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"

/* Completions handled before idle callbacks get their turn. */
#define BATCH_MAX 512
/* Times idle hooks are called before one wait, if one asks for it. */
#define HOOK_ROUNDS 2
/* Timers fired in one round; one that arms itself again in the past can't starve the rest. */
#define FIRE_MAX 64
/* The kernel counts a wait in CLOCK_MONOTONIC, which stands still in suspend; timers are BOOTTIME.
 * No wait is longer than this, so a timer that came due in suspend fires soon after. */
#define WAIT_MAX_NS 1000000000u
/* Tries to hand over a full submission queue before the kernel is taken for broken. */
#define SUBMIT_TRIES 1000

struct idle_hook {
	void (*idle)(void *ctx);
	void *ctx;
};

struct vr_ring {
	struct io_uring uring;
	struct vr_timer *timers; /* sorted by at_ns */
	struct idle_hook idle[VR_IDLE_MAX];
	unsigned idle_len;
	unsigned in_flight;
	bool stopped;
	bool again; /* don't block in the coming wait */
};

static int init_uring(struct io_uring *uring, unsigned entries)
{
	/* Best first; an older kernel answers EINVAL to a flag it doesn't know. */
	static const unsigned flags[] = {
	    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	    IORING_SETUP_COOP_TASKRUN,
	    0,
	};
	int rc = -EINVAL;
	for (size_t i = 0; rc == -EINVAL && i < sizeof flags / sizeof flags[0]; i++) {
		struct io_uring_params params = {
		    .flags = flags[i] | IORING_SETUP_CQSIZE,
		    .cq_entries = entries * 8,
		};
		rc = io_uring_queue_init_params(entries, uring, &params);
	}
	return rc;
}

int vr_open(struct vr_ring **out, unsigned entries)
{
	struct vr_ring *ring = calloc(1, sizeof *ring);
	if (!ring)
		return -ENOMEM;
	int rc = init_uring(&ring->uring, entries);
	if (rc < 0) {
		free(ring);
		return rc;
	}
	*out = ring;
	return 0;
}

void vr_close(struct vr_ring *ring)
{
	if (!ring)
		return;
	io_uring_queue_exit(&ring->uring);
	free(ring);
}

static struct io_uring_sqe *get_sqe(struct vr_ring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);
	for (int tries = 0; !sqe; tries++) {
		/* Completions are only dispatched by vr_run: this never calls back. */
		int rc = io_uring_submit(&ring->uring);
		bool again = rc >= 0 || rc == -EINTR || rc == -EAGAIN || rc == -EBUSY;
		if (!again || tries > SUBMIT_TRIES)
			abort();
		sqe = io_uring_get_sqe(&ring->uring);
	}
	return sqe;
}

struct io_uring_sqe *vr_sqe(struct vr_ring *ring)
{
	ring->in_flight++;
	return get_sqe(ring);
}

void vr_cancel(struct vr_ring *ring, struct vr_op *op)
{
	struct io_uring_sqe *sqe = get_sqe(ring);
	io_uring_prep_cancel(sqe, op, 0);
	io_uring_sqe_set_data(sqe, NULL); /* the answer that counts is op's own */
}

void vr_timer_arm(struct vr_ring *ring, struct vr_timer *t, uint64_t at_ns)
{
	vr_timer_cancel(ring, t);
	t->at_ns = at_ns ? at_ns : 1;
	struct vr_timer **at = &ring->timers;
	while (*at && (*at)->at_ns <= t->at_ns)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
}

void vr_timer_cancel(struct vr_ring *ring, struct vr_timer *t)
{
	if (!t->at_ns)
		return;
	struct vr_timer **at = &ring->timers;
	while (*at && *at != t)
		at = &(*at)->next;
	assert(*at == t);
	*at = t->next;
	t->next = NULL;
	t->at_ns = 0;
}

void vr_on_idle(struct vr_ring *ring, void (*idle)(void *ctx), void *ctx)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < ring->idle_len; i++)
		if (ring->idle[i].ctx != ctx)
			ring->idle[kept++] = ring->idle[i];
	ring->idle_len = kept;
	if (!idle)
		return;
	assert(ring->idle_len < VR_IDLE_MAX);
	ring->idle[ring->idle_len++] = (struct idle_hook){.idle = idle, .ctx = ctx};
}

static void fire_timers(struct vr_ring *ring)
{
	if (!ring->timers)
		return;
	uint64_t now = vt_boottime_ns();
	for (int n = 0; n < FIRE_MAX; n++) {
		struct vr_timer *t = ring->timers;
		if (!t || t->at_ns > now)
			return;
		ring->timers = t->next;
		t->next = NULL;
		t->at_ns = 0;
		t->fire(t);
	}
}

static void dispatch(struct vr_ring *ring)
{
	struct io_uring_cqe *cqe;
	for (int n = 0; n < BATCH_MAX && io_uring_peek_cqe(&ring->uring, &cqe) == 0; n++) {
		struct vr_op *op = io_uring_cqe_get_data(cqe);
		int res = cqe->res;
		bool more = cqe->flags & IORING_CQE_F_MORE;
		io_uring_cqe_seen(&ring->uring, cqe);
		if (!op)
			continue;
		if (!more)
			ring->in_flight--;
		op->done(op, res, more);
	}
}

static uint64_t wait_ns(const struct vr_ring *ring, uint64_t until_ns)
{
	uint64_t now = vt_boottime_ns();
	if (ring->timers && ring->timers->at_ns < until_ns)
		until_ns = ring->timers->at_ns;
	if (until_ns <= now)
		return 0;
	return until_ns - now < WAIT_MAX_NS ? until_ns - now : WAIT_MAX_NS;
}

/* Owners may have queued data since the last round, outside of any callback. What one hook leaves for another
 * is done in the next turn: a trip to the kernel for that costs more than a write has to spare. */
static void run_hooks(struct vr_ring *ring)
{
	bool stopped = ring->stopped;
	for (int turn = 0; turn < HOOK_ROUNDS; turn++) {
		ring->again = false;
		for (unsigned i = 0; i < ring->idle_len; i++)
			ring->idle[i].idle(ring->idle[i].ctx);
		if (!ring->again)
			break;
	}
	if (ring->stopped && !stopped)
		ring->again = true;
}

int vr_step(struct vr_ring *ring, uint64_t until_ns)
{
	run_hooks(ring);
	uint64_t ns = ring->again ? 0 : wait_ns(ring, until_ns);
	struct __kernel_timespec ts = {
	    .tv_sec = (long long)(ns / 1000000000u),
	    .tv_nsec = (long long)(ns % 1000000000u),
	};
	struct io_uring_cqe *cqe;
	int rc = ns ? io_uring_submit_and_wait_timeout(&ring->uring, &cqe, 1, &ts, NULL)
		    : io_uring_submit_and_get_events(&ring->uring);
	if (rc < 0 && rc != -ETIME && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY)
		return rc;
	/* After a stall of our own, what the peer sent meanwhile counts before timers say it was
	 * silent. */
	dispatch(ring);
	fire_timers(ring);
	return 0;
}

int vr_run(struct vr_ring *ring)
{
	ring->stopped = false;
	while (!ring->stopped) {
		int rc = vr_step(ring, UINT64_MAX);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void vr_stop(struct vr_ring *ring)
{
	ring->stopped = true;
	ring->again = true;
}

void vr_again(struct vr_ring *ring)
{
	ring->again = true;
}

unsigned vr_in_flight(const struct vr_ring *ring)
{
	return ring->in_flight;
}
