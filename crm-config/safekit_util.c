// SPDX-License-Identifier: GPL-2.0-or-later
/* The report's lines, times, and names. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/secret.h"
#include "crm-config/safekit_int.h"

#define TIME_MAX_MS (3650ull * 24 * 3600 * 1000)
#define TIME_DIGITS_MAX 12

static const char *const verdict_word[] = {[SK_TAKEN] = "taken over", [SK_CHANGED] = "changed", [SK_LEFT] = "not taken over"};

static void begin_line(struct sk_import *m, enum sk_verdict verdict, unsigned line)
{
	m->out->taken += verdict == SK_TAKEN;
	m->out->changed += verdict == SK_CHANGED;
	m->out->left += verdict == SK_LEFT;
	fprintf(m->report, "%s:%u: %s: ", m->doc->path, line, verdict_word[verdict]);
}

/* The value has that of a macro in it that is a secret. */
static bool has_secret(const struct sk_doc *doc, const char *value)
{
	for (unsigned i = 0; i < doc->macros; i++) {
		const char *secret = doc->attr[doc->macro[i].value].value;
		if (secret[0] && vt_is_secret(doc->attr[doc->macro[i].name].value) && strstr(value, secret))
			return true;
	}
	return false;
}

const char *sk_shown(const struct sk_doc *doc, const char *name, const char *value)
{
	return vt_is_secret(name) || has_secret(doc, value) ? "(not shown)" : value;
}

void sk_say(struct sk_import *m, enum sk_verdict verdict, unsigned line, const char *fmt, ...)
{
	va_list ap;
	begin_line(m, verdict, line);
	va_start(ap, fmt);
	vfprintf(m->report, fmt, ap);
	va_end(ap);
	fputc('\n', m->report);
}

void sk_say_attr(struct sk_import *m, enum sk_verdict verdict, const struct sk_elem *e, const struct sk_attr *a, const char *fmt, ...)
{
	va_list ap;
	begin_line(m, verdict, a->line);
	fprintf(m->report, "%s %s=\"%.200s\"", e->name, a->name, sk_shown(m->doc, a->name, a->value));
	va_start(ap, fmt);
	vfprintf(m->report, fmt, ap);
	va_end(ap);
	fputc('\n', m->report);
}

const char *sk_tag(const struct sk_doc *doc, const struct sk_elem *e, char *out, size_t cap)
{
	size_t len = (size_t)snprintf(out, cap, "<%s", e->name);
	for (unsigned i = 0; i < e->attrs && len < cap; i++) {
		const struct sk_attr *a = &doc->attr[e->first + i];
		len += (size_t)snprintf(out + len, cap - len, " %s=\"%s\"", a->name, sk_shown(doc, a->name, a->value));
	}
	if (len + 1 < cap)
		snprintf(out + len, cap - len, ">");
	else
		memcpy(out + cap - 5, "...>", 5);
	return out;
}

void sk_todo(struct sk_import *m, const char *line, const char *why, ...)
{
	va_list ap;
	m->out->to_complete++;
	if (m->plan.todos == SK_TODO_MAX)
		return;
	struct sk_todo *t = &m->plan.todo[m->plan.todos++];
	snprintf(t->line, sizeof t->line, "%s", line);
	va_start(ap, why);
	vsnprintf(t->why, sizeof t->why, why, ap);
	va_end(ap);
}

int sk_bad(struct sk_import *m, unsigned line, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return vt_fail(m->fail, -EINVAL, "%s:%u: %s", m->doc->path, line, text);
}

/* The unit at *at, which is moved behind it; 0: none is known. */
static uint64_t time_unit(const char **at)
{
	static const struct {
		const char *word;
		uint64_t ms;
	} units[] = {
	    {"ms", 1},	       {"s", 1000},	{"sec", 1000},	    {"secs", 1000},    {"second", 1000}, {"seconds", 1000}, {"m", 60000},
	    {"mn", 60000},     {"min", 60000},	{"mins", 60000},    {"minute", 60000}, {"minutes", 60000}, {"h", 3600000},  {"hour", 3600000},
	    {"hours", 3600000}, {"d", 86400000}, {"day", 86400000}, {"days", 86400000},
	};
	size_t len = strspn(*at, "abcdefghijklmnopqrstuvwxyz");
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strlen(units[i].word) == len && memcmp(units[i].word, *at, len) == 0) {
			*at += len;
			return units[i].ms;
		}
	return 0;
}

bool sk_time_parse(const char *text, uint64_t unit_ms, uint64_t *ms)
{
	uint64_t sum = 0;
	bool bare = true; /* nothing before had a unit */
	text += strspn(text, " ");
	do {
		size_t digits = strspn(text, "0123456789");
		uint64_t number = 0;
		if (digits == 0 || digits > TIME_DIGITS_MAX)
			return false;
		for (size_t i = 0; i < digits; i++)
			number = number * 10 + (uint64_t)(text[i] - '0');
		text += digits;
		text += strspn(text, " ");
		uint64_t unit = *text == '\0' && bare ? unit_ms : time_unit(&text);
		if (unit == 0 || number > TIME_MAX_MS / unit)
			return false;
		sum += number * unit;
		bare = false;
		text += strspn(text, " ");
		if (sum > TIME_MAX_MS)
			return false;
	} while (*text);
	*ms = sum;
	return true;
}

const char *sk_time_text(uint64_t ms, char *out, size_t cap)
{
	unsigned long long s = (ms + 999) / 1000;
	if (s >= 3600 && s % 3600 == 0)
		snprintf(out, cap, "%lluh", s / 3600);
	else if (s >= 60 && s % 60 == 0)
		snprintf(out, cap, "%llumin", s / 60);
	else
		snprintf(out, cap, "%llus", s);
	return out;
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* As vt_unitconf_parse() has it. */
bool sk_host_ok(const char *name)
{
	size_t len = strlen(name);
	return len >= 1 && len <= VT_HOST_NAME_MAX && name[0] != '-' && name[0] != '.' && strspn(name, ALNUM ".-_") == len;
}

bool sk_address_ok(const char *text)
{
	size_t len = strlen(text);
	return len >= 1 && len <= VT_HOST_NAME_MAX && text[0] != '-' && strspn(text, ALNUM ".-_:%") == len;
}
