// SPDX-License-Identifier: GPL-2.0-or-later
/* Corosync's times, votes, quorum device; witnesses. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "crm-config/check_int.h"

#define TOKEN_SHORT_MS 1000
#define TOKEN_LONG_MS 10000

static void check_totem(const struct cf_corosync *c, struct cf_findings *out)
{
	char token[CF_SECONDS_TEXT], consensus[CF_SECONDS_TEXT], need[CF_SECONDS_TEXT], how[96] = "";
	uint64_t need_ms = (uint64_t)c->real_token_ms * 6 / 5;
	cf_seconds(c->real_token_ms, token);
	cf_seconds(c->consensus_ms, consensus);
	cf_seconds(need_ms, need);
	if (c->node_count > 2) {
		char base[CF_SECONDS_TEXT], more[CF_SECONDS_TEXT];
		snprintf(how, sizeof how, "%s + %u x token_coefficient %s = ", cf_seconds(c->token_ms, base), c->node_count - 2,
			 cf_seconds(c->token_coefficient_ms, more));
	}
	if (c->real_token_ms < TOKEN_SHORT_MS)
		cf_say(out, CF_WARNING, "token = %s%s s < 1 s: a busy host or switch is taken for a dead one; set totem.token: 3000",
		       how, token);
	else if (c->real_token_ms > TOKEN_LONG_MS)
		cf_say(out, CF_WARNING,
		       "token = %s%s s > 10 s: a dead host is noticed that late, and every wait grows by token and consensus %s; set "
		       "totem.token: 3000",
		       how, token, consensus);
	else
		cf_say(out, CF_OK, "token = %s%s s, from 1 to 10 s", how, token);
	if (c->consensus_ms < need_ms)
		cf_say(out, CF_ERROR,
		       "consensus = %s s < 1.2 x token %s = %s s, the least that corosync.conf(5) allows: memberships may not be "
		       "agreed on; remove totem.consensus, or set it to %llu",
		       consensus, token, need, (unsigned long long)need_ms);
	else
		cf_say(out, CF_OK, "consensus = %s s >= 1.2 x token %s = %s s", consensus, token, need);
}

/* A node that is quorate without the other's vote, where it should not. */
static void check_votes(const struct cf_corosync *c, struct cf_findings *out)
{
	uint32_t expected = c->expected_votes + (c->device ? c->device_votes : 0);
	if (strcmp(c->provider, "corosync_votequorum") != 0) {
		cf_say(out, CF_ERROR,
		       "quorum.provider is '%s': without corosync_votequorum every part of a split goes on; set provider: "
		       "corosync_votequorum",
		       c->provider);
		return;
	}
	if (c->node_count < 2) {
		cf_say(out, CF_ERROR,
		       "corosync.conf names %u nodes in its nodelist: quorum of two hosts can't be told from that; name both there",
		       c->node_count);
		return;
	}
	if (c->two_node && c->node_count <= 2)
		return;
	for (unsigned i = 0; i < c->node_count; i++) {
		const struct cf_node *n = &c->node[i];
		if (cf_corosync_alone(c, n))
			cf_say(out, CF_ERROR,
			       "votes of %s = %u >= quorum, expected_votes %u / 2 + 1 = %u: it is quorate alone, as in two_node, but "
			       "without being called so; set quorum_votes: 1 and remove expected_votes",
			       n->name[0] ? n->name : n->addr[0], n->votes, expected, expected / 2 + 1);
	}
	if (c->node_count == 2 && !c->device && !c->auto_tie_breaker && !cf_corosync_alone(c, &c->node[0]))
		cf_say(out, CF_WARNING,
		       "quorum = expected_votes %u / 2 + 1 = %u, and no vote beside the two hosts': when one dies the other stops too; "
		       "add a quorum device, or two_node: 1 with fencing",
		       expected, expected / 2 + 1);
}

static void check_two_node(const struct cf_corosync *c, struct cf_findings *out)
{
	if (!c->two_node)
		return;
	if (!c->wait_for_all)
		cf_say(out, CF_WARNING,
		       "wait_for_all = 0 with two_node = 1: a host that boots while it is cut off is quorate at once and fences the "
		       "other, which does the same when it is back; remove wait_for_all: 0");
	if (c->device)
		cf_say(out, CF_ERROR,
		       "two_node = 1 together with a quorum device: corosync refuses that, or each host stays quorate alone (quorum 1) "
		       "whatever the device says; remove two_node");
}

/* A name or an address. */
static bool is_local(const char *host)
{
	const char *fault = vt_address_fault(host);
	return strcasecmp(host, "localhost") == 0 || (fault && strstr(fault, "itself"));
}

static const struct cf_node *node_at(const struct cf_corosync *c, const char *host)
{
	for (unsigned i = 0; i < c->node_count; i++) {
		if (host[0] && strcasecmp(c->node[i].name, host) == 0)
			return &c->node[i];
		for (unsigned k = 0; k < CF_LINKS_MAX; k++)
			if (vt_address_same(c->node[i].addr[k], host))
				return &c->node[i];
	}
	return NULL;
}

static void check_device_host(const struct cf_corosync *c, struct cf_findings *out)
{
	const struct cf_node *n = node_at(c, c->device_host);
	if (!c->device_host[0])
		cf_say(out, CF_ERROR, "quorum.device.net.host is not set: the device has no server and never a vote; set it");
	else if (n || is_local(c->device_host))
		cf_say(out, CF_ERROR,
		       "quorum.device.net.host = %s is %s itself: its vote goes down with that host; run qnetd on a third machine",
		       c->device_host, n ? (n->name[0] ? n->name : n->addr[0]) : "this host");
}

static void check_algorithm(const struct cf_corosync *c, struct cf_findings *out)
{
	if (strcmp(c->algorithm, "ffsplit") == 0) {
		for (unsigned i = 0; i < c->node_count; i++)
			if (c->node[i].votes != 1)
				cf_say(out, CF_ERROR,
				       "quorum_votes of %s = %u: ffsplit wants 1 vote a node (corosync-qdevice(8)); remove it",
				       c->node[i].name, c->node[i].votes);
		if (c->device_votes > 1)
			cf_say(out, CF_ERROR,
			       "quorum.device.votes = %u%s: ffsplit wants 1 (corosync-qdevice(8)); set quorum.device.votes: 1",
			       c->device_votes, c->device_votes_set ? "" : " (one less than the nodes')");
		return;
	}
	cf_say(out, CF_ERROR,
	       "quorum.device.net.algorithm = %s: it answers each host by what that host sees, and doesn't first take the vote from "
	       "one side before it gives it to the other, as ffsplit does: both hosts of a split may have 1 + 1 = 2 votes of 3 for a "
	       "time; set algorithm: ffsplit",
	       c->algorithm);
}

static void check_device(const struct cf_corosync *c, struct cf_findings *out)
{
	char timeout[CF_SECONDS_TEXT], sync[CF_SECONDS_TEXT];
	if (!c->device)
		return;
	if (strcmp(c->device_model, "net") != 0)
		cf_say(out, CF_ERROR, "quorum.device.model is '%s': only net is known; set model: net", c->device_model);
	check_algorithm(c, out);
	check_device_host(c, out);
	if (c->device_votes == 0)
		cf_say(out, CF_ERROR, "quorum.device.votes = 0: the device decides nothing; set quorum.device.votes: 1");
	if (c->last_man_standing || c->auto_tie_breaker)
		cf_say(out, CF_ERROR,
		       "%s = 1 together with a quorum device: votequorum(5) then disables the device; remove it",
		       c->last_man_standing ? "last_man_standing" : "auto_tie_breaker");
	cf_seconds(c->device_timeout_ms, timeout);
	cf_seconds(c->device_sync_ms, sync);
	if (c->device_timeout_ms > c->device_sync_ms)
		cf_say(out, CF_ERROR,
		       "quorum.device.timeout = %s s > sync_timeout = %s s: while a membership forms corosync gives up the device before "
		       "qnetd can have noticed (1.2 x timeout) that the other host is gone, and the side that should go on stops; "
		       "remove both (10 and 30 s)",
		       timeout, sync);
	else
		cf_say(out, CF_OK, "quorum.device.timeout = %s s <= sync_timeout = %s s, algorithm %s, %u vote", timeout, sync,
		       c->algorithm, c->device_votes);
}

static const char *name_of(const struct cf_node *n)
{
	return n->name[0] ? n->name : n->addr[0];
}

/* Whose address it is as well, of what comes before ring k of node n; NULL: nobody's. */
static const struct cf_node *other_of(const struct cf_corosync *c, unsigned n, unsigned k, unsigned *ring)
{
	for (unsigned i = 0; i <= n; i++)
		for (unsigned r = 0; r < CF_LINKS_MAX && (i < n || r < k); r++)
			if (vt_address_same(c->node[i].addr[r], c->node[n].addr[k])) {
				*ring = r;
				return &c->node[i];
			}
	return NULL;
}

/* Each is a host's, in one network, and can be reached from the other one. */
static void check_addresses(const struct cf_corosync *c, struct cf_findings *out)
{
	for (unsigned n = 0; n < c->node_count; n++)
		for (unsigned k = 0; k < CF_LINKS_MAX; k++) {
			const struct cf_node *node = &c->node[n];
			const char *fault = vt_address_fault(node->addr[k]);
			unsigned ring = 0;
			const struct cf_node *other = other_of(c, n, k, &ring);
			if (fault)
				cf_say(out, CF_ERROR, "ring%u_addr of %s: %s %s: the other host can't reach it there; set the interface's address", k, name_of(node),
				       node->addr[k], fault);
			if (other)
				cf_say(out, CF_ERROR, "ring%u_addr of %s: %s is ring%u_addr of %s too, %s: each is another interface; correct one of them", k, name_of(node),
				       node->addr[k], ring, name_of(other), other->addr[ring]);
		}
}

void cf_check_quorum(const struct cf_facts *f, struct cf_findings *out)
{
	check_addresses(f->corosync, out);
	check_totem(f->corosync, out);
	check_votes(f->corosync, out);
	check_two_node(f->corosync, out);
	check_device(f->corosync, out);
}

void cf_check_witness(const struct cf_facts *f, struct cf_findings *out)
{
	const struct vt_witness_conf *w = &f->host->witness;
	for (unsigned i = 0; i < w->count; i++)
		for (unsigned n = 0; n < f->corosync->node_count; n++)
			for (unsigned k = 0; k < CF_LINKS_MAX; k++) {
				const struct cf_node *node = &f->corosync->node[n];
				if (node->addr[k][0] && vt_witness_has_text(&w->witness[i], node->addr[k]))
					cf_say(out, CF_ERROR,
					       "witness %s is ring%u_addr of %s: it answers its own host whatever is cut, so both sides "
					       "of a split go on; take an address that is neither host's",
					       w->witness[i].text, k, node->name[0] ? node->name : node->addr[0]);
			}
	if (w->count > 1 && !w->all && cf_corosync_both_quorate(f->corosync))
		cf_say(out, CF_WARNING,
		       "witness_need = any of %u witnesses: in a split each side may reach another one, and both go on; set "
		       "witness_need = all, or name one witness",
		       w->count);
	if (w->count == 1 && cf_corosync_both_quorate(f->corosync) && cf_uses_vmtwin(f))
		cf_say(out, CF_OK,
		       "witness %s: 1 of 1 must answer; if both hosts reach it but not each other, both go on, and a fork is to be "
		       "settled (a quorum device prevents that)",
		       w->witness[0].text);
	if (w->count > 1 && w->all)
		cf_say(out, CF_OK, "witness_need = all of %u: if any of them is down, no host can go on without the other", w->count);
}
