// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/status_view.h"

#include <string.h>

#include "ctl/cmd.h"

static const char *const colour_name[] = {
    [SV_GREEN] = "green", [SV_ORANGE] = "orange", [SV_RED] = "red", [SV_UNKNOWN] = "unknown"};

/* The value of unitN.WORD, or of unitN.peer.WORD; NULL if there is none. */
static const char *field(const struct vt_kv *reply, unsigned index, bool peer, const char *word)
{
	char key[64];
	snprintf(key, sizeof key, "unit%u.%s%s", index, peer ? "peer." : "", word);
	return vt_kv_get(reply, key);
}

static const char *text_field(const struct vt_kv *reply, unsigned index, bool peer,
			      const char *word)
{
	const char *value = field(reply, index, peer, word);
	return value ? value : "";
}

static long number_field(const struct vt_kv *reply, unsigned index, bool peer, const char *word)
{
	const char *value = field(reply, index, peer, word);
	size_t n = value ? strlen(value) : 0;
	long v = 0;
	if (n == 0 || n > 9 || strspn(value, "0123456789") != n)
		return -1;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (value[i] - '0');
	return v;
}

/* An absent colour follows from the state where the state allows one colour only. */
static enum sv_colour colour_of(const char *colour, const char *state)
{
	for (unsigned i = 0; i < SV_UNKNOWN; i++)
		if (strcmp(colour, colour_name[i]) == 0)
			return (enum sv_colour)i;
	if (strcmp(state, "STOP") == 0 || strcmp(state, "WAIT") == 0)
		return SV_RED;
	return SV_UNKNOWN;
}

static void fill_host(const struct vt_kv *reply, unsigned index, bool peer, struct sv_host *h)
{
	long uptodate = number_field(reply, index, peer, "uptodate");
	h->name = text_field(reply, index, peer, "host");
	h->state = text_field(reply, index, peer, "state");
	h->text = text_field(reply, index, peer, "text");
	if (!h->text[0])
		h->text = text_field(reply, index, peer, "trouble");
	h->colour = colour_of(text_field(reply, index, peer, "colour"), h->state);
	h->uptodate = uptodate == 0 || uptodate == 1 ? (int)uptodate : -1;
	h->progress = number_field(reply, index, peer, "progress");
	if (h->progress > 100)
		h->progress = -1;
	h->eta_s = number_field(reply, index, peer, "eta_s");
	h->held = number_field(reply, index, peer, "held");
}

/* How far a resync is, its source knows; it is shown with the host that is not up to date. */
static void give_progress(struct sv_host *source, struct sv_host *target)
{
	if (source->progress < 0 || source->uptodate != 1 || target->progress >= 0 ||
	    target->uptodate == 1)
		return;
	target->progress = source->progress;
	target->eta_s = source->eta_s;
	source->progress = source->eta_s = -1;
}

unsigned sv_add_page(struct sv_list *list, const struct vt_kv *reply, unsigned from,
		     const char *only)
{
	unsigned index = from;
	if (from == 0)
		list->facts = reply;
	for (; list->count < SV_UNITS_MAX && field(reply, index, false, "name"); index++) {
		struct sv_unit *unit = &list->unit[list->count];
		unit->name = text_field(reply, index, false, "name");
		if (only[0] && strcmp(only, unit->name) != 0)
			continue;
		fill_host(reply, index, false, &unit->host[0]);
		fill_host(reply, index, true, &unit->host[1]);
		give_progress(&unit->host[0], &unit->host[1]);
		give_progress(&unit->host[1], &unit->host[0]);
		list->count++;
	}
	return index - from;
}

int sv_exit_code(const struct sv_list *list)
{
	int code = EX_DONE;
	for (unsigned i = 0; i < list->count * 2; i++) {
		enum sv_colour colour = list->unit[i / 2].host[i % 2].colour;
		int own = colour == SV_RED ? EX_RED : colour == SV_GREEN ? EX_DONE : EX_ORANGE;
		if (own > code)
			code = own;
	}
	return code;
}

static int larger(int a, const char *s)
{
	int n = (int)strnlen(s, 255);
	return n > a ? n : a;
}

/* Prints s with control characters replaced: a reply never moves the cursor. */
static void put_plain(FILE *out, const char *s)
{
	for (; *s; s++)
		fputc((unsigned char)*s < ' ' || *s == 0x7f ? ' ' : *s, out);
}

/* The same as a column of width bytes, and two spaces. */
static void put_column(FILE *out, const char *s, int width)
{
	put_plain(out, s);
	fprintf(out, "%*s", larger(width, s) - larger(0, s) + 2, "");
}

static void put_duration(FILE *out, long s)
{
	if (s < 120)
		fprintf(out, "%ld s", s);
	else if (s < 7200)
		fprintf(out, "%ld min", s / 60);
	else
		fprintf(out, "%ld h %ld min", s / 3600, s % 3600 / 60);
}

static void put_details(FILE *out, const struct sv_host *h)
{
	if (h->progress >= 0 && h->progress < 100 && h->uptodate != 1) {
		fprintf(out, "  resync %ld%%", h->progress);
		if (h->eta_s >= 0) {
			fputs(", ETA ", out);
			put_duration(out, h->eta_s);
		}
	}
	if (h->held > 0)
		fprintf(out, "  %ld write%s held", h->held, h->held == 1 ? "" : "s");
	if (h->text[0]) {
		fputs("  ", out);
		put_plain(out, h->text);
	}
}

static void print_rows(FILE *out, const struct sv_unit *unit, int unit_width, int host_width,
		       bool ansi)
{
	static const char *const escape[] = {"\033[32m", "\033[33m", "\033[31m", ""};
	for (int i = 0; i < 2; i++) {
		const struct sv_host *h = &unit->host[i];
		const char *uptodate = h->uptodate < 0 ? "-"
				       : h->uptodate   ? "uptodate"
						       : "not uptodate";
		bool colour = ansi && h->colour != SV_UNKNOWN;
		put_column(out, i == 0 ? unit->name : "", unit_width);
		put_column(out, h->name[0] ? h->name : "?", host_width);
		put_column(out, h->state[0] ? h->state : "?", 7);
		fprintf(out, "%s%-7s%s  %-12s", colour ? escape[h->colour] : "",
			colour_name[h->colour], colour ? "\033[0m" : "", uptodate);
		put_details(out, h);
		fputc('\n', out);
	}
}

/* Only if it is not as it should be. */
static void print_witness(FILE *out, const struct vt_kv *facts)
{
	const char *witness = facts ? vt_kv_get(facts, "witness") : NULL;
	const char *text = facts ? vt_kv_get(facts, "witness-text") : NULL;
	if (!witness || strcmp(witness, "reached") == 0)
		return;
	fputs("witness of this host: ", out);
	put_plain(out, text ? text : witness);
	fputc('\n', out);
}

void sv_print_table(FILE *out, const struct sv_list *list, bool ansi)
{
	int unit_width = 4, host_width = 4;
	for (unsigned i = 0; i < list->count; i++) {
		const struct sv_unit *unit = &list->unit[i];
		unit_width = larger(unit_width, unit->name);
		host_width = larger(larger(host_width, unit->host[0].name), unit->host[1].name);
	}
	fprintf(out, "%-*s  %-*s  STATE    COLOUR   DATA\n", unit_width, "UNIT", host_width,
		"HOST");
	for (unsigned i = 0; i < list->count; i++)
		print_rows(out, &list->unit[i], unit_width, host_width, ansi);
	print_witness(out, list->facts);
}

/* Length of the well-formed UTF-8 character at s, 0 if there is none. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n = s[0] < 0x80			 ? 1
		   : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
		   : (s[0] & 0xf0) == 0xe0	 ? 3
		   : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
						 : 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90))
		return 0; /* overlong, surrogate or beyond Unicode */
	return n;
}

/* A JSON string (RFC 8259). Bytes that are no UTF-8 become U+FFFD. */
static void put_json_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	fputc('"', out);
	while (*s) {
		size_t n = utf8_length(s);
		if (n == 0)
			fputs("\\ufffd", out);
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else
			fwrite(s, 1, n, out);
		s += n ? n : 1;
	}
	fputc('"', out);
}

static void put_json_number(FILE *out, const char *key, long value)
{
	if (value >= 0)
		fprintf(out, ", \"%s\": %ld", key, value);
}

static void put_json_host(FILE *out, const struct sv_host *h, bool local)
{
	fputs("{\"host\": ", out);
	put_json_string(out, h->name);
	fprintf(out, ", \"local\": %s, \"state\": ", local ? "true" : "false");
	if (h->state[0])
		put_json_string(out, h->state);
	else
		fputs("null", out);
	fprintf(out, ", \"colour\": \"%s\", \"uptodate\": %s", colour_name[h->colour],
		h->uptodate < 0	  ? "null"
		: h->uptodate > 0 ? "true"
				  : "false");
	put_json_number(out, "progress", h->progress);
	put_json_number(out, "eta_s", h->eta_s);
	put_json_number(out, "held", h->held);
	fputs(", \"text\": ", out);
	put_json_string(out, h->text);
	fputc('}', out);
}

static void put_json_facts(FILE *out, const struct vt_kv *reply)
{
	const char *key, *value, *between = "";
	for (size_t pos = 0; vt_kv_next(reply, &pos, &key, &value);) {
		if (strcmp(key, "rc") == 0 || strcmp(key, "text") == 0 ||
		    strcmp(key, "next") == 0 || strcmp(key, "units") == 0 ||
		    (strncmp(key, "unit", 4) == 0 && key[4] >= '0' && key[4] <= '9'))
			continue;
		fputs(between, out);
		put_json_string(out, key);
		fputs(": ", out);
		put_json_string(out, value);
		between = ", ";
	}
}

void sv_print_json(FILE *out, const struct sv_list *list)
{
	fputs("{\"units\": [", out);
	for (unsigned i = 0; i < list->count; i++) {
		const struct sv_unit *unit = &list->unit[i];
		fprintf(out, "%s{\"unit\": ", i ? ", " : "");
		put_json_string(out, unit->name);
		fputs(", \"hosts\": [", out);
		put_json_host(out, &unit->host[0], true);
		fputs(", ", out);
		put_json_host(out, &unit->host[1], false);
		fputs("]}", out);
	}
	fputs("], \"facts\": {", out);
	put_json_facts(out, list->facts);
	fputs("}}\n", out);
}
