/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data link to the peer's worker: TCP with TLS 1.3 PSK (GnuTLS over memory buffers; the ring does
 * the socket I/O). One side listens, the other connects (who: told by the shell, the lower node id
 * connects); all rings' addresses are tried in turn, the replication ring first. The link does not
 * decide anything: it says up and down and hands over frames.
 */
#ifndef VMTWIN_IO_LINK_H
#define VMTWIN_IO_LINK_H

#include "base/log.h"
#include "io/ring.h"
#include "wire/frame.h"
#include "wire/wmsg.h"

struct vl_link;

/* A buffer from the shared pool (io/pool.h) that carries a payload; page-aligned data. */
struct vp_buf;

struct vl_config {
	const char *unit;	/* for messages and the handshake */
	uint8_t unit_id[16];	/* the unit's uuid; a peer with another one is refused */
	uint8_t key[32];	/* pre-shared key; see vl_derive_key */
	uint16_t port, peer_port;
	uint8_t rings;
	char self_addr[VW_RINGS][VW_ADDR_MAX]; /* listened on */
	char peer_addr[VW_RINGS][VW_ADDR_MAX]; /* tried in order */
	bool connector;		/* true: we connect; false: we listen */
	uint32_t timeout_ms;	/* silence after which the link is down; pings go at a fifth of it */
};

struct vl_events {
	void *ctx;
	/* The handshake is done: both ends are in this pairing. */
	void (*up)(void *ctx);
	/* Was up and is not any more (text says why). Comes once for each up, from vr_run only. */
	void (*down)(void *ctx, const char *text);
	/* A checked frame. The callee owns payload (NULL if length 0) and returns it to the pool. */
	void (*frame)(void *ctx, const struct vf_header *h, struct vp_buf *payload);
	/* Something a person should know (refused peer, wrong key, port in use), rate-limited. */
	void (*note)(void *ctx, enum vt_level level, const char *text);
};

struct vp_pool;

/*
 * Makes a link; the listener's sockets are bound at once: -EADDRINUSE with text in fail if a port is
 * still taken after 2 s (the kernel frees that of a killed worker a moment late). The link copies config and events. 0 or negative errno.
 */
int vl_open(struct vl_link **link, struct vr_ring *ring, struct vp_pool *pool,
	    const struct vl_config *config, const struct vl_events *events, struct vt_fail *fail);
/*
 * The unit's id was learnt from the peer: identity and key of connections to come. Only while the
 * link is disabled. 0 or -ENOMEM.
 */
int vl_set_unit(struct vl_link *link, const uint8_t unit_id[16], const uint8_t key[32]);
/* New addresses or port of the peer (it may have changed its configuration). */
void vl_set_peer(struct vl_link *link, uint8_t rings, char addr[][VW_ADDR_MAX], uint16_t port);
/*
 * From now on try (or accept) connections in this pairing, again and again until vl_disable; a link
 * that goes down is tried again every 200 ms. self and peer are the workers' incarnations. A
 * connection of another pairing or incarnation is refused by both ends (TRAPS 10).
 */
void vl_enable(struct vl_link *link, uint64_t pairing, uint64_t self, uint64_t peer);
/* Ends the connection and tries no more. No `down` is called for it. */
void vl_disable(struct vl_link *link);
bool vl_is_up(const struct vl_link *link);
/*
 * Queues a frame; header and payload are taken over (encrypted) before return, so payload may change
 * afterwards. Sent when the loop gets idle. Ignored when the link isn't up.
 */
void vl_send(struct vl_link *link, struct vf_header *h, const void *payload);
/* Bytes queued and not yet taken by the kernel: resync holds back above a few MiB. */
size_t vl_backlog(const struct vl_link *link);
/* Which ring the connection uses, -1 if down. */
int vl_ring(const struct vl_link *link);
/* Frees all. Callbacks do not come any more; operations in flight are waited for by running the ring, 2 s at
 * most. Not to be called from a callback of the ring. */
void vl_close(struct vl_link *link);
/*
 * Key of a unit's link: HKDF-SHA256 of the cluster's authkey (file) with the unit's id as context.
 * -ENOENT, -EACCES, -EINVAL (shorter than 32 bytes) with text.
 */
int vl_derive_key(uint8_t key[32], const char *authkey_path, const uint8_t unit_id[16],
		  struct vt_fail *fail);

#endif
