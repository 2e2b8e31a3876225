// SPDX-License-Identifier: GPL-2.0-or-later
/* Digests of configuration: enough to name what differs, not enough to read it. */
#include <errno.h>
#include <string.h>

#include "base/conffile.h"
#include "crm-config/preflight_facts.h"

#define FNV_BASIS 2166136261u
#define FNV_PRIME 16777619u
#define BLANKS " \t\r"

/* FNV-1a. */
static uint32_t hash(uint32_t h, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * FNV_PRIME;
	return h;
}

static int take(void *ctx, unsigned line, const char *key, const char *value, struct vt_fail *fail)
{
	char *out = ctx;
	size_t len = strlen(out);
	if (strcmp(key, "store") == 0 || strncmp(key, "fence.", 6) == 0 || strncmp(key, "fence2.", 7) == 0)
		return 0;
	if (strpbrk(key, ": \t"))
		return vt_fail(fail, -EINVAL, "line %u: '%.64s' can't be a key", line, key);
	int n = snprintf(out + len, PF_DIGEST_MAX - len, "%s%s:%08x", len ? " " : "", key, hash(FNV_BASIS, value, strlen(value)));
	if (n >= (int)(PF_DIGEST_MAX - len))
		return vt_fail(fail, -ENAMETOOLONG, "line %u: too many keys", line);
	return 0;
}

int pf_digest_conf(const char *text, const char *path, char out[PF_DIGEST_MAX], struct vt_fail *fail)
{
	out[0] = '\0';
	return vt_conf_parse(text, path, take, out, fail);
}

void pf_digest_text(const char *text, char out[PF_HASH_MAX])
{
	uint32_t h = FNV_BASIS;
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *end = text + len, *s = text + strspn(text, BLANKS);
		text = end + (*end == '\n');
		if (s >= end || *s == '#')
			continue;
		while (end > s && strchr(BLANKS, end[-1]))
			end--;
		h = hash(hash(h, s, (size_t)(end - s)), "\n", 1);
	}
	snprintf(out, PF_HASH_MAX, "%08x", h);
}

/* The next word of a digest; false at its end. */
static bool next(const char **at, const char **word, size_t *len)
{
	*at += strspn(*at, " ");
	*word = *at;
	*len = strcspn(*at, " ");
	*at += *len;
	return *len > 0;
}

static size_t key_len(const char *word, size_t len)
{
	const char *colon = memchr(word, ':', len);
	return colon ? (size_t)(colon - word) : len;
}

/* The digest has this word, or at least one with the same key. */
static bool has(const char *digest, const char *word, size_t len, bool key_alone)
{
	const char *other;
	size_t n;
	while (next(&digest, &other, &n)) {
		if (!key_alone && n == len && memcmp(word, other, n) == 0)
			return true;
		if (key_alone && key_len(word, len) == key_len(other, n) && memcmp(word, other, key_len(word, len)) == 0)
			return true;
	}
	return false;
}

static void name_key(const char *word, size_t len, char *out, size_t cap)
{
	size_t used = strlen(out);
	snprintf(out + used, cap - used, "%s%.*s", used ? ", " : "", (int)key_len(word, len), word);
}

unsigned pf_digest_differ(const char *a, const char *b, char *out, size_t cap)
{
	const char *at = a, *word;
	size_t len;
	unsigned count = 0;
	out[0] = '\0';
	while (next(&at, &word, &len)) {
		if (has(b, word, len, false))
			continue;
		name_key(word, len, out, cap);
		count++;
	}
	for (at = b; next(&at, &word, &len);) {
		if (has(a, word, len, true))
			continue;
		name_key(word, len, out, cap);
		count++;
	}
	return count;
}
