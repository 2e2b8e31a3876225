// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/guard.h"

#define NS_PER_MS 1000000ull

unsigned vc_guard(const struct vc_guard *g, uint64_t now)
{
	if (!g->armed || g->proof_ns == 0)
		return VC_GUARD_FEED; /* one that an earlier life armed */
	if (g->ending)
		return 0;
	uint64_t age = now - g->proof_ns;
	if (age < VC_GUARD_FRESH_MS * NS_PER_MS)
		return VC_GUARD_FEED;
	unsigned acts = age + g->watchdog_ns < g->own_ns ? VC_GUARD_FEED : VC_GUARD_STARVE;
	if (g->self_fence && age >= g->own_ns && now >= g->grace_ns)
		acts |= VC_GUARD_END;
	return acts;
}

bool vc_guard_watchdog_fits(uint64_t watchdog_ns, uint64_t own_ns)
{
	return 2 * watchdog_ns <= own_ns;
}

bool vc_guard_overdue(const struct vc_guard *g, uint64_t now)
{
	return g->proof_ns && now - g->proof_ns + g->watchdog_ns >= g->own_ns;
}
