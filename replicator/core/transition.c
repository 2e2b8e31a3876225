// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/transition.h"

#include <assert.h>
#include <stddef.h>

#include "core/internal.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): initialisers and names */
#define F(state) (1u << VC_##state)
const struct vc_transition_row vc_transitions[VC_T_COUNT] = {
#define VC_X(n, m, f, t, why)                                                                      \
	[VC_T_##n] = {.name = #n, .text = why, .machine = VC_OF_##m, .from = f, .to = VC_##t},
    VC_TRANSITIONS(VC_X)
#undef VC_X
};
#undef F
/* NOLINTEND(bugprone-macro-parentheses) */

const char *const vc_machine_names[VC_MACHINES] = {
    "phase", "standing", "role", "gate", "certainty",
};

enum { STATES_MAX = 8 };

static const char *const state_names[VC_MACHINES][STATES_MAX] = {
    [VC_OF_PHASE] = {"APART", "LINKING", "SRC_WAIT", "SOURCE", "SRC_END", "TARGET", "INSYNC", "LOST"},
    [VC_OF_STANDING] = {[VC_SYNCING] = "syncing",
			[VC_OUTDATED] = "outdated",
			[VC_PAIRED] = "paired",
			[VC_SOLO] = "solo"},
    [VC_OF_ROLE] = {"SECONDARY", "PROMOTING", "PRIMARY", "DEMOTING"},
    [VC_OF_GATE] = {"READONLY", "PAIR", "SOLO", "FROZEN", "FAILED"},
    [VC_OF_CERTAINTY] = {"uncertain", "certain"},
};

const char *vc_machine_state_name(enum vc_machine machine, unsigned state)
{
	return machine < VC_MACHINES && state < STATES_MAX ? state_names[machine][state] : NULL;
}

unsigned vc_machine_state(const struct vc_state *s, enum vc_machine machine)
{
	switch (machine) {
	case VC_OF_PHASE:
		return s->phase;
	case VC_OF_STANDING:
		return s->d.standing;
	case VC_OF_ROLE:
		return s->role;
	case VC_OF_GATE:
		return s->gate;
	case VC_OF_CERTAINTY:
	case VC_MACHINES:
		break;
	}
	return s->certain ? VC_CERTAIN : VC_UNCERTAIN;
}

static void enter(struct step *x, enum vc_machine machine, unsigned to)
{
	struct vc_state *s = x->s;
	switch (machine) {
	case VC_OF_PHASE:
		s->phase = (enum vc_phase)to;
		break;
	case VC_OF_STANDING:
		s->d.standing = (enum vc_standing)to;
		break;
	case VC_OF_ROLE:
		s->role = (enum vc_role)to;
		break;
	case VC_OF_GATE:
		s->gate = (enum vc_gate)to;
		act(x, VC_A_GATE)->u.gate = s->gate;
		break;
	case VC_OF_CERTAINTY:
	case VC_MACHINES:
		s->certain = to == VC_CERTAIN;
		break;
	}
}

void take(struct step *x, enum vc_transition t)
{
	const struct vc_transition_row *row = &vc_transitions[t];
	unsigned from = vc_machine_state(x->s, row->machine);
	assert(row->from & (1u << from));
	assert(x->out->taken_count < VC_TAKEN_MAX);
	x->out->taken[x->out->taken_count++] =
	    (struct vc_taken){.row = (uint8_t)t, .from = (uint8_t)from};
	enter(x, row->machine, row->to);
}

void take_unless_there(struct step *x, enum vc_transition t)
{
	const struct vc_transition_row *row = &vc_transitions[t];
	if (vc_machine_state(x->s, row->machine) != row->to)
		take(x, t);
}
