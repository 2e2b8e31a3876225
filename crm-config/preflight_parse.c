// SPDX-License-Identifier: GPL-2.0-or-later
/* Small texts that the preflight reads: versions, mounts, packet filters. Pure. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mountinfo.h"
#include "crm-config/preflight_int.h"

#define CHAINS_MAX 256
#define CHAIN_NAME_MAX 64
#define LINE_BYTES 1024

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

uint32_t pf_median(uint32_t *values, unsigned count)
{
	if (count == 0)
		return 0;
	qsort(values, count, sizeof *values, by_value);
	return values[count / 2];
}

void pf_version_of(const char *text, char out[PF_VERSION_MAX])
{
	size_t n = 0;
	while (*text && !(isdigit((unsigned char)*text) && text[1 + strspn(text, "0123456789") - 1] == '.'))
		text++;
	while (n + 1 < PF_VERSION_MAX && (isalnum((unsigned char)*text) || (*text && strchr(".-+~", *text))))
		out[n++] = *text++;
	out[n] = '\0';
}

bool pf_version_at_least(const char *text, unsigned major, unsigned minor)
{
	unsigned a = 0, b = 0;
	if (sscanf(text, "%5u.%5u", &a, &b) < 1)
		return true;
	return a > major || (a == major && b >= minor);
}

/* ---- mounts ------------------------------------------------------------------------------------------------ */

static bool is_option(const char *at, const char *line, const char *word)
{
	char end = at[strlen(word)];
	return at > line && strchr(" ,", at[-1]) && (end == ',' || end == ' ' || end == '\n' || end == '\0');
}

static bool has_option(const char *line, const char *word)
{
	for (const char *at = strstr(line, word); at; at = strstr(at + 1, word))
		if (is_option(at, line, word))
			return true;
	return false;
}

/* path is dir, or below it. */
static bool within(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	if (n == 1)
		return true;
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool pf_mount_of(const char *mountinfo, const char *path, char type[PF_TYPE_MAX], bool *no_barrier)
{
	size_t best = 0;
	char line[LINE_BYTES * 8];
	struct vt_mountinfo mi;
	while (*mountinfo) {
		size_t len = strcspn(mountinfo, "\n");
		snprintf(line, sizeof line, "%.*s", (int)(len < sizeof line ? len : sizeof line - 1), mountinfo);
		mountinfo += len + (mountinfo[len] == '\n');
		/* of two at the same place the later one is on top */
		if (vt_mountinfo_parse(&mi, line) != 0 || !within(path, mi.dir) || strlen(mi.dir) < best)
			continue;
		best = strlen(mi.dir);
		snprintf(type, PF_TYPE_MAX, "%.*s", PF_TYPE_MAX - 1, mi.type);
		*no_barrier = has_option(line, "nobarrier") || has_option(line, "barrier=0");
	}
	return best > 0;
}

/* ---- nftables ------------------------------------------------------------------------------------------------ */

struct chain {
	char table[CHAIN_NAME_MAX], name[CHAIN_NAME_MAX];
	bool reached; /* a packet that comes in may get here */
};

struct ruleset {
	unsigned count;
	struct chain chain[CHAINS_MAX];
};

static struct chain *find(struct ruleset *r, const char *table, const char *name)
{
	for (unsigned i = 0; i < r->count; i++)
		if (strcmp(r->chain[i].table, table) == 0 && strcmp(r->chain[i].name, name) == 0)
			return &r->chain[i];
	if (r->count == CHAINS_MAX)
		return NULL;
	struct chain *c = &r->chain[r->count++];
	snprintf(c->table, sizeof c->table, "%s", table);
	snprintf(c->name, sizeof c->name, "%s", name);
	c->reached = false;
	return c;
}

static bool has_word(const char *line, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = strstr(line, word); at; at = strstr(at + 1, word))
		if ((at == line || strchr(" \t", at[-1])) && strchr(" ;}", at[n] ? at[n] : ' '))
			return true;
	return false;
}

/* A rule of a chain that packets reach. True: it drops or rejects. What it jumps to is reached too. */
static bool take_rule(struct ruleset *r, const struct chain *c, const char *line, bool *news)
{
	static const char *const verbs[] = {"jump ", "goto "};
	for (int i = 0; i < 2; i++) {
		char name[CHAIN_NAME_MAX];
		const char *at = strstr(line, verbs[i]);
		if (!at || sscanf(at + 5, "%63s", name) != 1)
			continue;
		struct chain *to = find(r, c->table, name);
		*news = *news || (to && !to->reached);
		if (to)
			to->reached = true;
	}
	return has_word(line, "drop") || has_word(line, "reject") || strstr(line, "reject with");
}

/* One line; table and chain are where it is in. */
static bool take_line(struct ruleset *r, const char *line, char table[CHAIN_NAME_MAX], struct chain **in, bool *news)
{
	char family[16], name[CHAIN_NAME_MAX];
	if (sscanf(line, " table %15s %47s", family, name) == 2) {
		snprintf(table, CHAIN_NAME_MAX, "%s %.47s", family, name);
		*in = NULL;
	} else if (sscanf(line, " chain %63s", name) == 1) {
		*in = find(r, table, name);
	} else if (*in) {
		const char *hook = strstr(line, "hook input");
		if (hook && !(*in)->reached)
			(*in)->reached = *news = true;
		return (*in)->reached && take_rule(r, *in, line, news);
	}
	return false;
}

bool pf_nft_filters(const char *ruleset)
{
	struct ruleset r = {.count = 0};
	bool news = true;
	/* again as long as a jump has reached another chain: at most once a chain */
	for (unsigned round = 0; news && round <= CHAINS_MAX; round++) {
		char table[CHAIN_NAME_MAX] = "", line[LINE_BYTES];
		struct chain *in = NULL;
		news = false;
		for (const char *at = ruleset; *at;) {
			size_t len = strcspn(at, "\n");
			snprintf(line, sizeof line, "%.*s", (int)(len < sizeof line ? len : sizeof line - 1), at);
			at += len + (at[len] == '\n');
			if (take_line(&r, line, table, &in, &news))
				return true;
		}
	}
	return false;
}
