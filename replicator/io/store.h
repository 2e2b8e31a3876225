/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: the unit's real files, one object an inode, reached through descriptors only (O_PATH,
 * opened again by way of /proc/self/fd). Names never leave the store: no symlink is followed and
 * nothing mounted inside is entered. FUSE and the applier share this one table.
 */
#ifndef VMTWIN_IO_STORE_H
#define VMTWIN_IO_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/log.h"
#include "wire/metaop.h"

#define VS_DEPTH_MAX 64 /* directories inside each other */
#define VS_PROC_PATH 32

struct vs_store;

enum vs_dirt { VS_DATA = 1, VS_META = 2 }; /* what a flush has to make durable */

struct vs_inode {
	struct vs_store *store;
	struct vs_inode *ino_next, *id_next;	  /* hash chains */
	struct vs_inode *dirty_next, *dirty_prev; /* list of dirty inodes */
	struct vs_inode *repair_next;		  /* of the data path: see repair.c */
	uint64_t repair_start, repair_end;
	uint64_t ino;	  /* inode number; unique while fd is open */
	uint64_t id;	  /* session's id, 0: none */
	uint64_t lookups; /* held by the kernel's FUSE client */
	uint32_t opens;	  /* open by the FUSE client */
	uint32_t refs;	  /* held by operations */
	uint32_t syncing; /* flushes of it in flight */
	mode_t mode;	  /* type bits are valid, others may be old */
	uint8_t dirt;
	bool in_dirty, in_repair, timed; /* timed: written since its times were last replicated */
	int fd;				 /* O_PATH */
	int direct_fd, buffered_fd;	 /* -1: not open; -2: can't be */
	uint32_t align, mem_align;	 /* for direct_fd: of offset and length, of memory */
};

/*
 * Opens the store at data_dir. Refuses (text in fail, naming unit and remedy): not there, not a
 * directory, device nodes or foreign mounts inside.
 */
int vs_open(struct vs_store **store, const char *unit, const char *data_dir, struct vt_fail *fail);
void vs_close(struct vs_store *store);

struct vs_inode *vs_root(struct vs_store *s);
/* The inode of a name, with a reference. -ENOENT, -EXDEV (foreign mount), -EINVAL (bad name), ...
 */
int vs_lookup(struct vs_store *s, struct vs_inode *parent, const char *name, struct vs_inode **out,
	      struct stat *st);
struct vs_inode *vs_ref(struct vs_inode *inode);
/* Gives a reference back; an inode nobody and no id holds goes away. NULL is fine. */
void vs_unref(struct vs_inode *inode);
/* The FUSE client forgets n lookups. */
void vs_forget(struct vs_inode *inode, uint64_t n);
int vs_stat(struct vs_inode *inode, struct stat *st);
/* "/proc/self/fd/N" into out[VS_PROC_PATH]: opens or changes this inode whatever its name. */
const char *vs_proc_path(const struct vs_inode *inode, char *out);

/* Session ids. */
struct vs_inode *vs_by_id(struct vs_store *s, uint64_t id);
void vs_set_id(struct vs_inode *inode, uint64_t id);
void vs_clear_ids(struct vs_store *s);

/* Descriptor for reading and writing, opened when first asked for; < 0: errno. */
int vs_data_fd(struct vs_inode *inode);
/* The one for direct I/O if this request suits it, else -1. */
int vs_direct_fd(struct vs_inode *inode, uint64_t offset, uint64_t length, const void *mem);
/* Alignment of direct I/O, 0 if the file can't have it. */
uint32_t vs_direct_align(struct vs_inode *inode);
/* Closes data descriptors nobody has open. */
void vs_release_data(struct vs_inode *inode);

/* Marks what a later flush must make durable. Keeps the inode alive. */
void vs_dirty(struct vs_inode *inode, uint8_t dirt);
/* A file without a name need not become durable. The caller holds a reference. */
void vs_clean(struct vs_inode *inode);
/* Everything in the store counts as dirty (after a start: who wrote before us may not have
 * flushed). */
int vs_dirty_tree(struct vs_store *s);
struct vs_inode *vs_dirty_first(struct vs_store *s);
/* A flush of inode begins: returns its dirt and clears it; the inode stays in the list, syncing. */
uint8_t vs_sync_begin(struct vs_inode *inode);
/* It ended; dirt is what begin returned. On failure it is dirty again. */
void vs_sync_end(struct vs_inode *inode, uint8_t dirt, bool ok);

/*
 * Walks the tree, parents before children; names come in no order. visit's negative result ends the
 * walk. inode and st are of the name itself, not followed. -ELOOP: deeper than VS_DEPTH_MAX.
 */
typedef int (*vs_visit)(void *ctx, struct vs_inode *parent, const char *name,
			struct vs_inode *inode, const struct stat *st);
int vs_walk(struct vs_store *s, vs_visit visit, void *ctx);

/*
 * Does op here: file, parent and parent2 are the inodes of its ids (NULL where none). A created or
 * linked inode goes to *made with a reference. 0 or negative errno; then nothing was changed, but a
 * VM_SETATTR of several attributes may have done the first of them.
 */
int vs_exec(struct vs_store *s, const struct vm_op *op, struct vs_inode *parent,
	    struct vs_inode *parent2, struct vs_inode *file, struct vs_inode **made);
/* Removes parent/name with all that is below it. */
int vs_remove_tree(struct vs_store *s, struct vs_inode *parent, const char *name);

#endif
