/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS 1.3 with a pre-shared key and (EC)DHE over memory: what the socket received is put in, what it
 * shall send is taken out; nothing here touches a socket. Never kernel TLS. Private to the link.
 */
#ifndef VMTWIN_IO_TLS_H
#define VMTWIN_IO_TLS_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#define TL_RECORD 16384		    /* plaintext of one full record */
#define TL_IN_SIZE (256u << 10)	    /* ciphertext of one receive */
#define TL_CHUNK (256u << 10)	    /* ciphertext waiting to be sent is kept in chunks */
#define TL_SPARE_MAX 16		    /* empty chunks kept for the next burst */
#define TL_OUT_MAX ((size_t)1 << 30) /* ciphertext waiting; more: the session fails (-ENOBUFS) */
#define TL_IDENTITY_MAX 128

struct tl_chunk {
	struct tl_chunk *next;
	size_t len, pos; /* filled, sent */
	uint8_t bytes[TL_CHUNK];
};

/* Key and identity of one link, both roles; outlives its sessions. */
struct tl_creds {
	bool server;
	gnutls_psk_server_credentials_t server_creds;
	gnutls_psk_client_credentials_t client_creds;
	uint8_t key[32];
};

struct tl_session {
	gnutls_session_t gnutls;
	const struct tl_creds *creds;
	/* Server: may this identity come in? It was not proven yet when this is asked. */
	bool (*identity_ok)(void *ctx, const char *identity);
	void *ctx;
	uint8_t *in; /* TL_IN_SIZE bytes; received ciphertext is in[in_pos..in_len) */
	size_t in_pos, in_len;
	struct tl_chunk *head, *tail, *spare;
	unsigned spares;
	size_t queued;	 /* ciphertext bytes in chunks */
	size_t staged;	 /* plaintext bytes not yet a record */
	uint8_t *stage;	 /* TL_RECORD bytes */
	int error;	 /* gnutls' code of what went wrong, 0: none */
	bool failed;	 /* nothing more can be sent */
};

/* 0 or -ENOMEM. identity: what a client presents, in clear on the wire. */
int tl_creds_init(struct tl_creds *creds, bool server, const uint8_t key[32], const char *identity);
/* Another key and identity for sessions to come. 0 or -ENOMEM. */
int tl_creds_rekey(struct tl_creds *creds, const uint8_t key[32], const char *identity);
void tl_creds_free(struct tl_creds *creds);

/* s is zeroed but for identity_ok and ctx. 0 or -ENOMEM; tl_close in both cases. */
int tl_open(struct tl_session *s, const struct tl_creds *creds);
void tl_close(struct tl_session *s);
/* 0: done; -EAGAIN: needs more from the peer; -EPROTO: failed, s->error says why. */
int tl_handshake(struct tl_session *s);
/* Bytes read (> 0), -EAGAIN, -EPIPE: the peer ended the session, -EPROTO: s->error says why. */
ssize_t tl_read(struct tl_session *s, void *data, size_t n);
/* Encrypts or stages all of it; errors show in s->failed. */
void tl_write(struct tl_session *s, const void *data, size_t n);
/* Turns what is staged into a record. */
void tl_flush(struct tl_session *s);
/* Queues the alert that fits s->error. */
void tl_alert(struct tl_session *s);
/* Fills iov[max] with what is to be sent now; how many were filled. tl_sent takes n bytes away. */
int tl_outgoing(struct tl_session *s, struct iovec *iov, int max);
void tl_sent(struct tl_session *s, size_t n);

#endif
