// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clocks. A host's now is M_NOW always. After a step its timestamps keep only what the core can tell
 * apart later: a wait that runs, one that has ended, none. Each wait ends by a move of its own, in any
 * order: no safety of the core may rest on which of two short waits is the shorter one. The lease is not
 * short: it is counted in parts, and so is the age of each proof under way (TRAPS 20).
 */
#include "tests/model/world.h"

#define MS VC_NS_PER_MS
#define RUNNING (M_NOW + 1000 * MS)

unsigned m_lease_parts = 1;

static uint64_t part_ns(void)
{
	return M_LEASE_MS * MS / m_lease_parts;
}

static unsigned parts_left(uint64_t end_ns)
{
	if (end_ns <= M_NOW)
		return 0;
	uint64_t parts = (end_ns - M_NOW + part_ns() - 1) / part_ns();
	return parts < 8 ? (unsigned)parts : 8;
}

static uint64_t outdate_wait_ns(const struct vc_state *s)
{
	return (VC_RECONNECT_MS + s->config.outdate_timeout_ms) * MS;
}

void m_normalise(struct vc_state *s)
{
	unsigned left = parts_left(s->lease_end_ns);
	s->lease_end_ns = left ? M_NOW + left * part_ns() : 0;
	if (s->lost_since_ns) {
		uint64_t age = M_NOW - s->lost_since_ns;
		if (age >= outdate_wait_ns(s))
			s->lost_since_ns = M_NOW - outdate_wait_ns(s);
		else
			s->lost_since_ns = age >= VC_RECONNECT_MS * MS ? M_NOW - VC_RECONNECT_MS * MS
								       : M_NOW;
	}
	s->outdate_sent_ns = s->outdate_sent_ns ? 1 : 0; /* only whether it was sent is asked */
	s->fence_asked_ns = s->fence_asked_ns ? M_NOW : 0;
	bool fence_new = s->fence.read_ns >= s->peer_since_ns;
	/* That a solo host hears its peer first is not waited for here: no safety may rest on it. */
	const uint64_t heard = M_NOW - VC_HEAR_MS * MS;
	s->attached_ns = s->attached_ns ? heard : 0;
	s->peer_since_ns = s->peer_since_ns ? heard - 10 * MS : 0;
	s->fence.read_ns = fence_new ? heard - 5 * MS : heard - 20 * MS;
	s->promote_until_ns = s->want_promote && s->promote_until_ns > M_NOW ? RUNNING : 0;
	s->drain_until_ns = s->role == VC_DEMOTING && s->drain_until_ns > M_NOW ? RUNNING : 0;
	s->leave_until_ns = s->leave_sent && s->leave_until_ns > M_NOW ? RUNNING : 0;
	s->fail_until_ns = s->fail_until_ns > M_NOW ? RUNNING : 0;
}

bool m_timer_runs(const struct vc_state *s, enum m_timer t)
{
	switch (t) {
	case M_T_GATE: /* the core looks at its age under these conditions only */
		return s->lost_since_ns && s->quorate && s->peer_member && s->attached &&
		       s->certain && M_NOW - s->lost_since_ns < outdate_wait_ns(s);
	case M_T_PROMOTE:
		return s->promote_until_ns > M_NOW;
	case M_T_DRAIN:
		return s->drain_until_ns > M_NOW;
	case M_T_LEAVE:
		return s->leave_until_ns > M_NOW;
	case M_T_FAIL:
		return s->fail_until_ns > M_NOW;
	case M_T_FENCE:
		return s->fence_asked_ns != 0;
	case M_TIMERS:
		break;
	}
	return false;
}

void m_timer_end(struct vc_state *s, enum m_timer t)
{
	switch (t) {
	case M_T_GATE:
		s->lost_since_ns = M_NOW - s->lost_since_ns < VC_RECONNECT_MS * MS
				       ? M_NOW - VC_RECONNECT_MS * MS
				       : M_NOW - outdate_wait_ns(s);
		break;
	case M_T_PROMOTE:
		s->promote_until_ns = 0;
		break;
	case M_T_DRAIN:
		s->drain_until_ns = 0;
		break;
	case M_T_LEAVE:
		s->leave_until_ns = 0;
		break;
	case M_T_FAIL:
		s->fail_until_ns = 0;
		break;
	case M_T_FENCE:
		s->fence_asked_ns = 0;
		break;
	case M_TIMERS:
		break;
	}
}

bool m_lease_left(const struct m_world *w, unsigned h)
{
	const struct m_host *me = &w->host[h];
	return me->s.lease || (me->s.worker && me->core.lease_end_ns > M_NOW);
}

void m_lease_passes(struct m_world *w, unsigned h)
{
	struct m_host *me = &w->host[h];
	if (me->s.lease)
		me->s.lease--;
	if (!me->s.worker)
		return;
	unsigned left = parts_left(me->core.lease_end_ns);
	me->core.lease_end_ns = left > 1 ? M_NOW + (left - 1) * part_ns() : 0;
	for (unsigned i = 0; i < me->s.heard_n; i++) {
		struct vc_event *e = &me->heard[i];
		if (e->type == VC_E_PROOF && e->u.sent_ns > M_NOW - m_lease_parts * part_ns())
			e->u.sent_ns -= part_ns();
	}
}

void m_prove(struct m_world *w, unsigned h)
{
	struct vc_event e = {.type = VC_E_PROOF};
	e.u.sent_ns = M_NOW;
	if (w->host[h].s.quorate) /* without quorum it counts for nothing, but CPG delivers it */
		w->host[h].s.lease = (uint8_t)m_lease_parts;
	m_tell(w, h, &e);
}
