// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs each part of the preflight in a process of its own, since any of them may hang: a disk, a daemon, a name server. They write
 * into memory that they share with this one; when its time is over a part is killed and what it wrote counts as late.
 */
#include "crm-config/preflight_gather.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/version.h"
#include "crm-config/preflight_int.h"

#define ASK_LIMIT_MS 2000   /* names, the cluster's daemons */
#define PATHS_LIMIT_MS 5500 /* alone, so that nothing disturbs what they measure */
#define REST_LIMIT_MS 7000
#define PARTS_MAX (PF_PATHS_MAX + PF_UNITS_MAX + 9)

struct part {
	void (*run)(const struct pf_ask *a, unsigned number);
	unsigned number;
	enum pf_told *told; /* in shared memory */
	pid_t pid;
	int pidfd;
};

struct parts {
	unsigned count;
	struct part part[PARTS_MAX];
};

int64_t pf_wall_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void add(struct parts *all, void (*run)(const struct pf_ask *, unsigned), unsigned number, enum pf_told *told)
{
	if (all->count < PARTS_MAX)
		all->part[all->count++] = (struct part){.run = run, .number = number, .told = told, .pidfd = -1};
}

static void begin(const struct pf_ask *a, struct part *p)
{
	*p->told = PF_LATE;
	p->pid = fork();
	if (p->pid == 0) {
		setpgid(0, 0); /* its own programs are killed with it */
		p->run(a, p->number);
		__atomic_store_n(p->told, PF_TOLD, __ATOMIC_RELEASE);
		_exit(0);
	}
	if (p->pid > 0) {
		setpgid(p->pid, p->pid);
		p->pidfd = pidfd_open(p->pid, 0);
	}
}

/* Waits until it has ended or the time is over; then it is killed. One that hangs in the kernel is not waited for. */
static void end(struct part *p, uint64_t end_ns)
{
	struct pollfd fd = {.fd = p->pidfd, .events = POLLIN};
	if (p->pid <= 0)
		return;
	for (int rc = -1; rc < 0;) {
		uint64_t now = vt_boottime_ns();
		rc = poll(&fd, 1, now < end_ns ? (int)((end_ns - now) / 1000000) + 1 : 0);
		if (rc < 0 && errno != EINTR)
			break;
	}
	kill(-p->pid, SIGKILL);
	poll(&fd, 1, 100);
	waitpid(p->pid, NULL, WNOHANG);
	if (p->pidfd >= 0)
		close(p->pidfd);
}

static void run(const struct pf_ask *a, struct parts *all, int limit_ms)
{
	uint64_t end_ns = vt_boottime_ns() + (uint64_t)limit_ms * 1000000;
	for (unsigned i = 0; i < all->count; i++)
		begin(a, &all->part[i]);
	for (unsigned i = 0; i < all->count; i++)
		end(&all->part[i], end_ns);
}

/* ---- who is who ------------------------------------------------------------------------------------------------ */

static bool is_here(const struct ifaddrs *all, const char *address)
{
	struct in6_addr number;
	struct pf_address a;
	/* names are resolved later, where that may take its time */
	if (inet_pton(AF_INET, address, &number) != 1 && inet_pton(AF_INET6, address, &number) != 1)
		return false;
	if (pf_resolve(address, &a) != 0)
		return false;
	for (const struct ifaddrs *at = all; at; at = at->ifa_next)
		if (at->ifa_addr && pf_same_address(at->ifa_addr, (const struct sockaddr *)&a.addr))
			return true;
	return false;
}

/* The node whose addresses are this host's, else the one that has its name. */
static const struct cf_node *own_node(const struct cf_corosync *c)
{
	struct ifaddrs *all = NULL;
	const struct cf_node *found = NULL;
	char name[VT_HOST_NAME_MAX + 1] = "";
	if (getifaddrs(&all) != 0)
		return NULL;
	for (unsigned i = 0; i < c->node_count && !found; i++)
		for (unsigned k = 0; k < CF_LINKS_MAX; k++)
			if (c->node[i].addr[k][0] && is_here(all, c->node[i].addr[k]))
				found = &c->node[i];
	freeifaddrs(all);
	if (!found && gethostname(name, sizeof name - 1) == 0)
		found = cf_corosync_node(c, name);
	return found;
}

static const char *node_name(const struct cf_node *n)
{
	return n->name[0] ? n->name : n->addr[0];
}

/* --peer's, or the other host of some unit, or of a cluster of two. */
static bool is_peer(const struct pf_ask *a, const char *name)
{
	const struct cf_facts *f = a->f;
	const char *own = a->host->own.host;
	if (a->host->peer[0])
		return strcasecmp(a->host->peer, name) == 0;
	if (f->named == 0)
		return f->corosync->node_count == 2;
	for (unsigned i = 0; i < f->named; i++) {
		int slot = vt_unitconf_slot(&f->unit[i], own);
		if (slot >= 0 && vt_unitconf_slot(&f->unit[i], name) == !slot)
			return true;
	}
	return false;
}

static void add_path(struct pf_host *h, const struct cf_node *own, const struct cf_node *other, unsigned ring)
{
	h->more_paths = h->more_paths || h->paths == PF_PATHS_MAX;
	if (h->paths == PF_PATHS_MAX)
		return;
	struct pf_path *p = &h->path[h->paths++];
	p->ring = ring;
	snprintf(p->peer, sizeof p->peer, "%s", node_name(other));
	snprintf(p->own, sizeof p->own, "%.*s", PF_ADDR_MAX - 1, own->addr[ring]);
	snprintf(p->other, sizeof p->other, "%.*s", PF_ADDR_MAX - 1, other->addr[ring]);
}

static void add_name(struct pf_host *h, const char *name)
{
	for (unsigned i = 0; i < h->names.count; i++)
		if (strcmp(h->names.name[i].host, name) == 0)
			return;
	if (h->names.count < PF_NAMES_MAX)
		snprintf(h->names.name[h->names.count++].host, sizeof h->names.name[0].host, "%s", name);
}

static void plan(const struct pf_ask *a, const struct cf_node *own)
{
	struct pf_host *h = a->host;
	const struct cf_corosync *c = a->f->corosync;
	char name[VT_HOST_NAME_MAX + 1] = "";
	if (!own && gethostname(name, sizeof name - 1) == 0 && c->node_count == 0)
		add_name(h, name);
	if (!own)
		return;
	add_name(h, node_name(own));
	for (unsigned i = 0; i < c->node_count; i++) {
		const struct cf_node *n = &c->node[i];
		if (n == own || !is_peer(a, node_name(n)))
			continue;
		add_name(h, node_name(n));
		for (unsigned k = 0; k < CF_LINKS_MAX; k++)
			if (own->addr[k][0] && n->addr[k][0])
				add_path(h, own, n, k);
	}
}

/* ---- all of it --------------------------------------------------------------------------------------------------------- */

/* The cluster's daemons, and DRBD where a unit is on it: what is known to be connected needs no trying of its port. */
static void add_cluster(const struct pf_ask *a, struct parts *to)
{
	add(to, pf_ask_cluster, 0, &a->host->cluster.told);
	if (pf_has_drbd(a->f))
		add(to, pf_ask_drbd, 0, &a->host->drbd.told);
}

static void find_out(const struct pf_ask *a, const struct pf_wish *wish)
{
	struct pf_host *h = a->host;
	struct parts lines = {.count = 0}, rest = {.count = 0};
	if (!wish->facts_only) {
		add(&lines, pf_ask_names, 0, &h->names.told);
		add_cluster(a, &lines);
		run(a, &lines, ASK_LIMIT_MS);
		lines.count = 0;
		for (unsigned i = 0; i < h->paths; i++)
			add(&lines, pf_ask_path, i, &h->path[i].told);
		run(a, &lines, PATHS_LIMIT_MS);
	} else {
		add_cluster(a, &rest);
	}
	add(&rest, pf_ask_system, 0, &h->system.told);
	add(&rest, pf_ask_vms, 0, &h->vms.told);
	for (unsigned i = 0; i < pf_units(a->f); i++)
		if (a->f->unit[i].drbd)
			add(&rest, pf_ask_volume, i, &h->volume[i].told);
		else
			add(&rest, pf_ask_disk, i, &h->disk[i].told);
	pf_ask_digests(a);
	run(a, &rest, REST_LIMIT_MS);
}

/* What the parts found out of what the other host compares. */
static void finish_facts(const struct pf_ask *a)
{
	struct pf_host *h = a->host;
	for (unsigned i = 0; i < pf_units(a->f); i++) {
		struct pf_unit_facts *u = pf_facts_add_unit(&h->own, a->f->unit[i].name);
		if (!u)
			continue;
		snprintf(u->machine, sizeof u->machine, "%s", h->vms.domain[i].machine);
		u->has_data = h->disk[i].told == PF_TOLD && h->disk[i].has_data;
		u->data_bytes = h->disk[i].data_bytes;
		u->has_disk = h->volume[i].told == PF_TOLD && h->volume[i].bytes > 0;
		u->disk_bytes = u->has_disk ? h->volume[i].bytes : 0;
	}
	if (!h->own.host[0])
		snprintf(h->own.host, sizeof h->own.host, "%s", h->cluster.node);
	h->own.synchronised = h->system.synchronised == PF_YES;
	h->own.has_clock = true;
	h->own.clock_ms = pf_wall_ms();
}

struct pf_host *pf_gather(const struct cf_facts *f, const struct pf_wish *wish, struct vt_fail *fail)
{
	struct pf_host *h = mmap(NULL, sizeof *h, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (h == MAP_FAILED) {
		vt_fail(fail, -errno, "no memory for the host's facts: %s", strerror(errno));
		return NULL;
	}
	struct pf_ask a = {.f = f, .unit_dir = wish->unit_dir, .corosync_path = wish->corosync_path, .host_path = wish->host_path, .host = h};
	const struct cf_node *own = own_node(f->corosync);
	if (own)
		snprintf(h->own.host, sizeof h->own.host, "%s", node_name(own));
	else if (f->corosync->node_count == 0)
		gethostname(h->own.host, sizeof h->own.host - 1);
	snprintf(h->peer, sizeof h->peer, "%s", wish->peer ? wish->peer : "");
	h->more_units = f->named > PF_UNITS_MAX;
	snprintf(h->own.version[PF_VMTWIN], PF_VERSION_MAX, "%s", VT_VERSION);
	plan(&a, own);
	fflush(stdout);
	find_out(&a, wish);
	finish_facts(&a);
	return h;
}

void pf_gather_free(struct pf_host *host)
{
	if (host)
		munmap(host, sizeof *host);
}
