// SPDX-License-Identifier: GPL-2.0-or-later
/* The messages between masters: what goes in comes out, and nothing damaged gets in. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/group.h"

static struct vg_msg in, out;
static uint8_t packet[VG_PACKET_MAX];

static int encode_kind(enum vg_kind kind)
{
	memset(&in, 0, sizeof in);
	in.kind = kind;
	strcpy(in.unit, "vm1");
	switch (kind) {
	case VG_UNIT_MESSAGE:
		in.u.message.len = 5;
		memcpy(in.u.message.payload, "hello", 5);
		break;
	case VG_UNIT_DOWN:
		in.u.incarnation = UINT64_C(0x1122334455667788);
		break;
	case VG_PROOF:
		in.u.proof.sent_ns = 1;
		in.u.proof.nonce = 2;
		in.u.proof.breaks = 3;
		in.u.proof.lease_ms = 30000;
		break;
	case VG_END_NODE:
		in.u.end.node = 2;
		in.u.end.request = 7;
		in.u.end.off = true;
		break;
	case VG_ENDING:
		in.u.ending.request = 7;
		in.u.ending.able = true;
		break;
	case VG_STATUS:
		vt_kv_init(&in.u.status);
		vt_kv_add(&in.u.status, "state", "PRIM");
		break;
	}
	return vg_encode(&in, packet);
}

static void every_kind_survives(void **state)
{
	(void)state;
	for (enum vg_kind kind = VG_UNIT_MESSAGE; kind <= VG_ENDING; kind++) {
		int len = encode_kind(kind);
		assert_true(len > 0);
		assert_int_equal(vg_decode(&out, packet, (size_t)len), 0);
		assert_int_equal(out.kind, kind);
		if (kind != VG_PROOF && kind != VG_END_NODE && kind != VG_ENDING)
			assert_string_equal(out.unit, "vm1");
	}
	encode_kind(VG_PROOF);
	vg_decode(&out, packet, (size_t)encode_kind(VG_PROOF));
	assert_int_equal(out.u.proof.sent_ns, 1);
	assert_int_equal(out.u.proof.nonce, 2);
	assert_int_equal(out.u.proof.breaks, 3);
	assert_int_equal(out.u.proof.lease_ms, 30000);
	vg_decode(&out, packet, (size_t)encode_kind(VG_STATUS));
	assert_string_equal(vt_kv_get(&out.u.status, "state"), "PRIM");
	vg_decode(&out, packet, (size_t)encode_kind(VG_UNIT_MESSAGE));
	assert_int_equal(out.u.message.len, 5);
	assert_memory_equal(out.u.message.payload, "hello", 5);
}

static void largest_message_fits(void **state)
{
	(void)state;
	encode_kind(VG_UNIT_MESSAGE);
	memset(in.unit, 'a', VT_UNIT_NAME_MAX);
	in.u.message.len = VW_PAYLOAD_MAX;
	int len = vg_encode(&in, packet);
	assert_true(len > VW_PAYLOAD_MAX);
	assert_int_equal(vg_decode(&out, packet, (size_t)len), 0);
	in.u.message.len++;
	assert_int_equal(vg_encode(&in, packet), -EMSGSIZE);
}

static void large_status_is_refused(void **state)
{
	static char value[VG_STATUS_MAX];
	(void)state;
	encode_kind(VG_STATUS);
	memset(value, 'x', sizeof value - 1);
	vt_kv_add(&in.u.status, "text", "%s", value);
	assert_int_equal(vg_encode(&in, packet), -EMSGSIZE);
}

static void corrupt_cut_short(void **state)
{
	(void)state;
	for (enum vg_kind kind = VG_UNIT_MESSAGE; kind <= VG_ENDING; kind++) {
		int len = encode_kind(kind);
		for (int cut = 0; cut < len; cut++)
			assert_int_equal(vg_decode(&out, packet, (size_t)cut), -EBADMSG);
	}
}

static void corrupt_trailing_byte(void **state)
{
	(void)state;
	for (enum vg_kind kind = VG_UNIT_MESSAGE; kind <= VG_ENDING; kind++) {
		int len = encode_kind(kind);
		packet[len] = 0;
		assert_int_equal(vg_decode(&out, packet, (size_t)len + 1), -EBADMSG);
	}
}

static void corrupt_kind(void **state)
{
	(void)state;
	int len = encode_kind(VG_UNIT_DOWN);
	packet[1] = 0;
	assert_int_equal(vg_decode(&out, packet, (size_t)len), -EBADMSG);
	packet[1] = VG_ENDING + 1;
	assert_int_equal(vg_decode(&out, packet, (size_t)len), -EBADMSG);
}

static void other_version_is_told_apart(void **state)
{
	(void)state;
	int len = encode_kind(VG_UNIT_DOWN);
	packet[0] = VG_VERSION + 1;
	assert_int_equal(vg_decode(&out, packet, (size_t)len), -EPROTONOSUPPORT);
	packet[0] = 0;
	assert_int_equal(vg_decode(&out, packet, (size_t)len), -EBADMSG);
}

static void corrupt_unit_name(void **state)
{
	(void)state;
	int len = encode_kind(VG_UNIT_DOWN);
	packet[4] = '/';
	assert_int_equal(vg_decode(&out, packet, (size_t)len), -EBADMSG);
	packet[4] = '\0';
	assert_int_equal(vg_decode(&out, packet, (size_t)len), -EBADMSG);
}

static void corrupt_payload_length(void **state)
{
	(void)state;
	int len = encode_kind(VG_UNIT_MESSAGE);
	memset(packet + 7, 0xff, 4); /* version, kind, u16 length, "vm1", then the payload's length */
	assert_int_equal(vg_decode(&out, packet, (size_t)len), -EBADMSG);
}

static void corrupt_status_pairs(void **state)
{
	(void)state;
	int len = encode_kind(VG_STATUS);
	packet[len - 1] = 'x'; /* the value's end */
	assert_int_equal(vg_decode(&out, packet, (size_t)len), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_survives),
	    cmocka_unit_test(largest_message_fits),
	    cmocka_unit_test(large_status_is_refused),
	    cmocka_unit_test(corrupt_cut_short),
	    cmocka_unit_test(corrupt_trailing_byte),
	    cmocka_unit_test(corrupt_kind),
	    cmocka_unit_test(other_version_is_told_apart),
	    cmocka_unit_test(corrupt_unit_name),
	    cmocka_unit_test(corrupt_payload_length),
	    cmocka_unit_test(corrupt_status_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
