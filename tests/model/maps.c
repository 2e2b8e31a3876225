// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Activity log and dirty map as a worker keeps them (core/maps.h, docs/PROTOCOL.md "What a resync compares"):
 * a cell of the store is a grain. The maps are durable, what else is known lasts as long as the stream. What
 * one end has flushed the other knows at once, as long as the link is there.
 */
#include "core/maps.h"
#include "tests/model/world.h"

bool m_maps_kept;

static struct vc_maps read_maps(const struct m_world *w, unsigned h)
{
	return (struct vc_maps){.log = w->host[h].s.log, .dirty = w->host[h].s.dirty};
}

static void write_maps(struct m_world *w, unsigned h, const struct vc_maps *m)
{
	w->host[h].s.log = (uint8_t)m->log;
	w->host[h].s.dirty = (uint8_t)m->dirty;
}

/* The target asks for what it lacks. */
static uint8_t compare(const struct m_world *w, unsigned target, enum vc_scope scope)
{
	const struct vc_maps mine = read_maps(w, target), theirs = read_maps(w, 1 - target);
	if (!m_maps_kept || scope == VC_SCOPE_ALL)
		return M_ALL_CELLS;
	return (uint8_t)vc_maps_compare(&mine, &theirs);
}

static bool mirrors(const struct m_world *w, unsigned source)
{
	const struct m_shell *from = &w->host[source].s, *to = &w->host[1 - source].s;
	return w->env.connected && from->stream == M_SOURCE && to->stream == M_TARGET &&
	       from->flowing && to->flowing;
}

void m_maps_write(struct m_world *w, unsigned h, unsigned cell)
{
	struct vc_maps m = read_maps(w, h);
	if (!m_maps_kept)
		return;
	vc_maps_begin(&m, 1u << cell);
	w->host[h].s.part &= (uint8_t)~(1u << cell); /* what was copied is not what is there now */
	if (w->host[h].s.gate != VC_G_PAIR)
		vc_maps_alone(&m, 1u << cell);
	write_maps(w, h, &m);
}

void m_maps_fold(struct m_world *w, unsigned h)
{
	struct vc_maps m = read_maps(w, h);
	if (!m_maps_kept)
		return;
	vc_maps_fold(&m);
	write_maps(w, h, &m);
}

uint8_t m_maps_target(const struct m_world *w, unsigned h)
{
	return compare(w, h, w->host[h].core.scope);
}

/* The source takes over what the target's maps name before those are emptied. */
void m_maps_source(struct m_world *w, unsigned h, enum vc_scope scope)
{
	struct vc_maps m = read_maps(w, h);
	w->host[h].s.named = compare(w, 1 - h, scope);
	w->host[h].s.part = 0;
	if (!m_maps_kept)
		return;
	vc_maps_alone(&m, w->host[h].s.named);
	write_maps(w, h, &m);
}

void m_maps_settle(struct m_world *w, unsigned h)
{
	unsigned source = mirrors(w, 1 - h) ? 1 - h : h;
	const struct m_shell *from = &w->host[source].s, *to = &w->host[1 - source].s;
	bool together = mirrors(w, source);
	if (!m_maps_kept)
		return;
	struct vc_maps a = read_maps(w, source), b = read_maps(w, 1 - source);
	vc_maps_settle(&a, from->cache & from->durable, together ? to->cache & to->durable : 0);
	if (together) {
		/* copied, and nothing of it waits in a cache; a cell may be copied as an empty one */
		uint8_t here = (uint8_t)(from->part & ~(from->cache ^ from->durable));
		uint8_t there = (uint8_t)(from->part & ~(to->cache ^ to->durable));
		vc_maps_copied(&a, here, there);
		vc_maps_copied(&b, there, here);
	}
	write_maps(w, source, &a);
	write_maps(w, 1 - source, &b);
}

static void copy(struct m_world *w, unsigned source)
{
	const struct m_shell *from = &w->host[source].s;
	struct m_shell *to = &w->host[1 - source].s;
	to->cache = (uint8_t)((to->cache & ~from->named) | (from->cache & from->named));
}

bool m_may_copy_part(const struct m_world *w, unsigned source)
{
	const struct m_shell *from = &w->host[source].s;
	return m_maps_kept && m_may_resync(w, source) && from->part == 0 && from->cache & from->named;
}

void m_copy_part(struct m_world *w, unsigned source)
{
	copy(w, source);
	w->host[source].s.part = w->host[source].s.named;
	m_maps_settle(w, source);
}

/* What was written meanwhile came over the stream. */
void m_copy_all(struct m_world *w, unsigned source)
{
	struct m_shell *from = &w->host[source].s;
	copy(w, source);
	if (!m_maps_kept)
		return;
	from->part = from->named | from->log | from->dirty;
	m_maps_settle(w, source);
}

void m_check_fold(struct m_world *w, unsigned h)
{
	if (w->host[h].s.log & ~w->host[h].s.dirty)
		m_violate(w, "maps: a solo era begins, but what the log names is not dirty and can never leave it");
}
