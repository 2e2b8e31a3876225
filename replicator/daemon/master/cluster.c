// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Corosync: joining the group, quorum, lease proofs. A broken handle is not mended in place: the
 * token of each unit is bound to it (docs/PROTOCOL.md), so the master says that quorum is unknown and ends;
 * its supervisor starts the next one, to which the workers attach afresh.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/totem.h"

bool vm_is_member(const struct vm_master *m, uint32_t node)
{
	for (unsigned i = 0; i < m->member_nodes; i++)
		if (m->member_node[i] == node)
			return true;
	return false;
}

void vm_cluster_close(struct vm_master *m)
{
	if (m->cpg) {
		qb_loop_poll_del(m->loop, vt_cpg_fd(m->cpg));
		vt_cpg_close(m->cpg);
	}
	if (m->quorum) {
		qb_loop_poll_del(m->loop, vt_quorum_fd(m->quorum));
		vt_quorum_close(m->quorum);
	}
	vm_guard_unwatch(m);
	m->cpg = NULL;
	m->quorum = NULL;
	m->ready = m->quorum_told = m->quorate = false;
	vc_vote_told(&m->vote, false, 0);
	m->member_nodes = m->group_size = 0;
	vm_queue_clear(&m->group_out);
	vm_timer_stop(m, &m->group_timer);
	vm_timer_stop(m, &m->proof_timer);
}

void vm_cluster_lost(struct vm_master *m, const char *why)
{
	if (m->closing)
		return;
	vt_log(VT_ERR, NULL, "the connection to corosync is lost (%s): ending, to be started again; "
	       "workers go on without quorum until their lease ends", why);
	m->breaks++;
	m->quorate = false;
	m->member_nodes = 0;
	vm_tell_quorum(m);
	vm_guard_corosync_lost(m);
	vm_exit(m, 1);
}

/* Quorum is looked at before anything of the group is acted upon: what a worker hears from the group
 * never comes before the loss of quorum that preceded it. */
bool vm_refresh_quorum(struct vm_master *m)
{
	if (m->closing || vt_quorum_dispatch(m->quorum) == 0)
		return !m->closing;
	vm_cluster_lost(m, "quorum service");
	return false;
}

static void check_ready(struct vm_master *m)
{
	bool in_group = false;
	for (unsigned i = 0; i < m->group_size; i++)
		in_group |= m->group[i] == m->self;
	if (m->ready || !in_group || !m->quorum_told)
		return;
	m->ready = true;
	vm_fencing_ready(m);
	m->waiting[0] = '\0';
	vt_log(VT_NOTICE, NULL, "in the cluster as %s (node %u), %s", m->self_name, m->self_node,
	       m->quorate ? "quorate" : "without quorum");
	vm_attach_all(m);
	vm_publish_all(m);
	for (struct vm_unit *unit = m->units; unit; unit = unit->next)
		vm_send_status(unit);
}

static void on_quorum(void *ctx, bool quorate, const uint32_t *node, unsigned nodes)
{
	struct vm_master *m = ctx;
	if (m->quorate && !quorate)
		m->breaks++; /* proofs under way are void (S6) */
	if (m->quorum_told && m->quorate != quorate)
		vt_log(VT_NOTICE, NULL, "quorum %s", quorate ? "gained" : "lost");
	m->quorum_told = true;
	m->quorate = quorate;
	m->member_nodes = 0;
	for (unsigned i = 0; i < nodes && i < VT_NODES_MAX; i++)
		m->member_node[m->member_nodes++] = node[i];
	vm_fencing_quorum(m);
	vm_tell_quorum(m);
}

static void peer_status(struct vm_master *m, uint64_t sender, const struct vg_msg *msg)
{
	struct vm_unit *unit = vm_unit_find(m, msg->unit);
	if (!unit || sender == m->self)
		return;
	const struct vt_node *node = vt_nodes_by_id(&m->nodes, (uint32_t)(sender >> 32));
	if (!node || strcmp(node->name, m->self_name) == 0)
		return;
	unit->peer_status = msg->u.status;
	unit->has_peer_status = true;
}

static void to_worker(struct vm_master *m, uint64_t sender, const struct vg_msg *msg)
{
	struct vm_unit *unit = vm_unit_find(m, msg->unit);
	uint32_t node = (uint32_t)(sender >> 32);
	struct vw_msg out;
	if (!unit || unit->state != VM_ATTACHED || (node != unit->peer_node && sender != m->self))
		return;
	if (msg->kind == VG_UNIT_DOWN) {
		if (sender == m->self)
			return;
		vt_log(VT_NOTICE, unit->name, "the worker at %s has ended", unit->peer_name);
		out.type = VW_UNIT_DOWN;
		out.u.unit_down.incarnation = msg->u.incarnation;
	} else {
		out.type = VW_CPG;
		out.u.cpg.sender = sender;
		out.u.cpg.len = msg->u.message.len;
		memcpy(out.u.cpg.payload, msg->u.message.payload, msg->u.message.len);
	}
	vm_worker_send(unit, &out);
}

static void note_heard(struct vm_master *m, uint64_t sender)
{
	const struct vt_node *node = vt_nodes_by_id(&m->nodes, (uint32_t)(sender >> 32));
	if (node)
		m->heard_ns[node - m->nodes.node] = vt_boottime_ns();
}

/* A master of another version says something every second. */
static void note_odd(struct vm_master *m, uint64_t sender, int rc)
{
	const struct vt_node *node = vt_nodes_by_id(&m->nodes, (uint32_t)(sender >> 32));
	uint64_t now = vt_boottime_ns();
	if (node) {
		uint64_t *told_ns = &m->odd_ns[node - m->nodes.node];
		if (*told_ns && now - *told_ns < VM_ODD_INTERVAL_MS * UINT64_C(1000000))
			return;
		*told_ns = now;
	}
	vt_log(VT_WARN, NULL, "messages of %s in the group are not understood: %s",
	       node ? node->name : "an unknown node",
	       rc == -EPROTONOSUPPORT
		   ? "it runs another version of vmtwin; install the same on both hosts"
		   : "damaged");
}

static void on_message(void *ctx, uint64_t sender, const void *data, size_t len)
{
	struct vm_master *m = ctx;
	struct vg_msg msg;
	if (!vm_refresh_quorum(m))
		return;
	note_heard(m, sender);
	int rc = vg_decode(&msg, data, len);
	if (rc < 0) {
		note_odd(m, sender, rc);
		return;
	}
	switch (msg.kind) {
	case VG_UNIT_MESSAGE:
	case VG_UNIT_DOWN:
		to_worker(m, sender, &msg);
		break;
	case VG_STATUS:
		peer_status(m, sender, &msg);
		break;
	case VG_PROOF:
		vm_fencing_lease(m, (uint32_t)(sender >> 32), msg.u.proof.lease_ms);
		if (sender == m->self && msg.u.proof.nonce == m->nonce && m->quorate &&
		    msg.u.proof.breaks == m->breaks) {
			vm_tell_proof(m, msg.u.proof.sent_ns);
			vm_guard_proof(m, msg.u.proof.sent_ns);
			vm_fencing_proof(m, msg.u.proof.sent_ns);
		}
		break;
	case VG_END_NODE:
		vm_end_ordered(m, (uint32_t)(sender >> 32), &msg);
		break;
	case VG_ENDING:
		vm_fencing_ending(m, (uint32_t)(sender >> 32), &msg);
		break;
	}
}

static void note_member(struct vm_master *m, uint64_t member, bool there)
{
	for (unsigned i = 0; i < m->group_size; i++)
		if (m->group[i] == member) {
			if (!there)
				m->group[i] = m->group[--m->group_size];
			return;
		}
	if (there && m->group_size < VT_NODES_MAX)
		m->group[m->group_size++] = member;
}

static void forget_peer_status(struct vm_master *m, uint32_t node)
{
	const struct vt_node *left = vt_nodes_by_id(&m->nodes, node);
	for (struct vm_unit *unit = m->units; left && unit; unit = unit->next)
		if (strcmp(unit->peer_name, left->name) == 0)
			unit->has_peer_status = false;
}

static void on_change(void *ctx, uint64_t member, enum vt_cpg_change how)
{
	static const enum vw_left told[] = {
	    [VT_CPG_JOINED] = VW_JOINED,
	    [VT_CPG_LEFT] = VW_LEFT_CLEAN,
	    [VT_CPG_PROCDOWN] = VW_LEFT_PROCDOWN,
	    [VT_CPG_NODEDOWN] = VW_LEFT_NODEDOWN,
	};
	static const char *const text[] = {"joined", "left", "ended", "is gone with its node"};
	struct vm_master *m = ctx;
	if (!vm_refresh_quorum(m))
		return;
	note_member(m, member, how == VT_CPG_JOINED);
	if (member == m->self) {
		if (how != VT_CPG_JOINED)
			vm_cluster_lost(m, "corosync dropped us from the group");
		return;
	}
	const struct vt_node *node = vt_nodes_by_id(&m->nodes, (uint32_t)(member >> 32));
	vt_log(VT_NOTICE, NULL, "vmtwind at %s (pid %u) %s", node ? node->name : "an unknown node",
	       (unsigned)(member & UINT32_MAX), text[how]);
	vm_fencing_group(m, (uint32_t)(member >> 32), how);
	vm_tell_group(m, member, told[how]);
	if (how != VT_CPG_JOINED)
		forget_peer_status(m, (uint32_t)(member >> 32));
	for (struct vm_unit *unit = m->units; how == VT_CPG_JOINED && unit; unit = unit->next)
		vm_send_status(unit); /* the newcomer knows nothing yet */
}

static int32_t on_event(int32_t fd, int32_t events, void *data)
{
	struct vm_master *m = data;
	(void)fd;
	(void)events; /* a hang-up shows in the dispatch */
	if (m->closing || !vm_refresh_quorum(m))
		return 0;
	if (vt_cpg_dispatch(m->cpg) < 0)
		vm_cluster_lost(m, "group service");
	if (!m->closing && vm_refresh_quorum(m))
		check_ready(m);
	return 0;
}

/* ---- sending ---- */

static void on_group_retry(void *data);

static void flush_group(struct vm_master *m)
{
	while (m->group_out.first) {
		const struct vm_packet *p = m->group_out.first;
		int rc = vt_cpg_send(m->cpg, p->data, p->len);
		if (rc == -EAGAIN) {
			vm_timer(m, &m->group_timer, VM_GROUP_RETRY_MS, m, on_group_retry);
			return;
		}
		if (rc < 0) {
			vm_cluster_lost(m, "sending to the group");
			return;
		}
		vm_queue_pop(&m->group_out);
	}
}

static void on_group_retry(void *data)
{
	struct vm_master *m = data;
	m->group_timer = 0;
	if (!m->closing && m->cpg)
		flush_group(m);
}

bool vm_group_send_now(struct vm_master *m, const struct vg_msg *msg)
{
	uint8_t packet[VG_PACKET_MAX];
	if (!m->ready || m->closing || m->group_out.count > 0)
		return false;
	int len = vg_encode(msg, packet);
	int rc = len < 0 ? len : vt_cpg_send(m->cpg, packet, (size_t)len);
	if (rc < 0 && rc != -EAGAIN)
		vm_cluster_lost(m, "sending to the group");
	return rc == 0;
}

void vm_group_send(struct vm_master *m, const struct vg_msg *msg)
{
	uint8_t packet[VG_PACKET_MAX];
	if (!m->ready || m->closing)
		return; /* not in the group: nobody hears us, and all know it (PROCDOWN) */
	int len = vg_encode(msg, packet);
	if (len < 0) {
		vt_log(VT_ERR, msg->unit, "a message to the group is too large; dropped");
		return;
	}
	if (m->group_out.count >= VM_GROUP_QUEUE_MAX ||
	    vm_queue_add(&m->group_out, packet, (size_t)len) < 0) {
		vt_log(VT_ERR, msg->unit, "corosync takes no messages: %u are waiting",
		       m->group_out.count);
		vm_cluster_lost(m, "its queue is full");
		return;
	}
	if (m->group_out.count == 1)
		flush_group(m);
}

static void on_proof_due(void *data)
{
	struct vm_master *m = data;
	struct vg_msg msg = {.kind = VG_PROOF};
	uint8_t packet[VG_PACKET_MAX];
	m->proof_timer = 0;
	if (m->closing || !m->cpg)
		return;
	vm_timer(m, &m->proof_timer, VM_PROOF_INTERVAL_MS, m, on_proof_due);
	if (!m->ready || !vm_refresh_quorum(m) || !m->quorate)
		return;
	msg.u.proof.nonce = m->nonce;
	msg.u.proof.breaks = m->breaks;
	msg.u.proof.lease_ms = m->leases.longest_ms;
	msg.u.proof.sent_ns = vt_boottime_ns(); /* before sending: the lease is timed from here */
	int len = vg_encode(&msg, packet);
	int rc = vt_cpg_send(m->cpg, packet, (size_t)len);
	if (rc < 0 && rc != -EAGAIN) /* -EAGAIN: no proof this time; a late one would be worth less */
		vm_cluster_lost(m, "sending to the group");
}

/* ---- joining ---- */

/* A corosync that hangs would hang us: its calls have no limits of their own (S7). */
static void on_alarm(int signal_number)
{
	static const char text[] = "vmtwind: corosync hangs in a call; ending, to be started again\n";
	(void)signal_number;
	ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
	(void)ignored;
	_exit(1);
}

static int open_all(struct vm_master *m, struct vt_fail *fail)
{
	static const struct vt_cpg_ops ops = {.message = on_message, .change = on_change};
	int rc = vt_nodes_load(&m->nodes, fail);
	if (rc == 0)
		rc = vt_totem_load(&m->timing, fail);
	if (rc == 0)
		rc = vt_quorum_open(&m->quorum, on_quorum, m, fail);
	if (rc == 0)
		rc = vt_cpg_open(&m->cpg, VT_CPG_GROUP, &ops, m, fail);
	if (rc == 0)
		rc = vm_guard_watch(m, fail);
	if (rc < 0)
		return rc;
	m->self_node = vt_cpg_self_node(m->cpg);
	m->self = (uint64_t)m->self_node << 32 | (uint32_t)getpid();
	const struct vt_node *node = vt_nodes_by_id(&m->nodes, m->self_node);
	if (!node)
		return vt_fail(fail, -EINVAL, "this host's node id %u is not in corosync's nodelist",
			       m->self_node);
	memcpy(m->self_name, node->name, sizeof m->self_name);
	return 0;
}

static void on_cluster_due(void *data)
{
	struct vm_master *m = data;
	struct vt_fail fail = {0};
	m->cluster_timer = 0;
	alarm(VM_CLUSTER_CALL_S);
	int rc = open_all(m, &fail);
	alarm(0);
	if (rc == 0)
		rc = qb_loop_poll_add(m->loop, QB_LOOP_HIGH, vt_quorum_fd(m->quorum), POLLIN, m,
				      on_event);
	if (rc == 0)
		rc = qb_loop_poll_add(m->loop, QB_LOOP_HIGH, vt_cpg_fd(m->cpg), POLLIN, m, on_event);
	if (rc == 0) {
		vm_witness_check(m);
		snprintf(m->waiting, sizeof m->waiting, "joining the group");
		on_event(-1, 0, m);
		on_proof_due(m);
		return;
	}
	if (strcmp(m->waiting, fail.text) != 0) /* once, not every second */
		vt_log(VT_WARN, NULL, "waiting for corosync: %s", fail.text);
	snprintf(m->waiting, sizeof m->waiting, "%s", fail.text);
	vm_cluster_close(m);
	vm_timer(m, &m->cluster_timer, VM_CLUSTER_RETRY_MS, m, on_cluster_due);
}

void vm_cluster_start(struct vm_master *m)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	sigaction(SIGALRM, &sa, NULL);
	m->nonce = vt_random_u64();
	on_cluster_due(m);
}
