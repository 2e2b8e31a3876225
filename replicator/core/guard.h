/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a host ends itself because it has no proof any more that the cluster is with it (self_fence and watchdog,
 * vmtwind.conf(5)). Pure. Times are CLOCK_BOOTTIME in nanoseconds. Reasons: docs/FENCING.md.
 */
#ifndef VMTWIN_CORE_GUARD_H
#define VMTWIN_CORE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

struct vc_guard {
	bool armed;	     /* it is asked for, and was not taken back */
	bool self_fence;     /* not by the watchdog alone */
	bool ending;	     /* the host is being ended already */
	uint64_t proof_ns;   /* the last proof; 0: none since it was armed: there is nothing to end */
	uint64_t own_ns;     /* what a host counts on of its longest lease (vt_timing_own_ms) */
	uint64_t watchdog_ns; /* it bites so long after it was fed last; 0: there is none */
	uint64_t grace_ns;   /* before this moment it does not end itself: it waits for a first proof */
};

enum vc_guard_act {
	VC_GUARD_FEED = 1,   /* the watchdog, if there is one */
	VC_GUARD_STARVE = 2, /* not any more: it bites before the lease is over */
	VC_GUARD_END = 4     /* the host ends itself now */
};

/* Proofs come every second: one so young needs no arithmetic. */
#define VC_GUARD_FRESH_MS 2000

/* A set of enum vc_guard_act; empty while the host is being ended. Asked twice a second. */
unsigned vc_guard(const struct vc_guard *g, uint64_t now_ns);
/* A watchdog of that time can be starved early enough. */
bool vc_guard_watchdog_fits(uint64_t watchdog_ns, uint64_t own_ns);
/* The proofs that an earlier life had are over, or so nearly that a watchdog can't be armed on them. */
bool vc_guard_overdue(const struct vc_guard *g, uint64_t now_ns);

#endif
