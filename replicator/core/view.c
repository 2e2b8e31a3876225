// SPDX-License-Identifier: GPL-2.0-or-later
/* The state in the words that operators of mirror clusters know, and the promotion score. */
#include "core/eralog.h"
#include "core/internal.h"

enum { SCORE_NONE = -1, SCORE_TOKEN = 100, SCORE_SOLO = 500, SCORE_INSYNC = 600, SCORE_PRIMARY = 1000 };

/* Its lease is over: writes were failed, and it may not know whether the other host goes on. */
static bool lease_is_over(const struct vc_state *s, uint64_t now)
{
	return s->failed && s->d.standing == VC_PAIRED && !s->certain && now >= s->lease_end_ns;
}

static struct vc_view look_primary(const struct vc_state *s, uint64_t now)
{
	bool alone = s->d.standing != VC_PAIRED && s->phase != VC_INSYNC && s->phase != VC_SOURCE && s->phase != VC_SRC_END &&
		     s->phase != VC_LOST;
	struct vc_view v = {
	    .show = alone ? VC_SHOW_ALONE : VC_SHOW_PRIM,
	    .colour = VC_GREEN,
	    .uptodate = true,
	    .score = SCORE_PRIMARY,
	};
	if (s->failed || s->disk_failed) {
		v.colour = VC_RED;
		v.score = SCORE_NONE;
		v.reason = s->disk_failed ? VC_R_DISK_FAILED : lease_is_over(s, now) ? VC_R_LEASE_END : VC_R_FAILED_HELD;
	} else if (s->gate == VC_G_FROZEN && s->phase != VC_SRC_END) {
		v.show = VC_SHOW_PRIM;
		v.colour = VC_ORANGE;
		v.reason = s->quorate ? VC_R_NO_EVIDENCE : VC_R_NO_QUORUM;
	} else if (s->d.fork) {
		v.colour = VC_ORANGE; /* it runs well, but not with all that was acknowledged (S9) */
		v.uptodate = false;
		v.reason = s->fork != VC_R_NONE ? s->fork : VC_R_DIVERGED;
	}
	return v;
}

static struct vc_view look_paired(const struct vc_state *s, uint64_t now)
{
	const struct vc_era *last = vc_eralog_last(&s->d.log);
	bool writer = last && last->writer == s->config.slot;
	bool waits = s->config.manual_failover && !writer; /* for its operator */
	if (s->phase == VC_INSYNC || s->phase == VC_SRC_END)
		return (struct vc_view){
		    .show = VC_SHOW_SECOND,
		    .colour = VC_GREEN,
		    .uptodate = true,
		    .score = waits ? SCORE_NONE : SCORE_INSYNC + (writer ? 10 : 0),
		};
	if (!has_token(s, now))
		return (struct vc_view){
		    .show = VC_SHOW_WAIT,
		    .colour = VC_RED,
		    .score = SCORE_NONE,
		    .reason = s->verdict != VC_R_NONE ? s->verdict : VC_R_UNCERTAIN,
		};
	return (struct vc_view){
	    .show = s->phase == VC_LOST ? VC_SHOW_SECOND : VC_SHOW_WAIT,
	    .colour = VC_ORANGE,
	    .uptodate = true,
	    .score = waits ? SCORE_NONE : SCORE_TOKEN + (writer ? 10 : 0),
	    .reason = s->peer_member ? VC_R_NOT_CONNECTED : VC_R_NO_EVIDENCE,
	};
}

/* Why this copy may not be used yet: while the other host is there and only the link is missing, the link. */
static enum vc_reason why_not(const struct vc_state *s, enum vc_reason standing)
{
	if (s->verdict != VC_R_NONE)
		return s->verdict;
	return s->phase == VC_LINKING ? VC_R_NOT_CONNECTED : standing;
}

struct vc_view vc_look(const struct vc_state *s, uint64_t now_ns)
{
	if (s->exited)
		return (struct vc_view){.show = VC_SHOW_STOP, .score = SCORE_NONE};
	if (s->role == VC_PRIMARY || s->role == VC_DEMOTING)
		return look_primary(s, now_ns);
	struct vc_view v = {.show = VC_SHOW_WAIT, .colour = VC_RED, .score = SCORE_NONE};
	switch (s->d.standing) {
	case VC_SYNCING:
		v.reason = why_not(s, VC_R_SYNCING);
		break;
	case VC_OUTDATED:
		v.reason = why_not(s, VC_R_OUTDATED);
		break;
	case VC_PAIRED:
		v = look_paired(s, now_ns);
		break;
	case VC_SOLO:
		v.uptodate = !s->d.fork;
		v.reason = fork_seen(s);
		v.colour = v.reason == VC_R_NONE ? VC_ORANGE : VC_RED;
		v.score = v.reason == VC_R_NONE ? SCORE_SOLO : SCORE_NONE;
		if (v.reason == VC_R_NONE)
			v.reason = s->verdict;
		break;
	}
	if (s->phase == VC_TARGET) {
		v.show = VC_SHOW_SECOND;
		v.colour = VC_ORANGE;
		v.reason = VC_R_RESYNC_TARGET;
	}
	if (s->disk_failed) {
		v.colour = VC_RED;
		v.uptodate = false;
		v.score = SCORE_NONE;
		v.reason = VC_R_DISK_FAILED;
	}
	return v;
}
