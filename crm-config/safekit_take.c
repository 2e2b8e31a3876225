// SPDX-License-Identifier: GPL-2.0-or-later
/* The attributes that become keys of the unit's file: <service>, <heart>, <rfs>. What is assumed where SafeKit's releases differ: docs/IMPORT.md. */
#include <string.h>
#include <strings.h>

#include "crm-config/safekit_int.h"

#define HOUR_MS 3600000u
#define SECOND_MS 1000u
#define COUNT_DIGITS_MAX 6

static bool is_on(const char *value)
{
	return strcasecmp(value, "on") == 0 || strcasecmp(value, "true") == 0 || strcasecmp(value, "yes") == 0;
}

static bool is_off(const char *value)
{
	return strcasecmp(value, "off") == 0 || strcasecmp(value, "false") == 0 || strcasecmp(value, "no") == 0;
}

static int bad_value(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a, const char *what)
{
	return sk_bad(m, a->line, "%s %s=\"%.80s\": %s", e->name, a->name, a->value, what);
}

static int bad_time(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	return bad_value(m, e, a, "not a time: a whole number, with ms, s, min, h or d behind it, at most ten years");
}

int sk_take_macro(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	const char *value = a ? sk_shown(m->doc, a->value, sk_value(m->doc, e, "value")) : "";
	if (a && m->plan.name_of_macro && strcmp(a->value, "VM_NAME") == 0)
		sk_say_name(m, e);
	else if (a && strncmp(a->value, "VM_", 3) != 0 && !sk_macro_used(m->doc, a->value))
		sk_say(m, SK_LEFT, e->line, "macro name=\"%s\" value=\"%.200s\": do nothing instead: nothing refers to it", a->value, value);
	else if (a)
		sk_say(m, SK_TAKEN, e->line, "macro name=\"%s\" value=\"%.200s\" as its value, where %%%s%% stands", a->value,
		       value, a->value);
	return 0;
}

/* ---- <service> ---------------------------------------------------------------------------------------- */

int sk_take_mode(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	if (!a)
		return sk_bad(m, e->line, "service has no mode; only a mirror module can become a unit: <service mode=\"mirror\" ...>");
	if (strcmp(a->value, "mirror") != 0)
		return bad_value(m, e, a, "only a mirror module can become a unit: a farm's hosts all run the application, and a light module replicates nothing");
	sk_say_attr(m, SK_TAKEN, e, a, " as a unit of two hosts");
	return 0;
}

static int prefer_host(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	struct sk_plan *p = &m->plan;
	if (!sk_host_ok(a->value))
		return bad_value(m, e, a, "neither alone nor lastprim nor a node's name");
	if (p->hosts_known && strcmp(a->value, p->host[0]) != 0 && strcmp(a->value, p->host[1]) != 0) {
		sk_say_attr(m, SK_LEFT, e, a, ": do complete prefer in the unit's file instead: it is neither %s nor %s", p->host[0], p->host[1]);
		sk_todo(m, "prefer = none", "the host on which the VM shall run when both can (%s or %s); SafeKit's defaultprim was %.80s, which is neither",
			p->host[0], p->host[1], a->value);
		return 0;
	}
	snprintf(p->prefer, sizeof p->prefer, "%s", a->value);
	sk_say_attr(m, SK_TAKEN, e, a, " as prefer = %s: the VM goes back there once the data is the same", p->prefer);
	return 0;
}

int sk_take_defaultprim(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	if (strcmp(a->value, "alone") != 0 && strcmp(a->value, "lastprim") != 0)
		return prefer_host(m, e, a);
	snprintf(m->plan.prefer, sizeof m->plan.prefer, "none");
	if (a->value[0] == 'a')
		sk_say_attr(m, SK_TAKEN, e, a, " as prefer = none: the VM stays where it runs");
	else
		sk_say_attr(m, SK_CHANGED, e, a, " to prefer = none, because the host with the newest data is always the one that is started, whichever was primary");
	return 0;
}

int sk_take_maxloop(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	const char *text = a->value + strspn(a->value, " ");
	size_t digits = strspn(text, "0123456789");
	unsigned long n = 0;
	if (digits == 0 || digits > COUNT_DIGITS_MAX || text[digits + strspn(text + digits, " ")])
		return bad_value(m, e, a, "not a whole number of at most six digits");
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + (unsigned long)(text[i] - '0');
	m->plan.restarts = n < 1 ? 1 : n > SK_RESTARTS_HIGH ? SK_RESTARTS_HIGH : (unsigned)n;
	if (n == m->plan.restarts)
		sk_say_attr(m, SK_TAKEN, e, a, " as restarts = %u; after these the VM is started on the other host, not left stopped", m->plan.restarts);
	else
		sk_say_attr(m, SK_CHANGED, e, a, " to restarts = %u, because it is 1 to %d", m->plan.restarts, SK_RESTARTS_HIGH);
	return 0;
}

/* The next one that a unit's file can say. */
static uint64_t window_of(uint64_t ms)
{
	uint64_t hours = (ms + HOUR_MS - 1) / HOUR_MS;
	if (ms < SK_WINDOW_LOW_MS)
		return SK_WINDOW_LOW_MS;
	if (hours <= 24)
		return (ms + SECOND_MS - 1) / SECOND_MS * SECOND_MS;
	return (hours < SK_WINDOW_HIGH_H ? hours : SK_WINDOW_HIGH_H) * HOUR_MS;
}

/* A bare number: hours. Releases that have units write them. */
int sk_take_loop_interval(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	char text[32];
	uint64_t ms = 0;
	if (!sk_time_parse(a->value, HOUR_MS, &ms))
		return bad_time(m, e, a);
	if (ms == 0) {
		sk_say_attr(m, SK_CHANGED, e, a, " to restart_window's default, 24h, because restarts are not counted in no time");
		return 0;
	}
	m->plan.window_ms = window_of(ms);
	sk_time_text(m->plan.window_ms, text, sizeof text);
	if (m->plan.window_ms == ms)
		sk_say_attr(m, SK_TAKEN, e, a, " as restart_window = %s", text);
	else
		sk_say_attr(m, SK_CHANGED, e, a, " to restart_window = %s, because it is 1min to %uh, and whole hours if longer than a day", text, SK_WINDOW_HIGH_H);
	return 0;
}

int sk_take_failover(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	if (!is_on(a->value) && !is_off(a->value))
		return bad_value(m, e, a, "neither on nor off");
	m->plan.manual = is_off(a->value);
	sk_say_attr(m, SK_TAKEN, e, a, " as failover = %s", m->plan.manual ? "manual" : "auto");
	return 0;
}

int sk_take_boot(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	if (is_on(a->value))
		sk_say_attr(m, SK_LEFT, e, a, ": do `systemctl enable vmtwind` and `pcs cluster enable --all` instead: units start with the cluster");
	else if (is_off(a->value))
		sk_say_attr(m, SK_LEFT, e, a, ": do `pcs cluster disable --all` instead, or `pcs resource disable` for this VM alone");
	else if (strcmp(a->value, "auto") == 0 || strcmp(a->value, "ignore") == 0)
		sk_say_attr(m, SK_LEFT, e, a, ": do `pcs cluster enable --all` instead if the cluster shall start with the hosts; it then starts what ran");
	else
		return bad_value(m, e, a, "neither on nor off, auto or ignore");
	return 0;
}

/* ---- <heart> ------------------------------------------------------------------------------------------ */

static uint32_t within(uint64_t ms, uint32_t low, uint32_t high)
{
	return ms < low ? low : ms > high ? high : (uint32_t)ms;
}

/* The attribute that says the longest timeout of all, of equal ones the first; those that are no times are refused when it is their turn. */
static const struct sk_attr *longest_timeout(const struct sk_import *m)
{
	const struct sk_attr *longest = NULL;
	uint64_t most = 0, ms;
	for (unsigned i = 0; i < m->doc->elems; i++) {
		const struct sk_elem *e = &m->doc->elem[i];
		const struct sk_elem *in = sk_parent(m->doc, e);
		bool asks = in && ((strcmp(e->name, "heart") == 0 && strcmp(in->name, "service") == 0) || (strcmp(e->name, "heartbeat") == 0 && strcmp(in->name, "heart") == 0));
		const struct sk_attr *a = asks ? sk_attr(m->doc, e, "timeout") : NULL;
		if (!a || !sk_time_parse(a->value, 1, &ms) || (longest && within(ms, SK_TOKEN_LOW_MS, SK_TOKEN_HIGH_MS) <= within(most, SK_TOKEN_LOW_MS, SK_TOKEN_HIGH_MS)))
			continue;
		longest = a;
		most = ms;
	}
	return longest;
}

/* A bare number: milliseconds. There is one token for all networks, so the longest timeout counts. */
int sk_take_timeout(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	struct sk_plan *p = &m->plan;
	uint64_t ms = 0;
	if (!sk_time_parse(a->value, 1, &ms))
		return bad_time(m, e, a);
	uint32_t token = within(ms, SK_TOKEN_LOW_MS, SK_TOKEN_HIGH_MS);
	const struct sk_attr *longest = longest_timeout(m);
	if (longest && longest != a) {
		sk_say_attr(m, SK_LEFT, e, a, ": do nothing instead: there is one token for all networks, and line %u asks for as much or more", longest->line);
		return 0;
	}
	p->token_ms = token;
	if (token == ms)
		sk_say_attr(m, SK_TAKEN, e, a, " as token_ms = %u", token);
	else
		sk_say_attr(m, SK_CHANGED, e, a, " to token_ms = %u, because it is %d to %d here: a longer one only makes every failover slower", token, SK_TOKEN_LOW_MS,
			    SK_TOKEN_HIGH_MS);
	return 0;
}

static void say_heartbeat(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a, enum sk_verdict verdict, const char *text)
{
	if (a)
		sk_say_attr(m, verdict, e, a, "%s", text);
	else
		sk_say(m, verdict, e->line, "<%s> without a name%s", e->name, text);
}

/* That its network exists was seen when the rings were numbered. */
int sk_take_heartbeat(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	const struct sk_lan *lan = sk_cluster_lan(m, e);
	char text[700];
	if (!lan)
		snprintf(text, sizeof text, ": do give cluster.xml, or write ringN = ADDRESS ADDRESS in the order of hosts, instead: the network's addresses aren't in this file");
	else if (lan->ring < 0)
		snprintf(text, sizeof text, ": do write a ring of your own instead: the lan '%.60s' can't be one: %s", lan->name, sk_not_a_ring(m, lan));
	else
		snprintf(text, sizeof text, " as ring%d = %s %s", lan->ring, lan->addr[0], lan->addr[1]);
	say_heartbeat(m, e, a, lan && lan->ring >= 0 ? SK_TAKEN : SK_LEFT, text);
	return 0;
}

int sk_take_ident(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	const struct sk_lan *lan = sk_cluster_lan(m, e);
	if (strcmp(a->value, "flow") != 0)
		sk_say_attr(m, SK_LEFT, e, a, ": do nothing instead: a ring has no name");
	else if (!lan || lan->ring < 0)
		sk_say_attr(m, SK_LEFT, e, a, ": do write this network's addresses as ring0 instead: the data goes through the lowest ring that works");
	else if (lan->ring == 0)
		sk_say_attr(m, SK_TAKEN, e, a, " as ring0: the data goes through the lowest ring that works");
	else
		sk_say_attr(m, SK_CHANGED, e, a, " to ring%d, because there is an earlier flow: the data goes through the lowest ring that works", lan->ring);
	return 0;
}

/* ---- <rfs> -------------------------------------------------------------------------------------------- */

int sk_take_async(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	if (strcmp(a->value, "none") == 0)
		sk_say_attr(m, SK_TAKEN, e, a, " as mode = sync");
	else
		sk_say_attr(m, SK_CHANGED, e, a, " to mode = sync, because there is no other: a write is acknowledged when both hosts have it");
	return 0;
}

/* Either of the two makes SafeKit's primary go on alone: the shorter one decides. A bare number: seconds. */
static int take_link(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a, const char *other_name)
{
	const struct sk_attr *other = sk_attr(m->doc, e, other_name);
	uint64_t ms = 0, other_ms = 0;
	if (!sk_time_parse(a->value, SECOND_MS, &ms))
		return bad_time(m, e, a);
	if (other && !sk_time_parse(other->value, SECOND_MS, &other_ms))
		return bad_time(m, e, other);
	if (other && (other_ms < ms || (other_ms == ms && other < a))) {
		sk_say_attr(m, SK_LEFT, e, a, ": do nothing instead: there is one timeout of the link, and %s=\"%.60s\" is not longer", other_name,
			    other->value);
		return 0;
	}
	m->plan.link_ms = within(ms, SK_LINK_LOW_MS, SK_LINK_HIGH_MS);
	m->plan.link_line = a->line;
	if (m->plan.link_ms == ms)
		sk_say_attr(m, SK_TAKEN, e, a, " as link_timeout_ms = %u", m->plan.link_ms);
	else
		sk_say_attr(m, SK_CHANGED, e, a, " to link_timeout_ms = %u, because it is %d to %d here: so long a VM stands still when the other host falls silent",
			    m->plan.link_ms, SK_LINK_LOW_MS, SK_LINK_HIGH_MS);
	return 0;
}

int sk_take_locktimeout(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	return take_link(m, e, a, "sendtimeout");
}

int sk_take_sendtimeout(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a)
{
	return take_link(m, e, a, "locktimeout");
}
