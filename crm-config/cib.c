// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/cib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIME_MAX_MS (24ull * 3600 * 1000)
#define BLANKS " \t\n,;"

void cf_cib_init(struct cf_cib *cib)
{
	memset(cib, 0, sizeof *cib);
	cib->stonith_enabled = true;
	cib->startup_fencing = true;
	cib->symmetric = true;
	cib->stonith_timeout_ms = CF_STONITH_TIMEOUT_DEFAULT_MS;
	cib->op_default_ms = CF_OP_TIMEOUT_DEFAULT_MS;
	snprintf(cib->no_quorum, sizeof cib->no_quorum, "stop");
	snprintf(cib->fence_reaction, sizeof cib->fence_reaction, "stop");
}

static bool time_parse(const char *text, size_t len, uint32_t *ms)
{
	static const struct {
		const char *unit;
		uint32_t ms;
	} units[] = {{"", 1000}, {"s", 1000}, {"sec", 1000}, {"ms", 1}, {"msec", 1}, {"m", 60000}, {"min", 60000},
		     {"h", 3600000}, {"hr", 3600000}};
	char copy[32];
	if (len == 0 || len >= sizeof copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	size_t digits = strspn(copy, "0123456789");
	if (digits == 0 || digits > 9)
		return false;
	uint64_t value = strtoul(copy, NULL, 10);
	const char *unit = copy + digits;
	unit += strspn(unit, " ");
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcasecmp(unit, units[i].unit) != 0)
			continue;
		value *= units[i].ms;
		*ms = value <= TIME_MAX_MS ? (uint32_t)value : 0;
		return value <= TIME_MAX_MS;
	}
	return false;
}

bool cf_time_parse(const char *text, uint32_t *ms)
{
	return time_parse(text, strlen(text), ms);
}

int cf_score_parse(const char *text)
{
	if (strcasecmp(text, "INFINITY") == 0 || strcasecmp(text, "+INFINITY") == 0)
		return CF_SCORE_INFINITY;
	if (strcasecmp(text, "-INFINITY") == 0)
		return -CF_SCORE_INFINITY;
	long v = strtol(text, NULL, 10);
	if (v > CF_SCORE_INFINITY)
		return CF_SCORE_INFINITY;
	return v < -CF_SCORE_INFINITY ? -CF_SCORE_INFINITY : (int)v;
}

bool cf_resource_is(const struct cf_resource *r, const char *id)
{
	return strcmp(r->id, id) == 0 || (r->in[0] && strcmp(r->in, id) == 0);
}

bool cf_list_has(const char *list, const char *word)
{
	size_t n = strlen(word);
	while (*list) {
		list += strspn(list, BLANKS);
		size_t len = strcspn(list, BLANKS);
		if (len == n && n > 0 && strncasecmp(list, word, n) == 0)
			return true;
		list += len;
	}
	return false;
}

/* The value of host in "host1:VALUE;host2:VALUE", its length in len; NULL: not in it. */
static const char *map_value(const char *map, const char *host, size_t *len)
{
	size_t n = strlen(host);
	while (*map) {
		map += strspn(map, "; \t\n");
		size_t part = strcspn(map, "; \t\n"), name = strcspn(map, ":=");
		if (name < part && name == n && strncasecmp(map, host, n) == 0) {
			*len = part - name - 1;
			return map + name + 1;
		}
		map += part;
	}
	return NULL;
}

bool cf_device_covers(const struct cf_device *d, const char *host)
{
	size_t len = 0;
	if (!d->hosts[0] && !d->map[0])
		return true;
	return cf_list_has(d->hosts, host) || map_value(d->map, host, &len);
}

uint32_t cf_device_base_ms(const struct cf_device *d, const char *host)
{
	uint32_t ms = 0;
	size_t len = 0;
	if (!strpbrk(d->delay_base, ":="))
		return cf_time_parse(d->delay_base, &ms) ? ms : 0;
	const char *value = map_value(d->delay_base, host, &len);
	return value && time_parse(value, len, &ms) ? ms : 0;
}

bool cf_delay_base_ok(const char *text)
{
	uint32_t ms = 0;
	if (!strpbrk(text, ":="))
		return cf_time_parse(text, &ms);
	while (*text) {
		text += strspn(text, "; \t\n");
		size_t part = strcspn(text, "; \t\n"), name = strcspn(text, ":=");
		if (part > 0 && (name >= part || !time_parse(text + name + 1, part - name - 1, &ms)))
			return false;
		text += part;
	}
	return true;
}

bool cf_device_allowed(const struct cf_cib *cib, const struct cf_device *d, const char *host)
{
	long long score = cib->symmetric ? 0 : -1;
	for (unsigned i = 0; i < cib->locations; i++) {
		const struct cf_location *l = &cib->location[i];
		if (l->rule || strcmp(l->rsc, d->id) != 0 || strcasecmp(l->node, host) != 0)
			continue;
		if (l->score <= -CF_SCORE_INFINITY)
			return false;
		score += l->score;
	}
	return cib->symmetric || score >= 0;
}
