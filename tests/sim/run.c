// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/sim/run.h"

#include <stdlib.h>

#define STEPS_MORE 4 /* a quiet life goes on, up to this many times the steps */

static const char *judge(struct world *w, enum sim_end *end)
{
	enum sim_end how = SIM_STUCK;
	if (!w->violation)
		how = sim_heal(w);
	if (end)
		*end = how;
	if (w->violation)
		return w->violation;
	return how == SIM_STUCK ? "the unit does not heal without an operator" : NULL;
}

static void keep(struct sim_ops *ops, const struct sim_op *op)
{
	if (ops->count == ops->room) {
		ops->room = ops->room ? 2 * ops->room : 4096;
		ops->op = realloc(ops->op, ops->room * sizeof *ops->op);
		if (!ops->op)
			abort();
	}
	ops->op[ops->count++] = *op;
}

const char *sim_live(struct world *w, const struct sim_setup *setup, struct sim_ops *record,
		     enum sim_end *end, FILE *trace)
{
	sim_begin(w, setup->seed, trace);
	for (unsigned i = 0; !w->violation && i < STEPS_MORE * setup->steps; i++) {
		if (i >= setup->steps && w->n.events >= SIM_EVENTS_MIN &&
		    w->n.faults >= SIM_FAULTS_MIN)
			break;
		struct sim_op op = sim_choose(w);
		if (record)
			keep(record, &op);
		sim_do(w, &op);
	}
	return judge(w, end);
}

const char *sim_replay(struct world *w, const struct sim_setup *setup, const struct sim_ops *ops,
		       FILE *trace)
{
	sim_begin(w, setup->seed, trace);
	for (unsigned i = 0; !w->violation && i < ops->count; i++)
		sim_do(w, &ops->op[i]);
	return judge(w, NULL);
}
