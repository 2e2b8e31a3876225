/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One whole life, as main.c counts it and minimise.c replays it. */
#ifndef VMTWIN_TESTS_SIM_RUN_H
#define VMTWIN_TESTS_SIM_RUN_H

#include "tests/sim/op.h"

#define SIM_EVENTS_MIN 2000 /* decisions of the two cores that a life must hold at least */
#define SIM_FAULTS_MIN 5

struct sim_setup {
	uint64_t seed;
	unsigned steps;
};

struct sim_ops {
	struct sim_op *op;
	unsigned count, room;
};

/* Lives seed's life in w. record, if not NULL, takes the operations. NULL, or what went wrong. */
const char *sim_live(struct world *w, const struct sim_setup *setup, struct sim_ops *record,
		     enum sim_end *end, FILE *trace);
/* The same from a list of operations instead. */
const char *sim_replay(struct world *w, const struct sim_setup *setup, const struct sim_ops *ops,
		       FILE *trace);
/* Looks for a short list of operations with the same end as seed's, and prints it. 0: found. */
int sim_minimise(const struct sim_setup *setup);

#endif
