/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The master: one a host, one thread on libqb's loop. It passes facts of the cluster to the workers,
 * their messages to the group, and control requests both ways. It decides nothing about data. What
 * may block runs in short-lived children (jobs) or in the fencing watcher.
 *
 *   main.c     arguments, the lock, signals
 *   cluster.c  corosync: group, quorum, lease proofs
 *   unit.c     units: starting workers, what they say, their death
 *   attach.c   what a worker is told when it is attached, and facts passed on to it
 *   worker.c   the socket to one worker: connecting, sending, receiving
 *   control.c  the control socket's requests
 *   status.c   the reply to status
 *   publish.c  promotion scores and node attributes
 *   fence.c    the fencing watcher, and asking for fencing
 *   witness.c  the host's witnesses
 *   helper.c   programs that tell it lines: the watcher, the prober of the witnesses
 *   fencing.c  what fence_vmtwin is told
 *   end.c      ending this host: ordered to, or its proofs are over
 *   jobs.c     children with a time limit
 */
#ifndef VMTWIN_MASTER_H
#define VMTWIN_MASTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <qb/qbloop.h>

#include "base/kv.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/unitconf.h"
#include "base/hostconf.h"
#include "base/timing.h"
#include "core/fence_history.h"
#include "core/guard.h"
#include "core/verdict.h"
#include "io/cpg.h"
#include "io/ipcs.h"
#include "io/nodes.h"
#include "io/quorum.h"
#include "io/shutdown.h"
#include "io/watchdog.h"
#include "wire/group.h"
#include "wire/wmsg.h"

/* Limits, each with what happens at it. */
enum {
	VM_UNITS_MAX = 128,	       /* further units are refused */
	VM_REQUESTS_MAX = 64,	       /* further requests are answered -EBUSY */
	VM_JOBS_MAX = 64,	       /* further jobs fail with -EBUSY; callers try again */
	VM_GROUP_QUEUE_MAX = 256,      /* messages CPG does not take: the master ends */
	VM_WORKER_QUEUE_MAX = 512,     /* packets a worker does not take: it is detached */
	VM_CONNECT_INTERVAL_MS = 50,   /* while a worker starts */
	VM_CONNECT_TRIES = 200,	       /* then a start fails, and trying goes on slowly */
	VM_RECONNECT_INTERVAL_MS = 2000,
	VM_HELLO_TIMEOUT_MS = 5000,    /* then the connection is closed and made again */
	VM_DEATH_INTERVAL_MS = 50,     /* between looks at a dying worker's lock */
	VM_DEATH_TRIES = 100,	       /* then it counts as alive and is connected to again */
	VM_CLUSTER_RETRY_MS = 1000,
	VM_CLUSTER_CALL_S = 30,	       /* a corosync call that blocks longer ends the master */
	VM_TIMING_CALL_S = 5,	       /* the same where others wait for the loop */
	VM_GROUP_RETRY_MS = 20,
	VM_PROOF_INTERVAL_MS = 1000,
	VM_ODD_INTERVAL_MS = 60000, /* "is not understood" is told at most this often */
	VM_MONITOR_TIMEOUT_MS = 5000,  /* then the worker counts as hung, to be shown */
	VM_PEER_SILENCE_MS = 5000,     /* a master speaks every second: then its words are not shown */
	VM_REQUEST_TIMEOUT_MS = 60000, /* of a request that gives none */
	VM_RESTART_MAX_MS = 120000,    /* of the time that a command takes between stop and start */
	VM_PUBLISH_TIMEOUT_MS = 10000,
	VM_PUBLISH_REFRESH_MS = 60000,
	VM_PUBLISH_RETRY_MS = 2000,    /* doubled up to the refresh interval */
	VM_FENCE_ANSWER_MS = 5000,     /* asked: then the watcher is killed and started again */
	VM_FENCE_SILENCE_MS = 12000,   /* the same; it speaks every 5 s unasked */
	VM_FENCE_RESTART_MS = 1000,
	VM_HELPER_ARGS_MAX = VT_WITNESSES_MAX,
	VM_FENCE_PEER_INTERVAL_MS = 60000,
	VM_FENCE_PEER_TIMEOUT_MS = 90000,
	VM_FENCE_REQUESTS_MAX = 16,    /* fencings asked for at once */
	VM_LEASE_MAX_MS = 600000,      /* as vmtwin-unit(5) */
	VM_LEASES_MS = 5000,	       /* unit files are read again after that */
	VM_FENCE_FORGET_MS = 5000,     /* not asked for that long: nobody waits for it */
	VM_END_UNITS_MS = 1500,	       /* for units to die; then the host is reset all the same */
	VM_END_LOOK_MS = 20,
	VM_END_SAY_MS = 200,	       /* for the answer to leave the host */
	VM_END_ALIVE_MS = 5000,	       /* not reset by then: otherwise */
	VM_GUARD_SHUTDOWN_MS = 20000,   /* corosync ends so soon after its shutdown was asked for */
	VM_GUARD_GRACE_MS = 5000,       /* a vmtwind that begins waits so long for a proof before it ends the host for the lack of one */
	VM_END_LATEST_MS = 2500,       /* whatever hangs, the reset comes then */
	VM_GUARD_TICK_MS = 500,
	VM_WITNESS_STALE_MS = 3000,    /* an answer older than that: not reached, to be told */
	VM_WITNESS_SILENCE_MS = 5000,  /* it speaks every second: then it is killed and started again */
};

struct vm_master;
struct vm_unit;

/* A packet waiting for a socket or for CPG. */
struct vm_packet {
	struct vm_packet *next;
	size_t len;
	uint8_t data[];
};

struct vm_queue {
	struct vm_packet *first, **last;
	unsigned count;
};

enum vm_state {
	VM_DOWN,      /* no worker */
	VM_STARTING,  /* started by us, its socket is not there yet */
	VM_SEEKING,   /* a worker lives, but we are not connected */
	VM_CONNECTED, /* connected, VW_HELLO not yet here */
	VM_GREETED,   /* VW_HELLO is here; VW_ATTACH waits for the cluster or a readable unit file */
	VM_ATTACHED,
	VM_DYING,     /* the connection ended; whether the worker did is being looked at */
};

/* One value that Pacemaker is told, the newest only. */
struct vm_published {
	char want[128]; /* "": delete */
	char done[128]; /* what Pacemaker has, if valid */
	char sent[128]; /* by the job under way */
	bool valid, running, wanted;
	unsigned failures;
	qb_loop_timer_handle timer;
};

struct vm_unit {
	struct vm_unit *next;
	struct vm_master *m;
	char name[VT_UNIT_NAME_MAX + 1];
	char rsc[128];	    /* the Pacemaker resource; "": not told yet */
	char trouble[512];  /* why the unit is not attached, for people; "": nothing known */
	bool has_conf;
	int conf_error; /* why not, 0: readable */
	struct vt_unitconf conf;
	char peer_name[VT_HOST_NAME_MAX + 1]; /* known while attached */
	uint32_t peer_node;		      /* 0: not attached */

	enum vm_state state;
	int fd;		   /* -1: not connected */
	int pidfd;	   /* -1: pid not known */
	pid_t pid;	   /* of the worker we are or were connected to; 0: none */
	pid_t child;	   /* started by us and not reaped; 0: none */
	uint64_t incarnation; /* 0: not known */
	unsigned tries;
	bool stopping; /* a stop was answered well: its end is expected */
	bool detach;   /* to be detached as soon as we are out of its callbacks */
	bool restarting; /* stopped by a command that will start it again: nobody else notices */
	qb_loop_timer_handle restart_timer;
	bool silent;   /* the worker left a monitor unanswered: what it said last may not be so */
	qb_loop_timer_handle timer;
	struct vm_queue out;

	bool has_status, has_peer_status;
	struct vw_status status;
	struct vt_kv peer_status;
	struct vm_published score, attribute;
};

enum vm_request_state {
	VM_REQ_WAITING, /* for the unit to be attached */
	VM_REQ_SENT,	/* to the worker */
	VM_REQ_ENDING,	/* stop: the worker agreed, its death is awaited */
};

struct vm_request {
	struct vm_request *next;
	struct vm_master *m;
	struct vm_unit *unit;
	struct vt_ipcs_conn *conn; /* NULL: the client went away */
	uint32_t id;
	enum vm_request_state state;
	char cmd[16];
	struct vt_kv kv;
	qb_loop_timer_handle timer;
};

struct vm_job;
/* result: exit code, -ETIMEDOUT, -ECHILD (died by a signal) */
typedef void (*vm_job_done)(struct vm_master *m, void *arg, int result);

struct vm_helper { /* a program that tells lines */
	pid_t pid; /* 0: not running */
	int fd;	   /* -1: not heard */
};

struct vm_watcher { /* the fencing watcher */
	struct vm_helper helper;
	bool asked;
	uint64_t asked_ns;
	qb_loop_timer_handle timer; /* answer overdue, or restart */
	struct vt_fence_snapshot snap;
	struct vt_fence_memory memory;
};

struct vm_witness { /* the witnesses and their prober */
	struct vt_witness_conf conf; /* of the host's file */
	char trouble[512]; /* why the file can't be used; "": nothing */
	struct vm_helper prober;
	uint64_t proof_ns; /* when it was last asked what was answered as needed; 0: never */
	uint64_t since_ns; /* answered as needed without a gap since */
	bool told, told_reached;
	qb_loop_timer_handle timer; /* overdue, or restart */
};

struct vm_seen { /* what has become of a node; times are CLOCK_BOOTTIME, 0: not so */
	struct vc_seen s;
	uint64_t doomed_ns; /* when it was ordered to end itself, by whomever */
	enum vc_order order; /* ours */
	uint64_t order_ns, order_id;
	uint64_t ended_ns;	/* when it left, having obeyed it */
	uint32_t lease_ms;	/* the longest of its units, as it has told; 0: never */
};

struct vm_fence_request { /* of fence_vmtwin */
	uint64_t id;
	uint64_t begun_ns, asked_ns;
	bool away; /* it was no member when this began */
	bool told;
};

struct vm_leases { /* of all units that are configured here */
	unsigned units;
	uint32_t longest_ms;
	bool known; /* of each */
	bool allow_unfenced; /* each does */
	char trouble[600]; /* why not known */
};

struct vm_end { /* of this host */
	bool under_way, off;
	uint64_t request; /* whose; 0: nobody's */
	uint64_t begun_ns;
	unsigned vms; /* being killed */
	bool pressed; /* the key that resets */
	bool said; /* the answer to who ordered it */
	int sysrq_fd; /* -1: it can't be written */
	qb_loop_timer_handle timer;
};

struct vm_guard { /* self_fence and watchdog */
	uint64_t proof_ns; /* the last one; 0: none yet, nothing to end */
	uint64_t shutdown_ns; /* when corosync's shutdown was asked for last; 0: never */
	bool disarmed; /* it was shut down in order: nothing is ended for that */
	uint64_t grace_ns; /* it began with its proofs over, for the first time: until then it waits for new ones */
	bool stale_told, watchdog_told, feed_told;
	char path[VT_WATCHDOG_PATH_MAX]; /* "": no watchdog */
	uint32_t watchdog_ms;
	int fd; /* -1: none */
	struct vt_shutdown *shutdown;
	qb_loop_timer_handle tick;
};

struct vm_master {
	qb_loop_t *loop;
	const char *run_dir, *unit_dir, *host_conf, *worker_path, *watcher_path, *witness_path, *vmdown_path, *sysrq_path;
	int lock_fd;
	int exit_code;
	bool closing;
	struct vt_ipcs *ipcs;
	struct vm_unit *units;
	unsigned unit_count;
	struct vm_request *requests;
	unsigned request_count;
	uint32_t next_request_id;
	struct vm_job *jobs;
	unsigned job_count;

	struct vt_cpg *cpg;
	struct vt_quorum *quorum;
	struct vt_nodes nodes;
	uint64_t heard_ns[VT_NODES_MAX]; /* by place in nodes: when its master spoke; 0: not yet */
	uint64_t odd_ns[VT_NODES_MAX];	 /* the same: when it was told that it isn't understood */
	char self_name[VT_HOST_NAME_MAX + 1];
	uint32_t self_node;
	uint64_t self;	  /* node << 32 | pid */
	char waiting[512]; /* why the cluster is not joined, for people */
	bool ready;	  /* joined, quorum told: workers can be attached */
	bool quorum_told, quorate;
	uint64_t breaks; /* times quorum was lost: a proof spans none of them */
	uint64_t nonce;
	unsigned member_nodes;
	uint32_t member_node[VT_NODES_MAX];
	unsigned group_size;
	uint64_t group[VT_NODES_MAX];
	struct vm_queue group_out;
	qb_loop_timer_handle cluster_timer, group_timer, proof_timer;

	struct vm_watcher watcher;
	struct vm_witness witness;
	struct vt_hostconf host;
	struct vt_cluster_timing timing;
	struct vm_seen seen[VT_NODES_MAX]; /* by place in nodes */
	struct vc_vote vote;
	struct vm_leases leases;
	uint64_t leases_ns; /* when they were read */
	struct vm_fence_request fence_request[VM_FENCE_REQUESTS_MAX];
	struct vm_end end;
	struct vm_guard guard;
	char fence_asked_node[VT_HOST_NAME_MAX + 1];
	uint64_t fence_asked_ns; /* 0: never */
};

/* main.c */
void vm_timer(struct vm_master *m, qb_loop_timer_handle *timer, unsigned ms, void *data,
	      qb_loop_timer_dispatch_fn fn); /* replaces a running one */
void vm_timer_stop(struct vm_master *m, qb_loop_timer_handle *timer);
void vm_exit(struct vm_master *m, int code); /* ends the loop */
void vm_queue_init(struct vm_queue *q);
int vm_queue_add(struct vm_queue *q, const void *data, size_t len); /* 0 or -ENOMEM */
void vm_queue_pop(struct vm_queue *q);
void vm_queue_clear(struct vm_queue *q);

/* jobs.c */
int vm_job_start(struct vm_master *m, char *const argv[], unsigned timeout_ms, vm_job_done done,
		 void *arg);
void vm_reap(struct vm_master *m); /* after SIGCHLD */

/* cluster.c */
void vm_cluster_start(struct vm_master *m);
void vm_cluster_lost(struct vm_master *m, const char *why);
void vm_cluster_close(struct vm_master *m);
/* Multicasts, now or as soon as CPG takes it. */
bool vm_refresh_quorum(struct vm_master *m); /* what quorum has to tell; false: corosync is gone, and the master ends */
/* At once or not at all: a message that may not come late. False: CPG takes none now. */
bool vm_group_send_now(struct vm_master *m, const struct vg_msg *msg);
void vm_group_send(struct vm_master *m, const struct vg_msg *msg);
bool vm_is_member(const struct vm_master *m, uint32_t node);

/* unit.c */
struct vm_unit *vm_unit_find(struct vm_master *m, const char *name);
/* The unit's entry, made if need be. NULL: VM_UNITS_MAX, or out of memory. */
struct vm_unit *vm_unit_get(struct vm_master *m, const char *name);
void vm_units_scan(struct vm_master *m); /* at start: workers that outlived a master */
void vm_units_configured(struct vm_master *m); /* each unit with a file has an entry */
int vm_unit_start(struct vm_unit *unit, const char *rsc, struct vt_fail *fail);
bool vm_unit_alive(struct vm_unit *unit); /* a worker of it lives, by its lock */
void vm_unit_child_ended(struct vm_unit *unit, int status);
void vm_unit_greeted(struct vm_unit *unit);
void vm_unit_message(struct vm_unit *unit, struct vw_msg *msg);
void vm_unit_silent(struct vm_unit *unit); /* the worker does not answer */
void vm_unit_disconnected(struct vm_unit *unit); /* the socket ended or was given up */
void vm_unit_load_conf(struct vm_unit *unit);

/* attach.c */
/* Do the unit file and the cluster fit together? 0 (or not in the cluster yet: nothing known against
 * it), or -EINVAL and unit->trouble says why not. */
int vm_check_hosts(struct vm_unit *unit);
void vm_attach(struct vm_unit *unit);
void vm_attach_all(struct vm_master *m);
void vm_tell_quorum(struct vm_master *m);
void vm_tell_group(struct vm_master *m, uint64_t member, enum vw_left how);
void vm_tell_fence(struct vm_master *m);
void vm_tell_proof(struct vm_master *m, uint64_t sent_ns);
void vm_send_status(struct vm_unit *unit);

/* worker.c */
void vm_worker_seek(struct vm_unit *unit, unsigned first_ms);
void vm_worker_send(struct vm_unit *unit, const struct vw_msg *msg);
void vm_worker_close(struct vm_unit *unit);

/* control.c */
int vm_control_open(struct vm_master *m, struct vt_fail *fail);
void vm_control_pump(struct vm_unit *unit); /* sends what waited for the attachment */
void vm_control_reply(struct vm_unit *unit, const struct vw_request *reply);
/* The worker is gone: its requests are answered. text says why. */
void vm_control_gone(struct vm_unit *unit, const char *text);
/* Its requests that wait for it to start are answered with rc and text. */
void vm_control_refuse(struct vm_unit *unit, int rc, const char *text);

/* status.c */
void vm_status_reply(struct vm_master *m, const struct vt_kv *request, struct vt_kv *reply);

/* publish.c */
void vm_publish(struct vm_unit *unit);
void vm_publish_all(struct vm_master *m); /* Pacemaker is back: it may have forgotten */

/* helper.c */
/* Starts path --fd N args (at most VM_HELPER_ARGS_MAX, NULL after the last). on_packet, with m as its data, is called when a packet
 * waits; it takes it with vm_helper_receive. 0, or negative errno: nothing runs. h->fd is -1 and h->pid 0 before. */
int vm_helper_start(struct vm_master *m, struct vm_helper *h, const char *path, const char *const *args, qb_loop_poll_dispatch_fn on_packet);
/* One packet of at most cap bytes into line: its length; 0: none. One whose socket is closed is killed. */
ssize_t vm_helper_receive(struct vm_master *m, struct vm_helper *h, char *line, size_t cap);
void vm_helper_kill(const struct vm_helper *h); /* SIGCHLD follows, if it runs */
void vm_helper_ended(struct vm_master *m, struct vm_helper *h); /* its pid has been waited for */

/* fence.c */
void vm_fence_start(struct vm_master *m);
void vm_fence_ask(struct vm_master *m);
void vm_fence_child_ended(struct vm_master *m, int status);
void vm_fence_peer(struct vm_unit *unit, const char *reason);
void vm_fence_stop(struct vm_master *m);
void vm_fence_fill(const struct vm_unit *unit, struct vw_fence *fence);

/* witness.c */
void vm_witness_start(struct vm_master *m);
void vm_witness_check(struct vm_master *m); /* the cluster's nodes are known: none of them is a witness */
void vm_witness_child_ended(struct vm_master *m, int status);
void vm_witness_stop(struct vm_master *m);
/* From when the proof of a message sent at sent_ns is for this unit: earlier if its host is alone and the witnesses answered
 * earlier, 0 if never. CLOCK_BOOTTIME. */
uint64_t vm_witness_proof(const struct vm_master *m, const struct vm_unit *unit, uint64_t sent_ns);
uint64_t vm_witness_host_proof(const struct vm_master *m, uint64_t sent_ns); /* the same for the host as a whole */
uint64_t vm_witness_since(const struct vm_master *m); /* they have answered as needed since; 0: they don't, or there are none */
void vm_witness_status(const struct vm_master *m, struct vt_kv *reply);

/* fencing.c */
void vm_fencing_ready(struct vm_master *m);  /* the group and quorum are known */
void vm_fencing_quorum(struct vm_master *m); /* quorum or membership has been told */
void vm_fencing_group(struct vm_master *m, uint32_t node, enum vt_cpg_change how); /* a vmtwind came or went; m->group has it */
void vm_fencing_ending(struct vm_master *m, uint32_t node, const struct vg_msg *msg);
const struct vm_leases *vm_leases(struct vm_master *m); /* read again every few seconds, as long as proofs come */
void vm_fencing_proof(struct vm_master *m, uint64_t sent_ns); /* this host was quorate when that was sent */
void vm_fencing_lease(struct vm_master *m, uint32_t node, uint32_t lease_ms);
/* Answers the requests of fence_vmtwin (ctl/client.h). False: it is none. */
bool vm_fencing_request(struct vm_master *m, const char *cmd, const struct vt_kv *request, struct vt_kv *reply);

/* end.c */
void vm_end_start(struct vm_master *m);
/* Units and VMs die, then the machine is reset, or switched off. request: whose order it is, answered to the group; 0: nobody's. */
void vm_end_host(struct vm_master *m, bool off, uint64_t request);
bool vm_end_holds(struct vm_master *m); /* the host is being ended: the master stays for that */
void vm_end_ordered(struct vm_master *m, uint32_t from, const struct vg_msg *msg);

/* guard.c; vm_guard_start after vm_end_start */
void vm_guard_start(struct vm_master *m);
void vm_guard_stop(struct vm_master *m);
void vm_guard_corosync_lost(struct vm_master *m);
int vm_guard_watch(struct vm_master *m, struct vt_fail *fail); /* with corosync; as vt_shutdown_open */
void vm_guard_unwatch(struct vm_master *m);
void vm_guard_proof(struct vm_master *m, uint64_t sent_ns); /* this host was quorate when that was sent */

/* runfile.c: vmtwind.NAME in the run directory. What can't be written is told; nothing else can be done. */
void vm_run_write(const struct vm_master *m, const char *name, const char *text);
bool vm_run_read(const struct vm_master *m, const char *name, char *text, size_t cap); /* false: not there, or empty */
bool vm_run_first(const struct vm_master *m, const char *name); /* makes it, if it is not there */
void vm_run_remove(const struct vm_master *m, const char *name);

#endif
