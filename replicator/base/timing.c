// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/timing.h"

enum { RESERVE_MS = 1000, DRIFT_PART = 500, OWN_REST = 10 };

uint32_t vt_timing_notice_ms(const struct vt_cluster_timing *t)
{
	uint32_t device = 0;
	if (t->device)
		device = t->device_timeout_ms > t->device_sync_ms ? t->device_timeout_ms : t->device_sync_ms;
	return t->token_ms + t->consensus_ms + device;
}

uint32_t vt_timing_margin_ms(const struct vt_cluster_timing *t, uint32_t lease_ms)
{
	return vt_timing_notice_ms(t) + lease_ms / DRIFT_PART + RESERVE_MS;
}

uint32_t vt_timing_fence_ms(const struct vt_cluster_timing *t, uint32_t lease_ms)
{
	return lease_ms + vt_timing_margin_ms(t, lease_ms);
}

uint32_t vt_timing_own_ms(uint32_t lease_ms)
{
	return lease_ms - lease_ms / OWN_REST;
}
