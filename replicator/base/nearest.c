// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/nearest.h"

#include <string.h>

#define WORD_MAX 63

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Distance with swaps of neighbours counted as one, by three rows of the usual table. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[3][WORD_MAX + 1];
	for (size_t j = 0; j <= b_len; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *now = row[i % 3];
		const unsigned *up = row[(i + 2) % 3];
		const unsigned *up2 = row[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned change = a[i - 1] == b[j - 1] ? 0 : 1;
			now[j] = least(up[j - 1] + change, least(up[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], up2[j - 2] + 1);
		}
	}
	return row[a_len % 3][b_len];
}

const char *vt_nearest(const char *word, const char *const *known, size_t count)
{
	size_t len = strnlen(word, WORD_MAX + 1);
	if (len == 0 || len > WORD_MAX)
		return NULL;
	unsigned limit = len / 3 > 2 ? (unsigned)(len / 3) : 2;
	unsigned best = limit + 1;
	const char *found = NULL;
	for (size_t i = 0; i < count; i++) {
		size_t known_len = strnlen(known[i], WORD_MAX + 1);
		if (known_len > WORD_MAX)
			continue;
		unsigned d = distance(word, len, known[i], known_len);
		if (d < best && d < known_len) {
			best = d;
			found = known[i];
		}
	}
	return found;
}
