/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cluster's node list, from corosync's configuration map. */
#ifndef VMTWIN_IO_NODES_H
#define VMTWIN_IO_NODES_H

#include <stdint.h>

#include "base/log.h"
#include "base/unitconf.h"
#include "wire/wmsg.h"

#define VT_NODES_MAX 64

struct vt_node {
	uint32_t id; /* never 0 */
	char name[VT_HOST_NAME_MAX + 1];
	unsigned rings; /* highest ring with an address, plus 1; gaps are empty strings */
	char addr[VW_RINGS][VW_ADDR_MAX];
};

struct vt_nodes {
	unsigned count;
	struct vt_node node[VT_NODES_MAX];
};

/*
 * Reads the list. May block as long as corosync does: guard it. 0; -EAGAIN: corosync does not run;
 * -EINVAL: a node has neither a name nor a ring 0 address, or no id; -E2BIG.
 */
int vt_nodes_load(struct vt_nodes *nodes, struct vt_fail *fail);
/* NULL if there is no such node. */
const struct vt_node *vt_nodes_by_name(const struct vt_nodes *nodes, const char *name);
const struct vt_node *vt_nodes_by_id(const struct vt_nodes *nodes, uint32_t id);

#endif
