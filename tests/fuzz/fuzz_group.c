// SPDX-License-Identifier: GPL-2.0-or-later
/* A message of the CPG group of masters. */
#include "tests/fuzz/fuzz.h"

#include "wire/group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vg_msg msg;
	static uint8_t out[VG_PACKET_MAX];
	int rc = vg_decode(&msg, data, size);
	require(rc == 0 || rc == -EBADMSG || rc == -EPROTONOSUPPORT);
	if (rc < 0)
		return 0;
	int len = vg_encode(&msg, out);
	require(len == (int)size && memcmp(out, data, size) == 0);
	return 0;
}
