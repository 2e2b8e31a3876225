/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The preflight's verdict: a cluster's facts in, findings out, each with its sum. Pure. Times: base/timing.h; reasons:
 * docs/FENCING.md.
 */
#ifndef VMTWIN_CRM_CONFIG_CHECK_TIMING_H
#define VMTWIN_CRM_CONFIG_CHECK_TIMING_H

#include "base/hostconf.h"
#include "base/unitconf.h"
#include "crm-config/cib.h"
#include "crm-config/corosync_conf.h"

#define CF_FINDINGS_MAX 256
#define CF_TEXT_MAX 1024

enum cf_severity { CF_OK, CF_WARNING, CF_ERROR };

struct cf_finding {
	enum cf_severity severity;
	char text[CF_TEXT_MAX]; /* "WHAT: sum; what to do" */
};

struct cf_findings {
	unsigned count, errors, warnings; /* errors and warnings are counted even where the table is full */
	struct cf_finding list[CF_FINDINGS_MAX];
};

struct cf_model;

struct cf_facts {
	const struct cf_corosync *corosync;
	const struct cf_cib *cib;
	const struct vt_hostconf *host;
	const struct vt_unitconf *unit;
	unsigned units; /* all of the host, at least 1: fencing waits for the longest lease of all */
	unsigned named; /* the first of them, whose own findings are asked for */
	const struct cf_model *model; /* what their files mean together; NULL: not read, or it can't be said */
	const char *model_trouble;    /* why not; NULL: not read */
};

/* out is overwritten. */
void cf_check(const struct cf_facts *f, struct cf_findings *out);

#endif
