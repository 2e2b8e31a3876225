/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long it takes until a host that nobody hears any more has surely ended its VMs: the arithmetic of fence_vmtwin, of the
 * host's own end, and of the preflight. Pure; all times in milliseconds. Reasons: docs/FENCING.md.
 */
#ifndef VMTWIN_BASE_TIMING_H
#define VMTWIN_BASE_TIMING_H

#include <stdbool.h>
#include <stdint.h>

/* What corosync works with. */
struct vt_cluster_timing {
	uint32_t token_ms, consensus_ms; /* silence after which a node is out, and reaching agreement on it */
	bool two_node;			 /* a host is quorate alone: quorum says nothing of which side is cut off */
	bool device;			 /* a quorum device has a vote */
	uint32_t device_timeout_ms;	 /* the device's answer is believed that long: quorum.device.timeout */
	uint32_t device_sync_ms;	 /* the same while a membership forms: quorum.device.sync_timeout */
};

/* corosync's own defaults (corosync.conf(5), corosync-qdevice(8)) for two nodes. */
#define VT_TOKEN_DEFAULT_MS 3000
#define VT_DEVICE_TIMEOUT_DEFAULT_MS 10000
#define VT_DEVICE_SYNC_DEFAULT_MS 30000
/* A watchdog bites this long after vmtwind fed it last, unless the host's file says otherwise. */
#define VT_WATCHDOG_DEFAULT_MS 10000

/* From the last moment at which a host may still have had a proof, seen from the other side of a split: until both see the
 * same, and until a quorum device's last answer has run out. */
uint32_t vt_timing_notice_ms(const struct vt_cluster_timing *t);
/* What is added to the lease: vt_timing_notice_ms, clocks that run differently fast, and a second of reserve. */
uint32_t vt_timing_margin_ms(const struct vt_cluster_timing *t, uint32_t lease_ms);
/* Silence and own quorum after which fence_vmtwin reports success: lease and margin. */
uint32_t vt_timing_fence_ms(const struct vt_cluster_timing *t, uint32_t lease_ms);
/* The part of the lease that a host itself counts on: what it has to end, it ends in the rest (a tenth). */
uint32_t vt_timing_own_ms(uint32_t lease_ms);

#endif
