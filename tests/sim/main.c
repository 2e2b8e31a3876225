// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim [--seeds N] [--seed S] [--steps N]: runs N seeds; one seed with a trace. The last line counts
 * passed and failed seeds.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

struct total {
	unsigned long passed, failed, stuck, promotions, solos, insyncs, faults, acked;
};

static void run_seed(uint64_t seed, unsigned steps, FILE *trace, struct total *t)
{
	static struct world w;
	world_init(&w, seed, trace);
	w.fault_rate = 12;
	for (unsigned i = 0; i < steps && !w.violation; i++)
		world_step(&w);
	bool healed = w.violation || world_heal(&w);
	t->promotions += w.promotions;
	t->solos += w.solos;
	t->insyncs += w.insyncs;
	t->faults += w.faults;
	t->acked += w.acked_count;
	if (!w.violation && healed) {
		t->passed++;
		return;
	}
	t->failed++;
	for (unsigned h = 0; trace && h < 2; h++) {
		const struct vc_state *s = &w.host[h].core;
		fprintf(trace,
			"host%u: power %d worker %d master %d, standing %d phase %s role %d gate %d "
			"certain %d quorate %d peer member %d master %d mine %d theirs %d verdict %s "
			"fence known %d pending %d eras %u link %d connected %d pairing %llx of link "
			"%llx sender %d resuming %d link_up %d\n",
			h + 1, w.host[h].powered, w.host[h].worker, w.host[h].master, s->d.standing,
			vc_machine_state_name(VC_OF_PHASE, s->phase), s->role, s->gate, s->certain, s->quorate,
			s->peer_member, s->peer_master != 0, s->mine.nonce != 0,
			s->theirs.nonce != 0, vc_reason_name(s->verdict), s->fence.known,
			s->fence.pending, s->d.log.count, w.host[h].link_enabled, w.link_connected,
			(unsigned long long)s->pairing, (unsigned long long)w.host[h].link_pairing,
			s->sender, s->resuming, s->link_up);
	}
	t->stuck += !w.violation;
	if (t->failed <= 10)
		printf("seed %llu: %s (step %u)\n", (unsigned long long)seed,
		       w.violation ? w.violation : "does not heal without an operator", w.steps);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"seeds", required_argument, NULL, 'n'},
	    {"seed", required_argument, NULL, 's'},
	    {"steps", required_argument, NULL, 't'},
	    {0},
	};
	unsigned long seeds = 500, one = 0;
	unsigned steps = 3000;
	int c;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'n')
			seeds = strtoul(optarg, NULL, 10);
		else if (c == 's')
			one = strtoul(optarg, NULL, 10);
		else if (c == 't')
			steps = (unsigned)strtoul(optarg, NULL, 10);
		else
			return 64;
	}
	struct total t = {0};
	if (one)
		run_seed(one, steps, stdout, &t);
	else
		for (unsigned long s = 1; s <= seeds; s++)
			run_seed(s, steps, NULL, &t);
	printf("faults %lu, promotions %lu, times alone %lu, times in sync %lu, writes "
	       "acknowledged %lu, stuck %lu\n",
	       t.faults, t.promotions, t.solos, t.insyncs, t.acked, t.stuck);
	printf("%lu passed, %lu failed, 0 skipped\n", t.passed, t.failed);
	return t.failed ? 1 : 0;
}
