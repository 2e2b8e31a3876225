// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of words, paths, and the name that an image is based on. Pure. */
#include <stdio.h>
#include <string.h>

#include "crm-config/preflight_int.h"

#define QCOW2_MAGIC 0x514649fbu /* "QFI", 0xfb */

static bool listed(const char *list, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = n ? strstr(list, word) : NULL; at; at = strstr(at + 1, word))
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

static bool cut_off(const char *list)
{
	size_t len = strlen(list);
	return len >= 3 && strcmp(list + len - 3, "...") == 0;
}

bool pf_word_add(char *list, size_t cap, const char *word)
{
	static const char more[] = " ...";
	size_t len = strlen(list);
	if (cut_off(list))
		return false;
	if (!word[0] || strpbrk(word, " \t\n") || listed(list, word))
		return true;
	if (len + strlen(word) + sizeof more + 1 > cap) {
		memcpy(list + len, more, sizeof more);
		return false;
	}
	snprintf(list + len, cap - len, "%s%s", len ? " " : "", word);
	return true;
}

bool pf_word_in(const char *list, const char *word)
{
	return listed(list, word) || cut_off(list);
}

bool pf_inside(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return strncmp(path, dir, n) == 0 && path[n] == '/' && !strstr(path + n, "/../");
}

/* One step of a path: "..", "." and "" are no names. False: no room. */
static bool step(char out[VT_PATH_MAX], const char *name, size_t n)
{
	size_t len = strlen(out);
	if (n == 0 || (n == 1 && name[0] == '.'))
		return true;
	if (n == 2 && name[0] == '.' && name[1] == '.') {
		char *slash = strrchr(out, '/');
		if (slash)
			*slash = '\0';
		return true;
	}
	if (len + 1 + n >= VT_PATH_MAX)
		return false;
	snprintf(out + len, VT_PATH_MAX - len, "/%.*s", (int)n, name);
	return true;
}

static bool walk(char out[VT_PATH_MAX], const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");
		if (!step(out, path, n))
			return false;
		path += n + (path[n] == '/');
	}
	return true;
}

bool pf_beside(const char *path, const char *name, char out[VT_PATH_MAX])
{
	size_t first = strcspn(name, "/:");
	out[0] = '\0';
	if (!name[0] || name[first] == ':')
		return false;
	return (name[0] == '/' || (walk(out, path) && step(out, "..", 2))) && walk(out, name) && out[0];
}

static uint64_t big_endian(const uint8_t *p, unsigned bytes)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | p[i];
	return value;
}

bool pf_qcow2_backing(const uint8_t head[PF_QCOW2_HEAD], uint64_t *offset, uint32_t *len)
{
	*offset = big_endian(head + 8, 8);
	*len = (uint32_t)big_endian(head + 16, 4);
	return big_endian(head, 4) == QCOW2_MAGIC && big_endian(head + 4, 4) >= 2 && *offset >= PF_QCOW2_HEAD && *len > 0 && *len < VT_PATH_MAX;
}
