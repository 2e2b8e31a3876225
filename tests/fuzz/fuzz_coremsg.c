// SPDX-License-Identifier: GPL-2.0-or-later
/* A message between the decision cores of both hosts. */
#include "tests/fuzz/fuzz.h"

#include "wire/coremsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vc_msg msg;
	static uint8_t out[VX_MAX];
	int rc = vx_decode(&msg, data, size);
	require(rc == 0 || rc == -EBADMSG || rc == -EPROTONOSUPPORT);
	if (rc < 0)
		return 0;
	int len = vx_encode(&msg, out);
	require(len == (int)size && memcmp(out, data, size) == 0);
	return 0;
}
