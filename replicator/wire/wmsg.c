// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/wmsg.h"

#include <errno.h>

#include "base/buf.h"

static void put_kv(struct vt_wbuf *w, const struct vt_kv *kv)
{
	if (kv->failed)
		w->failed = true;
	vt_put_u32(w, (uint32_t)kv->len);
	vt_put_bytes(w, kv->bytes, kv->len);
}

static void get_kv(struct vt_rbuf *r, struct vt_kv *kv)
{
	uint32_t len = vt_get_u32(r);
	const uint8_t *at = vt_get_ref(r, len);
	vt_kv_init(kv);
	if (at && vt_kv_decode(kv, at, len) < 0)
		r->failed = true;
}

static bool get_bool(struct vt_rbuf *r)
{
	uint8_t v = vt_get_u8(r);
	if (v > 1)
		r->failed = true;
	return v == 1;
}

static void put_attach(struct vt_wbuf *w, const struct vw_attach *a)
{
	vt_put_u32(w, a->self_node);
	vt_put_u32(w, a->peer_node);
	vt_put_u64(w, a->master);
	vt_put_str(w, a->self_name);
	vt_put_str(w, a->peer_name);
	vt_put_u8(w, a->rings);
	for (unsigned i = 0; i < a->rings && i < VW_RINGS; i++) {
		vt_put_str(w, a->self_addr[i]);
		vt_put_str(w, a->peer_addr[i]);
	}
}

static void get_attach(struct vt_rbuf *r, struct vw_attach *a)
{
	a->self_node = vt_get_u32(r);
	a->peer_node = vt_get_u32(r);
	a->master = vt_get_u64(r);
	vt_get_str(r, a->self_name, sizeof a->self_name);
	vt_get_str(r, a->peer_name, sizeof a->peer_name);
	a->rings = vt_get_u8(r);
	if (a->rings > VW_RINGS) {
		r->failed = true;
		return;
	}
	for (unsigned i = 0; i < a->rings; i++) {
		vt_get_str(r, a->self_addr[i], sizeof a->self_addr[i]);
		vt_get_str(r, a->peer_addr[i], sizeof a->peer_addr[i]);
	}
}

static void get_payload(struct vt_rbuf *r, struct vw_cpg *cpg)
{
	cpg->sender = vt_get_u64(r);
	cpg->len = vt_get_u32(r);
	if (cpg->len > sizeof cpg->payload)
		r->failed = true;
	else
		vt_get_bytes(r, cpg->payload, cpg->len);
}

int vw_encode(const struct vw_msg *msg, uint8_t *out)
{
	struct vt_wbuf w;
	vt_wbuf_init(&w, out, VW_PACKET_MAX);
	vt_put_u8(&w, (uint8_t)msg->type);
	switch (msg->type) {
	case VW_ATTACH:
		put_attach(&w, &msg->u.attach);
		break;
	case VW_QUORUM:
		vt_put_u8(&w, msg->u.quorum.quorate);
		vt_put_u8(&w, msg->u.quorum.peer_member);
		break;
	case VW_GROUP:
		vt_put_u64(&w, msg->u.group.member);
		vt_put_u8(&w, (uint8_t)msg->u.group.how);
		break;
	case VW_CPG:
	case VW_SEND:
		vt_put_u64(&w, msg->u.cpg.sender);
		vt_put_u32(&w, msg->u.cpg.len);
		if (msg->u.cpg.len <= sizeof msg->u.cpg.payload)
			vt_put_bytes(&w, msg->u.cpg.payload, msg->u.cpg.len);
		else
			w.failed = true;
		break;
	case VW_UNIT_DOWN:
		vt_put_u64(&w, msg->u.unit_down.incarnation);
		break;
	case VW_PROOF:
		vt_put_u64(&w, msg->u.proof.sent_ns);
		break;
	case VW_FENCE:
		vt_put_u64(&w, msg->u.fence.read_ns);
		vt_put_u64(&w, msg->u.fence.peer_record);
		vt_put_u8(&w, msg->u.fence.known);
		vt_put_u8(&w, msg->u.fence.pending);
		break;
	case VW_REQUEST:
	case VW_REPLY:
		vt_put_u32(&w, msg->u.request.id);
		put_kv(&w, &msg->u.request.kv);
		break;
	case VW_HELLO:
		vt_put_u64(&w, msg->u.hello.incarnation);
		vt_put_u32(&w, msg->u.hello.pid);
		vt_put_str(&w, msg->u.hello.unit);
		break;
	case VW_STATUS:
		vt_put_u32(&w, (uint32_t)msg->u.status.score);
		put_kv(&w, &msg->u.status.kv);
		break;
	case VW_ASK_FENCE_STATE:
		break;
	case VW_FENCE_PEER:
		vt_put_str(&w, msg->u.text.text);
		break;
	}
	return w.failed ? -EMSGSIZE : (int)w.len;
}

int vw_decode(struct vw_msg *msg, const void *packet, size_t len)
{
	struct vt_rbuf r;
	vt_rbuf_init(&r, packet, len);
	uint8_t type = vt_get_u8(&r);
	msg->type = (enum vw_type)type;
	switch (msg->type) {
	case VW_ATTACH:
		get_attach(&r, &msg->u.attach);
		break;
	case VW_QUORUM:
		msg->u.quorum.quorate = get_bool(&r);
		msg->u.quorum.peer_member = get_bool(&r);
		break;
	case VW_GROUP: {
		msg->u.group.member = vt_get_u64(&r);
		uint8_t how = vt_get_u8(&r);
		if (how > VW_LEFT_NODEDOWN)
			return -EBADMSG;
		msg->u.group.how = (enum vw_left)how;
		break;
	}
	case VW_CPG:
	case VW_SEND:
		get_payload(&r, &msg->u.cpg);
		break;
	case VW_UNIT_DOWN:
		msg->u.unit_down.incarnation = vt_get_u64(&r);
		break;
	case VW_PROOF:
		msg->u.proof.sent_ns = vt_get_u64(&r);
		break;
	case VW_FENCE:
		msg->u.fence.read_ns = vt_get_u64(&r);
		msg->u.fence.peer_record = vt_get_u64(&r);
		msg->u.fence.known = get_bool(&r);
		msg->u.fence.pending = get_bool(&r);
		break;
	case VW_REQUEST:
	case VW_REPLY:
		msg->u.request.id = vt_get_u32(&r);
		get_kv(&r, &msg->u.request.kv);
		break;
	case VW_HELLO:
		msg->u.hello.incarnation = vt_get_u64(&r);
		msg->u.hello.pid = vt_get_u32(&r);
		vt_get_str(&r, msg->u.hello.unit, sizeof msg->u.hello.unit);
		break;
	case VW_STATUS:
		msg->u.status.score = (int32_t)vt_get_u32(&r);
		get_kv(&r, &msg->u.status.kv);
		break;
	case VW_ASK_FENCE_STATE:
		break;
	case VW_FENCE_PEER:
		vt_get_str(&r, msg->u.text.text, sizeof msg->u.text.text);
		break;
	default:
		return -EBADMSG;
	}
	return vt_rbuf_done(&r) ? 0 : -EBADMSG;
}
