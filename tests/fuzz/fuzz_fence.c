// SPDX-License-Identifier: GPL-2.0-or-later
/* The fencing watcher's line, read by the master. */
#include "tests/fuzz/fuzz.h"

#include "core/fence_history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vt_fence_snapshot snap, again;
	char line[16384];
	int rc = vt_fence_parse(&snap, (const char *)data, size);
	require(rc == 0 || rc == -EBADMSG);
	if (rc < 0)
		return 0;
	require(snap.nodes <= VT_FENCE_NODES);
	int len = vt_fence_format(&snap, line, sizeof line);
	require(len > 0 && vt_fence_parse(&again, line, (size_t)len) == 0);
	require(again.known == snap.known && again.read_ns == snap.read_ns);
	require(again.nodes == snap.nodes);
	for (unsigned i = 0; i < snap.nodes; i++)
		require(strcmp(again.node[i].name, snap.node[i].name) == 0 &&
			again.node[i].record == snap.node[i].record &&
			again.node[i].pending == snap.node[i].pending);
	return 0;
}
