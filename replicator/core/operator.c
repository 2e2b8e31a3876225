// SPDX-License-Identifier: GPL-2.0-or-later
/* The operator's word: go on with this copy (force), go back to an older one (undo). */
#include <errno.h>

#include "core/eralog.h"
#include "core/internal.h"

enum vc_reason fork_seen(const struct vc_state *s)
{
	const struct vc_era *last = vc_eralog_last(&s->d.log);
	if (!s->d.fork || (last && (last->flags & VC_ERA_FORCED)))
		return VC_R_NONE;
	return s->fork != VC_R_NONE ? s->fork : VC_R_DIVERGED;
}

static bool connected(const struct vc_state *s)
{
	return s->phase != VC_APART && s->phase != VC_LINKING && s->phase != VC_LOST;
}

/* Why force is refused, or NONE. It is for a peer that is lost, or that no verdict can be found with. */
static enum vc_reason no_force(const struct vc_state *s, int *rc)
{
	*rc = -EBUSY;
	if (s->role != VC_SECONDARY || s->want_stop)
		return VC_R_FORCE_DEMOTE_FIRST;
	if (s->theirs.nonce && s->theirs.role != VC_SECONDARY)
		return VC_R_FORCE_PEER_PRIMARY;
	if (connected(s))
		return VC_R_FORCE_CONNECTED;
	if (s->theirs.nonce && s->verdict == VC_R_NONE)
		return VC_R_FORCE_PEER_THERE;
	*rc = -EALREADY;
	if (s->d.standing == VC_SOLO && fork_seen(s) == VC_R_NONE)
		return VC_R_FORCE_NOT_NEEDED;
	*rc = -EPERM;
	if (s->d.log.count == 0)
		return VC_R_FORCE_BLANK;
	*rc = -EIO;
	return s->disk_failed ? VC_R_DISK_FAILED : VC_R_NONE;
}

void operator_force(struct step *x)
{
	struct vc_state *s = x->s;
	unsigned self = s->config.slot;
	unsigned tail = tail_flag(s, VC_T_SOLO_BY_FORCE);
	int rc;
	enum vc_reason why = no_force(s, &rc);
	if (why == VC_R_NONE &&
	    !vc_eralog_append(&s->d.log, draw(x), self, 1u << self, VC_ERA_FORCED | tail)) {
		rc = -EPERM;
		why = VC_R_LOG_FULL;
	}
	if (why != VC_R_NONE) {
		act_reply(x, VC_E_FORCE, rc, why);
		return;
	}
	session_apart(x);
	act(x, VC_A_STREAM_END);
	s->forgot = true;
	s->d.map_base = 0; /* what an interrupted resync left is compared in full */
	take(x, VC_T_SOLO_BY_FORCE);
	take_unless_there(x, VC_T_UNCERTAIN_SOLO);
	gate_forget(s);
	act(x, VC_A_FLUSH);
	act_persist(x);
	story(x, VC_R_FORCED);
	if (tail)
		story(x, VC_R_TAIL_LEFT);
	act_reply(x, VC_E_FORCE, 0, VC_R_NONE);
	handshake_changed(x);
}

void operator_undo(struct step *x)
{
	struct vc_state *s = x->s;
	enum vc_reason why = VC_R_NONE;
	if (s->d.undo == 0)
		why = VC_R_UNDO_NONE;
	else if (s->d.standing != VC_SYNCING || s->phase != VC_APART || s->disk_failed)
		why = VC_R_UNDO_NOT_NOW;
	if (why != VC_R_NONE) {
		act_reply(x, VC_E_UNDO, -EBUSY, why);
		return;
	}
	give_up_maps(x);
	/* The grains put back are dirty, durably, before the copy counts as whole again (TRAPS 17). */
	act(x, VC_A_UNDO_BACK);
	act(x, VC_A_FLUSH);
	take(x, VC_T_OUTDATED_BY_UNDO);
	s->d.undo = 0;
	act_persist(x);
	act(x, VC_A_UNDO_DROP);
	story(x, VC_R_UNDONE);
	act_reply(x, VC_E_UNDO, 0, VC_R_NONE);
	handshake_changed(x);
}
