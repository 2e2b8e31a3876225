// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/core.h"

#include <assert.h>
#include <string.h>

#include "core/eralog.h"
#include "core/internal.h"

struct vc_action *act(struct step *x, enum vc_action_type type)
{
	assert(x->out->count < VC_ACTIONS_MAX);
	struct vc_action *a = &x->out->action[x->out->count++];
	memset(a, 0, sizeof *a);
	a->type = type;
	return a;
}

void act_persist(struct step *x)
{
	act(x, VC_A_PERSIST)->u.durable = x->s->d;
}

void give_up_maps(struct step *x)
{
	if (x->s->maps_given_up)
		act_persist(x);
	x->s->maps_given_up = false;
}

void act_cpg(struct step *x, enum vc_msg_type type, uint64_t pairing, uint64_t request)
{
	struct vc_msg *m = &act(x, VC_A_CPG_SEND)->u.msg;
	m->type = type;
	m->pairing = pairing;
	m->request = request;
}

void act_link_msg(struct step *x, enum vc_msg_type type)
{
	struct vc_msg *m = &act(x, VC_A_LINK_SEND)->u.msg;
	m->type = type;
	m->pairing = x->s->pairing;
}

void act_link_log(struct step *x, enum vc_msg_type type)
{
	act_link_msg(x, type);
	x->out->action[x->out->count - 1].u.msg.u.log = x->s->d.log;
}

void act_reply(struct step *x, enum vc_event_type request, int rc, enum vc_reason reason)
{
	struct vc_action *a = act(x, VC_A_REPLY);
	a->u.reply.request = request;
	a->u.reply.rc = rc;
	a->u.reply.reason = reason;
}

void story(struct step *x, enum vc_reason reason)
{
	act(x, VC_A_STORY)->u.story = reason;
}

uint64_t draw(struct step *x)
{
	/* splitmix64: distinct numbers from the one that came with the event */
	uint64_t z = x->e->rnd + ++x->used_rnd * 0x9e3779b97f4a7c15ull;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	z ^= z >> 31;
	return z ? z : 1;
}

unsigned peer_slot(const struct vc_state *s)
{
	return 1 - s->config.slot;
}

void vc_init(struct vc_state *s, const struct vc_config *config, const struct vc_durable *durable)
{
	memset(s, 0, sizeof *s);
	s->config = *config;
	s->d = *durable;
	s->phase = VC_APART;
	s->role = VC_SECONDARY;
	s->gate = VC_G_READONLY;
	s->maps_given_up = !config->keeps_maps && s->d.map_base;
	if (s->maps_given_up)
		s->d.map_base = 0;
}

static void on_master_lost(struct step *x)
{
	struct vc_state *s = x->s;
	/* Our place in the total order is gone, and with it the token (TRAPS 9). A running pair goes
	 * on over the data link for as long as the lease lasts. */
	s->attached = false;
	s->quorate = s->peer_member = false;
	s->peer_master = 0;
	take_unless_there(x, VC_T_UNCERTAIN_MASTER);
	s->fence.known = false;
	s->stage = VC_S_EVIDENCE;
	memset(&s->theirs, 0, sizeof s->theirs);
	memset(&s->mine, 0, sizeof s->mine);
	s->mine_delivered = false;
	if (s->phase != VC_INSYNC && s->phase != VC_APART)
		session_apart(x);
	story(x, VC_R_MASTER_LOST);
}

static void on_group(struct step *x)
{
	struct vc_state *s = x->s;
	if (x->e->u.group.how == VC_JOINED) {
		s->peer_master = x->e->u.group.member;
		s->peer_since_ns = x->now;
		s->peer_dropped = false;
		handshake_changed(x);
		return;
	}
	if (x->e->u.group.member != s->peer_master)
		return; /* an old incarnation; its successor is here already (TRAPS 8) */
	s->peer_master = 0;
	s->peer_dropped = x->e->u.group.how == VC_LEFT_NODEDOWN;
	memset(&s->theirs, 0, sizeof s->theirs);
	s->verdict = VC_R_NONE;
	if (s->pair_master == x->e->u.group.member)
		gate_on_peer_gone(x, x->e->u.group.how);
	else if (s->phase == VC_LINKING)
		session_apart(x);
}

static void on_unit_down(struct step *x)
{
	struct vc_state *s = x->s;
	if (x->e->u.incarnation == s->theirs.incarnation) {
		memset(&s->theirs, 0, sizeof s->theirs);
		s->verdict = VC_R_NONE;
	}
	if (s->pairing && x->e->u.incarnation == s->pair_incarnation) {
		s->procdown = !s->split;
		story(x, VC_R_PEER_GONE_UNIT);
		if (s->phase != VC_APART)
			session_apart(x);
	}
}

static void on_msg(struct step *x)
{
	const struct vc_msg *msg = &x->e->u.msg.msg;
	bool own = x->e->u.msg.own;
	if (!own && x->e->u.msg.sender != x->s->peer_master)
		return; /* from a master that has left, or not joined, in this view */
	if (msg->type == VC_M_HELLO)
		handshake_on_hello(x, own, x->e->u.msg.sender, &msg->u.hello);
	else if (msg->type == VC_M_LEAVE)
		request_on_leave(x, own, msg->pairing);
	else
		gate_on_msg(x, own, msg);
}

static void on_proof(struct step *x)
{
	uint32_t lease_ms = x->s->d.lease_ms ? x->s->d.lease_ms : x->s->config.lease_ms;
	uint64_t end = x->e->u.sent_ns + lease_own_ns(lease_ms);
	if (x->s->attached && x->s->quorate && end > x->s->lease_end_ns)
		x->s->lease_end_ns = end;
}

static void on_disk_failed(struct step *x)
{
	struct vc_state *s = x->s;
	if (s->disk_failed)
		return;
	s->disk_failed = true;
	story(x, VC_R_DISK_FAILED);
	if (s->role == VC_PROMOTING)
		take(x, VC_T_PROMOTION_GIVEN_UP); /* nothing was written yet; the request is refused */
	if (s->role == VC_SECONDARY && s->d.standing == VC_PAIRED && s->pairing && s->attached) {
		/* An unasked consent: the primary need not wait for fencing. */
		uint64_t pairing = s->pairing;
		become_outdated(x, VC_T_OUTDATED_BY_DISK, VC_R_DISK_FAILED);
		act_cpg(x, VC_M_OUTDATED, pairing, 0);
	} else if (s->role != VC_SECONDARY) {
		fail_writes(x, VC_R_DISK_FAILED);
	}
}

static void dispatch(struct step *x)
{
	struct vc_state *s = x->s;
	switch (x->e->type) {
	case VC_E_TICK:
		break;
	case VC_E_ATTACHED:
		s->attached = true;
		s->attached_ns = x->now;
		if (s->vm_down_due)
			vm_down(x);
		break;
	case VC_E_MASTER_LOST:
		on_master_lost(x);
		break;
	case VC_E_QUORUM:
		s->quorate = x->e->u.quorum.quorate;
		s->peer_member = x->e->u.quorum.peer_member;
		s->peer_dropped = false;
		break;
	case VC_E_GROUP:
		on_group(x);
		break;
	case VC_E_UNIT_DOWN:
		on_unit_down(x);
		break;
	case VC_E_MSG:
		on_msg(x);
		break;
	case VC_E_PROOF:
		on_proof(x);
		break;
	case VC_E_FENCE:
		s->fence.read_ns = x->e->u.fence.read_ns;
		s->fence.record = x->e->u.fence.record;
		s->fence.known = x->e->u.fence.known;
		s->fence.pending = x->e->u.fence.pending;
		break;
	case VC_E_LINK_UP:
		session_on_link_up(x);
		break;
	case VC_E_LINK_DOWN:
		session_on_link_down(x);
		break;
	case VC_E_LINK_MSG:
		session_on_link_msg(x, &x->e->u.msg.msg);
		break;
	case VC_E_SYNC_DONE:
		s->sync_done = s->phase == VC_SOURCE;
		break;
	case VC_E_STREAM_BROKEN:
		session_on_stream_broken(x);
		break;
	case VC_E_DISK_FAILED:
		on_disk_failed(x);
		break;
	case VC_E_DRAINED:
		request_on_drained(x);
		break;
	case VC_E_PROMOTE:
	case VC_E_DEMOTE:
	case VC_E_STOP:
	case VC_E_FAIL_HELD:
	case VC_E_FORCE:
	case VC_E_UNDO:
		request_on(x);
		break;
	}
}

void vc_step(struct vc_state *s, const struct vc_event *e, struct vc_out *out)
{
	struct step x = {.s = s, .e = e, .out = out, .now = e->now_ns};
	out->count = out->taken_count = 0;
	if (s->exited)
		return;
	gate_lease(&x); /* before anything is decided (docs/PROTOCOL.md: checked at every decision) */
	dispatch(&x);
	session_pursue(&x);
	request_pursue(&x);
	gate_pursue(&x);
	handshake_pursue(&x);
}
