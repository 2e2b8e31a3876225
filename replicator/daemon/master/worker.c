// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The socket to one worker. Sending never blocks: what the worker does not take at once is queued, up
 * to VM_WORKER_QUEUE_MAX; past that it is detached, and attached afresh with present facts. Closing
 * is never done in the middle of telling all units something: `detach` marks it for the next turn.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int32_t on_socket(int32_t fd, int32_t events, void *data);
static void on_seek(void *data);

static void on_detach(void *data)
{
	struct vm_unit *unit = data;
	if (unit->detach && unit->fd >= 0)
		vm_unit_disconnected(unit);
}

/* Gives the connection up at the loop's next turn. */
static void give_up(struct vm_unit *unit, const char *why)
{
	if (unit->detach)
		return;
	vt_log(VT_WARN, unit->name, "detaching the worker (pid %d): %s", (int)unit->pid, why);
	unit->detach = true;
	qb_loop_job_add(unit->m->loop, QB_LOOP_HIGH, unit, on_detach);
}

/* Sends what the socket takes. */
static void flush(struct vm_unit *unit)
{
	while (unit->out.first) {
		const struct vm_packet *p = unit->out.first;
		ssize_t n = send(unit->fd, p->data, p->len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
			break;
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) {
			/* It closed. Its last words (the answer to a stop) may lie unread in the
			 * socket: reading meets its end after them. */
			vm_queue_clear(&unit->out);
			break;
		}
		if (n < 0) {
			give_up(unit, strerror(errno));
			return;
		}
		vm_queue_pop(&unit->out);
	}
	int events = unit->out.first ? POLLIN | POLLOUT : POLLIN;
	qb_loop_poll_mod(unit->m->loop, QB_LOOP_MED, unit->fd, events, unit, on_socket);
}

void vm_worker_send(struct vm_unit *unit, const struct vw_msg *msg)
{
	uint8_t packet[VW_PACKET_MAX];
	if (unit->fd < 0 || unit->detach)
		return;
	int len = vw_encode(msg, packet);
	if (len < 0) {
		give_up(unit, "a message for it does not fit into a packet");
		return;
	}
	if (unit->out.count >= VM_WORKER_QUEUE_MAX) {
		give_up(unit, "it does not take its messages (it hangs?)");
		return;
	}
	bool idle = !unit->out.first;
	if (vm_queue_add(&unit->out, packet, (size_t)len) < 0) {
		give_up(unit, "out of memory");
		return;
	}
	if (idle)
		flush(unit);
}

/* False: the connection is over. */
static bool receive(struct vm_unit *unit)
{
	uint8_t packet[VW_PACKET_MAX];
	struct vw_msg msg;
	ssize_t n = recv(unit->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ||
		       errno == ECONNRESET; /* told once, ahead of what is still unread */
	if (n == 0)
		return false;
	if ((size_t)n > sizeof packet || vw_decode(&msg, packet, (size_t)n) < 0) {
		vt_log(VT_ERR, unit->name, "the worker (pid %d) sent a packet of %zd bytes that is "
		       "no message; is it of another version than vmtwind?", (int)unit->pid, n);
		return false;
	}
	if (unit->state == VM_CONNECTED && msg.type != VW_HELLO) {
		vt_log(VT_ERR, unit->name, "the worker's first message is %d, not a greeting",
		       (int)msg.type);
		return false;
	}
	vm_unit_message(unit, &msg);
	return true;
}

static int32_t on_socket(int32_t fd, int32_t events, void *data)
{
	struct vm_unit *unit = data;
	(void)fd;
	if (unit->detach)
		return 0;
	if (events & POLLOUT)
		flush(unit);
	bool alive = true;
	if (!unit->detach && (events & (POLLIN | POLLHUP | POLLERR | POLLNVAL)))
		alive = receive(unit);
	/* Last words are read before the end of the connection is acted upon. */
	if (!(events & POLLIN) && (events & (POLLHUP | POLLERR | POLLNVAL)))
		alive = false;
	if (!alive && unit->fd >= 0 && !unit->detach)
		vm_unit_disconnected(unit);
	return 0;
}

static void on_hello_overdue(void *data)
{
	struct vm_unit *unit = data;
	unit->timer = 0;
	if (unit->state != VM_CONNECTED)
		return;
	give_up(unit, "it does not greet (it hangs?)");
}

static void seek_failed(struct vm_unit *unit, int err);

static int connect_socket(struct vm_unit *unit)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int n = snprintf(addr.sun_path, sizeof addr.sun_path, "%s/%s.sock", unit->m->run_dir,
			 unit->name);
	if (n < 0 || (size_t)n >= sizeof addr.sun_path)
		return -ENAMETOOLONG;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Who listens there, as the kernel knows it. */
static pid_t listener_pid(int fd)
{
	struct ucred who;
	socklen_t len = sizeof who;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 ? who.pid : 0;
}

static void on_seek(void *data)
{
	struct vm_unit *unit = data;
	unit->timer = 0;
	int fd = connect_socket(unit);
	if (fd < 0) {
		seek_failed(unit, fd);
		return;
	}
	unit->fd = fd;
	unit->detach = false;
	unit->pid = listener_pid(fd);
	unit->pidfd = unit->pid > 0 ? pidfd_open(unit->pid, 0) : -1;
	unit->state = VM_CONNECTED;
	unit->tries = 0;
	vm_queue_clear(&unit->out);
	if (qb_loop_poll_add(unit->m->loop, QB_LOOP_MED, fd, POLLIN, unit, on_socket) != 0) {
		give_up(unit, "the loop does not take its socket");
		return;
	}
	vm_timer(unit->m, &unit->timer, VM_HELLO_TIMEOUT_MS, unit, on_hello_overdue);
}

static void seek_failed(struct vm_unit *unit, int err)
{
	unit->tries++;
	bool fast = unit->tries < VM_CONNECT_TRIES;
	if (unit->tries == VM_CONNECT_TRIES) {
		snprintf(unit->trouble, sizeof unit->trouble,
			 "the worker runs but can't be reached at %s/%s.sock: %s; see %s/%s.log",
			 unit->m->run_dir, unit->name, strerror(-err), VT_LOG_DIR, unit->name);
		vt_log(VT_ERR, unit->name, "%s", unit->trouble);
		vm_control_refuse(unit, -ETIMEDOUT, unit->trouble);
	}
	/* One that we started tells its end by SIGCHLD; of others only the lock tells. */
	if (unit->child == 0 && !vm_unit_alive(unit)) {
		vm_unit_disconnected(unit);
		return;
	}
	vm_timer(unit->m, &unit->timer, fast ? VM_CONNECT_INTERVAL_MS : VM_RECONNECT_INTERVAL_MS,
		 unit, on_seek);
}

void vm_worker_seek(struct vm_unit *unit, unsigned first_ms)
{
	unit->tries = 0;
	vm_timer(unit->m, &unit->timer, first_ms, unit, on_seek);
}

void vm_worker_close(struct vm_unit *unit)
{
	vm_timer_stop(unit->m, &unit->timer);
	if (unit->fd >= 0) {
		qb_loop_poll_del(unit->m->loop, unit->fd);
		close(unit->fd);
	}
	unit->fd = -1;
	unit->detach = false;
	vm_queue_clear(&unit->out);
}
