// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/probe.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MAX 512

struct probe {
	bool ping, raw, six;
	uint64_t payload; /* of the echo request: nobody else's reply is taken for ours */
};

/* The kernel's ping socket if this process may have one; it needs no privilege, and no firewall's eyes see more than a ping. */
static int open_ping(struct probe *p)
{
	int family = p->six ? AF_INET6 : AF_INET, protocol = p->six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (fd >= 0)
		return fd;
	p->raw = true;
	return socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}

static int send_echo(int fd, struct probe *p)
{
	uint8_t packet[VT_ECHO_HEADER + sizeof p->payload] = {p->six ? ICMP6_ECHO_REQUEST : ICMP_ECHO};
	p->payload = vt_random_u64();
	memcpy(packet + 4, &p->payload, 4); /* id and number; a ping socket sets its own id */
	memcpy(packet + VT_ECHO_HEADER, &p->payload, sizeof p->payload);
	if (!p->six) {
		uint16_t sum = vt_echo_checksum(packet, sizeof packet);
		packet[2] = (uint8_t)(sum >> 8);
		packet[3] = (uint8_t)sum;
	}
	return send(fd, packet, sizeof packet, MSG_NOSIGNAL) == (ssize_t)sizeof packet ? 0 : -errno;
}

/* A socket that will tell the answer, or -1: it can't be asked. */
static int ask(const struct vt_witness *w, struct probe *p)
{
	*p = (struct probe){.ping = w->kind == VT_WITNESS_PING, .six = w->addr.ss_family == AF_INET6};
	int fd = p->ping ? open_ping(p)
			 : socket(w->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	bool asked = connect(fd, (const struct sockaddr *)&w->addr, w->addr_len) == 0 || (!p->ping && errno == EINPROGRESS);
	if (asked && p->ping)
		asked = send_echo(fd, p) == 0;
	if (asked)
		return fd;
	close(fd);
	return -1;
}

/* 1: it answered, 0: not yet, -1: it won't. */
static int look(int fd, const struct probe *p)
{
	uint8_t data[ANSWER_MAX];
	int error = 0;
	socklen_t size = sizeof error;
	if (!p->ping)
		return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 ? 1 : -1;
	for (ssize_t n; (n = recv(fd, data, sizeof data, 0)) >= 0;)
		if (vt_witness_echo_reply(data, (size_t)n, p->six, p->raw && !p->six, p->payload))
			return 1;
	return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void close_one(struct pollfd *p)
{
	close(p->fd);
	p->fd = -1;
}

uint32_t vt_probe(const struct vt_witness *witness, unsigned count, unsigned timeout_ms)
{
	struct pollfd fds[VT_WITNESSES_MAX];
	struct probe probe[VT_WITNESSES_MAX];
	uint32_t answered = 0;
	unsigned open = 0;
	uint64_t end_ns = vt_boottime_ns() + timeout_ms * UINT64_C(1000000);
	for (unsigned i = 0; i < count; i++) {
		fds[i] = (struct pollfd){.fd = ask(&witness[i], &probe[i])};
		fds[i].events = probe[i].ping ? POLLIN : POLLOUT;
		open += fds[i].fd >= 0;
	}
	for (uint64_t now; open > 0 && (now = vt_boottime_ns()) < end_ns;) {
		if (poll(fds, count, (int)((end_ns - now) / 1000000) + 1) < 0 && errno != EINTR)
			break;
		for (unsigned i = 0; i < count; i++) {
			int told = fds[i].fd >= 0 && fds[i].revents ? look(fds[i].fd, &probe[i]) : 0;
			if (told == 0)
				continue;
			answered |= told > 0 ? 1u << i : 0;
			close_one(&fds[i]);
			open--;
		}
	}
	for (unsigned i = 0; i < count; i++)
		if (fds[i].fd >= 0)
			close_one(&fds[i]);
	return answered;
}

uint32_t vt_probe_own(const struct vt_witness *witness, unsigned count)
{
	struct ifaddrs *all;
	uint32_t own = 0;
	if (getifaddrs(&all) != 0)
		return (1u << count) - 1; /* not known: none counts */
	for (const struct ifaddrs *at = all; at; at = at->ifa_next)
		for (unsigned i = 0; i < count; i++)
			if (vt_witness_has_address(&witness[i], at->ifa_addr))
				own |= 1u << i;
	freeifaddrs(all);
	return own;
}
