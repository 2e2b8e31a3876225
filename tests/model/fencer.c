// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a host's fencer has in its history of the other, and what the product's own reading makes of it
 * (core/fence_history.h). Of each kind only the newest entry is kept: older ones of its kind say nothing.
 */
#include <stddef.h>
#include <string.h>

#include "core/fence_history.h"
#include "tests/model/world.h"

static const char *const node_name[2] = {"host1", "host2"};

static uint8_t next_time(const struct m_shell *me)
{
	uint8_t last = me->fenced_at > me->unfenced_at ? me->fenced_at : me->unfenced_at;
	return (uint8_t)((last > me->failed_at ? last : me->failed_at) + 1);
}

void m_fenced(struct m_world *w, unsigned by)
{
	w->host[by].s.fenced_at = next_time(&w->host[by].s);
}

void m_unfenced(struct m_world *w, unsigned by)
{
	w->host[by].s.unfenced_at = next_time(&w->host[by].s);
}

void m_fence_failed(struct m_world *w, unsigned by)
{
	w->host[by].s.failed_at = next_time(&w->host[by].s);
}

static void put(struct vt_fence_snapshot *snap, unsigned target, const char *action,
		enum vt_fence_state state, int64_t time)
{
	struct vt_fence_entry e = {
	    .target = node_name[target],
	    .action = action,
	    .origin = node_name[1 - target],
	    .state = state,
	    .completed_s = time,
	};
	vt_fence_add(snap, &e);
}

/* The worker's news: as watcher and master make them. */
void m_read_fencer(struct m_world *w, unsigned h, bool pending_peer, bool pending_self,
		   struct vc_event *e)
{
	static struct vt_fence_snapshot snap; /* large; nothing of them outlives the call */
	static struct vt_fence_memory memory;
	struct m_shell *me = &w->host[h].s;
	unsigned peer = 1 - h;
	memset(&snap, 0, offsetof(struct vt_fence_snapshot, node));
	snap.known = true;
	if (me->fenced_at)
		put(&snap, peer, "off", VT_FENCE_DONE, me->fenced_at);
	if (me->failed_at)
		put(&snap, peer, "off", VT_FENCE_OTHER, me->failed_at);
	if (me->unfenced_at)
		put(&snap, peer, "on", VT_FENCE_DONE, me->unfenced_at);
	if (pending_peer)
		put(&snap, peer, "reboot", VT_FENCE_PENDING, 0);
	if (pending_self)
		put(&snap, h, "reboot", VT_FENCE_PENDING, 0);
	memset(&memory.node[0], 0, sizeof memory.node[0]);
	memory.nodes = 1;
	memcpy(memory.node[0].name, node_name[peer], sizeof "host1");
	if (me->record) {
		memory.node[0].last = memory.node[0].seen[0] = me->record;
		memory.node[0].next = 1;
	}
	vt_fence_remember(&memory, &snap);
	const struct vt_fence_node *of_peer = vt_fence_find(&snap, node_name[peer]);
	const struct vt_fence_node *of_self = vt_fence_find(&snap, node_name[h]);
	me->record = of_peer ? of_peer->record : 0;
	e->u.fence.record = me->record;
	e->u.fence.known = snap.known;
	e->u.fence.pending = (of_peer && of_peer->pending) || (of_self && of_self->pending);
}
