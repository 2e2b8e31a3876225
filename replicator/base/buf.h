/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounded cursors for encoding and decoding, the only way bytes of the wire and of the disk are
 * touched. Integers are little-endian. A cursor that once went wrong stays wrong: callers encode or
 * decode a whole record and look at the flag once, at the end.
 */
#ifndef VMTWIN_BASE_BUF_H
#define VMTWIN_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vt_wbuf {
	uint8_t *data; /* owned by the caller */
	size_t cap;
	size_t len;
	bool failed; /* something did not fit; data holds a useless prefix */
};

struct vt_rbuf {
	const uint8_t *data; /* owned by the caller */
	size_t len;
	size_t pos;
	bool failed; /* read past the end, or a length was out of bounds */
};

void vt_wbuf_init(struct vt_wbuf *w, void *data, size_t cap);
void vt_put_u8(struct vt_wbuf *w, uint8_t v);
void vt_put_u16(struct vt_wbuf *w, uint16_t v);
void vt_put_u32(struct vt_wbuf *w, uint32_t v);
void vt_put_u64(struct vt_wbuf *w, uint64_t v);
void vt_put_bytes(struct vt_wbuf *w, const void *p, size_t n);
/* A string as u16 length and bytes without terminator. Longer than 65535 bytes: failed. */
void vt_put_str(struct vt_wbuf *w, const char *s);

void vt_rbuf_init(struct vt_rbuf *r, const void *data, size_t len);
uint8_t vt_get_u8(struct vt_rbuf *r);
uint16_t vt_get_u16(struct vt_rbuf *r);
uint32_t vt_get_u32(struct vt_rbuf *r);
uint64_t vt_get_u64(struct vt_rbuf *r);
/* Copies n bytes to p; on failure p is zeroed. */
void vt_get_bytes(struct vt_rbuf *r, void *p, size_t n);
/* Points into the buffer; NULL on failure. Lives as long as the buffer. */
const uint8_t *vt_get_ref(struct vt_rbuf *r, size_t n);
/*
 * Reads a string written by vt_put_str into out (always terminated). Fails if it does not fit in cap
 * with its terminator or holds a NUL byte.
 */
void vt_get_str(struct vt_rbuf *r, char *out, size_t cap);
size_t vt_rbuf_left(const struct vt_rbuf *r);
/* True if all went well and nothing is left over. */
bool vt_rbuf_done(const struct vt_rbuf *r);

#endif
