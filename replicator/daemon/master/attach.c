// SPDX-License-Identifier: GPL-2.0-or-later
/* What workers are told: the present facts at attachment, and each change after it. */
#include "daemon/master/master.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Both hosts of the unit as the cluster knows them. 0, or -EINVAL with the reason in unit->trouble. */
static int find_hosts(struct vm_unit *unit, const struct vt_node **self, const struct vt_node **peer)
{
	struct vm_master *m = unit->m;
	vm_unit_load_conf(unit);
	if (!unit->has_conf)
		return -EINVAL;
	int own = strcmp(unit->conf.hosts[0], m->self_name) == 0   ? 0
		  : strcmp(unit->conf.hosts[1], m->self_name) == 0 ? 1
								   : -1;
	if (own < 0) {
		snprintf(unit->trouble, sizeof unit->trouble,
			 "this host is %.100s in the cluster, but the unit's hosts are %.100s and %.100s: "
			 "correct 'hosts' in %.60s/%s.conf", m->self_name, unit->conf.hosts[0],
			 unit->conf.hosts[1], m->unit_dir, unit->name);
		return -EINVAL;
	}
	*self = vt_nodes_by_id(&m->nodes, m->self_node);
	*peer = vt_nodes_by_name(&m->nodes, unit->conf.hosts[1 - own]);
	if (!*self || !*peer) {
		snprintf(unit->trouble, sizeof unit->trouble,
			 "corosync's nodelist has no node named %.200s: correct 'hosts' in "
			 "%.60s/%s.conf or the names in corosync.conf",
			 unit->conf.hosts[*self ? 1 - own : own], m->unit_dir, unit->name);
		return -EINVAL;
	}
	return 0;
}

int vm_check_hosts(struct vm_unit *unit)
{
	const struct vt_node *self, *peer;
	return unit->m->ready ? find_hosts(unit, &self, &peer) : 0;
}

static void send_attach(struct vm_unit *unit, const struct vt_node *self, const struct vt_node *peer)
{
	struct vw_msg msg = {.type = VW_ATTACH};
	struct vw_attach *a = &msg.u.attach;
	a->self_node = self->id;
	a->peer_node = peer->id;
	a->master = unit->m->self;
	memcpy(a->self_name, self->name, sizeof a->self_name);
	memcpy(a->peer_name, peer->name, sizeof a->peer_name);
	a->rings = (uint8_t)(self->rings > peer->rings ? self->rings : peer->rings);
	memcpy(a->self_addr, self->addr, sizeof a->self_addr);
	memcpy(a->peer_addr, peer->addr, sizeof a->peer_addr);
	vm_worker_send(unit, &msg);
}

static void send_quorum(struct vm_unit *unit)
{
	struct vm_master *m = unit->m;
	struct vw_msg msg = {
	    .type = VW_QUORUM,
	    .u.quorum = {.quorate = m->quorate, .peer_member = vm_is_member(m, unit->peer_node)},
	};
	vm_worker_send(unit, &msg);
}

static void send_group(struct vm_unit *unit, uint64_t member, enum vw_left how)
{
	struct vw_msg msg = {.type = VW_GROUP, .u.group = {.member = member, .how = how}};
	if ((uint32_t)(member >> 32) == unit->peer_node)
		vm_worker_send(unit, &msg);
}

static void send_fence(struct vm_unit *unit)
{
	struct vw_msg msg = {.type = VW_FENCE};
	vm_fence_fill(unit, &msg.u.fence);
	vm_worker_send(unit, &msg);
}

void vm_attach(struct vm_unit *unit)
{
	struct vm_master *m = unit->m;
	const struct vt_node *self, *peer;
	if (unit->state != VM_GREETED || !m->ready)
		return;
	if (find_hosts(unit, &self, &peer) < 0) {
		vt_log(VT_ERR, unit->name, "the worker is not attached: %s", unit->trouble);
		vm_control_refuse(unit, -EINVAL, unit->trouble);
		return;
	}
	unit->state = VM_ATTACHED;
	unit->trouble[0] = '\0';
	unit->peer_node = peer->id;
	memcpy(unit->peer_name, peer->name, sizeof unit->peer_name);
	send_attach(unit, self, peer);
	send_quorum(unit);
	for (unsigned i = 0; i < m->group_size; i++)
		send_group(unit, m->group[i], VW_JOINED);
	send_fence(unit);
	vt_log(VT_INFO, unit->name, "worker attached; the peer is %s (node %u)", peer->name, peer->id);
	vm_control_pump(unit);
}

void vm_attach_all(struct vm_master *m)
{
	for (struct vm_unit *unit = m->units; unit; unit = unit->next)
		vm_attach(unit);
}

void vm_tell_quorum(struct vm_master *m)
{
	for (struct vm_unit *unit = m->units; unit; unit = unit->next)
		if (unit->state == VM_ATTACHED)
			send_quorum(unit);
}

void vm_tell_group(struct vm_master *m, uint64_t member, enum vw_left how)
{
	for (struct vm_unit *unit = m->units; unit; unit = unit->next)
		if (unit->state == VM_ATTACHED)
			send_group(unit, member, how);
}

void vm_tell_fence(struct vm_master *m)
{
	for (struct vm_unit *unit = m->units; unit; unit = unit->next)
		if (unit->state == VM_ATTACHED)
			send_fence(unit);
}

void vm_tell_proof(struct vm_master *m, uint64_t sent_ns)
{
	for (struct vm_unit *unit = m->units; unit; unit = unit->next) {
		struct vw_msg msg = {.type = VW_PROOF};
		if (unit->state != VM_ATTACHED)
			continue;
		msg.u.proof.sent_ns = vm_witness_proof(m, unit, sent_ns);
		if (msg.u.proof.sent_ns)
			vm_worker_send(unit, &msg);
	}
}

/* For people at the other host: what this host knows of the unit. */
void vm_send_status(struct vm_unit *unit)
{
	struct vg_msg msg = {.kind = VG_STATUS};
	struct vt_kv *kv = &msg.u.status;
	if (!unit->m->ready)
		return;
	memcpy(msg.unit, unit->name, sizeof msg.unit);
	vt_kv_init(kv);
	if (unit->silent) { /* of equal keys the first counts */
		vt_kv_add(kv, "colour", "red");
		vt_kv_add(kv, "text", "%.200s", unit->trouble);
	}
	const char *key, *value;
	for (size_t pos = 0; unit->has_status && vt_kv_next(&unit->status.kv, &pos, &key, &value);)
		if (kv->len + strlen(key) + strlen(value) + 2 <= VG_STATUS_MAX)
			vt_kv_add(kv, key, "%s", value);
	if (!unit->has_status) {
		vt_kv_add(kv, "state", "STOP");
		vt_kv_add(kv, "colour", "red");
	}
	vm_group_send(unit->m, &msg);
}
