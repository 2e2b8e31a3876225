// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The users of one pool are few and fixed: FUSE front, link, resync reader, and room for tests. */
#define WAITERS_MAX 16

struct waiter {
	void (*wake)(void *ctx);
	void *ctx;
};

struct vp_pool {
	uint8_t *area; /* count * VP_SIZE, pages appear when first written */
	size_t area_size;
	struct vp_buf *bufs;
	struct vp_buf *free; /* last in, first out: the warm buffer is used again */
	unsigned count, free_count, reserve;
	unsigned waiters_len;
	struct waiter waiters[WAITERS_MAX];
};

static_assert(VP_SIZE % 4096 == 0, "buffers follow each other page-aligned");

struct vp_pool *vp_create(unsigned count)
{
	struct vp_pool *pool = calloc(1, sizeof *pool);
	if (!pool)
		return NULL;
	pool->count = count;
	pool->reserve = count / 8;
	pool->area_size = (size_t)count * VP_SIZE;
	pool->bufs = calloc(count, sizeof *pool->bufs);
	pool->area = mmap(NULL, pool->area_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!pool->bufs || pool->area == MAP_FAILED) {
		if (pool->area != MAP_FAILED)
			munmap(pool->area, pool->area_size);
		free(pool->bufs);
		free(pool);
		return NULL;
	}
	for (unsigned i = count; i-- > 0;) {
		struct vp_buf *buf = &pool->bufs[i];
		buf->mem = pool->area + (size_t)i * VP_SIZE;
		buf->pool = pool;
		buf->next = pool->free;
		pool->free = buf;
	}
	pool->free_count = count;
	return pool;
}

void vp_destroy(struct vp_pool *pool)
{
	if (!pool)
		return;
	munmap(pool->area, pool->area_size);
	free(pool->bufs);
	free(pool);
}

struct vp_buf *vp_get(struct vp_pool *pool, bool urgent)
{
	if (pool->free_count <= (urgent ? 0 : pool->reserve))
		return NULL;
	struct vp_buf *buf = pool->free;
	pool->free = buf->next;
	pool->free_count--;
	buf->next = NULL;
	buf->data = buf->mem;
	buf->refs = 1;
	return buf;
}

struct vp_buf *vp_ref(struct vp_buf *buf)
{
	assert(buf->refs > 0);
	buf->refs++;
	return buf;
}

/* All waiters are called: who finds the pool empty again waits again, behind the others. */
static void wake_all(struct vp_pool *pool)
{
	struct waiter waiters[WAITERS_MAX];
	unsigned n = pool->waiters_len;
	memcpy(waiters, pool->waiters, n * sizeof *waiters);
	pool->waiters_len = 0;
	for (unsigned i = 0; i < n; i++)
		waiters[i].wake(waiters[i].ctx);
}

void vp_put(struct vp_buf *buf)
{
	if (!buf)
		return;
	assert(buf->refs > 0);
	if (--buf->refs > 0)
		return;
	struct vp_pool *pool = buf->pool;
	buf->next = pool->free;
	pool->free = buf;
	pool->free_count++;
	/* The first buffer after none may be what an urgent user waits for. */
	if (pool->waiters_len > 0 && (pool->free_count > pool->reserve || pool->free_count == 1))
		wake_all(pool);
}

unsigned vp_free_count(const struct vp_pool *pool)
{
	return pool->free_count;
}

void vp_wait(struct vp_pool *pool, void (*wake)(void *ctx), void *ctx)
{
	for (unsigned i = 0; i < pool->waiters_len; i++)
		if (pool->waiters[i].wake == wake && pool->waiters[i].ctx == ctx)
			return;
	assert(pool->waiters_len < WAITERS_MAX);
	pool->waiters[pool->waiters_len++] = (struct waiter){.wake = wake, .ctx = ctx};
}

void vp_unwait(struct vp_pool *pool, void (*wake)(void *ctx), void *ctx)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < pool->waiters_len; i++)
		if (pool->waiters[i].wake != wake || pool->waiters[i].ctx != ctx)
			pool->waiters[kept++] = pool->waiters[i];
	pool->waiters_len = kept;
}
