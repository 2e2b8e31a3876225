/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two links in one process, each on a ring of its own, joined over loopback, perhaps through a
 * relay that can alter, hold back or forget what passes. Used by test_link*.c; each waits with a
 * deadline.
 */
#ifndef VMTWIN_TESTS_LINK_PAIR_H
#define VMTWIN_TESTS_LINK_PAIR_H

#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

#include "io/link_impl.h"

#define RELAY_MAX 32

struct end {
	struct vr_ring *ring;
	struct vp_pool *pool;
	struct vl_link *link;
	int ups, downs, notes;
	unsigned frames;
	char down_text[VL_TEXT], note[VL_TEXT];
	struct vf_header h;	 /* the last frame */
	struct vp_buf *held[64]; /* payloads not given back while `hold` */
	unsigned held_len;
	bool hold;
	uint64_t sum; /* of all seq received, in order: sum = sum * 31 + seq */
	bool payload_bad;
	void (*on_frame)(struct end *e);
};

struct relay {
	int listen_fd;
	uint16_t port, to_port;
	int a[RELAY_MAX], b[RELAY_MAX]; /* -1: closed */
	unsigned len;
	bool hold;	/* pass nothing on, accept still */
	bool flip_next; /* alter one byte of what comes next from the connector */
	unsigned flipped;
};

struct pair {
	struct end c, l; /* connector, listener */
	struct relay relay;
	bool relayed, stop_c, stop_l; /* stop_x: that end's ring doesn't run */
	struct vl_config cc, lc;
};

#define UNTIL(p, cond, ms)                                              \
	do {                                                            \
		uint64_t until_ = vt_boottime_ns() + (ms)*1000000ull;   \
		while (!(cond) && vt_boottime_ns() < until_)            \
			pair_step(p);                                   \
		if (!(cond))                                            \
			fail_msg("not in %d ms: %s", (int)(ms), #cond); \
	} while (0)

static uint16_t free_port(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof addr;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	close(fd);
	return ntohs(addr.sin_port);
}

/* The byte at index i of frame seq's payload. */
static uint8_t pattern(uint64_t seq, uint32_t i)
{
	return (uint8_t)(seq * 7 + i + (i >> 8));
}

static void send_pattern(struct end *e, uint8_t type, uint64_t seq, uint32_t length)
{
	static uint8_t bytes[VF_PAYLOAD_MAX];
	struct vf_header h = {
	    .type = type, .length = length, .seq = seq, .file = 7, .offset = 4096 * seq};
	for (uint32_t i = 0; i < length; i++)
		bytes[i] = pattern(seq, i);
	vl_send(e->link, &h, bytes);
	memset(bytes, 0, length); /* it was taken over */
}

static void on_up(void *ctx)
{
	((struct end *)ctx)->ups++;
}

static void on_down(void *ctx, const char *text)
{
	struct end *e = ctx;
	e->downs++;
	snprintf(e->down_text, sizeof e->down_text, "%s", text);
}

static void on_note(void *ctx, enum vt_level level, const char *text)
{
	struct end *e = ctx;
	(void)level;
	e->notes++;
	snprintf(e->note, sizeof e->note, "%s", text);
}

static void on_frame(void *ctx, const struct vf_header *h, struct vp_buf *payload)
{
	struct end *e = ctx;
	e->frames++;
	e->h = *h;
	e->sum = e->sum * 31 + h->seq;
	for (uint32_t i = 0; i < h->length; i++)
		e->payload_bad |= payload->data[i] != pattern(h->seq, i);
	if (payload && (uintptr_t)payload->data % 4096 != 0)
		e->payload_bad = true;
	if (e->hold && payload)
		e->held[e->held_len++] = payload;
	else
		vp_put(payload);
	if (e->on_frame)
		e->on_frame(e);
}

/* ---- relay ---- */

static void relay_open(struct relay *r, uint16_t to_port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof addr;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(r->listen_fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(r->listen_fd, 8), 0);
	assert_int_equal(getsockname(r->listen_fd, (struct sockaddr *)&addr, &len), 0);
	r->port = ntohs(addr.sin_port);
	r->to_port = to_port;
}

static void relay_accept(struct relay *r)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(r->to_port)};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int a = accept(r->listen_fd, NULL, NULL);
	if (a < 0 || r->len == RELAY_MAX) {
		close(a);
		return;
	}
	int b = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(b, (struct sockaddr *)&addr, sizeof addr) < 0) {
		close(a);
		close(b);
		return;
	}
	r->a[r->len] = a;
	r->b[r->len++] = b;
}

/* False: that side has ended. */
static bool relay_pass(struct relay *r, int from, int to, bool may_flip)
{
	uint8_t bytes[16384];
	ssize_t n = recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN;
	if (n > 0 && may_flip && r->flip_next) {
		bytes[n / 2] ^= 1;
		r->flip_next = false;
		r->flipped++;
	}
	return n > 0 && send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void relay_step(struct relay *r)
{
	relay_accept(r);
	for (unsigned i = 0; i < r->len && !r->hold; i++) {
		if (r->a[i] < 0 || r->b[i] < 0)
			continue;
		if (relay_pass(r, r->a[i], r->b[i], true) && relay_pass(r, r->b[i], r->a[i], false))
			continue;
		close(r->a[i]);
		close(r->b[i]);
		r->a[i] = r->b[i] = -1;
	}
}

static void relay_close(struct relay *r)
{
	close(r->listen_fd);
	for (unsigned i = 0; i < r->len; i++) {
		if (r->a[i] >= 0)
			close(r->a[i]);
		if (r->b[i] >= 0)
			close(r->b[i]);
	}
}

/* ---- the pair ---- */

/* Fills in both ends' configuration (free port, same key and unit); tests change it, then open. */
static void pair_init(struct pair *p, bool relayed)
{
	memset(p, 0, sizeof *p);
	p->relayed = relayed;
	p->lc = (struct vl_config){.unit = "vm1",
				   .unit_id = {1, 2, 3},
				   .port = free_port(),
				   .rings = 1,
				   .timeout_ms = 500};
	memset(p->lc.key, 0x5a, sizeof p->lc.key);
	strcpy(p->lc.self_addr[0], "127.0.0.1");
	strcpy(p->lc.peer_addr[0], "127.0.0.1");
	if (relayed)
		relay_open(&p->relay, p->lc.port);
	p->cc = p->lc;
	p->cc.connector = true;
	p->cc.peer_port = relayed ? p->relay.port : p->lc.port;
}

static void end_open(struct end *e, const struct vl_config *config)
{
	struct vt_fail fail = {0};
	const struct vl_events events = {
	    .ctx = e, .up = on_up, .down = on_down, .frame = on_frame, .note = on_note};
	assert_int_equal(vr_open(&e->ring, 64), 0);
	e->pool = vp_create(16);
	assert_non_null(e->pool);
	if (vl_open(&e->link, e->ring, e->pool, config, &events, &fail) < 0)
		fail_msg("%s", fail.text);
}

static void pair_open(struct pair *p)
{
	end_open(&p->l, &p->lc);
	end_open(&p->c, &p->cc);
}

static void pair_enable(struct pair *p)
{
	vl_enable(p->c.link, 99, 1, 2);
	vl_enable(p->l.link, 99, 2, 1);
}

/* Runs rings and relay once, for a millisecond at most. */
static void pair_step(struct pair *p)
{
	uint64_t now = vt_boottime_ns();
	if (!p->stop_c)
		assert_int_equal(vr_step(p->c.ring, now + 500000), 0);
	if (!p->stop_l)
		assert_int_equal(vr_step(p->l.ring, now + 1000000), 0);
	if (p->relayed)
		relay_step(&p->relay);
}

static void end_close(struct end *e)
{
	while (e->held_len > 0)
		vp_put(e->held[--e->held_len]);
	vl_close(e->link);
	assert_int_equal(vr_in_flight(e->ring), 0);
	assert_int_equal(vp_free_count(e->pool), 16);
	vr_close(e->ring);
	vp_destroy(e->pool);
}

static void pair_close(struct pair *p)
{
	end_close(&p->c);
	end_close(&p->l);
	if (p->relayed)
		relay_close(&p->relay);
}

#endif
