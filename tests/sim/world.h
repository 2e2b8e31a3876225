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

struct cells {
	uint64_t bit[SIM_WRITES / 64];
};

/* What is under way on the data link, in order. */
struct link_item {
	bool is_write;
	unsigned write;
	struct vc_msg msg;
};

struct group_item {
	unsigned from;
	uint64_t sender;
	struct vc_msg msg;
};

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
	struct group_item heard[SIM_QUEUE];
	unsigned heard_head, heard_count;
	int pending_write; /* written here, waiting for the peer; -1: none */
	bool stream; /* source of a running stream */
	bool copied; /* resync content has arrived */
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
	struct cells acked;
	unsigned next_write, acked_count;
	bool fence_wanted[2]; /* this host is to be fenced by the other */
	FILE *trace;
	const char *violation;
	unsigned fault_rate;
	unsigned steps, promotions, solos, insyncs, faults;
};

void world_init(struct world *w, uint64_t seed, FILE *trace);
/* Tells host h an event and carries out the actions. */
void world_event(struct world *w, unsigned h, struct vc_event *e);
void world_event_type(struct world *w, unsigned h, enum vc_event_type type);
/* Time passes: ticks and lease proofs. */
void world_pass(struct world *w, uint64_t ms);
/* Delivers everything under way, without letting time pass, until nothing is left (bounded). */
void world_settle(struct world *w);
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
void world_resync_done(struct world *w, unsigned source);
/* The fencer of host h says what it knows. */
void world_tell_fence(struct world *w, unsigned h);
uint64_t world_random(struct world *w, uint64_t below);
/* One random step: delivery, time, guest, cluster manager or fault. */
void world_step(struct world *w);
/* Ends faults, repairs everything; true if the unit ends primary and secondary in sync. */
bool world_heal(struct world *w);

#endif
