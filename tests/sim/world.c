// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/sim/world.h"

#include <errno.h>
#include <string.h>

#include "core/eralog.h"

#define MS VC_NS_PER_MS
#define LEASE_MS 20000

static const uint8_t unit_id[16] = {1, 2, 3, 4};

uint64_t world_random(struct world *w, uint64_t below)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return below ? w->rng % below : w->rng;
}


static void add(struct cells *c, unsigned n)
{
	c->bit[n / 64] |= 1ull << (n % 64);
}

static bool includes(const struct cells *all, const struct cells *some)
{
	for (unsigned i = 0; i < SIM_WRITES / 64; i++)
		if (some->bit[i] & ~all->bit[i])
			return false;
	return true;
}

static void say(struct world *w, unsigned h, const char *what, const char *detail)
{
	if (w->trace)
		fprintf(w->trace, "%8llu ms  host%u  %s %s\n", (unsigned long long)(w->now / MS),
			h + 1, what, detail);
}

/* ---- acknowledgements and the oracle -------------------------------------------------------------- */

static void acknowledge(struct world *w, unsigned h, unsigned write)
{
	if (!includes(&w->host[h].cache, &w->acked) && !w->violation)
		w->violation = "a host acknowledges on a copy that lacks an acknowledged write";
	add(&w->acked, write);
	w->acked_count++;
}

static bool stream_runs(const struct world *w, unsigned h)
{
	return w->host[h].stream && w->link_connected && w->host[h].link_enabled;
}

/* Acknowledges a write that waits for nothing any more. */
static void settle_pending(struct world *w, unsigned h, bool peer_has_it)
{
	struct host *me = &w->host[h];
	if (me->pending_write < 0)
		return;
	bool alone = me->core.gate == VC_G_SOLO && !stream_runs(w, h);
	bool together = peer_has_it &&
			(me->core.gate == VC_G_PAIR || me->core.gate == VC_G_SOLO);
	if (!alone && !together)
		return;
	unsigned write = (unsigned)me->pending_write;
	me->pending_write = -1;
	acknowledge(w, h, write);
	say(w, h, "acknowledged", "");
}

static bool push_link(struct world *w, unsigned to, const struct link_item *item)
{
	struct host *peer = &w->host[to];
	if (peer->in_count == SIM_QUEUE)
		return false;
	peer->in[(peer->in_head + peer->in_count++) % SIM_QUEUE] = *item;
	return true;
}

static void send_write(struct world *w, unsigned h)
{
	struct link_item item = {.is_write = true, .write = (unsigned)w->host[h].pending_write};
	if (stream_runs(w, h))
		push_link(w, 1 - h, &item);
}

void world_guest_write(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	bool open = me->core.gate == VC_G_PAIR || me->core.gate == VC_G_SOLO;
	if (!me->worker || !open || me->pending_write >= 0 || w->next_write == SIM_WRITES)
		return;
	me->pending_write = (int)w->next_write++;
	add(&me->cache, (unsigned)me->pending_write);
	send_write(w, h);
	settle_pending(w, h, false);
}

void world_guest_flush(struct world *w, unsigned h)
{
	w->host[h].durable = w->host[h].cache;
}

/* ---- links ---------------------------------------------------------------------------------------- */

static void drop_connection(struct world *w)
{
	if (!w->link_connected)
		return;
	w->link_connected = false;
	for (unsigned h = 0; h < 2; h++)
		w->host[h].in_count = 0;
	for (unsigned h = 0; h < 2; h++)
		if (w->host[h].worker && w->host[h].link_enabled)
			world_event_type(w, h, VC_E_LINK_DOWN);
	for (unsigned h = 0; h < 2; h++)
		settle_pending(w, h, false);
}

void world_try_connect(struct world *w)
{
	struct host *a = &w->host[0], *b = &w->host[1];
	if (w->link_connected || !w->link_net_up || !a->worker || !b->worker ||
	    !a->link_enabled || !b->link_enabled || a->link_pairing != b->link_pairing ||
	    a->link_peer != b->core.config.incarnation ||
	    b->link_peer != a->core.config.incarnation)
		return;
	w->link_connected = true;
	say(w, 0, "link up", "");
	for (unsigned h = 0; h < 2; h++)
		if (w->host[h].link_enabled)
			world_event_type(w, h, VC_E_LINK_UP);
}

bool world_deliver_link(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->in_count == 0 || !me->worker)
		return false;
	struct link_item item = me->in[me->in_head];
	me->in_head = (me->in_head + 1) % SIM_QUEUE;
	me->in_count--;
	if (item.is_write) {
		add(&me->cache, item.write);
		struct host *peer = &w->host[1 - h];
		if (peer->pending_write == (int)item.write && w->link_connected)
			settle_pending(w, 1 - h, true);
		return true;
	}
	struct vc_event e = {.type = VC_E_LINK_MSG};
	e.u.msg.msg = item.msg;
	world_event(w, h, &e);
	return true;
}

void world_cut_link(struct world *w)
{
	w->link_net_up = false;
	drop_connection(w);
}

/* Resync: the target's content becomes the source's, durably. */
void world_resync_done(struct world *w, unsigned source)
{
	struct host *from = &w->host[source], *to = &w->host[1 - source];
	if (from->core.phase != VC_SOURCE || to->core.phase != VC_TARGET || !w->link_connected)
		return;
	while (world_deliver_link(w, 1 - source))
		;
	to->cache = from->cache;
	world_event_type(w, source, VC_E_SYNC_DONE);
}

void world_check_equal(struct world *w)
{
	const struct host *a = &w->host[0], *b = &w->host[1];
	bool idle = a->pending_write < 0 && b->pending_write < 0 && a->in_count == 0 &&
		    b->in_count == 0;
	if (a->worker && b->worker && a->core.phase == VC_INSYNC && b->core.phase == VC_INSYNC &&
	    w->link_connected && idle && memcmp(&a->cache, &b->cache, sizeof a->cache) != 0 &&
	    !w->violation)
		w->violation = "two hosts in sync hold different data";
}

/* ---- group ---------------------------------------------------------------------------------------- */

static bool in_group(const struct world *w, unsigned h)
{
	return w->host[h].powered && w->host[h].master;
}

static void hear(struct world *w, unsigned h, const struct group_item *item)
{
	struct host *me = &w->host[h];
	if (!in_group(w, h) || !me->worker || me->heard_count == SIM_QUEUE)
		return;
	me->heard[(me->heard_head + me->heard_count++) % SIM_QUEUE] = *item;
}

static void multicast(struct world *w, unsigned h, const struct vc_msg *msg)
{
	struct group_item item = {.from = h, .sender = w->host[h].master_id, .msg = *msg};
	if (!in_group(w, h))
		return;
	hear(w, h, &item);
	if (w->ring_up)
		hear(w, 1 - h, &item);
}

bool world_deliver_group(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->heard_count == 0 || !me->worker)
		return false;
	struct group_item item = me->heard[me->heard_head];
	me->heard_head = (me->heard_head + 1) % SIM_QUEUE;
	me->heard_count--;
	struct vc_event e = {.type = VC_E_MSG};
	e.u.msg.own = item.from == h;
	e.u.msg.sender = item.sender;
	e.u.msg.msg = item.msg;
	world_event(w, h, &e);
	return true;
}

/* Events of the group come after the messages that were delivered before (virtual synchrony). */
static void flush_group(struct world *w, unsigned h)
{
	while (world_deliver_group(w, h))
		;
}

static void tell_group(struct world *w, unsigned h, uint64_t member, enum vc_departure how)
{
	struct vc_event e = {.type = VC_E_GROUP};
	flush_group(w, h);
	e.u.group.member = member;
	e.u.group.how = how;
	if (in_group(w, h) && w->host[h].worker)
		world_event(w, h, &e);
}

static void tell_quorum(struct world *w, unsigned h)
{
	struct vc_event e = {.type = VC_E_QUORUM};
	e.u.quorum.quorate = w->host[h].quorate;
	e.u.quorum.peer_member = w->ring_up && w->host[1 - h].powered;
	if (in_group(w, h) && w->host[h].worker)
		world_event(w, h, &e);
}

void world_tell_fence(struct world *w, unsigned h)
{
	struct vc_event e = {.type = VC_E_FENCE};
	e.u.fence.read_ns = w->now;
	e.u.fence.record = w->host[h].fence_record_of_peer;
	e.u.fence.known = true;
	e.u.fence.pending = w->fence_wanted[0] || w->fence_wanted[1];
	if (in_group(w, h) && w->host[h].worker)
		world_event(w, h, &e);
}

static void attach(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!in_group(w, h) || !me->worker)
		return;
	me->heard_count = 0;
	world_event_type(w, h, VC_E_ATTACHED);
	tell_quorum(w, h);
	if (w->ring_up && in_group(w, 1 - h))
		tell_group(w, h, w->host[1 - h].master_id, VC_JOINED);
	world_tell_fence(w, h);
}

/* ---- hosts ---------------------------------------------------------------------------------------- */

void world_start_worker(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	struct vc_config config = {
	    .slot = h,
	    .incarnation = ++w->serial << 8 | (h + 1),
	    .lease_ms = LEASE_MS,
	    .outdate_timeout_ms = 5000,
	    .promote_wait_ms = 8000,
	};
	if (!me->powered || me->worker)
		return;
	memcpy(config.boot_id, &me->boot, sizeof me->boot);
	me->worker = true;
	me->link_enabled = false;
	me->pending_write = -1;
	me->stream = me->draining = false;
	me->in_count = me->heard_count = 0;
	me->asked_promote = me->asked_demote = me->asked_stop = false;
	vc_init(&me->core, &config, &me->disk);
	say(w, h, "worker starts", "");
	attach(w, h);
}

static void end_worker(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->worker)
		return;
	me->worker = false;
	me->link_enabled = false;
	me->pending_write = -1;
	me->stream = false;
	drop_connection(w);
}

void world_kill_worker(struct world *w, unsigned h)
{
	uint64_t incarnation = w->host[h].core.config.incarnation;
	if (!w->host[h].worker)
		return;
	say(w, h, "worker killed", "");
	end_worker(w, h);
	/* The master has seen the process end and says so. */
	if (in_group(w, h) && in_group(w, 1 - h) && w->ring_up && w->host[1 - h].worker) {
		struct vc_event e = {.type = VC_E_UNIT_DOWN};
		e.u.incarnation = incarnation;
		flush_group(w, 1 - h);
		world_event(w, 1 - h, &e);
	}
}

void world_kill_master(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!in_group(w, h))
		return;
	say(w, h, "master killed", "");
	me->master = false;
	me->heard_count = 0;
	if (me->worker)
		world_event_type(w, h, VC_E_MASTER_LOST);
	if (w->ring_up)
		tell_group(w, 1 - h, me->master_id, VC_LEFT_PROCDOWN);
}

void world_start_master(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (!me->powered || me->master)
		return;
	me->master = true;
	me->master_id = (uint64_t)(h + 1) << 32 | ++w->serial;
	attach(w, h);
	if (w->ring_up)
		tell_group(w, 1 - h, me->master_id, VC_JOINED);
}

/*
 * Half of what was not flushed is lost, as the dice fall. An acknowledged write that was not flushed
 * is not promised any more once every host that had to hold it has lost power since.
 */
static void lose_cache(struct world *w, unsigned h)
{
	struct host *me = &w->host[h], *peer = &w->host[1 - h];
	bool alone = me->disk.standing == VC_SOLO;
	bool peer_lost_power = !peer->powered || memcmp(peer->disk.boot_id, &peer->boot, 8) != 0;
	for (unsigned i = 0; i < SIM_WRITES / 64; i++) {
		uint64_t had = me->cache.bit[i];
		me->durable.bit[i] |= had & world_random(w, 0);
		uint64_t lost = had & ~me->durable.bit[i];
		w->acked.bit[i] &= ~(alone ? lost : lost & ~peer->cache.bit[i]);
		if (!alone && peer_lost_power)
			w->acked.bit[i] &= me->durable.bit[i] & peer->durable.bit[i];
	}
	me->cache = me->durable;
}

void world_power_off(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	uint64_t master = me->master_id;
	bool was_in_group = in_group(w, h);
	if (!me->powered)
		return;
	say(w, h, "power off", "");
	me->powered = me->master = false;
	end_worker(w, h);
	lose_cache(w, h);
	if (w->ring_up && was_in_group)
		tell_group(w, 1 - h, master, VC_LEFT_NODEDOWN);
	tell_quorum(w, 1 - h);
}

void world_power_on(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->powered)
		return;
	say(w, h, "power on", "");
	me->powered = true;
	me->boot = ++w->serial;
	me->quorate = true;
	tell_quorum(w, 1 - h);
	world_start_master(w, h);
	world_start_worker(w, h);
}

void world_cut_ring(struct world *w)
{
	if (!w->ring_up)
		return;
	say(w, 0, "ring cut", "");
	for (unsigned h = 0; h < 2; h++)
		flush_group(w, h);
	w->ring_up = false;
	for (unsigned h = 0; h < 2; h++) {
		tell_quorum(w, h);
		if (in_group(w, 1 - h))
			tell_group(w, h, w->host[1 - h].master_id, VC_LEFT_NODEDOWN);
	}
}

void world_mend_ring(struct world *w)
{
	if (w->ring_up)
		return;
	say(w, 0, "ring mended", "");
	w->ring_up = true;
	for (unsigned h = 0; h < 2; h++)
		w->host[h].quorate = true;
	for (unsigned h = 0; h < 2; h++) {
		tell_quorum(w, h);
		if (in_group(w, 1 - h))
			tell_group(w, h, w->host[1 - h].master_id, VC_JOINED);
		world_tell_fence(w, h);
	}
}

void world_fence(struct world *w, unsigned by)
{
	unsigned victim = 1 - by;
	if (!w->host[by].powered || !w->host[by].quorate)
		return;
	say(w, by, "fences the other", "");
	world_power_off(w, victim);
	w->host[by].fence_record_of_peer = ++w->serial;
	w->fence_wanted[victim] = false;
	world_tell_fence(w, by);
}

/* ---- actions -------------------------------------------------------------------------------------- */

static void link_disable(struct world *w, unsigned h)
{
	w->host[h].link_enabled = false;
	if (w->link_connected) {
		w->link_connected = false;
		w->host[0].in_count = w->host[1].in_count = 0;
		if (w->host[1 - h].worker && w->host[1 - h].link_enabled)
			world_event_type(w, 1 - h, VC_E_LINK_DOWN);
	}
}

static void note_reply(struct world *w, unsigned h, const struct vc_action *a)
{
	struct host *me = &w->host[h];
	if (a->u.reply.request == VC_E_PROMOTE) {
		me->promote_rc = a->u.reply.rc;
		me->asked_promote = false;
		w->promotions += a->u.reply.rc == 0;
	} else if (a->u.reply.request == VC_E_DEMOTE) {
		me->demote_rc = a->u.reply.rc;
		me->asked_demote = false;
	} else if (a->u.reply.request == VC_E_STOP) {
		me->stop_rc = a->u.reply.rc;
		me->asked_stop = false;
	}
}

static void on_gate(struct world *w, unsigned h)
{
	struct host *me = &w->host[h];
	if (me->core.gate == VC_G_FAILED || me->core.gate == VC_G_READONLY)
		me->pending_write = -1; /* answered with an error */
	settle_pending(w, h, false);
	if (me->core.gate == VC_G_SOLO && !includes(&me->cache, &w->acked) && !w->violation)
		w->violation = "a host goes alone on a copy that lacks an acknowledged write";
}

static void perform(struct world *w, unsigned h, const struct vc_action *a)
{
	struct host *me = &w->host[h];
	struct link_item item = {0};
	switch (a->type) {
	case VC_A_PERSIST:
		me->disk = a->u.durable;
		break;
	case VC_A_FLUSH:
		me->durable = me->cache;
		break;
	case VC_A_CPG_SEND:
		multicast(w, h, &a->u.msg);
		break;
	case VC_A_LINK_ENABLE:
		me->link_enabled = true;
		me->link_pairing = a->u.link.pairing;
		me->link_peer = a->u.link.peer_incarnation;
		break;
	case VC_A_LINK_DISABLE:
		link_disable(w, h);
		break;
	case VC_A_LINK_SEND:
		item.msg = a->u.msg;
		if (w->link_connected)
			push_link(w, 1 - h, &item);
		break;
	case VC_A_GATE:
		on_gate(w, h);
		break;
	case VC_A_DRAIN:
		me->draining = true;
		break;
	case VC_A_SOURCE_START:
		me->stream = true;
		break;
	case VC_A_TARGET_START:
		/* half overwritten is neither the old nor the new content */
		for (unsigned i = 0; i < SIM_WRITES / 64; i++)
			me->cache.bit[i] &= world_random(w, 0);
		me->durable = me->cache;
		me->stream = false;
		settle_pending(w, h, false);
		break;
	case VC_A_STREAM_END:
		me->stream = false;
		settle_pending(w, h, false);
		break;
	case VC_A_STREAM_TURN:
		me->stream = !me->stream;
		break;
	case VC_A_RESUME:
		if (me->pending_write >= 0)
			send_write(w, h);
		break;
	case VC_A_REPLY:
		note_reply(w, h, a);
		break;
	case VC_A_STORY:
		say(w, h, "says:", vc_reason_name(a->u.story));
		w->solos += a->u.story == VC_R_ALONE_CONSENT || a->u.story == VC_R_ALONE_FENCED ||
			    a->u.story == VC_R_ALONE_PROCDOWN || a->u.story == VC_R_PEER_LEFT;
		w->insyncs += a->u.story == VC_R_PAIRED;
		break;
	case VC_A_FENCE_PEER:
		w->fence_wanted[1 - h] = true;
		break;
	case VC_A_EXIT:
		end_worker(w, h);
		break;
	case VC_A_ASK_FENCE:
	case VC_A_VM_DOWN:
		break;
	}
}

void world_event(struct world *w, unsigned h, struct vc_event *e)
{
	struct host *me = &w->host[h];
	struct vc_out out;
	e->now_ns = w->now;
	e->rnd = world_random(w, 0) | 1;
	vc_step(&me->core, e, &out);
	for (unsigned i = 0; i < out.count; i++)
		perform(w, h, &out.action[i]);
	for (unsigned i = 0; i < out.count; i++)
		if (out.action[i].type == VC_A_ASK_FENCE)
			world_tell_fence(w, h);
	if (me->worker && me->draining && (me->pending_write < 0)) {
		me->draining = false;
		world_event_type(w, h, VC_E_DRAINED);
	}
}

void world_event_type(struct world *w, unsigned h, enum vc_event_type type)
{
	struct vc_event e = {.type = type};
	world_event(w, h, &e);
}

void world_pass(struct world *w, uint64_t ms)
{
	w->now += ms * MS;
	for (unsigned h = 0; h < 2; h++) {
		struct host *me = &w->host[h];
		if (!me->worker)
			continue;
		if (in_group(w, h) && me->quorate) {
			struct vc_event e = {.type = VC_E_PROOF};
			e.u.sent_ns = w->now;
			world_event(w, h, &e);
		}
		if (me->worker)
			world_event_type(w, h, VC_E_TICK);
	}
}

void world_settle(struct world *w)
{
	for (unsigned i = 0; i < 2000; i++) {
		bool moved = false;
		for (unsigned h = 0; h < 2; h++) {
			moved |= world_deliver_group(w, h);
			moved |= world_deliver_link(w, h);
		}
		bool was = w->link_connected;
		world_try_connect(w);
		if (!moved && was == w->link_connected)
			return;
	}
}

void world_init(struct world *w, uint64_t seed, FILE *trace)
{
	memset(w, 0, sizeof *w);
	w->rng = seed * 0x9e3779b97f4a7c15ull + 88172645463325252ull;
	w->now = 1000 * MS;
	w->trace = trace;
	w->ring_up = w->link_net_up = true;
	w->fault_rate = 12;
	for (unsigned h = 0; h < 2; h++) {
		struct host *me = &w->host[h];
		me->quorate = true;
		me->pending_write = -1;
		me->disk.standing = VC_SYNCING;
	}
	memcpy(w->host[0].disk.unit_id, unit_id, sizeof unit_id);
	w->host[0].disk.standing = VC_SOLO;
	vc_eralog_append(&w->host[0].disk.log, 4711, 0, 1, 0);
	world_power_on(w, 0);
	world_power_on(w, 1);
}
