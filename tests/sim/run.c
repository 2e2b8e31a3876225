// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/sim/run.h"

#include <setjmp.h>
#include <stdlib.h>

#define STEPS_MORE 4 /* a quiet life goes on, up to this many times the steps */

/* ---- assertions of the core are violations like others -------------------------------------- */

static jmp_buf *armed;
static char asserted[256];

void __assert_fail(const char *expr, const char *file, unsigned line, const char *function);

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the C library's,
 * replaced */
void __assert_fail(const char *expr, const char *file, unsigned line, const char *function)
{
	snprintf(asserted, sizeof asserted, "assertion in %s(), %s:%u: %s", function, file, line,
		 expr);
	if (armed)
		longjmp(*armed, 1); /* the core is pure: nothing of it is left behind */
	fprintf(stderr, "%s\n", asserted);
	abort();
}

/* ---- lives ---------------------------------------------------------------------------------- */

struct life {
	const struct sim_setup *setup;
	const struct sim_ops *from; /* NULL: chosen at random */
	struct sim_ops *record;	    /* NULL: not recorded */
	enum sim_end end;
	FILE *trace;
};

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

static bool over(const struct world *w, const struct life *l, unsigned i)
{
	if (w->violation)
		return true;
	if (l->from)
		return i == l->from->count;
	if (i < l->setup->steps)
		return false;
	return i == STEPS_MORE * l->setup->steps ||
	       (w->n.events >= SIM_EVENTS_MIN && w->n.faults >= SIM_FAULTS_MIN);
}

static void live(struct world *w, struct life *l)
{
	sim_begin(w, l->setup->seed, l->trace);
	for (unsigned i = 0; !over(w, l, i); i++) {
		struct sim_op op = l->from ? l->from->op[i] : sim_choose(w);
		if (l->record)
			keep(l->record, &op);
		sim_do(w, &op);
	}
	if (!w->violation)
		l->end = sim_heal(w);
}

static const char *guarded(struct world *w, struct life *l)
{
	jmp_buf here;
	l->end = SIM_STUCK;
	armed = &here;
	if (setjmp(here) == 0)
		live(w, l);
	else
		sim_violation(w, 0, asserted);
	armed = NULL;
	if (w->violation)
		return w->violation;
	return l->end == SIM_STUCK ? "the unit does not heal without an operator" : NULL;
}

const char *sim_live(struct world *w, const struct sim_setup *setup, struct sim_ops *record,
		     enum sim_end *end, FILE *trace)
{
	struct life l = {.setup = setup, .record = record, .trace = trace};
	const char *wrong = guarded(w, &l);
	if (end)
		*end = l.end;
	return wrong;
}

const char *sim_replay(struct world *w, const struct sim_setup *setup, const struct sim_ops *ops,
		       FILE *trace)
{
	struct life l = {.setup = setup, .from = ops, .trace = trace};
	return guarded(w, &l);
}
