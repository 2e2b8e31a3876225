/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data link's frames: a header of VF_HEADER_SIZE bytes, then `length` bytes of payload. The
 * checksum covers header and payload from the buffer that was written locally to the buffer that the
 * peer writes (S3). See docs/PROTOCOL.md.
 */
#ifndef VMTWIN_WIRE_FRAME_H
#define VMTWIN_WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define VF_HEADER_SIZE 56
#ifndef VF_VERSION /* tests build a program of another one */
#define VF_VERSION 1
#endif
#define VF_PAYLOAD_MAX (1u << 20)

enum vf_type {
	VF_HELLO = 1, /* first on a new connection, both ways: version, unit, pairing, incarnation */
	VF_PING,      /* keeps the link alive; no sequence number */
	VF_CORE,      /* a message of the decision core (wire/linkmsg.h) */
	VF_ACK,	      /* payload: any number of (u64 seq, i32 result) */
	/* in stream order, each with a sequence number, each acknowledged once */
	VF_WRITE,    /* file, offset, payload: bytes written by the guest */
	VF_COPY,     /* the same from resync or repair */
	VF_ZERO,     /* file, offset, u64 length in payload: hole, or zero range (flags) */
	VF_FLUSH,    /* barrier: all before it durable, nothing after it durable before (S2) */
	VF_META,     /* create, rename, truncate, ... (payload: wire/metaop.h) */
	VF_TREE,     /* resync: one entry of the source's tree */
	VF_TREE_END, /* resync: what was not named is gone; sizes and attributes are final */
	VF_HASH,     /* resync: hashes of grains; result: acked with a VF_NEED list before the ack */
	VF_NEED,     /* target -> source: grains that differ; no sequence number */
	VF_TYPES
};

struct vf_header {
	uint8_t type;
	uint8_t flags;
	uint32_t length;  /* of the payload, <= VF_PAYLOAD_MAX */
	uint64_t seq;	  /* 0 for frames outside the stream */
	uint64_t file;	  /* session's id of the file, 0 for none */
	uint64_t offset;  /* bytes */
	uint64_t checksum; /* XXH3-64 of the header with this field 0, then the payload */
};

/* Encodes h into out[VF_HEADER_SIZE], computing the checksum over payload[h->length]. */
void vf_encode(struct vf_header *h, const void *payload, uint8_t *out);
/* 0, or -EBADMSG: unknown type, length out of bounds, reserved bytes not zero. Checksum: see below. */
int vf_decode(struct vf_header *h, const uint8_t *in);
/* 0, or -EBADMSG if the checksum of in (the encoded header) and payload is wrong. */
int vf_verify(const struct vf_header *h, const uint8_t *in, const void *payload);

#endif
