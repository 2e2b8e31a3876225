// SPDX-License-Identifier: GPL-2.0-or-later
/* Making connections: sockets, who may come in, hello. */
#include "io/link_impl.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 16
/* The kernel takes down the ring of a killed process, and with it the listening socket, a moment
 * after the process. */
#define PORT_FREE_TRIES 100
#define PORT_FREE_US 20000

/* Numbers only: names would mean waiting for a name server. Length, or -EINVAL. */
static int parse_addr(const char *text, uint16_t port, struct sockaddr_storage *out)
{
	char service[8];
	struct addrinfo *found;
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				       .ai_socktype = SOCK_STREAM};
	snprintf(service, sizeof service, "%u", port);
	if (getaddrinfo(text, service, &hints, &found) != 0)
		return -EINVAL;
	int len = (int)found->ai_addrlen;
	memcpy(out, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return len;
}

static void addr_text(const struct sockaddr_storage *addr, char out[INET6_ADDRSTRLEN + 1])
{
	const struct sockaddr_in *v4 = (const void *)addr;
	const struct sockaddr_in6 *v6 = (const void *)addr;
	bool is_v6 = addr->ss_family == AF_INET6;
	if (!inet_ntop(addr->ss_family, is_v6 ? (const void *)&v6->sin6_addr : &v4->sin_addr, out,
		       INET6_ADDRSTRLEN))
		snprintf(out, INET6_ADDRSTRLEN, "?");
}

/* ---- listening ---- */

static void arm_accept(struct vl_listener *l)
{
	struct io_uring_sqe *sqe = vr_sqe(l->link->ring);
	l->from_len = sizeof l->from;
	io_uring_prep_accept(sqe, l->fd, (struct sockaddr *)&l->from, &l->from_len, SOCK_CLOEXEC);
	vr_attach(sqe, &l->op);
	l->busy = true;
}

static void on_retry_accept(struct vr_timer *timer)
{
	arm_accept((struct vl_listener *)timer);
}

/* Strangers can't keep the peer out: the oldest handshake makes room for a new one. */
static void bound_half_open(struct vl_link *link)
{
	unsigned n = 0;
	struct vl_conn *oldest = NULL;
	for (struct vl_conn *c = link->conns; c; c = c->next) {
		if (c->state != CONN_TLS && c->state != CONN_HELLO)
			continue;
		oldest = c; /* newest first */
		n++;
	}
	if (n >= VL_HALF_OPEN_MAX)
		vl_conn_fail(oldest, "too many handshakes at once");
}

static void on_accept(struct vr_op *op, int res, bool more)
{
	struct vl_listener *l =
	    (struct vl_listener *)((char *)op - offsetof(struct vl_listener, op));
	struct vl_link *link = l->link;
	char who[INET6_ADDRSTRLEN + 1];
	(void)more;
	l->busy = false;
	if (link->closing) {
		if (res >= 0)
			close(res);
		return;
	}
	if (res < 0) {
		if (res != -EINTR && res != -ECONNABORTED)
			vl_note(link, VL_NOTE_LOCAL, VT_WARN,
				"cannot accept connections from the peer: %s; tried again",
				strerror(-res));
		vr_timer_arm(link->ring, &l->retry, vt_boottime_ns() + VL_RETRY_NS);
		return;
	}
	addr_text(&l->from, who);
	arm_accept(l);
	if (!link->enabled) {
		close(res); /* the peer tries again */
		return;
	}
	bound_half_open(link);
	struct vl_conn *c = vl_conn_new(link, res, l->ring, who);
	if (c)
		vl_conn_start_tls(c);
}

static int try_bind(const struct vl_link *link, const char *text,
		    const struct sockaddr_storage *addr, socklen_t len, struct vt_fail *fail)
{
	int one = 1;
	int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return vt_fail(fail, -errno, "cannot make a socket for %s: %s", text,
			       strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	/* A ring's address may come up later than we do. */
	if (addr->ss_family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof one);
	} else {
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof one);
	}
	if (bind(fd, (const struct sockaddr *)addr, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int rc = -errno;
	close(fd);
	if (rc == -EADDRINUSE)
		return vt_fail(
		    fail, rc,
		    "cannot listen for the peer of unit %s on %s port %u: another program or "
		    "unit has it (`ss -ltnp` shows which); give the unit another port",
		    link->unit, text, link->config.port);
	return vt_fail(fail, rc, "cannot listen for the peer of unit %s on %s port %u: %s",
		       link->unit, text, link->config.port, strerror(-rc));
}

static int bind_socket(const struct vl_link *link, const char *text, struct vt_fail *fail)
{
	struct sockaddr_storage addr;
	int len = parse_addr(text, link->config.port, &addr);
	if (len < 0)
		return vt_fail(fail, len, "%s is no IP address: cannot listen there for the peer",
			       text);
	int fd = try_bind(link, text, &addr, (socklen_t)len, fail);
	for (int i = 0; fd == -EADDRINUSE && i < PORT_FREE_TRIES; i++) {
		usleep(PORT_FREE_US);
		fd = try_bind(link, text, &addr, (socklen_t)len, fail);
	}
	return fd;
}

static bool listened_already(const struct vl_link *link, unsigned ring)
{
	for (unsigned i = 0; i < ring; i++)
		if (strcmp(link->config.self_addr[i], link->config.self_addr[ring]) == 0)
			return true;
	return false;
}

int vl_listen(struct vl_link *link, struct vt_fail *fail)
{
	if (link->config.rings == 0 || link->config.rings > VW_RINGS)
		return vt_fail(fail, -EINVAL, "unit %s has no address to listen on", link->unit);
	for (unsigned i = 0; i < link->config.rings; i++) {
		if (listened_already(link, i))
			continue;
		int fd = bind_socket(link, link->config.self_addr[i], fail);
		if (fd < 0) {
			for (unsigned j = 0; j < link->listeners_len; j++)
				close(link->listeners[j].fd);
			return fd;
		}
		link->listeners[link->listeners_len++] = (struct vl_listener){
		    .retry.fire = on_retry_accept,
		    .op.done = on_accept,
		    .link = link,
		    .fd = fd,
		    .ring = (int)i,
		};
	}
	for (unsigned i = 0; i < link->listeners_len; i++)
		arm_accept(&link->listeners[i]);
	return 0;
}

void vl_listen_stop(struct vl_link *link)
{
	for (unsigned i = 0; i < link->listeners_len; i++) {
		struct vl_listener *l = &link->listeners[i];
		vr_timer_cancel(link->ring, &l->retry);
		if (l->busy)
			vr_cancel(link->ring, &l->op);
		shutdown(l->fd, SHUT_RDWR); /* refuses at once, frees the port */
		close(l->fd);
		l->fd = -1;
	}
}

bool vl_listen_busy(const struct vl_link *link)
{
	for (unsigned i = 0; i < link->listeners_len; i++)
		if (link->listeners[i].busy)
			return true;
	return false;
}

/* ---- connecting ---- */

void vl_try(struct vr_timer *timer)
{
	struct vl_link *link = (struct vl_link *)timer;
	struct sockaddr_storage addr;
	if (link->config.rings == 0)
		return;
	unsigned ring = link->try_ring % link->config.rings;
	const char *text = link->config.peer_addr[ring];
	int len = parse_addr(text, link->config.peer_port, &addr);
	int fd = len < 0 ? -1 : socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		vl_note(link, VL_NOTE_LOCAL, VT_WARN, "cannot connect to the peer at %s: %s", text,
			len < 0 ? "not an IP address" : strerror(errno));
		link->try_ring++;
		return; /* the idle hook arms the next attempt */
	}
	struct vl_conn *c = vl_conn_new(link, fd, (int)ring, text);
	if (!c)
		return;
	c->addr = addr;
	struct io_uring_sqe *sqe = vr_sqe(link->ring);
	io_uring_prep_connect(sqe, fd, (struct sockaddr *)&c->addr, (socklen_t)len);
	vr_attach(sqe, &c->connect.op);
	c->connect.busy = true;
	vr_timer_arm(link->ring, &c->timer, vt_boottime_ns() + VL_CONNECT_NS);
}

/* ---- who is who ---- */

static void hex(const uint8_t id[16], char out[33])
{
	for (int i = 0; i < 16; i++)
		snprintf(out + (size_t)i * 2, 3, "%02x", id[i]);
}

/* "NAME/ID", so that the listener can say what is wrong where keys differ because units do. */
void vl_identity(const struct vl_link *link, char out[TL_IDENTITY_MAX])
{
	char id[33];
	hex(link->config.unit_id, id);
	snprintf(out, TL_IDENTITY_MAX, "%s/%s", link->unit, id);
}

bool vl_identity_ok(void *ctx, const char *identity)
{
	struct vl_conn *c = ctx;
	char own[TL_IDENTITY_MAX], shown[TL_IDENTITY_MAX];
	vl_identity(c->link, own);
	if (strcmp(own, identity) == 0)
		return true;
	/* Nobody proved anything yet: it may hold any bytes. */
	snprintf(shown, sizeof shown, "%s", identity);
	for (char *p = shown; *p; p++)
		if (!isgraph((unsigned char)*p))
			*p = '?';
	vl_note(
	    c->link, VL_NOTE_UNIT, VT_WARN,
	    "refused: the peer at %s presents another unit (%s; here %s): do both hosts have the "
	    "same unit, and does nobody else use this port?",
	    c->who, shown, own);
	c->refused = true;
	return false;
}

void vl_handshake_failed(struct vl_conn *c)
{
	struct vl_link *link = c->link;
	int error = c->tls.error;
	if (c->refused)
		return;
	if (error == GNUTLS_E_PREMATURE_TERMINATION || error == GNUTLS_E_UNEXPECTED_PACKET_LENGTH ||
	    error == GNUTLS_E_UNSUPPORTED_VERSION_PACKET || error == GNUTLS_E_UNEXPECTED_PACKET) {
		vl_note(link, VL_NOTE_ALIEN, VT_NOTICE,
			"refused: %s doesn't speak vmtwin's protocol (%s): which program is that?",
			c->who, gnutls_strerror(error));
		return;
	}
	vl_note(
	    link, VL_NOTE_KEY, VT_WARN,
	    "%s the peer at %s: wrong key: are /etc/corosync/authkey and the unit's id the same "
	    "on both hosts? (%s)",
	    link->config.connector ? "refused by" : "refused:", c->who, gnutls_strerror(error));
}

int vl_say_hello(struct vl_conn *c)
{
	uint8_t payload[VH_MAX];
	const struct vl_link *link = c->link;
	struct vh_hello hello = {
	    .version = VF_VERSION,
	    .pairing = link->pairing,
	    .self = link->self,
	    .peer = link->peer,
	};
	snprintf(hello.unit, sizeof hello.unit, "%s", link->unit);
	memcpy(hello.unit_id, link->config.unit_id, sizeof hello.unit_id);
	int len = vh_encode(&hello, payload);
	if (len < 0)
		return len;
	struct vf_header h = {.type = VF_HELLO, .length = (uint32_t)len};
	vl_conn_send(c, &h, payload);
	return 0;
}

/* Is it our peer, in our pairing? The peer checks the same of us. */
static bool hello_ok(struct vl_conn *c)
{
	struct vl_link *link = c->link;
	struct vh_hello hello;
	int rc = vh_decode(&hello, c->small, c->h.length);
	if (rc == -EPROTONOSUPPORT) {
		vl_note(link, VL_NOTE_VERSION, VT_WARN,
			"refused: the peer at %s speaks version %u of the protocol, this host %u: "
			"install "
			"the same release of vmtwin on both hosts",
			c->who, hello.version, VF_VERSION);
		return false;
	}
	if (rc < 0) {
		vl_note(link, VL_NOTE_VERSION, VT_WARN,
			"refused: the peer at %s sent a hello that can't be read: install the same "
			"release of vmtwin on both hosts",
			c->who);
		return false;
	}
	if (memcmp(hello.unit_id, link->config.unit_id, 16) != 0 ||
	    strcmp(hello.unit, link->unit) != 0) {
		vl_note(link, VL_NOTE_UNIT, VT_WARN,
			"refused: the peer at %s presents another unit (%s; here %s): check "
			"address and "
			"port in both hosts' unit files",
			c->who, hello.unit, link->unit);
		return false;
	}
	if (hello.pairing != link->pairing || hello.self != link->peer ||
	    hello.peer != link->self) {
		vl_note(link, VL_NOTE_PAIRING, VT_INFO,
			"refused: the peer at %s is in another pairing or was restarted: wait "
			"until both "
			"hosts have agreed on a new one",
			c->who);
		return false;
	}
	return true;
}

void vl_on_hello(struct vl_conn *c)
{
	struct vl_link *link = c->link;
	if (!hello_ok(c)) {
		vl_conn_fail(c, "hello of the peer at %s was refused", c->who);
		return;
	}
	if (link->up && link->up->serial > c->serial) {
		vl_conn_fail(c, "a newer connection is in use");
		return;
	}
	/* The connector has one connection at a time: it gave up the one that looks alive here. */
	if (link->up)
		vl_conn_fail(link->up, "the peer at %s made a new connection", c->who);
	vl_deliver_down(link);
	if (c->state == CONN_DEAD)
		return; /* disabled from `down` */
	link->up = c;
	link->try_ring = 0;
	vl_conn_is_up(c);
	link->events.up(link->events.ctx);
}
