// SPDX-License-Identifier: GPL-2.0-or-later
/* A line of mountinfo: mount points are named by users. */
#include "tests/fuzz/fuzz.h"

#include "base/mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vt_mountinfo mi;
	char *line = text_of(data, size);
	int rc = vt_mountinfo_parse(&mi, line);
	free(line);
	require(rc == 0 || rc == -EBADMSG);
	if (rc == 0)
		require(memchr(mi.dir, 0, sizeof mi.dir) && memchr(mi.type, 0, sizeof mi.type));
	return 0;
}
