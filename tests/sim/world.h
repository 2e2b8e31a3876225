/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two hosts with the real decision core in a world of our own: total-ordered group messages, a data
 * link, disks that lose what was not flushed, a fencer, a cluster manager. One write is one cell of a
 * set, so "no acknowledged write is lost" is set inclusion. Deterministic: all choices come from seed.
 */
#ifndef VMTWIN_TESTS_SIM_WORLD_H
#define VMTWIN_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/core.h"

#define SIM_WRITES 1024
#define SIM_QUEUE 256
#define SIM_LEASE_MS 20000
#define SIM_LEASE_LONG_MS 35000 /* the peers need not agree on it by themselves */
#define SIM_FENCE_WAIT_MS (SIM_LEASE_LONG_MS + 5000) /* fence_vmtwin: the longest lease and a margin */

struct cells {
	uint64_t bit[SIM_WRITES / 64];
};

/* What one end of the data link meets, in order. */
enum link_what { SIM_UP, SIM_DOWN, SIM_MESSAGE, SIM_WRITE };

struct link_item {
	enum link_what what;
	unsigned write;
	uint64_t seq, conn; /* of a write: its place in the stream, and the connection it came on */
	struct vc_msg msg;
};

enum stream { SIM_NONE, SIM_SOURCE, SIM_TARGET };

struct host {
	struct vc_state core;
	bool powered, worker, master, member_view_peer, quorate;
	uint64_t master_id, boot;
	struct vc_durable disk;
	struct cells cache, durable; /* the store: as read, and as left by a power cut */
	bool link_enabled;
	uint64_t link_pairing, link_peer;
	struct link_item in[SIM_QUEUE];
	unsigned in_head, in_count;
	/* What the master tells, in its order; told late, or very late to a stopped worker. */
	struct vc_event heard[SIM_QUEUE];
	unsigned heard_head, heard_count;
	/* The shell: events wait while an action (persist, flush) is not done. */
	struct vc_event events[SIM_QUEUE];
	unsigned event_head, event_count;
	struct vc_out acts;
	unsigned act_at;
	bool waiting, running, overrun;
	uint64_t stopped_until; /* SIGSTOP */
	enum vc_gate gate; /* as carried out, which may be later than decided */
	int pending_write; /* written here, waiting for the peer; -1: none */
	uint64_t pending_seq;
	enum stream stream;
	bool resumable; /* all that the peer may lack can be sent again */
	bool flowing; /* frames go out: the link is up, and the stream was begun or resumed on it */
	uint64_t next_seq, applied_seq; /* of the stream; next to be sent, next to be applied */
	bool draining;
	int promote_rc, demote_rc, stop_rc; /* of the last answered request; 1: none yet */
	bool asked_promote, asked_demote, asked_stop;
	uint64_t fence_record_of_peer;
};

struct world {
	struct host host[2];
	uint64_t now, rng, serial;
	bool ring_up, link_net_up;
	bool link_connected;
	uint64_t conn, cut_ns; /* serial of the connection; when the ring was cut */
	struct cells acked;
	unsigned next_write, acked_count;
	bool fenced_by_wait[2]; /* and the cluster manager believes it */
	bool fence_wanted[2]; /* this host is to be fenced by the other */
	FILE *trace;
	const char *violation;
	unsigned fault_rate; /* in a hundred, of steps that nothing else takes; 0: no faults at all */
	unsigned steps, promotions, solos, insyncs, faults;
};

void world_init(struct world *w, uint64_t seed, FILE *trace);
/* Hands host h's shell an event; it is decided upon once the actions before it are done. */
void world_event(struct world *w, unsigned h, struct vc_event *e);
void world_event_type(struct world *w, unsigned h, enum vc_event_type type);
/* Time passes: ticks and lease proofs. */
void world_pass(struct world *w, uint64_t ms);
/* Delivers everything under way, without letting time pass, until nothing is left (bounded). */
void world_settle(struct world *w);
/* Ends the wait for host h's disk. False: it didn't wait. */
bool world_disk_done(struct world *w, unsigned h);
bool world_deliver_group(struct world *w, unsigned h);
bool world_deliver_link(struct world *w, unsigned h);
void world_try_connect(struct world *w);
void world_guest_write(struct world *w, unsigned h);
void world_guest_flush(struct world *w, unsigned h);
/* Two hosts in sync with nothing under way hold the same. */
void world_check_equal(struct world *w);
/* Faults and repairs. */
void world_power_off(struct world *w, unsigned h);
void world_power_on(struct world *w, unsigned h);
void world_kill_worker(struct world *w, unsigned h);
void world_start_worker(struct world *w, unsigned h);
void world_kill_master(struct world *w, unsigned h);
void world_start_master(struct world *w, unsigned h);
void world_cut_link(struct world *w);
void world_cut_ring(struct world *w);
void world_mend_ring(struct world *w);
/* by fences the other host; record tells the fencer of the success. */
void world_fence(struct world *w, unsigned by);
/* The same without power: allowed once the other, not quorate, has no lease any more. */
void world_fence_by_wait(struct world *w, unsigned by);
void world_stop_worker(struct world *w, unsigned h, uint64_t ms);
void world_resync_done(struct world *w, unsigned source);
/* The fencer of host h says what it knows. */
void world_tell_fence(struct world *w, unsigned h);
/* Between world.c and net.c. */
void sim_say(struct world *w, unsigned h, const char *what, const char *detail);
void sim_settle_pending(struct world *w, unsigned h, bool peer_has_it);
void sim_send_write(struct world *w, unsigned h, uint64_t seq);
void sim_link_send(struct world *w, unsigned h, const struct vc_msg *msg);
void sim_link_disable(struct world *w, unsigned h);
void sim_drop_connection(struct world *w);
bool sim_stream_runs(const struct world *w, unsigned h);
/* Queues what the master of host h says. */
void sim_tell(struct world *w, unsigned h, const struct vc_event *e);
void sim_multicast(struct world *w, unsigned h, const struct vc_msg *msg);
bool sim_stopped(const struct world *w, unsigned h);
static inline bool sim_in_group(const struct world *w, unsigned h)
{
	return w->host[h].powered && w->host[h].master;
}
void sim_add(struct cells *c, unsigned n);

uint64_t world_random(struct world *w, uint64_t below);
/* One random step: delivery, time, guest, cluster manager or fault. */
void world_step(struct world *w);
/* Ends faults, repairs everything; true if the unit ends primary and secondary in sync. */
bool world_heal(struct world *w);

#endif
