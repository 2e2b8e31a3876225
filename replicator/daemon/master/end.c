// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ending this host, so that another one may be told that nothing of it runs any more (docs/FENCING.md): because it was ordered
 * to (fencing of a member), or, where the host's file says so, because its proofs of quorum have run out. Units die first, as
 * in a power cut; then the kernel is told to reset the machine. A watchdog does it where vmtwind or the kernel hangs.
 */
#include "daemon/master/master.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

static void press(int fd, bool off)
{
	if (fd < 0 || write(fd, off ? "o" : "b", 1) != 1)
		vt_log(VT_ERR, NULL, "the kernel's sysrq can't be written: %s", fd < 0 ? "it could not be opened" : strerror(errno));
}

/* Whatever hangs here, a disk or corosync: the host is reset. Nothing is executed or read for that. */
static void reset_at_the_latest(const struct vm_master *m)
{
	if (fork() != 0)
		return;
	uint64_t due_ns = vt_boottime_ns() + VM_END_LATEST_MS * NS_PER_MS;
	int fd = dup2(m->end.sysrq_fd, 3);
	close_range(4, ~0U, 0); /* locks and connections are not held on to */
	while (vt_boottime_ns() < due_ns)
		poll(NULL, 0, 50);
	press(fd, m->end.off);
	_exit(0);
}

static void on_reset_due(void *data)
{
	struct vm_master *m = data;
	m->end.timer = 0;
	m->end.pressed = true;
	press(m->end.sysrq_fd, m->end.off);
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
	m->end.said = true;
	say_ending(m, m->end.sysrq_fd >= 0);
	vm_timer(m, &m->end.timer, VM_END_SAY_MS, m, on_reset_due);
}

static void end_host(struct vm_master *m, bool off, uint64_t request)
{
	m->end.under_way = true;
	m->end.pressed = m->end.said = false;
	m->end.off = off;
	m->end.request = request;
	m->end.begun_ns = vt_boottime_ns();
	reset_at_the_latest(m);
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
		if (m->end.said)
			say_ending(m, m->end.sysrq_fd >= 0);
		return;
	}
	vt_log(VT_ERR, NULL, "%s orders this host to end its VMs and to %s (fencing, fence_vmtwin): doing so", sender->name,
	       msg->u.end.off ? "switch itself off" : "reset itself");
	end_host(m, msg->u.end.off, msg->u.end.request);
}

/* ---- proofs over -------------------------------------------------------------------------------------- */

static bool is_armed(const struct vm_master *m)
{
	return (m->host.self_fence || m->end.watchdog_path[0]) && !m->end.disarmed && !m->witness.trouble[0];
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
	uint32_t lease_ms = vm_leases(m)->longest_ms;
	return vt_timing_own_ms(lease_ms ? lease_ms : LEASE_OTHERWISE_MS) * NS_PER_MS;
}

static void watchdog_path(const struct vm_master *m, char *out, size_t cap)
{
	snprintf(out, cap, "%s/vmtwind.watchdog", m->run_dir);
}

/* Whoever comes after us has to feed it, or to disarm it, whatever the host's file says by then. */
static void keep_watchdog(const struct vm_master *m)
{
	char path[512], text[VT_WATCHDOG_PATH_MAX + 32];
	watchdog_path(m, path, sizeof path);
	int n = snprintf(text, sizeof text, "%u %s\n", m->end.watchdog_ms, m->end.watchdog_path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		vt_log(VT_WARN, NULL, "%s can't be written: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static bool kept_watchdog(const struct vm_master *m, char *device, uint32_t *ms)
{
	char path[512], text[VT_WATCHDOG_PATH_MAX + 32] = "";
	unsigned kept_ms = 0;
	watchdog_path(m, path, sizeof path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	bool ok = n > 0 && sscanf(text, "%u %127s", &kept_ms, device) == 2 && kept_ms >= 1000;
	*ms = kept_ms;
	return ok;
}

static void close_watchdog(struct vm_master *m, bool disarm)
{
	char path[512];
	if (m->end.watchdog_fd >= 0)
		vt_watchdog_close(m->end.watchdog_fd, disarm);
	m->end.watchdog_fd = -1;
	watchdog_path(m, path, sizeof path);
	if (disarm)
		unlink(path);
}

static bool watchdog_fits(struct vm_master *m)
{
	if (2 * m->end.watchdog_ms * NS_PER_MS <= own_ns(m))
		return true;
	if (!m->end.watchdog_told)
		vt_log(VT_ERR, NULL, "watchdog_timeout_s = %u in %s is more than half of the %u s that a host counts on of its longest "
		       "lease (nine tenths of lease_ms): the watchdog is not armed; make it shorter, or lease_ms longer",
		       m->end.watchdog_ms / 1000, m->host_conf, (unsigned)(own_ns(m) / NS_PER_MS / 1000));
	m->end.watchdog_told = true;
	return false;
}

static void open_watchdog(struct vm_master *m)
{
	struct vt_fail fail = {0};
	if (!m->end.watchdog_path[0] || m->end.watchdog_fd >= 0 || !watchdog_fits(m))
		return;
	int fd = vt_watchdog_open(m->end.watchdog_path, m->end.watchdog_ms, &fail);
	if (fd >= 0)
		vt_log(VT_NOTICE, NULL, "watchdog %s is armed: it resets this host %u s after the last good word of the cluster",
		       m->end.watchdog_path, m->end.watchdog_ms / 1000);
	else if (!m->end.watchdog_told)
		vt_log(VT_ERR, NULL, "%s; no watchdog guards this host, trying again", fail.text);
	m->end.watchdog_told = fd < 0;
	m->end.watchdog_fd = fd;
	if (fd >= 0)
		keep_watchdog(m);
}

/* Its proofs were over when we began: another life of ours is no reason for more time. */
static bool is_overdue(struct vm_master *m)
{
	uint64_t now = vt_boottime_ns();
	return m->end.proof_ns && now - m->end.proof_ns + m->end.watchdog_ms * NS_PER_MS >= own_ns(m);
}

static bool first_grace(const struct vm_master *m)
{
	char path[512];
	snprintf(path, sizeof path, "%s/vmtwind.grace", m->run_dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void end_grace(const struct vm_master *m)
{
	char path[512];
	snprintf(path, sizeof path, "%s/vmtwind.grace", m->run_dir);
	unlink(path);
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
	m->end.watchdog_fd = vt_watchdog_open(device, ms, &fail);
	if (m->end.watchdog_fd < 0) {
		vt_log(VT_ERR, NULL, "the watchdog that was armed before: %s", fail.text);
		return;
	}
	bool wanted = file_bad || (strcmp(device, m->end.watchdog_path) == 0 && ms == m->end.watchdog_ms);
	if (wanted && file_bad) {
		memcpy(m->end.watchdog_path, device, sizeof device);
		m->end.watchdog_ms = ms;
	}
	if (wanted && watchdog_fits(m)) {
		vt_log(VT_INFO, NULL, "watchdog %s is fed on", device);
		return;
	}
	vt_log(VT_NOTICE, NULL, "watchdog %s, armed before, is not wanted any more as it was: disarmed", device);
	close_watchdog(m, true);
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
	end_grace(m);
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
	if (m->end.watchdog_fd >= 0 && (!is_armed(m) || m->end.proof_ns == 0))
		vt_watchdog_feed(m->end.watchdog_fd);
	if (!is_armed(m) || m->end.proof_ns == 0 || m->end.under_way)
		return;
	uint64_t age_ns = vt_boottime_ns() - m->end.proof_ns;
	bool fresh = age_ns < 2 * VM_PROOF_INTERVAL_MS * NS_PER_MS;
	uint64_t limit_ns = fresh ? 0 : own_ns(m); /* known already */
	if (fresh || age_ns + m->end.watchdog_ms * NS_PER_MS < limit_ns) {
		if (m->end.watchdog_fd >= 0 && !vt_watchdog_feed(m->end.watchdog_fd))
			vt_log(VT_ERR, NULL, "watchdog %s can't be fed: %s", m->end.watchdog_path, strerror(errno));
	} else if (m->end.watchdog_fd >= 0 && !m->end.stale_told) {
		vt_log(VT_ERR, NULL, "no proof of quorum for %llu s: the watchdog is not fed any more",
		       (unsigned long long)(age_ns / (1000 * NS_PER_MS)));
		m->end.stale_told = true;
	}
	if (fresh || age_ns < limit_ns || !m->host.self_fence ||
	    (m->end.grace && vt_boottime_ns() - m->end.started_ns < VM_END_GRACE_MS * NS_PER_MS))
		return;
	vt_log(VT_ERR, NULL, "no proof of quorum for %llu s: others may be told that nothing runs here; this host resets itself "
	       "(self_fence, vmtwind.conf(5))", (unsigned long long)(age_ns / (1000 * NS_PER_MS)));
	end_host(m, false, 0);
}

/* Somebody wants corosync to end. Pacemaker, if it runs, refuses that: whether it does end is seen then. */
static void on_shutdown(void *ctx)
{
	struct vm_master *m = ctx;
	m->end.shutdown_ns = vt_boottime_ns();
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
	char path[512];
	m->end.disarmed = true;
	proof_path(m, path, sizeof path);
	unlink(path);
	close_watchdog(m, true);
}

/* Shut down by somebody who means it, Pacemaker before: nobody fences a host for that, and it does not end itself. */
void vm_end_corosync_lost(struct vm_master *m)
{
	bool meant = m->end.shutdown_ns && vt_boottime_ns() - m->end.shutdown_ns < VM_END_SHUTDOWN_MS * NS_PER_MS;
	if ((!is_armed(m) && m->end.watchdog_fd < 0) || !meant || pacemaker_runs())
		return;
	vt_log(VT_NOTICE, NULL, "corosync was shut down in order: this host does not end itself for that");
	disarm(m);
}

/* The master's end would be that of the end of the host. */
bool vm_end_holds(struct vm_master *m)
{
	if (m->end.under_way && !m->end.pressed) {
		vm_timer_stop(m, &m->end.timer);
		on_reset_due(m);
	}
	return m->end.under_way;
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
	if (!m->host.self_fence && !m->end.watchdog_path[0])
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
	m->end.started_ns = vt_boottime_ns();
	m->end.sysrq_fd = open(m->sysrq_path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	if (m->end.sysrq_fd < 0)
		vt_log(VT_WARN, NULL, "%s can't be opened (%s): this host can't reset itself when it is fenced", m->sysrq_path,
		       strerror(errno));
	memcpy(m->end.watchdog_path, m->host.watchdog, sizeof m->end.watchdog_path);
	m->end.watchdog_ms = m->host.watchdog_ms;
	mlockall(MCL_CURRENT | MCL_FUTURE); /* a disk that hangs is no reason not to end; refused: less sure */
	vm_leases(m);
	m->end.proof_ns = kept_proof(m);
	m->end.grace = is_overdue(m) && first_grace(m);
	if (!is_overdue(m) || m->end.grace)
		adopt_watchdog(m);
	if (!is_armed(m) && m->end.watchdog_fd < 0)
		m->end.proof_ns = 0;
	else if (is_armed(m) && m->end.proof_ns && !is_overdue(m))
		open_watchdog(m);
	if (is_armed(m) || m->end.watchdog_fd >= 0)
		on_tick(m);
}

void vm_end_stop(struct vm_master *m)
{
	bool alive = m->exit_code != 0;
	for (struct vm_unit *unit = m->units; unit; unit = unit->next)
		alive |= vm_unit_alive(unit);
	if (!alive && (is_armed(m) || m->end.watchdog_fd >= 0))
		disarm(m);
	if (m->end.watchdog_fd >= 0)
		vt_log(VT_WARN, NULL, "the watchdog stays armed: vmtwind has to be back within %u s", m->end.watchdog_ms / 1000);
	else if (alive && m->exit_code == 0 && is_armed(m))
		vt_log(VT_WARN, NULL, "units run on this host, and self_fence is set: vmtwind has to be back before their lease is over");
	close_watchdog(m, false);
}
