// SPDX-License-Identifier: GPL-2.0-or-later
/* A packet between master and worker. */
#include "tests/fuzz/fuzz.h"

#include "wire/wmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vw_msg msg;
	static uint8_t out[VW_PACKET_MAX];
	int rc = vw_decode(&msg, data, size);
	require(rc == 0 || rc == -EBADMSG);
	if (rc < 0)
		return 0;
	int len = vw_encode(&msg, out);
	require(len == (int)size && memcmp(out, data, size) == 0);
	return 0;
}
