/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Depth-first search over all worlds within a scope's bounds; traces, their minimising and replay. */
#ifndef VMTWIN_TESTS_MODEL_EXPLORE_H
#define VMTWIN_TESTS_MODEL_EXPLORE_H

#include "tests/model/moves.h"

#define M_DEPTH 20000

struct m_options {
	bool soak;
	unsigned faults_max;   /* not more than these, whatever the scope says */
	unsigned heal_one_in;  /* of the states, by their hash, are tried for liveness */
	uint64_t table_bytes;  /* of the set of states seen */
	uint64_t moves;	       /* limit of a scope; 0: none */
	double seconds;	       /* limit of a scope; 0: none */
	bool partial;	       /* a limit is no failure */
};

struct m_trace {
	unsigned n;
	m_move move[M_DEPTH];
	const char *rule;
};

#define M_CLASSES 8

struct m_result {
	uint64_t states, moves, healed, beyond;
	unsigned depth, eras;
	double seconds;
	const char *incomplete; /* why not all was explored */
	bool violated;
	struct {
		const char *why;
		uint64_t n;
	} operator_needed[M_CLASSES];
	struct m_trace trace; /* minimised */
	unsigned found_length;
};

void m_explore(const struct m_scope *scope, const struct m_options *o, struct m_result *r);

/* ---- trace.c */
/* Does the moves that are possible; the rule that was violated, or NULL. */
const char *m_replay(const struct m_scope *scope, const m_move *move, unsigned n, FILE *out,
		     unsigned *used);
void m_minimise(const struct m_scope *scope, struct m_trace *t);
void m_print_trace(const struct m_scope *scope, const struct m_trace *t, FILE *out);
/* The start of a scope. */
void m_begin(const struct m_scope *scope, struct m_world *w);
extern const char m_not_live[];
extern bool m_verbose; /* replays show the healing step by step */
/* The core's assertions: caught here, they count as violations. */
const char *m_guarded(struct m_world *w, m_move move, const struct m_scope *scope);
bool m_guarded_heal(struct m_world *w, const char **why);

#endif
