// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim [--seeds N] [--from S] [--seed S] [--minimise S] [--steps N] [--coverage]: lives of
 * N seeds from S on; or one seed with a trace, the same bit for bit each time; or the shortest
 * trace found of a failing one. The last line counts passed and failed seeds. Fails too if a change
 * of state was never gone through (with --coverage, for runs that are long enough to tell), or if a
 * life was too short to tell anything. docs/SIMULATION.md.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/cover.h"
#include "tests/sim/run.h"

struct total {
	unsigned long passed, failed, thin;
	unsigned long end[SIM_STUCK + 1];
	uint64_t promotions, solos, insyncs, least_events, least_faults;
	struct sim_counts n;
};

static void print_host(FILE *to, const struct world *w, unsigned h)
{
	const struct host *me = &w->host[h];
	const struct vc_state *s = &me->core;
	fprintf(
	    to,
	    "host%u: power %d worker %d master %d, standing %d phase %s role %d gate %d certain %d "
	    "quorate %d peer member %d master %d mine %d theirs %d verdict %s fence known %d "
	    "pending %d eras %u link %d conn %llu pairing %llx of link %llx sender %d resuming %d "
	    "link_up %d\n",
	    h + 1, me->powered, me->worker, me->master, s->d.standing,
	    vc_machine_state_name(VC_OF_PHASE, s->phase), s->role, s->gate, s->certain, s->quorate,
	    s->peer_member, s->peer_master != 0, s->mine.nonce != 0, s->theirs.nonce != 0,
	    vc_reason_name(s->verdict), s->fence.known, s->fence.pending, s->d.log.count,
	    me->link_enabled, (unsigned long long)me->conn, (unsigned long long)s->pairing,
	    (unsigned long long)me->link_pairing, s->sender, s->resuming, s->link_up);
}

static void add(struct total *t, const struct world *w)
{
	const struct sim_counts *n = &w->n;
	t->promotions += w->promotions;
	t->solos += w->solos;
	t->insyncs += w->insyncs;
	t->n.events += n->events;
	t->n.faults += n->faults;
	t->n.acked += n->acked;
	t->n.flushed += n->flushed;
	t->n.torn += n->torn;
	t->n.stale_frames += n->stale_frames;
	t->n.half_open += n->half_open;
	t->n.rolled_back += n->rolled_back;
	t->n.forks += n->forks;
	t->n.by_maps += n->by_maps;
	if (n->events < t->least_events)
		t->least_events = n->events;
	if (n->faults < t->least_faults)
		t->least_faults = n->faults;
}

static void run_seed(const struct sim_setup *setup, FILE *trace, struct total *t)
{
	static struct world w; /* large */
	enum sim_end end;
	const char *wrong = sim_live(&w, setup, NULL, &end, trace);
	bool thin = w.n.events < SIM_EVENTS_MIN || w.n.faults < SIM_FAULTS_MIN;
	add(t, &w);
	t->end[end]++;
	for (unsigned h = 0; trace && h < 2; h++)
		print_host(trace, &w, h);
	if (!wrong && !thin) {
		t->passed++;
		return;
	}
	t->failed++;
	t->thin += thin && !wrong;
	if (t->failed <= 10)
		printf("seed %llu: %s (after %u operations)\n", (unsigned long long)setup->seed,
		       wrong ? wrong : "too few events or faults", w.steps);
}

static void print_total(const struct total *t)
{
	const struct sim_counts *n = &t->n;
	printf(
	    "events %llu (at least %llu a life), faults %llu (at least %llu), writes acknowledged "
	    "%llu, flushes %llu\n",
	    (unsigned long long)n->events, (unsigned long long)t->least_events,
	    (unsigned long long)n->faults, (unsigned long long)t->least_faults,
	    (unsigned long long)n->acked, (unsigned long long)n->flushed);
	printf("promotions %llu, times alone %llu, times in sync %llu, resyncs by maps %llu, damaged slots met %llu, "
	       "frames of "
	       "old connections %llu, connections half open %llu, disks rolled back %llu\n",
	       (unsigned long long)t->promotions, (unsigned long long)t->solos,
	       (unsigned long long)t->insyncs, (unsigned long long)n->by_maps, (unsigned long long)n->torn,
	       (unsigned long long)n->stale_frames, (unsigned long long)n->half_open,
	       (unsigned long long)n->rolled_back);
	printf("ends: in sync %lu, fork after a false fencing, found and kept %lu, no complete "
	       "copy %lu, "
	       "failed or stuck %lu\n",
	       t->end[SIM_HEALED], t->end[SIM_FORK], t->end[SIM_NO_COPY], t->end[SIM_STUCK]);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"seeds", required_argument, NULL, 'n'},
	    {"seed", required_argument, NULL, 's'},
	    {"steps", required_argument, NULL, 't'},
	    {"minimise", required_argument, NULL, 'm'},
	    {"from", required_argument, NULL, 'f'},
	    {"coverage", no_argument, NULL, 'c'},
	    {0},
	};
	struct sim_setup setup = {.steps = 5000};
	unsigned long seeds = 500, one = 0, from = 1;
	bool coverage = false, minimise = false;
	int c;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'n')
			seeds = strtoul(optarg, NULL, 10);
		else if (c == 's' || c == 'm')
			one = strtoul(optarg, NULL, 10);
		else if (c == 't')
			setup.steps = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'f')
			from = strtoul(optarg, NULL, 10);
		else if (c == 'c')
			coverage = true;
		else
			return 64;
		minimise |= c == 'm';
	}
	setup.seed = one;
	if (minimise)
		return sim_minimise(&setup);
	struct total t = {.least_events = UINT64_MAX, .least_faults = UINT64_MAX};
	if (one)
		run_seed(&setup, stdout, &t);
	for (setup.seed = from; !one && setup.seed < from + seeds; setup.seed++)
		run_seed(&setup, NULL, &t);
	print_total(&t);
	unsigned missing = coverage ? sim_cover_report(stdout, true) : 0;
	printf("%lu passed, %lu failed, 0 skipped\n", t.passed, t.failed);
	return t.failed || missing ? 1 : 0;
}
