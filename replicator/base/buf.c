// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/buf.h"

#include <string.h>

void vt_wbuf_init(struct vt_wbuf *w, void *data, size_t cap)
{
	*w = (struct vt_wbuf){.data = data, .cap = cap};
}

static uint8_t *reserve(struct vt_wbuf *w, size_t n)
{
	if (w->failed || n > w->cap - w->len) {
		w->failed = true;
		return NULL;
	}
	uint8_t *at = w->data + w->len;
	w->len += n;
	return at;
}

static void put_le(struct vt_wbuf *w, uint64_t v, size_t n)
{
	uint8_t *at = reserve(w, n);
	for (size_t i = 0; at && i < n; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

void vt_put_u8(struct vt_wbuf *w, uint8_t v)
{
	put_le(w, v, 1);
}

void vt_put_u16(struct vt_wbuf *w, uint16_t v)
{
	put_le(w, v, 2);
}

void vt_put_u32(struct vt_wbuf *w, uint32_t v)
{
	put_le(w, v, 4);
}

void vt_put_u64(struct vt_wbuf *w, uint64_t v)
{
	put_le(w, v, 8);
}

void vt_put_bytes(struct vt_wbuf *w, const void *p, size_t n)
{
	uint8_t *at = reserve(w, n);
	if (at && n > 0)
		memcpy(at, p, n);
}

void vt_put_str(struct vt_wbuf *w, const char *s)
{
	size_t n = strlen(s);
	if (n > UINT16_MAX) {
		w->failed = true;
		return;
	}
	vt_put_u16(w, (uint16_t)n);
	vt_put_bytes(w, s, n);
}

void vt_rbuf_init(struct vt_rbuf *r, const void *data, size_t len)
{
	*r = (struct vt_rbuf){.data = data, .len = len};
}

const uint8_t *vt_get_ref(struct vt_rbuf *r, size_t n)
{
	if (r->failed || n > r->len - r->pos) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *at = r->data + r->pos;
	r->pos += n;
	return at;
}

static uint64_t get_le(struct vt_rbuf *r, size_t n)
{
	const uint8_t *at = vt_get_ref(r, n);
	uint64_t v = 0;
	for (size_t i = 0; at && i < n; i++)
		v |= (uint64_t)at[i] << (8 * i);
	return v;
}

uint8_t vt_get_u8(struct vt_rbuf *r)
{
	return (uint8_t)get_le(r, 1);
}

uint16_t vt_get_u16(struct vt_rbuf *r)
{
	return (uint16_t)get_le(r, 2);
}

uint32_t vt_get_u32(struct vt_rbuf *r)
{
	return (uint32_t)get_le(r, 4);
}

uint64_t vt_get_u64(struct vt_rbuf *r)
{
	return get_le(r, 8);
}

void vt_get_bytes(struct vt_rbuf *r, void *p, size_t n)
{
	const uint8_t *at = vt_get_ref(r, n);
	if (at)
		memcpy(p, at, n);
	else
		memset(p, 0, n);
}

void vt_get_str(struct vt_rbuf *r, char *out, size_t cap)
{
	size_t n = vt_get_u16(r);
	const uint8_t *at = vt_get_ref(r, n);
	out[0] = '\0';
	if (!at)
		return;
	if (n >= cap || memchr(at, 0, n)) {
		r->failed = true;
		return;
	}
	memcpy(out, at, n);
	out[n] = '\0';
}

size_t vt_rbuf_left(const struct vt_rbuf *r)
{
	return r->failed ? 0 : r->len - r->pos;
}

bool vt_rbuf_done(const struct vt_rbuf *r)
{
	return !r->failed && r->pos == r->len;
}
