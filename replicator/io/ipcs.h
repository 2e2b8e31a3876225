/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's side of the control socket: libqb IPC on libqb's default loop, root only. */
#ifndef VMTWIN_IO_IPCS_H
#define VMTWIN_IO_IPCS_H

#include "base/kv.h"
#include "base/log.h"

struct vt_ipcs;	     /* the service */
struct vt_ipcs_conn; /* one client */

struct vt_ipcs_ops {
	/* A request. Answer it now or later, once, with vt_ipcs_reply. */
	void (*request)(void *ctx, struct vt_ipcs_conn *conn, const struct vt_kv *kv);
	/* The client went away; conn is invalid after the return. */
	void (*closed)(void *ctx, struct vt_ipcs_conn *conn);
};

/* ops and ctx must outlive the service. 0 and *out is the caller's to close, or negative errno. */
int vt_ipcs_open(struct vt_ipcs **out, const char *name, const struct vt_ipcs_ops *ops, void *ctx,
		 struct vt_fail *fail);
void vt_ipcs_close(struct vt_ipcs *ipcs); /* NULL is fine */
/* 0 or negative errno (the client is gone, or the reply too large). */
int vt_ipcs_reply(struct vt_ipcs_conn *conn, const struct vt_kv *kv);

#endif
