// SPDX-License-Identifier: GPL-2.0-or-later
/* cluster.xml: <cluster><lans><lan name=""><node name="" addr=""/>...: the hosts and their networks. */
#include <errno.h>
#include <string.h>

#include "base/address.h"
#include "crm-config/safekit_int.h"

static bool is(const struct sk_elem *e, const char *name)
{
	return e && strcmp(e->name, name) == 0;
}

static bool is_lan(const struct sk_doc *doc, const struct sk_elem *e)
{
	return is(e, "lan") && is(sk_parent(doc, e), "lans");
}

static bool is_node(const struct sk_doc *doc, const struct sk_elem *e)
{
	return is(e, "node") && is_lan(doc, sk_parent(doc, e));
}

/* An address, no name. */
static bool is_number(const char *text)
{
	struct in6_addr out;
	return vt_address_parse(&out, NULL, text);
}

static int add_lan(struct sk_import *m, const struct sk_elem *e)
{
	struct sk_cluster *c = &m->cluster;
	const char *name = sk_value(m->doc, e, "name");
	if (!name[0])
		return sk_bad(m, e->line, "a lan without a name");
	for (unsigned i = 0; i < c->lans; i++)
		if (strcmp(c->lan[i].name, name) == 0)
			return sk_bad(m, e->line, "the lan '%.60s' is already in line %u", name, c->lan[i].elem->line);
	if (c->lans == SK_LANS_MAX)
		return sk_bad(m, e->line, "more than %d lans", SK_LANS_MAX);
	c->lan[c->lans++] = (struct sk_lan){.elem = e, .name = name, .ring = -1};
	return 0;
}

static int add_node(struct sk_import *m, const struct sk_elem *e)
{
	struct sk_cluster *c = &m->cluster;
	const char *name = sk_value(m->doc, e, "name"), *addr = sk_value(m->doc, e, "addr");
	if (!sk_host_ok(name))
		return sk_bad(m, e->line, "node name=\"%.60s\": not a host's name (letters, digits, '.', '-' and '_')", name);
	if (!sk_address_ok(addr))
		return sk_bad(m, e->line, "node %.60s: addr=\"%.60s\": not an address", name, addr);
	for (const struct sk_elem *o = sk_parent(m->doc, e) + 1; o < e; o++)
		if (is_node(m->doc, o) && o->parent == e->parent && strcmp(sk_value(m->doc, o, "name"), name) == 0)
			return sk_bad(m, e->line, "the node '%s' is already in line %u", name, o->line);
	for (unsigned i = 0; i < c->nodes; i++)
		if (strcmp(c->node[i], name) == 0)
			return 0;
	if (c->nodes == SK_NODES_MAX)
		return sk_bad(m, e->line, "more than %d nodes", SK_NODES_MAX);
	c->node[c->nodes++] = name;
	return 0;
}

static const char *names_of_nodes(const struct sk_cluster *c, char *out, size_t cap)
{
	size_t len = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < c->nodes && len < cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%s%s", i ? ", " : "", c->node[i]);
	return out;
}

static int hosts_of_option(struct sk_import *m)
{
	const char *text = m->want->hosts, *comma = strchr(text, ',');
	size_t first = comma ? (size_t)(comma - text) : strlen(text);
	if (!comma || first > VT_HOST_NAME_MAX || strlen(comma + 1) > VT_HOST_NAME_MAX)
		return vt_fail(m->fail, -EINVAL, "--hosts %.80s: two cluster node names with a comma between them, as host1,host2", text);
	snprintf(m->plan.host[0], sizeof m->plan.host[0], "%.*s", (int)first, text);
	snprintf(m->plan.host[1], sizeof m->plan.host[1], "%s", comma + 1);
	for (int i = 0; i < 2; i++)
		if (!sk_host_ok(m->plan.host[i]))
			return vt_fail(m->fail, -EINVAL, "--hosts %.80s: '%.80s' is not a host's name (letters, digits, '.', '-' and '_')",
				       text, m->plan.host[i]);
	if (strcmp(m->plan.host[0], m->plan.host[1]) == 0)
		return vt_fail(m->fail, -EINVAL, "--hosts %.80s: the two hosts must differ", text);
	m->plan.hosts_known = true;
	return 0;
}

static int hosts_of_cluster(struct sk_import *m)
{
	struct sk_cluster *c = &m->cluster;
	char names[256];
	if (c->nodes < 2)
		return vt_fail(m->fail, -EINVAL, "%s: a mirror needs two nodes, here are %u: <cluster><lans><lan name=\"...\"><node name=\"...\" addr=\"...\"/>...",
			       m->doc->path, c->nodes);
	for (int i = 0; m->plan.hosts_known && i < 2; i++) {
		unsigned k = 0;
		while (k < c->nodes && strcmp(c->node[k], m->plan.host[i]) != 0)
			k++;
		if (k == c->nodes)
			return vt_fail(m->fail, -EINVAL, "--hosts: '%.80s' is no node of %s (%s)", m->plan.host[i], m->doc->path,
				       names_of_nodes(c, names, sizeof names));
	}
	if (m->plan.hosts_known)
		return 0;
	if (c->nodes > 2)
		return vt_fail(m->fail, -EINVAL, "%s: %u nodes (%s); say by --hosts A,B which two the module is on", m->doc->path, c->nodes,
			       names_of_nodes(c, names, sizeof names));
	for (int i = 0; i < 2; i++)
		snprintf(m->plan.host[i], sizeof m->plan.host[i], "%s", c->node[i]);
	m->plan.hosts_known = true;
	return 0;
}

/* The hosts' addresses in each network. */
static int set_addresses(struct sk_import *m)
{
	for (unsigned i = 0; i < m->cluster.lans; i++) {
		struct sk_lan *lan = &m->cluster.lan[i];
		for (unsigned k = 0; k < m->doc->elems; k++) {
			const struct sk_elem *e = &m->doc->elem[k];
			if (!is_node(m->doc, e) || sk_parent(m->doc, e) != lan->elem)
				continue;
			for (int h = 0; h < 2; h++)
				if (strcmp(sk_value(m->doc, e, "name"), m->plan.host[h]) == 0)
					lan->addr[h] = sk_value(m->doc, e, "addr");
		}
		if (lan->addr[0] && lan->addr[1] && (strcmp(lan->addr[0], lan->addr[1]) == 0 || vt_address_same(lan->addr[0], lan->addr[1])))
			return sk_bad(m, lan->elem->line, "lan %.60s: both hosts have the address %.60s", lan->name, lan->addr[0]);
	}
	return 0;
}

int sk_cluster_take(struct sk_import *m)
{
	int rc = m->want->hosts ? hosts_of_option(m) : 0;
	if (rc < 0 || !m->cluster_doc)
		return rc;
	m->doc = m->cluster_doc;
	for (unsigned i = 0; i < m->doc->elems && rc == 0; i++) {
		const struct sk_elem *e = &m->doc->elem[i];
		if (is_lan(m->doc, e))
			rc = add_lan(m, e);
		else if (is_node(m->doc, e))
			rc = add_node(m, e);
	}
	if (rc == 0)
		rc = hosts_of_cluster(m);
	return rc == 0 ? set_addresses(m) : rc;
}

/* An empty name means the lan "default", or the first one if none is called so. */
struct sk_lan *sk_cluster_lan(struct sk_import *m, const struct sk_elem *e)
{
	struct sk_cluster *c = &m->cluster;
	const char *name = sk_value(m->module, e, "name");
	for (unsigned i = 0; i < c->lans; i++)
		if (strcmp(c->lan[i].name, name[0] ? name : "default") == 0)
			return &c->lan[i];
	return c->lans > 0 && !name[0] ? &c->lan[0] : NULL;
}

static bool is_heartbeat(const struct sk_doc *doc, const struct sk_elem *e)
{
	return (is(e, "heartbeat") && is(sk_parent(doc, e), "heart")) || (is(e, "flow") && is(sk_parent(doc, e), "rfs"));
}

static bool is_flow(const struct sk_doc *doc, const struct sk_elem *e)
{
	return is(e, "flow") || strcmp(sk_value(doc, e, "ident"), "flow") == 0;
}

const char *sk_not_a_ring(const struct sk_import *m, const struct sk_lan *lan)
{
	const struct sk_plan *p = &m->plan;
	if (!lan->addr[0] || !lan->addr[1])
		return "one of the hosts has no address in it";
	if (!is_number(lan->addr[0]) || !is_number(lan->addr[1]))
		return "its addresses are not in numbers, which a ring's are";
	for (unsigned i = 0; i < p->rings; i++)
		for (int h = 0; h < 4; h++)
			if (vt_address_same(lan->addr[h % 2], p->ring[i]->addr[h / 2]))
				return "it has an address of an earlier ring, and each ring is a network of its own";
	return p->rings == CF_RINGS_MAX ? "there are as many rings already as a cluster may have" : NULL;
}

static int number_lan(struct sk_import *m, const struct sk_elem *e)
{
	struct sk_plan *p = &m->plan;
	struct sk_lan *lan = sk_cluster_lan(m, e);
	m->doc = m->module;
	if (!lan)
		return sk_bad(m, e->line, "%s name=\"%.60s\": no lan of that name in %s", e->name, sk_value(m->module, e, "name"),
			      m->cluster_doc->path);
	lan->named = true;
	if (lan->ring >= 0 || sk_not_a_ring(m, lan))
		return 0;
	lan->ring = (int)p->rings;
	p->ring[p->rings++] = lan;
	return 0;
}

int sk_cluster_rings(struct sk_import *m)
{
	int rc = 0;
	for (int flow = 1; flow >= 0 && m->cluster_doc; flow--)
		for (unsigned i = 0; i < m->module->elems && rc == 0; i++) {
			const struct sk_elem *e = &m->module->elem[i];
			if (is_heartbeat(m->module, e) && is_flow(m->module, e) == (flow == 1))
				rc = number_lan(m, e);
		}
	return rc;
}

/* ---- the report ------------------------------------------------------------------------------------- */

static const struct sk_lan *lan_of(const struct sk_import *m, const struct sk_elem *e)
{
	for (unsigned i = 0; i < m->cluster.lans; i++)
		if (m->cluster.lan[i].elem == e)
			return &m->cluster.lan[i];
	return NULL;
}

/* A heartbeat goes through it, so it is wanted: in numbers it could be a ring. */
static void ask_for_numbers(struct sk_import *m, const struct sk_lan *lan)
{
	char line[32];
	unsigned number = m->plan.rings + m->plan.rings_asked;
	if (!lan->named || number >= CF_RINGS_MAX || (is_number(lan->addr[0]) && is_number(lan->addr[1])))
		return;
	snprintf(line, sizeof line, "ring%u = 192.0.2.1 192.0.2.2", number);
	sk_todo(m, line, "the addresses of %.64s and %.64s in SafeKit's lan '%.60s', in numbers, in the order of hosts, as the next ring: cluster.xml had '%.60s' and '%.60s'",
		m->plan.host[0], m->plan.host[1], lan->name, lan->addr[0], lan->addr[1]);
	m->plan.rings_asked++;
}

static void report_lan(struct sk_import *m, const struct sk_elem *e)
{
	const struct sk_lan *lan = lan_of(m, e);
	const struct sk_attr *name = sk_attr(m->doc, e, "name");
	if (!lan || !name)
		return;
	if (lan->ring >= 0)
		sk_say_attr(m, SK_TAKEN, e, name, " as ring%d", lan->ring);
	else if (!lan->addr[0] || !lan->addr[1])
		sk_say_attr(m, SK_LEFT, e, name, ": do write a ring of your own instead: %s has no address in it",
			    m->plan.host[lan->addr[0] ? 1 : 0]);
	else if (sk_not_a_ring(m, lan)) {
		sk_say_attr(m, SK_LEFT, e, name, ": do write a ring of your own instead, if the cluster may use another one: %s", sk_not_a_ring(m, lan));
		ask_for_numbers(m, lan);
	} else
		sk_say_attr(m, SK_LEFT, e, name, ": do add ring%u = %s %s instead, if the cluster may use it: no heartbeat of the module names it",
			    m->plan.rings, lan->addr[0], lan->addr[1]);
}

static void report_node(struct sk_import *m, const struct sk_elem *e)
{
	const struct sk_lan *lan = lan_of(m, sk_parent(m->doc, e));
	const char *name = sk_value(m->doc, e, "name"), *addr = sk_value(m->doc, e, "addr");
	bool ours = strcmp(name, m->plan.host[0]) == 0 || strcmp(name, m->plan.host[1]) == 0;
	if (!ours)
		sk_say(m, SK_LEFT, e->line, "node name=\"%s\" addr=\"%s\": do nothing instead: it is none of the two hosts", name, addr);
	else if (lan && lan->ring >= 0)
		sk_say(m, SK_TAKEN, e->line, "node name=\"%s\" addr=\"%s\" as one of hosts, and of ring%d", name, addr, lan->ring);
	else
		sk_say(m, SK_CHANGED, e->line, "node name=\"%s\" addr=\"%s\" is one of hosts only, because the lan is no ring", name, addr);
}

static bool told_already(const struct sk_doc *doc, const struct sk_elem *e, const char *attr)
{
	return (is_lan(doc, e) && strcmp(attr, "name") == 0) ||
	       (is_node(doc, e) && (strcmp(attr, "name") == 0 || strcmp(attr, "addr") == 0));
}

static void report_others(struct sk_import *m, const struct sk_elem *e)
{
	bool known = e->parent < 0 || is_lan(m->doc, e) || is_node(m->doc, e) ||
		     (is(e, "lans") && is(sk_parent(m->doc, e), "cluster"));
	char tag[200];
	if (is(e, "macro"))
		sk_say(m, SK_TAKEN, e->line, "%s as its value where its name stands", sk_tag(m->doc, e, tag, sizeof tag));
	else if (!known)
		sk_say(m, SK_LEFT, e->line, "%s: do look up what it is for instead: this program doesn't know it", sk_tag(m->doc, e, tag, sizeof tag));
	else if (e->attrs == 0)
		sk_say(m, SK_TAKEN, e->line, "<%s> as what is in it", e->name);
	for (unsigned i = 0; known && i < e->attrs; i++) {
		const struct sk_attr *a = &m->doc->attr[e->first + i];
		if (!told_already(m->doc, e, a->name))
			sk_say_attr(m, SK_LEFT, e, a,
				    ": do nothing instead: it is about SafeKit's own console and cluster service; corosync has its own settings");
	}
}

void sk_cluster_report(struct sk_import *m)
{
	if (!m->cluster_doc)
		return;
	m->doc = m->cluster_doc;
	for (unsigned i = 0; i < m->doc->elems; i++) {
		const struct sk_elem *e = &m->doc->elem[i];
		if (is_lan(m->doc, e))
			report_lan(m, e);
		else if (is_node(m->doc, e))
			report_node(m, e);
		report_others(m, e);
	}
}
