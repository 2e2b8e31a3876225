/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What masters say to each other in the CPG group VT_CPG_GROUP: version u8, kind u8, then the fields
 * in the order of the struct. CPG delivers in one total order to all members, the sender included.
 * Bulk data never goes this way (docs/PROTOCOL.md of the data link: TCP).
 */
#ifndef VMTWIN_WIRE_GROUP_H
#define VMTWIN_WIRE_GROUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/kv.h"
#include "base/unitconf.h"
#include "wire/wmsg.h"

#ifndef VG_VERSION /* tests build a program of another one */
#define VG_VERSION 2
#endif
#define VG_PACKET_MAX (VW_PAYLOAD_MAX + 256) /* below CPG's limit for one unfragmented message */
#define VG_STATUS_MAX 4096		     /* bytes of a unit's status told to the peer's master */

enum vg_kind {
	VG_UNIT_MESSAGE = 1, /* from a worker to the workers of the unit on both hosts */
	VG_UNIT_DOWN,	     /* the sender's worker of this unit is dead beyond doubt */
	VG_PROOF,	     /* a master to itself: it came back, so the group is alive (lease) */
	VG_STATUS,	     /* the sender's view of a unit, for people */
	VG_END_NODE,	     /* fencing of a member: this node is to end its VMs and itself (docs/FENCING.md) */
	VG_ENDING,	     /* its answer, the last that it says */
};

struct vg_msg {
	enum vg_kind kind;
	char unit[VT_UNIT_NAME_MAX + 1]; /* kinds that concern a unit */
	union {
		struct {
			uint32_t len;
			uint8_t payload[VW_PAYLOAD_MAX];
		} message;
		uint64_t incarnation; /* VG_UNIT_DOWN: as in the dead worker's VW_HELLO */
		struct {
			uint64_t sent_ns; /* CLOCK_BOOTTIME of the sender, before sending */
			uint64_t nonce;	  /* of the sending process */
			uint64_t breaks;  /* the sender's count of quorum losses at sending */
			uint32_t lease_ms; /* the longest of the sender's units */
		} proof;
		struct {
			uint32_t node;	  /* that is to end */
			uint64_t request; /* names the request; repeated in the answer */
			bool off;	  /* power off instead of a reset */
		} end; /* VG_END_NODE */
		struct {
			uint64_t request;
			bool able; /* its VMs are ended, and it resets itself next; else it can't */
		} ending; /* VG_ENDING */
		struct vt_kv status; /* VG_STATUS: at most VG_STATUS_MAX bytes */
	} u;
};

/* Encodes into out[VG_PACKET_MAX]; returns the length in bytes, or -EMSGSIZE. */
int vg_encode(const struct vg_msg *msg, uint8_t *out);
/*
 * Decodes a message. 0; -EPROTONOSUPPORT: another version (the peer runs another vmtwin); -EBADMSG:
 * damaged or not ours. msg is undefined after an error.
 */
int vg_decode(struct vg_msg *msg, const void *packet, size_t len);

#endif
