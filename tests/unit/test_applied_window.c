// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames sent again after a broken link are applied once and acknowledged again. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "io/window.h"

static struct aw_window w;

static enum aw_verdict receive(uint64_t seq)
{
	int32_t result = 99;
	return aw_receive(&w, seq, &result);
}

static void in_order(void **state)
{
	(void)state;
	aw_reset(&w);
	for (uint64_t seq = 1; seq <= 3 * AW_SIZE; seq++) {
		assert_int_equal(receive(seq), AW_NEW);
		aw_applied(&w, seq, 0);
	}
}

static void again(void **state)
{
	int32_t result = 0;
	(void)state;
	aw_reset(&w);
	for (uint64_t seq = 1; seq <= 5; seq++)
		assert_int_equal(receive(seq), AW_NEW);
	aw_applied(&w, 4, -ENOSPC);
	aw_applied(&w, 1, 0);
	assert_int_equal(receive(2), AW_PENDING);
	assert_int_equal(aw_receive(&w, 4, &result), AW_DONE);
	assert_int_equal(result, -ENOSPC);
	assert_int_equal(aw_receive(&w, 1, &result), AW_DONE);
	assert_int_equal(result, 0);
	assert_int_equal(receive(6), AW_NEW);
}

static void gaps_break(void **state)
{
	(void)state;
	aw_reset(&w);
	assert_int_equal(receive(0), AW_BROKEN);
	assert_int_equal(receive(2), AW_BROKEN);
	assert_int_equal(receive(1), AW_NEW);
	assert_int_equal(receive(3), AW_BROKEN);
	assert_int_equal(receive(UINT64_MAX), AW_BROKEN);
}

static void sender_ahead_of_its_window(void **state)
{
	(void)state;
	aw_reset(&w);
	for (uint64_t seq = 1; seq <= AW_SIZE; seq++)
		assert_int_equal(receive(seq), AW_NEW);
	assert_int_equal(receive(AW_SIZE + 1), AW_BROKEN);
	aw_applied(&w, 1, 0);
	assert_int_equal(receive(AW_SIZE + 1), AW_NEW);
	assert_int_equal(receive(1), AW_BROKEN); /* left the window: its result is not known */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_order),
	    cmocka_unit_test(again),
	    cmocka_unit_test(gaps_break),
	    cmocka_unit_test(sender_ahead_of_its_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
