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

/* Whether one host has quorum by its own votes: two_node, or votes given so. Not told: it has, which is the careful answer. */
static bool quorate_alone(void)
{
	votequorum_handle_t handle;
	votequorum_callbacks_t none = {0};
	struct votequorum_info info;
	if (votequorum_initialize(&handle, &none) != CS_OK)
		return true;
	bool told = votequorum_getinfo(handle, 0, &info) == CS_OK;
	votequorum_finalize(handle);
	return !told || (info.flags & VOTEQUORUM_INFO_TWONODE) || info.node_votes >= info.quorum;
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
	cmap_handle_t map;
	cs_error_t rc = cmap_initialize(&map);
	if (rc != CS_OK)
		return vt_fail(fail, -EAGAIN, "corosync does not answer: %s", cs_strerror(rc));
	t->token_ms = number(map, "runtime.config.totem.token", VT_TOKEN_DEFAULT_MS);
	t->consensus_ms = number(map, "runtime.config.totem.consensus", t->token_ms + t->token_ms / 5);
	t->two_node = is_set(map, "quorum.two_node") || quorate_alone();
	t->device = has_device(map);
	t->device_timeout_ms = number(map, "quorum.device.timeout", VT_DEVICE_TIMEOUT_DEFAULT_MS);
	t->device_sync_ms = number(map, "quorum.device.sync_timeout", VT_DEVICE_SYNC_DEFAULT_MS);
	cmap_finalize(map);
	return 0;
}
