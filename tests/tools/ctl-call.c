// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends one request to vmtwind and prints the reply, a line a pair, for tests:
 *   ctl-call [-t MS] cmd=monitor unit=vm1
 * Exit status: 0 the reply's rc is 0, 1 it is not, 2 usage, 3 no reply.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"

static void print(const struct vt_kv *kv)
{
	const char *key, *value;
	for (size_t pos = 0; vt_kv_next(kv, &pos, &key, &value);)
		printf("%s=%s\n", key, value);
}

int main(int argc, char **argv)
{
	static struct vt_kv request, reply;
	struct vt_fail fail = {0};
	int timeout_ms = 20000, at = 1;
	if (argc > 2 && strcmp(argv[1], "-t") == 0) {
		timeout_ms = atoi(argv[2]);
		at = 3;
	}
	vt_kv_init(&request);
	for (; at < argc; at++) {
		char *equals = strchr(argv[at], '=');
		if (!equals)
			return 2;
		*equals = '\0';
		vt_kv_add(&request, argv[at], "%s", equals + 1);
	}
	if (!vt_kv_get(&request, "timeout_ms"))
		vt_kv_add(&request, "timeout_ms", "%d", timeout_ms);
	if (vt_ctl_call(&request, &reply, timeout_ms, &fail) < 0) {
		printf("error=%d\ntext=%s\n", fail.code, fail.text);
		return 3;
	}
	print(&reply);
	return vt_kv_long(&reply, "rc", -1) == 0 ? 0 : 1;
}
