// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <corosync/cmap.h>

#define POSITIONS_MAX 256 /* nodelist.node.N: N may have gaps after nodes were removed */

/* Copies a string key to out; empty if it is absent or too long. */
static void get_string(cmap_handle_t map, const char *key, char *out, size_t cap)
{
	char *value = NULL;
	out[0] = '\0';
	if (cmap_get_string(map, key, &value) != CS_OK)
		return;
	if (strlen(value) < cap)
		memcpy(out, value, strlen(value) + 1);
	free(value);
}

static void get_rings(cmap_handle_t map, unsigned position, struct vt_node *node)
{
	for (unsigned ring = 0; ring < VW_RINGS; ring++) {
		char key[CMAP_KEYNAME_MAXLEN + 1];
		snprintf(key, sizeof key, "nodelist.node.%u.ring%u_addr", position, ring);
		get_string(map, key, node->addr[ring], sizeof node->addr[ring]);
		if (node->addr[ring][0])
			node->rings = ring + 1;
	}
}

/* True if there is a node at this position of the list. */
static bool get_node(cmap_handle_t map, unsigned position, struct vt_node *node)
{
	char key[CMAP_KEYNAME_MAXLEN + 1];
	memset(node, 0, sizeof *node);
	snprintf(key, sizeof key, "nodelist.node.%u.nodeid", position);
	if (cmap_get_uint32(map, key, &node->id) != CS_OK)
		node->id = 0;
	snprintf(key, sizeof key, "nodelist.node.%u.name", position);
	get_string(map, key, node->name, sizeof node->name);
	get_rings(map, position, node);
	if (!node->name[0]) /* as Pacemaker does */
		memcpy(node->name, node->addr[0], sizeof node->addr[0]);
	return node->id != 0 || node->name[0] || node->rings > 0;
}

static int load(cmap_handle_t map, struct vt_nodes *nodes, struct vt_fail *fail)
{
	nodes->count = 0;
	for (unsigned position = 0; position < POSITIONS_MAX; position++) {
		struct vt_node node;
		if (!get_node(map, position, &node))
			continue;
		if (node.id == 0 || !node.name[0])
			return vt_fail(fail, -EINVAL,
				       "node %u of corosync.conf's nodelist lacks %s: add it on "
				       "all hosts and reload corosync",
				       position, node.id == 0 ? "nodeid" : "name");
		if (nodes->count == VT_NODES_MAX)
			return vt_fail(fail, -E2BIG, "the cluster has more than %d nodes",
				       VT_NODES_MAX);
		nodes->node[nodes->count++] = node;
	}
	if (nodes->count == 0)
		return vt_fail(fail, -EINVAL, "corosync.conf has no nodelist: vmtwin needs one");
	return 0;
}

int vt_nodes_load(struct vt_nodes *nodes, struct vt_fail *fail)
{
	cmap_handle_t map;
	cs_error_t rc = cmap_initialize(&map);
	if (rc != CS_OK)
		return vt_fail(fail, -EAGAIN, "corosync does not answer: %s", cs_strerror(rc));
	int err = load(map, nodes, fail);
	cmap_finalize(map);
	return err;
}

const struct vt_node *vt_nodes_by_name(const struct vt_nodes *nodes, const char *name)
{
	for (unsigned i = 0; i < nodes->count; i++)
		if (strcmp(nodes->node[i].name, name) == 0)
			return &nodes->node[i];
	return NULL;
}

const struct vt_node *vt_nodes_by_id(const struct vt_nodes *nodes, uint32_t id)
{
	for (unsigned i = 0; i < nodes->count; i++)
		if (nodes->node[i].id == id)
			return &nodes->node[i];
	return NULL;
}
