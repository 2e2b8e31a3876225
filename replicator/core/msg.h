/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between the cores of the two hosts, as values; their bytes: wire/coremsg.h. */
#ifndef VMTWIN_CORE_MSG_H
#define VMTWIN_CORE_MSG_H

#include "core/types.h"

enum vc_msg_type {
	/* through CPG, in total order, also delivered to the sender */
	VC_M_HELLO = 1, /* who I am and what I have */
	VC_M_OUTDATE,	/* record that you are outdated, I go on alone (pairing) */
	VC_M_OUTDATED,	/* done, durably; my log is not ahead of yours (pairing) */
	VC_M_REFUSED,	/* I do not consent (pairing) */
	VC_M_LEAVE,	/* I stop; if you are certain, go on alone (pairing) */
	VC_M_PING,	/* to myself: are messages still delivered? (nonce) */
	/* through the data link, in stream order */
	VC_M_GO = 32,	 /* source: all I have is durable, give up your content */
	VC_M_READY,	 /* target: it is given up, send */
	VC_M_PAIR,	 /* source: recorded as paired, here is the log; you do too */
	VC_M_PAIRED,	 /* target: recorded */
	VC_M_ERA,	 /* new pair era with me as writer, recorded here (log) */
	VC_M_ERA_OK,	 /* recorded here too */
	VC_M_ERA_NO,	 /* I am primary, or not in sync */
	VC_M_RESUME,	 /* same pairing, certain, nothing forgotten; request: 1 receiver, 2 sender */
};

enum vc_role { VC_SECONDARY, VC_PROMOTING, VC_PRIMARY, VC_DEMOTING };

struct vc_hello {
	uint8_t unit_id[16];
	uint64_t incarnation; /* of the worker */
	uint64_t nonce;	      /* names exactly this content; never 0 */
	uint64_t echo;	      /* nonce of the peer's hello that the sender holds, 0: none */
	uint64_t pairing;     /* pairing that the sender could resume, 0: none */
	enum vc_standing standing;
	enum vc_role role;
	bool certain;
	bool survived; /* what was acknowledged since the last pair era is still there */
	enum vc_mode mode;
	uint64_t map_base;
	uint32_t lease_ms;
	uint16_t port; /* of the data link */
	struct vc_eralog log;
};

struct vc_msg {
	enum vc_msg_type type;
	uint64_t pairing; /* or nonce of a ping */
	uint64_t request; /* OUTDATE names itself, OUTDATED and REFUSED what they answer; 0: unasked;
			   * RESUME: which end of the stream the speaker is */
	union {
		struct vc_hello hello;
		struct vc_eralog log; /* PAIR, ERA */
	} u;
};

#endif
