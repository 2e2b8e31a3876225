// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/corosync_conf.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define LINE_MAX_BYTES 1024
#define DEPTH_MAX 8
#define SECTION_MAX 256 /* bytes of "quorum.device.net" */
#define COEFFICIENT_DEFAULT_MS 650
#define NUMBER_DIGITS 9

struct parser {
	struct cf_corosync *conf;
	const char *path;
	unsigned line, depth;
	char section[SECTION_MAX];
	size_t ends[DEPTH_MAX]; /* length of section before each level */
	bool node_open;
	struct vt_fail *fail;
};

struct number_key {
	const char *section, *key;
	size_t value;
	ptrdiff_t set; /* offset of the bool that says it was given, -1: none */
};

#define AT(member) offsetof(struct cf_corosync, member)
static const struct number_key numbers[] = {
    {"totem", "token", AT(token_ms), -1},
    {"totem", "token_coefficient", AT(token_coefficient_ms), -1},
    {"totem", "consensus", AT(consensus_ms), AT(consensus_set)},
    {"quorum", "expected_votes", AT(expected_votes), AT(expected_set)},
    {"quorum", "two_node", AT(two_node), -1},
    {"quorum", "wait_for_all", AT(wait_for_all), AT(wait_for_all_set)},
    {"quorum", "last_man_standing", AT(last_man_standing), -1},
    {"quorum", "auto_tie_breaker", AT(auto_tie_breaker), -1},
    {"quorum.device", "timeout", AT(device_timeout_ms), -1},
    {"quorum.device", "sync_timeout", AT(device_sync_ms), -1},
    {"quorum.device", "votes", AT(device_votes), AT(device_votes_set)},
    {"quorum.device.heuristics", "sync_timeout", AT(heuristics_sync_ms), AT(heuristics_set)},
};

static const struct {
	const char *section, *key;
	size_t value, cap;
} words[] = {
    {"totem", "crypto_cipher", AT(cipher), CF_WORD_MAX},
    {"totem", "crypto_hash", AT(hash), CF_WORD_MAX},
    {"totem", "secauth", AT(secauth), CF_WORD_MAX},
    {"quorum", "provider", AT(provider), CF_WORD_MAX},
    {"quorum.device", "model", AT(device_model), CF_WORD_MAX},
    {"quorum.device.heuristics", "mode", AT(heuristics), CF_WORD_MAX},
    {"quorum.device.net", "algorithm", AT(algorithm), CF_WORD_MAX},
    {"quorum.device.net", "host", AT(device_host), CF_NAME_MAX},
};

static int bad(struct parser *p, const char *what, const char *text)
{
	return vt_fail(p->fail, -EINVAL, "%s:%u: %s: '%.64s'", p->path, p->line, what, text);
}

static int take_number(struct parser *p, const char *value, uint32_t *out)
{
	size_t n = strlen(value);
	if (n == 0 || n > NUMBER_DIGITS || strspn(value, "0123456789") != n)
		return bad(p, "must be a whole number", value);
	*out = (uint32_t)strtoul(value, NULL, 10);
	return 0;
}

static int take_word(struct parser *p, const char *value, char *out, size_t cap)
{
	size_t n = strlen(value);
	if (n >= cap)
		return bad(p, "the value is too long", value);
	memcpy(out, value, n + 1);
	return 0;
}

static int take_node(struct parser *p, const char *key, const char *value)
{
	struct cf_node *node = &p->conf->node[p->conf->node_count - 1];
	if (strcmp(key, "name") == 0)
		return take_word(p, value, node->name, sizeof node->name);
	if (strcmp(key, "quorum_votes") == 0)
		return take_number(p, value, &node->votes);
	if (strncmp(key, "ring", 4) == 0 && key[4] >= '0' && key[4] < '0' + CF_LINKS_MAX && strcmp(key + 5, "_addr") == 0)
		return take_word(p, value, node->addr[key[4] - '0'], sizeof node->addr[0]);
	return 0;
}

static int take_pair(struct parser *p, const char *key, const char *value)
{
	char *base = (char *)p->conf;
	if (strcmp(p->section, "nodelist.node") == 0)
		return take_node(p, key, value);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		const struct number_key *k = &numbers[i];
		if (strcmp(k->section, p->section) != 0 || strcmp(k->key, key) != 0)
			continue;
		uint32_t number = 0;
		int rc = take_number(p, value, &number);
		memcpy(base + k->value, &number, sizeof number);
		if (k->set >= 0)
			*(bool *)(base + k->set) = true;
		return rc;
	}
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].section, p->section) == 0 && strcmp(words[i].key, key) == 0)
			return take_word(p, value, base + words[i].value, words[i].cap);
	return 0;
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	size_t n = strlen(s);
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

static int open_section(struct parser *p, char *name)
{
	size_t len = strlen(p->section);
	name = trim(name);
	size_t n = strlen(name);
	if (n == 0 || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != n)
		return bad(p, "not a section's name", name);
	if (p->depth == DEPTH_MAX || len + n + 2 > sizeof p->section)
		return bad(p, "sections are nested too deep at", name);
	p->ends[p->depth++] = len;
	if (len)
		p->section[len++] = '.';
	memcpy(p->section + len, name, n + 1);
	if (strcmp(p->section, "quorum.device") == 0)
		p->conf->device = true;
	if (strcmp(p->section, "nodelist.node") != 0)
		return 0;
	if (p->conf->node_count == CF_NODES_MAX)
		return vt_fail(p->fail, -EINVAL, "%s:%u: more than %d nodes; vmtwin is for clusters of a few hosts", p->path,
			       p->line, CF_NODES_MAX);
	p->conf->node[p->conf->node_count++].votes = 1;
	return 0;
}

static int take_line(struct parser *p, char *text)
{
	text = trim(text);
	size_t n = strlen(text);
	if (n == 0 || text[0] == '#')
		return 0;
	int rc = vt_text_check(text, p->path, p->line, p->fail);
	if (rc < 0)
		return rc;
	char *colon = strchr(text, ':');
	if (text[n - 1] == '{' && !colon) {
		text[n - 1] = '\0';
		return open_section(p, text);
	}
	if (strcmp(text, "}") == 0) {
		if (p->depth == 0)
			return bad(p, "no section is open here", text);
		p->section[p->ends[--p->depth]] = '\0';
		return 0;
	}
	if (!colon)
		return bad(p, "neither 'KEY: VALUE' nor a section", text);
	*colon = '\0';
	return take_pair(p, trim(text), trim(colon + 1));
}

static void finish(struct cf_corosync *c)
{
	uint32_t votes = 0;
	c->real_token_ms = c->token_ms;
	if (c->node_count > 2)
		c->real_token_ms += (c->node_count - 2) * c->token_coefficient_ms;
	if (!c->consensus_set)
		c->consensus_ms = (uint32_t)((uint64_t)c->real_token_ms * 6 / 5);
	for (unsigned i = 0; i < c->node_count; i++)
		votes += c->node[i].votes;
	if (!c->expected_set)
		c->expected_votes = votes;
	if (!c->device_votes_set)
		c->device_votes = votes > 0 ? votes - 1 : 0;
	if (!c->heuristics_set)
		c->heuristics_sync_ms = c->device_sync_ms / 2;
	if (!c->wait_for_all_set)
		c->wait_for_all = c->two_node;
}

int cf_corosync_parse(struct cf_corosync *conf, const char *text, const char *path, struct vt_fail *fail)
{
	struct parser p = {.conf = conf, .path = path, .fail = fail};
	char line[LINE_MAX_BYTES];
	memset(conf, 0, sizeof *conf);
	conf->token_ms = VT_TOKEN_DEFAULT_MS;
	conf->token_coefficient_ms = COEFFICIENT_DEFAULT_MS;
	conf->device_timeout_ms = VT_DEVICE_TIMEOUT_DEFAULT_MS;
	conf->device_sync_ms = VT_DEVICE_SYNC_DEFAULT_MS;
	snprintf(conf->algorithm, sizeof conf->algorithm, "ffsplit");
	while (*text) {
		size_t len = strcspn(text, "\n");
		p.line++;
		if (len >= sizeof line)
			return vt_fail(fail, -EINVAL, "%s:%u: the line is too long (at most %d bytes)", path, p.line,
				       LINE_MAX_BYTES - 1);
		memcpy(line, text, len);
		line[len] = '\0';
		int rc = take_line(&p, line);
		if (rc < 0)
			return rc;
		text += len + (text[len] == '\n');
	}
	if (p.depth > 0)
		return vt_fail(fail, -EINVAL, "%s: section '%s' is not closed", path, p.section);
	finish(conf);
	return 0;
}

bool cf_corosync_alone(const struct cf_corosync *conf, const struct cf_node *node)
{
	uint64_t expected = (uint64_t)conf->expected_votes + (conf->device ? conf->device_votes : 0);
	if (conf->two_node && conf->node_count <= 2)
		return true;
	return node->votes >= expected / 2 + 1;
}

bool cf_corosync_both_quorate(const struct cf_corosync *conf)
{
	if (strcmp(conf->provider, "corosync_votequorum") != 0)
		return true;
	if (conf->node_count < 2)
		return conf->two_node;
	for (unsigned i = 0; i < conf->node_count; i++)
		if (!cf_corosync_alone(conf, &conf->node[i]))
			return false;
	return true;
}

struct vt_cluster_timing cf_corosync_timing(const struct cf_corosync *conf)
{
	return (struct vt_cluster_timing){
	    .token_ms = conf->real_token_ms,
	    .consensus_ms = conf->consensus_ms,
	    .two_node = cf_corosync_both_quorate(conf),
	    .device = conf->device,
	    .device_timeout_ms = conf->device_timeout_ms,
	    .device_sync_ms = conf->device_sync_ms,
	};
}

const struct cf_node *cf_corosync_node(const struct cf_corosync *conf, const char *name)
{
	for (unsigned i = 0; i < conf->node_count; i++) {
		const struct cf_node *n = &conf->node[i];
		if (strcasecmp(n->name[0] ? n->name : n->addr[0], name) == 0)
			return n;
	}
	return NULL;
}
