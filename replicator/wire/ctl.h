/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Framing of the control socket: libqb's own message header, then the encoded key/value set. Both
 * sides use it: client (agents, command) and server (master). Byte order is the host's: the socket
 * is local. What the keys mean: ctl/client.h.
 */
#ifndef VMTWIN_WIRE_CTL_H
#define VMTWIN_WIRE_CTL_H

#include <stddef.h>
#include <sys/types.h>

#include "base/kv.h"

#define VT_CTL_MSG_MAX 16384 /* bytes of a message, header included; qb_ipcs_enforce_buffer_size \
			      */
#define VT_CTL_MSG_ID 1	     /* the only message id */

/*
 * Encode kv into out[cap]. Return the message's size in bytes, or -EMSGSIZE: kv is marked failed or
 * does not fit.
 */
ssize_t vt_ctl_encode_request(const struct vt_kv *kv, void *out, size_t cap);
ssize_t vt_ctl_encode_reply(const struct vt_kv *kv, void *out, size_t cap);
/* Decode a message of len bytes. 0, or -EBADMSG and kv is empty. */
int vt_ctl_decode_request(struct vt_kv *kv, const void *msg, size_t len);
int vt_ctl_decode_reply(struct vt_kv *kv, const void *msg, size_t len);

#endif
