// SPDX-License-Identifier: GPL-2.0-or-later
/* The hello of a new data link. */
#include "tests/fuzz/fuzz.h"

#include "wire/frame.h"
#include "wire/hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vh_hello hello;
	uint8_t out[VH_MAX];
	int rc = vh_decode(&hello, data, size);
	require(rc == 0 || rc == -EBADMSG || rc == -EPROTONOSUPPORT);
	if (rc == -EPROTONOSUPPORT)
		require(hello.version != VF_VERSION && hello.unit[0] == '\0');
	if (rc < 0)
		return 0;
	require(vt_unit_name_ok(hello.unit));
	require(vh_encode(&hello, out) == (int)size && memcmp(out, data, size) == 0);
	return 0;
}
