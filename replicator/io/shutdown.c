// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/shutdown.h"

#include <errno.h>
#include <stdlib.h>

#include <corosync/cfg.h>

struct vt_shutdown {
	corosync_cfg_handle_t handle;
	int fd;
	vt_shutdown_fn fn;
	void *ctx;
};

/* The library's callback has no context; a process has one connection. */
static struct vt_shutdown *only;

static void on_shutdown(corosync_cfg_handle_t handle, corosync_cfg_shutdown_flags_t flags)
{
	(void)flags;
	corosync_cfg_replyto_shutdown(handle, COROSYNC_CFG_SHUTDOWN_FLAG_YES);
	if (only)
		only->fn(only->ctx);
}

int vt_shutdown_open(struct vt_shutdown **out, vt_shutdown_fn fn, void *ctx, struct vt_fail *fail)
{
	static const corosync_cfg_callbacks_t callbacks = {.corosync_cfg_shutdown_callback = on_shutdown};
	struct vt_shutdown *s = calloc(1, sizeof *s);
	if (!s)
		return vt_fail(fail, -ENOMEM, "out of memory");
	s->fn = fn;
	s->ctx = ctx;
	cs_error_t rc = corosync_cfg_initialize(&s->handle, &callbacks);
	if (rc != CS_OK) {
		free(s);
		return vt_fail(fail, -EAGAIN, "corosync's configuration service does not answer: %s", cs_strerror(rc));
	}
	rc = corosync_cfg_fd_get(s->handle, &s->fd);
	if (rc == CS_OK)
		rc = corosync_cfg_trackstart(s->handle, 0);
	if (rc != CS_OK) {
		vt_shutdown_close(s);
		return vt_fail(fail, -EAGAIN, "corosync does not tell its shutdown: %s", cs_strerror(rc));
	}
	only = *out = s;
	return 0;
}

void vt_shutdown_close(struct vt_shutdown *s)
{
	if (!s)
		return;
	corosync_cfg_finalize(s->handle);
	if (only == s)
		only = NULL;
	free(s);
}

int vt_shutdown_fd(const struct vt_shutdown *s)
{
	return s->fd;
}

int vt_shutdown_dispatch(struct vt_shutdown *s)
{
	cs_error_t rc = corosync_cfg_dispatch(s->handle, CS_DISPATCH_ALL);
	return rc == CS_OK || rc == CS_ERR_TRY_AGAIN ? 0 : -ECONNRESET;
}
