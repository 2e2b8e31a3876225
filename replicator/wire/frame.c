// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/frame.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* the state lives on the stack; its layout is fixed since 0.8 */
#include <xxhash.h>

#include "base/buf.h"

/*
 * Bytes: 0 magic u16, 2 type u8, 3 flags u8, 4 length u32, 8 seq u64, 16 file u64, 24 offset u64,
 * 32 checksum u64, 40 reserved (zero) 16.
 */
#define MAGIC 0x7476
#define CHECKSUM_AT 32
#define RESERVED 16

static_assert(CHECKSUM_AT + 8 + RESERVED == VF_HEADER_SIZE, "layout of the header");

static uint64_t checksum(const uint8_t *in, const void *payload, uint32_t length)
{
	static const uint8_t zero[8];
	XXH3_state_t state;
	XXH3_64bits_reset(&state);
	XXH3_64bits_update(&state, in, CHECKSUM_AT);
	XXH3_64bits_update(&state, zero, sizeof zero);
	XXH3_64bits_update(&state, in + CHECKSUM_AT + 8, RESERVED);
	if (length > 0)
		XXH3_64bits_update(&state, payload, length);
	return XXH3_64bits_digest(&state);
}

void vf_encode(struct vf_header *h, const void *payload, uint8_t *out)
{
	static const uint8_t reserved[RESERVED];
	struct vt_wbuf w;
	assert(h->length <= VF_PAYLOAD_MAX);
	vt_wbuf_init(&w, out, VF_HEADER_SIZE);
	vt_put_u16(&w, MAGIC);
	vt_put_u8(&w, h->type);
	vt_put_u8(&w, h->flags);
	vt_put_u32(&w, h->length);
	vt_put_u64(&w, h->seq);
	vt_put_u64(&w, h->file);
	vt_put_u64(&w, h->offset);
	vt_put_u64(&w, 0);
	vt_put_bytes(&w, reserved, sizeof reserved);
	h->checksum = checksum(out, payload, h->length);
	vt_wbuf_init(&w, out + CHECKSUM_AT, 8);
	vt_put_u64(&w, h->checksum);
}

int vf_decode(struct vf_header *h, const uint8_t *in)
{
	static const uint8_t reserved[RESERVED];
	struct vt_rbuf r;
	vt_rbuf_init(&r, in, VF_HEADER_SIZE);
	uint16_t magic = vt_get_u16(&r);
	h->type = vt_get_u8(&r);
	h->flags = vt_get_u8(&r);
	h->length = vt_get_u32(&r);
	h->seq = vt_get_u64(&r);
	h->file = vt_get_u64(&r);
	h->offset = vt_get_u64(&r);
	h->checksum = vt_get_u64(&r);
	const uint8_t *rest = vt_get_ref(&r, RESERVED);
	if (!vt_rbuf_done(&r) || magic != MAGIC || memcmp(rest, reserved, RESERVED) != 0)
		return -EBADMSG;
	if (h->type == 0 || h->type >= VF_TYPES || h->length > VF_PAYLOAD_MAX)
		return -EBADMSG;
	return 0;
}

int vf_verify(const struct vf_header *h, const uint8_t *in, const void *payload)
{
	return checksum(in, payload, h->length) == h->checksum ? 0 : -EBADMSG;
}
