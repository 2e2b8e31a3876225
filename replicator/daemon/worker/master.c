// SPDX-License-Identifier: GPL-2.0-or-later
/* The worker's end of the connection to the master: it listens, so that it can outlive a master. */
#include "daemon/worker/worker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void receive(struct worker *w);

bool wk_master_there(const struct worker *w)
{
	return w->master.fd >= 0;
}

void wk_master_close(struct worker *w)
{
	if (w->master.fd < 0)
		return;
	shutdown(w->master.fd, SHUT_RDWR); /* ends the receive in flight, which then closes it */
	w->master.dying_fd = w->master.fd;
	w->master.fd = -1;
	if (w->opened)
		wk_event_type(w, VC_E_MASTER_LOST);
}

void wk_master_send(struct worker *w)
{
	uint8_t packet[VW_PACKET_MAX];
	if (w->master.fd < 0)
		return;
	int len = vw_encode(&w->master.out, packet);
	if (len < 0) {
		vt_log(VT_ERR, w->conf.name, "message %d to vmtwind is too long; left out",
		       (int)w->master.out.type);
		return;
	}
	if (send(w->master.fd, packet, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) != len) {
		vt_log(VT_WARN, w->conf.name, "vmtwind does not take messages (%s); dropping it",
		       strerror(errno));
		wk_master_close(w);
	}
}

static void on_attach(struct worker *w, const struct vw_attach *a)
{
	w->who = *a;
	if (!w->opened)
		wk_open(w);
	wk_event_type(w, VC_E_ATTACHED);
}

static void on_cpg(struct worker *w, const struct vw_cpg *cpg)
{
	struct vc_event e = {.type = VC_E_MSG};
	struct vc_msg msg;
	int res = vx_decode(&msg, cpg->payload, cpg->len);
	if (res < 0) {
		vt_log(VT_WARN, w->conf.name, "message of %s is not understood: %s", w->who.peer_name,
		       res == -EPROTONOSUPPORT
			   ? "it runs another version of vmtwin; install the same on both hosts"
			   : "it is damaged");
		return;
	}
	e.u.msg.own = cpg->sender == w->who.master;
	e.u.msg.sender = cpg->sender;
	e.u.msg.msg = msg;
	wk_event(w, &e);
}

static enum vc_departure departure(enum vw_left how)
{
	switch (how) {
	case VW_JOINED:
		return VC_JOINED;
	case VW_LEFT_CLEAN:
		return VC_LEFT_CLEAN;
	case VW_LEFT_PROCDOWN:
		return VC_LEFT_PROCDOWN;
	case VW_LEFT_NODEDOWN:
		break;
	}
	return VC_LEFT_NODEDOWN;
}

static void on_packet(struct worker *w, const struct vw_msg *m)
{
	struct vc_event e = {0};
	if (m->type == VW_ATTACH) {
		on_attach(w, &m->u.attach);
		return;
	}
	if (m->type == VW_REQUEST) {
		wk_request(w, m->u.request.id, &m->u.request.kv);
		return;
	}
	if (!w->opened)
		return;
	switch (m->type) {
	case VW_QUORUM:
		e.type = VC_E_QUORUM;
		e.u.quorum.quorate = m->u.quorum.quorate;
		e.u.quorum.peer_member = m->u.quorum.peer_member;
		break;
	case VW_GROUP:
		e.type = VC_E_GROUP;
		e.u.group.member = m->u.group.member;
		e.u.group.how = departure(m->u.group.how);
		break;
	case VW_CPG:
		on_cpg(w, &m->u.cpg);
		return;
	case VW_UNIT_DOWN:
		e.type = VC_E_UNIT_DOWN;
		e.u.incarnation = m->u.unit_down.incarnation;
		break;
	case VW_PROOF:
		e.type = VC_E_PROOF;
		e.u.sent_ns = m->u.proof.sent_ns;
		break;
	case VW_FENCE:
		e.type = VC_E_FENCE;
		e.u.fence.read_ns = m->u.fence.read_ns;
		e.u.fence.record = m->u.fence.peer_record;
		e.u.fence.known = m->u.fence.known;
		e.u.fence.pending = m->u.fence.pending;
		break;
	default:
		return;
	}
	wk_event(w, &e);
}

static void on_received(struct vr_op *op, int res, bool more)
{
	struct worker *w = (struct worker *)((char *)op - offsetof(struct worker, master.recv_op));
	(void)more;
	w->master.receiving = false;
	if (w->master.dying_fd >= 0) {
		close(w->master.dying_fd);
		w->master.dying_fd = -1;
		if (w->master.fd >= 0)
			receive(w); /* the new master, accepted in the meantime */
		return;
	}
	if (res <= 0) {
		vt_log(VT_WARN, w->conf.name, "the connection to vmtwind ended");
		close(w->master.fd);
		w->master.fd = -1;
		if (w->opened)
			wk_event_type(w, VC_E_MASTER_LOST);
		return;
	}
	if (vw_decode(&w->master.in, w->master.packet, (size_t)res) == 0)
		on_packet(w, &w->master.in);
	else
		vt_log(VT_WARN, w->conf.name, "a message of vmtwind is not understood; ignored");
	if (w->master.fd >= 0 && w->master.dying_fd < 0)
		receive(w);
	else if (w->master.dying_fd >= 0) { /* closed while its packet was handled */
		close(w->master.dying_fd);
		w->master.dying_fd = -1;
	}
}

static void receive(struct worker *w)
{
	if (w->master.receiving)
		return;
	struct io_uring_sqe *sqe = vr_sqe(w->ring);
	io_uring_prep_recv(sqe, w->master.fd, w->master.packet, sizeof w->master.packet, 0);
	w->master.recv_op.done = on_received;
	w->master.receiving = true;
	vr_attach(sqe, &w->master.recv_op);
}

static void accept_next(struct worker *w);

static void on_accepted(struct vr_op *op, int res, bool more)
{
	struct worker *w = (struct worker *)((char *)op - offsetof(struct worker, master.accept_op));
	(void)more;
	accept_next(w);
	if (res < 0)
		return;
	wk_master_close(w); /* a new master replaces the old one */
	w->master.fd = res;
	w->master.out = (struct vw_msg){.type = VW_HELLO};
	w->master.out.u.hello.incarnation = w->core.config.incarnation;
	w->master.out.u.hello.pid = (uint32_t)getpid();
	snprintf(w->master.out.u.hello.unit, sizeof w->master.out.u.hello.unit, "%s",
		 w->conf.name);
	wk_master_send(w);
	w->shown_valid = false; /* it is to be told what we show */
	if (w->master.dying_fd < 0 && w->master.fd >= 0)
		receive(w);
}

static void accept_next(struct worker *w)
{
	struct io_uring_sqe *sqe = vr_sqe(w->ring);
	io_uring_prep_accept(sqe, w->master.listen_fd, NULL, NULL, SOCK_CLOEXEC);
	w->master.accept_op.done = on_accepted;
	vr_attach(sqe, &w->master.accept_op);
}

void wk_master_listen(struct worker *w)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	w->master.fd = w->master.dying_fd = -1;
	if (strlen(w->paths.sock) >= sizeof at.sun_path)
		wk_die(w, "unit %s: the path %s is too long for a socket", w->conf.name,
		       w->paths.sock);
	memcpy(at.sun_path, w->paths.sock, strlen(w->paths.sock) + 1);
	unlink(at.sun_path); /* ours: the pid file's lock is held */
	w->master.listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (w->master.listen_fd < 0 ||
	    bind(w->master.listen_fd, (struct sockaddr *)&at, sizeof at) < 0 ||
	    listen(w->master.listen_fd, 4) < 0)
		wk_die(w, "unit %s: cannot listen on %s: %s", w->conf.name, w->paths.sock,
		       strerror(errno));
	accept_next(w);
}
