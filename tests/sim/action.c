// SPDX-License-Identifier: GPL-2.0-or-later
/* What the core decided, carried out as the worker's shell does it. */
#include "tests/sim/world.h"

static void note_reply(struct world *w, unsigned h, const struct vc_action *a)
{
	struct host *me = &w->host[h];
	if (a->u.reply.request == VC_E_PROMOTE) {
		me->promote_rc = a->u.reply.rc;
		me->asked_promote = false;
		w->promotions += a->u.reply.rc == 0;
		sim_say(w, h, a->u.reply.rc == 0 ? "promoted" : "promotion refused:",
			vc_reason_name(a->u.reply.reason));
	} else if (a->u.reply.request == VC_E_DEMOTE) {
		me->demote_rc = a->u.reply.rc;
		me->asked_demote = false;
	} else if (a->u.reply.request == VC_E_STOP) {
		me->stop_rc = a->u.reply.rc;
		me->asked_stop = false;
	} else if (a->u.reply.request == VC_E_UNDO && a->u.reply.rc == 0) {
		sim_say(w, h, "gone back to the copy from before the resync", "");
	}
}

static void on_gate(struct world *w, unsigned h, enum vc_gate gate)
{
	static const char *const name[] = {"READONLY", "PAIR", "SOLO", "FROZEN", "FAILED"};
	sim_say(w, h, "gate", name[gate]);
	sim_check_gate(w, h, gate);
	w->host[h].gate = gate;
	if (gate == VC_G_FAILED || gate == VC_G_READONLY)
		sim_fail_requests(w, h);
	sim_settle_requests(w, h);
}

static void on_story(struct world *w, unsigned h, enum vc_reason story)
{
	sim_say(w, h, "says:", vc_reason_name(story));
	w->solos += story == VC_R_ALONE_CONSENT || story == VC_R_ALONE_FENCED ||
		    story == VC_R_ALONE_PROCDOWN || story == VC_R_PEER_LEFT;
	w->insyncs += story == VC_R_PAIRED;
}

static void on_stream(struct world *w, unsigned h, const struct vc_action *a)
{
	struct host *me = &w->host[h];
	switch (a->type) {
	case VC_A_SOURCE_START:
		sim_maps_source(w, h, a->u.scope);
		sim_stream_begin(w, h, SIM_SOURCE);
		me->flowing = me->conn != 0;
		break;
	case VC_A_TARGET_START:
		sim_stream_target(w, h, a->u.keep_old);
		break;
	case VC_A_STREAM_END:
		me->flowing = false;
		sim_stream_begin(w, h, SIM_NONE);
		break;
	case VC_A_STREAM_TURN:
		sim_stream_begin(w, h, me->stream == SIM_SOURCE ? SIM_TARGET : SIM_SOURCE);
		break;
	default:
		sim_stream_resume(w, h);
		break;
	}
}

static void on_link(struct world *w, unsigned h, const struct vc_action *a)
{
	struct host *me = &w->host[h];
	switch (a->type) {
	case VC_A_LINK_ENABLE:
		if (me->link_enabled && (me->link_pairing != a->u.link.pairing ||
					 me->link_peer != a->u.link.peer_incarnation))
			sim_link_disable(w, h);
		me->link_enabled = true;
		me->link_pairing = a->u.link.pairing;
		me->link_peer = a->u.link.peer_incarnation;
		break;
	case VC_A_LINK_DISABLE:
		sim_link_disable(w, h);
		break;
	default:
		sim_link_send(w, h, &a->u.msg);
		break;
	}
}

static void ask_fence(struct world *w, unsigned h)
{
	w->host[h].fence_asked = true;
	if (!w->life)
		world_tell_fence(w, h);
}

void sim_perform(struct world *w, unsigned h, const struct vc_action *a)
{
	struct host *me = &w->host[h];
	switch (a->type) {
	case VC_A_PERSIST:
		sim_persist(w, h, &a->u.durable);
		break;
	case VC_A_FLUSH:
		me->durable = me->cache;
		break;
	case VC_A_CPG_SEND:
		sim_multicast(w, h, &a->u.msg);
		break;
	case VC_A_LINK_ENABLE:
	case VC_A_LINK_DISABLE:
	case VC_A_LINK_SEND:
		on_link(w, h, a);
		break;
	case VC_A_GATE:
		on_gate(w, h, a->u.gate);
		break;
	case VC_A_DRAIN:
		me->draining = true;
		break;
	case VC_A_SOURCE_START:
	case VC_A_TARGET_START:
	case VC_A_STREAM_END:
	case VC_A_STREAM_TURN:
	case VC_A_RESUME:
		on_stream(w, h, a);
		break;
	case VC_A_REPLY:
		note_reply(w, h, a);
		break;
	case VC_A_UNDO_BACK:
		if (me->has_old && me->old_of == me->disk.undo) {
			sim_maps_put_back(w, h);
			me->cache = me->old;
		}
		break;
	case VC_A_UNDO_DROP:
		me->has_old = false;
		break;
	case VC_A_STORY:
		on_story(w, h, a->u.story);
		break;
	case VC_A_FENCE_PEER:
		w->fence_wanted[1 - h] = true;
		break;
	case VC_A_EXIT:
		sim_end_worker(w, h);
		me->stopped_clean = !me->core.disk_failed;
		break;
	case VC_A_ASK_FENCE:
		ask_fence(w, h);
		break;
	case VC_A_FOLD:
		sim_maps_fold(w, h);
		break;
	default: /* the VM's end changes nothing here */
		break;
	}
}
