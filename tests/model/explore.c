// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Depth-first search. What was seen is remembered by 128 bits of its canonical hash. First without
 * faults, then with one, two, ...: a violation that needs few is found before the many worlds of many.
 */
#include "tests/model/explore.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

struct frame {
	struct m_world w;
	unsigned n, at;
	m_move move[M_MOVES];
};

struct table {
	struct m_key *key;
	uint64_t mask, used, limit;
	size_t bytes;
};

struct search {
	const struct m_scope *scope;
	const struct m_options *o;
	struct m_result *r;
	struct frame *stack;
	size_t stack_bytes;
	unsigned depth;
	struct table seen, healed;
	double began;
};

static double now_s(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) {
		perror("model: memory");
		exit(71);
	}
	return p;
}

static void table_open(struct table *t, uint64_t bytes)
{
	uint64_t places = 1;
	while (places * 2 * sizeof *t->key <= bytes)
		places *= 2;
	t->bytes = places * sizeof *t->key;
	t->key = reserve(t->bytes);
	t->mask = places - 1;
	t->used = 0;
	t->limit = places / 8 * 7;
}

static void table_close(struct table *t)
{
	munmap(t->key, t->bytes);
}

/* True if it was not there yet. */
static bool table_add(struct table *t, struct m_key k)
{
	uint64_t i = k.a & t->mask;
	for (; t->key[i].b; i = (i + 1) & t->mask)
		if (t->key[i].a == k.a && t->key[i].b == k.b)
			return false;
	t->key[i] = k;
	t->used++;
	return true;
}

static void note_class(struct m_result *r, const char *why)
{
	for (unsigned i = 0; i < M_CLASSES; i++) {
		if (!r->operator_needed[i].why)
			r->operator_needed[i].why = why;
		if (r->operator_needed[i].why != why)
			continue;
		r->operator_needed[i].n++;
		return;
	}
}

static void violation(struct search *x, const char *rule)
{
	struct m_trace *t = &x->r->trace;
	x->r->violated = true;
	t->rule = rule;
	t->n = x->depth;
	for (unsigned i = 0; i < x->depth; i++)
		t->move[i] = x->stack[i].move[x->stack[i].at - 1];
	x->r->found_length = t->n;
}

static bool try_heal(struct search *x, const struct m_world *w, struct m_key k)
{
	static struct m_world copy;
	const char *why;
	if (k.b / 2 % x->o->heal_one_in != 0)
		return true;
	m_copy(&copy, w);
	x->r->healed++;
	if (m_guarded_heal(&copy, &why))
		return true;
	if (!copy.broken && why) {
		note_class(x->r, why);
		return true;
	}
	violation(x, copy.broken ? copy.broken : m_not_live);
	return false;
}

/* The same step, but worker, power or disk do not last to its end. */
static void add_cuts(const struct search *x, struct frame *f, m_move move, const struct m_world *next)
{
	const struct m_budget *left = &f->w.env.left;
	for (unsigned i = 0; i < VC_ACTIONS_MAX && f->n + 3 <= M_MOVES; i++) {
		if (x->scope->cuts && left->faults && next->cuts >> i & 1) {
			f->move[f->n++] = m_with_cut(move, M_CUT_KILL, i);
			f->move[f->n++] = m_with_cut(move, M_CUT_POWER, i);
		}
		if (left->slow && next->slow >> i & 1)
			f->move[f->n++] = m_with_cut(move, M_CUT_SLOW, i);
	}
}

static bool stop_search(struct search *x)
{
	if (x->r->incomplete)
		return true;
	if (x->seen.used >= x->seen.limit)
		x->r->incomplete = "the set of states is full";
	else if (x->depth + 2 >= M_DEPTH)
		x->r->incomplete = "the search went too deep";
	else if (x->o->moves && x->r->moves >= x->o->moves)
		x->r->incomplete = "more moves than asked for";
	else if (x->o->seconds > 0 && x->r->moves % 65536 == 0 &&
		 now_s() - x->began > x->o->seconds)
		x->r->incomplete = "no time left";
	return x->r->incomplete;
}

/* Goes to a new world, if it is one. False: a violation. */
static bool enter(struct search *x, unsigned depth)
{
	struct frame *f = &x->stack[depth];
	struct m_key k = m_hash(&f->w);
	if (!table_add(&x->seen, k))
		return true;
	if (!try_heal(x, &f->w, k))
		return false;
	if (f->w.host[0].disk.log.count > x->r->eras)
		x->r->eras = f->w.host[0].disk.log.count;
	f->n = m_moves(&f->w, x->scope, false, f->move);
	f->at = 0;
	x->depth = depth + 1;
	if (x->depth > x->r->depth)
		x->r->depth = x->depth;
	return true;
}

static void search(struct search *x)
{
	x->depth = 0;
	if (!enter(x, 0))
		return;
	while (x->depth > 0 && !stop_search(x)) {
		struct frame *f = &x->stack[x->depth - 1], *next = f + 1;
		if (f->at == f->n) {
			x->depth--;
			continue;
		}
		m_move move = f->move[f->at++];
		m_copy(&next->w, &f->w);
		x->r->moves++;
		const char *rule = m_guarded(&next->w, move, x->scope);
		if (rule) {
			violation(x, rule);
			return;
		}
		if (!(move >> 20))
			add_cuts(x, f, move, &next->w);
		if (next->w.beyond) {
			x->r->beyond++;
			continue;
		}
		if (!enter(x, x->depth))
			return;
	}
}

void m_explore(const struct m_scope *scope, const struct m_options *o, struct m_result *r)
{
	struct search x = {.scope = scope, .o = o, .r = r, .began = now_s()};
	struct m_budget budget = o->soak ? scope->soak : scope->check;
	unsigned most = budget.faults < o->faults_max ? budget.faults : o->faults_max;
	memset(r, 0, sizeof *r);
	x.stack_bytes = M_DEPTH * sizeof(struct frame);
	x.stack = reserve(x.stack_bytes);
	for (unsigned faults = 0; faults <= most && !r->violated && !r->incomplete; faults++) {
		table_open(&x.seen, o->table_bytes);
		m_begin(scope, &x.stack[0].w);
		x.stack[0].w.env.left = budget;
		x.stack[0].w.env.left.faults = (uint8_t)faults;
		r->moves = r->healed = r->beyond = 0;
		memset(r->operator_needed, 0, sizeof r->operator_needed);
		search(&x);
		r->states = x.seen.used;
		table_close(&x.seen);
	}
	munmap(x.stack, x.stack_bytes);
	r->seconds = now_s() - x.began;
	if (r->violated)
		m_minimise(scope, &r->trace);
}
