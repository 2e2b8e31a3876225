// SPDX-License-Identifier: GPL-2.0-or-later
/* Leaving secrets out. A value that can't be told apart from a secret is left out too. */
#include "base/blank.h"

#include <string.h>
#include <strings.h>

static const char blank[] = "(left out)";

static bool contains(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(text + i, word, n) == 0)
			return true;
	return false;
}

bool vt_secret_name(const char *name, size_t len)
{
	static const char *const words[] = {"pass",	  "pwd",       "secret", "key",	 "token",
					    "credential", "community", "auth",	 "cert", "pin",
					    "identity",	  "private",   "snmp",   "psk"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (contains(name, len, words[i]))
			return true;
	return false;
}

/* In corosync.conf `token` is a time and `keyfile` a path; these words alone hold secrets. */
static bool secret_key(const char *key, size_t len)
{
	static const char *const words[] = {"key", "password", "passwd", "passphrase", "secret"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == len && strncasecmp(key, words[i], len) == 0)
			return true;
	return contains(key, len, "pass") || contains(key, len, "secret");
}

static void blank_conf_line(const char *line, size_t len, FILE *out)
{
	size_t from = 0;
	while (from < len && (line[from] == ' ' || line[from] == '\t'))
		from++;
	const char *colon = memchr(line + from, ':', len - from);
	size_t end = colon ? (size_t)(colon - line) : from;
	while (end > from && (line[end - 1] == ' ' || line[end - 1] == '\t'))
		end--;
	if (from < len && line[from] == '#')
		return; /* a comment may hold anything */
	if (colon && secret_key(line + from, end - from))
		fprintf(out, "%.*s: %s\n", (int)end, line, blank);
	else
		fprintf(out, "%.*s\n", (int)len, line);
}

void vt_blank_conf(const char *text, size_t len, FILE *out)
{
	const char *end = text + len;
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t n = stop ? (size_t)(stop - text) : (size_t)(end - text);
		blank_conf_line(text, n, out);
		text += n + 1;
	}
}

/* ---- XML: only as much as is needed to find attributes of one element --------------------------
 */

/* The end of the tag at s, behind its '>'; '>' inside quotes doesn't count. end if there is none.
 */
static const char *tag_end(const char *s, const char *end)
{
	char quote = 0;
	for (; s < end; s++) {
		if (quote)
			quote = *s == quote ? 0 : quote;
		else if (*s == '"' || *s == '\'')
			quote = *s;
		else if (*s == '>')
			return s + 1;
	}
	return end;
}

struct value {
	const char *at; /* NULL: no such attribute */
	size_t len;
};

/* The attribute `name` of the tag from s to end. */
static struct value attribute(const char *s, const char *end, const char *name)
{
	size_t n = strlen(name);
	while (s < end) {
		const char *quote = s;
		while (quote < end && *quote != '"' && *quote != '\'')
			quote++;
		if (quote == end)
			break;
		const char *close = memchr(quote + 1, *quote, (size_t)(end - quote - 1));
		if (!close)
			break;
		const char *eq = quote;
		while (eq > s && strchr(" \t\r\n=", eq[-1]))
			eq--;
		bool is = (size_t)(eq - s) > n && strncmp(eq - n, name, n) == 0 &&
			  strchr(" \t\r\n", eq[-(long)n - 1]);
		if (is)
			return (struct value){.at = quote + 1, .len = (size_t)(close - quote - 1)};
		s = close + 1;
	}
	return (struct value){0};
}

/* True if the value has a user and password in an address, as in https://user:secret@host/. */
static bool has_login(struct value v)
{
	const char *at = v.at ? memmem(v.at, v.len, "://", 3) : NULL;
	return at && memchr(at, '@', v.len - (size_t)(at - v.at));
}

/* Options in one value, as of a mount ("username=u,password=p") or an address ("?apikey=..."). */
static bool holds_secret(struct value v)
{
	return v.at && memchr(v.at, '=', v.len) && vt_secret_name(v.at, v.len);
}

static void put_nvpair(const char *s, const char *end, FILE *out)
{
	struct value name = attribute(s, end, "name"), value = attribute(s, end, "value");
	/* a pair that refers to another by id has no name of its own: that other one is blanked; so is the
	 * address that an alert goes to */
	bool secret = !name.at || vt_secret_name(name.at, name.len) || has_login(value) ||
		      holds_secret(value);
	if (!secret) {
		fwrite(s, 1, (size_t)(end - s), out);
		return;
	}
	if (!value.at) { /* cut short, or no XML: what it is can't be told */
		fputs("<nvpair/>", out);
		return;
	}
	fwrite(s, 1, (size_t)(value.at - s), out);
	fputs(blank, out);
	fwrite(value.at + value.len, 1, (size_t)(end - value.at) - value.len, out);
}

static bool begins(const char *s, const char *end, const char *word)
{
	size_t n = strlen(word);
	return (size_t)(end - s) >= n && memcmp(s, word, n) == 0;
}

void vt_blank_cib(const char *text, size_t len, FILE *out)
{
	const char *s = text, *end = text + len;
	while (s < end) {
		const char *tag = memchr(s, '<', (size_t)(end - s));
		if (!tag)
			tag = end;
		fwrite(s, 1, (size_t)(tag - s), out);
		if (tag == end)
			return;
		if (begins(tag, end, "<!--")) {
			const char *close = memmem(tag, (size_t)(end - tag), "-->", 3);
			s = close ? close + 3 : end;
			continue;
		}
		s = tag_end(tag, end);
		if (begins(tag, end, "<nvpair") || (begins(tag, end, "<recipient") && attribute(tag, s, "value").at))
			put_nvpair(tag, s, out);
		else
			fwrite(tag, 1, (size_t)(s - tag), out);
	}
}
