// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/sim/cover.h"

static uint64_t phases[VC_PHASES][VC_PHASES];

void sim_cover(enum vc_phase from, enum vc_phase to, const struct vc_out *out)
{
	(void)out;
	phases[from][to]++;
}

unsigned sim_cover_report(FILE *to, bool all)
{
	unsigned edges = 0, missing = 0;
	for (unsigned a = 0; a < VC_PHASES; a++) {
		for (unsigned b = 0; b < VC_PHASES; b++) {
			if (!(vc_phase_edges[a] & (1u << b)))
				continue;
			edges++;
			missing += phases[a][b] == 0;
			if (all || phases[a][b] == 0)
				fprintf(to, "%12llu  %s -> %s\n", (unsigned long long)phases[a][b],
					vc_phase_names[a], vc_phase_names[b]);
		}
	}
	fprintf(to, "phase changes covered: %u of %u\n", edges - missing, edges);
	return missing;
}
