// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * self_fence and the watchdog (vmtwind.conf(5)): this host ends itself when it has had no proof of quorum for so long that others
 * may be told that nothing of it runs (docs/FENCING.md). When is decided in core/guard.h.
 */
#include "daemon/master/master.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)
#define LEASE_OTHERWISE_MS 30000 /* no unit file can be read */
/* In the run directory. */
#define PROOF "proof"	    /* the last one: also a host whose corosync is dead has to end */
#define WATCHDOG "watchdog" /* the armed one: whoever comes after us has to feed it, or to disarm it */
#define GRACE "grace"	    /* a life of ours has had its moment without a proof */

static bool is_armed(const struct vm_master *m)
{
	return (m->host.self_fence || m->guard.path[0]) && !m->guard.disarmed && !m->witness.trouble[0];
}

static uint64_t own_ns(struct vm_master *m)
{
	uint32_t lease_ms = vm_leases(m)->longest_ms;
	return vt_timing_own_ms(lease_ms ? lease_ms : LEASE_OTHERWISE_MS) * NS_PER_MS;
}

static struct vc_guard facts(struct vm_master *m)
{
	return (struct vc_guard){
	    .armed = is_armed(m),
	    .self_fence = m->host.self_fence,
	    .ending = m->end.under_way,
	    .proof_ns = m->guard.proof_ns,
	    .own_ns = own_ns(m),
	    .watchdog_ns = m->guard.watchdog_ms * NS_PER_MS,
	    .grace_ns = m->guard.grace_ns,
	};
}

/* ---- the watchdog --------------------------------------------------------------------------------------- */

static void keep_watchdog(const struct vm_master *m)
{
	char text[VT_WATCHDOG_PATH_MAX + 32];
	snprintf(text, sizeof text, "%u %s\n", m->guard.watchdog_ms, m->guard.path);
	vm_run_write(m, WATCHDOG, text);
}

static bool kept_watchdog(const struct vm_master *m, char *device, uint32_t *ms)
{
	char text[VT_WATCHDOG_PATH_MAX + 32];
	unsigned kept_ms = 0;
	bool ok = vm_run_read(m, WATCHDOG, text, sizeof text) && sscanf(text, "%u %127s", &kept_ms, device) == 2 && kept_ms >= 1000;
	*ms = kept_ms;
	return ok;
}

static void close_watchdog(struct vm_master *m, bool disarm)
{
	if (m->guard.fd >= 0)
		vt_watchdog_close(m->guard.fd, disarm);
	m->guard.fd = -1;
	if (disarm)
		vm_run_remove(m, WATCHDOG);
}

static bool watchdog_fits(struct vm_master *m)
{
	if (vc_guard_watchdog_fits(m->guard.watchdog_ms * NS_PER_MS, own_ns(m)))
		return true;
	if (!m->guard.watchdog_told)
		vt_log(VT_ERR, NULL, "watchdog_timeout_s = %u in %s is more than half of the %u s that a host counts on of its longest "
		       "lease (nine tenths of lease_ms): the watchdog is not armed; make it shorter, or lease_ms longer",
		       m->guard.watchdog_ms / 1000, m->host_conf, (unsigned)(own_ns(m) / NS_PER_MS / 1000));
	m->guard.watchdog_told = true;
	return false;
}

static void open_watchdog(struct vm_master *m)
{
	struct vt_fail fail = {0};
	if (!m->guard.path[0] || m->guard.fd >= 0 || !watchdog_fits(m))
		return;
	int fd = vt_watchdog_open(m->guard.path, m->guard.watchdog_ms, &fail);
	if (fd >= 0)
		vt_log(VT_NOTICE, NULL, "watchdog %s is armed: it resets this host %u s after the last good word of the cluster",
		       m->guard.path, m->guard.watchdog_ms / 1000);
	else if (!m->guard.watchdog_told)
		vt_log(VT_ERR, NULL, "%s; no watchdog guards this host, trying again", fail.text);
	m->guard.watchdog_told = fd < 0;
	m->guard.fd = fd;
	if (fd >= 0)
		keep_watchdog(m);
}

/* One that the master before us armed goes on ticking. */
static void adopt_watchdog(struct vm_master *m)
{
	char device[VT_WATCHDOG_PATH_MAX] = "";
	uint32_t ms = 0;
	struct vt_fail fail = {0};
	bool file_bad = m->witness.trouble[0] != '\0';
	if (!kept_watchdog(m, device, &ms))
		return;
	m->guard.fd = vt_watchdog_open(device, ms, &fail);
	if (m->guard.fd < 0) {
		vt_log(VT_ERR, NULL, "the watchdog that was armed before: %s", fail.text);
		return;
	}
	bool wanted = file_bad || (strcmp(device, m->guard.path) == 0 && ms == m->guard.watchdog_ms);
	if (wanted && file_bad) {
		memcpy(m->guard.path, device, sizeof device);
		m->guard.watchdog_ms = ms;
	}
	if (wanted && watchdog_fits(m)) {
		vt_log(VT_INFO, NULL, "watchdog %s is fed on", device);
		return;
	}
	vt_log(VT_NOTICE, NULL, "watchdog %s, armed before, is not wanted any more as it was: disarmed", device);
	close_watchdog(m, true);
}

static void feed(struct vm_master *m)
{
	bool fed = m->guard.fd < 0 || vt_watchdog_feed(m->guard.fd);
	if (!fed && !m->guard.feed_told)
		vt_log(VT_ERR, NULL, "watchdog %s can't be fed: %s", m->guard.path, strerror(errno));
	m->guard.feed_told = !fed;
}

/* ---- proofs ----------------------------------------------------------------------------------------------- */

static void keep_proof(const struct vm_master *m)
{
	char text[32];
	snprintf(text, sizeof text, "%020llu\n", (unsigned long long)m->guard.proof_ns);
	vm_run_write(m, PROOF, text);
}

static uint64_t kept_proof(const struct vm_master *m)
{
	char text[32];
	uint64_t ns = vm_run_read(m, PROOF, text, sizeof text) ? strtoull(text, NULL, 10) : 0;
	return ns <= vt_boottime_ns() ? ns : 0;
}

void vm_guard_proof(struct vm_master *m, uint64_t sent_ns)
{
	uint64_t proof_ns = vm_witness_host_proof(m, sent_ns);
	if (!is_armed(m) || proof_ns <= m->guard.proof_ns)
		return;
	if (m->guard.proof_ns == 0)
		vt_log(VT_INFO, NULL, "this host ends itself when it has no proof of quorum for nine tenths of the longest lease");
	m->guard.proof_ns = proof_ns;
	m->guard.stale_told = false;
	vm_run_remove(m, GRACE);
	keep_proof(m);
	open_watchdog(m);
}

static void on_tick(void *data)
{
	struct vm_master *m = data;
	m->guard.tick = 0;
	if (m->closing)
		return;
	vm_timer(m, &m->guard.tick, VM_GUARD_TICK_MS, m, on_tick);
	struct vc_guard g = facts(m);
	uint64_t now = vt_boottime_ns();
	unsigned acts = vc_guard(&g, now);
	unsigned long long silent_s = (now - g.proof_ns) / (1000 * NS_PER_MS);
	if (acts & VC_GUARD_FEED)
		feed(m);
	if ((acts & VC_GUARD_STARVE) && m->guard.fd >= 0 && !m->guard.stale_told) {
		vt_log(VT_ERR, NULL, "no proof of quorum for %llu s: the watchdog is not fed any more", silent_s);
		m->guard.stale_told = true;
	}
	if (acts & VC_GUARD_END) {
		vt_log(VT_ERR, NULL, "no proof of quorum for %llu s: others may be told that nothing runs here; this host resets itself "
		       "(self_fence, vmtwind.conf(5))", silent_s);
		vm_end_host(m, false, 0);
	}
}

/* ---- maintenance is no emergency -------------------------------------------------------------------------- */

/* Somebody wants corosync to end. Pacemaker, if it runs, refuses that: whether it does end is seen then. */
static void on_shutdown(void *ctx)
{
	struct vm_master *m = ctx;
	m->guard.shutdown_ns = vt_boottime_ns();
}

static bool pacemaker_runs(void)
{
	bool found = false;
	DIR *dir = opendir("/proc");
	for (struct dirent *e; dir && !found && (e = readdir(dir)) != NULL;) {
		char path[300], name[32] = "";
		if (strspn(e->d_name, "0123456789") != strlen(e->d_name))
			continue;
		snprintf(path, sizeof path, "/proc/%s/comm", e->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof name - 1);
		if (fd >= 0)
			close(fd);
		found = n > 0 && strncmp(name, "pacemakerd", 10) == 0;
	}
	if (!dir)
		return true;
	closedir(dir);
	return found;
}

static void disarm(struct vm_master *m)
{
	m->guard.disarmed = true;
	vm_run_remove(m, PROOF);
	close_watchdog(m, true);
}

/* Shut down by somebody who means it, Pacemaker before: nobody fences a host for that, and it does not end itself. */
void vm_guard_corosync_lost(struct vm_master *m)
{
	bool meant = m->guard.shutdown_ns && vt_boottime_ns() - m->guard.shutdown_ns < VM_GUARD_SHUTDOWN_MS * NS_PER_MS;
	if ((!is_armed(m) && m->guard.fd < 0) || !meant || pacemaker_runs())
		return;
	vt_log(VT_NOTICE, NULL, "corosync was shut down in order: this host does not end itself for that");
	disarm(m);
}

static int32_t on_shutdown_event(int32_t fd, int32_t events, void *data)
{
	struct vm_master *m = data;
	(void)events;
	if (vt_shutdown_dispatch(m->guard.shutdown) < 0)
		qb_loop_poll_del(m->loop, fd); /* corosync is gone: the group says so too */
	return 0;
}

int vm_guard_watch(struct vm_master *m, struct vt_fail *fail)
{
	if (!m->host.self_fence && !m->guard.path[0])
		return 0;
	int rc = vt_shutdown_open(&m->guard.shutdown, on_shutdown, m, fail);
	if (rc == 0 && qb_loop_poll_add(m->loop, QB_LOOP_HIGH, vt_shutdown_fd(m->guard.shutdown), POLLIN, m, on_shutdown_event) < 0)
		rc = vt_fail(fail, -ENOMEM, "out of memory");
	return rc;
}

void vm_guard_unwatch(struct vm_master *m)
{
	if (m->guard.shutdown) {
		qb_loop_poll_del(m->loop, vt_shutdown_fd(m->guard.shutdown));
		vt_shutdown_close(m->guard.shutdown);
	}
	m->guard.shutdown = NULL;
}

void vm_guard_start(struct vm_master *m)
{
	m->guard.fd = -1;
	memcpy(m->guard.path, m->host.watchdog, sizeof m->guard.path);
	m->guard.watchdog_ms = m->host.watchdog_ms;
	m->guard.proof_ns = kept_proof(m);
	uint64_t now = vt_boottime_ns();
	struct vc_guard g = facts(m);
	bool overdue = vc_guard_overdue(&g, now); /* another life of ours is no reason for more time, but for a moment */
	bool grace = overdue && vm_run_first(m, GRACE);
	if (grace)
		m->guard.grace_ns = now + VM_GUARD_GRACE_MS * NS_PER_MS;
	if (!overdue || grace)
		adopt_watchdog(m);
	if (!is_armed(m) && m->guard.fd < 0)
		m->guard.proof_ns = 0;
	else if (is_armed(m) && m->guard.proof_ns && !overdue)
		open_watchdog(m);
	if (is_armed(m) || m->guard.fd >= 0)
		on_tick(m);
}

void vm_guard_stop(struct vm_master *m)
{
	bool alive = m->exit_code != 0;
	for (struct vm_unit *unit = m->units; unit; unit = unit->next)
		alive |= vm_unit_alive(unit);
	if (!alive && (is_armed(m) || m->guard.fd >= 0))
		disarm(m);
	if (m->guard.fd >= 0)
		vt_log(VT_WARN, NULL, "the watchdog stays armed: vmtwind has to be back within %u s", m->guard.watchdog_ms / 1000);
	else if (alive && m->exit_code == 0 && is_armed(m))
		vt_log(VT_WARN, NULL, "units run on this host, and self_fence is set: vmtwind has to be back before their lease is over");
	close_watchdog(m, false);
}
