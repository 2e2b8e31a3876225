// SPDX-License-Identifier: GPL-2.0-or-later
/* Beginning, breaking, resuming, turning and ending the stream. */
#include <errno.h>

#include "io/dp_int.h"

void vd_set_link(struct vd_path *path, struct vl_link *link)
{
	path->link = link;
}

/* What belonged to the old stream must not touch the new one. */
static void stream_reset(struct vd_path *path)
{
	path->gen++;
	path->broken = false;
	path->connected = false;
	path->resumable = false;
	path->ack_count = 0;
	path->stream = VD_STREAM_NONE;
	vd_sync_stop(path);
	vd_repair_forget(path);
	vd_forget_window(path);
	vd_target_free(path);
}

void vd_source_start(struct vd_path *path)
{
	stream_reset(path);
	vs_clear_ids(path->store);
	path->next_id = 1;
	path->stream = VD_STREAM_STARTING;
	vd_sync_try_tree(path);
	vd_finish_all(path);
}

void vd_target_start(struct vd_path *path)
{
	stream_reset(path);
	vs_clear_ids(path->store);
	path->next_id = 1;
	path->undurable = true; /* what the hashes find equal may only be in memory */
	aw_reset(&path->applied);
	path->stream = VD_STREAM_TARGET;
	path->connected = true;
	vd_finish_all(path);
}

void vd_link_down(struct vd_path *path)
{
	path->connected = false;
	path->ack_count = 0; /* asked for again by what is sent again */
	if (path->stream == VD_STREAM_STARTING)
		path->stream = VD_STREAM_NONE;
	if (vd_sync_running(path) || vd_repairing(path))
		path->resumable = false; /* these keep no buffers: a resync starts anew */
	for (uint64_t seq = path->oldest_seq; seq < path->next_seq; seq++) {
		struct vd_op *op = path->window[seq % AW_SIZE];
		if (op && op->on_ack)
			op->lost = true;
	}
	vd_finish_all(path);
}

void vd_resume(struct vd_path *path)
{
	if (!vl_is_up(path->link))
		return; /* lost again meanwhile: we'll be asked once more */
	if (path->stream == VD_STREAM_TARGET) {
		path->connected = !path->broken;
		return;
	}
	if (path->stream != VD_STREAM_SOURCE || path->broken || !path->resumable) {
		vd_broken(path, "frames of the broken connection are no longer in memory");
		return;
	}
	path->connected = true;
	for (uint64_t seq = path->oldest_seq; seq < path->next_seq; seq++)
		if (path->window[seq % AW_SIZE])
			vd_send(path->window[seq % AW_SIZE]);
	vd_pump(path);
}

void vd_stream_end(struct vd_path *path)
{
	stream_reset(path);
	vs_clear_ids(path->store);
	vd_finish_all(path);
}

void vd_stream_turn(struct vd_path *path)
{
	enum vd_stream was = path->stream;
	bool connected = path->connected;
	stream_reset(path);
	path->connected = connected;
	if (was == VD_STREAM_TARGET) {
		path->stream = VD_STREAM_SOURCE;
		path->resumable = true;
	} else if (was == VD_STREAM_SOURCE) {
		aw_reset(&path->applied);
		path->stream = VD_STREAM_TARGET;
	}
	vd_finish_all(path);
}

void vd_frame(struct vd_path *path, const struct vf_header *h, struct vp_buf *payload)
{
	const uint8_t *data = payload ? payload->data : NULL;
	switch (h->type) {
	case VF_ACK:
		vd_on_acks(path, data, h->length);
		break;
	case VF_NEED:
		vd_on_need(path, h, data);
		break;
	default:
		vd_apply_frame(path, h, payload); /* takes the payload over */
		return;
	}
	vp_put(payload);
}
