// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/ipcs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <qb/qbipcs.h>
#include <qb/qbloop.h>

#include "wire/ctl.h"

struct vt_ipcs {
	qb_ipcs_service_t *service;
	const struct vt_ipcs_ops *ops;
	void *ctx;
};

/* struct vt_ipcs_conn is never defined: it is libqb's connection under a name of our own. */
static struct vt_ipcs_conn *conn_of(qb_ipcs_connection_t *c)
{
	return (struct vt_ipcs_conn *)c;
}

/* libqb's handlers take no loop; NULL means its default loop, the first one created. */
static int32_t add_job(enum qb_loop_priority p, void *data, qb_loop_job_dispatch_fn fn)
{
	return qb_loop_job_add(NULL, p, data, fn);
}

static int32_t add_fd(enum qb_loop_priority p, int32_t fd, int32_t events, void *data,
		      qb_ipcs_dispatch_fn_t fn)
{
	return qb_loop_poll_add(NULL, p, fd, events, data, fn);
}

static int32_t mod_fd(enum qb_loop_priority p, int32_t fd, int32_t events, void *data,
		      qb_ipcs_dispatch_fn_t fn)
{
	return qb_loop_poll_mod(NULL, p, fd, events, data, fn);
}

static int32_t del_fd(int32_t fd)
{
	return qb_loop_poll_del(NULL, fd);
}

static int32_t on_accept(qb_ipcs_connection_t *c, uid_t uid, gid_t gid)
{
	(void)c;
	(void)gid;
	return uid == 0 ? 0 : -EACCES;
}

static void on_created(qb_ipcs_connection_t *c)
{
	(void)c;
}

static int32_t on_message(qb_ipcs_connection_t *c, void *data, size_t size)
{
	struct vt_ipcs *ipcs = qb_ipcs_connection_service_context_get(c);
	struct vt_kv kv;
	if (vt_ctl_decode_request(&kv, data, size) < 0) {
		vt_kv_init(&kv);
		vt_kv_add(&kv, "rc", "%d", -EBADMSG);
		vt_kv_add(&kv, "text", "vmtwind does not understand the request: are the agents "
				       "or the command of another version than the daemon?");
		vt_ipcs_reply(conn_of(c), &kv);
		return 0;
	}
	ipcs->ops->request(ipcs->ctx, conn_of(c), &kv);
	return 0;
}

static int32_t on_closed(qb_ipcs_connection_t *c)
{
	struct vt_ipcs *ipcs = qb_ipcs_connection_service_context_get(c);
	ipcs->ops->closed(ipcs->ctx, conn_of(c));
	return 0;
}

static void on_destroyed(qb_ipcs_connection_t *c)
{
	(void)c;
}

int vt_ipcs_open(struct vt_ipcs **out, const char *name, const struct vt_ipcs_ops *ops, void *ctx,
		 struct vt_fail *fail)
{
	struct qb_ipcs_service_handlers handlers = {
	    .connection_accept = on_accept,
	    .connection_created = on_created,
	    .msg_process = on_message,
	    .connection_closed = on_closed,
	    .connection_destroyed = on_destroyed,
	};
	struct qb_ipcs_poll_handlers poll = {
	    .job_add = add_job, .dispatch_add = add_fd, .dispatch_mod = mod_fd, .dispatch_del = del_fd};
	struct vt_ipcs *ipcs = calloc(1, sizeof *ipcs);
	if (!ipcs)
		return vt_fail(fail, -ENOMEM, "out of memory");
	ipcs->ops = ops;
	ipcs->ctx = ctx;
	ipcs->service = qb_ipcs_create(name, 0, QB_IPC_SOCKET, &handlers);
	if (!ipcs->service) {
		free(ipcs);
		return vt_fail(fail, -ENOMEM, "the control socket %s can't be made", name);
	}
	qb_ipcs_enforce_buffer_size(ipcs->service, VT_CTL_MSG_MAX);
	qb_ipcs_service_context_set(ipcs->service, ipcs);
	qb_ipcs_poll_handlers_set(ipcs->service, &poll);
	int rc = qb_ipcs_run(ipcs->service); /* destroys the service if it fails */
	if (rc < 0) {
		free(ipcs);
		return vt_fail(fail, rc, "the control socket %s can't be opened: %s", name,
			       strerror(-rc));
	}
	*out = ipcs;
	return 0;
}

void vt_ipcs_close(struct vt_ipcs *ipcs)
{
	if (!ipcs)
		return;
	qb_ipcs_destroy(ipcs->service);
	free(ipcs);
}

int vt_ipcs_reply(struct vt_ipcs_conn *conn, const struct vt_kv *kv)
{
	_Alignas(8) char msg[VT_CTL_MSG_MAX];
	ssize_t len = vt_ctl_encode_reply(kv, msg, sizeof msg);
	if (len < 0)
		return (int)len;
	ssize_t sent = qb_ipcs_response_send((qb_ipcs_connection_t *)conn, msg, (size_t)len);
	return sent < 0 ? (int)sent : 0;
}
