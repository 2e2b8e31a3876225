// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/link_impl.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_GAP_NS (60 * 1000000000ull)
#define UNREACHABLE_GAP_NS (600 * 1000000000ull) /* a peer that is down is no news */

void vl_note(struct vl_link *link, enum vl_kind kind, enum vt_level level, const char *fmt, ...)
{
	char text[VL_TEXT];
	uint64_t now = vt_boottime_ns();
	uint64_t gap = kind == VL_NOTE_UNREACHABLE ? UNREACHABLE_GAP_NS : NOTE_GAP_NS;
	if (!link->events.note || (link->noted_ns[kind] && now - link->noted_ns[kind] < gap))
		return;
	link->noted_ns[kind] = now;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	link->events.note(link->events.ctx, level, text);
}

void vl_deliver_down(struct vl_link *link)
{
	if (!link->down_pending)
		return;
	link->down_pending = false;
	link->events.down(link->events.ctx, link->down_text);
}

void vl_pool_wake(void *ctx)
{
	struct vl_link *link = ctx;
	link->woken = true;
	vr_again(link->ring);
}

static void resume_starved(struct vl_link *link)
{
	if (!link->woken)
		return;
	link->woken = false;
	struct vl_conn *c = link->up; /* only a connection that is up takes buffers */
	if (!c || !c->starved)
		return;
	c->starved = false;
	c->heard_ns = vt_boottime_ns(); /* it was us who didn't listen */
	vl_conn_pump(c);
}

/* Frees dead connections; returns how many are alive. */
static unsigned reap(struct vl_link *link)
{
	unsigned alive = 0;
	for (struct vl_conn **at = &link->conns; *at;) {
		struct vl_conn *next = (*at)->next;
		if ((*at)->state != CONN_DEAD)
			alive++;
		else if (vl_conn_reap(*at)) {
			*at = next;
			continue;
		}
		at = &(*at)->next;
	}
	return alive;
}

static void idle(void *ctx)
{
	struct vl_link *link = ctx;
	resume_starved(link);
	for (struct vl_conn *c = link->conns; c; c = c->next)
		if (c->state != CONN_DEAD)
			vl_conn_flush(c);
	vl_deliver_down(link);
	unsigned alive = reap(link);
	if (link->enabled && link->config.connector && alive == 0 && !link->retry.at_ns)
		vr_timer_arm(link->ring, &link->retry, vt_boottime_ns() + VL_RETRY_NS);
}

int vl_open(struct vl_link **out, struct vr_ring *ring, struct vp_pool *pool,
	    const struct vl_config *config, const struct vl_events *events, struct vt_fail *fail)
{
	char identity[TL_IDENTITY_MAX];
	struct vl_link *link = calloc(1, sizeof *link);
	if (!link)
		return vt_fail(fail, -ENOMEM, "out of memory for the data link");
	link->retry.fire = vl_try;
	link->ring = ring;
	link->pool = pool;
	link->config = *config;
	link->events = *events;
	snprintf(link->unit, sizeof link->unit, "%s", config->unit);
	link->config.unit = link->unit;
	explicit_bzero(link->config.key, sizeof link->config.key); /* creds has it */
	vl_identity(link, identity);
	int rc = tl_creds_init(&link->creds, !config->connector, config->key, identity);
	if (rc < 0)
		vt_fail(fail, rc, "out of memory for the data link's key");
	else if (!config->connector)
		rc = vl_listen(link, fail);
	if (rc < 0) {
		tl_creds_free(&link->creds);
		free(link);
		return rc;
	}
	vr_on_idle(ring, idle, link);
	*out = link;
	return 0;
}

int vl_set_unit(struct vl_link *link, const uint8_t unit_id[16], const uint8_t key[32])
{
	char identity[TL_IDENTITY_MAX];
	assert(!link->enabled);
	memcpy(link->config.unit_id, unit_id, sizeof link->config.unit_id);
	vl_identity(link, identity);
	return tl_creds_rekey(&link->creds, key, identity);
}

void vl_set_peer(struct vl_link *link, uint8_t rings, char addr[][VW_ADDR_MAX], uint16_t port)
{
	assert(rings <= VW_RINGS);
	link->config.rings = rings;
	memcpy(link->config.peer_addr, addr, (size_t)rings * VW_ADDR_MAX);
	link->config.peer_port = port;
	link->try_ring = 0;
}

void vl_enable(struct vl_link *link, uint64_t pairing, uint64_t self, uint64_t peer)
{
	if (link->enabled && link->pairing == pairing && link->self == self && link->peer == peer)
		return;
	vl_disable(link);
	link->enabled = true;
	link->pairing = pairing;
	link->self = self;
	link->peer = peer;
	link->enabled_ns = vt_boottime_ns();
	link->try_ring = 0;
	if (link->config.connector)
		vr_timer_arm(link->ring, &link->retry, vt_boottime_ns());
}

void vl_disable(struct vl_link *link)
{
	link->enabled = false;
	vr_timer_cancel(link->ring, &link->retry);
	for (struct vl_conn *c = link->conns; c; c = c->next)
		vl_conn_fail(c, "the link was disabled");
	link->down_pending = false;
}

bool vl_is_up(const struct vl_link *link)
{
	return link->up != NULL;
}

void vl_send(struct vl_link *link, struct vf_header *h, const void *payload)
{
	if (!link->up)
		return;
	vl_conn_send(link->up, h, payload);
	vr_again(link->ring); /* in case our idle hook was called already in this round */
}

size_t vl_backlog(const struct vl_link *link)
{
	return link->up ? link->up->tls.queued + link->up->tls.staged : 0;
}

int vl_ring(const struct vl_link *link)
{
	return link->up ? link->up->ring : -1;
}

void vl_close(struct vl_link *link)
{
	if (!link)
		return;
	link->closing = true;
	vl_disable(link);
	vr_on_idle(link->ring, NULL, link);
	vp_unwait(link->pool, vl_pool_wake, link);
	vl_listen_stop(link);
	uint64_t until = vt_boottime_ns() + VL_CLOSE_NS;
	reap(link);
	while ((link->conns || vl_listen_busy(link)) && vt_boottime_ns() < until) {
		if (vr_step(link->ring, until) < 0)
			break;
		reap(link);
	}
	if (link->conns || vl_listen_busy(link))
		return; /* the kernel may still write into it: leaked on purpose */
	tl_creds_free(&link->creds);
	free(link);
}
