// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/kv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 31

void vt_kv_init(struct vt_kv *kv)
{
	kv->len = 0;
	kv->failed = false;
}

static bool key_ok(const char *key)
{
	size_t n = strlen(key);
	return n >= 1 && n <= KEY_MAX &&
	       strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

void vt_kv_add(struct vt_kv *kv, const char *key, const char *fmt, ...)
{
	size_t room = sizeof kv->bytes - kv->len;
	size_t key_size = strlen(key) + 1;
	if (!key_ok(key) || key_size >= room) {
		kv->failed = true;
		return;
	}
	char *at = kv->bytes + kv->len;
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(at + key_size, room - key_size, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room - key_size) {
		kv->failed = true;
		return;
	}
	memcpy(at, key, key_size);
	kv->len += key_size + (size_t)n + 1;
}

bool vt_kv_next(const struct vt_kv *kv, size_t *pos, const char **key, const char **value)
{
	if (*pos >= kv->len)
		return false;
	*key = kv->bytes + *pos;
	*value = *key + strlen(*key) + 1;
	*pos += strlen(*key) + 1 + strlen(*value) + 1;
	return true;
}

const char *vt_kv_get(const struct vt_kv *kv, const char *key)
{
	const char *k, *v;
	for (size_t pos = 0; vt_kv_next(kv, &pos, &k, &v);)
		if (strcmp(k, key) == 0)
			return v;
	return NULL;
}

long vt_kv_long(const struct vt_kv *kv, const char *key, long fallback)
{
	const char *v = vt_kv_get(kv, key);
	char *end;
	if (!v || !*v)
		return fallback;
	errno = 0;
	long n = strtol(v, &end, 10);
	return errno || *end ? fallback : n;
}

int vt_kv_decode(struct vt_kv *kv, const void *data, size_t len)
{
	vt_kv_init(kv);
	if (len > sizeof kv->bytes || (len > 0 && ((const char *)data)[len - 1] != '\0'))
		return -EBADMSG;
	if (len > 0)
		memcpy(kv->bytes, data, len);
	for (size_t pos = 0; pos < len;) {
		const char *key = kv->bytes + pos;
		size_t value_at = pos + strlen(key) + 1;
		if (!key_ok(key) || value_at >= len)
			return -EBADMSG;
		pos = value_at + strlen(kv->bytes + value_at) + 1;
	}
	kv->len = len;
	return 0;
}
