// SPDX-License-Identifier: GPL-2.0-or-later
/* A frame from the peer: header, then payload as far as there is any. */
#include "tests/fuzz/fuzz.h"

#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vf_header h, again;
	uint8_t wire[VF_HEADER_SIZE];
	if (size < VF_HEADER_SIZE)
		return 0;
	int rc = vf_decode(&h, data);
	require(rc == 0 || rc == -EBADMSG);
	if (rc < 0)
		return 0;
	require(h.type > 0 && h.type < VF_TYPES && h.length <= VF_PAYLOAD_MAX);
	const uint8_t *payload = data + VF_HEADER_SIZE;
	if (h.length > size - VF_HEADER_SIZE)
		h.length = (uint32_t)(size - VF_HEADER_SIZE); /* what a cut connection leaves */
	rc = vf_verify(&h, data, payload);
	require(rc == 0 || rc == -EBADMSG);
	vf_encode(&h, payload, wire);
	require(vf_decode(&again, wire) == 0 && vf_verify(&again, wire, payload) == 0);
	require(again.seq == h.seq && again.file == h.file && again.offset == h.offset);
	require(memcmp(wire + 8, data + 8, 24) == 0 && memcmp(wire, data, 4) == 0);
	return 0;
}
