// SPDX-License-Identifier: GPL-2.0-or-later
/* Key/value sets, and their frames on the control socket. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <qb/qbipc_common.h>

#include "base/kv.h"
#include "wire/ctl.h"

static struct vt_kv kv, copy;
static uint8_t msg[VT_CTL_MSG_MAX];

static void add_and_get(void **state)
{
	(void)state;
	vt_kv_init(&kv);
	vt_kv_add(&kv, "cmd", "start");
	vt_kv_add(&kv, "timeout_ms", "%d", 5000);
	vt_kv_add(&kv, "empty", "%s", "");
	vt_kv_add(&kv, "cmd", "shadowed");
	assert_false(kv.failed);
	assert_string_equal(vt_kv_get(&kv, "cmd"), "start");
	assert_string_equal(vt_kv_get(&kv, "empty"), "");
	assert_null(vt_kv_get(&kv, "absent"));
	assert_int_equal(vt_kv_long(&kv, "timeout_ms", -1), 5000);
	assert_int_equal(vt_kv_long(&kv, "cmd", -1), -1);
	assert_int_equal(vt_kv_long(&kv, "empty", 3), 3);
}

static void bad_key_is_left_out(void **state)
{
	(void)state;
	vt_kv_init(&kv);
	vt_kv_add(&kv, "Upper", "x");
	assert_true(kv.failed);
	assert_int_equal(kv.len, 0);
	vt_kv_init(&kv);
	vt_kv_add(&kv, "a123456789012345678901234567890x", "x"); /* 32 */
	assert_true(kv.failed);
}

static void overflow_leaves_the_pair_out_whole(void **state)
{
	char big[VT_KV_MAX];
	(void)state;
	memset(big, 'v', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	vt_kv_init(&kv);
	vt_kv_add(&kv, "a", "1");
	size_t len = kv.len;
	vt_kv_add(&kv, "b", "%s", big);
	assert_true(kv.failed);
	assert_int_equal(kv.len, len);
	assert_null(vt_kv_get(&kv, "b"));
	vt_kv_init(&kv);
	vt_kv_add(&kv, "a", "%.*s", VT_KV_MAX - 3, big); /* fits to the byte */
	assert_false(kv.failed);
	assert_int_equal(kv.len, VT_KV_MAX);
}

static void frames_round_trip(void **state)
{
	(void)state;
	vt_kv_init(&kv);
	vt_kv_add(&kv, "cmd", "monitor");
	vt_kv_add(&kv, "unit", "vm1");
	ssize_t n = vt_ctl_encode_request(&kv, msg, sizeof msg);
	assert_int_equal(n, sizeof(struct qb_ipc_request_header) + kv.len);
	assert_int_equal(vt_ctl_decode_request(&copy, msg, (size_t)n), 0);
	assert_string_equal(vt_kv_get(&copy, "unit"), "vm1");
	n = vt_ctl_encode_reply(&kv, msg, sizeof msg);
	assert_int_equal(vt_ctl_decode_reply(&copy, msg, (size_t)n), 0);
	assert_int_equal(copy.len, kv.len);
	assert_memory_equal(copy.bytes, kv.bytes, kv.len);
}

static void encode_refuses_what_is_incomplete(void **state)
{
	(void)state;
	vt_kv_init(&kv);
	vt_kv_add(&kv, "BAD", "x");
	assert_int_equal(vt_ctl_encode_request(&kv, msg, sizeof msg), -EMSGSIZE);
	vt_kv_init(&kv);
	vt_kv_add(&kv, "a", "x");
	assert_int_equal(vt_ctl_encode_reply(&kv, msg, 8), -EMSGSIZE);
}

static void corrupt_sets(void **state)
{
	(void)state;
	assert_int_equal(vt_kv_decode(&kv, "a\0b", 3), -EBADMSG);    /* no end */
	assert_int_equal(vt_kv_decode(&kv, "a\0b\0c", 6), -EBADMSG); /* key without value */
	assert_int_equal(vt_kv_decode(&kv, "\0\0", 2), -EBADMSG);    /* empty key */
	assert_int_equal(vt_kv_decode(&kv, "A\0b", 4), -EBADMSG);    /* bad key */
	assert_int_equal(kv.len, 0);
	assert_int_equal(vt_kv_decode(&kv, msg, VT_KV_MAX + 1), -EBADMSG);
	assert_int_equal(vt_kv_decode(&kv, NULL, 0), 0);
	assert_int_equal(vt_kv_decode(&kv, "a\0", 3), 0); /* empty value */
	assert_string_equal(vt_kv_get(&kv, "a"), "");
}

static void corrupt_frames(void **state)
{
	struct qb_ipc_request_header head;
	(void)state;
	vt_kv_init(&kv);
	vt_kv_add(&kv, "a", "x");
	ssize_t n = vt_ctl_encode_request(&kv, msg, sizeof msg);
	for (size_t cut = 0; cut < (size_t)n; cut++)
		assert_int_equal(vt_ctl_decode_request(&copy, msg, cut), -EBADMSG);
	memcpy(&head, msg, sizeof head);
	head.size = -1;
	memcpy(msg, &head, sizeof head);
	assert_int_equal(vt_ctl_decode_request(&copy, msg, (size_t)n), -EBADMSG);
	head.size = (int32_t)n;
	head.id = 77;
	memcpy(msg, &head, sizeof head);
	assert_int_equal(vt_ctl_decode_request(&copy, msg, (size_t)n), -EBADMSG);
	assert_int_equal(vt_ctl_decode_reply(&copy, msg, VT_CTL_MSG_MAX + 1), -EBADMSG);
	assert_int_equal(copy.len, 0);
}

/* Random bytes in place of a set: it is refused, or what it gives can be walked inside its bounds.
 */
static void corrupt_random_sets(void **state)
{
	(void)state;
	srandom(1);
	for (int i = 0; i < 20000; i++) {
		char bytes[24];
		size_t len = (size_t)random() % sizeof bytes;
		for (size_t b = 0; b < len; b++)
			bytes[b] = "ab\0\0Z"[random() % 5];
		if (vt_kv_decode(&kv, bytes, len) != 0)
			continue;
		const char *k, *v;
		for (size_t pos = 0; vt_kv_next(&kv, &pos, &k, &v);)
			assert_true(pos <= kv.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(add_and_get),
	    cmocka_unit_test(bad_key_is_left_out),
	    cmocka_unit_test(overflow_leaves_the_pair_out_whole),
	    cmocka_unit_test(frames_round_trip),
	    cmocka_unit_test(encode_refuses_what_is_incomplete),
	    cmocka_unit_test(corrupt_sets),
	    cmocka_unit_test(corrupt_frames),
	    cmocka_unit_test(corrupt_random_sets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
