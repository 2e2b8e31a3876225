// SPDX-License-Identifier: GPL-2.0-or-later
/* Who waits for whom (S3): the conflict table against the plain rule, by hand and at random. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "io/ranges.h"

#define OPS 64

struct op {
	struct rg_node node;
	uint64_t file, start, length;
	bool in, ready;
};

static struct op ops[OPS];
static struct rg_table table;

static void on_ready(void *ctx, struct rg_node *n)
{
	(void)ctx;
	struct op *op = (struct op *)((char *)n - offsetof(struct op, node));
	assert_true(op->in && !op->ready);
	op->ready = true;
}

static void add(int i, uint64_t file, uint64_t start, uint64_t length)
{
	struct op *op = &ops[i];
	*op = (struct op){.file = file, .start = start, .length = length, .in = true};
	int rc =
	    file ? rg_add(&table, &op->node, file, start, length) : rg_add_all(&table, &op->node);
	assert_true(rc >= 0);
	op->ready = rc == 0;
}

static void end(int i)
{
	ops[i].in = false;
	rg_remove(&table, &ops[i].node, on_ready, NULL);
}

static int setup(void **state)
{
	(void)state;
	memset(ops, 0, sizeof ops);
	return rg_init(&table, OPS);
}

static int teardown(void **state)
{
	(void)state;
	rg_free(&table);
	return 0;
}

static void others_run_side_by_side(void **state)
{
	(void)state;
	add(0, 1, 0, 4096);
	add(1, 1, 4096, 4096);
	add(2, 2, 0, 4096);
	assert_true(ops[0].ready && ops[1].ready && ops[2].ready);
}

static void same_page_waits(void **state)
{
	(void)state;
	add(0, 1, 0, 512);
	add(1, 1, 512, 512); /* another sector, the same page */
	assert_false(ops[1].ready);
	end(0);
	assert_true(ops[1].ready);
}

static void queued_ones_count(void **state)
{
	(void)state;
	add(0, 1, 0, 4096);
	add(1, 1, 0, 8192);
	add(2, 1, 4096, 4096); /* overlaps only the one that waits */
	assert_false(ops[2].ready);
	end(0);
	assert_true(ops[1].ready);
	assert_false(ops[2].ready);
	end(1);
	assert_true(ops[2].ready);
}

static void barrier(void **state)
{
	(void)state;
	add(0, 1, 0, 4096);
	add(1, 0, 0, 0);
	add(2, 9, 0, 4096);
	assert_false(ops[1].ready);
	assert_false(ops[2].ready);
	end(0);
	assert_true(ops[1].ready);
	assert_false(ops[2].ready);
	end(1);
	assert_true(ops[2].ready);
}

static void giving_up_while_waiting(void **state)
{
	(void)state;
	add(0, 1, 0, 4096);
	add(1, 0, 0, 0);
	add(2, 2, 0, 4096);
	end(1);
	assert_true(ops[2].ready);
	end(0);
}

static void ends_of_the_number_line(void **state)
{
	(void)state;
	add(0, 1, INT64_MAX - 10, 10);
	add(1, 1, UINT64_MAX - 4096, 8192);
	add(2, 1, 1, RG_WHOLE);
	assert_true(ops[0].ready);
	assert_true(ops[1].ready);
	assert_int_equal(ops[2].node.blockers, 2);
	end(0);
	end(1);
	assert_true(ops[2].ready);
}

static void full(void **state)
{
	struct rg_node extra;
	(void)state;
	for (int i = 0; i < OPS; i++)
		add(i, 1, (uint64_t)i * 4096, 4096);
	assert_int_equal(rg_add(&table, &extra, 1, 0, 1), -ENOSPC);
}

static bool conflict(const struct op *a, const struct op *b)
{
	if (a->file == 0 || b->file == 0)
		return true;
	uint64_t a0 = a->start / 4096, a1 = (a->start + a->length + 4095) / 4096;
	uint64_t b0 = b->start / 4096, b1 = (b->start + b->length + 4095) / 4096;
	return a->file == b->file && a0 < b1 && b0 < a1;
}

/* Invariant: one is ready exactly if no earlier conflicting one is in the table. */
static void random_against_rule(void **state)
{
	static int order[OPS];
	int count = 0;
	(void)state;
	srand(7);
	for (int step = 0; step < 20000; step++) {
		if (count < OPS && (count == 0 || rand() % 2)) {
			int i = 0;
			while (ops[i].in)
				i++;
			add(i, (uint64_t)(rand() % 20 ? 1 + rand() % 2 : 0),
			    (uint64_t)(rand() % 60000), 1u + (uint64_t)(rand() % 20000));
			order[count++] = i;
		} else {
			int at = rand() % count;
			end(order[at]);
			memmove(order + at, order + at + 1, (size_t)(--count - at) * sizeof *order);
		}
		for (int a = 0; a < count; a++) {
			bool free_to_go = true;
			for (int b = 0; b < a; b++)
				free_to_go &= !conflict(&ops[order[a]], &ops[order[b]]);
			assert_int_equal(ops[order[a]].ready, free_to_go);
		}
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(others_run_side_by_side),
	    TEST(same_page_waits),
	    TEST(queued_ones_count),
	    TEST(barrier),
	    TEST(giving_up_while_waiting),
	    TEST(ends_of_the_number_line),
	    TEST(full),
	    TEST(random_against_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
