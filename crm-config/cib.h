/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the preflight needs of a CIB: properties, fence devices, topology, what runs there. Filled by cib_read.c, or by tests.
 * Texts are as configured; times are in milliseconds. Pure.
 */
#ifndef VMTWIN_CRM_CONFIG_CIB_H
#define VMTWIN_CRM_CONFIG_CIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CF_CIB_BYTES_MAX (8u << 20)
#define CF_ID_MAX 128
#define CF_LIST_MAX 1024
#define CF_DEVICES_MAX 32
#define CF_LEVELS_MAX 32
#define CF_LEVEL_DEVICES_MAX 8
#define CF_LOCATIONS_MAX 512
#define CF_RESOURCES_MAX 128
#define CF_AWAY_MAX 32
#define CF_SCORE_INFINITY 1000000
/* What is asked of times, by who makes a CIB and by who checks one. A fence device's timeout must be longer by that than what the
 * fencing takes; and of a promotion's timeout the mirror agent waits for vmtwind so long, in percent. */
#define CF_FENCE_RESERVE_MS 5000
#define CF_PROMOTE_SHARE 85
#define CF_STONITH_TIMEOUT_DEFAULT_MS 60000
#define CF_OP_TIMEOUT_DEFAULT_MS 20000 /* Pacemaker's, when the CIB names none: it doesn't take the agent's */

struct cf_device {
	char id[CF_ID_MAX], agent[CF_ID_MAX];
	bool vmtwin;   /* the agent is fence_vmtwin */
	bool disabled; /* target-role=Stopped: Pacemaker doesn't use it */
	char hosts[CF_LIST_MAX], map[CF_LIST_MAX];   /* pcmk_host_list, pcmk_host_map; "": not given */
	uint32_t reboot_ms, off_ms;		     /* pcmk_reboot_timeout, pcmk_off_timeout; 0: not given */
	char reboot_action[CF_ID_MAX], off_action[CF_ID_MAX]; /* pcmk_*_action; "": not given */
	char delay_base[CF_LIST_MAX];		     /* pcmk_delay_base: "5s" or "host1:5s;host2:0" */
	uint32_t delay_max_ms, delay_ms;	     /* pcmk_delay_max; the agent's own "delay" */
	bool monitored;
};

struct cf_level {
	unsigned index;
	char target[CF_ID_MAX]; /* "": by pattern or attribute, which this check doesn't evaluate */
	unsigned count;
	char device[CF_LEVEL_DEVICES_MAX][CF_ID_MAX];
};

#define CF_ONLY_HOSTS 2

struct cf_location {
	char id[CF_ID_MAX], rsc[CF_ID_MAX], node[CF_ID_MAX];
	int score;
	bool rule; /* depends on a rule, which this check doesn't evaluate */
	char only[CF_ONLY_HOSTS][CF_ID_MAX]; /* but for one: it may run on these hosts only; "": no such rule */
};

/* A resource of vmtwin's, or one of DRBD, a unit's or not. */
struct cf_resource {
	char id[CF_ID_MAX], unit[CF_ID_MAX]; /* unit: DRBD's resource is called so */
	char in[CF_ID_MAX]; /* the clone or group that it lies in, the outermost; "": none */
	bool mirror;			      /* ocf:vmtwin:mirror or ocf:linbit:drbd, else ocf:vmtwin:vm */
	bool drbd;
	uint32_t stop_ms, promote_ms, demote_ms; /* 0: not given, then op_default_ms */
	int priority;
	char requires[CF_ID_MAX]; /* "": not given, then fencing */
	char copy[CF_ID_MAX];  /* of a VM: the clone of its unit's copies; "": not there */
	bool together, after; /* constraints keep it where that one is promoted; start it after the promotion */
	char stop_on_fail[CF_ID_MAX], demote_on_fail[CF_ID_MAX]; /* "": not given, then op_default_on_fail */
};

/* A host that an operator has taken out. Others are not kept. */
struct cf_away {
	char name[CF_ID_MAX];
	bool standby, maintenance;
};

/* What keeps Pacemaker from starting or moving resources, all of them: properties, and rsc_defaults. */
enum cf_halt { CF_HALT_MAINTENANCE, CF_HALT_STOP_ALL, CF_HALT_STOPPED, CF_HALT_UNPROMOTED, CF_HALT_UNMANAGED, CF_HALT_DEFAULT_MAINTENANCE, CF_HALTS };

struct cf_cib {
	bool stonith_enabled, startup_fencing, symmetric, have_watchdog;
	uint32_t stonith_timeout_ms, priority_delay_ms, op_default_ms;
	bool op_default_set;
	char op_default_on_fail[CF_ID_MAX]; /* "": not given, then fence for a stop */
	int64_t watchdog_timeout_ms; /* stonith-watchdog-timeout; -1: twice SBD_WATCHDOG_TIMEOUT */
	char no_quorum[CF_ID_MAX], fence_reaction[CF_ID_MAX];
	bool halt[CF_HALTS];
	unsigned devices, levels, locations, resources, aways;
	struct cf_device device[CF_DEVICES_MAX];
	struct cf_level level[CF_LEVELS_MAX];
	struct cf_location location[CF_LOCATIONS_MAX];
	struct cf_resource resource[CF_RESOURCES_MAX];
	struct cf_away away[CF_AWAY_MAX];
	unsigned others; /* primitives that are neither vmtwin's nor fence devices; DRBD's too */
	char other[CF_ID_MAX]; /* the first of them */
	int other_priority;    /* the highest of theirs; at least 0 */
	char other_weighty[CF_ID_MAX]; /* the one that has it */
	unsigned rules; /* sets of values that a rule switches */
	char ruled[CF_ID_MAX]; /* the first of them */
};

/* Pacemaker's defaults, nothing configured. */
void cf_cib_init(struct cf_cib *cib);
/* "60", "60s", "500ms", "2min", "1h" in milliseconds. False: not a time, or more than 24 h. */
bool cf_time_parse(const char *text, uint32_t *ms);
/* "100", "INFINITY", "-INFINITY"; as a million at most, which is infinity. */
int cf_score_parse(const char *text);
/* The end of a constraint means that resource: it names it, or what it lies in. */
bool cf_resource_is(const struct cf_resource *r, const char *id);
/* A list separated by blanks, ',' or ';' has the word; case doesn't matter. */
bool cf_list_has(const char *list, const char *word);
/* The device can fence the host: by its list or map, or because it has neither and asks the device itself. */
bool cf_device_covers(const struct cf_device *d, const char *host);
/* pcmk_delay_base for that host. */
uint32_t cf_device_base_ms(const struct cf_device *d, const char *host);
/* Every time in a pcmk_delay_base is one. */
bool cf_delay_base_ok(const char *text);
/* Location constraints let the host use the device. */
bool cf_device_allowed(const struct cf_cib *cib, const struct cf_device *d, const char *host);

#endif
