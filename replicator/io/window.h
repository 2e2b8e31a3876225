/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the target received and applied of a stream, so that frames sent again after a broken link
 * are applied once and acknowledged again with the result they had. Frames arrive in order, so what
 * was received is a prefix; what was applied has gaps within the last AW_SIZE. Pure: no I/O.
 */
#ifndef VMTWIN_IO_WINDOW_H
#define VMTWIN_IO_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* The sender never has more than this unacknowledged. */
#define AW_SIZE 4096u

enum aw_verdict {
	AW_NEW,	    /* apply it */
	AW_DONE,    /* applied before: acknowledge again with the stored result */
	AW_PENDING, /* received before and being applied: its acknowledgement will come */
	AW_BROKEN,  /* a gap, or outside of the window: the stream can't go on */
};

struct aw_window {
	uint64_t next; /* the next new sequence number */
	bool done[AW_SIZE];
	int32_t result[AW_SIZE];
};

/* Begins a stream at sequence number 1. */
void aw_reset(struct aw_window *w);
/* Judges a received number; AW_NEW takes it. result is set for AW_DONE. */
enum aw_verdict aw_receive(struct aw_window *w, uint64_t seq, int32_t *result);
/* Records the result of a number that was AW_NEW. */
void aw_applied(struct aw_window *w, uint64_t seq, int32_t result);

#endif
