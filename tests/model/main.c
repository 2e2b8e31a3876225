// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model [--soak] [-j N] [--faults N] [--heal N] [--mib N] [--seconds N] [--moves N] [--partial] [--list] [SCOPE...]
 * model --replay SCOPE:MOVE,...
 * Explores the scopes. The last line counts them as passed, failed, skipped: with --partial a scope that a
 * limit ended without a violation counts as skipped, otherwise as failed.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/model/explore.h"

static const struct m_scope *find(const char *name, size_t len)
{
	for (unsigned i = 0; i < m_scopes_n; i++)
		if (strlen(m_scopes[i].name) == len && strncmp(m_scopes[i].name, name, len) == 0)
			return &m_scopes[i];
	fprintf(stderr, "model: no scope is called %s; --list names them\n", name);
	exit(64);
}

enum { PASSED, FAILED, SKIPPED };

static int outcome(const struct m_options *o, const struct m_result *r)
{
	if (r->violated)
		return FAILED;
	if (r->incomplete)
		return o->partial ? SKIPPED : FAILED;
	return PASSED;
}

static const char *verdict(const struct m_options *o, const struct m_result *r)
{
	static const char *const words[] = {"ok    ", "FAILED", "part  "};
	return words[outcome(o, r)];
}

static void print_result(const struct m_scope *scope, const struct m_options *o,
			 const struct m_result *r)
{
	const struct m_budget *b = o->soak ? &scope->soak : &scope->check;
	printf("%s %-12s %11llu states %12llu moves, depth %u, eras %u, healed %llu, beyond %llu; "
	       "bounds: faults %u writes %u flushes %u promotes %u demotes %u stops %u slow %u proofs "
	       "%u waits %u holds %u fences %u forces %u copies %u; %.1f s\n",
	       verdict(o, r), scope->name,
	       (unsigned long long)r->states, (unsigned long long)r->moves, r->depth, r->eras,
	       (unsigned long long)r->healed, (unsigned long long)r->beyond, b->faults, b->writes,
	       b->flushes, b->promotes, b->demotes, b->stops, b->slow, b->proofs, b->waits, b->holds, b->fences, b->forces, b->copies, r->seconds);
	for (unsigned i = 0; i < M_CLASSES && r->operator_needed[i].why; i++)
		printf("       needs an operator: %s: %llu of the healed\n", r->operator_needed[i].why,
		       (unsigned long long)r->operator_needed[i].n);
	if (r->incomplete)
		printf("       not explored to its end: %s\n", r->incomplete);
	if (!r->violated)
		return;
	printf("       a violation after %u moves, made as short as %u:\n", r->found_length, r->trace.n);
	m_print_trace(scope, &r->trace, stdout);
}

static int run_scope(const struct m_scope *scope, const struct m_options *o)
{
	static struct m_result r;
	m_explore(scope, o, &r);
	print_result(scope, o, &r);
	fflush(stdout);
	return outcome(o, &r);
}

/* Scopes side by side, each in a process of its own. */
static void run_all(const struct m_scope **scope, unsigned n, const struct m_options *o, unsigned jobs,
		    unsigned *count)
{
	unsigned running = 0, next = 0;
	while (next < n || running) {
		if (next < n && running < jobs) {
			fflush(stdout);
			pid_t pid = fork();
			if (pid == 0)
				exit(run_scope(scope[next], o));
			if (pid < 0) {
				perror("model: fork");
				exit(71);
			}
			running++;
			next++;
			continue;
		}
		int status;
		if (wait(&status) < 0)
			break;
		running--;
		int rc = WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
		count[rc <= SKIPPED ? rc : FAILED]++;
	}
}

static int replay(const char *arg)
{
	static struct m_trace t;
	const char *colon = strchr(arg, ':');
	if (!colon)
		return 64;
	const struct m_scope *scope = find(arg, (size_t)(colon - arg));
	char *end = NULL;
	for (const char *p = colon + 1; *p && t.n < M_DEPTH; p = *end ? end + 1 : end)
		t.move[t.n++] = (m_move)strtoul(p, &end, 16);
	unsigned used;
	m_verbose = true;
	t.rule = m_replay(scope, t.move, t.n, stdout, &used);
	printf("%s\n", t.rule ? t.rule : "no rule is violated");
	return t.rule != NULL;
}

static void list(void)
{
	for (unsigned i = 0; i < m_scopes_n; i++)
		printf("%-12s %s\n", m_scopes[i].name, m_scopes[i].text);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"soak", no_argument, NULL, 's'},	       {"faults", required_argument, NULL, 'f'},
	    {"heal", required_argument, NULL, 'h'},    {"mib", required_argument, NULL, 'm'},
	    {"seconds", required_argument, NULL, 't'}, {"list", no_argument, NULL, 'l'},
	    {"replay", required_argument, NULL, 'r'},  {"moves", required_argument, NULL, 'o'},
	    {"partial", no_argument, NULL, 'p'},
	    {0},
	};
	struct m_options o = {.faults_max = 99, .heal_one_in = 64, .table_bytes = 1ull << 30};
	const struct m_scope *scope[64];
	unsigned jobs = 1, n = 0;
	int c;
	while ((c = getopt_long(argc, argv, "j:", options, NULL)) != -1) {
		const unsigned long v = optarg ? strtoul(optarg, NULL, 10) : 0;
		if (c == 's')
			o.soak = true;
		else if (c == 'f')
			o.faults_max = (unsigned)v;
		else if (c == 'h')
			o.heal_one_in = v ? (unsigned)v : 1;
		else if (c == 'm')
			o.table_bytes = (uint64_t)v << 20;
		else if (c == 't')
			o.seconds = (double)v;
		else if (c == 'p')
			o.partial = true;
		else if (c == 'o')
			o.moves = v;
		else if (c == 'j')
			jobs = v ? (unsigned)v : 1;
		else if (c == 'r' && optarg)
			return replay(optarg);
		else if (c == 'l')
			return list(), 0;
		else
			return 64;
	}
	for (int i = optind; i < argc && n < 64; i++)
		scope[n++] = find(argv[i], strlen(argv[i]));
	for (unsigned i = 0; n < 64 && optind == argc && i < m_scopes_n; i++)
		scope[n++] = &m_scopes[i];
	unsigned count[3] = {0};
	run_all(scope, n, &o, jobs, count);
	printf("%u passed, %u failed, %u skipped\n", count[PASSED], count[FAILED], count[SKIPPED]);
	return count[FAILED] ? 1 : 0;
}
