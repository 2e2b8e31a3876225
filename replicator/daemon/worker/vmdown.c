// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ending the unit's domain because its host may not go on with it (S6). The worker itself starts who does that: the lease also
 * ends on a host whose vmtwind is dead or hangs.
 */
#include "daemon/worker/worker.h"

#include <stdio.h>
#include <string.h>

#include "base/spawn.h"

enum { LIBVIRT_MS = 2000, LEASE_PART = 15 };

/* For libvirt, before QEMU is killed: within what a host keeps of its lease for this (VC_LEASE_REST), with time to spare. */
static unsigned limit_ms(const struct worker *w)
{
	uint32_t lease_ms = w->conf.lease_ms;
	if (w->core.d.lease_ms && w->core.d.lease_ms < lease_ms)
		lease_ms = w->core.d.lease_ms;
	unsigned share_ms = lease_ms / LEASE_PART;
	return share_ms < LIBVIRT_MS ? share_ms : LIBVIRT_MS;
}

void wk_vm_down(struct worker *w)
{
	char limit[16];
	uint64_t now = vt_boottime_ns();
	/* Said again to each master that comes: not while the last one may still be at it. */
	if (w->vm_down_ns && now - w->vm_down_ns < WK_VM_DOWN_AGAIN_MS * VC_NS_PER_MS)
		return;
	w->vm_down_ns = now;
	snprintf(limit, sizeof limit, "%u", limit_ms(w));
	const char *argv[] = {w->vmdown_path, w->conf.name, w->conf.domain, limit, NULL};
	vt_log(VT_WARN, w->conf.name, "ending domain %s: this host may not go on with its copy", w->conf.domain);
	pid_t pid = vt_spawn((char *const *)(uintptr_t)argv, -1, 1);
	if (pid < 0)
		vt_log(VT_ERR, w->conf.name, "%s can't be started (%s): domain %s still runs, with an error for each write",
		       w->vmdown_path, strerror(-pid), w->conf.domain);
}
