/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who waits for whom: operations on byte ranges in order of arrival. One that overlaps an earlier
 * one still in the table waits for it (S3); all others run side by side. Ranges are rounded
 * outwards to pages, so that buffered and direct I/O never meet in one page. Pure: no I/O.
 */
#ifndef VMTWIN_IO_RANGES_H
#define VMTWIN_IO_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#define RG_PAGE 4096u
#define RG_WHOLE UINT64_MAX /* as length: to the end of everything */

/* Embedded in the operation; private but for reading `blockers`. */
struct rg_node {
	uint32_t index;
	uint32_t blockers; /* earlier ones that must end first; 0: may run */
};

struct rg_entry {
	uint64_t file, start, end; /* end is exclusive, rounded; file 0: every file */
	uint64_t order;
	struct rg_node *node;
};

/* Entries lie in one array without order: a scan touches a few cache lines at a usual depth. */
struct rg_table {
	struct rg_entry *entries;
	uint32_t count, cap;
	uint64_t next_order;
};

/* cap: most operations at a time. 0 or -ENOMEM. */
int rg_init(struct rg_table *t, uint32_t cap);
void rg_free(struct rg_table *t);
/*
 * Adds [start, start+length) of file (an id, not 0). Length 0 or RG_WHOLE reaches to the end.
 * Returns how many earlier ones it waits for, or -ENOSPC if the table is full.
 */
int rg_add(struct rg_table *t, struct rg_node *n, uint64_t file, uint64_t start, uint64_t length);
/* Adds a barrier: waits for everything in the table, and everything later waits for it. */
int rg_add_all(struct rg_table *t, struct rg_node *n);
/*
 * Removes n, which had no blockers, or had (it gave up waiting). Calls ready for each operation
 * that now has none left; ready must not add or remove.
 */
void rg_remove(struct rg_table *t, struct rg_node *n, void (*ready)(void *ctx, struct rg_node *n),
	       void *ctx);

#endif
