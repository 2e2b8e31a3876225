// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/eralog.h"

#include <string.h>

static const unsigned both = 3;

static bool same_era(const struct vc_era *a, const struct vc_era *b)
{
	return a->id == b->id && a->number == b->number;
}

/* Index in log of the era equal to `wanted`, or -1. */
static int find(const struct vc_eralog *log, const struct vc_era *wanted)
{
	for (uint32_t i = 0; i < log->count; i++)
		if (same_era(&log->era[i], wanted))
			return (int)i;
	return -1;
}

/*
 * The eras of a after the last one that b has too. Logs may have been trimmed to different lengths,
 * so common eras are found by identity, newest first. Returns -1 if none is common.
 */
static int after_common(const struct vc_eralog *a, const struct vc_eralog *b)
{
	for (uint32_t i = a->count; i > 0; i--)
		if (find(b, &a->era[i - 1]) >= 0)
			return (int)i;
	return -1;
}

/* True if an era from index `from` on can hold writes that the other host lacks. */
static bool went_on(const struct vc_eralog *log, int from)
{
	for (uint32_t i = (uint32_t)from; i < log->count; i++)
		if (log->era[i].members != both)
			return true;
	return false;
}

enum vc_compare vc_eralog_compare(const struct vc_eralog *a, const struct vc_eralog *b)
{
	if (a->count == 0 && b->count == 0)
		return VC_BOTH_BLANK;
	if (a->count == 0)
		return VC_A_BLANK;
	if (b->count == 0)
		return VC_B_BLANK;
	int a_rest = after_common(a, b);
	int b_rest = after_common(b, a);
	if (a_rest < 0 || b_rest < 0)
		return VC_UNRELATED;
	bool a_on = went_on(a, a_rest);
	bool b_on = went_on(b, b_rest);
	if (a_on && b_on)
		return VC_FORK;
	if (a_on)
		return VC_A_AHEAD;
	return b_on ? VC_B_AHEAD : VC_SAME;
}

const struct vc_era *vc_eralog_common(const struct vc_eralog *a, const struct vc_eralog *b)
{
	int rest = after_common(a, b);
	return rest > 0 ? &a->era[rest - 1] : NULL;
}

bool vc_eralog_rolled_back(const struct vc_eralog *mine, const struct vc_eralog *other, unsigned self)
{
	if (mine->count == 0)
		return false; /* nothing is claimed */
	for (uint32_t i = 0; i < other->count; i++) {
		const struct vc_era *e = &other->era[i];
		bool recorded = e->writer == self || (e->flags & VC_ERA_CONFIRMED);
		/* older ones may have been trimmed here */
		if (recorded && e->number > mine->era[0].number && find(mine, e) < 0)
			return true;
	}
	return false;
}

unsigned vc_eralog_tail_of(const struct vc_eralog *mine, const struct vc_eralog *other)
{
	int rest = after_common(other, mine);
	if (rest <= 0)
		return VC_SLOTS;
	for (uint32_t i = (uint32_t)rest; i < other->count; i++)
		if (other->era[i].flags & VC_ERA_TAIL)
			return 1u - other->era[i].writer;
	return VC_SLOTS;
}

unsigned vc_eralog_last_writer(const struct vc_eralog *log)
{
	for (uint32_t i = log->count; i > 0; i--)
		if (log->era[i - 1].members != both || (log->era[i - 1].flags & VC_ERA_CONFIRMED))
			return log->era[i - 1].writer;
	return VC_SLOTS;
}

const struct vc_era *vc_eralog_last(const struct vc_eralog *log)
{
	return log->count ? &log->era[log->count - 1] : NULL;
}

bool vc_eralog_append(struct vc_eralog *log, uint64_t id, unsigned writer, unsigned members,
		      unsigned flags)
{
	const struct vc_era *last = vc_eralog_last(log);
	if (log->count == VC_ERAS)
		return false;
	log->era[log->count] = (struct vc_era){
	    .number = last ? last->number + 1 : 1,
	    .id = id,
	    .writer = (uint8_t)writer,
	    .members = (uint8_t)members,
	    .flags = (uint8_t)flags,
	};
	log->count++;
	return true;
}

void vc_eralog_trim(struct vc_eralog *log, uint32_t keep)
{
	if (log->count <= keep)
		return;
	uint32_t drop = log->count - keep;
	memmove(&log->era[0], &log->era[drop], keep * sizeof log->era[0]);
	memset(&log->era[keep], 0, drop * sizeof log->era[0]);
	log->count = keep;
}
