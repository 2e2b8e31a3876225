// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/window.h"

#include <assert.h>
#include <string.h>

void aw_reset(struct aw_window *w)
{
	memset(w, 0, sizeof *w);
	w->next = 1;
	/* Nothing came before: those slots are free to be taken. */
	for (uint32_t i = 0; i < AW_SIZE; i++)
		w->done[i] = true;
}

enum aw_verdict aw_receive(struct aw_window *w, uint64_t seq, int32_t *result)
{
	uint32_t slot = (uint32_t)(seq % AW_SIZE);
	if (seq == 0 || seq > w->next || w->next - seq > AW_SIZE)
		return AW_BROKEN;
	if (seq == w->next) {
		if (!w->done[slot])
			return AW_BROKEN; /* the sender ran ahead of its window */
		w->done[slot] = false;
		w->next++;
		return AW_NEW;
	}
	if (!w->done[slot])
		return AW_PENDING;
	*result = w->result[slot];
	return AW_DONE;
}

void aw_applied(struct aw_window *w, uint64_t seq, int32_t result)
{
	uint32_t slot = (uint32_t)(seq % AW_SIZE);
	assert(seq < w->next && w->next - seq <= AW_SIZE && !w->done[slot]);
	w->done[slot] = true;
	w->result[slot] = result;
}
