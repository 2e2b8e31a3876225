/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world that the model checker explores (docs/MODEL.md): two hosts that run the real decision core,
 * and everything around them as moves that may or may not happen. A world is plain data: copied, hashed,
 * compared. Time: each host's clock stands at M_NOW; what a step leaves in the core's timestamps is
 * reduced to what later decisions can tell apart (time.c), and moves let a wait end.
 */
#ifndef VMTWIN_TESTS_MODEL_WORLD_H
#define VMTWIN_TESTS_MODEL_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/core.h"

#define M_NOW 1000000000000000ull
#define M_LEASE_MS 60000
#define M_HEARD 30 /* room for what the master told and the worker has not read */
#define M_UNREAD 12 /* more of it is not followed */
#define M_LINK 6     /* what is under way on the link to one host */
#define M_PENDING 12 /* actions behind a slow disk */
#define M_ERAS 14    /* longer logs: not followed, counted */
#define M_WRITES 7   /* cells of a store */
#define M_ALL_CELLS 0xff

/* What one end of the data link meets, in order. */
enum m_what { M_UP = 1, M_DOWN, M_MESSAGE, M_WRITE };

struct m_item {
	uint8_t what;
	uint8_t write, seq; /* of a write: its cell and its place in the stream */
	bool live;	    /* came on the connection that is there now */
	struct vc_msg msg;
};

enum m_stream { M_NONE, M_SOURCE, M_TARGET };

/* Hashed and copied as it is: no pointers, ids in words of their own, no hole. */
struct m_shell {
	uint64_t master, boot, link_pairing, link_peer, record; /* record: of the peer's fencing, remembered */
	bool powered, worker, in_group, quorate;
	bool link_enabled, draining, resumable, flowing;
	bool waiting, broken, vm_down, acked; /* acked: the peer has the pending write */
	uint8_t cache, durable, pending_seq, stream;  /* cells; pending_seq 0: not in the stream */
	uint8_t next_seq, applied_seq, gate, lease; /* gate as carried out; lease: parts of it that
						       * the newest proof sent by this host still has */
	uint8_t pending;			    /* write waiting for the peer, 0xff: none */
	uint8_t heard_n, in_n, ev_n, acts_n;
	bool lost;     /* has lost power since the last era that both recorded, caches not flushed before */
	bool rested;   /* stopped with its caches flushed, and no era has begun here since */
	bool unheard;  /* its LEAVE went out while the other was not there to hear it */
	bool forcing;  /* the operator's force is not recorded yet */
	bool copied;   /* a copy of its disk was put by: m_host.copy, and these cells */
	uint8_t copied_cells;
	uint8_t log, dirty;  /* the maps, durable (maps.c) */
	uint8_t named, part; /* cells: of the resync from here; of those, on the target */
	uint8_t fenced_at, unfenced_at, failed_at; /* of the other, in its fencer's history; 0: never */
	uint8_t spare[2];
};

struct m_host {
	struct vc_state core;
	struct vc_durable disk, copy;
	struct m_shell s;
	struct m_item in[M_LINK];
	struct m_item ev[M_LINK]; /* link events read while the disk keeps the core waiting */
	struct vc_event heard[M_HEARD];
	struct vc_action acts[M_PENDING]; /* what waits for the disk, the slow one first */
};

/* What may still happen; part of the state, so that the search ends. */
struct m_budget {
	uint8_t faults, writes, flushes, promotes;
	uint8_t demotes, stops, slow, proofs;
	uint8_t waits; /* of the gate: without a bound the other could be slow for ever */
	uint8_t holds; /* in an ordered scope: how often something is late */
	uint8_t fences, forces;
	uint8_t copies; /* of a disk, to be put back later */
	uint8_t spare[3];
};

/* What goes on by itself, in this order, where nothing is late. */
enum m_channel {
	M_CH_HEAR,     /* and the next one: of the second host; the same below */
	M_CH_TAKE = 2,
	M_CH_SYNCED = 4,
	M_CH_PROOF = 6,
	M_CH_CONNECT = 8,
	M_CHANNELS,
};

/* Why promises may part (oracle.c); a bit for each host. */
struct m_branches {
	uint8_t forced; /* goes on by the operator's force */
	uint8_t rolled; /* its disk was put back to an older state */
	bool apart;	/* each host has promises of its own */
	uint8_t spare;
};

struct m_env {
	struct m_budget left;
	bool ring_up, net_up, connected, excepted; /* excepted: a named exception has happened */
	bool by_wait[2], wanted[2];		   /* this host: fenced by waiting; fencing under way */
	bool due[2];				   /* this host was fenced, the other is not told yet */
	uint8_t hold[2]; /* acknowledged writes that this host is to hold; a promise while one is */
	uint16_t held; /* bits of enum m_channel */
	bool lied; /* a success without effect; an exception once the ring is cut */
	uint8_t next_write, spare[4];
	struct m_branches split;
};

struct m_world {
	struct m_host host[2];
	struct m_env env;
	uint64_t serial;     /* source of ids: not part of the state */
	unsigned cut_after;  /* of the step under way: this many actions, then... */
	uint8_t cut_how;     /* enum m_cut */
	uint32_t cuts;	     /* of the last step: after which numbers of actions a cut means something */
	uint32_t slow;	     /* which of its actions are the disk's */
	const char *broken;  /* the violated rule */
	const char *beyond;  /* the bound that this state left */
};

enum m_cut { M_CUT_NONE, M_CUT_KILL, M_CUT_POWER, M_CUT_SLOW };

/* What has been acknowledged and is still promised. */
static inline uint8_t m_acked(const struct m_world *w)
{
	return w->env.hold[0] | w->env.hold[1];
}

/* ---- world.c: hosts, group, disk, the core's actions */
void m_world_init(struct m_world *w);
/* One event to the core of host h, and its actions. */
void m_step(struct m_world *w, unsigned h, struct vc_event *e);
void m_step_type(struct m_world *w, unsigned h, enum vc_event_type type);
void m_disk_done(struct m_world *w, unsigned h);
void m_hear(struct m_world *w, unsigned h); /* the next of what the master told */
void m_tell(struct m_world *w, unsigned h, const struct vc_event *e);
void m_tell_quorum(struct m_world *w, unsigned h);
void m_tell_fence(struct m_world *w, unsigned h);
void m_kill_worker(struct m_world *w, unsigned h);
void m_start_worker(struct m_world *w, unsigned h);
void m_kill_master(struct m_world *w, unsigned h);
void m_start_master(struct m_world *w, unsigned h);
/* keep: by luck, nothing that was not flushed is lost. */
void m_power_off(struct m_world *w, unsigned h, bool keep);
void m_power_on(struct m_world *w, unsigned h);
void m_cut_ring(struct m_world *w, unsigned quorate); /* a bit for each host that keeps quorum */
void m_mend_ring(struct m_world *w);
void m_violate(struct m_world *w, const char *rule);
bool m_in_group(const struct m_world *w, unsigned h);
uint64_t m_id(struct m_world *w);

/* ---- path.c: data path, link, acknowledgements and what they promise */
void m_guest_write(struct m_world *w, unsigned h);
void m_settle_pending(struct m_world *w, unsigned h, bool peer_has_it);
void m_set_gate(struct m_world *w, unsigned h, enum vc_gate gate);
void m_begin_stream(struct m_world *w, unsigned h, enum m_stream stream);
void m_resume(struct m_world *w, unsigned h);
void m_begin_target(struct m_world *w, unsigned h);
void m_link_send(struct m_world *w, unsigned h, const struct vc_msg *msg);
void m_link_disable(struct m_world *w, unsigned h);
void m_drop_connection(struct m_world *w);
bool m_may_connect(const struct m_world *w);
void m_connect(struct m_world *w);
void m_take_link(struct m_world *w, unsigned h); /* the next item */
bool m_may_lose(const struct m_world *w, unsigned h);
void m_lose(struct m_world *w, unsigned h); /* the last thing under way before the link's end */
bool m_may_resync(const struct m_world *w, unsigned source);
void m_resync_done(struct m_world *w, unsigned source);
void m_lose_cache(struct m_world *w, unsigned h, bool keep);

/* ---- maps.c: what a resync compares */
extern bool m_maps_kept; /* by the workers; else a resync compares everything */
void m_maps_write(struct m_world *w, unsigned h, unsigned cell); /* before the write */
void m_maps_fold(struct m_world *w, unsigned h);
uint8_t m_maps_target(const struct m_world *w, unsigned h); /* cells that a resync to here overwrites */
void m_maps_source(struct m_world *w, unsigned h, enum vc_scope scope);
void m_maps_settle(struct m_world *w, unsigned h); /* after a flush of h */
/* All named cells are on the target, but nothing of it is known to be durable: it may end here. */
bool m_may_copy_part(const struct m_world *w, unsigned source);
void m_copy_part(struct m_world *w, unsigned source);
void m_copy_all(struct m_world *w, unsigned source);
void m_check_fold(struct m_world *w, unsigned h);

/* ---- fencer.c */
void m_fenced(struct m_world *w, unsigned by); /* the other, or so it is told */
void m_unfenced(struct m_world *w, unsigned by);
void m_fence_failed(struct m_world *w, unsigned by);
void m_read_fencer(struct m_world *w, unsigned h, bool pending_peer, bool pending_self,
		   struct vc_event *e);

/* ---- path.c */
/* Rules that hold in every state. */
void m_check(struct m_world *w);

/* ---- oracle.c: what is promised where copies parted by force or by an old disk; rules of a step */
struct m_before {
	bool certain, forgot, mirrors;
};
/* What host h has to hold to acknowledge, or to go alone. */
uint8_t m_promised(const struct m_world *w, unsigned h);
/* Before and after the core's step, whose actions are not carried out yet. */
struct m_before m_before_step(const struct m_world *w, unsigned h);
void m_check_step(struct m_world *w, unsigned h, struct m_before b, const struct vc_out *out);
/* After the step, all of whose actions are carried out. */
void m_check_fork(struct m_world *w, unsigned h);
/* Of a message with a log. */
void m_check_told(struct m_world *w, unsigned h, const struct vc_msg *msg);
/* Of what is about to be recorded; false: the operator's force excuses what the rules forbid. */
bool m_check_record(struct m_world *w, unsigned h, const struct vc_durable *d);
bool m_force(struct m_world *w, unsigned h); /* false: refused */
void m_overwritten(struct m_world *w, unsigned target);
void m_both_lost(struct m_world *w, unsigned h); /* h has lost power, or what was on its disk */
void m_put_by(struct m_world *w, unsigned h);	 /* a copy of its disk */
void m_put_back(struct m_world *w, unsigned h);
void m_stopped(struct m_world *w, unsigned h);

/* ---- time.c */
extern unsigned m_lease_parts; /* 1, or 2 where late proofs matter */
void m_normalise(struct vc_state *s);
enum m_timer { M_T_GATE, M_T_PROMOTE, M_T_DRAIN, M_T_LEAVE, M_T_FAIL, M_T_FENCE, M_TIMERS };
bool m_timer_runs(const struct vc_state *s, enum m_timer t);
void m_timer_end(struct vc_state *s, enum m_timer t);
/* A part of the lease passes on host h; its core has not noticed yet. */
void m_lease_passes(struct m_world *w, unsigned h);
bool m_lease_left(const struct m_world *w, unsigned h);
void m_prove(struct m_world *w, unsigned h);

/* ---- canon.c */
struct m_key {
	uint64_t a, b;
};
void m_copy(struct m_world *to, const struct m_world *from);
void m_copy_event(struct vc_event *to, const struct vc_event *from);
void m_copy_msg(struct vc_msg *to, const struct vc_msg *from);
void m_copy_action(struct vc_action *to, const struct vc_action *from);
void m_copy_durable(struct vc_durable *to, const struct vc_durable *from);
/* Equal for worlds that differ only in the names of their random ids. */
struct m_key m_hash(const struct m_world *w);

#endif
