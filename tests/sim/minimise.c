// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Delta debugging: parts of a failing life's operations are left out, halves first, single ones
 * last, as long as it still ends with the same violation.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/run.h"

static struct world world; /* large */

static bool fails_alike(const struct sim_setup *setup, const struct sim_ops *ops, const char *what)
{
	const char *got = sim_replay(&world, setup, ops, NULL);
	return got && strcmp(got, what) == 0;
}

/* Leaves out each chunk of the size that is not needed. True: some were left out. */
static bool leave_out(const struct sim_setup *setup, struct sim_ops *ops, unsigned size,
		      const char *what)
{
	bool any = false;
	struct sim_ops less = {.op = malloc(ops->count * sizeof *ops->op + 1)};
	if (!less.op)
		abort();
	for (unsigned at = ops->count; at > 0;) {
		unsigned from = at > size ? at - size : 0;
		memcpy(less.op, ops->op, from * sizeof *ops->op);
		memcpy(less.op + from, ops->op + at, (ops->count - at) * sizeof *ops->op);
		less.count = ops->count - (at - from);
		if (fails_alike(setup, &less, what)) {
			memcpy(ops->op, less.op, less.count * sizeof *ops->op);
			ops->count = less.count;
			any = true;
		}
		at = from;
	}
	free(less.op);
	return any;
}

/* Smaller arguments: less delivered, less time. */
static bool make_smaller(const struct sim_setup *setup, struct sim_ops *ops, const char *what)
{
	bool any = false;
	for (unsigned i = 0; i < ops->count; i++) {
		struct sim_op *op = &ops->op[i];
		if (op->kind == SIM_OP_WALL_JUMP)
			continue;
		for (uint32_t arg = op->arg / 2;; arg = (arg + op->arg) / 2) {
			uint32_t was = op->arg;
			if (arg >= was)
				break;
			op->arg = arg;
			if (fails_alike(setup, ops, what)) {
				any = true;
				arg = op->arg / 2;
				continue;
			}
			op->arg = was;
			if (arg + 1 >= was)
				break;
		}
	}
	return any;
}

int sim_minimise(const struct sim_setup *setup)
{
	struct sim_ops ops = {0};
	char what[256] = "";
	const char *wrong = sim_live(&world, setup, &ops, NULL, NULL);
	if (wrong)
		snprintf(what, sizeof what, "%s", wrong);
	if (!wrong) {
		printf("seed %llu does not fail\n", (unsigned long long)setup->seed);
		free(ops.op);
		return 1;
	}
	unsigned before = ops.count;
	if (!fails_alike(setup, &ops, what)) {
		printf("seed %llu does not fail again when replayed\n",
		       (unsigned long long)setup->seed);
		free(ops.op);
		return 1;
	}
	bool again = true;
	for (unsigned round = 0; again && round < 8; round++) {
		again = false;
		for (unsigned size = ops.count / 2 ? ops.count / 2 : 1; size > 0; size /= 2)
			again |= leave_out(setup, &ops, size, what);
		again |= make_smaller(setup, &ops, what);
	}
	printf("seed %llu: %s\n%u operations, of %u:\n", (unsigned long long)setup->seed, what,
	       ops.count, before);
	for (unsigned i = 0; i < ops.count; i++) {
		printf("%4u  ", i + 1);
		sim_op_words(stdout, &ops.op[i]);
	}
	printf("what happens:\n");
	sim_replay(&world, setup, &ops, stdout);
	printf("length %u\n", ops.count);
	free(ops.op);
	return 0;
}
