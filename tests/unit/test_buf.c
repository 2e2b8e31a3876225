// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void round_trip(void **state)
{
	uint8_t bytes[128];
	struct vt_wbuf w;
	struct vt_rbuf r;
	char text[8], raw[3];
	(void)state;
	vt_wbuf_init(&w, bytes, sizeof bytes);
	vt_put_u8(&w, 0xab);
	vt_put_u16(&w, 0x1234);
	vt_put_u32(&w, 0xdeadbeef);
	vt_put_u64(&w, UINT64_MAX - 1);
	vt_put_str(&w, "seven77");
	vt_put_bytes(&w, "xyz", 3);
	assert_false(w.failed);
	assert_int_equal(w.len, 1 + 2 + 4 + 8 + 2 + 7 + 3);
	vt_rbuf_init(&r, bytes, w.len);
	assert_int_equal(vt_get_u8(&r), 0xab);
	assert_int_equal(vt_get_u16(&r), 0x1234);
	assert_int_equal(vt_get_u32(&r), 0xdeadbeef);
	assert_true(vt_get_u64(&r) == UINT64_MAX - 1);
	vt_get_str(&r, text, sizeof text);
	assert_string_equal(text, "seven77");
	assert_int_equal(vt_rbuf_left(&r), 3);
	assert_false(vt_rbuf_done(&r));
	vt_get_bytes(&r, raw, 3);
	assert_memory_equal(raw, "xyz", 3);
	assert_true(vt_rbuf_done(&r));
}

static void integers_are_little_endian(void **state)
{
	uint8_t bytes[8];
	struct vt_wbuf w;
	(void)state;
	vt_wbuf_init(&w, bytes, sizeof bytes);
	vt_put_u32(&w, 0x04030201);
	assert_memory_equal(bytes, "\1\2\3\4", 4);
}

static void what_does_not_fit_fails_for_good(void **state)
{
	uint8_t bytes[4] = {9, 9, 9, 9};
	struct vt_wbuf w;
	(void)state;
	vt_wbuf_init(&w, bytes, 3);
	vt_put_u16(&w, 1);
	vt_put_u32(&w, 0);
	assert_true(w.failed);
	vt_put_u8(&w, 7); /* would fit */
	assert_int_equal(w.len, 2);
	assert_int_equal(bytes[2], 9);
	assert_int_equal(bytes[3], 9);
}

static void corrupt_short_integer(void **state)
{
	struct vt_rbuf r;
	(void)state;
	vt_rbuf_init(&r, "abc", 3);
	assert_int_equal(vt_get_u32(&r), 0);
	assert_true(r.failed);
	assert_int_equal(vt_get_u8(&r), 0);
	assert_false(vt_rbuf_done(&r));
}

static void corrupt_string_length(void **state)
{
	static const uint8_t past_end[] = {0xff, 0xff, 'a'};
	static const uint8_t with_nul[] = {3, 0, 'a', 0, 'b'};
	static const uint8_t too_long[] = {4, 0, 'a', 'b', 'c', 'd'};
	struct vt_rbuf r;
	char out[4];
	(void)state;
	vt_rbuf_init(&r, past_end, sizeof past_end);
	vt_get_str(&r, out, sizeof out);
	assert_true(r.failed);
	assert_string_equal(out, "");
	vt_rbuf_init(&r, with_nul, sizeof with_nul);
	vt_get_str(&r, out, sizeof out);
	assert_true(r.failed);
	vt_rbuf_init(&r, too_long, sizeof too_long); /* four bytes and a terminator */
	vt_get_str(&r, out, sizeof out);
	assert_true(r.failed);
}

static void corrupt_reference_past_end(void **state)
{
	struct vt_rbuf r;
	char out[8];
	(void)state;
	vt_rbuf_init(&r, "abcd", 4);
	assert_null(vt_get_ref(&r, SIZE_MAX));
	assert_true(r.failed);
	vt_rbuf_init(&r, "abcd", 4);
	memset(out, 'x', sizeof out);
	vt_get_bytes(&r, out, 5);
	assert_true(r.failed);
	assert_memory_equal(out, "\0\0\0\0\0xxx", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(integers_are_little_endian),
	    cmocka_unit_test(what_does_not_fit_fails_for_good),
	    cmocka_unit_test(corrupt_short_integer),
	    cmocka_unit_test(corrupt_string_length),
	    cmocka_unit_test(corrupt_reference_past_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
