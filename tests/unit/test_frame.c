// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/unit.h"

#include <errno.h>

#include "wire/frame.h"

static uint8_t payload[VF_PAYLOAD_MAX];

static struct vf_header sample(uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		payload[i] = (uint8_t)(i * 31 + (i >> 8));
	return (struct vf_header){.type = VF_WRITE,
				  .flags = 5,
				  .length = length,
				  .seq = 0x1122334455667788,
				  .file = 42,
				  .offset = 1ull << 40};
}

static void round_trip(void **state)
{
	static const uint32_t lengths[] = {0, 1, 7, 4096, 4097, VF_PAYLOAD_MAX};
	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct vf_header in = sample(lengths[i]), out;
		uint8_t wire[VF_HEADER_SIZE];
		vf_encode(&in, payload, wire);
		assert_int_equal(vf_decode(&out, wire), 0);
		assert_int_equal(out.type, in.type);
		assert_int_equal(out.flags, in.flags);
		assert_int_equal(out.length, in.length);
		assert_true(out.seq == in.seq && out.file == in.file && out.offset == in.offset);
		assert_true(out.checksum == in.checksum);
		assert_int_equal(vf_verify(&out, wire, payload), 0);
	}
}

/* The layout is what the peer of another version sees: bytes are pinned, not only the round trip.
 */
static void layout(void **state)
{
	(void)state;
	struct vf_header h = sample(0);
	uint8_t wire[VF_HEADER_SIZE];
	vf_encode(&h, NULL, wire);
	assert_int_equal(wire[0], 0x76);
	assert_int_equal(wire[1], 0x74);
	assert_int_equal(wire[2], VF_WRITE);
	assert_int_equal(wire[3], 5);
	assert_int_equal(wire[8], 0x88);
	assert_int_equal(wire[15], 0x11);
	assert_int_equal(wire[16], 42);
	assert_int_equal(wire[29], 1);
	for (int i = 40; i < VF_HEADER_SIZE; i++)
		assert_int_equal(wire[i], 0);
}

static void corrupt_any_header_bit(void **state)
{
	(void)state;
	struct vf_header h = sample(100), out;
	uint8_t wire[VF_HEADER_SIZE];
	for (unsigned bit = 0; bit < VF_HEADER_SIZE * 8; bit++) {
		vf_encode(&h, payload, wire);
		wire[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		/* A longer length makes verify read further: payload has room for any valid one. */
		bool refused = vf_decode(&out, wire) < 0 || vf_verify(&out, wire, payload) < 0;
		assert_true(refused);
	}
}

static void corrupt_payload(void **state)
{
	(void)state;
	struct vf_header h = sample(4096), out;
	uint8_t wire[VF_HEADER_SIZE];
	vf_encode(&h, payload, wire);
	for (unsigned at = 0; at < 4096; at += 13) {
		payload[at] ^= 0x40;
		assert_int_equal(vf_decode(&out, wire), 0);
		assert_int_equal(vf_verify(&out, wire, payload), -EBADMSG);
		payload[at] ^= 0x40;
	}
}

static void corrupt_type(void **state)
{
	(void)state;
	static const uint8_t types[] = {0, VF_TYPES, 255};
	struct vf_header h = sample(0), out;
	uint8_t wire[VF_HEADER_SIZE];
	for (size_t i = 0; i < sizeof types; i++) {
		h.type = types[i];
		vf_encode(&h, NULL, wire); /* with a right checksum */
		assert_int_equal(vf_decode(&out, wire), -EBADMSG);
	}
}

static void corrupt_length(void **state)
{
	(void)state;
	struct vf_header h = sample(0), out;
	uint8_t wire[VF_HEADER_SIZE];
	vf_encode(&h, NULL, wire);
	memset(wire + 4, 0, 4);
	wire[6] = 0x10;
	assert_int_equal(vf_decode(&out, wire), 0); /* exactly VF_PAYLOAD_MAX */
	wire[4] = 1;
	assert_int_equal(vf_decode(&out, wire), -EBADMSG);
	memset(wire + 4, 0xff, 4);
	assert_int_equal(vf_decode(&out, wire), -EBADMSG);
}

static void corrupt_reserved(void **state)
{
	(void)state;
	struct vf_header h = sample(0), out;
	uint8_t wire[VF_HEADER_SIZE];
	for (int i = 40; i < VF_HEADER_SIZE; i++) {
		vf_encode(&h, NULL, wire);
		wire[i] = 1;
		assert_int_equal(vf_decode(&out, wire), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(layout),
	    cmocka_unit_test(corrupt_any_header_bit),
	    cmocka_unit_test(corrupt_payload),
	    cmocka_unit_test(corrupt_type),
	    cmocka_unit_test(corrupt_length),
	    cmocka_unit_test(corrupt_reserved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
