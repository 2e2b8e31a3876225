/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both agents share of the OCF resource agent API 1.1: environment, exit codes, exit reasons,
 * metadata, time limits.
 */
#ifndef VMTWIN_RA_OCF_H
#define VMTWIN_RA_OCF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/unitconf.h"

enum ocf_code {
	OCF_SUCCESS = 0,
	OCF_ERR_GENERIC = 1,
	OCF_ERR_ARGS = 2, /* parameters or configuration wrong on this host */
	OCF_ERR_UNIMPLEMENTED = 3,
	OCF_ERR_PERM = 4,
	OCF_ERR_INSTALLED = 5,	/* something is missing on this host */
	OCF_ERR_CONFIGURED = 6, /* parameters wrong on every host */
	OCF_NOT_RUNNING = 7,
	OCF_RUNNING_PROMOTED = 8,
	OCF_FAILED_PROMOTED = 9,
};

struct ocf_param {
	const char *name;
	const char *type;     /* string, integer, boolean */
	const char *fallback; /* default, or NULL */
	const char *shortdesc;
	const char *longdesc;
	bool required;
	bool unique;	 /* identifies the resource */
	bool reloadable; /* a change needs no restart */
};

struct ocf_run;
typedef enum ocf_code (*ocf_action_fn)(struct ocf_run *run);

struct ocf_action {
	const char *name;
	unsigned timeout_s;
	unsigned interval_s; /* 0: none */
	const char *role;    /* NULL: none */
	ocf_action_fn fn;    /* NULL: metadata only; the action's first entry has it */
};

struct ocf_agent {
	const char *name; /* within the provider: mirror, vm */
	const char *shortdesc;
	const char *longdesc;
	const struct ocf_param *params;	  /* ends with name NULL */
	const struct ocf_action *actions; /* ends with name NULL */
};

/* One call of an agent. */
struct ocf_run {
	const struct ocf_agent *agent;
	const char *action;
	char instance[256];  /* the resource's name without clone suffix */
	uint64_t started_ns; /* CLOCK_BOOTTIME */
	uint32_t timeout_ms; /* from Pacemaker, else from the metadata; >= 1000 */
	bool probe;	     /* a monitor that only asks for the present state */
};

/* The body of main: finds the action and runs it. Returns the exit code. */
int ocf_main(const struct ocf_agent *agent, int argc, char **argv);

/* A parameter's value: from the environment, else its default, else NULL. Never an empty string. */
const char *ocf_param(const struct ocf_run *run, const char *name);
/*
 * An integer parameter in min..max. 0 and *out set; or OCF_ERR_CONFIGURED, the reason already told.
 */
enum ocf_code ocf_param_int(const struct ocf_run *run, const char *name, long min, long max,
			    long *out);

/* Milliseconds left until `share` percent of the time limit are used up; 0: none. */
int ocf_ms_left(const struct ocf_run *run, unsigned share);

/* Tells why the action failed: Pacemaker shows the text in crm_mon and pcs status. Returns code. */
enum ocf_code ocf_fail(enum ocf_code code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A line for Pacemaker's log. */
void ocf_log(const struct ocf_run *run, const char *level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Loads the unit's file. 0, or the code of the failure with fail filled and nothing told:
 * OCF_ERR_CONFIGURED (not a unit's name), OCF_ERR_INSTALLED (no file), OCF_ERR_ARGS (bad file),
 * OCF_ERR_GENERIC (can't be read).
 */
enum ocf_code ocf_load_unit(const char *unit, struct vt_unitconf *conf, struct vt_fail *fail);

/* Prints the agent's OCF 1.1 metadata. */
void ocf_print_metadata(const struct ocf_agent *agent);

#endif
