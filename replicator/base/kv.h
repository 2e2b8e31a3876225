/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small bounded set of key/value strings: requests and replies of the control socket. Encoded as
 * "key\0value\0key\0value\0": readable in a trace, extensible, decoded with one pass of checks.
 */
#ifndef VMTWIN_BASE_KV_H
#define VMTWIN_BASE_KV_H

#include <stdbool.h>
#include <stddef.h>

#define VT_KV_MAX 12288 /* bytes of one encoded set */

struct vt_kv {
	size_t len;
	bool failed; /* an addition did not fit or had a bad key */
	char bytes[VT_KV_MAX];
};

void vt_kv_init(struct vt_kv *kv);
/*
 * Adds key with a formatted value. Keys are [a-z0-9._-]{1,31}; a key already there is shadowed by the
 * first one (vt_kv_get returns the first). What does not fit sets failed and is left out whole.
 */
void vt_kv_add(struct vt_kv *kv, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The value of key, or NULL. Points into kv. */
const char *vt_kv_get(const struct vt_kv *kv, const char *key);
/* The value of key as a decimal number, or fallback if absent or not a number in range. */
long vt_kv_long(const struct vt_kv *kv, const char *key, long fallback);
/* Checks and copies len bytes from outside. 0, or -EBADMSG and kv is empty. */
int vt_kv_decode(struct vt_kv *kv, const void *data, size_t len);
/* Walks the pairs: start with pos 0; false at the end. */
bool vt_kv_next(const struct vt_kv *kv, size_t *pos, const char **key, const char **value);

#endif
