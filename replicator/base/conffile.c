// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/text.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* of UTF-8: some editors begin a file with it */
#define LINE_MAX_BYTES 4096

/* Cuts blanks off both ends, in place. */
static char *trim(char *s)
{
	s += strspn(s, " \t");
	size_t n = strlen(s);
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		s[--n] = '\0';
	return s;
}

struct place {
	const char *path;
	unsigned line;
};

static int parse_line(const struct place *at, char *line, vt_conf_pair pair, void *ctx, struct vt_fail *fail)
{
	char *text = trim(line);
	if (text[0] == '\0' || text[0] == '#')
		return 0;
	int rc = vt_text_check(text, at->path, at->line, fail);
	if (rc < 0)
		return rc;
	char *equals = strchr(text, '=');
	if (!equals)
		return vt_fail(fail, -EINVAL, "%s:%u: '%.64s' is not of the form 'key = value'", at->path, at->line,
			       text);
	*equals = '\0';
	const char *key = trim(text);
	const char *value = trim(equals + 1);
	return pair(ctx, at->line, key, value, fail);
}

int vt_conf_parse(const char *text, const char *path, vt_conf_pair pair, void *ctx, struct vt_fail *fail)
{
	struct place at = {.path = path};
	char line[LINE_MAX_BYTES];
	if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		text += strlen(BYTE_ORDER_MARK);
	while (*text) {
		size_t len = strcspn(text, "\n");
		at.line++;
		if (len >= sizeof line)
			return vt_fail(fail, -EINVAL, "%s:%u: the line is too long (at most %d bytes)", path, at.line,
				       LINE_MAX_BYTES - 1);
		memcpy(line, text, len);
		line[len] = '\0';
		int rc = parse_line(&at, line, pair, ctx, fail);
		if (rc < 0)
			return rc;
		text += len + (text[len] == '\n');
	}
	return 0;
}

/* Reads at most cap - 1 bytes of path, terminated. The length, or negative errno (-EFBIG: longer). */
static ssize_t slurp(const char *path, char *out, size_t cap)
{
	size_t len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = read(fd, out + len, cap - len);
		if (n < 0 && errno == EINTR)
			continue;
		ssize_t rc = n < 0 ? -errno : (ssize_t)len;
		if (n > 0)
			len += (size_t)n;
		if (n > 0 && len < cap)
			continue;
		close(fd);
		if (n > 0)
			return -EFBIG;
		if (rc >= 0)
			out[len] = '\0';
		return rc;
	}
}

int vt_conf_read(const char *path, char *out, size_t cap, struct vt_fail *fail)
{
	out[0] = '\0';
	ssize_t n = slurp(path, out, cap);
	if (n == -ENOENT)
		return -ENOENT;
	if (n == -EFBIG)
		return vt_fail(fail, -EINVAL, "%s: the file is too long (at most %zu bytes)", path, cap - 1);
	if (n < 0)
		return vt_fail(fail, (int)n, "cannot read %s: %s", path, strerror((int)-n));
	if (strlen(out) != (size_t)n)
		return vt_fail(fail, -EINVAL, "%s: a NUL byte in the file: it is in UTF-16, or damaged; save it as UTF-8, or copy it from the other host", path);
	return 0;
}
