// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ending this host, so that another one may be told that nothing of it runs any more (docs/FENCING.md): because it was ordered
 * to (fencing of a member), or, where the host's file says so, because its proofs of quorum have run out. Units die first, as
 * in a power cut; then the kernel is told to reset the machine. A watchdog does it where vmtwind or the kernel hangs.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/spawn.h"

#define NS_PER_MS UINT64_C(1000000)
#define LEASE_OTHERWISE_MS 30000 /* no unit file can be read */

/* ---- the end ------------------------------------------------------------------------------------------ */

static void kill_worker(const struct vm_unit *unit)
{
	if (unit->pidfd >= 0)
		pidfd_send_signal(unit->pidfd, SIGKILL, NULL, 0);
	else if (unit->child > 0)
		kill(unit->child, SIGKILL);
}

static void on_vm_gone(struct vm_master *m, void *arg, int result)
{
	(void)arg;
	(void)result; /* it has told itself */
	m->end.vms--;
}

/* The worker first: what it held is answered with an error by its end, and QEMU can die. */
static void kill_units(struct vm_master *m)
{
	for (struct vm_unit *unit = m->units; unit; unit = unit->next) {
		kill_worker(unit);
		if (!unit->has_conf)
			vm_unit_load_conf(unit);
		if (!unit->has_conf)
			continue;
		const char *argv[] = {m->vmdown_path, unit->name, unit->conf.domain, "0", NULL};
		if (vm_job_start(m, (char *const *)(uintptr_t)argv, VM_END_UNITS_MS, on_vm_gone, unit) == 0)
			m->end.vms++;
	}
}

static void say_ending(struct vm_master *m, bool able)
{
	struct vg_msg msg = {.kind = VG_ENDING, .u.ending = {.request = m->end.request, .able = able}};
	if (m->end.request)
		vm_group_send(m, &msg);
}

static void on_still_alive(void *data)
{
	struct vm_master *m = data;
	m->end.timer = 0;
	vt_log(VT_ERR, NULL, "%s did not %s this host: asking the kernel otherwise", m->sysrq_path, m->end.off ? "switch off" : "reset");
	if (reboot(m->end.off ? RB_POWER_OFF : RB_AUTOBOOT) < 0) {
		vt_log(VT_ERR, NULL, "this host can't end itself: %s; switch it off", strerror(errno));
		say_ending(m, false);
		m->end.under_way = false;
	}
}

static void on_reset_due(void *data)
{
	struct vm_master *m = data;
	m->end.timer = 0;
	int fd = open(m->sysrq_path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || write(fd, m->end.off ? "o" : "b", 1) != 1)
		vt_log(VT_ERR, NULL, "%s can't be written: %s", m->sysrq_path, strerror(errno));
	if (fd >= 0)
		close(fd);
	vm_timer(m, &m->end.timer, VM_END_ALIVE_MS, m, on_still_alive);
}

/* Whoever asked is told before: afterwards nobody is there who could. */
static void on_units_due(void *data)
{
	struct vm_master *m = data;
	bool alive = false;
	m->end.timer = 0;
	for (struct vm_unit *unit = m->units; unit; unit = unit->next)
		alive |= vm_unit_alive(unit);
	if ((alive || m->end.vms > 0) && vt_boottime_ns() - m->end.begun_ns < VM_END_UNITS_MS * NS_PER_MS) {
		vm_timer(m, &m->end.timer, VM_END_LOOK_MS, m, on_units_due);
		return;
	}
	say_ending(m, true);
	vm_timer(m, &m->end.timer, VM_END_SAY_MS, m, on_reset_due);
}

static void end_host(struct vm_master *m, bool off, uint64_t request)
{
	m->end.under_way = true;
	m->end.off = off;
	m->end.request = request;
	m->end.begun_ns = vt_boottime_ns();
	kill_units(m);
	vm_timer(m, &m->end.timer, VM_END_LOOK_MS, m, on_units_due);
}

/* ---- ordered to --------------------------------------------------------------------------------------- */

/* CPG's order decides between two hosts that order each other: whoever is ordered first has no say any more. */
static bool is_doomed(const struct vm_master *m, const struct vt_node *node, uint64_t now)
{
	uint64_t at = m->seen[node - m->nodes.node].doomed_ns;
	return at && now - at < VC_ORDER_LIMIT_MS * NS_PER_MS;
}

void vm_end_ordered(struct vm_master *m, uint32_t from, const struct vg_msg *msg)
{
	const struct vt_node *sender = vt_nodes_by_id(&m->nodes, from);
	const struct vt_node *target = vt_nodes_by_id(&m->nodes, msg->u.end.node);
	uint64_t now = vt_boottime_ns();
	if (!sender || !target || sender == target)
		return;
	if (is_doomed(m, sender, now)) {
		vt_log(VT_WARN, NULL, "%s wants %s ended, but has been ordered to end itself: passed over", sender->name, target->name);
		return;
	}
	m->seen[target - m->nodes.node].doomed_ns = now;
	if (target->id != m->self_node)
		return;
	if (m->end.under_way) {
		m->end.request = msg->u.end.request;
		return;
	}
	vt_log(VT_ERR, NULL, "%s orders this host to end its VMs and to %s (fencing, fence_vmtwin): doing so", sender->name,
	       msg->u.end.off ? "switch itself off" : "reset itself");
	end_host(m, msg->u.end.off, msg->u.end.request);
}

/* ---- proofs over -------------------------------------------------------------------------------------- */

static bool is_armed(const struct vm_master *m)
{
	return (m->host.self_fence || m->host.watchdog[0]) && !m->end.in_order;
}

static void proof_path(const struct vm_master *m, char *out, size_t cap)
{
	snprintf(out, cap, "%s/vmtwind.proof", m->run_dir);
}

/* For the next master of this boot: also a host whose corosync is dead has to end. */
static void keep_proof(const struct vm_master *m)
{
	char path[512], text[32];
	proof_path(m, path, sizeof path);
	int n = snprintf(text, sizeof text, "%020llu\n", (unsigned long long)m->end.proof_ns);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		vt_log(VT_WARN, NULL, "%s can't be written: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static uint64_t kept_proof(const struct vm_master *m)
{
	char path[512], text[32] = "";
	proof_path(m, path, sizeof path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	uint64_t ns = n > 0 ? strtoull(text, NULL, 10) : 0;
	return ns <= vt_boottime_ns() ? ns : 0;
}

static uint64_t own_ns(struct vm_master *m)
{
	struct vm_leases l = vm_leases(m);
	return vt_timing_own_ms(l.longest_ms ? l.longest_ms : LEASE_OTHERWISE_MS) * NS_PER_MS;
}

static void open_watchdog(struct vm_master *m)
{
	struct vt_fail fail = {0};
	if (!m->host.watchdog[0] || m->end.watchdog_fd >= 0)
		return;
	if (2 * m->host.watchdog_ms * NS_PER_MS > own_ns(m)) {
		if (!m->end.watchdog_told)
			vt_log(VT_ERR, NULL, "watchdog_timeout_s in %s is more than half of what a host counts on of the longest "
			       "lease (nine tenths of lease_ms): the watchdog is not armed; make it shorter, or lease_ms longer",
			       m->host_conf);
		m->end.watchdog_told = true;
		return;
	}
	int fd = vt_watchdog_open(m->host.watchdog, m->host.watchdog_ms, &fail);
	if (fd >= 0)
		vt_log(VT_NOTICE, NULL, "watchdog %s is armed: it resets this host %u s after the last good word of the cluster",
		       m->host.watchdog, m->host.watchdog_ms / 1000);
	else if (!m->end.watchdog_told)
		vt_log(VT_ERR, NULL, "%s; no watchdog guards this host, trying again", fail.text);
	m->end.watchdog_told = fd < 0;
	m->end.watchdog_fd = fd;
}

void vm_end_proof(struct vm_master *m, uint64_t sent_ns)
{
	uint64_t proof_ns = vm_witness_host_proof(m, sent_ns);
	if (!is_armed(m) || proof_ns <= m->end.proof_ns)
		return;
	if (m->end.proof_ns == 0)
		vt_log(VT_INFO, NULL, "this host ends itself when it has no proof of quorum for nine tenths of the longest lease");
	m->end.proof_ns = proof_ns;
	m->end.stale_told = false;
	keep_proof(m);
	open_watchdog(m);
}

static void on_tick(void *data)
{
	struct vm_master *m = data;
	m->end.tick = 0;
	if (m->closing)
		return;
	vm_timer(m, &m->end.tick, VM_END_TICK_MS, m, on_tick);
	if (!is_armed(m) || m->end.proof_ns == 0 || m->end.under_way)
		return;
	uint64_t age_ns = vt_boottime_ns() - m->end.proof_ns;
	bool fresh = age_ns < 2 * VM_PROOF_INTERVAL_MS * NS_PER_MS;
	uint64_t limit_ns = fresh ? 0 : own_ns(m); /* reads files: only when it matters */
	if (fresh || age_ns + m->host.watchdog_ms * NS_PER_MS < limit_ns) {
		if (m->end.watchdog_fd >= 0 && !vt_watchdog_feed(m->end.watchdog_fd))
			vt_log(VT_ERR, NULL, "watchdog %s can't be fed: %s", m->host.watchdog, strerror(errno));
	} else if (m->end.watchdog_fd >= 0 && !m->end.stale_told) {
		vt_log(VT_ERR, NULL, "no proof of quorum for %llu s: the watchdog is not fed any more",
		       (unsigned long long)(age_ns / (1000 * NS_PER_MS)));
		m->end.stale_told = true;
	}
	if (fresh || age_ns < limit_ns || !m->host.self_fence)
		return;
	vt_log(VT_ERR, NULL, "no proof of quorum for %llu s: others may be told that nothing runs here; this host resets itself "
	       "(self_fence, vmtwind.conf(5))", (unsigned long long)(age_ns / (1000 * NS_PER_MS)));
	end_host(m, false, 0);
}

/* Corosync is being shut down by somebody who means it: Pacemaker has stopped before, and nobody fences us for that. */
static void on_shutdown(void *ctx)
{
	struct vm_master *m = ctx;
	char path[512];
	vt_log(VT_NOTICE, NULL, "corosync is being shut down in order: this host does not end itself for that");
	m->end.in_order = true;
	proof_path(m, path, sizeof path);
	unlink(path);
	if (m->end.watchdog_fd >= 0)
		vt_watchdog_close(m->end.watchdog_fd, true);
	m->end.watchdog_fd = -1;
}

static int32_t on_shutdown_event(int32_t fd, int32_t events, void *data)
{
	struct vm_master *m = data;
	(void)events;
	if (vt_shutdown_dispatch(m->end.shutdown) < 0)
		qb_loop_poll_del(m->loop, fd); /* corosync is gone: the group says so too */
	return 0;
}

int vm_end_watch(struct vm_master *m, struct vt_fail *fail)
{
	if (!m->host.self_fence && !m->host.watchdog[0])
		return 0;
	int rc = vt_shutdown_open(&m->end.shutdown, on_shutdown, m, fail);
	if (rc == 0 && qb_loop_poll_add(m->loop, QB_LOOP_HIGH, vt_shutdown_fd(m->end.shutdown), POLLIN, m, on_shutdown_event) < 0)
		rc = vt_fail(fail, -ENOMEM, "out of memory");
	return rc;
}

void vm_end_unwatch(struct vm_master *m)
{
	if (m->end.shutdown) {
		qb_loop_poll_del(m->loop, vt_shutdown_fd(m->end.shutdown));
		vt_shutdown_close(m->end.shutdown);
	}
	m->end.shutdown = NULL;
}

void vm_end_start(struct vm_master *m)
{
	m->end.watchdog_fd = -1;
	if (!is_armed(m))
		return;
	m->end.proof_ns = kept_proof(m);
	if (m->end.proof_ns)
		open_watchdog(m);
	on_tick(m);
}

void vm_end_stop(struct vm_master *m)
{
	bool alive = false;
	for (struct vm_unit *unit = m->units; unit; unit = unit->next)
		alive |= vm_unit_alive(unit);
	if (m->end.watchdog_fd < 0)
		return;
	if (alive)
		vt_log(VT_WARN, NULL, "units run on this host: the watchdog stays armed; vmtwind has to be back within %u s",
		       m->host.watchdog_ms / 1000);
	vt_watchdog_close(m->end.watchdog_fd, !alive);
	m->end.watchdog_fd = -1;
}
