// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ending this host, so that another one may be told that nothing of it runs any more (docs/FENCING.md): because it was ordered
 * to (fencing of a member), or because its proofs of quorum have run out (guard.c). Units die first, as in a power cut; then the
 * kernel is told to reset the machine.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/spawn.h"

#define NS_PER_MS UINT64_C(1000000)

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

void vm_end_host(struct vm_master *m, bool off, uint64_t request)
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
	vm_end_host(m, msg->u.end.off, msg->u.end.request);
}

/* ---- the master's life ---------------------------------------------------------------------------------- */

/* The master's end would be that of the end of the host. */
bool vm_end_holds(struct vm_master *m)
{
	if (m->end.under_way && !m->end.pressed) {
		vm_timer_stop(m, &m->end.timer);
		on_reset_due(m);
	}
	return m->end.under_way;
}

void vm_end_start(struct vm_master *m)
{
	m->end.sysrq_fd = open(m->sysrq_path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	if (m->end.sysrq_fd < 0)
		vt_log(VT_WARN, NULL, "%s can't be opened (%s): this host can't reset itself when it is fenced", m->sysrq_path,
		       strerror(errno));
	mlockall(MCL_CURRENT | MCL_FUTURE); /* a disk that hangs is no reason not to end; refused: less sure */
}
