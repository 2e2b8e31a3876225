/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the model to a CIB: what Pacemaker needs of the hosts' fencing and of each unit. The tree is the one model of all outputs:
 * pcs and crm commands are written from it, and a live cluster is compared with it. Ids are those that pcs gives.
 */
#ifndef VMTWIN_CRM_CONFIG_CIB_BUILD_H
#define VMTWIN_CRM_CONFIG_CIB_BUILD_H

#include "crm-config/cib_tree.h"
#include "crm-config/model.h"

/* A unit's resources: of UNIT its mirror UNIT-mirror (or UNIT-drbd), that one's clone, its VM UNIT, its ping UNIT-ping. */
#define CF_MIRROR "%s-mirror"
#define CF_DRBD "%s-drbd"
#define CF_CLONE "%s-clone"
#define CF_PING "%s-ping"
#define CF_TWIN "twin" /* the device of fence_vmtwin */

struct cf_wanted {
	bool site;		     /* fence devices, levels, properties */
	bool unit[CF_UNITS_MAX]; /* by place in the model */
	bool others;		 /* the cluster has more hosts than the two: units keep off them */
	/* What is known of the cluster that runs. */
	const struct vt_cluster_timing *timing; /* what corosync works with, if that is slower than the unit files say; NULL: not known */
	bool twin;				/* fence_vmtwin is configured, whoever did it */
};

/* A whole CIB (cib/configuration/...), to be freed by xmlFreeDoc; NULL: out of memory. */
xmlDoc *cf_cib_build(const struct cf_model *m, const struct cf_wanted *wanted);

#endif
