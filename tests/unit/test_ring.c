// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "io/ring.h"

#define MS 1000000ull

struct probe {
	struct vr_op op;
	int calls, res;
	struct vr_ring *ring;
	int stop_after;
};

struct clock {
	struct vr_timer timer;
	struct vr_ring *ring;
	int order, *next_order;
	uint64_t fired_ns;
};

static void on_done(struct vr_op *op, int res, bool more)
{
	struct probe *p = (struct probe *)op;
	assert_false(more);
	p->calls++;
	p->res = res;
	if (p->stop_after && p->calls >= p->stop_after)
		vr_stop(p->ring);
}

static void on_fire(struct vr_timer *t)
{
	struct clock *c = (struct clock *)t;
	c->fired_ns = vt_boottime_ns();
	c->order = ++*c->next_order;
	if (c->ring)
		vr_stop(c->ring);
}

static void count_idle(void *ctx)
{
	++*(int *)ctx;
}

static struct vr_ring *open_ring(void)
{
	struct vr_ring *ring;
	assert_int_equal(vr_open(&ring, 8), 0);
	return ring;
}

/* More operations than the queue has entries: vr_sqe submits by itself, callbacks wait for vr_run.
 */
static void queue_overflow(void **state)
{
	(void)state;
	struct vr_ring *ring = open_ring();
	struct probe p = {.op.done = on_done, .ring = ring, .stop_after = 100};
	for (int i = 0; i < 100; i++) {
		struct io_uring_sqe *sqe = vr_sqe(ring);
		io_uring_prep_nop(sqe);
		vr_attach(sqe, &p.op);
	}
	assert_int_equal(vr_in_flight(ring), 100);
	assert_int_equal(p.calls, 0);
	assert_int_equal(vr_run(ring), 0);
	assert_int_equal(p.calls, 100);
	assert_int_equal(vr_in_flight(ring), 0);
	vr_close(ring);
}

static void cancel(void **state)
{
	(void)state;
	int fds[2];
	struct vr_ring *ring = open_ring();
	struct probe p = {.op.done = on_done, .ring = ring, .stop_after = 1};
	assert_int_equal(pipe(fds), 0);
	struct io_uring_sqe *sqe = vr_sqe(ring);
	io_uring_prep_poll_add(sqe, fds[0], POLLIN);
	vr_attach(sqe, &p.op);
	vr_cancel(ring, &p.op);
	assert_int_equal(vr_run(ring), 0);
	assert_int_equal(p.res, -ECANCELED);
	assert_int_equal(vr_in_flight(ring), 0);
	close(fds[0]);
	close(fds[1]);
	vr_close(ring);
}

static void timers_in_order(void **state)
{
	(void)state;
	int next = 0;
	struct vr_ring *ring = open_ring();
	uint64_t now = vt_boottime_ns();
	struct clock c[4];
	for (int i = 0; i < 4; i++)
		c[i] = (struct clock){.timer.fire = on_fire, .next_order = &next};
	c[0].ring = ring;
	vr_timer_arm(ring, &c[0].timer, now + 40 * MS);
	vr_timer_arm(ring, &c[1].timer, now + 20 * MS);
	vr_timer_arm(ring, &c[2].timer, now + 10 * MS);
	vr_timer_arm(ring, &c[3].timer, now + 5 * MS);
	vr_timer_arm(ring, &c[2].timer, now + 30 * MS); /* moved */
	vr_timer_cancel(ring, &c[3].timer);
	vr_timer_cancel(ring, &c[3].timer);
	assert_int_equal(vr_run(ring), 0);
	assert_int_equal(c[1].order, 1);
	assert_int_equal(c[2].order, 2);
	assert_int_equal(c[0].order, 3);
	assert_int_equal(c[3].order, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(c[i].timer.at_ns, 0);
	assert_true(c[0].fired_ns >= now + 40 * MS);
	assert_true(c[0].fired_ns < now + 5000 * MS);
	vr_close(ring);
}

static void step_has_a_limit(void **state)
{
	(void)state;
	struct vr_ring *ring = open_ring();
	uint64_t start = vt_boottime_ns();
	assert_int_equal(vr_step(ring, 0), 0);
	assert_int_equal(vr_step(ring, start + 20 * MS), 0);
	assert_true(vt_boottime_ns() >= start + 20 * MS);
	vr_close(ring);
}

static void idle_hooks(void **state)
{
	(void)state;
	int a = 0, b = 0;
	struct vr_ring *ring = open_ring();
	vr_on_idle(ring, count_idle, &a);
	vr_on_idle(ring, count_idle, &b);
	vr_step(ring, 0);
	assert_int_equal(a, 1);
	assert_int_equal(b, 1);
	vr_on_idle(ring, NULL, &a);
	vr_step(ring, 0);
	assert_int_equal(a, 1);
	assert_int_equal(b, 2);
	vr_close(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(queue_overflow),  cmocka_unit_test(cancel),
	    cmocka_unit_test(timers_in_order), cmocka_unit_test(step_has_a_limit),
	    cmocka_unit_test(idle_hooks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
