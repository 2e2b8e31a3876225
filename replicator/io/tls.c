// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * The key has 256 bits of its own and is used with a fresh (EC)DHE exchange each time. GnuTLS binds
 * such keys to SHA-256, so the suites are those with SHA-256; ChaCha20 is for CPUs without AES.
 */
#define PRIORITY                                                                               \
	"NONE:+VERS-TLS1.3:+ECDHE-PSK:+DHE-PSK:+AES-128-GCM:+CHACHA20-POLY1305:+AEAD:+SHA256:" \
	"+GROUP-X25519:+GROUP-SECP256R1:+SIGN-ALL:+COMP-NULL"

/* ---- credentials ---- */

int tl_creds_init(struct tl_creds *creds, bool server, const uint8_t key[32], const char *identity)
{
	*creds = (struct tl_creds){.server = server};
	int rc = server ? gnutls_psk_allocate_server_credentials(&creds->server_creds)
			: gnutls_psk_allocate_client_credentials(&creds->client_creds);
	return rc ? -ENOMEM : tl_creds_rekey(creds, key, identity);
}

int tl_creds_rekey(struct tl_creds *creds, const uint8_t key[32], const char *identity)
{
	memcpy(creds->key, key, sizeof creds->key);
	if (creds->server)
		return 0; /* give_key looks it up at each handshake */
	gnutls_datum_t datum = {.data = creds->key, .size = sizeof creds->key};
	int rc = gnutls_psk_set_client_credentials(creds->client_creds, identity, &datum,
						   GNUTLS_PSK_KEY_RAW);
	return rc ? -ENOMEM : 0;
}

void tl_creds_free(struct tl_creds *creds)
{
	if (creds->server_creds)
		gnutls_psk_free_server_credentials(creds->server_creds);
	if (creds->client_creds)
		gnutls_psk_free_client_credentials(creds->client_creds);
	explicit_bzero(creds, sizeof *creds);
}

static int give_key(gnutls_session_t gnutls, const char *identity, gnutls_datum_t *key)
{
	struct tl_session *s = gnutls_session_get_ptr(gnutls);
	if (!s->identity_ok(s->ctx, identity))
		return -1;
	key->data = gnutls_malloc(sizeof s->creds->key);
	if (!key->data)
		return -1;
	key->size = sizeof s->creds->key;
	memcpy(key->data, s->creds->key, key->size);
	return 0;
}

/* ---- memory instead of a socket ---- */

static ssize_t pull(gnutls_transport_ptr_t ptr, void *data, size_t n)
{
	struct tl_session *s = ptr;
	size_t have = s->in_len - s->in_pos;
	if (have == 0) {
		gnutls_transport_set_errno(s->gnutls, EAGAIN);
		return -1;
	}
	if (n > have)
		n = have;
	memcpy(data, s->in + s->in_pos, n);
	s->in_pos += n;
	return (ssize_t)n;
}

static int pull_ready(gnutls_transport_ptr_t ptr, unsigned ms)
{
	struct tl_session *s = ptr;
	(void)ms;
	return s->in_len > s->in_pos;
}

static struct tl_chunk *add_chunk(struct tl_session *s)
{
	struct tl_chunk *c = s->spare;
	if (c) {
		s->spare = c->next;
		s->spares--;
	} else {
		c = malloc(sizeof *c);
	}
	if (!c)
		return NULL;
	c->next = NULL;
	c->len = c->pos = 0;
	if (s->tail)
		s->tail->next = c;
	else
		s->head = c;
	s->tail = c;
	return c;
}

static ssize_t push(gnutls_transport_ptr_t ptr, const void *data, size_t n)
{
	struct tl_session *s = ptr;
	size_t done = 0;
	if (s->queued + n > TL_OUT_MAX) {
		gnutls_transport_set_errno(s->gnutls, ENOBUFS);
		return -1;
	}
	while (done < n) {
		struct tl_chunk *c = s->tail;
		if (!c || c->len == TL_CHUNK)
			c = add_chunk(s);
		if (!c) {
			gnutls_transport_set_errno(s->gnutls, ENOMEM);
			return -1;
		}
		size_t part = n - done < TL_CHUNK - c->len ? n - done : TL_CHUNK - c->len;
		memcpy(c->bytes + c->len, (const uint8_t *)data + done, part);
		c->len += part;
		done += part;
	}
	s->queued += n;
	return (ssize_t)n;
}

int tl_outgoing(struct tl_session *s, struct iovec *iov, int max)
{
	int n = 0;
	for (struct tl_chunk *c = s->head; c && n < max; c = c->next) {
		if (c->len == c->pos)
			continue;
		iov[n++] =
		    (struct iovec){.iov_base = c->bytes + c->pos, .iov_len = c->len - c->pos};
	}
	return n;
}

void tl_sent(struct tl_session *s, size_t n)
{
	s->queued -= n;
	while (n > 0) {
		struct tl_chunk *c = s->head;
		size_t part = n < c->len - c->pos ? n : c->len - c->pos;
		c->pos += part;
		n -= part;
		if (c->pos < c->len)
			return;
		if (c == s->tail) { /* empty now; used again from its start */
			c->len = c->pos = 0;
			return;
		}
		s->head = c->next;
		if (s->spares < TL_SPARE_MAX) {
			c->next = s->spare;
			s->spare = c;
			s->spares++;
		} else {
			free(c);
		}
	}
}

/* ---- session ---- */

int tl_open(struct tl_session *s, const struct tl_creds *creds)
{
	unsigned flags = GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS | GNUTLS_NO_AUTO_SEND_TICKET |
			 (creds->server ? GNUTLS_SERVER : GNUTLS_CLIENT);
	s->creds = creds;
	s->in = malloc(TL_IN_SIZE);
	s->stage = malloc(TL_RECORD);
	if (!s->in || !s->stage || gnutls_init(&s->gnutls, flags))
		return -ENOMEM;
	int rc = gnutls_priority_set_direct(s->gnutls, PRIORITY, NULL);
	if (!rc && creds->server) {
		gnutls_psk_set_server_credentials_function(creds->server_creds, give_key);
		rc = gnutls_credentials_set(s->gnutls, GNUTLS_CRD_PSK, creds->server_creds);
	} else if (!rc) {
		rc = gnutls_credentials_set(s->gnutls, GNUTLS_CRD_PSK, creds->client_creds);
	}
	if (rc)
		return -ENOMEM;
	gnutls_session_set_ptr(s->gnutls, s);
	gnutls_transport_set_ptr(s->gnutls, s);
	gnutls_transport_set_pull_function(s->gnutls, pull);
	gnutls_transport_set_pull_timeout_function(s->gnutls, pull_ready);
	gnutls_transport_set_push_function(s->gnutls, push);
	gnutls_handshake_set_timeout(s->gnutls, GNUTLS_INDEFINITE_TIMEOUT); /* the link's timer */
	return 0;
}

static void free_chunks(struct tl_chunk *c)
{
	while (c) {
		struct tl_chunk *next = c->next;
		free(c);
		c = next;
	}
}

void tl_close(struct tl_session *s)
{
	if (s->gnutls)
		gnutls_deinit(s->gnutls);
	free_chunks(s->head);
	free_chunks(s->spare);
	if (s->stage)
		explicit_bzero(s->stage, TL_RECORD);
	free(s->stage);
	free(s->in);
	*s = (struct tl_session){0};
}

static bool goes_on(int rc)
{
	return rc == GNUTLS_E_INTERRUPTED || rc == GNUTLS_E_WARNING_ALERT_RECEIVED;
}

int tl_handshake(struct tl_session *s)
{
	int rc;
	do
		rc = gnutls_handshake(s->gnutls);
	while (goes_on(rc));
	if (rc == GNUTLS_E_AGAIN)
		return -EAGAIN;
	s->error = rc;
	return rc ? -EPROTO : 0;
}

ssize_t tl_read(struct tl_session *s, void *data, size_t n)
{
	ssize_t rc;
	do
		rc = gnutls_record_recv(s->gnutls, data, n);
	while (goes_on((int)rc));
	if (rc > 0)
		return rc;
	if (rc == 0)
		return -EPIPE;
	if (rc == GNUTLS_E_AGAIN)
		return -EAGAIN;
	s->error = (int)rc;
	return -EPROTO;
}

/* The push function takes all or fails for good, so a record never stays half done. */
static void record(struct tl_session *s, const uint8_t *data, size_t n)
{
	while (n > 0 && !s->failed) {
		ssize_t rc = gnutls_record_send(s->gnutls, data, n);
		if (rc <= 0) {
			s->error = (int)rc;
			s->failed = true;
			return;
		}
		data += rc;
		n -= (size_t)rc;
	}
}

void tl_flush(struct tl_session *s)
{
	if (s->staged == 0 || s->failed)
		return;
	record(s, s->stage, s->staged);
	s->staged = 0;
}

void tl_write(struct tl_session *s, const void *data, size_t n)
{
	const uint8_t *at = data;
	while (n > 0 && !s->failed) {
		size_t part = TL_RECORD - s->staged;
		if (s->staged == 0 && n >= TL_RECORD) {
			record(s, at, TL_RECORD); /* straight from the caller's buffer */
		} else {
			part = n < part ? n : part;
			memcpy(s->stage + s->staged, at, part);
			s->staged += part;
			if (s->staged == TL_RECORD)
				tl_flush(s);
		}
		at += part;
		n -= part;
	}
}

void tl_alert(struct tl_session *s)
{
	if (s->error && !s->failed)
		gnutls_alert_send_appropriate(s->gnutls, s->error);
}
