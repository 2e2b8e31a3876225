/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The payload of VF_HELLO, the first frame each end sends on a new data link: who speaks, for which
 * unit, in which pairing, to which incarnation of the peer. Anything that differs ends the connection
 * at both ends: messages of another pairing count for nothing.
 */
#ifndef VMTWIN_WIRE_HELLO_H
#define VMTWIN_WIRE_HELLO_H

#include <stddef.h>
#include <stdint.h>

#include "base/unitconf.h"

#define VH_MAX 256 /* bytes of an encoded hello */

struct vh_hello {
	uint16_t version; /* VF_VERSION of the speaker */
	char unit[VT_UNIT_NAME_MAX + 1];
	uint8_t unit_id[16];
	uint64_t pairing;
	uint64_t self; /* incarnation of the speaker's worker */
	uint64_t peer; /* incarnation that it expects at the other end */
};

/* Encodes into out[VH_MAX]; returns the length, or -EMSGSIZE (never for a terminated unit). */
int vh_encode(const struct vh_hello *hello, uint8_t *out);
/*
 * 0; -EPROTONOSUPPORT: another version (only hello->version is set, so that the message can name it);
 * -EBADMSG: not a hello.
 */
int vh_decode(struct vh_hello *hello, const void *payload, size_t len);

#endif
