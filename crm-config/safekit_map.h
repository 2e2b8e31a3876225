/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a SafeKit module (userconfig.xml, and cluster.xml for the hosts' names and addresses): the text of a unit's
 * file (vmtwin-unit(5)), and a report that has a line for each element and attribute. Pure: nothing is read or written.
 * For administrators: docs/IMPORT.md.
 */
#ifndef VMTWIN_CRM_CONFIG_SAFEKIT_MAP_H
#define VMTWIN_CRM_CONFIG_SAFEKIT_MAP_H

#include "base/unitconf.h"
#include "crm-config/safekit.h"

/* What the administrator says. */
struct sk_want {
	const char *unit;  /* the unit's name, NULL: from VM_NAME */
	const char *hosts; /* "A,B", NULL: from cluster.xml */
	const char *port;  /* of the data link, NULL: 7790 */
};

struct sk_result {
	char name[VT_UNIT_NAME_MAX + 1];
	char *conf;   /* the unit's file */
	char *report; /* "FILE:LINE: taken over: ... as ...", "... changed: ... because ...", "... not taken over: ...: do ... instead" */
	unsigned taken, changed, left;
	unsigned to_complete; /* lines of conf that the administrator has to complete, marked TO COMPLETE */
};

/*
 * cluster may be NULL. Both come from sk_read() and sk_macros(). 0, or -EINVAL (the module is none that can be a unit, or has a
 * value that is not understood) or -ENOMEM, and fail says why; conf and report are NULL then. What is returned in conf is
 * accepted by vt_unitconf_parse() and cf_model_add(), but for what is left to complete. sk_result_free() is due in any case.
 */
int sk_map(const struct sk_doc *module, const struct sk_doc *cluster, const struct sk_want *want, struct sk_result *out,
	   struct vt_fail *fail);
void sk_result_free(struct sk_result *r);

#endif
