// SPDX-License-Identifier: GPL-2.0-or-later
/* Names, and the way from each own ring address to the other host's. */
#include <arpa/inet.h>
#include <corosync/cmap.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/conffile.h"
#include "crm-config/preflight_int.h"
#include "io/nodes.h"

#define PORT_LIMIT_MS 500
#define PORTS_LIMIT_NS 1000000000ull /* of all units: the rest is not asked */

int pf_resolve(const char *text, struct pf_address *out)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
	int rc = getaddrinfo(text, NULL, &hints, &found);
	if (rc != 0)
		return rc;
	memset(out, 0, sizeof *out);
	memcpy(&out->addr, found->ai_addr, found->ai_addrlen);
	out->len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

bool pf_same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr == ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return a->sa_family == AF_INET6 &&
	       memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr, &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

bool pf_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
	return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

void pf_address_text(const struct sockaddr *a, char out[PF_ADDR_MAX])
{
	out[0] = '\0';
	if (a->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, out, PF_ADDR_MAX);
	else if (a->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, out, PF_ADDR_MAX);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* The nodelist has this address. What it has as a name counts by its name. */
static bool listed(const struct cf_corosync *c, const char *address)
{
	for (unsigned i = 0; i < c->node_count; i++)
		for (unsigned k = 0; k < CF_LINKS_MAX; k++)
			if (strcmp(c->node[i].addr[k], address) == 0)
				return true;
	return false;
}

static void look_up(const struct cf_corosync *c, struct pf_name *n)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
	n->error = getaddrinfo(n->host, NULL, &hints, &found);
	n->listed = listed(c, n->host);
	for (const struct addrinfo *at = n->error ? NULL : found; at && !n->loopback; at = at->ai_next) {
		char text[PF_ADDR_MAX];
		pf_address_text(at->ai_addr, text);
		n->loopback = pf_loopback(at->ai_addr);
		n->listed = n->listed || listed(c, text);
		if (n->loopback || !n->addr[0])
			memcpy(n->addr, text, sizeof text);
	}
	if (n->error == 0)
		freeaddrinfo(found);
}

void pf_ask_names(const struct pf_ask *a, unsigned number)
{
	struct pf_names *names = &a->host->names;
	(void)number;
	for (unsigned i = 0; i < names->count; i++)
		look_up(a->f->corosync, &names->name[i]);
}

/* ---- the device ----------------------------------------------------------------------------------------------------- */

static void find_device(struct pf_path *p, const struct pf_address *own)
{
	struct ifaddrs *all = NULL;
	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *at = all; at && !p->own_here; at = at->ifa_next) {
		if (!at->ifa_addr || !pf_same_address(at->ifa_addr, (const struct sockaddr *)&own->addr))
			continue;
		p->own_here = true;
		snprintf(p->device, sizeof p->device, "%.*s", PF_DEVICE_MAX - 1, at->ifa_name);
	}
	freeifaddrs(all);
}

/* By ioctl, which knows of the devices of this network namespace; false: it can't be told. */
static bool ask_device(int fd, unsigned long what, const char *name, struct ifreq *r)
{
	memset(r, 0, sizeof *r);
	snprintf(r->ifr_name, sizeof r->ifr_name, "%s", name);
	return ioctl(fd, what, r) == 0;
}

static void look_at_device(struct pf_path *p)
{
	struct ifreq r;
	char path[64], text[32];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (ask_device(fd, SIOCGIFMTU, p->device, &r))
		p->mtu = r.ifr_mtu;
	if (ask_device(fd, SIOCGIFFLAGS, p->device, &r))
		p->carrier = (r.ifr_flags & IFF_UP) && (r.ifr_flags & IFF_RUNNING) ? PF_YES : PF_NO;
	close(fd);
	snprintf(path, sizeof path, "/sys/class/net/%s/speed", p->device);
	if (vt_conf_read(path, text, sizeof text, NULL) == 0 && strtol(text, NULL, 10) > 0)
		p->speed_mbit = strtol(text, NULL, 10);
}

/* Which way packets would go; nothing is sent. */
static void find_route(struct pf_path *p, const struct pf_address *own, const struct pf_address *other)
{
	struct sockaddr_storage to = other->addr, from = {0};
	socklen_t len = sizeof from;
	int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (to.ss_family == AF_INET)
		((struct sockaddr_in *)&to)->sin_port = htons(9);
	else
		((struct sockaddr_in6 *)&to)->sin6_port = htons(9);
	if (connect(fd, (const struct sockaddr *)&to, other->len) != 0)
		p->route_error = errno;
	else if (getsockname(fd, (struct sockaddr *)&from, &len) == 0 &&
		 !pf_same_address((const struct sockaddr *)&from, (const struct sockaddr *)&own->addr))
		pf_address_text((const struct sockaddr *)&from, p->via);
	close(fd);
}

/* ---- corosync's own word -------------------------------------------------------------------------------------------- */

static enum pf_truth ask_corosync(const char *peer, unsigned ring)
{
	struct vt_nodes *nodes = calloc(1, sizeof *nodes);
	enum pf_truth up = PF_UNKNOWN;
	char key[CMAP_KEYNAME_MAXLEN + 1];
	uint8_t connected = 0;
	cmap_handle_t map;
	const struct vt_node *node = nodes && vt_nodes_load(nodes, NULL) == 0 ? vt_nodes_by_name(nodes, peer) : NULL;
	if (node && cmap_initialize_map(&map, CMAP_MAP_STATS) == CS_OK) {
		snprintf(key, sizeof key, "stats.knet.node%u.link%u.connected", node->id, ring);
		if (cmap_get_uint8(map, key, &connected) == CS_OK)
			up = connected ? PF_YES : PF_NO;
		cmap_finalize(map);
	}
	free(nodes);
	return up;
}

/* Not of units whose link is up: the connection would be one more for the other host to refuse. */
static void try_ports(const struct pf_ask *a, struct pf_path *p, const struct pf_address *own, const struct pf_address *other)
{
	uint64_t end_ns = vt_boottime_ns() + PORTS_LIMIT_NS;
	for (unsigned i = 0; i < pf_units(a->f) && vt_boottime_ns() < end_ns; i++)
		if (a->host->cluster.link_up[i] != PF_YES && vt_unitconf_slot(&a->f->unit[i], p->peer) >= 0)
			p->port[i] = (uint8_t)pf_try_port(own, other, a->f->unit[i].port, PORT_LIMIT_MS);
}

void pf_ask_path(const struct pf_ask *a, unsigned number)
{
	struct pf_path *p = &a->host->path[number];
	struct pf_address own, other;
	p->unresolved = pf_resolve(p->own, &own) != 0 || pf_resolve(p->other, &other) != 0 || own.addr.ss_family != other.addr.ss_family;
	if (p->unresolved)
		return;
	find_device(p, &own);
	if (!p->own_here)
		return;
	look_at_device(p);
	find_route(p, &own, &other);
	if (p->carrier == PF_NO || p->route_error)
		return;
	pf_ping(p, &own, &other);
	if (p->answered > 0)
		try_ports(a, p, &own, &other);
	if (a->host->cluster.corosync == PF_YES)
		p->link = ask_corosync(p->peer, p->ring);
}
