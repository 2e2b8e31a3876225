// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/unit.h"

#include "io/pool.h"

static int wakes;

static void on_wake(void *ctx)
{
	(void)ctx;
	wakes++;
}

static void wake_and_take(void *ctx)
{
	struct vp_buf **out = ctx;
	wakes++;
	*out = vp_get((*out)->pool, false);
}

static void bounded_with_reserve(void **state)
{
	(void)state;
	struct vp_buf *bufs[16];
	struct vp_pool *pool = vp_create(16);
	assert_non_null(pool);
	for (int i = 0; i < 14; i++) {
		bufs[i] = vp_get(pool, false);
		assert_non_null(bufs[i]);
		assert_ptr_equal(bufs[i]->data, bufs[i]->mem);
		assert_int_equal((uintptr_t)bufs[i]->mem % 4096, 0);
		bufs[i]->mem[0] = bufs[i]->mem[VP_SIZE - 1] = (uint8_t)i;
	}
	assert_null(vp_get(pool, false));
	bufs[14] = vp_get(pool, true);
	bufs[15] = vp_get(pool, true);
	assert_non_null(bufs[15]);
	assert_null(vp_get(pool, true));
	assert_int_equal(vp_free_count(pool), 0);
	for (int i = 0; i < 14; i++) /* nobody shares memory */
		assert_int_equal(bufs[i]->mem[0] + bufs[i]->mem[VP_SIZE - 1], 2 * i);
	for (int i = 0; i < 16; i++)
		vp_put(bufs[i]);
	assert_int_equal(vp_free_count(pool), 16);
	vp_destroy(pool);
}

static void references(void **state)
{
	(void)state;
	struct vp_pool *pool = vp_create(1);
	struct vp_buf *buf = vp_get(pool, false);
	assert_ptr_equal(vp_ref(buf), buf);
	buf->data = buf->mem + 80;
	vp_put(buf);
	assert_null(vp_get(pool, true));
	vp_put(buf);
	buf = vp_get(pool, false);
	assert_ptr_equal(buf->data, buf->mem); /* a new owner starts afresh */
	vp_put(buf);
	vp_put(NULL);
	vp_destroy(pool);
}

static void wakes_once(void **state)
{
	(void)state;
	struct vp_buf *bufs[24];
	struct vp_pool *pool = vp_create(24);
	for (int i = 0; i < 24; i++)
		bufs[i] = vp_get(pool, true);
	wakes = 0;
	vp_wait(pool, on_wake, NULL);
	vp_wait(pool, on_wake, NULL);
	vp_put(bufs[0]); /* for who is urgent */
	assert_int_equal(wakes, 1);
	vp_put(bufs[1]);
	assert_int_equal(wakes, 1);
	vp_wait(pool, on_wake, NULL);
	vp_put(bufs[2]); /* into the reserve of three: of no use to who waits */
	assert_int_equal(wakes, 1);
	vp_put(bufs[3]);
	assert_int_equal(wakes, 2);
	vp_wait(pool, on_wake, NULL);
	vp_unwait(pool, on_wake, NULL);
	for (int i = 4; i < 24; i++)
		vp_put(bufs[i]);
	assert_int_equal(wakes, 2);
	vp_destroy(pool);
}

static void waker_may_take(void **state)
{
	(void)state;
	struct vp_pool *pool = vp_create(1);
	struct vp_buf *buf = vp_get(pool, false), *a = buf, *b = buf;
	wakes = 0;
	vp_wait(pool, wake_and_take, &a);
	vp_wait(pool, wake_and_take, &b);
	vp_put(buf);
	assert_int_equal(wakes, 2);
	assert_non_null(a);
	assert_null(b);
	vp_put(a);
	vp_destroy(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bounded_with_reserve),
	    cmocka_unit_test(references),
	    cmocka_unit_test(wakes_once),
	    cmocka_unit_test(waker_may_take),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
