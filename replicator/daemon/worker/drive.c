// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drives the core: events in, actions out, in order. A persist or flush takes a while; until it is
 * done the following actions and events wait, and the data path goes on behind its gate.
 */
#include "daemon/worker/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "wire/coremsg.h"

static void run(struct worker *w);

/* ---- persist and flush -------------------------------------------------------------------------- */

static void action_done(struct worker *w)
{
	w->actions.waiting = false;
	run(w);
}

static void on_synced(struct vr_op *op, int res, bool more)
{
	struct worker *w = (struct worker *)((char *)op - offsetof(struct worker, sync_op));
	(void)more;
	if (res < 0)
		wk_die(w, "unit %s: its metadata in %s cannot be made durable: %s. Check the disk",
		       w->conf.name, w->paths.meta, strerror(-res));
	vm_file_stored(&w->meta);
	action_done(w);
}

static void on_written(struct vr_op *op, int res, bool more)
{
	struct worker *w = (struct worker *)((char *)op - offsetof(struct worker, write_op));
	(void)more;
	if (res != VM_SLOT_SIZE)
		wk_die(w, "unit %s: its metadata in %s cannot be written: %s. Check the disk",
		       w->conf.name, w->paths.meta, res < 0 ? strerror(-res) : "short write");
	struct io_uring_sqe *sqe = vr_sqe(w->ring);
	io_uring_prep_fsync(sqe, vm_file_next_fd(&w->meta), IORING_FSYNC_DATASYNC);
	w->sync_op.done = on_synced;
	vr_attach(sqe, &w->sync_op);
}

static void persist(struct worker *w, const struct vc_durable *durable)
{
	vm_file_prepare(&w->meta, durable, w->slot_bytes);
	struct io_uring_sqe *sqe = vr_sqe(w->ring);
	io_uring_prep_write(sqe, vm_file_next_fd(&w->meta), w->slot_bytes, VM_SLOT_SIZE, 0);
	w->write_op.done = on_written;
	vr_attach(sqe, &w->write_op);
}

static void on_flushed(void *ctx, int res)
{
	struct worker *w = ctx;
	if (res < 0)
		wk_die(w, "unit %s: its data in %s cannot be made durable: %s. Check the disk",
		       w->conf.name, w->paths.data, strerror(-res));
	action_done(w);
}

static void on_drained(void *ctx)
{
	wk_event_type(ctx, VC_E_DRAINED);
}

/* ---- the other actions -------------------------------------------------------------------------- */

static enum vd_gate gate_of(enum vc_gate gate)
{
	switch (gate) {
	case VC_G_READONLY:
		return VD_READONLY;
	case VC_G_PAIR:
		return VD_PAIR;
	case VC_G_SOLO:
		return VD_SOLO;
	case VC_G_FROZEN:
		return VD_FROZEN;
	case VC_G_FAILED:
		break;
	}
	return VD_FAILED;
}

static void send_cpg(struct worker *w, const struct vc_msg *msg)
{
	w->master.out.type = VW_SEND;
	w->master.out.u.cpg.sender = 0;
	int len = vx_encode(msg, w->master.out.u.cpg.payload);
	assert(len > 0);
	w->master.out.u.cpg.len = (uint32_t)len;
	wk_master_send(w);
}

static void send_link(struct worker *w, const struct vc_msg *msg)
{
	uint8_t bytes[VX_MAX];
	int len = vx_encode(msg, bytes);
	assert(len > 0);
	struct vf_header h = {.type = VF_CORE, .length = (uint32_t)len};
	vl_send(w->link, &h, bytes);
}

/* A new, empty host learnt the unit's id from its peer: another key. */
static void learn_unit(struct worker *w)
{
	struct vt_fail fail = {0};
	uint8_t key[32];
	memcpy(w->link_unit, w->core.d.unit_id, sizeof w->link_unit);
	vl_disable(w->link);
	if (vl_derive_key(key, VT_AUTHKEY, w->link_unit, &fail) < 0)
		wk_die(w, "unit %s: %s", w->conf.name, fail.text);
	if (vl_set_unit(w->link, w->link_unit, key) < 0)
		wk_die(w, "unit %s: out of memory for the data link's key", w->conf.name);
	explicit_bzero(key, sizeof key);
}

static void enable_link(struct worker *w, const struct vc_action *a)
{
	if (memcmp(w->link_unit, w->core.d.unit_id, sizeof w->link_unit) != 0)
		learn_unit(w);
	vl_set_peer(w->link, w->who.rings, w->who.peer_addr, a->u.link.peer_port);
	vl_enable(w->link, a->u.link.pairing, w->core.config.incarnation,
		  a->u.link.peer_incarnation);
}

/* What the link said before it was disabled must not be taken for what it says when enabled anew. */
static void disable_link(struct worker *w)
{
	vl_disable(w->link);
	vd_link_down(w->path);
	for (unsigned i = 0; i < w->event_count; i++) {
		struct vc_event *e = &w->events[(w->event_head + i) % WK_EVENTS];
		if (e->type == VC_E_LINK_UP || e->type == VC_E_LINK_DOWN || e->type == VC_E_LINK_MSG)
			e->type = VC_E_TICK;
	}
}

static void tell_master(struct worker *w, enum vw_type type, const char *text)
{
	w->master.out.type = type;
	snprintf(w->master.out.u.text.text, sizeof w->master.out.u.text.text, "%s", text);
	wk_master_send(w);
}

static void do_exit(struct worker *w)
{
	wk_report(w);
	w->ending = true;
	vr_stop(w->ring); /* main closes: it may run the ring, a callback may not */
}

/* Carries out one action. False if its end must be waited for. */
static bool perform(struct worker *w, const struct vc_action *a)
{
	switch (a->type) {
	case VC_A_PERSIST:
		persist(w, &a->u.durable);
		return false;
	case VC_A_FLUSH:
		vd_flush(w->path, on_flushed, w);
		return false;
	case VC_A_CPG_SEND:
		send_cpg(w, &a->u.msg);
		break;
	case VC_A_LINK_ENABLE:
		enable_link(w, a);
		break;
	case VC_A_LINK_DISABLE:
		disable_link(w);
		break;
	case VC_A_LINK_SEND:
		send_link(w, &a->u.msg);
		break;
	case VC_A_GATE:
		vd_set_gate(w->path, gate_of(a->u.gate));
		break;
	case VC_A_DRAIN:
		vd_drain(w->path, on_drained, w);
		break;
	case VC_A_SOURCE_START:
		w->sync_started_ns = vt_boottime_ns();
		vd_source_start(w->path);
		break;
	case VC_A_TARGET_START:
		w->sync_started_ns = vt_boottime_ns();
		vd_target_start(w->path);
		break;
	case VC_A_FOLD:
	case VC_A_UNDO_BACK:
	case VC_A_UNDO_DROP:
		break; /* no maps and no old grains are kept yet: vc_config says so */
	case VC_A_RESUME:
		vd_resume(w->path);
		break;
	case VC_A_STREAM_END:
		vd_stream_end(w->path);
		break;
	case VC_A_STREAM_TURN:
		vd_stream_turn(w->path);
		break;
	case VC_A_ASK_FENCE:
		w->master.out.type = VW_ASK_FENCE_STATE;
		wk_master_send(w);
		break;
	case VC_A_FENCE_PEER:
		tell_master(w, VW_FENCE_PEER, "a member, but its vmtwind does not answer");
		break;
	case VC_A_VM_DOWN:
		wk_vm_down(w);
		break;
	case VC_A_REPLY:
		wk_reply_core(w, a->u.reply.request, a->u.reply.rc, a->u.reply.reason);
		break;
	case VC_A_STORY:
		wk_story(w, a->u.story);
		break;
	case VC_A_EXIT:
		do_exit(w);
		break;
	}
	return true;
}

/* Goes on with actions, then with events, until one must be waited for or nothing is left. */
static void run(struct worker *w)
{
	struct wk_actions *acts = &w->actions;
	if (w->stepping)
		return; /* called from within an action: the loop below goes on */
	w->stepping = true;
	while (!acts->waiting && !w->ending) {
		if (acts->at < acts->out.count) {
			const struct vc_action *a = &acts->out.action[acts->at++];
			acts->since_ns = vt_boottime_ns();
			acts->waiting = true;
			if (perform(w, a))
				acts->waiting = false;
			continue;
		}
		wk_report(w);
		if (w->event_count == 0)
			break;
		struct vc_event *e = &w->events[w->event_head];
		w->event_head = (w->event_head + 1) % WK_EVENTS;
		w->event_count--;
		acts->at = 0;
		e->now_ns = vt_boottime_ns();
		vc_step(&w->core, e, &acts->out);
	}
	w->stepping = false;
}

void wk_event(struct worker *w, struct vc_event *e)
{
	if (!w->opened)
		return;
	if (w->event_count == WK_EVENTS)
		wk_die(w, "unit %s: %d events wait for a decision; the disk with %s does not answer",
		       w->conf.name, WK_EVENTS, w->paths.meta);
	e->rnd = vt_random_u64() | 1;
	w->events[(w->event_head + w->event_count) % WK_EVENTS] = *e;
	w->event_count++;
	run(w);
}

void wk_event_type(struct worker *w, enum vc_event_type type)
{
	struct vc_event e = {.type = type};
	wk_event(w, &e);
}

/* ---- time --------------------------------------------------------------------------------------- */

static void on_tick(struct vr_timer *t)
{
	struct worker *w = (struct worker *)((char *)t - offsetof(struct worker, tick));
	uint64_t now = vt_boottime_ns();
	if (w->actions.waiting && now - w->actions.since_ns > WK_STUCK_MS * VC_NS_PER_MS)
		wk_die(w, "unit %s: the disk did not answer for %d s; ending, so that the other host "
			  "can go on. Check the disk with %s",
		       w->conf.name, WK_STUCK_MS / 1000, w->conf.store);
	vr_timer_arm(w->ring, t, now + WK_TICK_MS * VC_NS_PER_MS);
	uint64_t peer_ms = w->core.phase == VC_SOURCE ? WK_PEER_SYNC_MS : WK_PEER_MS;
	vd_check_peer(w->path, now, peer_ms * VC_NS_PER_MS);
	vd_check_disk(w->path, now, WK_STUCK_MS * VC_NS_PER_MS);
	if (!w->actions.waiting && w->event_count == 0)
		wk_event_type(w, VC_E_TICK);
	if (w->core.vm_down_due)
		wk_vm_down(w); /* until it is demoted: libvirt may have been starting it just then */
}

void wk_tick_start(struct worker *w)
{
	w->tick.fire = on_tick;
	vr_timer_arm(w->ring, &w->tick, vt_boottime_ns() + WK_TICK_MS * VC_NS_PER_MS);
}

/* ---- link and data path ------------------------------------------------------------------------- */

static void on_link_up(void *ctx)
{
	struct worker *w = ctx;
	w->link_note[0] = '\0';
	wk_event_type(ctx, VC_E_LINK_UP);
}

static void on_link_down(void *ctx, const char *text)
{
	struct worker *w = ctx;
	vt_log(VT_WARN, w->conf.name, "data link to %s lost: %s", w->who.peer_name, text);
	snprintf(w->link_note, sizeof w->link_note, "lost: %s", text);
	vd_link_down(w->path);
	wk_event_type(w, VC_E_LINK_DOWN);
}

static void on_core_frame(struct worker *w, const struct vf_header *h, const struct vp_buf *payload)
{
	struct vc_event e = {.type = VC_E_LINK_MSG};
	if (payload && vx_decode(&e.u.msg.msg, payload->data, h->length) == 0)
		wk_event(w, &e);
	else
		vt_log(VT_WARN, w->conf.name, "a message of %s on the data link is not understood",
		       w->who.peer_name);
}

static void on_frame(void *ctx, const struct vf_header *h, struct vp_buf *payload)
{
	struct worker *w = ctx;
	if (h->type != VF_CORE) {
		vd_frame(w->path, h, payload);
		return;
	}
	on_core_frame(w, h, payload);
	if (payload)
		vp_put(payload);
}

static void on_link_note(void *ctx, enum vt_level level, const char *text)
{
	struct worker *w = ctx;
	vt_log(level, w->conf.name, "%s", text);
	if (level <= VT_WARN)
		snprintf(w->link_note, sizeof w->link_note, "%s", text);
}

void wk_link_open(struct worker *w)
{
	struct vt_fail fail = {0};
	struct vl_config config = {
	    .unit = w->conf.name,
	    .port = w->conf.port,
	    .peer_port = w->conf.port,
	    .rings = w->who.rings,
	    .connector = w->core.config.slot == 0,
	    .timeout_ms = w->conf.link_timeout_ms,
	};
	struct vl_events events = {
	    .ctx = w,
	    .up = on_link_up,
	    .down = on_link_down,
	    .frame = on_frame,
	    .note = on_link_note,
	};
	memcpy(config.unit_id, w->core.d.unit_id, sizeof config.unit_id);
	memcpy(config.self_addr, w->who.self_addr, sizeof config.self_addr);
	memcpy(config.peer_addr, w->who.peer_addr, sizeof config.peer_addr);
	memcpy(w->link_unit, w->core.d.unit_id, sizeof w->link_unit);
	if (vl_derive_key(config.key, VT_AUTHKEY, config.unit_id, &fail) < 0 ||
	    vl_open(&w->link, w->ring, w->pool, &config, &events, &fail) < 0)
		wk_die(w, "unit %s: %s", w->conf.name, fail.text);
}

static void on_sync_done(void *ctx)
{
	wk_event_type(ctx, VC_E_SYNC_DONE);
}

static void on_stream_broken(void *ctx, const char *text)
{
	struct worker *w = ctx;
	vt_log(VT_WARN, w->conf.name, "stream with %s broken: %s", w->who.peer_name, text);
	wk_event_type(w, VC_E_STREAM_BROKEN);
}

static void on_disk_failed(void *ctx, int error, const char *text)
{
	struct worker *w = ctx;
	vt_log(VT_ERR, w->conf.name, "disk error: %s: %s. Check the disk with %s", text,
	       strerror(error < 0 ? -error : error), w->conf.store);
	wk_event_type(w, VC_E_DISK_FAILED);
}

static void on_mount_gone(void *ctx)
{
	struct worker *w = ctx;
	vt_log(VT_ERR, w->conf.name,
	       "the mount %s was taken away from outside; stopping the unit on this host",
	       w->conf.directory);
	wk_event_type(w, VC_E_STOP);
}

struct vd_events wk_path_events(struct worker *w)
{
	return (struct vd_events){
	    .ctx = w,
	    .sync_done = on_sync_done,
	    .stream_broken = on_stream_broken,
	    .disk_failed = on_disk_failed,
	    .mount_gone = on_mount_gone,
	};
}
