// SPDX-License-Identifier: GPL-2.0-or-later
/* One connection of the link: its operations, TLS, frames in and out, and its time. */
#include "io/link_impl.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS_NS 1000000ull

static void on_connect(struct vr_op *op, int res, bool more);
static void on_recv(struct vr_op *op, int res, bool more);
static void on_send(struct vr_op *op, int res, bool more);
static void on_timer(struct vr_timer *timer);

/* Takes over fd, also on failure. NULL: out of memory. */
struct vl_conn *vl_conn_new(struct vl_link *link, int fd, int ring, const char *who)
{
	struct vl_conn *c = calloc(1, sizeof *c);
	if (!c) {
		close(fd);
		return NULL;
	}
	c->timer.fire = on_timer;
	c->link = link;
	c->fd = fd;
	c->ring = ring;
	c->serial = ++link->serial;
	snprintf(c->who, sizeof c->who, "%s", who);
	c->connect = (struct vl_op){.op.done = on_connect, .conn = c};
	c->recv = (struct vl_op){.op.done = on_recv, .conn = c};
	c->send = (struct vl_op){.op.done = on_send, .conn = c};
	c->tls.identity_ok = vl_identity_ok;
	c->tls.ctx = c;
	c->next = link->conns;
	link->conns = c;
	/* Without these the link works, only slower to notice: errors are of no interest. */
	int one = 1;
	unsigned timeout_ms = link->config.timeout_ms;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
	return c;
}

/* An alert is a few bytes; what doesn't fit in the socket at once isn't worth waiting for. */
static void send_last_words(struct vl_conn *c)
{
	if (c->send.busy || c->state == CONN_CONNECTING)
		return;
	c->msg = (struct msghdr){.msg_iov = c->iov};
	c->msg.msg_iovlen = (size_t)tl_outgoing(&c->tls, c->iov, 1);
	if (c->msg.msg_iovlen > 0)
		sendmsg(c->fd, &c->msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void vl_conn_fail(struct vl_conn *c, const char *fmt, ...)
{
	struct vl_link *link = c->link;
	if (c->state == CONN_DEAD)
		return;
	if (link->up == c) {
		va_list ap;
		va_start(ap, fmt);
		vsnprintf(link->down_text, sizeof link->down_text, fmt, ap);
		va_end(ap);
		link->up = NULL;
		link->down_pending = true;
		link->try_ring = 0;
	} else if (link->config.connector) {
		link->try_ring++;
	}
	send_last_words(c);
	c->state = CONN_DEAD;
	vr_timer_cancel(link->ring, &c->timer);
	vp_put(c->payload);
	c->payload = NULL;
	if (c->connect.busy)
		vr_cancel(link->ring, &c->connect.op);
	shutdown(c->fd, SHUT_RDWR); /* ends what is in flight */
	vr_again(link->ring);
}

bool vl_conn_reap(struct vl_conn *c)
{
	if (c->connect.busy || c->recv.busy || c->send.busy)
		return false;
	close(c->fd);
	tl_close(&c->tls);
	free(c);
	return true;
}

static void arm_recv(struct vl_conn *c)
{
	struct io_uring_sqe *sqe = vr_sqe(c->link->ring);
	io_uring_prep_recv(sqe, c->fd, c->tls.in, TL_IN_SIZE, 0);
	vr_attach(sqe, &c->recv.op);
	c->recv.busy = true;
}

void vl_conn_start_tls(struct vl_conn *c)
{
	c->state = CONN_TLS;
	vr_timer_arm(c->link->ring, &c->timer, vt_boottime_ns() + VL_HANDSHAKE_NS);
	if (tl_open(&c->tls, &c->link->creds) < 0) {
		vl_conn_fail(c, "out of memory for a TLS session");
		return;
	}
	vl_conn_pump(c);
}

static void unreachable(struct vl_conn *c, const char *why)
{
	struct vl_link *link = c->link;
	if (vt_boottime_ns() - link->enabled_ns > VL_HANDSHAKE_NS)
		vl_note(link, VL_NOTE_UNREACHABLE, VT_NOTICE,
			"no data link to the peer yet: %s port %u: %s; is vmtwind running there, "
			"and does "
			"its firewall let the port through? Tried again all the time",
			c->who, link->config.peer_port, why);
	vl_conn_fail(c, "cannot connect to %s: %s", c->who, why);
}

static void on_connect(struct vr_op *op, int res, bool more)
{
	struct vl_conn *c = ((struct vl_op *)op)->conn;
	(void)more;
	c->connect.busy = false;
	if (c->state == CONN_DEAD)
		return;
	if (res == 0) {
		vl_conn_start_tls(c);
		return;
	}
	unreachable(c, strerror(-res));
}

/* ---- frames out ---- */

static void send_failed(struct vl_conn *c, int error)
{
	vl_conn_fail(c, "sending to the peer at %s: %s", c->who, strerror(error));
}

void vl_conn_send(struct vl_conn *c, struct vf_header *h, const void *payload)
{
	uint8_t header[VF_HEADER_SIZE];
	vf_encode(h, payload, header);
	tl_write(&c->tls, header, sizeof header);
	tl_write(&c->tls, payload, h->length);
}

/* Sends what the socket takes without waiting: no completion to be woken by, and the peer begins before our own
 * disk is asked. What it does not take is left to the ring. False: the connection failed. */
static bool send_now(struct vl_conn *c)
{
	for (int i = 0; i < VL_SENDS && c->tls.queued > 0; i++) {
		c->msg = (struct msghdr){.msg_iov = c->iov};
		c->msg.msg_iovlen = (size_t)tl_outgoing(&c->tls, c->iov, VL_IOV);
		ssize_t n = sendmsg(c->fd, &c->msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n < 0) {
			send_failed(c, errno);
			return false;
		}
		tl_sent(&c->tls, (size_t)n);
	}
	return true;
}

void vl_conn_flush(struct vl_conn *c)
{
	if (c->state == CONN_CONNECTING)
		return;
	tl_flush(&c->tls);
	if (c->tls.failed) {
		vl_conn_fail(c,
			     "cannot queue for the peer at %s: %zu bytes wait already, or out of "
			     "memory (%s)",
			     c->who, c->tls.queued, gnutls_strerror(c->tls.error));
		return;
	}
	if (c->send.busy || !send_now(c) || c->tls.queued == 0)
		return;
	c->msg = (struct msghdr){.msg_iov = c->iov};
	c->msg.msg_iovlen = (size_t)tl_outgoing(&c->tls, c->iov, VL_IOV);
	struct io_uring_sqe *sqe = vr_sqe(c->link->ring);
	io_uring_prep_sendmsg(sqe, c->fd, &c->msg, MSG_NOSIGNAL | MSG_WAITALL);
	vr_attach(sqe, &c->send.op);
	c->send.busy = true;
}

static void on_send(struct vr_op *op, int res, bool more)
{
	struct vl_conn *c = ((struct vl_op *)op)->conn;
	(void)more;
	c->send.busy = false;
	if (res > 0)
		tl_sent(&c->tls, (size_t)res);
	else if (res != -EINTR && res != -EAGAIN)
		send_failed(c, -res);
}

/* ---- frames in ---- */

static void on_recv(struct vr_op *op, int res, bool more)
{
	struct vl_conn *c = ((struct vl_op *)op)->conn;
	(void)more;
	c->recv.busy = false;
	if (c->state == CONN_DEAD)
		return;
	if (res == 0) {
		vl_conn_fail(c, "the peer at %s closed the connection", c->who);
	} else if (res < 0 && res != -EINTR && res != -EAGAIN) {
		vl_conn_fail(c, "receiving from the peer at %s: %s", c->who, strerror(-res));
	} else {
		c->tls.in_pos = 0;
		c->tls.in_len = res > 0 ? (size_t)res : 0;
		vl_conn_pump(c);
	}
}

/* Where the payload goes. 0, -EAGAIN (starved), or -EPROTO. */
static int choose_dest(struct vl_conn *c)
{
	bool own = c->h.type == VF_HELLO || c->h.type == VF_PING;
	bool urgent = c->h.type == VF_ACK || c->h.type == VF_CORE || c->h.type == VF_NEED;
	if ((c->state == CONN_HELLO) != (c->h.type == VF_HELLO) ||
	    (own && c->h.length > sizeof c->small)) {
		vl_conn_fail(c, "the peer at %s broke the protocol: frame type %u, %u bytes",
			     c->who, c->h.type, c->h.length);
		return -EPROTO;
	}
	if (own || c->h.length == 0) {
		c->dest = c->small;
		return 0;
	}
	/* Back-pressure: what the peer sends stays in the sockets until the store has caught up.
	 * Acknowledgements may use the reserve, for they are what empties the pool. */
	c->payload = vp_get(c->link->pool, urgent);
	if (!c->payload) {
		c->starved = true;
		vp_wait(c->link->pool, vl_pool_wake, c->link);
		return -EAGAIN;
	}
	c->dest = c->payload->data;
	return 0;
}

static int deliver(struct vl_conn *c)
{
	struct vl_link *link = c->link;
	struct vp_buf *payload = c->payload;
	const void *bytes = c->dest;
	struct vf_header h = c->h;
	if (vf_verify(&h, c->header, bytes) < 0) {
		vl_conn_fail(c,
			     "checksum of a frame from the peer at %s is wrong (type %u, sequence "
			     "%llu): its memory or this host's may be faulty",
			     c->who, h.type, (unsigned long long)h.seq);
		return -EPROTO;
	}
	c->header_got = c->got = 0;
	c->dest = NULL;
	c->payload = NULL;
	if (h.type == VF_HELLO)
		vl_on_hello(c);
	else if (h.type != VF_PING)
		link->events.frame(link->events.ctx, &h, payload);
	return 0;
}

static int read_part(struct vl_conn *c, void *to, size_t *got, size_t size)
{
	ssize_t n = tl_read(&c->tls, (uint8_t *)to + *got, size - *got);
	if (n > 0) {
		*got += (size_t)n;
		return 0;
	}
	if (n == -EPROTO) {
		tl_alert(&c->tls);
		vl_conn_fail(c, "data from the peer at %s was altered on the way or is no TLS: %s",
			     c->who, gnutls_strerror(c->tls.error));
	} else if (n == -EPIPE) {
		vl_conn_fail(c, "the peer at %s ended the connection", c->who);
	}
	return (int)n;
}

/* One step of taking a frame. 0: go on; -EAGAIN: wait; else the connection failed. */
static int take(struct vl_conn *c)
{
	int rc;
	if (c->header_got < VF_HEADER_SIZE) {
		rc = read_part(c, c->header, &c->header_got, VF_HEADER_SIZE);
		if (rc < 0 || c->header_got < VF_HEADER_SIZE)
			return rc;
		if (vf_decode(&c->h, c->header) < 0) {
			vl_conn_fail(c, "a frame's header from the peer at %s is not valid",
				     c->who);
			return -EPROTO;
		}
	}
	if (!c->dest) {
		rc = choose_dest(c);
		if (rc < 0)
			return rc;
	}
	if (c->got < c->h.length) {
		rc = read_part(c, c->dest, &c->got, c->h.length);
		if (rc < 0 || c->got < c->h.length)
			return rc;
	}
	return deliver(c);
}

static int shake(struct vl_conn *c)
{
	int rc = tl_handshake(&c->tls);
	if (rc == -EPROTO) {
		tl_alert(&c->tls);
		vl_handshake_failed(c);
		vl_conn_fail(c, "TLS with the peer at %s failed: %s", c->who,
			     gnutls_strerror(c->tls.error));
	}
	if (rc < 0)
		return rc;
	c->state = CONN_HELLO;
	return vl_say_hello(c);
}

void vl_conn_pump(struct vl_conn *c)
{
	size_t before = c->tls.in_len;
	int rc = 0;
	while (rc == 0 && c->state != CONN_DEAD)
		rc = c->state == CONN_TLS ? shake(c) : take(c);
	if (c->state == CONN_DEAD)
		return;
	if (before > 0)
		c->heard_ns = vt_boottime_ns();
	if (!c->starved && !c->recv.busy)
		arm_recv(c);
}

/* ---- time ---- */

static void arm_timer(struct vl_conn *c)
{
	uint64_t silence = c->heard_ns + c->link->config.timeout_ms * MS_NS;
	vr_timer_arm(c->link->ring, &c->timer, c->ping_ns < silence ? c->ping_ns : silence);
}

void vl_conn_is_up(struct vl_conn *c)
{
	c->state = CONN_UP;
	c->heard_ns = c->ping_ns = vt_boottime_ns();
	arm_timer(c);
}

static void on_timer(struct vr_timer *timer)
{
	struct vl_conn *c = (struct vl_conn *)timer;
	struct vl_link *link = c->link;
	uint64_t now = vt_boottime_ns();
	if (c->state == CONN_CONNECTING) {
		unreachable(c, "no answer");
		return;
	}
	if (c->state != CONN_UP) {
		vl_conn_fail(c, "the handshake with %s took longer than %llu s", c->who,
			     VL_HANDSHAKE_NS / 1000000000ull);
		return;
	}
	if (c->starved)
		c->heard_ns = now; /* it is us who doesn't listen */
	if (now - c->heard_ns >= link->config.timeout_ms * MS_NS) {
		vl_conn_fail(c, "nothing heard from the peer at %s for %u ms", c->who,
			     link->config.timeout_ms);
		return;
	}
	if (now >= c->ping_ns) {
		struct vf_header ping = {.type = VF_PING};
		vl_conn_send(c, &ping, NULL);
		c->ping_ns = now + link->config.timeout_ms * MS_NS / 5;
	}
	arm_timer(c);
}
