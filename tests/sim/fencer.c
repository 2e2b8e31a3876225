// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fencing in the simulated world: an action is asked for, kills its victim after a while or fails,
 * and is in the histories of the fencers that are connected. What a worker hears went through the
 * product's own reading of such a history (core/fence_history.c), as text, and comes late. Wall
 * clocks jump.
 */
#include <errno.h>
#include <string.h>

#include "base/timing.h"
#include "tests/sim/world.h"

#define MS VC_NS_PER_MS

static const char *const node_name[2] = {"host1", "host2"};

/* ---- histories ------------------------------------------------------------------------------ */

static struct fence_item *find_item(struct host *me, uint64_t serial)
{
	for (unsigned i = 0; i < me->history_count; i++)
		if (me->history[i].serial == serial)
			return &me->history[i];
	return NULL;
}

/* A full history forgets its oldest entry, of those that are over. */
static void forget_oldest(struct host *me)
{
	unsigned i = 0;
	while (i + 1 < me->history_count && me->history[i].state == VT_FENCE_PENDING)
		i++;
	me->history_count--;
	memmove(&me->history[i], &me->history[i + 1],
		(me->history_count - i) * sizeof me->history[0]);
}

static void put_item(struct host *me, const struct fence_item *item)
{
	struct fence_item *known = find_item(me, item->serial);
	if (known) {
		if (known->state == VT_FENCE_PENDING)
			*known = *item;
		return;
	}
	if (me->history_count == SIM_HISTORY)
		forget_oldest(me);
	me->history[me->history_count++] = *item;
}

static bool fencers_connected(const struct world *w)
{
	return w->ring_up && w->host[0].fencer_up && w->host[1].fencer_up;
}

/* Fencers tell each other; one that is down, or cut off, does not hear it. */
static void record(struct world *w, unsigned h, const struct fence_item *item)
{
	for (unsigned k = 0; k < 2; k++) {
		if (!(k == h ? w->host[k].fencer_up : fencers_connected(w)))
			continue;
		put_item(&w->host[k], item);
		w->host[k].fence_asked = true; /* notified */
	}
}

/* What one of them still takes for under way: over, if the other says so or has forgotten it. */
static void settle_pending(struct host *me, struct host *peer, unsigned h)
{
	for (unsigned i = 0; i < me->history_count; i++) {
		struct fence_item *item = &me->history[i];
		const struct fence_item *other = find_item(peer, item->serial);
		if (item->state != VT_FENCE_PENDING)
			continue;
		if (other)
			*item = *other;
		else if (item->origin != h)
			item->state = VT_FENCE_OTHER; /* it failed, as far as anybody knows */
	}
}

void sim_fencers_meet(struct world *w)
{
	if (!fencers_connected(w))
		return;
	for (unsigned h = 0; h < 2; h++)
		settle_pending(&w->host[h], &w->host[1 - h], h);
	for (unsigned h = 0; h < 2; h++)
		for (unsigned i = 0; i < w->host[h].history_count; i++)
			put_item(&w->host[1 - h], &w->host[h].history[i]);
	w->host[0].fence_asked = w->host[1].fence_asked = true;
}

/* Of a fencer that ended nobody hears the result: the others take its action for failed. */
static void orphan(struct world *w, unsigned by)
{
	struct fencing *f = &w->fencing[1 - by];
	struct fence_item *at_peer = find_item(&w->host[by ^ 1], f->serial);
	if (f->active && at_peer && at_peer->state == VT_FENCE_PENDING)
		at_peer->state = VT_FENCE_OTHER;
}

void sim_fencer_down(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->fencer_up)
		return;
	sim_say(w, h, "the fencer ends, its history with it", "");
	me->fencer_up = false;
	me->history_count = 0;
	orphan(w, h);
}

void sim_fencer_up(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->powered || me->fencer_up)
		return;
	sim_say(w, h, "the fencer starts", "");
	me->fencer_up = true;
	me->history_count = 0;
	me->fencer_settled_ns = w->life ? sim_clock(w, h) + SIM_FENCER_SETTLE_MS * MS : 0;
	sim_fencers_meet(w);
}

/* ---- what the master learns of it ----------------------------------------------------------- */

static void fill(const struct world *w, unsigned h, struct vt_fence_snapshot *snap)
{
	static const char *const action[] = {"off", "reboot", "on"};
	const struct host *me = &w->host[h];
	for (unsigned i = 0; i < me->history_count; i++) {
		const struct fence_item *it = &me->history[i];
		struct vt_fence_entry e = {
		    .target = node_name[it->target],
		    .action = action[it->action],
		    .origin = node_name[it->origin],
		    .state = it->state,
		    .completed_s = it->wall_ns / 1000000000,
		    .completed_ns = it->wall_ns % 1000000000,
		};
		vt_fence_add(snap, &e);
	}
}

/* As watcher and master do it: read, reduce, a line of text, remember. */
static struct fence_news learn(struct world *w, unsigned h)
{
	static struct vt_fence_snapshot snap, heard; /* large; nothing of them outlives the call */
	static char line[VT_FENCE_LINE_MAX];
	struct host *me = &w->host[h];
	memset(&snap, 0, offsetof(struct vt_fence_snapshot, node));
	snap.read_ns = sim_clock(w, h);
	snap.known = me->fencer_up && snap.read_ns >= me->fencer_settled_ns;
	if (snap.known)
		fill(w, h, &snap);
	int len = vt_fence_format(&snap, line, sizeof line);
	if (len < 0 || vt_fence_parse(&heard, line, (size_t)len) < 0)
		sim_violation(w, h, "a line of the fencing watcher is not understood");
	vt_fence_remember(&me->memory, &heard);
	const struct vt_fence_node *peer = vt_fence_find(&heard, node_name[1 - h]);
	const struct vt_fence_node *self = vt_fence_find(&heard, node_name[h]);
	struct fence_news news = {.read_ns = heard.read_ns, .known = heard.known};
	if (heard.known) {
		news.record = peer ? peer->record : 0;
		news.pending = (peer && peer->pending) || (self && self->pending);
	}
	return news;
}

void world_tell_fence(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	struct vc_event e = {.type = VC_E_FENCE};
	if (!w->life) { /* a story: read and told at once */
		me->told.read_ns = w->now;
		me->told.known = true;
		me->told.pending = w->fence_wanted[0] || w->fence_wanted[1];
		me->told.record = me->fence_record_of_peer;
	}
	e.u.fence.read_ns = me->told.read_ns;
	e.u.fence.record = me->told.record;
	e.u.fence.known = me->told.known;
	e.u.fence.pending = me->told.pending;
	sim_tell(w, h, &e);
}

void sim_fencer_read(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!sim_in_group(w, h) || w->now < me->suspended_until || me->news_count == SIM_FENCE_NEWS)
		return;
	me->fence_asked = false;
	me->fencer_read_ns = w->now;
	me->news[me->news_count] = learn(w, h);
	me->news[me->news_count++].lie = w->lied_on[1 - h] && find_item(me, w->lie_serial[1 - h]);
}

bool sim_fencer_tell(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!sim_in_group(w, h) || w->now < me->suspended_until || me->news_count == 0)
		return false;
	me->told = me->news[0];
	me->news_count--;
	memmove(&me->news[0], &me->news[1], me->news_count * sizeof me->news[0]);
	world_tell_fence(w, h);
	return true;
}

void sim_fencer_forget(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	me->news_count = 0;
	me->fence_asked = false;
	memset(&me->told, 0, sizeof me->told);
	me->memory.nodes = 0;
}

/* ---- fencing -------------------------------------------------------------------------------- */

static struct fence_item item_of(const struct world *w, unsigned by, enum vt_fence_state state)
{
	return (struct fence_item){
	    .serial = w->fencing[1 - by].serial,
	    .target = 1 - by,
	    .origin = by,
	    .action = w->fencing[1 - by].serial % 2 ? SIM_OFF : SIM_REBOOT,
	    .state = state,
	    .wall_ns = (int64_t)w->now + w->host[by].wall_off_ns,
	};
}

/* The cluster fences who is gone from the membership, or whom the unit's worker named. */
bool sim_fence_begin(struct world *w, unsigned by, bool by_hand)
{
	struct host *me = &w->host[by];
	struct fencing *f = &w->fencing[1 - by];
	if (f->active || !me->powered || !me->quorate || !me->fencer_up ||
	    w->now < me->suspended_until ||
	    (me->view_member && !by_hand && !w->fence_wanted[1 - by]))
		return false;
	*f = (struct fencing){.active = true, .serial = ++w->serial};
	struct fence_item item = item_of(w, by, VT_FENCE_PENDING);
	record(w, by, &item);
	sim_say(w, by, "begins to fence the other", "");
	return true;
}

bool sim_fence_kill(struct world *w, unsigned by)
{
	struct fencing *f = &w->fencing[1 - by];
	if (!f->active || f->killed)
		return false;
	sim_say(w, by, "'s fence device cuts the other's power", "");
	f->killed = true;
	world_power_off(w, 1 - by);
	return true;
}

/* fence_vmtwin, by the verdict of the product: it has seen what the master has, and its clock runs as it does. */
static bool waited_out(const struct world *w, unsigned by)
{
	const struct host *me = &w->host[by];
	struct vt_cluster_timing t = {.token_ms = SIM_TOTEM_MS, .device = true, .device_sync_ms = SIM_QUORUM_LATE_MS};
	uint32_t wild_ms = w->class == SIM_WILD_CLOCKS ? SIM_CLASS_DRIFT_MS : 0;
	struct vc_fence_facts f = {
	    .third_vote = !w->two_node,
	    .lease_known = true,
	    .wait_ms = vt_timing_fence_ms(&t, SIM_LEASE_LONG_MS) + wild_ms,
	    .quorate_ns = me->quorate_ns,
	    .is_node = true,
	    .member = me->view_member,
	    .daemon = me->view_master != 0,
	    .member_ns = me->seen.member_ns,
	    .silent_ns = me->seen.silent_ns,
	    .away = true, /* orders are the lab's matter */
	};
	return sim_in_group(w, by) && vc_fence_verdict(&f, sim_clock(w, by)).state == VC_FENCE_DONE;
}

/* A false yes: harmless while the victim is not quorate, or a member; else only in lives of their
 * own. */
static bool may_lie(const struct world *w, unsigned victim)
{
	const struct host *v = &w->host[victim];
	return !w->fencing[victim].killed &&
	       (w->class == SIM_FORKING || !v->quorate || (w->ring_up && v->powered && !v->stale));
}

bool sim_fence_end(struct world *w, unsigned by, enum sim_fence_end how)
{
	struct host *me = &w->host[by];
	struct fencing *f = &w->fencing[1 - by];
	if (!f->active || !me->powered || w->now < me->suspended_until)
		return false;
	if ((how == SIM_FENCE_OK && !f->killed) ||
	    (how == SIM_FENCE_WAITED && !waited_out(w, by)) ||
	    (how == SIM_FENCE_LIE && !may_lie(w, 1 - by)))
		return false;
	struct fence_item item =
	    item_of(w, by, how == SIM_FENCE_FAILED ? VT_FENCE_OTHER : VT_FENCE_DONE);
	bool lost = !find_item(me, f->serial); /* the fencer that began it has ended since */
	f->active = false;
	if (lost)
		return true;
	record(w, by, &item);
	sim_say(w, by, how == SIM_FENCE_FAILED ? "fencing failed" : "fencing succeeded",
		how == SIM_FENCE_LIE	  ? "(in truth nothing was done)"
		: how == SIM_FENCE_WAITED ? "(by waiting for the end of all leases)"
					  : "");
	if (how == SIM_FENCE_FAILED)
		return true;
	w->branched |= how == SIM_FENCE_LIE && w->host[1 - by].powered && w->host[1 - by].quorate &&
		       !w->ring_up;
	w->waited_out[1 - by] |= how == SIM_FENCE_WAITED;
	if (how == SIM_FENCE_LIE) {
		w->lied_on[1 - by] = true;
		w->lie_serial[1 - by] = f->serial;
	}
	w->fence_wanted[1 - by] = false;
	me->peer_clean = !me->view_member;
	return true;
}

/* A host that boots is unfenced: an entry that proves nothing. */
void sim_unfence(struct world *w, unsigned h)
{
	struct fence_item item = {
	    .serial = ++w->serial,
	    .target = h,
	    .origin = 1 - h,
	    .action = SIM_ON,
	    .state = VT_FENCE_DONE,
	    .wall_ns = (int64_t)w->now + w->host[1 - h].wall_off_ns,
	};
	record(w, 1 - h, &item);
}

void world_fence(struct world *w, unsigned by)
{
	struct fencing *f = &w->fencing[1 - by];
	if (!w->host[by].powered || !w->host[by].quorate)
		return;
	sim_say(w, by, "fences the other", "");
	*f = (struct fencing){.active = true, .serial = ++w->serial};
	sim_fence_kill(w, by);
	f->active = false;
	w->fence_wanted[1 - by] = false;
	w->host[by].fence_record_of_peer = f->serial;
	w->host[by].peer_clean = true;
	world_tell_fence(w, by);
}
