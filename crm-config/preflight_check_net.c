// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict on names, rings and ports. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "crm-config/preflight_int.h"

#define LATENCY_MAX_US 2000
#define SPEED_MIN_MBIT 1000
#define ANSWERS_MIN (PF_PINGS - 1) /* one may be lost while the neighbour's address is asked for */

static void check_name(const struct pf_judge *j, const struct pf_name *n)
{
	if (n->error == EAI_MEMORY || n->error == EAI_SYSTEM)
		cf_say(j->out, CF_ERROR, "name %s: it could not be looked up", n->host);
	else if (n->error)
		cf_say(j->out, CF_ERROR, "name %s does not resolve (%s); put it into /etc/hosts on both hosts, with its address in the first ring", n->host,
		       gai_strerror(n->error));
	else if (n->loopback)
		cf_say(j->out, CF_ERROR,
		       "name %s resolves to %s, an address of the loopback that no other host reaches; correct the line in /etc/hosts (Debian's "
		       "installer writes 127.0.1.1): the host's address in the first ring",
		       n->host, n->addr);
	else if (!n->listed)
		cf_say(j->out, CF_WARNING, "name %s resolves to %s, none of its addresses in corosync.conf; write the same into /etc/hosts, unless that is meant",
		       n->host, n->addr);
	else
		cf_say(j->out, CF_OK, "name %s resolves to %s, as in corosync.conf", n->host, n->addr);
}

static void check_own_name(const struct pf_judge *j)
{
	const char *own = j->host->own.host;
	if (!own[0] && j->f->corosync->node_count > 0)
		cf_say(j->out, CF_ERROR, "this host is none of corosync.conf's nodes: none of their addresses is configured here; correct its "
					 "address, or the nodelist");
	for (unsigned i = 0; own[0] && i < pf_units(j->f); i++)
		if (vt_unitconf_slot(&j->f->unit[i], own) < 0)
			cf_say(j->out, CF_ERROR, "hosts of unit %s = %s %s: this host, %s, is neither; copy the file only to its two hosts, or correct it",
			       j->f->unit[i].name, j->f->unit[i].hosts[0], j->f->unit[i].hosts[1], own);
}

void pf_check_names(const struct pf_judge *j)
{
	const struct pf_names *names = &j->host->names;
	check_own_name(j);
	if (names->told == PF_LATE)
		cf_say(j->out, CF_ERROR, "names are not resolved in time: the name server does not answer; put both hosts into /etc/hosts");
	for (unsigned i = 0; names->told == PF_TOLD && i < names->count; i++)
		check_name(j, &names->name[i]);
}

/* ---- rings ------------------------------------------------------------------------------------------------------ */

/* "ring0 to host2 (10.0.0.1 to 10.0.0.2, eth1)" */
static const char *path_text(const struct pf_path *p, char out[400])
{
	snprintf(out, 400, "ring%u to %s (%s to %s%s%s)", p->ring, p->peer, p->own, p->other, p->device[0] ? ", " : "", p->device);
	return out;
}

/* The line can't carry anything. True: that was told. */
static bool check_line(const struct pf_judge *j, const struct pf_path *p, const char *text)
{
	if (p->unresolved)
		cf_say(j->out, CF_ERROR, "%s: an address does not resolve; write addresses in numbers into corosync.conf", text);
	else if (!p->own_here)
		cf_say(j->out, CF_ERROR, "%s: %s is not configured on any interface of this host; `ip addr` shows those there are", text, p->own);
	else if (p->carrier == PF_NO)
		cf_say(j->out, CF_ERROR, "%s: %s has no link; plug the cable in, or `ip link set %s up`", text, p->device, p->device);
	else if (p->route_error)
		cf_say(j->out, CF_ERROR, "%s: there is no way to that address: %s; look at `ip route get %s`", text, strerror(p->route_error), p->other);
	else
		return false;
	return true;
}

static bool check_answers(const struct pf_judge *j, const struct pf_path *p, const char *text)
{
	if (p->ping_error)
		cf_say(j->out, CF_WARNING, "%s: no ping could be sent: %s; look at `ping -I %s %s`", text, strerror(p->ping_error), p->own, p->other);
	else if (p->answered == 0)
		cf_say(j->out, CF_ERROR, "%s: none of %u pings was answered: cable, switch, or a firewall there; look at `ip neigh show dev %s`", text,
		       p->sent, p->device);
	else if (p->answered < ANSWERS_MIN && p->answered < p->sent)
		cf_say(j->out, CF_WARNING, "%s: only %u of %u pings were answered; look at the cable and at `ip -s link show %s`", text, p->answered,
		       p->sent, p->device);
	return !p->ping_error && p->answered > 0;
}

static void check_quality(const struct pf_judge *j, const struct pf_path *p, const char *text)
{
	if (p->median_us > LATENCY_MAX_US)
		cf_say(j->out, CF_WARNING, "%s: an answer takes %u.%u ms (median), and each write in mode sync as long; more than 2 ms is slow for "
					   "most VMs: a shorter or less busy line",
		       text, p->median_us / 1000, p->median_us / 100 % 10);
	else
		cf_say(j->out, CF_OK, "%s: %u of %u pings answered, median %u.%02u ms", text, p->answered, p->sent, p->median_us / 1000,
		       p->median_us / 10 % 100);
	if (p->mtu > 0 && p->mtu_passed < p->mtu)
		cf_say(j->out, CF_WARNING, "%s: packets of %s's MTU of %d bytes don't get through whole, only %d; set the same MTU on both hosts and the "
					   "switch (`ip link set %s mtu %d`)",
		       text, p->device, p->mtu, p->mtu_passed, p->device, p->mtu_passed > 0 ? p->mtu_passed : 1500);
	else if (p->mtu > 0)
		cf_say(j->out, CF_OK, "%s: MTU of %d bytes gets through", text, p->mtu);
	if (p->speed_mbit > 0 && p->speed_mbit < SPEED_MIN_MBIT)
		cf_say(j->out, CF_WARNING, "%s: %s runs at %ld Mbit/s; all writes of VMs go over it: use 1 Gbit/s or more, and look at the cable (4 "
					   "pairs) and `ethtool %s`",
		       text, p->device, p->speed_mbit, p->device);
	if (p->via[0])
		cf_say(j->out, CF_WARNING, "%s: packets leave with the address %s of another network; give each ring a network of its own", text, p->via);
}

void pf_check_paths(const struct pf_judge *j)
{
	for (unsigned i = 0; i < j->host->paths; i++) {
		const struct pf_path *p = &j->host->path[i];
		char text[400];
		path_text(p, text);
		if (p->told == PF_LATE)
			cf_say(j->out, CF_ERROR, "%s: it could not be looked at in time", text);
		if (p->told != PF_TOLD || check_line(j, p, text))
			continue;
		bool answers = check_answers(j, p, text);
		if (answers)
			check_quality(j, p, text);
		if (answers && p->link == PF_NO)
			cf_say(j->out, CF_ERROR,
			       "%s: corosync does not get through, though pings do; open its port on both hosts: `firewall-cmd --permanent "
			       "--add-service=high-availability && firewall-cmd --reload`, or `nft insert rule inet filter input udp dport 5405-5412 accept`",
			       text);
		else if (p->link == PF_YES)
			cf_say(j->out, CF_OK, "%s: corosync gets through", text);
	}
}

/* ---- ports -------------------------------------------------------------------------------------------------------- */

/* The best that became of the unit's port on any ring. */
static enum pf_port best_port(const struct pf_host *h, unsigned unit)
{
	enum pf_port best = PF_PORT_UNASKED;
	for (unsigned i = 0; i < h->paths; i++) {
		enum pf_port got = h->path[i].told == PF_TOLD ? h->path[i].port[unit] : PF_PORT_UNASKED;
		if (got != PF_PORT_UNASKED && (best == PF_PORT_UNASKED || got < best))
			best = got;
	}
	return best;
}

static void check_port(const struct pf_judge *j, unsigned i, bool filtered)
{
	const struct vt_unitconf *u = &j->f->unit[i];
	if (j->host->cluster.link_up[i] == PF_YES) {
		cf_say(j->out, CF_OK, "port %u of unit %s: its data link is up", u->port, u->name);
		return;
	}
	switch (best_port(j->host, i)) {
	case PF_PORT_SILENT:
		cf_say(j->out, CF_ERROR,
		       "port %u of unit %s: packets to the other host's are dropped; open it on both hosts: `firewall-cmd --permanent "
		       "--add-port=%u/tcp && firewall-cmd --reload`, or `nft insert rule inet filter input tcp dport %u accept`",
		       u->port, u->name, u->port, u->port);
		break;
	case PF_PORT_OPEN:
		cf_say(j->out, CF_OK, "port %u of unit %s: open on the other host", u->port, u->name);
		break;
	case PF_PORT_REFUSED:
		if (!filtered)
			cf_say(j->out, CF_OK, "port %u of unit %s: nothing listens on the other host now, but nothing drops packets either", u->port,
			       u->name);
		break;
	case PF_PORT_UNASKED:
		break;
	}
}

void pf_check_ports(const struct pf_judge *j)
{
	const struct pf_system *s = &j->host->system;
	bool filtered = s->firewalld == PF_YES || s->nft_filters == PF_YES, doubt = false;
	char ports[300] = "", nft[300] = "";
	for (unsigned i = 0; i < pf_units(j->f); i++) {
		size_t len = strlen(ports), nft_len = strlen(nft);
		check_port(j, i, filtered);
		snprintf(ports + len, sizeof ports - len, " --add-port=%u/tcp", j->f->unit[i].port);
		snprintf(nft + nft_len, sizeof nft - nft_len, "%s%u", nft_len ? ", " : "", j->f->unit[i].port);
		doubt = doubt || j->host->cluster.link_up[i] != PF_YES;
	}
	if (!filtered || !doubt)
		return;
	if (s->firewalld == PF_YES)
		cf_say(j->out, CF_WARNING, "firewalld runs on this host; if it isn't done yet: `firewall-cmd --permanent --add-service=high-availability%s && "
					   "firewall-cmd --reload`",
		       ports);
	else
		cf_say(j->out, CF_WARNING,
		       "nftables on this host drops some of what comes in; if it isn't done yet: `nft insert rule inet filter input udp dport "
		       "5405-5412 accept`, `nft insert rule inet filter input tcp dport { 2224, 3121, 5403, %s } accept`, and in /etc/nftables.conf",
		       nft);
}
