// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes of the character that begins with c, 0: none does. */
static unsigned length_of(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4) /* those between would be longer forms of shorter ones, or beyond Unicode */
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* The character at text, of so many bytes; UINT32_MAX: it is none (RFC 3629). */
static uint32_t decode(const char *text, unsigned bytes)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = (unsigned char)text[0];
	if (bytes > 1)
		c &= 0x7fu >> bytes;
	for (unsigned i = 1; i < bytes; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80) /* also the text's end */
			return UINT32_MAX;
		c = c << 6 | ((unsigned char)text[i] & 0x3f);
	}
	return bytes == 0 || c < least[bytes] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ? UINT32_MAX : c;
}

/* XML has no words for the last two. */
static bool is_control(uint32_t c)
{
	return (c < ' ' && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0xfffe || c == 0xffff;
}

enum vt_text vt_text_look(const char *text, size_t *at)
{
	const char *from = text;
	while (*text) {
		unsigned bytes = length_of((unsigned char)*text);
		uint32_t c = decode(text, bytes);
		if (at)
			*at = (size_t)(text - from);
		if (c == UINT32_MAX)
			return VT_TEXT_NOT_UTF8;
		if (is_control(c))
			return VT_TEXT_CONTROL;
		text += bytes;
	}
	return VT_TEXT_OK;
}

int vt_text_check(const char *text, const char *path, unsigned line, struct vt_fail *fail)
{
	size_t at = 0;
	enum vt_text fault = vt_text_look(text, &at);
	if (fault == VT_TEXT_OK)
		return 0;
	if (fault == VT_TEXT_NOT_UTF8)
		return vt_fail(fail, -EINVAL, "%s:%u: byte 0x%02x is not UTF-8, which all of the cluster's files are in; save the file as UTF-8 (from Latin-1: iconv -f "
			       "latin1 -t utf-8)",
			       path, line, (unsigned char)text[at]);
	return vt_fail(fail, -EINVAL, "%s:%u: control character 0x%02x in the line; write the file with Unix line ends and no control characters", path, line,
		       decode(text + at, length_of((unsigned char)text[at])));
}
