// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes docs/STATE-MACHINE.md to standard output, from the table that the core moves by. */
#include <stdio.h>

#include "core/core.h"

static const char *const machine_texts[VC_MACHINES] = {
    [VC_OF_PHASE] = "Where the two hosts stand with each other, as this host knows it. In memory only; begins "
		    "as APART.",
    [VC_OF_STANDING] = "What this host's copy is worth. Durable, recorded before anything that depends on it.",
    [VC_OF_ROLE] = "What Pacemaker asked for. In memory only; begins as SECONDARY.",
    [VC_OF_GATE] = "What becomes of the guest's writes. In memory only; begins as READONLY.",
    [VC_OF_CERTAINTY] = "Certain: no other host can have gone on alone without this one knowing. Never on disk; "
			"begins as uncertain.",
};

static void from_states(const struct vc_transition_row *row)
{
	const char *comma = "";
	for (unsigned state = 0; state < 8; state++) {
		if (!(row->from & 1u << state))
			continue;
		printf("%s%s", comma, vc_machine_state_name(row->machine, state));
		comma = ", ";
	}
}

static void machine(enum vc_machine m)
{
	printf("\n## %s\n\n%s\n\n", vc_machine_names[m], machine_texts[m]);
	printf("| transition | from | to | when |\n|---|---|---|---|\n");
	for (unsigned t = 0; t < VC_T_COUNT; t++) {
		const struct vc_transition_row *row = &vc_transitions[t];
		if (row->machine != m)
			continue;
		printf("| %s | ", row->name);
		from_states(row);
		printf(" | %s | %s |\n", vc_machine_state_name(m, row->to), row->text);
	}
}

int main(void)
{
	printf("# State machine\n\n"
	       "Five small machines make up a unit's state on one host. This page is written from the table in\n"
	       "`replicator/core/transition.h` (`make docs`): the core changes these states in no other way and\n"
	       "asserts each row; simulation counts that each is taken. The rules behind them are in\n"
	       "[PROTOCOL.md](PROTOCOL.md).\n");
	for (unsigned m = 0; m < VC_MACHINES; m++)
		machine((enum vc_machine)m);
	return 0;
}
