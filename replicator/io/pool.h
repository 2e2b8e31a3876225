/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffers of one size, reference-counted, page-aligned, bounded in number: the only memory that grows
 * with load. When the pool is empty nobody reads more requests or frames: that is the back-pressure.
 */
#ifndef VMTWIN_IO_POOL_H
#define VMTWIN_IO_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VP_SIZE ((1u << 20) + 8192) /* a FUSE request of 1 MiB with its header, aligned */

struct vp_pool;

struct vp_buf {
	uint8_t *mem;  /* VP_SIZE bytes, page-aligned */
	uint8_t *data; /* where the payload begins, in mem */
	uint32_t refs;
	struct vp_pool *pool;
	struct vp_buf *next;
};

/* count buffers at most; memory is only touched when used. NULL: out of memory. */
struct vp_pool *vp_create(unsigned count);
void vp_destroy(struct vp_pool *pool);
/* A buffer with one reference, or NULL if all are in use. `urgent` may use the last reserve (an eighth
 * of the pool), which keeps acknowledgements flowing when requests fill the rest. */
struct vp_buf *vp_get(struct vp_pool *pool, bool urgent);
struct vp_buf *vp_ref(struct vp_buf *buf);
/* Gives a reference back; NULL is ignored. */
void vp_put(struct vp_buf *buf);
unsigned vp_free_count(const struct vp_pool *pool);
/*
 * Calls wake (once per call of vp_wait) when a buffer is free again; it may be one for urgent users
 * only, or be gone: who gets none waits again. It is called from inside vp_put: it should only note the
 * fact and call vr_again, not act. A wait that is already there is not added twice.
 */
void vp_wait(struct vp_pool *pool, void (*wake)(void *ctx), void *ctx);
/* Takes a wait back; for owners that go away. */
void vp_unwait(struct vp_pool *pool, void (*wake)(void *ctx), void *ctx);

#endif
