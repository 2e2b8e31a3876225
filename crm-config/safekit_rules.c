// SPDX-License-Identifier: GPL-2.0-or-later
/* The elements and attributes of userconfig.xml, and what becomes of each: two tables, and the walk along the file. */
#include <string.h>

#include "crm-config/safekit_int.h"

/* An element. Told as a whole, with all that is in it, if `instead` is there. */
struct elem_rule {
	const char *parent, *name;
	const char *instead; /* "do ... instead" */
	const char *main;    /* the attribute that matters most: its rule is asked also where it is missing */
};

static const struct elem_rule elem_rules[] = {
    {"", "safe", NULL, NULL},
    {"safe", "macro", NULL, "name"},
    {"service", "macro", NULL, "name"},
    {"safe", "service", NULL, "mode"},
    {"service", "heart", NULL, NULL},
    {"heart", "heartbeat", NULL, "name"},
    {"heartbeat", "server", "do give cluster.xml, or write ringN = ADDRESS ADDRESS in the order of hosts, instead: which host has this address isn't told here", NULL},
    {"service", "rfs", NULL, NULL},
    {"rfs", "replicated", NULL, "dir"},
    {"rfs", "flow", NULL, "name"},
    {"flow", "server", "do give cluster.xml, or write ring0 = ADDRESS ADDRESS in the order of hosts, instead: which host has this address isn't told here", NULL},
    {"replicated", "notreplicated", "do move it out of the directory instead: vmtwin mirrors everything in there", NULL},
    {"replicated", "tocheck", "do nothing instead: QEMU does not start where a disk image is missing, and the cluster tries the other host", NULL},
    {"service", "user", NULL, NULL},
    {"user", "var", NULL, "name"},
    {"service", "check", NULL, NULL},
    {"check", "splitbrain", NULL, "arg"},
    {"check", "ping", NULL, NULL},
    {"ping", "to", NULL, "addr"},
    {"check", "custom", "do nothing instead if it looks whether the VM runs (ocf:vmtwin:vm does); else make the script an OCF agent and add it by `pcs resource create`, colocated with the VM", NULL},
    {"check", "tcp", "do watch the service inside the VM instead, or make an OCF agent whose monitor asks the port, colocated with the VM", NULL},
    {"check", "intf", "do add ocf:heartbeat:ethmonitor and a location rule on its attribute instead", NULL},
    {"check", "ip", "do nothing instead for an address of the VM; an address of the host is ocf:heartbeat:IPaddr2's, which monitors it", NULL},
    {"check", "module", "do state it by `pcs constraint order` or `pcs constraint colocation` between the two resources instead", NULL},
    {"service", "errd", "do watch the processes inside the VM instead (its own service manager, or a virtual watchdog <watchdog model='i6300esb' action='reset'/>); a process of the host is a systemd: resource of the cluster", NULL},
    {"service", "failover", "do write constraints instead: a rule that waits or stops is a location rule (`pcs constraint location`), a rule that restarts is migration-threshold", NULL},
    {"service", "vip", "do nothing instead: the VM brings its own address with it; an address of the host is ocf:heartbeat:IPaddr2's", NULL},
    {"service", "vhost", "do nothing instead: the VM has a host name of its own wherever it runs", NULL},
    {"service", "farm", "do nothing instead: a VM runs on one host at a time, there is no load balancing", NULL},
};

/* An attribute: what takes it, or what to do instead, or the attribute with which it is told (the element's main one). */
struct attr_rule {
	const char *elem, *name;
	sk_take *take;
	const char *instead;
	const char *with;
};

#define CONSOLE "nothing instead: it is for SafeKit's own console"
#define NO_SCRIPTS "nothing instead: there are no scripts; what the agents do is in the cluster's log (journalctl -u pacemaker) and in `vmtwin log`"
#define PACES "nothing instead: a resynchronisation sends only what differs, and has no such setting"
#define NFS "nothing instead: the files are intercepted in another way, without NFS"

static const struct attr_rule attr_rules[] = {
    {"macro", "name", sk_take_macro, NULL, NULL},
    {"macro", "value", NULL, NULL, "name"},
    {"service", "mode", sk_take_mode, NULL, NULL},
    {"service", "defaultprim", sk_take_defaultprim, NULL, NULL},
    {"service", "maxloop", sk_take_maxloop, NULL, NULL},
    {"service", "loop_interval", sk_take_loop_interval, NULL, NULL},
    {"service", "failover", sk_take_failover, NULL, NULL},
    {"service", "boot", sk_take_boot, NULL, NULL},
    {"service", "automatic_reboot", NULL, "configure fencing instead (fence.HOST or witness in the unit's file): it resets a host that fails", NULL},
    {"heart", "timeout", sk_take_timeout, NULL, NULL},
    {"heart", "pulse", NULL, "nothing instead: corosync derives how often it sends from token_ms", NULL},
    {"heart", "port", NULL, "nothing instead: corosync has its own ports (5405 upwards, UDP); open these in the firewall", NULL},
    {"heart", "permanent_arp", NULL, "nothing instead: corosync needs no entries in the ARP table", NULL},
    {"heartbeat", "name", sk_take_heartbeat, NULL, NULL},
    {"heartbeat", "ident", sk_take_ident, NULL, NULL},
    {"heartbeat", "timeout", sk_take_timeout, NULL, NULL},
    {"heartbeat", "pulse", NULL, "nothing instead: corosync derives how often it sends from token_ms", NULL},
    {"heartbeat", "port", NULL, "nothing instead: corosync has its own ports (5405 upwards, UDP); open these in the firewall", NULL},
    {"heartbeat", "permanent_arp", NULL, "nothing instead: corosync needs no entries in the ARP table", NULL},
    {"flow", "name", sk_take_heartbeat, NULL, NULL},
    {"rfs", "async", sk_take_async, NULL, NULL},
    {"rfs", "locktimeout", sk_take_locktimeout, NULL, NULL},
    {"rfs", "sendtimeout", sk_take_sendtimeout, NULL, NULL},
    {"rfs", "mountover", NULL, "nothing instead: the real files are in the unit's store, and the directory is mounted over an empty one", NULL},
    {"rfs", "mountoversuffix", NULL, "set store in the unit's file instead, if the real files are to be elsewhere than in .vmtwin/UNIT beside the directory", NULL},
    {"rfs", "nbrei", NULL, PACES, NULL},
    {"rfs", "reiallowedbw", NULL, "limit the port's traffic by tc(8) instead, if the network is shared: a resynchronisation has no limit of its own", NULL},
    {"rfs", "nbremconn", NULL, "nothing instead: a unit has one data link", NULL},
    {"rfs", "syncdelta", NULL, "decide by hand instead when the host with the newest data is lost: `vmtwin explain UNIT` tells what would be missing, `vmtwin force-primary UNIT` starts the VM all the same; stale data is never taken by itself", NULL},
    {"rfs", "syncat", NULL, "nothing instead: every write is mirrored at once, and a host that comes back is resynchronised at once", NULL},
    {"rfs", "acl", NULL, "nothing instead: owners, modes and extended attributes are mirrored in any case", NULL},
    {"rfs", "packetsize", NULL, "nothing instead: the data link has no such setting", NULL},
    {"rfs", "reipacketsize", NULL, PACES, NULL},
    {"rfs", "ruzone_blocksize", NULL, "nothing instead: which parts differ is recorded in blocks of a fixed size", NULL},
    {"rfs", "namespacepolicy", NULL, NFS, NULL},
    {"rfs", "reitimeout", NULL, PACES, NULL},
    {"rfs", "reicommit", NULL, PACES, NULL},
    {"rfs", "reidetail", NULL, "look at `vmtwin status` and `vmtwin log` instead: they show how a resynchronisation goes", NULL},
    {"rfs", "checktime", NULL, NFS, NULL},
    {"rfs", "checkintv", NULL, NFS, NULL},
    {"rfs", "scripts", NULL, NO_SCRIPTS, NULL},
    {"replicated", "dir", sk_take_replicated, NULL, NULL},
    {"replicated", "mode", NULL, NULL, "dir"},
    {"user", "nicestoptimeout", NULL, "set stop_tries and stop_interval in the unit's file instead, and the stop timeout of the VM's resource", NULL},
    {"user", "forcestoptimeout", NULL, "set the stop timeout of the VM's resource instead", NULL},
    {"user", "logging", NULL, NO_SCRIPTS, NULL},
    {"user", "userlogsize", NULL, NO_SCRIPTS, NULL},
    {"var", "name", sk_take_var, NULL, NULL},
    {"var", "value", NULL, NULL, "name"},
    {"splitbrain", "arg", sk_take_witness, NULL, NULL},
    {"splitbrain", "exec", NULL, NULL, "arg"},
    {"splitbrain", "ident", NULL, CONSOLE, NULL},
    {"splitbrain", "when", NULL, "nothing instead: witnesses are asked all the time, and count when the hosts don't hear each other", NULL},
    {"ping", "ident", NULL, CONSOLE, NULL},
    {"ping", "when", NULL, "nothing instead: the cluster asks all the time on both hosts", NULL},
    {"ping", "action", NULL, "nothing instead: where no address of require_ping answers the VM does not run", NULL},
    {"to", "addr", sk_take_ping, NULL, NULL},
    {"to", "interval", NULL, "set the monitor interval of the ocf:pacemaker:ping resource instead", NULL},
    {"to", "timeout", NULL, "set timeout and dampen of the ocf:pacemaker:ping resource instead", NULL},
};

static const struct elem_rule *rule_of(const struct sk_import *m, const struct sk_elem *e)
{
	const struct sk_elem *in = sk_parent(m->doc, e);
	for (size_t i = 0; i < sizeof elem_rules / sizeof elem_rules[0]; i++)
		if (strcmp(elem_rules[i].name, e->name) == 0 && strcmp(elem_rules[i].parent, in ? in->name : "") == 0)
			return &elem_rules[i];
	return NULL;
}

static const struct attr_rule *rule_for(const struct sk_elem *e, const char *name)
{
	for (size_t i = 0; i < sizeof attr_rules / sizeof attr_rules[0]; i++)
		if (strcmp(attr_rules[i].elem, e->name) == 0 && strcmp(attr_rules[i].name, name) == 0)
			return &attr_rules[i];
	return NULL;
}

/* The outermost element around e that is told as a whole, NULL: none. */
static const struct sk_elem *told_with(const struct sk_import *m, const struct sk_elem *e)
{
	const struct sk_elem *found = NULL;
	for (const struct sk_elem *in = sk_parent(m->doc, e); in; in = sk_parent(m->doc, in)) {
		const struct elem_rule *rule = rule_of(m, in);
		if (!rule || rule->instead)
			found = in;
	}
	return found;
}

static int apply_attr(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	const struct attr_rule *rule = rule_for(e, a->name);
	if (!rule) {
		sk_say_attr(m, SK_LEFT, e, a, ": do look up what it is for instead: this program doesn't know the attribute");
		return 0;
	}
	if (rule->take)
		return rule->take(m, e, a);
	if (rule->instead)
		sk_say_attr(m, SK_LEFT, e, a, ": do %s", rule->instead);
	return 0;
}

static int apply_known(struct sk_import *m, const struct sk_elem *e, const struct elem_rule *rule)
{
	int rc = 0;
	if (rule->main && !sk_attr(m->doc, e, rule->main))
		rc = rule_for(e, rule->main)->take(m, e, NULL);
	else if (e->attrs == 0)
		sk_say(m, SK_TAKEN, e->line, "<%s> as what is in it", e->name);
	for (unsigned i = 0; i < e->attrs && rc == 0; i++)
		rc = apply_attr(m, e, &m->doc->attr[e->first + i]);
	if (rc == 0 && e->text)
		sk_say(m, SK_LEFT, e->line, "the text in <%s>: do nothing instead: no text belongs there", e->name);
	return rc;
}

static int apply(struct sk_import *m, const struct sk_elem *e)
{
	const struct sk_elem *whole = told_with(m, e);
	const struct elem_rule *rule = rule_of(m, e);
	char tag[240];
	if (!whole && rule && !rule->instead)
		return apply_known(m, e, rule);
	sk_tag(m->doc, e, tag, sizeof tag);
	if (whole)
		sk_say(m, SK_LEFT, e->line, "%s: do what line %u says of <%s> instead", tag, whole->line, whole->name);
	else if (rule)
		sk_say(m, SK_LEFT, e->line, "%s: %s", tag, rule->instead);
	else
		sk_say(m, SK_LEFT, e->line, "%s: do look up what it is for instead: this program doesn't know the element here", tag);
	return 0;
}

int sk_rules_apply(struct sk_import *m)
{
	int rc = 0;
	m->doc = m->module;
	for (unsigned i = 0; i < m->doc->elems && rc == 0; i++)
		rc = apply(m, &m->doc->elem[i]);
	return rc;
}
