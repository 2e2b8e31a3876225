// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Helpers: programs that run for as long as the master does and tell it lines, a packet each, by a socket of their own (the
 * fencing watcher, the prober of the witnesses). One that is of no use any more is killed; SIGCHLD says when it has ended,
 * and its owner starts it again.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/spawn.h"

static void unhear(struct vm_master *m, struct vm_helper *h)
{
	if (h->fd < 0)
		return;
	qb_loop_poll_del(m->loop, h->fd);
	close(h->fd);
	h->fd = -1;
}

int vm_helper_start(struct vm_master *m, struct vm_helper *h, const char *path, const char *const *args, qb_loop_poll_dispatch_fn on_packet)
{
	const char *argv[3 + VM_HELPER_ARGS_MAX + 1] = {path, "--fd"};
	char number[16];
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	snprintf(number, sizeof number, "%d", pair[1]);
	argv[2] = number;
	for (unsigned i = 0; i < VM_HELPER_ARGS_MAX && args[i]; i++)
		argv[3 + i] = args[i];
	pid_t pid = vt_spawn((char *const *)(uintptr_t)argv, pair[1], 0);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return pid;
	}
	h->pid = pid;
	h->fd = pair[0];
	if (qb_loop_poll_add(m->loop, QB_LOOP_MED, h->fd, POLLIN, m, on_packet) < 0)
		vm_helper_kill(h); /* unheard it is of no use */
	return 0;
}

ssize_t vm_helper_receive(struct vm_master *m, struct vm_helper *h, char *line, size_t cap)
{
	ssize_t n = h->fd < 0 ? 0 : recv(h->fd, line, cap, MSG_DONTWAIT);
	if (n > 0)
		return n;
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		unhear(m, h); /* it is ending */
		vm_helper_kill(h);
	}
	return 0;
}

void vm_helper_kill(const struct vm_helper *h)
{
	if (h->pid > 0)
		kill(h->pid, SIGKILL);
}

void vm_helper_ended(struct vm_master *m, struct vm_helper *h)
{
	h->pid = 0;
	unhear(m, h);
}
