// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/group.h"

#include <errno.h>

#include "base/buf.h"

static bool of_unit(enum vg_kind kind)
{
	return kind != VG_PROOF && kind != VG_END_NODE && kind != VG_ENDING;
}

int vg_encode(const struct vg_msg *msg, uint8_t *out)
{
	struct vt_wbuf w;
	vt_wbuf_init(&w, out, VG_PACKET_MAX);
	vt_put_u8(&w, VG_VERSION);
	vt_put_u8(&w, (uint8_t)msg->kind);
	if (of_unit(msg->kind))
		vt_put_str(&w, msg->unit);
	switch (msg->kind) {
	case VG_UNIT_MESSAGE:
		if (msg->u.message.len > sizeof msg->u.message.payload)
			return -EMSGSIZE;
		vt_put_u32(&w, msg->u.message.len);
		vt_put_bytes(&w, msg->u.message.payload, msg->u.message.len);
		break;
	case VG_UNIT_DOWN:
		vt_put_u64(&w, msg->u.incarnation);
		break;
	case VG_PROOF:
		vt_put_u64(&w, msg->u.proof.sent_ns);
		vt_put_u64(&w, msg->u.proof.nonce);
		vt_put_u64(&w, msg->u.proof.breaks);
		vt_put_u32(&w, msg->u.proof.lease_ms);
		break;
	case VG_END_NODE:
		vt_put_u32(&w, msg->u.end.node);
		vt_put_u64(&w, msg->u.end.request);
		vt_put_u8(&w, msg->u.end.off);
		break;
	case VG_ENDING:
		vt_put_u64(&w, msg->u.ending.request);
		vt_put_u8(&w, msg->u.ending.able);
		break;
	case VG_STATUS:
		if (msg->u.status.failed || msg->u.status.len > VG_STATUS_MAX)
			return -EMSGSIZE;
		vt_put_u32(&w, (uint32_t)msg->u.status.len);
		vt_put_bytes(&w, msg->u.status.bytes, msg->u.status.len);
		break;
	}
	return w.failed ? -EMSGSIZE : (int)w.len;
}

static int get_message(struct vt_rbuf *r, struct vg_msg *msg)
{
	msg->u.message.len = vt_get_u32(r);
	if (msg->u.message.len > sizeof msg->u.message.payload)
		return -EBADMSG;
	vt_get_bytes(r, msg->u.message.payload, msg->u.message.len);
	return 0;
}

static int get_status(struct vt_rbuf *r, struct vg_msg *msg)
{
	uint32_t len = vt_get_u32(r);
	if (len > VG_STATUS_MAX)
		return -EBADMSG;
	const uint8_t *at = vt_get_ref(r, len);
	if (!at)
		return -EBADMSG;
	return vt_kv_decode(&msg->u.status, at, len);
}

static int get_flag(struct vt_rbuf *r, bool *out)
{
	uint8_t flag = vt_get_u8(r);
	*out = flag == 1;
	return flag <= 1 ? 0 : -EBADMSG;
}

static int get_end(struct vt_rbuf *r, struct vg_msg *msg)
{
	msg->u.end.node = vt_get_u32(r);
	msg->u.end.request = vt_get_u64(r);
	int rc = get_flag(r, &msg->u.end.off);
	return msg->u.end.node && msg->u.end.request ? rc : -EBADMSG;
}

int vg_decode(struct vg_msg *msg, const void *packet, size_t len)
{
	struct vt_rbuf r;
	int rc = 0;
	vt_rbuf_init(&r, packet, len);
	uint8_t version = vt_get_u8(&r);
	uint8_t kind = vt_get_u8(&r);
	if (r.failed || version == 0)
		return -EBADMSG;
	if (version != VG_VERSION)
		return -EPROTONOSUPPORT;
	msg->kind = (enum vg_kind)kind;
	if (of_unit(msg->kind)) {
		vt_get_str(&r, msg->unit, sizeof msg->unit);
		if (r.failed || !vt_unit_name_ok(msg->unit))
			return -EBADMSG;
	}
	switch (kind) {
	case VG_UNIT_MESSAGE:
		rc = get_message(&r, msg);
		break;
	case VG_UNIT_DOWN:
		msg->u.incarnation = vt_get_u64(&r);
		break;
	case VG_PROOF:
		msg->u.proof.sent_ns = vt_get_u64(&r);
		msg->u.proof.nonce = vt_get_u64(&r);
		msg->u.proof.breaks = vt_get_u64(&r);
		msg->u.proof.lease_ms = vt_get_u32(&r);
		break;
	case VG_END_NODE:
		rc = get_end(&r, msg);
		break;
	case VG_ENDING:
		msg->u.ending.request = vt_get_u64(&r);
		rc = get_flag(&r, &msg->u.ending.able);
		break;
	case VG_STATUS:
		rc = get_status(&r, msg);
		break;
	default:
		return -EBADMSG;
	}
	return rc < 0 || !vt_rbuf_done(&r) ? -EBADMSG : 0;
}
