// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/totem.h"

#include <errno.h>
#include <stdlib.h>

#include <corosync/cmap.h>
#include <corosync/votequorum.h>

static uint32_t number(cmap_handle_t map, const char *key, uint32_t otherwise)
{
	uint32_t value;
	return cmap_get_uint32(map, key, &value) == CS_OK ? value : otherwise;
}

static bool is_set(cmap_handle_t map, const char *key)
{
	uint8_t small;
	return cmap_get_uint8(map, key, &small) == CS_OK ? small != 0 : number(map, key, 0) != 0;
}

/* Whether one host has quorum by its own votes: two_node, or votes given so. 0 or -EAGAIN: not told. */
static int quorate_alone(bool *alone)
{
	votequorum_handle_t handle;
	votequorum_callbacks_t none = {0};
	struct votequorum_info info;
	if (votequorum_initialize(&handle, &none) != CS_OK)
		return -EAGAIN;
	bool told = votequorum_getinfo(handle, VOTEQUORUM_QDEVICE_NODEID, &info) == CS_OK; /* means: this node */
	votequorum_finalize(handle);
	if (!told)
		return -EAGAIN;
	*alone = (info.flags & VOTEQUORUM_INFO_TWONODE) || info.node_votes >= info.quorum;
	return 0;
}

static bool has_device(cmap_handle_t map)
{
	char *model = NULL;
	bool there = cmap_get_string(map, "quorum.device.model", &model) == CS_OK;
	free(model);
	return there;
}

int vt_totem_load(struct vt_cluster_timing *t, struct vt_fail *fail)
{
	bool alone;
	cmap_handle_t map;
	if (quorate_alone(&alone) < 0)
		return vt_fail(fail, -EAGAIN, "corosync's votequorum does not answer: set 'provider: corosync_votequorum' in the quorum section "
			       "of corosync.conf");
	cs_error_t rc = cmap_initialize(&map);
	if (rc != CS_OK)
		return vt_fail(fail, -EAGAIN, "corosync does not answer: %s", cs_strerror(rc));
	t->token_ms = number(map, "runtime.config.totem.token", VT_TOKEN_DEFAULT_MS);
	t->consensus_ms = number(map, "runtime.config.totem.consensus", t->token_ms + t->token_ms / 5);
	t->two_node = is_set(map, "quorum.two_node") || alone;
	t->device = has_device(map);
	t->device_timeout_ms = number(map, "quorum.device.timeout", VT_DEVICE_TIMEOUT_DEFAULT_MS);
	t->device_sync_ms = number(map, "quorum.device.sync_timeout", VT_DEVICE_SYNC_DEFAULT_MS);
	cmap_finalize(map);
	return 0;
}
