/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the import share: the plan of a unit as it grows, and the report. */
#ifndef VMTWIN_CRM_CONFIG_SAFEKIT_INT_H
#define VMTWIN_CRM_CONFIG_SAFEKIT_INT_H

#include <stdint.h>
#include <stdio.h>

#include "crm-config/model.h"
#include "crm-config/safekit_map.h"

#define SK_LANS_MAX 16
#define SK_NODES_MAX 16
#define SK_TODO_MAX 16

/* Limits of what is taken over. Those of times are closer than the unit file's own, vmtwin-unit(5): with them the default lease fits, and a
 * silent host or line is not waited for longer than is of use. */
#define SK_TOKEN_LOW_MS 1000
#define SK_TOKEN_HIGH_MS 10000
#define SK_LINK_LOW_MS 1000
#define SK_LINK_HIGH_MS 10000
#define SK_RESTARTS_HIGH 1000
#define SK_WINDOW_LOW_MS 60000u
#define SK_WINDOW_HIGH_H 720u

struct sk_lan {
	const struct sk_elem *elem;
	const char *name;
	const char *addr[2]; /* in the order of the hosts, NULL: none */
	bool named;	     /* by a heartbeat */
	int ring;	     /* -1: it is none */
};

/* cluster.xml */
struct sk_cluster {
	unsigned lans, nodes;
	struct sk_lan lan[SK_LANS_MAX];
	const char *node[SK_NODES_MAX];
};

/* A line of the unit's file that the administrator has to complete. */
struct sk_todo {
	char why[320];
	char line[128]; /* an example, "key = value" */
};

struct sk_plan {
	char unit[VT_UNIT_NAME_MAX + 1], domain[SK_VALUE_MAX], directory[SK_VALUE_MAX];
	const struct sk_elem *main_dir; /* the <replicated> that is the directory */
	unsigned domain_line, dir_line;
	bool name_of_macro;		/* the domain is the macro VM_NAME, no variable says it */
	bool hosts_known;
	char host[2][VT_HOST_NAME_MAX + 1];
	unsigned rings, rings_asked; /* asked: left to complete, behind the others */
	const struct sk_lan *ring[CF_RINGS_MAX];
	char prefer[VT_HOST_NAME_MAX + 1]; /* "": not given */
	unsigned restarts;		   /* 0: not given */
	uint64_t window_ms;		   /* 0: not given */
	bool manual;
	uint32_t token_ms, link_ms; /* 0: not given, the default will do */
	unsigned link_line;
	unsigned witnesses, pings;
	char witness[512], require_ping[512]; /* words, each with a space before it */
	unsigned todos;
	struct sk_todo todo[SK_TODO_MAX];
};

struct sk_import {
	const struct sk_doc *module, *cluster_doc;
	const struct sk_doc *doc; /* the one whose lines are reported now */
	const struct sk_want *want;
	struct sk_cluster cluster;
	struct sk_plan plan;
	struct sk_result *out;
	FILE *report;
	struct vt_fail *fail;
};

enum sk_verdict { SK_TAKEN, SK_CHANGED, SK_LEFT };

/* A line of the report. fmt: what was met, and what becomes of it, without the verdict's word. */
void sk_say(struct sk_import *m, enum sk_verdict verdict, unsigned line, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same of an attribute, which is put first: `rfs async="second" TEXT`. */
void sk_say_attr(struct sk_import *m, enum sk_verdict verdict, const struct sk_elem *e, const struct sk_attr *a, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* The value of what is called so, for people: "(not shown)" if it is a secret. */
const char *sk_shown(const struct sk_doc *doc, const char *name, const char *value);
/* `<rfs a="b" c="d">`, cut where it does not fit. */
const char *sk_tag(const struct sk_doc *doc, const struct sk_elem *e, char *out, size_t cap);
/* Something is left for the administrator. */
void sk_todo(struct sk_import *m, const char *line, const char *why, ...) __attribute__((format(printf, 3, 4)));
/* "FILE:LINE: text" as the error; -EINVAL. */
int sk_bad(struct sk_import *m, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * A time as SafeKit's attributes have it: a number, whose unit is then unit_ms (each attribute has its own), or numbers with
 * units: 500ms, 30s, 5min (m, mn), 24h, 2d, 1h30min. At most ten years.
 */
bool sk_time_parse(const char *text, uint64_t unit_ms, uint64_t *ms);
/* "24h", "30min", "90s": the largest unit that divides it; parts of a second are rounded up. */
const char *sk_time_text(uint64_t ms, char *out, size_t cap);
/* May be a cluster node's name; an address, in numbers or not, without blanks and the like. */
bool sk_host_ok(const char *name);
bool sk_address_ok(const char *text);

/* cluster.xml into m->cluster, and the two hosts into the plan. Without cluster.xml: the hosts of the options, or none. */
int sk_cluster_take(struct sk_import *m);
/* Numbers the networks that the module's heartbeats name: the one for the data first. */
int sk_cluster_rings(struct sk_import *m);
/* The network that an element (heartbeat, flow) names, NULL: no cluster.xml, or none of that name. */
struct sk_lan *sk_cluster_lan(struct sk_import *m, const struct sk_elem *e);
/* Why a network of the two hosts can't be a ring of the cluster, beside those that there are; NULL: it can. */
const char *sk_not_a_ring(const struct sk_import *m, const struct sk_lan *lan);
void sk_cluster_report(struct sk_import *m);

/* "NAME as domain = ..., and ... as the unit's name", of a macro or variable. */
void sk_say_name(struct sk_import *m, const struct sk_elem *e);

/* What becomes of an attribute (NULL: the element hasn't the one that matters most). 0 or -EINVAL. */
typedef int sk_take(struct sk_import *m, const struct sk_elem *e, const struct sk_attr *a);
sk_take sk_take_mode, sk_take_defaultprim, sk_take_maxloop, sk_take_loop_interval, sk_take_failover, sk_take_boot;
sk_take sk_take_timeout, sk_take_heartbeat, sk_take_ident;
sk_take sk_take_async, sk_take_locktimeout, sk_take_sendtimeout, sk_take_replicated;
sk_take sk_take_macro, sk_take_var, sk_take_witness, sk_take_ping;
/* All elements of userconfig.xml, each by its rule. */
int sk_rules_apply(struct sk_import *m);

/* The directory and the domain are such that vmtwind takes them, unchanged; with the line where they are not. */
int sk_plan_prove_names(struct sk_import *m);
/* The plan as text, and its proof: the unit file's parser accepts it and finds in it what was meant. */
int sk_plan_text(struct sk_import *m);

#endif
