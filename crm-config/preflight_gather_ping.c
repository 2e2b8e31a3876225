// SPDX-License-Identifier: GPL-2.0-or-later
/* Pings of a ring: how long they take, and which size gets through whole. Each packet says "don't fragment" and is sent from the
 * ring's own address. */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crm-config/preflight_int.h"

#define PACKET_MAX 65536
#define INTERVAL_MS 10
#define ANSWER_MS 1000	    /* a host that answers at all does in less */
#define SIZE_ANSWER_MS 100
#define SIZE_TRIES 2

struct echo {
	int fd;
	bool six;
	uint64_t mark; /* of this request: no other reply is taken for it */
	uint8_t *packet; /* PACKET_MAX */
};

/* 0 or negative errno. */
static int open_echo(struct echo *e, const struct pf_address *own, const struct pf_address *other)
{
	int family = other->addr.ss_family, big = 4 * PACKET_MAX;
	e->six = family == AF_INET6;
	e->fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, e->six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (e->fd < 0)
		return -errno;
	/* PROBE: a path's MTU that the kernel has learnt is not heeded, it is what is to be found out */
	int probe = e->six ? IPV6_PMTUDISC_PROBE : IP_PMTUDISC_PROBE, on = 1;
	int rc = e->six ? setsockopt(e->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe, sizeof probe)
			: setsockopt(e->fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof probe);
	if (rc == 0 && e->six)
		rc = setsockopt(e->fd, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof on);
	if (rc == 0)
		setsockopt(e->fd, SOL_SOCKET, SO_SNDBUF, &big, sizeof big);
	if (rc == 0)
		rc = bind(e->fd, (const struct sockaddr *)&own->addr, own->len);
	if (rc == 0)
		rc = connect(e->fd, (const struct sockaddr *)&other->addr, other->len);
	return rc == 0 ? 0 : -errno;
}

static size_t ip_bytes(const struct echo *e)
{
	return e->six ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);
}

/* A request whose packet has `size` bytes in all, IP's header included. 0 or negative errno. */
static int send_echo(struct echo *e, size_t size)
{
	size_t len = size - ip_bytes(e);
	e->mark = vt_random_u64();
	memset(e->packet, 0, len);
	e->packet[0] = e->six ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	memcpy(e->packet + 4, &e->mark, 4); /* id and number */
	memcpy(e->packet + VT_ECHO_HEADER, &e->mark, sizeof e->mark);
	if (!e->six) {
		uint16_t sum = vt_echo_checksum(e->packet, len);
		e->packet[2] = (uint8_t)(sum >> 8);
		e->packet[3] = (uint8_t)sum;
	}
	return send(e->fd, e->packet, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -errno;
}

/* The answer to the last request came within limit_ms. */
static bool answered(struct echo *e, int limit_ms)
{
	uint64_t end_ns = vt_boottime_ns() + (uint64_t)limit_ms * 1000000;
	for (uint64_t now; (now = vt_boottime_ns()) < end_ns;) {
		struct pollfd p = {.fd = e->fd, .events = POLLIN};
		if (poll(&p, 1, (int)((end_ns - now) / 1000000) + 1) <= 0)
			continue;
		ssize_t n = recv(e->fd, e->packet, PACKET_MAX, 0);
		if (n > 0 && vt_witness_echo_reply(e->packet, (size_t)n, e->six, !e->six, e->mark))
			return true;
	}
	return false;
}

static void measure(struct pf_path *p, struct echo *e)
{
	uint32_t took_us[PF_PINGS];
	int wait_ms = ANSWER_MS;
	while (p->sent < PF_PINGS) {
		uint64_t began = vt_boottime_ns();
		int rc = send_echo(e, ip_bytes(e) + VT_ECHO_HEADER + 56);
		if (rc < 0) {
			p->ping_error = -rc;
			return;
		}
		p->sent++;
		if (answered(e, wait_ms)) {
			took_us[p->answered++] = (uint32_t)((vt_boottime_ns() - began) / 1000);
			poll(NULL, 0, INTERVAL_MS);
		} else {
			wait_ms = p->answered ? ANSWER_MS / 10 : ANSWER_MS / PF_PINGS; /* 2 s in all if nobody answers, 3 if few do */
		}
	}
	p->median_us = pf_median(took_us, p->answered);
}

static bool gets_through(struct echo *e, int size)
{
	for (int i = 0; i < SIZE_TRIES; i++)
		if (send_echo(e, (size_t)size) == 0 && answered(e, SIZE_ANSWER_MS))
			return true;
	return false;
}

/* The device's own size, else the largest of the usual ones. */
static void measure_size(struct pf_path *p, struct echo *e)
{
	static const int usual[] = {9000, 4000, 1500, 1492, 1450, 1400, 1280, 576};
	if (p->mtu <= 128 || p->mtu >= PACKET_MAX)
		return;
	if (gets_through(e, p->mtu)) {
		p->mtu_passed = p->mtu;
		return;
	}
	for (size_t i = 0; i < sizeof usual / sizeof usual[0] && p->mtu_passed == 0; i++)
		if (usual[i] < p->mtu && gets_through(e, usual[i]))
			p->mtu_passed = usual[i];
}

void pf_ping(struct pf_path *p, const struct pf_address *own, const struct pf_address *other)
{
	struct echo e = {.packet = malloc(PACKET_MAX), .fd = -1};
	if (!e.packet)
		return;
	int rc = open_echo(&e, own, other);
	if (rc < 0)
		p->ping_error = -rc;
	else
		measure(p, &e);
	if (p->answered > 0)
		measure_size(p, &e);
	if (e.fd >= 0)
		close(e.fd);
	free(e.packet);
}

enum pf_port pf_try_port(const struct pf_address *own, const struct pf_address *other, uint16_t port, int limit_ms)
{
	struct sockaddr_storage to = other->addr;
	enum pf_port got = PF_PORT_UNASKED;
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
	socklen_t size = sizeof error;
	if (fd < 0)
		return got;
	if (to.ss_family == AF_INET)
		((struct sockaddr_in *)&to)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)&to)->sin6_port = htons(port);
	if (bind(fd, (const struct sockaddr *)&own->addr, own->len) == 0) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		error = connect(fd, (const struct sockaddr *)&to, other->len) == 0 ? 0 : errno;
		if (error == EINPROGRESS)
			error = poll(&p, 1, limit_ms) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : ETIMEDOUT;
		got = error == 0 ? PF_PORT_OPEN : error == ECONNREFUSED ? PF_PORT_REFUSED : PF_PORT_SILENT;
	}
	close(fd);
	return got;
}
