// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/quorum.h"

#include <errno.h>
#include <stdlib.h>

#include <corosync/quorum.h>

struct vt_quorum {
	quorum_handle_t handle;
	int fd;
	vt_quorum_fn fn;
	void *ctx;
};

static void on_notify(quorum_handle_t handle, uint32_t quorate, uint64_t ring_seq, uint32_t nodes,
		      uint32_t *node)
{
	const void *context = NULL;
	(void)ring_seq;
	if (quorum_context_get(handle, &context) != CS_OK || !context)
		return;
	const struct vt_quorum *quorum = context;
	quorum->fn(quorum->ctx, quorate != 0, node, nodes);
}

static cs_error_t start(struct vt_quorum *quorum)
{
	cs_error_t rc = quorum_context_set(quorum->handle, quorum);
	if (rc == CS_OK)
		rc = quorum_fd_get(quorum->handle, &quorum->fd);
	if (rc == CS_OK)
		rc = quorum_trackstart(quorum->handle, CS_TRACK_CURRENT | CS_TRACK_CHANGES);
	return rc;
}

int vt_quorum_open(struct vt_quorum **out, vt_quorum_fn fn, void *ctx, struct vt_fail *fail)
{
	quorum_callbacks_t callbacks = {.quorum_notify_fn = on_notify};
	uint32_t type = QUORUM_FREE;
	struct vt_quorum *quorum = calloc(1, sizeof *quorum);
	if (!quorum)
		return vt_fail(fail, -ENOMEM, "out of memory");
	quorum->fn = fn;
	quorum->ctx = ctx;
	cs_error_t rc = quorum_initialize(&quorum->handle, &callbacks, &type);
	if (rc != CS_OK) {
		free(quorum);
		return vt_fail(fail, -EAGAIN, "corosync's quorum service does not answer: %s",
			       cs_strerror(rc));
	}
	if (type != QUORUM_SET) {
		vt_quorum_close(quorum);
		return vt_fail(fail, -EAGAIN,
			       "corosync has no quorum provider: set 'provider: "
			       "corosync_votequorum' in corosync.conf's quorum section");
	}
	rc = start(quorum);
	if (rc != CS_OK) {
		vt_quorum_close(quorum);
		return vt_fail(fail, -EAGAIN, "corosync does not report quorum: %s",
			       cs_strerror(rc));
	}
	*out = quorum;
	return 0;
}

void vt_quorum_close(struct vt_quorum *quorum)
{
	if (!quorum)
		return;
	quorum_finalize(quorum->handle);
	free(quorum);
}

int vt_quorum_fd(const struct vt_quorum *quorum)
{
	return quorum->fd;
}

int vt_quorum_dispatch(struct vt_quorum *quorum)
{
	cs_error_t rc = quorum_dispatch(quorum->handle, CS_DISPATCH_ALL);
	return rc == CS_OK || rc == CS_ERR_TRY_AGAIN ? 0 : -ECONNRESET;
}
