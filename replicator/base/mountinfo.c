// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mountinfo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int octal(const char *s)
{
	int v = 0;
	for (int i = 0; i < 3; i++) {
		if (s[i] < '0' || s[i] > '7')
			return -1;
		v = v * 8 + (s[i] - '0');
	}
	return v >= 1 && v <= 255 ? v : -1;
}

/* Copies the field that starts at s, undoing \ooo; returns its end, or NULL if it does not fit. */
static const char *copy_field(const char *s, char *out, size_t cap)
{
	size_t len = 0;
	while (*s && *s != ' ' && *s != '\n') {
		int c = (unsigned char)*s++;
		if (c == '\\') {
			c = octal(s);
			if (c < 0)
				return NULL;
			s += 3;
		}
		if (len + 1 >= cap)
			return NULL;
		out[len++] = (char)c;
	}
	out[len] = '\0';
	return len > 0 ? s : NULL;
}

int vt_mountinfo_parse(struct vt_mountinfo *mi, const char *line)
{
	int at = -1;
	memset(mi, 0, sizeof *mi);
	/* id, parent, major:minor, root; then the mount point, options, optional fields, "-", type
	 */
	if (sscanf(line, "%*u %*u %u:%u %*s %n", &mi->major, &mi->minor, &at) != 2 || at < 0)
		return -EBADMSG;
	const char *s = copy_field(line + at, mi->dir, sizeof mi->dir);
	if (!s || mi->dir[0] != '/')
		return -EBADMSG;
	s = strstr(s, " - ");
	if (!s || !copy_field(s + 3, mi->type, sizeof mi->type))
		return -EBADMSG;
	return 0;
}
