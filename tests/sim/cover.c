// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/sim/cover.h"

#define STATES 8

static uint64_t taken[VC_T_COUNT][STATES];

void sim_cover(const struct vc_out *out)
{
	for (unsigned i = 0; i < out->taken_count; i++)
		taken[out->taken[i].row][out->taken[i].from]++;
}

unsigned sim_cover_report(FILE *to, bool all)
{
	unsigned edges = 0, missing = 0;
	for (unsigned row = 0; row < VC_T_COUNT; row++) {
		const struct vc_transition_row *t = &vc_transitions[row];
		for (unsigned from = 0; from < STATES; from++) {
			if (!(t->from & (1u << from)))
				continue;
			edges++;
			missing += taken[row][from] == 0;
			if (all || taken[row][from] == 0)
				fprintf(to, "%12llu  %-10s %-10s -> %-10s %s\n",
					(unsigned long long)taken[row][from],
					vc_machine_names[t->machine],
					vc_machine_state_name(t->machine, from),
					vc_machine_state_name(t->machine, t->to), t->name);
		}
	}
	fprintf(to, "transitions of the table: %u of %u gone through\n", edges - missing, edges);
	return missing;
}
