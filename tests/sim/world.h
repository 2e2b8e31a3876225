/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two hosts with the real decision core, the real codecs of messages and metadata and the real
 * reading of fencing histories, in a world of our own: disk, data link, group, fencer, clocks,
 * cluster manager. One write is one cell of a set, so "no acknowledged write is lost" is set
 * inclusion. Deterministic: all choices come from the seed. What is simulated and what is not:
 * docs/SIMULATION.md.
 */
#ifndef VMTWIN_TESTS_SIM_WORLD_H
#define VMTWIN_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "core/fence_history.h"
#include "core/maps.h"
#include "core/verdict.h"
#include "wire/meta.h"

#define SIM_WRITES 1024
#define SIM_QUEUE 256
#define SIM_INFLIGHT 4 /* requests of the guest under way */
#define SIM_LEASE_MS 20000
#define SIM_LEASE_LONG_MS 35000	 /* the peers need not agree on it by themselves */
#define SIM_QUORUM_LATE_MS 12000 /* the loss of quorum is told this late */
#define SIM_TOTEM_MS 4000	 /* a lost token is noticed by then */
#define SIM_LINK_TIMEOUT_MS 5000
#define SIM_FENCER_READ_MS 5000
#define SIM_FENCER_SETTLE_MS \
	2000 /* as daemon/fencewatch: a fencer that just started is not believed */
#define SIM_CLASS_DRIFT_MS 5000 /* the reserve of fence_vmtwin where clocks are wild */

struct cells {
	uint64_t bit[SIM_WRITES / 64];
};

/* What one end of the data link meets, in order within a connection. */
enum link_what { SIM_UP, SIM_DOWN, SIM_MESSAGE, SIM_WRITE, SIM_FLUSH, SIM_ACK };

struct link_item {
	enum link_what what;
	bool local; /* of this host's own making: no network carries it */
	unsigned write;
	uint64_t seq, conn;	    /* place in the stream, and the connection it came on */
	uint64_t pairing, from, to; /* of an UP: the hello's pairing and incarnations */
	struct vc_msg msg;
};

enum stream { SIM_NONE, SIM_SOURCE, SIM_TARGET };

/* A request of the guest that is not answered yet: write or flush. */
struct request {
	bool flush, peer_has_it;
	unsigned write;
	uint64_t seq;	     /* 0: not in the stream */
	struct cells covers; /* of a flush: what was acknowledged before it */
};

/* What the master told of fencing, under way to it. */
struct fence_news {
	uint64_t read_ns, record;
	bool known, pending;
	bool lie; /* the false fencing is in it */
};

#define SIM_HISTORY 24
#define SIM_FENCE_NEWS 3

struct fence_item {	 /* one entry of a fencing history */
	uint64_t serial; /* the same action in the histories of both hosts */
	unsigned target, origin;
	enum { SIM_OFF, SIM_REBOOT, SIM_ON } action;
	enum vt_fence_state state;
	int64_t wall_ns;
};

struct host {
	struct vc_state core;
	bool powered, worker, master;
	bool stopped_clean; /* the worker ended by itself, and none ran since */
	uint64_t master_id, boot;

	/* clocks: what CLOCK_BOOTTIME and the wall clock show, derived from the world's time */
	int32_t drift_ppm;
	uint64_t boot_at_ns;
	int64_t wall_off_ns;

	/* corosync as seen from here; stale: broken, but not noticed yet */
	bool quorate, view_member, stale;
	uint64_t view_master, stale_since_ns;
	uint64_t quorum_ends_ns; /* the loss of quorum will be told then; 0: none is due */
	struct vc_msg held[SIM_QUEUE / 8]; /* said into a broken ring */
	unsigned held_count;
	struct vc_seen seen; /* the master: of the other */
	uint64_t quorate_ns; /* and of its own quorum */
	bool peer_clean; /* the cluster manager here knows that the absent peer runs nothing */

	/* metadata: two slots, as read and as left by a power cut; disk is what a start would read
	 */
	uint8_t slot[2][VM_SLOT_SIZE], slot_durable[2][VM_SLOT_SIZE];
	int slot_current;
	uint64_t generation;
	struct vc_durable disk,
	    disk_read; /* a story may edit disk: then it is written at the next start */

	struct cells cache, durable; /* the store: as read, and as left by a power cut */
	struct cells old;	     /* what a resync overwrote, kept for undo */
	bool has_old;
	uint64_t old_of;    /* the era that it leads back to */
	struct cells log, dirty;  /* activity log and dirty map: durable */
	struct cells named, part; /* of a resync: what is compared; of its source: what was copied */
	struct cells alone; /* acknowledged by it alone since the last resync began */
	struct cells must,
	    at_risk; /* acknowledged writes that it must hold; what a power cut could take */

	/* the data link's end */
	bool link_enabled;
	uint64_t link_pairing, link_peer;
	uint64_t conn; /* the connection that is up here; 0: none */
	uint64_t link_silent_ms;
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
	uint64_t stopped_until; /* SIGSTOP, or the whole host suspended */
	uint64_t suspended_until;
	unsigned strike_in; /* actions until worker or host end; 0: not due */
	bool strike_power;
	enum vc_gate gate; /* as carried out, which may be later than decided */

	struct request req[SIM_INFLIGHT];
	unsigned req_count;
	enum stream stream;
	bool resumable; /* all that the peer may lack can be sent again */
	bool failed_by_core; /* not so since the core had requests failed: it must know */
	bool flowing; /* frames go out: the link is up, and the stream was begun or resumed on it */
	uint64_t next_seq, applied_seq; /* of the stream; next to be sent, next to be applied */
	bool draining;
	int promote_rc, demote_rc, stop_rc; /* of the last answered request; 1: none yet */
	bool asked_promote, asked_demote, asked_stop;

	/* the fencer's part on this host, and what the master made of it */
	bool fencer_up;
	uint64_t fencer_settled_ns, fencer_read_ns;
	struct fence_item history[SIM_HISTORY];
	unsigned history_count;
	bool fence_asked;
	struct fence_news news[SIM_FENCE_NEWS];
	unsigned news_count;
	uint64_t fence_record_of_peer;
	struct fence_news told;
	struct vt_fence_memory memory; /* large; of the master process */

	/* an old copy of this host's disk, to be put back */
	bool has_copy;
	struct cells copy_store;
	uint8_t copy_slot[2][VM_SLOT_SIZE];
};

struct fencing { /* of one victim */
	bool active, killed;
	uint64_t serial;
};

/* The kinds of lives, by seed. */
enum sim_class { SIM_PLAIN, SIM_WILD_CLOCKS, SIM_FORKING, SIM_FORCING, SIM_ROLLBACK };

struct sim_counts {
	uint64_t events, faults, promotions, solos, insyncs, acked, flushed, forced;
	uint64_t torn, stale_frames, half_open, rolled_back, forks, by_maps;
};

struct world {
	struct host host[2];
	enum sim_class class;
	bool life; /* false: a story, where nothing happens by itself */
	uint64_t now, rng, choice, serial;
	bool ring_up, two_node;
	bool link_net_up,
	    blocked[2]; /* blocked[h]: what goes to host h is lost, and sent again later */
	uint64_t conn;	/* the newest connection */
	bool conn_alive;
	uint64_t cut_ns; /* when the ring was cut */
	/* What each host's branch of the history must hold: the same for both, until something that
	 * makes forks possible has happened (branched). Stories know one. */
	union {
		struct cells acked;
		struct cells acked_by[2];
	};
	struct cells flushed_by[2]; /* what a power cut of both must not take either */
	bool branched;
	uint64_t ack_number, ack_id[VC_ERAS]; /* the newest era in which a write was acknowledged */
	unsigned next_write, acked_count;
	uint64_t lie_serial[2];
	bool lied_on[2];      /* told to be fenced, while not quorate or a member */
	bool waited_out[2];   /* its lease is over, as fencing by waiting has told */
	bool fence_wanted[2]; /* this host is to be fenced by the other */
	struct fencing fencing[2];
	bool keeps_undo, keeps_maps;
	bool maps_come_and_go; /* a worker may be told to keep none, and the next one to keep them again */
	enum vc_mode mode;
	unsigned script_at;
	FILE *trace;
	const char *violation;
	unsigned haste; /* one in so many repairs goes to what is broken, not to anything */
	unsigned
	    fault_rate; /* in a hundred, of steps that nothing else takes; 0: no faults at all */
	unsigned steps, promotions, solos, insyncs;
	struct sim_counts n;
};

/* ---- world.c: time, hosts, the shell's loop ------------------------------------------------- */

/* Two hosts that were just created, as a story has them: no drift, nothing late by itself. */
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
void world_power_off(struct world *w, unsigned h);
void world_power_on(struct world *w, unsigned h);
void world_kill_worker(struct world *w, unsigned h);
void world_start_worker(struct world *w, unsigned h);
void world_stop_worker(struct world *w, unsigned h, uint64_t ms);
uint64_t world_random(struct world *w, uint64_t below);
uint64_t sim_clock(const struct world *w, unsigned h);
void sim_say(struct world *w, unsigned h, const char *what, const char *detail);
bool sim_stopped(const struct world *w, unsigned h);
void sim_end_worker(struct world *w, unsigned h);

/* ---- action.c: the core's actions, carried out ---------------------------------------------- */

void sim_perform(struct world *w, unsigned h, const struct vc_action *a);

/* ---- group.c: corosync and the masters ------------------------------------------------------ */

bool world_deliver_group(struct world *w, unsigned h);
void world_kill_master(struct world *w, unsigned h);
void world_start_master(struct world *w, unsigned h);
void world_cut_ring(struct world *w);
void world_mend_ring(struct world *w);
/* The ring breaks between the two hosts; each notices later by itself. */
void sim_cut_ring_late(struct world *w);
/* The peer of host h is gone from the ring, which h notices later. */
void sim_ring_stale(struct world *w, unsigned h);
/* Host h notices what became of the ring. */
void sim_ring_notice(struct world *w, unsigned h);
void sim_quorum_lost(struct world *w, unsigned h);
/* Tells what changed in what host h sees of the other. */
void sim_view(struct world *w, unsigned h, enum vc_departure how);
void sim_attach(struct world *w, unsigned h);
/* Queues what the master of host h says. */
void sim_tell(struct world *w, unsigned h, const struct vc_event *e);
void sim_multicast(struct world *w, unsigned h, const struct vc_msg *msg);
static inline bool sim_in_group(const struct world *w, unsigned h)
{
	return w->host[h].powered && w->host[h].master;
}

/* ---- fencer.c ------------------------------------------------------------------------------- */

/* by fences the other host at once: power off, recorded and told. */
void world_fence(struct world *w, unsigned by);
/* The master of host h tells what it last learnt of fencing. */
void world_tell_fence(struct world *w, unsigned h);
enum sim_fence_end { SIM_FENCE_OK, SIM_FENCE_FAILED, SIM_FENCE_WAITED, SIM_FENCE_LIE };
bool sim_fence_begin(struct world *w, unsigned by, bool by_hand);
bool sim_fence_kill(struct world *w, unsigned by);
bool sim_fence_end(struct world *w, unsigned by, enum sim_fence_end how);
void sim_fencer_down(struct world *w, unsigned h);
void sim_fencer_up(struct world *w, unsigned h);
/* Histories of hosts that meet become one. */
void sim_fencers_meet(struct world *w);
void sim_unfence(struct world *w, unsigned h);
/* The watcher reads the history; its news is told later. */
void sim_fencer_read(struct world *w, unsigned h);
bool sim_fencer_tell(struct world *w, unsigned h);
/* The master's memory of fencing ends with its process. */
void sim_fencer_forget(struct world *w, unsigned h);

/* ---- link.c: the data link ------------------------------------------------------------------ */

bool world_deliver_link(struct world *w, unsigned h);
void world_try_connect(struct world *w);
void world_cut_link(struct world *w);
void sim_link_send(struct world *w, unsigned h, const struct vc_msg *msg);
void sim_link_push(struct world *w, unsigned from, const struct link_item *item);
void sim_link_disable(struct world *w, unsigned h);
void sim_drop_connection(struct world *w);
/* The connection breaks; only host h notices by itself. */
void sim_drop_half(struct world *w, unsigned h);
void sim_link_timeout(struct world *w, unsigned h);
void sim_link_pass(struct world *w, unsigned h, uint64_t ms);

/* ---- stream.c: guest requests, mirroring, resync -------------------------------------------- */

void world_guest_write(struct world *w, unsigned h);
void world_guest_flush(struct world *w, unsigned h);
void world_resync_done(struct world *w, unsigned source);
void sim_resync_part(struct world *w, unsigned source);
bool sim_stream_runs(const struct world *w, unsigned h);
void sim_stream_begin(struct world *w, unsigned h, enum stream stream);
void sim_stream_target(struct world *w, unsigned h, bool keep_old);
void sim_stream_resume(struct world *w, unsigned h);
void sim_stream_take(struct world *w, unsigned h, const struct link_item *item);
/* Answers requests that wait for nothing any more. */
void sim_settle_requests(struct world *w, unsigned h);
/* Answers all requests with an error. */
void sim_fail_requests(struct world *w, unsigned h);

/* ---- maps.c --------------------------------------------------------------------------------- */

/* Host h is about to write cell n. */
void sim_maps_write(struct world *w, unsigned h, unsigned n);
void sim_maps_fold(struct world *w, unsigned h);
void sim_maps_source(struct world *w, unsigned h, enum vc_scope scope);
void sim_maps_target(struct world *w, unsigned h);
void sim_maps_put_back(struct world *w, unsigned h);
void sim_maps_settle(struct world *w, unsigned source);
void sim_maps_check(struct world *w);
/* Host h is about to open for writes alone. */
void sim_maps_check_fold(struct world *w, unsigned h);

/* ---- disk.c --------------------------------------------------------------------------------- */

/* Of structs that were zeroed before their members were set, so that padding is alike too. */
static inline bool sim_same(const void *a, const void *b, size_t n)
{
	return memcmp(a, b, n) == 0;
}
void sim_add(struct cells *c, unsigned n);
bool sim_has(const struct cells *c, unsigned n);
bool sim_includes(const struct cells *all, const struct cells *some);
void sim_persist(struct world *w, unsigned h, const struct vc_durable *durable);
/* The worker ends while a slot is being written. */
void sim_persist_cut(struct world *w, unsigned h, const struct vc_durable *durable);
/* Reads the slots as the worker's start does. False: nothing to start with. */
bool sim_disk_open(struct world *w, unsigned h, struct vc_durable *out);
void sim_disk_format(struct world *w, unsigned h, const struct vc_durable *first);
/* The power went. */
void sim_disk_lose(struct world *w, unsigned h);
void sim_disk_copy(struct world *w, unsigned h);
bool sim_disk_put_back(struct world *w, unsigned h);

/* ---- oracle.c ------------------------------------------------------------------------------- */

/* A rule was broken: the first one counts. */
void sim_violation(struct world *w, unsigned h, const char *what);
/* Two hosts in sync with nothing under way hold the same. */
void world_check_equal(struct world *w);
void sim_check(struct world *w);
/* Host h is about to open or close for writes. */
void sim_check_gate(struct world *w, unsigned h, enum vc_gate gate);
void sim_check_target(struct world *w, unsigned h);
/*
 * The ring is mended or cut after a false fencing. Within its lease the victim may use a token that
 * the fencing took for dead: the named exception of S6, a false fencing of a quorate host. What the
 * other acknowledged alone is not in its branch.
 */
void sim_lie_found(struct world *w, unsigned victim);
/* The operator forced host h: what its copy lacks is given up, unless the other has gone on alone.
 */
void sim_forced(struct world *w, unsigned h);
void sim_acknowledge(struct world *w, unsigned h, const struct request *r);

#endif
