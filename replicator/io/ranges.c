// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/ranges.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int rg_init(struct rg_table *t, uint32_t cap)
{
	*t = (struct rg_table){.entries = calloc(cap, sizeof *t->entries), .cap = cap};
	return t->entries ? 0 : -ENOMEM;
}

void rg_free(struct rg_table *t)
{
	free(t->entries);
	*t = (struct rg_table){0};
}

static bool overlap(const struct rg_entry *a, const struct rg_entry *b)
{
	bool same = a->file == b->file || a->file == 0 || b->file == 0;
	return same && a->start < b->end && b->start < a->end;
}

static int add(struct rg_table *t, struct rg_node *n, struct rg_entry e)
{
	if (t->count == t->cap)
		return -ENOSPC;
	uint32_t blockers = 0;
	for (uint32_t i = 0; i < t->count; i++)
		blockers += overlap(&t->entries[i], &e);
	e.order = t->next_order++;
	e.node = n;
	n->index = t->count;
	n->blockers = blockers;
	t->entries[t->count++] = e;
	return (int)blockers;
}

int rg_add(struct rg_table *t, struct rg_node *n, uint64_t file, uint64_t start, uint64_t length)
{
	assert(file != 0);
	struct rg_entry e = {.file = file, .start = start & ~(uint64_t)(RG_PAGE - 1)};
	if (length == 0 || length > UINT64_MAX - RG_PAGE - start)
		e.end = UINT64_MAX;
	else
		e.end = (start + length + RG_PAGE - 1) & ~(uint64_t)(RG_PAGE - 1);
	return add(t, n, e);
}

int rg_add_all(struct rg_table *t, struct rg_node *n)
{
	return add(t, n, (struct rg_entry){.file = 0, .start = 0, .end = UINT64_MAX});
}

void rg_remove(struct rg_table *t, struct rg_node *n, void (*ready)(void *ctx, struct rg_node *n),
	       void *ctx)
{
	assert(n->index < t->count && t->entries[n->index].node == n);
	struct rg_entry gone = t->entries[n->index];
	struct rg_entry *last = &t->entries[--t->count];
	if (last->node != n) {
		t->entries[n->index] = *last;
		last->node->index = n->index;
	}
	for (uint32_t i = 0; i < t->count; i++) {
		struct rg_entry *e = &t->entries[i];
		if (e->order < gone.order || !overlap(e, &gone))
			continue;
		assert(e->node->blockers > 0);
		if (--e->node->blockers == 0)
			ready(ctx, e->node);
	}
}
