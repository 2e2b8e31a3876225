/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker: one process a unit, one thread, one ring. It drives the decision core and carries out
 * its actions in order; data path and link do the work (docs/ARCHITECTURE.md).
 */
#ifndef VMTWIN_DAEMON_WORKER_H
#define VMTWIN_DAEMON_WORKER_H

#include "base/unitconf.h"
#include "core/core.h"
#include "io/dp.h"
#include "io/link.h"
#include "io/metafile.h"
#include "wire/coremsg.h"
#include "wire/wmsg.h"

#define WK_EVENTS 256	       /* events waiting for the core; more: the process ends */
#define WK_TICK_MS 100	       /* how often the core looks at the time */
#define WK_STUCK_MS 30000      /* a persist, flush or guest's write not done by then: the disk is given up */
#define WK_PEER_MS 30000       /* the peer's time for one operation of a guest; then it's given up */
#define WK_PEER_SYNC_MS 120000 /* the same while it is resynchronised: beginning anew is dear */
#define WK_ATTACH_MS 30000     /* no master by then after the start: the process ends */
#define WK_REPORT_MS 1000      /* progress is published at most this often */
#define WK_VM_DOWN_AGAIN_MS 10000 /* the domain is not ended again sooner */
#define WK_PROMOTE_WAIT_MS 8000

struct wk_paths {
	char sock[VT_PATH_MAX + 128], pid[VT_PATH_MAX + 128], error[VT_PATH_MAX + 128];
	char story[VT_PATH_MAX + 128], data[VT_PATH_MAX + 8], meta[VT_PATH_MAX + 8];
};

/* The connection to the master. */
struct wk_master {
	int listen_fd, fd, dying_fd;
	struct vr_op accept_op, recv_op;
	bool receiving;
	uint8_t packet[VW_PACKET_MAX];
	struct vw_msg in, out; /* too large for the stack of a callback */
};

/* The list of actions of the current step; the next event waits for its end. */
struct wk_actions {
	struct vc_out out;
	unsigned at;
	bool waiting; /* for a persist or flush */
	uint64_t since_ns;
};

struct worker {
	struct vt_unitconf conf;
	struct wk_paths paths;
	struct vr_ring *ring;
	struct vp_pool *pool;
	struct vd_path *path;
	struct vl_link *link;
	uint8_t link_unit[16]; /* the unit id the link's key was made for */

	struct wk_master master;
	struct vw_attach who; /* as told at the first attach */
	bool opened;	      /* attached once: core, mount and link are there */
	uint64_t started_ns;

	struct vm_file meta;
	struct vc_durable first; /* as read at the start */
	struct vr_op write_op, sync_op;
	uint8_t slot_bytes[VM_SLOT_SIZE];

	struct vc_state core;
	struct wk_actions actions;
	struct vc_event events[WK_EVENTS];
	unsigned event_head, event_count;
	bool stepping;

	/* control requests not answered yet, by the core's event type; 0: none */
	uint32_t promote_id, demote_id, stop_id, fail_id, force_id;
	struct vr_timer tick;
	struct vc_view shown;
	char link_note[256]; /* what the data link last complained of; "": of nothing since it was up */
	uint64_t shown_ns, sync_started_ns;
	bool shown_valid;
	struct vc_view since_view; /* what has been so since since_text, by the wall clock */
	char since_text[32];	   /* "": nothing seen yet */
	struct vc_out trial;	   /* explain: what the core would answer to a force */
	const char *vmdown_path;
	uint64_t vm_down_ns; /* when that was started last; 0: never */
	bool ending; /* the core has left; the ring is being stopped */
};

/* main.c */
/* Ends the process at once; the error is left for the master to tell (never returns). */
void wk_die(struct worker *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn));
/* First attach: mounts, listens for the peer, begins the core. */
void wk_open(struct worker *w);

/* master.c */
void wk_master_listen(struct worker *w);
/* Sends w->master.out; a master that doesn't take it is dropped. */
void wk_master_send(struct worker *w);
bool wk_master_there(const struct worker *w);
void wk_master_close(struct worker *w);

/* drive.c */
/* Hands e to the core as soon as the actions before it are done; fills in time and randomness. */
void wk_event(struct worker *w, struct vc_event *e);
void wk_event_type(struct worker *w, enum vc_event_type type);
void wk_tick_start(struct worker *w);
void wk_link_open(struct worker *w);
struct vd_events wk_path_events(struct worker *w);

/* report.c */
void wk_request(struct worker *w, uint32_t id, const struct vt_kv *request);
/* The reply being made, with rc in it; wk_master_send() sends it. */
struct vt_kv *wk_begin_reply(struct worker *w, uint32_t id, int rc);
void wk_reply(struct worker *w, uint32_t id, int rc, const char *text);
void wk_reply_core(struct worker *w, enum vc_event_type request, int rc, enum vc_reason reason);
void wk_story(struct worker *w, enum vc_reason reason);
/* The reason's text with the peer's name in it. */
void wk_reason_text(const struct worker *w, enum vc_reason reason, char *out, size_t cap);
extern const char *const wk_show_names[], *const wk_colour_names[]; /* by enum vc_show, vc_colour */
const char *wk_role_name(const struct worker *w);
/* Publishes what is shown if it changed, or if progress is due. */
void wk_report(struct worker *w);

/* vmdown.c */
void wk_vm_down(struct worker *w);

/* explain.c */
void wk_answer_explain(struct worker *w, uint32_t id);

#endif
