// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The master's part of fence_vmtwin: what it has seen of the other hosts without a break, the verdict made of it
 * (core/verdict.h), and the order to a member to end itself. docs/FENCING.md.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/totem.h"

#define NS_PER_S UINT64_C(1000000000)

static struct vm_seen *seen_of(struct vm_master *m, const struct vt_node *node)
{
	return &m->seen[node - m->nodes.node];
}

/* ---- what is seen ------------------------------------------------------------------------------------- */

static bool has_daemon(const struct vm_master *m, uint32_t node)
{
	for (unsigned i = 0; i < m->group_size; i++)
		if ((uint32_t)(m->group[i] >> 32) == node)
			return true;
	return false;
}

void vm_fencing_ready(struct vm_master *m)
{
	uint64_t now = vt_boottime_ns();
	for (unsigned i = 0; i < m->nodes.count; i++)
		if (!has_daemon(m, m->nodes.node[i].id))
			vc_seen_daemon(&m->seen[i].s, false, now);
}

/* It left after it had obeyed: the order is fulfilled, whatever becomes of the host afterwards. */
static void note_ended(struct vm_seen *seen, uint64_t now)
{
	if (seen->order == VC_ORDER_OBEYED && seen->ended_ns == 0)
		seen->ended_ns = now;
}

void vm_fencing_quorum(struct vm_master *m)
{
	uint64_t now = vt_boottime_ns();
	vc_vote_told(&m->vote, m->quorate, now);
	for (unsigned i = 0; i < m->nodes.count; i++) {
		vc_seen_member(&m->seen[i].s, vm_is_member(m, m->nodes.node[i].id), now);
		if (m->seen[i].s.member_ns == 0)
			note_ended(&m->seen[i], now);
	}
}

void vm_fencing_group(struct vm_master *m, uint32_t id, enum vt_cpg_change how)
{
	const struct vt_node *node = vt_nodes_by_id(&m->nodes, id);
	if (!node)
		return;
	struct vm_seen *seen = seen_of(m, node);
	uint64_t now = vt_boottime_ns();
	if (how == VT_CPG_JOINED) {
		vc_seen_daemon(&seen->s, true, now);
		m->heard_ns[node - m->nodes.node] = now;
		if (seen->order != VC_ORDER_OBEYED)
			seen->order = VC_ORDER_NONE; /* it was for the one before */
	} else if (how == VT_CPG_NODEDOWN) {
		vc_seen_left(&seen->s, now);
		note_ended(seen, now);
	} else if (!has_daemon(m, id)) {
		vc_seen_daemon(&seen->s, false, now);
	}
}

void vm_fencing_proof(struct vm_master *m, uint64_t sent_ns)
{
	vc_vote_proof(&m->vote, sent_ns);
	vm_leases(m);
}

/* ---- the longest lease -------------------------------------------------------------------------------- */

static uint32_t longer(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

void vm_fencing_lease(struct vm_master *m, uint32_t id, uint32_t lease_ms)
{
	const struct vt_node *node = vt_nodes_by_id(&m->nodes, id);
	if (node) /* the longest that it ever told: an older one may not have run out */
		seen_of(m, node)->lease_ms = longer(seen_of(m, node)->lease_ms, lease_ms < VM_LEASE_MAX_MS ? lease_ms : VM_LEASE_MAX_MS);
}

static void add_unit(struct vm_leases *l, struct vm_unit *unit)
{
	static struct vt_unitconf conf; /* large; the unit's own is not touched */
	struct vt_fail fail = {0};
	bool runs = unit->state != VM_DOWN;
	long agreed = unit->has_status ? vt_kv_long(&unit->status.kv, "lease_ms", 0) : 0;
	int rc = vt_unitconf_load(&conf, unit->m->unit_dir, unit->name, &fail);
	if (rc == -ENOENT && !runs)
		return; /* somebody only asked for it */
	l->units++;
	if (agreed > 0 && agreed <= VM_LEASE_MAX_MS)
		l->longest_ms = longer(l->longest_ms, (uint32_t)agreed);
	if (rc == 0) {
		l->longest_ms = longer(l->longest_ms, conf.lease_ms);
		l->allow_unfenced &= conf.allow_unfenced;
		return;
	}
	l->allow_unfenced = false;
	if (runs && agreed > 0)
		return; /* its file is gone or broken, but what it agreed upon is known */
	if (l->known)
		snprintf(l->trouble, sizeof l->trouble, "unit %s: %s", unit->name, fail.text);
	l->known = false;
}

static void read_leases(struct vm_master *m)
{
	struct vm_leases l = {.known = true, .allow_unfenced = true};
	vm_units_configured(m);
	for (struct vm_unit *unit = m->units; unit; unit = unit->next)
		add_unit(&l, unit);
	l.allow_unfenced &= l.units > 0;
	if (l.units == 0) { /* what the other host may have is not known here */
		l.known = false;
		snprintf(l.trouble, sizeof l.trouble, "no unit is configured on this host (%s)", m->unit_dir);
	}
	m->leases = l;
}

/* Files are read only while all is well: a disk that hangs must not keep a host from ending itself. */
const struct vm_leases *vm_leases(struct vm_master *m)
{
	uint64_t now = vt_boottime_ns();
	bool due = m->leases_ns == 0 || now - m->leases_ns >= VM_LEASES_MS * UINT64_C(1000000);
	bool well = vc_vote_proved(&m->vote, now);
	if (due && (well || m->leases_ns == 0)) {
		read_leases(m);
		m->leases_ns = now;
	}
	return &m->leases;
}

/* ---- the verdict -------------------------------------------------------------------------------------- */

/* Votes and times may have been changed while the cluster runs: what was waited with others counts for nothing. */
static void refresh_timing(struct vm_master *m, uint64_t now)
{
	struct vt_cluster_timing t = {0};
	struct vt_fail fail = {0};
	if (m->vote.votes_ns && now - m->vote.votes_ns < VM_LEASES_MS * UINT64_C(1000000))
		return;
	alarm(VM_TIMING_CALL_S);
	int rc = vt_totem_load(&t, &fail);
	alarm(0);
	if (rc < 0)
		return; /* asked again at the next request; what was known is believed for a while only */
	bool same = t.token_ms == m->timing.token_ms && t.consensus_ms == m->timing.consensus_ms && t.two_node == m->timing.two_node &&
		    t.device == m->timing.device && t.device_timeout_ms == m->timing.device_timeout_ms &&
		    t.device_sync_ms == m->timing.device_sync_ms;
	vc_vote_read(&m->vote, !same, now);
	m->timing = t;
}

/* Where the set-up is the question, and the node does not matter: node NULL. */
static void gather(struct vm_master *m, const struct vt_node *node, struct vc_fence_facts *f)
{
	uint64_t now = vt_boottime_ns();
	const struct vm_leases *leases = vm_leases(m);
	uint32_t told_ms = node ? seen_of(m, node)->lease_ms : 0;
	if (node && told_ms == 0 && m->nodes.count > 2)
		told_ms = VM_LEASE_MAX_MS; /* with two, the other's units are ours; of more, nobody knows: the longest there can be */
	refresh_timing(m, now);
	*f = (struct vc_fence_facts){
	    .third_vote = !m->timing.two_node,
	    .witness = m->witness.conf.count > 0 || m->witness.trouble[0],
	    .allow_unfenced = leases->allow_unfenced,
	    .lease_known = leases->known,
	    .wait_ms = vt_timing_fence_ms(&m->timing, longer(leases->longest_ms, told_ms)),
	    .quorate_ns = vc_vote_since(&m->vote, now),
	    .witness_ns = vm_witness_since(m),
	};
	if (!node)
		return;
	const struct vm_seen *seen = seen_of(m, node);
	f->is_node = true;
	f->is_self = node->id == m->self_node;
	f->member = vm_is_member(m, node->id) && seen->s.member_ns;
	f->daemon = has_daemon(m, node->id);
	f->member_ns = seen->s.member_ns;
	f->silent_ns = vc_silent_since(&seen->s, m->heard_ns[node - m->nodes.node], now);
	f->ended_ns = seen->ended_ns;
	f->order = seen->order;
	f->order_ns = seen->order_ns;
}

static const char *host_conf_hint(const struct vm_master *m)
{
	return m->witness.trouble[0] ? m->witness.trouble : "see vmtwin status";
}

/* For people; each ends with what to do, where there is something. */
static void tell(const struct vm_master *m, const char *node, const struct vc_fence_facts *f,
		 const struct vc_fence_verdict *v, char *out, size_t cap)
{
	unsigned left_s = (unsigned)((v->left_ns + NS_PER_S - 1) / NS_PER_S), wait_s = (f->wait_ms + 999) / 1000;
	switch (v->why) {
	case VC_WHY_SELF:
		snprintf(out, cap, "%s is this host: a host can't confirm its own end; the other one has to ask", node);
		return;
	case VC_WHY_UNKNOWN_NODE:
		snprintf(out, cap, "the cluster has no node '%.100s': give a node name of corosync.conf, or map it with "
			 "pcmk_host_map", node);
		return;
	case VC_WHY_NO_WITNESS:
		snprintf(out, cap, "this cluster of two has neither a third vote nor a witness: cut off from each other both "
			 "hosts would succeed, and the VMs would run twice; add a quorum device, or a witness to %s "
			 "(vmtwind.conf(5)) on both hosts, or use power fencing", m->host_conf);
		return;
	case VC_WHY_LEASE_UNKNOWN:
		snprintf(out, cap, "how long to wait is not known: %.300s", m->leases.trouble);
		return;
	case VC_WHY_CAME_BACK:
		snprintf(out, cap, "%s came back meanwhile: it is not ended by a request from the time when it was away; ask "
			 "again if it is meant", node);
		return;
	case VC_WHY_JUST_BACK:
		snprintf(out, cap, "%s has been seen as a member for less than %d s: the request may be older than its return; ask again later", node,
			 VC_RETURN_GRACE_MS / 1000);
		return;
	case VC_WHY_ORDER_FAILED:
		snprintf(out, cap, "%s has ended its VMs, but it does not reset itself: its own log says why; switch it off", node);
		return;
	case VC_WHY_NO_QUORUM:
		snprintf(out, cap, "this host has no quorum: it may say nothing of %s until it has it again", node);
		return;
	case VC_WHY_NOT_REACHED:
		snprintf(out, cap, "this host does not reach its witness (%.200s): it may be the one that is cut off, and says "
			 "nothing of %s", host_conf_hint(m), node);
		return;
	case VC_WHY_SILENCE:
		snprintf(out, cap, "%s is not heard: its leases have run out after %u s of silence, %u s from now", node, wait_s,
			 left_s);
		return;
	case VC_WHY_HANGS:
		snprintf(out, cap, "%s is a member, but its vmtwind does not run or hangs (systemctl status vmtwind there): its leases "
			 "have run out after %u s of its silence, %u s from now", node, wait_s, left_s);
		return;
	case VC_WHY_ORDERED:
		snprintf(out, cap, "%s is a member: ordered to end its VMs and to reset itself", node);
		return;
	case VC_WHY_LEAVING:
		snprintf(out, cap, "%s has ended its VMs and is resetting itself", node);
		return;
	case VC_WHY_SILENT:
		snprintf(out, cap, "%s has not been heard for %u s, and this side had the vote all the time: its VMs have ended",
			 node, wait_s);
		return;
	case VC_WHY_OBEYED:
		snprintf(out, cap, "%s has ended its VMs and itself as ordered", node);
		return;
	case VC_WHYS:
		break;
	}
	snprintf(out, cap, "%s", "");
}

/* ---- requests ----------------------------------------------------------------------------------------- */

static void refuse(struct vt_kv *reply, int rc, const char *text)
{
	vt_kv_add(reply, "rc", "%d", rc);
	vt_kv_add(reply, "text", "%s", text);
}

static struct vm_fence_request *find(struct vm_master *m, uint64_t id)
{
	for (unsigned i = 0; i < VM_FENCE_REQUESTS_MAX; i++)
		if (m->fence_request[i].id == id)
			return &m->fence_request[i];
	return NULL;
}

/* The request of this id; a new one takes the place of one that nobody asks for any more. NULL: there are too many. */
static struct vm_fence_request *find_or_begin(struct vm_master *m, uint64_t id, const struct vt_node *node, uint64_t now)
{
	struct vm_fence_request *r = find(m, id);
	if (r && now - r->asked_ns < VM_FENCE_FORGET_MS * UINT64_C(1000000))
		return r;
	for (unsigned i = 0; !r && i < VM_FENCE_REQUESTS_MAX; i++)
		if (now - m->fence_request[i].asked_ns >= VM_FENCE_FORGET_MS * UINT64_C(1000000))
			r = &m->fence_request[i];
	if (!r)
		return NULL;
	struct vm_seen *seen = seen_of(m, node);
	*r = (struct vm_fence_request){.id = id, .begun_ns = now, .away = !vm_is_member(m, node->id) || !seen->s.member_ns};
	/* An order that came to nothing was of another request. */
	if (seen->order == VC_ORDER_FAILED || now - seen->order_ns > VC_ORDER_LIMIT_MS * UINT64_C(1000000)) {
		seen->order = VC_ORDER_NONE;
		seen->ended_ns = 0;
	}
	vt_log(VT_WARN, NULL, "fencing of %s is asked for (fence_vmtwin)", node->name);
	return r;
}

static void send_order(struct vm_master *m, const struct vt_node *node, uint64_t id, bool off)
{
	struct vg_msg msg = {.kind = VG_END_NODE, .u.end = {.node = node->id, .request = id, .off = off}};
	struct vm_seen *seen = seen_of(m, node);
	if (!vm_group_send_now(m, &msg))
		return; /* asked again in a moment; never sent late */
	vt_log(VT_WARN, NULL, "%s is a member of the cluster: ordering it to end its VMs and to %s", node->name,
	       off ? "switch itself off" : "reset itself");
	seen->order = VC_ORDER_SENT;
	seen->order_ns = vt_boottime_ns();
	seen->order_id = id;
	seen->ended_ns = 0;
}

void vm_fencing_ending(struct vm_master *m, uint32_t id, const struct vg_msg *msg)
{
	const struct vt_node *node = vt_nodes_by_id(&m->nodes, id);
	struct vm_seen *seen = node ? seen_of(m, node) : NULL;
	if (!seen || (seen->order != VC_ORDER_SENT && seen->order != VC_ORDER_OBEYED) || seen->order_id != msg->u.ending.request)
		return;
	seen->order = msg->u.ending.able ? VC_ORDER_OBEYED : VC_ORDER_FAILED;
	seen->order_ns = vt_boottime_ns();
	vt_log(VT_NOTICE, NULL, "%s has ended its VMs and %s", node->name,
	       msg->u.ending.able ? "resets itself" : "says that it can't reset itself");
}

static uint64_t id_of(const struct vt_kv *request)
{
	const char *text = vt_kv_get(request, "id");
	if (!text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 20)
		return 0;
	return strtoull(text, NULL, 10);
}

static const char *const state_name[] = {
    [VC_FENCE_WAITING] = "waiting",
    [VC_FENCE_ORDER] = "waiting",
    [VC_FENCE_DONE] = "done",
    [VC_FENCE_REFUSED] = "refused",
};

static void answer(struct vm_master *m, const char *name, const struct vc_fence_facts *f,
		   const struct vc_fence_verdict *v, struct vt_kv *reply)
{
	char text[768];
	tell(m, name, f, v, text, sizeof text);
	vt_kv_add(reply, "rc", "0");
	vt_kv_add(reply, "state", "%s", state_name[v->state]);
	vt_kv_add(reply, "text", "%s", text);
	vt_kv_add(reply, "left_ms", "%llu", (unsigned long long)(v->left_ns / 1000000));
	vt_kv_add(reply, "need_ms", "%u", f->wait_ms);
}

static void on_fence(struct vm_master *m, const struct vt_kv *request, struct vt_kv *reply)
{
	const char *name = vt_kv_get(request, "node"), *action = vt_kv_get(request, "action");
	uint64_t id = id_of(request), now = vt_boottime_ns();
	bool off = action && strcmp(action, "off") == 0;
	struct vc_fence_facts f;
	if (!name || id == 0 || !(off || (action && strcmp(action, "reboot") == 0))) {
		refuse(reply, -EINVAL, "a request to fence needs a node, an action (off or reboot) and an id; is fence_vmtwin of "
				       "another version than vmtwind?");
		return;
	}
	const struct vt_node *node = vt_nodes_by_name(&m->nodes, name);
	gather(m, node, &f);
	struct vm_fence_request *r = node ? find_or_begin(m, id, node, now) : NULL;
	if (node && !r) {
		refuse(reply, -EBUSY, "too many fencings are asked for at once");
		return;
	}
	if (r) {
		r->asked_ns = now;
		f.begun_ns = r->begun_ns;
		f.away = r->away || seen_of(m, node)->s.left_ns >= r->begun_ns;
		f.order = seen_of(m, node)->order; /* one that came to nothing was forgotten just now */
		f.ended_ns = seen_of(m, node)->ended_ns;
		if (f.order == VC_ORDER_OBEYED && f.ended_ns && f.ended_ns < r->begun_ns)
			f.order = VC_ORDER_NONE; /* what it obeyed was another request */
	}
	struct vc_fence_verdict v = vc_fence_verdict(&f, now);
	if (v.state == VC_FENCE_ORDER)
		send_order(m, node, id, off);
	answer(m, name, &f, &v, reply);
	if (r && (v.state == VC_FENCE_DONE || v.state == VC_FENCE_REFUSED) && !r->told) {
		vt_log(VT_WARN, NULL, "fencing of %s %s: %s", name, v.state == VC_FENCE_DONE ? "is confirmed" : "is refused",
		       vt_kv_get(reply, "text"));
		r->told = true;
	}
}

static void on_status(struct vm_master *m, const struct vt_kv *request, struct vt_kv *reply)
{
	const char *name = vt_kv_get(request, "node");
	const struct vt_node *node = name ? vt_nodes_by_name(&m->nodes, name) : NULL;
	struct vc_fence_facts f;
	char text[768];
	if (!node) {
		refuse(reply, -ENOENT, "the cluster has no such node");
		return;
	}
	gather(m, node, &f);
	f.away = true; /* nothing is ordered by a question */
	const struct vm_seen *seen = seen_of(m, node);
	f.order = vc_seen_stays_ended(&seen->s, seen->order, seen->ended_ns) ? VC_ORDER_OBEYED : VC_ORDER_NONE;
	struct vc_fence_verdict v = vc_fence_verdict(&f, vt_boottime_ns());
	tell(m, name, &f, &v, text, sizeof text);
	vt_kv_add(reply, "rc", "0");
	if (f.member || f.is_self) {
		vt_kv_add(reply, "state", "on");
		vt_kv_add(reply, "text", "%s is a member of the cluster", name);
		return;
	}
	vt_kv_add(reply, "state", "%s", v.state == VC_FENCE_DONE ? "off" : "unknown");
	vt_kv_add(reply, "text", "%s", text);
}

static void on_ready(struct vm_master *m, struct vt_kv *reply)
{
	struct vc_fence_facts f;
	char text[768], names[VT_KV_MAX / 4] = "";
	gather(m, NULL, &f);
	struct vc_fence_verdict v = {.why = vc_fence_setup(&f)};
	if (v.why == VC_WHYS && m->witness.trouble[0]) {
		refuse(reply, -EINVAL, m->witness.trouble);
	} else if (v.why != VC_WHYS) {
		tell(m, "", &f, &v, text, sizeof text);
		refuse(reply, -EPERM, text);
	} else {
		vt_kv_add(reply, "rc", "0");
	}
	for (unsigned i = 0, at = 0; i < m->nodes.count && at < sizeof names; i++)
		at += (unsigned)snprintf(names + at, sizeof names - at, "%s%s", i ? " " : "", m->nodes.node[i].name);
	vt_kv_add(reply, "nodes", "%s", names);
	vt_kv_add(reply, "self", "%s", m->self_name);
	vt_kv_add(reply, "need_ms", "%u", f.wait_ms);
}

bool vm_fencing_request(struct vm_master *m, const char *cmd, const struct vt_kv *request, struct vt_kv *reply)
{
	if (strcmp(cmd, "fence") != 0 && strcmp(cmd, "fence-status") != 0 && strcmp(cmd, "fence-ready") != 0)
		return false;
	vt_kv_init(reply);
	if (m->ready && !vm_refresh_quorum(m))
		refuse(reply, -EAGAIN, "corosync is gone");
	else if (!m->ready) {
		char text[640];
		snprintf(text, sizeof text, "vmtwind is not in the cluster yet: %s", m->waiting);
		refuse(reply, -EAGAIN, text);
	} else if (strcmp(cmd, "fence") == 0) {
		on_fence(m, request, reply);
	} else if (strcmp(cmd, "fence-status") == 0) {
		on_status(m, request, reply);
	} else {
		on_ready(m, reply);
	}
	return true;
}
