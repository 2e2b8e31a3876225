/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running cluster's CIB, read and changed by Pacemaker's own tools; with CIB_file in the environment, that file. */
#ifndef VMTWIN_CRM_CONFIG_LIVE_H
#define VMTWIN_CRM_CONFIG_LIVE_H

#include <signal.h>

#include "base/log.h"
#include "crm-config/cib_tree.h"

/* To be freed by xmlFreeDoc. NULL: fail says why. */
xmlDoc *cf_live_read(struct vt_fail *fail);

/* 0; or -EPROTO: the CIB's schema is older than what units need, and fail says how to bring it up. */
int cf_live_schema(const xmlDoc *doc, struct vt_fail *fail);

/* Two versions of a CIB in files of a directory that only we can read, for Pacemaker's tools. */
struct cf_change {
	char dir[64], before[96], after[96], patch[96], alone[96];
	sigset_t signals; /* as they were */
};
/* 0 or negative errno with fail; then there is nothing to end. Until the end signals wait: no copy of a CIB is left behind. */
int cf_change_begin(struct cf_change *c, const xmlDoc *before, const xmlDoc *after, struct vt_fail *fail);
/* crm_verify finds nothing wrong with that configuration (of after, or of before), all hosts being well; else it tells, -EINVAL and fail. */
int cf_change_verify(const struct cf_change *c, const xmlDoc *doc, struct vt_fail *fail);
/* What Pacemaker would do then: crm_simulate's summary, one action a line, into out; "": nothing. False: it can't be foretold. */
bool cf_change_simulate(const struct cf_change *c, char *out, size_t cap);
/* The difference goes into the live CIB, at once or not at all; looked at before and after. -EAGAIN: it is not before any more. */
int cf_change_apply(const struct cf_change *c, const xmlDoc *before, const xmlDoc *after, struct vt_fail *fail);
void cf_change_end(const struct cf_change *c);

/* Runs a tool of /usr/sbin with arguments (the last one NULL); its standard output into out, or NULL. Its exit code, or negative errno. */
int cf_live_tool(const char *name, const char *const *args, int timeout_ms, char *out, size_t cap);

#endif
