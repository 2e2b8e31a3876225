// SPDX-License-Identifier: GPL-2.0-or-later
/* Hosts, group, fencer's word, and the shell that carries out the core's actions in order. */
#include "tests/model/world.h"

#include <string.h>

#include "core/eralog.h"

static const uint8_t unit_id[16] = {1, 2, 3, 4};

void m_violate(struct m_world *w, const char *rule)
{
	if (!w->broken && !w->beyond) /* what left the bounds lost something that was under way */
		w->broken = rule;
}

/* Distinct and random-looking: see canon.c. */
uint64_t m_id(struct m_world *w)
{
	uint64_t z = ++w->serial * 0x9e3779b97f4a7c15ull;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (z ^ (z >> 31)) | 0x1000000000000001ull;
}

/* ---- what masters tell ---------------------------------------------------------------------------- */

bool m_in_group(const struct m_world *w, unsigned h)
{
	return w->host[h].s.powered && w->host[h].s.in_group;
}

void m_tell(struct m_world *w, unsigned h, const struct vc_event *e)
{
	struct m_host *me = &w->host[h];
	if (!me->s.worker)
		return;
	if (me->s.heard_n >= M_HEARD) {
		w->beyond = "too many events of the master unread";
		return;
	}
	m_copy_event(&me->heard[me->s.heard_n++], e);
}

static void tell_group(struct m_world *w, unsigned h, uint64_t member, enum vc_departure how)
{
	struct vc_event e;
	memset(&e, 0, sizeof e);
	e.type = VC_E_GROUP;
	e.u.group.member = member;
	e.u.group.how = how;
	if (m_in_group(w, h))
		m_tell(w, h, &e);
}

void m_tell_quorum(struct m_world *w, unsigned h)
{
	struct vc_event e;
	memset(&e, 0, sizeof e);
	e.type = VC_E_QUORUM;
	e.u.quorum.quorate = w->host[h].s.quorate;
	e.u.quorum.peer_member = w->env.ring_up && w->host[1 - h].s.powered;
	if (m_in_group(w, h))
		m_tell(w, h, &e);
}

/* What the fencer says of the peer, and whether a fencing is under way that this side knows of. */
void m_tell_fence(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	struct vc_event e;
	memset(&e, 0, sizeof e);
	e.type = VC_E_FENCE;
	e.u.fence.read_ns = M_NOW;
	if (!m_in_group(w, h))
		return;
	m_read_fencer(w, h, w->env.wanted[1 - h] || w->env.due[1 - h],
		      w->env.ring_up && (w->env.wanted[h] || w->env.due[h]), &e);
	/* Of two words without anything between them the later one is enough. */
	if (me->s.heard_n && me->heard[me->s.heard_n - 1].type == VC_E_FENCE)
		me->s.heard_n--;
	m_tell(w, h, &e);
}

static bool fence_unread(const struct m_host *me)
{
	for (unsigned i = 0; i < me->s.heard_n; i++)
		if (me->heard[i].type == VC_E_FENCE)
			return true;
	return false;
}

static void attach(struct m_world *w, unsigned h)
{
	struct vc_event e;
	memset(&e, 0, sizeof e);
	e.type = VC_E_ATTACHED;
	if (!m_in_group(w, h) || !w->host[h].s.worker)
		return;
	m_tell(w, h, &e);
	m_tell_quorum(w, h);
	if (w->env.ring_up && m_in_group(w, 1 - h))
		tell_group(w, h, w->host[1 - h].s.master, VC_JOINED);
	m_tell_fence(w, h);
}

static void multicast(struct m_world *w, unsigned h, const struct vc_msg *msg)
{
	static struct vc_event e;
	if (!m_in_group(w, h))
		return;
	e.type = VC_E_MSG;
	e.u.msg.sender = w->host[h].s.master;
	m_copy_msg(&e.u.msg.msg, msg);
	e.u.msg.own = false;
	if (w->env.ring_up && m_in_group(w, 1 - h))
		m_tell(w, 1 - h, &e);
	e.u.msg.own = true;
	m_tell(w, h, &e);
}

/* ---- hosts ---------------------------------------------------------------------------------------- */

void m_start_worker(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	struct vc_config config = {
	    .slot = h,
	    .incarnation = m_id(w),
	    .lease_ms = M_LEASE_MS,
	    .outdate_timeout_ms = 5000,
	    .promote_wait_ms = 8000,
	    .keeps_maps = m_maps_kept,
	};
	static struct vc_durable disk;
	m_copy_durable(&disk, &me->disk);
	memcpy(config.boot_id, &me->s.boot, sizeof me->s.boot);
	struct m_shell fresh = {
	    .master = me->s.master,
	    .boot = me->s.boot,
	    .record = me->s.record,
	    .powered = true,
	    .worker = true,
	    .in_group = me->s.in_group,
	    .quorate = me->s.quorate,
	    .resumable = true,
	    .cache = me->s.cache,
	    .durable = me->s.durable,
	    .log = me->s.log,
	    .dirty = me->s.dirty,
	    .fenced_at = me->s.fenced_at,
	    .unfenced_at = me->s.unfenced_at,
	    .failed_at = me->s.failed_at,
	    .gate = VC_G_READONLY,
	    .lease = me->s.lease,
	    .pending = 0xff,
	    .lost = me->s.lost,
	    .rested = me->s.rested,
	    .copied = me->s.copied,
	    .copied_cells = me->s.copied_cells,
	};
	me->s = fresh;
	vc_init(&me->core, &config, &disk);
	m_normalise(&me->core);
	attach(w, h);
}

static void end_worker(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	if (!me->s.worker)
		return;
	me->s.worker = false;
	me->s.pending = 0xff;
	me->s.gate = VC_G_READONLY;
	me->s.stream = M_NONE;
	m_link_disable(w, h);
	me->s.waiting = me->s.broken = me->s.draining = me->s.vm_down = me->s.acked = false;
	me->s.unheard = me->s.forcing = false;
	me->s.heard_n = me->s.acts_n = 0;
	me->s.link_pairing = me->s.link_peer = 0;
	me->s.named = me->s.part = 0;
	me->s.next_seq = me->s.applied_seq = me->s.pending_seq = 0;
}

void m_kill_worker(struct m_world *w, unsigned h)
{
	struct vc_event e;
	memset(&e, 0, sizeof e);
	e.type = VC_E_UNIT_DOWN;
	e.u.incarnation = w->host[h].core.config.incarnation;
	if (!w->host[h].s.worker)
		return;
	end_worker(w, h);
	/* The master has seen the process end and says so, if it is in the group. */
	if (m_in_group(w, h) && m_in_group(w, 1 - h) && w->env.ring_up)
		m_tell(w, 1 - h, &e);
}

void m_kill_master(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	struct vc_event e;
	memset(&e, 0, sizeof e);
	e.type = VC_E_MASTER_LOST;
	m_tell(w, h, &e); /* what it said before is read first */
	me->s.in_group = false;
	if (w->env.ring_up)
		tell_group(w, 1 - h, me->s.master, VC_LEFT_PROCDOWN);
	me->s.master = 0;
}

void m_start_master(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	me->s.in_group = true;
	me->s.master = m_id(w);
	attach(w, h);
	if (w->env.ring_up)
		tell_group(w, 1 - h, me->s.master, VC_JOINED);
}

void m_power_off(struct m_world *w, unsigned h, bool keep)
{
	struct m_host *me = &w->host[h];
	uint64_t master = me->s.master;
	bool was_in_group = m_in_group(w, h);
	me->s.powered = me->s.in_group = false;
	me->s.master = 0;
	me->s.lease = 0;
	end_worker(w, h);
	m_lose_cache(w, h, keep);
	if (w->env.ring_up && was_in_group)
		tell_group(w, 1 - h, master, VC_LEFT_NODEDOWN);
	if (w->env.ring_up)
		m_tell_quorum(w, 1 - h);
}

void m_power_on(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	me->s.powered = true;
	me->s.boot = m_id(w);
	me->s.quorate = w->env.ring_up; /* wait_for_all: a host that boots alone has no quorum */
	if (w->env.ring_up)
		m_tell_quorum(w, 1 - h);
	m_start_master(w, h);
	m_start_worker(w, h);
}

void m_cut_ring(struct m_world *w, unsigned quorate)
{
	w->env.ring_up = false;
	for (unsigned h = 0; h < 2; h++) {
		w->host[h].s.quorate = quorate >> h & 1;
		m_tell_quorum(w, h);
		if (m_in_group(w, 1 - h))
			tell_group(w, h, w->host[1 - h].s.master, VC_LEFT_NODEDOWN);
	}
}

void m_mend_ring(struct m_world *w)
{
	w->env.ring_up = true;
	w->env.by_wait[0] = w->env.by_wait[1] = false;
	for (unsigned h = 0; h < 2; h++)
		w->host[h].s.quorate = true;
	for (unsigned h = 0; h < 2; h++) {
		m_tell_quorum(w, h);
		if (m_in_group(w, 1 - h))
			tell_group(w, h, w->host[1 - h].s.master, VC_JOINED);
		m_tell_fence(w, h);
	}
}

/* ---- the core's actions --------------------------------------------------------------------------- */

static bool unread(const struct m_host *me, enum vc_event_type type, enum vc_msg_type own)
{
	for (unsigned i = 0; i < me->s.heard_n; i++) {
		const struct vc_event *e = &me->heard[i];
		if (e->type == type && (type != VC_E_MSG || (e->u.msg.own && e->u.msg.msg.type == own)))
			return true;
	}
	return false;
}

/*
 * The other could use its token now: it is alive, certain, its lease runs, and nothing that ends its
 * token is on its way to it in CPG's order (the end of its master, its own LEAVE).
 */
static bool holds_token(const struct m_world *w, unsigned h)
{
	const struct m_host *me = &w->host[h];
	return me->s.worker && me->core.certain && me->core.attached && m_in_group(w, h) &&
	       me->core.d.standing == VC_PAIRED && me->core.lease_end_ns > M_NOW &&
	       !unread(me, VC_E_MASTER_LOST, 0) && !unread(me, VC_E_MSG, VC_M_LEAVE);
}

/* S9: who holds acknowledged writes that the other lacks is never made the one to be overwritten. */
static void persist(struct m_world *w, unsigned h, const struct vc_durable *d)
{
	struct m_host *me = &w->host[h];
	bool ruled = m_check_record(w, h, d);
	if (me->disk.standing == VC_SOLO &&
	    (d->standing == VC_SYNCING || d->standing == VC_OUTDATED))
		m_violate(w, "S9: a solo copy is given up");
	if (me->disk.standing != VC_SOLO && d->standing == VC_SOLO && holds_token(w, 1 - h) &&
	    ruled && !w->env.excepted)
		m_violate(w, "S6: goes alone while the other holds a token");
	if (me->disk.standing != VC_SOLO && d->standing == VC_SOLO)
		m_check_fold(w, h);
	if (me->disk.standing == VC_SYNCING && d->standing == VC_PAIRED)
		w->env.hold[h] = m_acked(w); /* a complete copy again */
	m_copy_durable(&me->disk, d);
}

static void perform(struct m_world *w, unsigned h, const struct vc_action *a)
{
	struct m_host *me = &w->host[h];
	switch (a->type) {
	case VC_A_PERSIST:
		persist(w, h, &a->u.durable);
		break;
	case VC_A_FLUSH:
		me->s.durable = me->s.cache;
		m_maps_settle(w, h);
		break;
	case VC_A_CPG_SEND:
		if (a->u.msg.type == VC_M_OUTDATED &&
		    (me->disk.standing == VC_PAIRED || me->disk.standing == VC_SOLO))
			m_violate(w, "S5: consents before it is outdated durably");
		if (a->u.msg.type == VC_M_LEAVE)
			me->s.unheard = !m_in_group(w, 1 - h) || !w->env.ring_up ||
					w->host[1 - h].s.master != me->core.pair_master;
		m_check_told(w, h, &a->u.msg);
		multicast(w, h, &a->u.msg);
		break;
	case VC_A_LINK_ENABLE:
		me->s.link_enabled = true;
		me->s.link_pairing = a->u.link.pairing;
		me->s.link_peer = a->u.link.peer_incarnation;
		break;
	case VC_A_LINK_DISABLE:
		m_link_disable(w, h);
		break;
	case VC_A_LINK_SEND:
		m_check_told(w, h, &a->u.msg);
		m_link_send(w, h, &a->u.msg);
		break;
	case VC_A_GATE:
		m_set_gate(w, h, a->u.gate);
		break;
	case VC_A_DRAIN:
		me->s.draining = true;
		break;
	case VC_A_SOURCE_START:
		m_begin_stream(w, h, M_SOURCE);
		m_maps_source(w, h, a->u.scope);
		me->s.flowing = w->env.connected;
		break;
	case VC_A_TARGET_START:
		m_begin_target(w, h);
		break;
	case VC_A_STREAM_END:
		me->s.flowing = false;
		m_begin_stream(w, h, M_NONE);
		break;
	case VC_A_STREAM_TURN:
		m_begin_stream(w, h, me->s.stream == M_SOURCE ? M_TARGET : M_SOURCE);
		break;
	case VC_A_RESUME:
		m_resume(w, h);
		break;
	case VC_A_FENCE_PEER:
		w->env.wanted[1 - h] = true;
		break;
	case VC_A_ASK_FENCE:
		if (!fence_unread(me))
			m_tell_fence(w, h);
		break;
	case VC_A_VM_DOWN:
		me->s.vm_down = true;
		break;
	case VC_A_EXIT:
		m_stopped(w, h);
		end_worker(w, h);
		break;
	case VC_A_FOLD:
		m_maps_fold(w, h);
		break;
	case VC_A_UNDO_BACK: /* kept grains are not modelled: core/maps.h has its own test */
	case VC_A_UNDO_DROP:
	case VC_A_REPLY:
	case VC_A_STORY:
		break;
	}
}

static bool takes_time(const struct vc_action *a)
{
	return a->type == VC_A_PERSIST || a->type == VC_A_FLUSH;
}

static bool seen_outside(const struct vc_action *a)
{
	return takes_time(a) || a->type == VC_A_CPG_SEND || a->type == VC_A_LINK_SEND ||
	       a->type == VC_A_TARGET_START || a->type == VC_A_LINK_ENABLE || a->type == VC_A_GATE ||
	       (a->type == VC_A_FOLD && m_maps_kept);
}

/* After which numbers of actions an end of worker or power differs from one before or after all. */
static void note_cuts(struct m_world *w, const struct vc_out *out)
{
	unsigned last = 0;
	w->cuts = w->slow = 0;
	for (unsigned i = 0; i < out->count; i++)
		if (seen_outside(&out->action[i]))
			last = i;
	for (unsigned i = 0; i < out->count; i++) {
		if (i < last && seen_outside(&out->action[i]) && out->action[i].type != VC_A_GATE)
			w->cuts |= 1u << (i + 1);
		if (takes_time(&out->action[i]) && i + 1 < out->count)
			w->slow |= 1u << i;
	}
}

static void keep_waiting(struct m_world *w, unsigned h, const struct vc_action *a, unsigned n)
{
	struct m_host *me = &w->host[h];
	if (n > M_PENDING) {
		w->beyond = "more than 12 actions behind a slow disk";
		return;
	}
	me->s.waiting = true;
	me->s.acts_n = (uint8_t)n;
	for (unsigned i = 0; i < n; i++)
		m_copy_action(&me->acts[i], &a[i]);
}

static void perform_all(struct m_world *w, unsigned h, const struct vc_action *a, unsigned n)
{
	struct m_host *me = &w->host[h];
	for (unsigned i = 0; i < n; i++) {
		if (w->cut_how != M_CUT_NONE && i == w->cut_after) {
			if (w->cut_how == M_CUT_SLOW)
				keep_waiting(w, h, a + i, n - i);
			else if (w->cut_how == M_CUT_KILL)
				m_kill_worker(w, h);
			else
				m_power_off(w, h, false);
			return;
		}
		perform(w, h, &a[i]);
		if (!me->s.worker)
			return;
	}
}

/* TRAPS 4, S6: a lease that has ended leaves no token, and no VM that counts on it. */
static void check_lease(struct m_world *w, unsigned h, bool failed_before)
{
	const struct vc_state *s = &w->host[h].core;
	if (s->exited || s->d.standing != VC_PAIRED || s->lease_end_ns > M_NOW)
		return;
	if (s->certain)
		m_violate(w, "TRAPS 4: certain after the end of the lease");
	else if ((s->role == VC_PRIMARY || s->role == VC_DEMOTING) && !s->failed)
		m_violate(w, "S6: the lease has ended, and a primary still waits for its peer");
	else if (s->role == VC_PRIMARY && !failed_before && s->failed && !w->host[h].s.vm_down)
		m_violate(w, "TRAPS 4: the lease has ended, and the VM is not taken down");
}

static void check_role(struct m_world *w, const struct vc_state *s, enum vc_role before)
{
	if (s->role == VC_PRIMARY && before != VC_PRIMARY &&
	    (s->d.standing == VC_OUTDATED || s->d.standing == VC_SYNCING))
		m_violate(w, "S8: promoted on an outdated or incomplete copy");
}

void m_step(struct m_world *w, unsigned h, struct vc_event *e)
{
	static struct vc_out out;
	struct m_host *me = &w->host[h];
	bool failed = me->core.failed;
	enum vc_role role = me->core.role;
	e->now_ns = M_NOW;
	e->rnd = m_id(w);
	struct m_before before = m_before_step(w, h);
	vc_step(&me->core, e, &out);
	m_check_step(w, h, before, &out);
	if (e->type == VC_E_GROUP && e->u.group.how == VC_JOINED) /* what was read before is older */
		for (unsigned i = 0; i < me->s.heard_n; i++)
			if (me->heard[i].type == VC_E_FENCE)
				me->heard[i].u.fence.read_ns = M_NOW - 20 * VC_NS_PER_MS;
	m_normalise(&me->core);
	note_cuts(w, &out);
	if (me->core.role == VC_SECONDARY)
		me->s.vm_down = false;
	perform_all(w, h, out.action, out.count);
	if (!w->cut_how) {
		check_lease(w, h, failed);
		check_role(w, &me->core, role);
		m_check_fork(w, h);
	}
}

void m_step_type(struct m_world *w, unsigned h, enum vc_event_type type)
{
	struct vc_event e;
	memset(&e, 0, sizeof e);
	e.type = type;
	m_step(w, h, &e);
}

void m_disk_done(struct m_world *w, unsigned h)
{
	static struct vc_action acts[M_PENDING];
	struct m_host *me = &w->host[h];
	unsigned n = me->s.acts_n;
	for (unsigned i = 0; i < n; i++)
		m_copy_action(&acts[i], &me->acts[i]);
	me->s.waiting = false;
	me->s.acts_n = 0;
	w->cuts = w->slow = 0;
	perform_all(w, h, acts, n);
}

void m_hear(struct m_world *w, unsigned h)
{
	static struct vc_event e;
	struct m_host *me = &w->host[h];
	m_copy_event(&e, &me->heard[0]);
	for (unsigned i = 0; i + 1 < me->s.heard_n; i++)
		m_copy_event(&me->heard[i], &me->heard[i + 1]);
	me->s.heard_n--;
	m_step(w, h, &e);
}

void m_world_init(struct m_world *w)
{
	memset(w, 0, sizeof *w);
	w->env.ring_up = w->env.net_up = true;
	for (unsigned h = 0; h < 2; h++) {
		struct m_shell *me = &w->host[h].s;
		me->quorate = true;
		me->pending = 0xff;
		me->lost = true;
		w->host[h].disk.standing = VC_SYNCING;
	}
	memcpy(w->host[0].disk.unit_id, unit_id, sizeof unit_id);
	w->host[0].disk.standing = VC_SOLO;
	vc_eralog_append(&w->host[0].disk.log, m_id(w), 0, 1, 0);
}
