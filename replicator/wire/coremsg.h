/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of the messages between the cores (core/msg.h), for CPG and for the data link alike. */
#ifndef VMTWIN_WIRE_COREMSG_H
#define VMTWIN_WIRE_COREMSG_H

#include <stddef.h>
#include <stdint.h>

#include "core/msg.h"

#ifndef VX_VERSION /* tests build a program of another one */
#define VX_VERSION 2
#endif
/* What a unit's file may name (base/unitconf.c): a longer one would hold the peer's writes without end (S7). */
#define VX_LEASE_MIN_MS 5000
#define VX_LEASE_MAX_MS 600000
#define VX_MAX 4096 /* bytes of an encoded message */

/* Encodes into out[VX_MAX]; the length, or -EMSGSIZE. */
int vx_encode(const struct vc_msg *msg, uint8_t *out);
/* 0; -EBADMSG; -EPROTONOSUPPORT: sent by a version of vmtwin with another protocol. */
int vx_decode(struct vc_msg *msg, const void *bytes, size_t len);

#endif
