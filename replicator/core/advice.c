// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/advice.h"

#include <string.h>

#include "core/internal.h"

static const char *const losses[VC_LOSS_COUNT] = {
#define VC_X(loss, text) [VC_##loss] = text, /* NOLINT(bugprone-macro-parentheses): an initialiser */
    VC_LOSSES(VC_X)
#undef VC_X
};

static const struct vc_advice table[VC_RULE_COUNT] = {
#define VC_X(rule_, answer_, name_, because_, changes_, loss_)                                     \
	[VC_RULE_##rule_] = {.rule = VC_RULE_##rule_,                                              \
			     .answer = VC_##answer_,                                               \
			     .loss = VC_##loss_,                                                   \
			     .name = (name_),                                                      \
			     .because = (because_),                                                \
			     .changes = (changes_)},
    VC_RULES(VC_X)
#undef VC_X
};

/* The gate, from a host that has the token: which of its three ways is open. */
static enum vc_rule gate_rule(const struct vc_state *s)
{
	if (!s->pairing)
		return VC_RULE_GATE;
	if (s->consent)
		return VC_RULE_GATE_1;
	if (s->procdown)
		return VC_RULE_GATE_2;
	bool fenced = s->quorate && !s->peer_member && s->fence.known && s->fence.record != 0 &&
		      s->fence.record != s->pair_fence;
	return fenced ? VC_RULE_GATE_3 : VC_RULE_GATE;
}

/* What the hellos of both led to, where they led to no link. */
static enum vc_rule verdict_rule(enum vc_reason verdict, enum vc_rule otherwise)
{
	switch (verdict) {
	case VC_R_DIVERGED:
		return VC_RULE_FORK;
	case VC_R_UNRELATED:
		return VC_RULE_UNRELATED;
	case VC_R_NO_COMPLETE_COPY:
		return VC_RULE_NO_COPY;
	case VC_R_BOTH_BLANK:
		return VC_RULE_EMPTY;
	case VC_R_ROLLED_BACK:
		return VC_RULE_ROLLED_BACK;
	case VC_R_MODES_DIFFER:
		return VC_RULE_MODES;
	default:
		return otherwise;
	}
}

static enum vc_rule rule_of(const struct vc_state *s, uint64_t now)
{
	bool blank = s->d.log.count == 0;
	if (s->exited)
		return VC_RULE_STOPPED;
	if (s->disk_failed)
		return VC_RULE_DISK;
	if (s->role == VC_PRIMARY || s->role == VC_DEMOTING)
		return s->failed ? VC_RULE_FAILED : s->d.fork ? VC_RULE_USED_FORK : VC_RULE_USED;
	switch (s->d.standing) {
	case VC_SOLO:
		if (fork_seen(s) != VC_R_NONE)
			return verdict_rule(fork_seen(s), VC_RULE_FORK);
		return s->d.fork ? VC_RULE_FORCED : VC_RULE_SOLO;
	case VC_OUTDATED:
		return verdict_rule(s->verdict, VC_RULE_OUTDATED);
	case VC_SYNCING:
		return verdict_rule(s->verdict, blank ? VC_RULE_EMPTY : VC_RULE_SYNCING);
	case VC_PAIRED:
		break;
	}
	if (s->phase == VC_INSYNC || s->phase == VC_SRC_END)
		return VC_RULE_PAIR;
	return has_token(s, now) ? gate_rule(s) : verdict_rule(s->verdict, VC_RULE_UNCERTAIN);
}

struct vc_advice vc_advise(const struct vc_state *s, uint64_t now_ns)
{
	struct vc_advice a = table[rule_of(s, now_ns)];
	/* Outdated or half overwritten stays what it is, whatever the hellos led to. */
	if (s->d.standing == VC_SYNCING && a.answer == VC_NO && a.rule != VC_RULE_DISK)
		a.loss = s->d.log.count ? VC_LOSS_SYNCING : VC_LOSS_EMPTY;
	if (s->d.standing == VC_OUTDATED && a.loss == VC_LOSS_FORK)
		a.loss = VC_LOSS_OUTDATED;
	a.loses = losses[a.loss];
	return a;
}

static const char *replacement(const char *at, const char *peer, const char *time)
{
	if (at[0] != '%')
		return NULL;
	return at[1] == 'P' ? peer : at[1] == 'T' ? time : NULL;
}

void vc_expand(char *out, size_t cap, const char *text, const char *peer, const char *time)
{
	size_t n = 0;
	for (const char *p = text; *p && n + 1 < cap; p++) {
		const char *word = replacement(p, peer, time);
		if (!word) {
			out[n++] = *p;
			continue;
		}
		while (*word && n + 1 < cap)
			out[n++] = *word++;
		p++;
	}
	out[n] = '\0';
}
