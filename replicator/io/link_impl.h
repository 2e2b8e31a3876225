/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the link: link.c (the interface, up and down), link_conn.c (one connection: TLS, frames,
 * time), link_connect.c (making connections: listen, connect, hello).
 *
 * A connection that fails turns CONN_DEAD at once, wherever that is noticed, and is freed by the idle
 * hook when its operations have ended; `down` is called from there too. So callbacks may do what they
 * like to the link, but close it.
 */
#ifndef VMTWIN_IO_LINK_IMPL_H
#define VMTWIN_IO_LINK_IMPL_H

#include "io/link.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "io/pool.h"
#include "io/tls.h"
#include "wire/hello.h"

#define VL_RETRY_NS (200 * 1000000ull)	    /* between attempts to connect */
#define VL_CONNECT_NS (1000 * 1000000ull)   /* for TCP's handshake, then the next ring's turn */
#define VL_HANDSHAKE_NS (5000 * 1000000ull) /* for TLS and hello */
#define VL_HALF_OPEN_MAX 8		    /* accepted and not up; more: the oldest is dropped */
#define VL_IOV 8			    /* chunks of one send */
#define VL_SENDS 4			    /* tries to send before the ring does the rest */
#define VL_CLOSE_NS (2000 * 1000000ull)	    /* for operations to end in vl_close */
#define VL_TEXT 320

/* Kinds of notes, each rate-limited by itself. */
enum vl_kind {
	VL_NOTE_KEY,
	VL_NOTE_UNIT,
	VL_NOTE_VERSION,
	VL_NOTE_PAIRING,
	VL_NOTE_ALIEN,
	VL_NOTE_UNREACHABLE,
	VL_NOTE_LOCAL,
	VL_NOTE_KINDS
};

struct vl_conn;

/* An operation of a connection. */
struct vl_op {
	struct vr_op op; /* first */
	struct vl_conn *conn;
	bool busy;
};

enum vl_conn_state { CONN_CONNECTING, CONN_TLS, CONN_HELLO, CONN_UP, CONN_DEAD };

struct vl_conn {
	struct vr_timer timer; /* first; deadline of the handshake, then pings and silence */
	struct vl_link *link;
	struct vl_conn *next;
	enum vl_conn_state state;
	int fd, ring;
	uint64_t serial; /* order in which connections were made */
	char who[INET6_ADDRSTRLEN + 1];
	struct sockaddr_storage addr; /* to connect to */
	struct vl_op connect, recv, send;
	struct tl_session tls;
	struct msghdr msg;
	struct iovec iov[VL_IOV];
	uint64_t heard_ns, ping_ns; /* last bytes from the peer; next ping is due */
	/* the frame that is coming in */
	uint8_t header[VF_HEADER_SIZE];
	size_t header_got, got;
	struct vf_header h;
	uint8_t *dest; /* small or payload's data; NULL: not chosen yet */
	struct vp_buf *payload;
	uint8_t small[VH_MAX];
	bool starved; /* no buffer: nothing is received until the pool has one */
	bool refused; /* why it is refused was told already */
};

struct vl_listener {
	struct vr_timer retry; /* first */
	struct vr_op op;
	struct vl_link *link;
	int fd, ring;
	bool busy;
	struct sockaddr_storage from;
	socklen_t from_len;
};

struct vl_link {
	struct vr_timer retry; /* first; connector: next attempt */
	struct vr_ring *ring;
	struct vp_pool *pool;
	struct vl_config config;
	struct vl_events events;
	char unit[VT_UNIT_NAME_MAX + 1];
	struct tl_creds creds;
	bool enabled, closing;
	uint64_t pairing, self, peer;
	uint64_t enabled_ns, serial;
	unsigned try_ring; /* connector: the ring whose turn it is */
	struct vl_conn *conns; /* newest first, dead ones too */
	struct vl_conn *up;
	bool down_pending; /* `up` was called and the connection is gone */
	char down_text[VL_TEXT];
	bool woken; /* the pool has buffers again */
	uint64_t noted_ns[VL_NOTE_KINDS];
	struct vl_listener listeners[VW_RINGS];
	unsigned listeners_len;
};

/* link.c */
void vl_note(struct vl_link *link, enum vl_kind kind, enum vt_level level, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void vl_deliver_down(struct vl_link *link);
void vl_pool_wake(void *ctx);

/* link_conn.c */
struct vl_conn *vl_conn_new(struct vl_link *link, int fd, int ring, const char *who);
void vl_conn_start_tls(struct vl_conn *c);
void vl_conn_fail(struct vl_conn *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void vl_conn_pump(struct vl_conn *c);
void vl_conn_flush(struct vl_conn *c);
void vl_conn_send(struct vl_conn *c, struct vf_header *h, const void *payload);
void vl_conn_is_up(struct vl_conn *c);
/* True if nothing of it is in flight any more; it is freed then. */
bool vl_conn_reap(struct vl_conn *c);

/* link_connect.c */
int vl_listen(struct vl_link *link, struct vt_fail *fail);
void vl_listen_stop(struct vl_link *link);
bool vl_listen_busy(const struct vl_link *link);
void vl_try(struct vr_timer *timer);
bool vl_identity_ok(void *ctx, const char *identity);
void vl_identity(const struct vl_link *link, char out[TL_IDENTITY_MAX]);
int vl_say_hello(struct vl_conn *c);
void vl_on_hello(struct vl_conn *c);
void vl_handshake_failed(struct vl_conn *c);

#endif
