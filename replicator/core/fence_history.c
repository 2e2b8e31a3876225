// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/fence_history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool kills(const char *action)
{
	return action && (strcmp(action, "off") == 0 || strcmp(action, "reboot") == 0);
}

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)

/* FNV-1a, 64 bits: an identity that needs no secrecy. The separator keeps ("ab","c") from ("a","bc"). */
static uint64_t mix(uint64_t hash, const void *data, size_t n)
{
	const unsigned char *p = data;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return mix(hash, text ? text : "", text ? strlen(text) : 0);
}

/* Only what stays the same when a fencer that was restarted gets the entry back from its peers. */
static uint64_t identity(const struct vt_fence_entry *e)
{
	char when[64];
	int n = snprintf(when, sizeof when, "%" PRId64 ".%09" PRId64, e->completed_s,
			 e->completed_ns);
	uint64_t hash = mix(FNV_OFFSET, when, (size_t)n);
	hash = mix_text(hash, e->target);
	hash = mix_text(hash, e->action);
	hash = mix_text(hash, e->origin);
	return hash ? hash : 1; /* 0 means none */
}

const struct vt_fence_node *vt_fence_find(const struct vt_fence_snapshot *snap, const char *name)
{
	for (unsigned i = 0; i < snap->nodes; i++)
		if (strcmp(snap->node[i].name, name) == 0)
			return &snap->node[i];
	return NULL;
}

static struct vt_fence_node *node_of(struct vt_fence_snapshot *snap, const char *name)
{
	for (unsigned i = 0; i < snap->nodes; i++)
		if (strcmp(snap->node[i].name, name) == 0)
			return &snap->node[i];
	if (snap->nodes == VT_FENCE_NODES)
		return NULL;
	struct vt_fence_node *node = &snap->node[snap->nodes++];
	memset(node, 0, sizeof *node);
	memcpy(node->name, name, strlen(name) + 1);
	return node;
}

int vt_fence_add(struct vt_fence_snapshot *snap, const struct vt_fence_entry *e)
{
	if (!e->target || !*e->target || !kills(e->action) || e->state == VT_FENCE_OTHER)
		return 0;
	if (strlen(e->target) > VT_HOST_NAME_MAX || strpbrk(e->target, " \t\n"))
		return 0; /* no node of ours can be called that */
	struct vt_fence_node *node = node_of(snap, e->target);
	if (!node)
		return -E2BIG;
	if (e->state == VT_FENCE_PENDING) {
		node->pending = true;
		return 0;
	}
	bool later = e->completed_s > node->last_s ||
		     (e->completed_s == node->last_s && e->completed_ns > node->last_ns);
	if (node->record == 0 || later) {
		node->record = identity(e);
		node->last_s = e->completed_s;
		node->last_ns = e->completed_ns;
	}
	return 0;
}

/* Index of the node's memory, made if need be; VT_FENCE_NODES if there is no room. */
static unsigned memory_of(struct vt_fence_memory *memory, const char *name)
{
	unsigned i = 0;
	while (i < memory->nodes && strcmp(memory->node[i].name, name) != 0)
		i++;
	if (i < memory->nodes || i == VT_FENCE_NODES)
		return i;
	memset(&memory->node[i], 0, sizeof memory->node[i]);
	memcpy(memory->node[i].name, name, strlen(name) + 1);
	memory->nodes++;
	return i;
}

static void learn(struct vt_fence_memory *memory, const char *name, uint64_t record)
{
	unsigned i = memory_of(memory, name);
	if (record == 0 || i == VT_FENCE_NODES)
		return;
	for (unsigned k = 0; k < VT_FENCE_SEEN; k++)
		if (memory->node[i].seen[k] == record)
			return;
	memory->node[i].seen[memory->node[i].next++ % VT_FENCE_SEEN] = record;
	memory->node[i].last = record;
}

void vt_fence_remember(struct vt_fence_memory *memory, struct vt_fence_snapshot *snap)
{
	if (!snap->known)
		return;
	for (unsigned i = 0; i < snap->nodes; i++)
		learn(memory, snap->node[i].name, snap->node[i].record);
	for (unsigned i = 0; i < memory->nodes; i++) {
		struct vt_fence_node *node = node_of(snap, memory->node[i].name);
		if (node)
			node->record = memory->node[i].last;
	}
}

int vt_fence_heard(struct vt_fence_live *live, const char *target, const char *action)
{
	unsigned i = 0;
	if (!target || !*target || !kills(action) || strlen(target) > VT_HOST_NAME_MAX || strpbrk(target, " \t\n"))
		return 0; /* as vt_fence_add */
	while (i < live->nodes && strcmp(live->node[i].name, target) != 0)
		i++;
	if (i == VT_FENCE_NODES)
		return -E2BIG;
	if (i == live->nodes) {
		live->nodes++;
		memcpy(live->node[i].name, target, strlen(target) + 1);
		live->node[i].count = 0;
	}
	live->node[i].count++;
	return 0;
}

int vt_fence_apply(const struct vt_fence_live *live, struct vt_fence_snapshot *snap)
{
	for (unsigned i = 0; i < snap->nodes; i++)
		snap->node[i].record = 0;
	for (unsigned i = 0; i < live->nodes; i++) {
		struct vt_fence_node *node = node_of(snap, live->node[i].name);
		if (!node)
			return -E2BIG;
		uint64_t hash = mix(FNV_OFFSET, &live->nonce, sizeof live->nonce);
		hash = mix(hash, live->node[i].name, strlen(live->node[i].name) + 1);
		hash = mix(hash, &live->node[i].count, sizeof live->node[i].count);
		node->record = hash ? hash : 1;
	}
	return 0;
}

int vt_fence_format(const struct vt_fence_snapshot *snap, char *out, size_t cap)
{
	int n = snprintf(out, cap, "%s %" PRIu64, snap->known ? "known" : "unknown", snap->read_ns);
	size_t len = n < 0 ? cap : (size_t)n;
	for (unsigned i = 0; snap->known && i < snap->nodes && len < cap; i++) {
		const struct vt_fence_node *node = &snap->node[i];
		n = snprintf(out + len, cap - len, " %s %" PRIx64 " %d", node->name, node->record,
			     node->pending);
		len += n < 0 ? cap : (size_t)n;
	}
	if (len + 2 > cap)
		return -EMSGSIZE;
	out[len++] = '\n';
	out[len] = '\0';
	return (int)len;
}

static int number(const char *word, int base, uint64_t *out)
{
	char *end;
	if (!word || !*word || *word == '-' || *word == '+')
		return -EBADMSG;
	errno = 0;
	*out = strtoull(word, &end, base);
	return errno || *end ? -EBADMSG : 0;
}

static int parse_node(struct vt_fence_snapshot *snap, const char *name, char **save)
{
	uint64_t record, pending;
	if (number(strtok_r(NULL, " ", save), 16, &record) < 0 ||
	    number(strtok_r(NULL, " ", save), 10, &pending) < 0)
		return -EBADMSG;
	if (pending > 1 || strlen(name) > VT_HOST_NAME_MAX || vt_fence_find(snap, name))
		return -EBADMSG;
	struct vt_fence_node *node = node_of(snap, name);
	if (!node)
		return -EBADMSG;
	node->record = record;
	node->pending = pending == 1;
	return 0;
}

int vt_fence_parse(struct vt_fence_snapshot *snap, const char *line, size_t len)
{
	char copy[VT_FENCE_LINE_MAX];
	char *save = NULL;
	memset(snap, 0, sizeof *snap);
	if (len > 0 && line[len - 1] == '\n')
		len--;
	if (len >= sizeof copy || memchr(line, '\0', len) || memchr(line, '\n', len))
		return -EBADMSG;
	memcpy(copy, line, len);
	copy[len] = '\0';
	const char *word = strtok_r(copy, " ", &save);
	if (!word || (strcmp(word, "known") != 0 && strcmp(word, "unknown") != 0))
		return -EBADMSG;
	bool known = word[0] == 'k';
	if (number(strtok_r(NULL, " ", &save), 10, &snap->read_ns) < 0)
		return -EBADMSG;
	for (const char *name; (name = strtok_r(NULL, " ", &save));)
		if (!known || parse_node(snap, name, &save) < 0)
			return -EBADMSG;
	snap->known = known;
	return 0;
}
