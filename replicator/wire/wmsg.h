/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between master and worker on one host: SOCK_SEQPACKET, /run/vmtwin/UNIT.sock, listened on by the
 * worker (mode 0600), one master at a time: a new connection replaces the old one, so that workers
 * outlive their master and attach to the next. One message a packet: type u8, then fields in the
 * order of the struct. The order of MW_GROUP and MW_CPG is CPG's total order and is never changed.
 */
#ifndef VMTWIN_WIRE_WMSG_H
#define VMTWIN_WIRE_WMSG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/kv.h"
#include "base/unitconf.h"

#define VW_PACKET_MAX 16384
#define VW_PAYLOAD_MAX 8192 /* bytes of one unit's CPG message */
#define VW_RINGS 8
#define VW_ADDR_MAX 64

enum vw_type {
	/* master -> worker */
	VW_ATTACH = 1, /* first, once a connection */
	VW_QUORUM,     /* at attach and at each change */
	VW_GROUP,      /* a vmtwind joined or left the CPG group on the peer's node */
	VW_CPG,	       /* a message of this unit, own ones included, in total order */
	VW_UNIT_DOWN,  /* the peer's master says: the peer's worker process of this unit ended */
	VW_PROOF,      /* a message to oneself came back, quorate at sending and at delivery */
	VW_FENCE,      /* what the fencer knows, at attach, at each change and when asked */
	VW_REQUEST,    /* a control request for this unit */
	/* worker -> master */
	VW_HELLO = 64, /* first, once a connection */
	VW_SEND,       /* multicast this payload to both hosts' workers of the unit */
	VW_REPLY,      /* the answer to VW_REQUEST */
	VW_STATUS,     /* at each change: what to publish (scores, attributes) */
	VW_ASK_FENCE_STATE, /* send a VW_FENCE that was read after now */
	VW_FENCE_PEER, /* have the peer's node fenced (docs/PROTOCOL.md) */
};

struct vw_attach {
	uint32_t self_node, peer_node; /* corosync node ids, never 0 */
	uint64_t master;	       /* our (node << 32 | pid) in the group */
	char self_name[VT_HOST_NAME_MAX + 1], peer_name[VT_HOST_NAME_MAX + 1];
	uint8_t rings; /* addresses in self_addr and peer_addr, index = ring */
	char self_addr[VW_RINGS][VW_ADDR_MAX];
	char peer_addr[VW_RINGS][VW_ADDR_MAX];
};

struct vw_quorum {
	bool quorate;	  /* corosync says so */
	bool peer_member; /* the peer's node is in the membership */
};

enum vw_left { VW_JOINED, VW_LEFT_CLEAN, VW_LEFT_PROCDOWN, VW_LEFT_NODEDOWN };

struct vw_group {
	uint64_t member; /* node << 32 | pid of the peer's master */
	enum vw_left how;
};

struct vw_cpg {
	uint64_t sender; /* node << 32 | pid of the sending master */
	uint32_t len;
	uint8_t payload[VW_PAYLOAD_MAX];
};

struct vw_unit_down {
	uint64_t incarnation; /* of the worker that ended, as in its VW_HELLO */
};

struct vw_proof {
	uint64_t sent_ns; /* CLOCK_BOOTTIME when it was sent, not when it came back (S6) */
};

struct vw_fence {
	uint64_t read_ns;     /* CLOCK_BOOTTIME before the fencer was asked */
	uint64_t peer_record; /* identifies the last successful off/reboot of the peer; 0: none */
	bool known;	      /* false: the fencer could not be asked; the rest means nothing */
	bool pending;	      /* an off/reboot of either host has begun and not ended */
};

struct vw_request {
	uint32_t id; /* to be repeated in the reply; replies may come in any order */
	struct vt_kv kv;
};

struct vw_hello {
	uint64_t incarnation; /* random, one a worker process */
	uint32_t pid;
	char unit[VT_UNIT_NAME_MAX + 1];
};

struct vw_status {
	int32_t score; /* promotion score; below 0: none */
	struct vt_kv kv; /* state, colour, uptodate, text, progress: published as they are */
};

struct vw_text {
	char text[256]; /* reason, for the log */
};

struct vw_msg {
	enum vw_type type;
	union {
		struct vw_attach attach;
		struct vw_quorum quorum;
		struct vw_group group;
		struct vw_cpg cpg; /* VW_CPG; VW_SEND with sender 0 */
		struct vw_unit_down unit_down;
		struct vw_proof proof;
		struct vw_fence fence;
		struct vw_request request; /* VW_REQUEST, VW_REPLY */
		struct vw_hello hello;
		struct vw_status status;
		struct vw_text text; /* VW_FENCE_PEER */
	} u;
};

/* Encodes into out[VW_PACKET_MAX]; returns the length, or -EMSGSIZE. */
int vw_encode(const struct vw_msg *msg, uint8_t *out);
/* Decodes a packet. 0 or -EBADMSG; msg is undefined then. */
int vw_decode(struct vw_msg *msg, const void *packet, size_t len);

#endif
