// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/client.h"

#include <errno.h>
#include <poll.h>
#include <qb/qbipcc.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "wire/ctl.h"

#define SEND_PAUSE_MS 20 /* between tries while the server's queue is full */

static int ms_left(uint64_t deadline_ns)
{
	uint64_t now = vt_boottime_ns();
	return now >= deadline_ns ? 0 : (int)((deadline_ns - now + 999999) / 1000000);
}

static int explain(struct vt_fail *fail, int rc, int timeout_ms)
{
	switch (rc) {
	case -ECONNREFUSED:
		return vt_fail(fail, rc, "vmtwind does not run, start it: systemctl start vmtwind");
	case -ETIMEDOUT:
		return vt_fail(
		    fail, rc,
		    "vmtwind did not answer within %d ms; look at it: systemctl status vmtwind",
		    timeout_ms);
	case -EACCES:
		return vt_fail(fail, rc, "vmtwind talks to root only: run this as root");
	case -EMSGSIZE:
		return vt_fail(fail, rc, "the request to vmtwind is too long");
	case -EBADMSG:
		return vt_fail(fail, rc,
			       "vmtwind's answer makes no sense: do vmtwind and this program come "
			       "from the same version? Then restart it: systemctl restart vmtwind");
	default:
		return vt_fail(fail, rc,
			       "can't talk to vmtwind: %s; look at it: systemctl status vmtwind",
			       strerror(-rc));
	}
}

/* Makes the errors of a server that is not there, or goes away, one: it does not run. */
static int connect_error(int err)
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED:
	case ECONNRESET:
	case ENOTCONN:
	case ESHUTDOWN:
	case EPIPE:
		return -ECONNREFUSED;
	case EPERM:
		return -EACCES;
	case 0:
		return -EIO;
	default:
		return -err;
	}
}

/* Connects in two steps, because the server's part of the handshake may hang (S7). */
static int connect_limited(qb_ipcc_connection_t **out, uint64_t deadline_ns)
{
	int fd = -1;
	errno = 0;
	qb_ipcc_connection_t *c = qb_ipcc_connect_async(VT_IPC_NAME, VT_CTL_MSG_MAX, &fd);
	if (!c)
		return connect_error(errno);
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int left = ms_left(deadline_ns);
		int n = poll(&p, 1, left);
		if (n > 0)
			break;
		if ((n < 0 && errno != EINTR) || left == 0) {
			int rc = n < 0 ? -errno : -ETIMEDOUT;
			qb_ipcc_disconnect(c);
			close(fd); /* not yet part of c */
			return rc;
		}
	}
	int rc = qb_ipcc_connect_continue(c); /* frees c if it fails */
	if (rc != 0)
		return connect_error(rc < 0 ? -rc : rc);
	*out = c;
	return 0;
}

static int send_limited(qb_ipcc_connection_t *c, const void *msg, size_t len, uint64_t deadline_ns)
{
	for (;;) {
		ssize_t n = qb_ipcc_send(c, msg, len);
		if (n >= 0)
			return 0;
		if (n != -EAGAIN)
			return connect_error((int)-n);
		int left = ms_left(deadline_ns);
		if (left == 0)
			return -ETIMEDOUT;
		poll(NULL, 0, left < SEND_PAUSE_MS ? left : SEND_PAUSE_MS);
	}
}

static ssize_t recv_limited(qb_ipcc_connection_t *c, void *msg, size_t cap, uint64_t deadline_ns)
{
	for (;;) {
		int left = ms_left(deadline_ns);
		ssize_t n = qb_ipcc_recv(c, msg, cap, left);
		if (n >= 0)
			return n;
		if (n != -EAGAIN && n != -EINTR && n != -ETIMEDOUT)
			return connect_error((int)-n);
		if (left == 0)
			return -ETIMEDOUT;
	}
}

int vt_ctl_call(const struct vt_kv *request, struct vt_kv *reply, int timeout_ms,
		struct vt_fail *fail)
{
	uint8_t msg[VT_CTL_MSG_MAX] __attribute__((aligned(8)));
	uint64_t deadline_ns = vt_boottime_ns() + (uint64_t)timeout_ms * 1000000;
	qb_ipcc_connection_t *c = NULL;
	vt_kv_init(reply);
	ssize_t len = vt_ctl_encode_request(request, msg, sizeof msg);
	if (len < 0)
		return explain(fail, (int)len, timeout_ms);
	int rc = connect_limited(&c, deadline_ns);
	if (rc == 0)
		rc = send_limited(c, msg, (size_t)len, deadline_ns);
	if (rc == 0) {
		ssize_t n = recv_limited(c, msg, sizeof msg, deadline_ns);
		rc = n < 0 ? (int)n : vt_ctl_decode_reply(reply, msg, (size_t)n);
	}
	if (c)
		qb_ipcc_disconnect(c);
	return rc == 0 ? 0 : explain(fail, rc, timeout_ms);
}
