// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/ctl.h"

#include <assert.h>
#include <errno.h>
#include <qb/qbipc_common.h>
#include <stdint.h>
#include <string.h>

static_assert(VT_KV_MAX + sizeof(struct qb_ipc_response_header) <= VT_CTL_MSG_MAX,
	      "a full set fits in a message");

static ssize_t encode(const struct vt_kv *kv, const void *head, size_t head_size, void *out,
		      size_t cap)
{
	if (kv->failed || head_size + kv->len > cap)
		return -EMSGSIZE;
	memcpy(out, head, head_size);
	memcpy((uint8_t *)out + head_size, kv->bytes, kv->len);
	return (ssize_t)(head_size + kv->len);
}

ssize_t vt_ctl_encode_request(const struct vt_kv *kv, void *out, size_t cap)
{
	struct qb_ipc_request_header head = {
	    .id = VT_CTL_MSG_ID,
	    .size = (int32_t)(sizeof head + kv->len),
	};
	return encode(kv, &head, sizeof head, out, cap);
}

ssize_t vt_ctl_encode_reply(const struct vt_kv *kv, void *out, size_t cap)
{
	struct qb_ipc_response_header head = {
	    .id = VT_CTL_MSG_ID,
	    .size = (int32_t)(sizeof head + kv->len),
	};
	return encode(kv, &head, sizeof head, out, cap);
}

static int decode(struct vt_kv *kv, int32_t id, int32_t size, size_t head_size, const void *msg,
		  size_t len)
{
	if (id != VT_CTL_MSG_ID || size < 0 || (size_t)size != len)
		return -EBADMSG;
	return vt_kv_decode(kv, (const uint8_t *)msg + head_size, len - head_size);
}

int vt_ctl_decode_request(struct vt_kv *kv, const void *msg, size_t len)
{
	struct qb_ipc_request_header head;
	vt_kv_init(kv);
	if (len < sizeof head || len > VT_CTL_MSG_MAX)
		return -EBADMSG;
	memcpy(&head, msg, sizeof head);
	return decode(kv, head.id, head.size, sizeof head, msg, len);
}

int vt_ctl_decode_reply(struct vt_kv *kv, const void *msg, size_t len)
{
	struct qb_ipc_response_header head;
	vt_kv_init(kv);
	if (len < sizeof head || len > VT_CTL_MSG_MAX)
		return -EBADMSG;
	memcpy(&head, msg, sizeof head);
	return decode(kv, head.id, head.size, sizeof head, msg, len);
}
