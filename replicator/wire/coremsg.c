// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/coremsg.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"

static void put_log(struct vt_wbuf *w, const struct vc_eralog *log)
{
	vt_put_u32(w, log->count);
	for (uint32_t i = 0; i < log->count && i < VC_ERAS; i++) {
		const struct vc_era *e = &log->era[i];
		vt_put_u64(w, e->number);
		vt_put_u64(w, e->id);
		vt_put_u64(w, e->first_seq);
		vt_put_u8(w, e->writer);
		vt_put_u8(w, e->members);
		vt_put_u8(w, e->flags);
	}
}

static void get_log(struct vt_rbuf *r, struct vc_eralog *log)
{
	log->count = vt_get_u32(r);
	if (log->count > VC_ERAS) {
		log->count = 0;
		r->failed = true;
	}
	for (uint32_t i = 0; i < log->count; i++) {
		struct vc_era *e = &log->era[i];
		e->number = vt_get_u64(r);
		e->id = vt_get_u64(r);
		e->first_seq = vt_get_u64(r);
		e->writer = vt_get_u8(r);
		e->members = vt_get_u8(r);
		e->flags = vt_get_u8(r);
		if (e->writer >= VC_SLOTS || e->members == 0 || e->members > 3)
			r->failed = true;
	}
}

enum { H_CERTAIN = 1, H_SURVIVED = 2 };

static void put_hello(struct vt_wbuf *w, const struct vc_hello *h)
{
	vt_put_bytes(w, h->unit_id, sizeof h->unit_id);
	vt_put_u64(w, h->incarnation);
	vt_put_u64(w, h->nonce);
	vt_put_u64(w, h->echo);
	vt_put_u64(w, h->pairing);
	vt_put_u8(w, (uint8_t)h->standing);
	vt_put_u8(w, (uint8_t)h->role);
	vt_put_u8(w, (uint8_t)((h->certain ? H_CERTAIN : 0) | (h->survived ? H_SURVIVED : 0)));
	vt_put_u8(w, (uint8_t)h->mode);
	vt_put_u64(w, h->map_base);
	vt_put_u32(w, h->lease_ms);
	vt_put_u16(w, h->port);
	put_log(w, &h->log);
}

static void get_hello(struct vt_rbuf *r, struct vc_hello *h)
{
	vt_get_bytes(r, h->unit_id, sizeof h->unit_id);
	h->incarnation = vt_get_u64(r);
	h->nonce = vt_get_u64(r);
	h->echo = vt_get_u64(r);
	h->pairing = vt_get_u64(r);
	uint8_t standing = vt_get_u8(r);
	uint8_t role = vt_get_u8(r);
	uint8_t flags = vt_get_u8(r);
	uint8_t mode = vt_get_u8(r);
	h->map_base = vt_get_u64(r);
	h->lease_ms = vt_get_u32(r);
	h->port = vt_get_u16(r);
	get_log(r, &h->log);
	if (standing < VC_SYNCING || standing > VC_SOLO || role > VC_DEMOTING || flags > 3 || mode > VC_ASYNC ||
	    h->lease_ms < VX_LEASE_MIN_MS || h->lease_ms > VX_LEASE_MAX_MS ||
	    h->nonce == 0 || h->incarnation == 0)
		r->failed = true;
	h->standing = (enum vc_standing)standing;
	h->role = (enum vc_role)role;
	h->mode = (enum vc_mode)mode;
	h->certain = flags & H_CERTAIN;
	h->survived = flags & H_SURVIVED;
}

int vx_encode(const struct vc_msg *msg, uint8_t *out)
{
	struct vt_wbuf w;
	vt_wbuf_init(&w, out, VX_MAX);
	vt_put_u8(&w, VX_VERSION);
	vt_put_u8(&w, (uint8_t)msg->type);
	vt_put_u64(&w, msg->pairing);
	vt_put_u64(&w, msg->request);
	if (msg->type == VC_M_HELLO)
		put_hello(&w, &msg->u.hello);
	else if (msg->type == VC_M_PAIR || msg->type == VC_M_ERA)
		put_log(&w, &msg->u.log);
	return w.failed ? -EMSGSIZE : (int)w.len;
}

static bool known(uint8_t type)
{
	return (type >= VC_M_HELLO && type <= VC_M_PING) ||
	       (type >= VC_M_GO && type <= VC_M_RESUME);
}

int vx_decode(struct vc_msg *msg, const void *bytes, size_t len)
{
	struct vt_rbuf r;
	memset(msg, 0, sizeof *msg);
	vt_rbuf_init(&r, bytes, len);
	uint8_t version = vt_get_u8(&r);
	if (!r.failed && version != VX_VERSION)
		return -EPROTONOSUPPORT;
	uint8_t type = vt_get_u8(&r);
	msg->pairing = vt_get_u64(&r);
	msg->request = vt_get_u64(&r);
	if (r.failed || !known(type))
		return -EBADMSG;
	msg->type = (enum vc_msg_type)type;
	if (msg->type == VC_M_HELLO)
		get_hello(&r, &msg->u.hello);
	else if (msg->type == VC_M_PAIR || msg->type == VC_M_ERA)
		get_log(&r, &msg->u.log);
	return vt_rbuf_done(&r) ? 0 : -EBADMSG;
}
