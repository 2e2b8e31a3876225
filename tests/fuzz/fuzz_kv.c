// SPDX-License-Identifier: GPL-2.0-or-later
/* Key/value sets, as such and in the frame of the control socket. */
#include "tests/fuzz/fuzz.h"

#include "base/kv.h"
#include "wire/ctl.h"

static struct vt_kv kv, again;

static void walk(size_t size)
{
	const char *key, *value;
	size_t pos = 0, seen = 0;
	require(kv.len == size && !kv.failed);
	vt_kv_init(&again);
	while (vt_kv_next(&kv, &pos, &key, &value)) {
		require(vt_kv_get(&kv, key) != NULL);
		(void)vt_kv_long(&kv, key, 0);
		vt_kv_add(&again, key, "%s", value);
		seen += strlen(key) + strlen(value) + 2;
	}
	require(seen == size && !again.failed);
	require(again.len == kv.len && memcmp(again.bytes, kv.bytes, kv.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t msg[VT_CTL_MSG_MAX];
	if (vt_ctl_decode_request(&kv, data, size) < 0)
		require(kv.len == 0);
	if (vt_ctl_decode_reply(&kv, data, size) < 0)
		require(kv.len == 0);
	int rc = vt_kv_decode(&kv, data, size);
	require(rc == 0 || (rc == -EBADMSG && kv.len == 0));
	if (rc < 0)
		return 0;
	walk(size);
	ssize_t n = vt_ctl_encode_request(&kv, msg, sizeof msg);
	require(n > 0 && vt_ctl_decode_request(&again, msg, (size_t)n) == 0);
	require(vt_ctl_decode_request(&again, msg, (size_t)n - 1) == -EBADMSG);
	n = vt_ctl_encode_reply(&kv, msg, sizeof msg);
	require(n > 0 && vt_ctl_decode_reply(&again, msg, (size_t)n) == 0);
	require(again.len == kv.len);
	return 0;
}
