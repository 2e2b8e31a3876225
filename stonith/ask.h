/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the agent asks vmtwind (ctl/client.h), and what its answers mean. An answer that is not understood is never success. */
#ifndef VMTWIN_STONITH_ASK_H
#define VMTWIN_STONITH_ASK_H

#include <stdint.h>

#include "base/kv.h"
#include "base/log.h"

enum fa_state {
	FA_DONE,    /* surely ended */
	FA_WAITING, /* may come: ask again */
	FA_ABSENT,  /* vmtwind does not run, does not answer, or is not ready: ask again */
	FA_REFUSED, /* by vmtwind, for good */
	FA_BROKEN   /* asking again is of no use: not allowed, or an answer that makes no sense */
};

struct fa_answer {
	enum fa_state state;
	uint64_t left_ms; /* FA_WAITING: at least so long yet; 0: not told */
	char text[768];
};

enum fa_power { FA_POWER_ON, FA_POWER_OFF, FA_POWER_UNKNOWN };

struct fa_ready {
	bool answered; /* vmtwind did; else text says why not */
	bool again;    /* not ready yet, may be soon */
	bool ready;    /* fence_vmtwin can work here; else text says why not */
	uint64_t need_ms; /* 0: not told */
	char self[256];	  /* this host; "": not told */
	char nodes[4096]; /* separated by spaces */
	char text[768];
};

/* timeout_ms: 1..600000, of one request. */
void fa_ask_fence(const char *node, const char *action, uint64_t id, int timeout_ms, struct fa_answer *a);
void fa_ask_ready(int timeout_ms, struct fa_ready *r);
/* text (cap bytes): what vmtwind says, or why there is no answer. */
enum fa_power fa_ask_status(const char *node, int timeout_ms, char *text, size_t cap);

#endif
