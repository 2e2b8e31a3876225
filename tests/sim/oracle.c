// SPDX-License-Identifier: GPL-2.0-or-later
/* What must never be seen, checked where it would be seen: the rules of DESIGN.md by their numbers.
 */
#include <string.h>

#include "core/eralog.h"
#include "tests/sim/world.h"

void sim_violation(struct world *w, unsigned h, const char *what)
{
	if (w->violation)
		return;
	w->violation = what;
	sim_say(w, h, "VIOLATION:", what);
}

/* S6: eras in which writes were acknowledged form one line. */
static void check_line(struct world *w, unsigned h, const struct vc_era *era, bool late)
{
	if (w->branched || late)
		return;
	if (era->number < w->ack_number)
		sim_violation(w, h, "S6: a write is acknowledged in an era that is over");
	if (era->number == w->ack_number && w->ack_id[era->number % VC_ERAS] != era->id)
		sim_violation(w, h, "S6: writes are acknowledged in two eras of one number");
	w->ack_number = era->number;
	w->ack_id[era->number % VC_ERAS] = era->id;
}

static bool holds_era(const struct vc_eralog *log, const struct vc_era *era)
{
	for (unsigned i = 0; i < log->count; i++)
		if (log->era[i].id == era->id && log->era[i].number == era->number)
			return true;
	return false;
}

/* S5: the era is on disk on each host that started it before a write in it is acknowledged. */
static void check_era(struct world *w, unsigned h, const struct request *r, bool late)
{
	const struct host *me = &w->host[h], *peer = &w->host[1 - h];
	const struct vc_era *last = vc_eralog_last(&me->disk.log);
	if (!last || (me->disk.standing != VC_SOLO && me->disk.standing != VC_PAIRED)) {
		sim_violation(w, h,
			      "S8: a write is acknowledged by a host whose disk calls it unusable");
		return;
	}
	if (me->disk.standing == VC_SOLO && (last->members != 1u << h || last->writer != h))
		sim_violation(w, h, "S5: no solo era of this host is on its disk");
	/* At the end of a resync the source is the only one that started the era; the target's word
	 * is under way, and its copy is not usable before (docs/PROTOCOL.md). */
	bool one_sided = peer->disk.standing == VC_SYNCING && me->core.phase == VC_SRC_END;
	if (me->disk.standing == VC_PAIRED && !one_sided && !w->branched &&
	    !holds_era(&peer->disk.log, last))
		sim_violation(w, h, "S5: a pair era is not on the other host's disk");
	if (me->disk.standing == VC_PAIRED && !r->peer_has_it)
		sim_violation(w, h, "S1: acknowledged alone in a pair era");
	check_line(w, h, last, late);
}

static void acknowledge_flush(struct world *w, unsigned h, const struct request *r)
{
	for (unsigned k = 0; k < 2; k++) {
		if (k != h && w->branched && w->host[h].gate == VC_G_SOLO)
			continue;
		for (unsigned i = 0; i < SIM_WRITES / 64; i++)
			w->flushed_by[k].bit[i] |= r->covers.bit[i];
	}
	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < SIM_WRITES / 64 && (k == h || r->peer_has_it); i++)
			w->host[k].at_risk.bit[i] &= ~r->covers.bit[i];
	w->n.flushed++;
}

void sim_acknowledge(struct world *w, unsigned h, const struct request *r)
{
	struct host *me = &w->host[h];
	bool alone = me->disk.standing == VC_SOLO;
	/* What the other confirmed before it went alone is in its copy, though the confirmation
	 * came late. */
	bool late = r->peer_has_it && !alone && w->host[1 - h].disk.standing == VC_SOLO;
	if (!late && !sim_includes(&me->cache, &w->acked_by[h]))
		sim_violation(w, h,
			      "S1: a host acknowledges on a copy that lacks an acknowledged write");
	if (!late && w->host[1 - h].gate == VC_G_SOLO && !w->branched)
		sim_violation(w, h, "S6: acknowledged while the other host goes alone");
	check_era(w, h, r, late);
	if (r->flush) {
		acknowledge_flush(w, h, r);
		sim_say(w, h, "answers a flush", "");
		return;
	}
	for (unsigned k = 0; k < 2; k++) {
		/* after a false fencing each branch is for itself */
		if (k == h || !w->branched || !alone)
			sim_add(&w->acked_by[k], r->write);
		if (k == h || !alone)
			sim_add(&w->host[k].must, r->write);
		if (k == h && alone)
			sim_add(&w->host[k].alone, r->write);
	}
	w->acked_count++;
	w->n.acked++;
	sim_say(w, h, "acknowledges a write", alone ? "alone" : "");
}

/* A fork that was seen is the operator's to decide: no branch starts by itself, only a forced one
 * (S9). */
static bool starts_a_fork(const struct host *me)
{
	const struct vc_era *last = vc_eralog_last(&me->disk.log);
	return me->gate == VC_G_READONLY && me->disk.fork &&
	       !(last && (last->flags & VC_ERA_FORCED));
}

void sim_check_gate(struct world *w, unsigned h, enum vc_gate gate)
{
	const struct host *me = &w->host[h], *peer = &w->host[1 - h];
	if (gate != VC_G_SOLO && gate != VC_G_PAIR)
		return;
	/* Behind the gate PAIR nothing is acknowledged without the other: it may have gone on
	 * unheard. */
	bool late = gate == VC_G_PAIR && peer->disk.standing == VC_SOLO;
	if (!late && !sim_includes(&me->cache, &w->acked_by[h]))
		sim_violation(
		    w, h, "S1: a host opens for writes on a copy that lacks an acknowledged one");
	if (me->disk.standing == VC_OUTDATED || me->disk.standing == VC_SYNCING)
		sim_violation(w, h, "S8: a host opens for writes on a stale or incomplete copy");
	if (gate == VC_G_SOLO)
		sim_maps_check_fold(w, h);
	if (starts_a_fork(me))
		sim_violation(w, h, "S9: a branch of a fork that was seen starts by itself");
	if (gate == VC_G_SOLO && peer->gate == VC_G_SOLO && !w->branched)
		sim_violation(w, h, "S6: both hosts go alone");
}

void sim_lie_found(struct world *w, unsigned victim)
{
	const struct host *v = &w->host[victim];
	bool was = w->lied_on[victim];
	w->lied_on[victim] = false;
	/* a target may be about to become certain: the word is on its way */
	bool token = v->core.certain || v->core.phase == VC_TARGET;
	if (!was || !v->worker || !token || w->branched)
		return;
	w->branched = true;
	for (unsigned i = 0; i < SIM_WRITES / 64; i++) {
		uint64_t others = ~w->host[1 - victim].alone.bit[i];
		w->acked_by[victim].bit[i] &= others;
		w->flushed_by[victim].bit[i] &= others;
	}
}

void sim_forced(struct world *w, unsigned h)
{
	sim_say(w, h, "has recorded an era by force", "");
	w->branched = true;
	w->n.forced++;
	for (unsigned i = 0; i < SIM_WRITES / 64; i++) {
		w->acked_by[h].bit[i] &= w->host[h].cache.bit[i];
		w->flushed_by[h].bit[i] &= w->host[h].cache.bit[i];
		w->host[h].must.bit[i] |= w->acked_by[h].bit[i];
	}
	if (w->host[1 - h].disk.standing != VC_SOLO) {
		w->acked_by[1 - h] = w->acked_by[h];
		w->flushed_by[1 - h] = w->flushed_by[h];
	}
}

/* S9: what is overwritten is held by the source. */
void sim_check_target(struct world *w, unsigned h)
{
	const struct cells *had = &w->host[h].cache, *has = &w->host[1 - h].cache;
	for (unsigned i = 0; i < SIM_WRITES / 64; i++)
		if (w->acked_by[h].bit[i] & had->bit[i] & ~has->bit[i])
			sim_violation(w, h, "S9: an acknowledged write is about to be overwritten");
	if (w->host[h].disk.standing != VC_SYNCING)
		sim_violation(w, h, "S8: a copy is overwritten that is not recorded as incomplete");
	/* its branch ends here, having held nothing of its own */
	memset(&w->host[0].alone, 0, sizeof w->host[0].alone);
	memset(&w->host[1].alone, 0, sizeof w->host[1].alone);
	w->acked_by[h] = w->acked_by[1 - h];
	w->flushed_by[h] = w->flushed_by[1 - h];
}

static bool decided(const struct host *me)
{
	return !me->waiting && me->event_count == 0 && me->act_at >= me->acts.count;
}

void world_check_equal(struct world *w)
{
	const struct host *a = &w->host[0], *b = &w->host[1];
	bool idle = a->req_count == 0 && b->req_count == 0 && a->in_count == 0 &&
		    b->in_count == 0 && decided(a) && decided(b);
	bool connected = w->conn_alive && a->conn == w->conn && b->conn == w->conn;
	if (a->worker && b->worker && a->core.phase == VC_INSYNC && b->core.phase == VC_INSYNC &&
	    connected && idle && memcmp(&a->cache, &b->cache, sizeof a->cache) != 0)
		sim_violation(w, 0, "two hosts in sync hold different data");
}

/* S1: somebody still holds each acknowledged write. */
void sim_check(struct world *w)
{
	world_check_equal(w);
	sim_maps_check(w);
	for (unsigned i = 0; i < SIM_WRITES / 64; i++) {
		uint64_t held = w->host[0].cache.bit[i] | w->host[1].cache.bit[i];
		if ((w->acked_by[0].bit[i] | w->acked_by[1].bit[i]) & ~held)
			sim_violation(w, 0, "S1: nobody holds an acknowledged write any more");
	}
}
