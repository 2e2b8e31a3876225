/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stories of the decision core are told with: two hosts of the simulator (tests/sim) in which nothing happens by itself.
 * They read as traces. */
#ifndef VMTWIN_TESTS_UNIT_STORY_H
#define VMTWIN_TESTS_UNIT_STORY_H

#include "tests/unit/unit.h"

#include <errno.h>

#include "core/eralog.h"
#include "tests/sim/world.h"

static struct world w;

static inline struct vc_view look(unsigned h)
{
	return vc_look(&w.host[h].core, w.now);
}

static inline void settle(unsigned ms)
{
	for (unsigned t = 0; t < ms; t += 100) {
		world_pass(&w, 100);
		world_settle(&w);
		world_resync_done(&w, 0);
		world_resync_done(&w, 1);
		world_settle(&w);
	}
	assert_null(w.violation);
}

static inline int promote(unsigned h, unsigned wait_ms)
{
	w.host[h].promote_rc = 1;
	world_event_type(&w, h, VC_E_PROMOTE);
	settle(wait_ms);
	return w.host[h].promote_rc;
}

static inline void hear_all(unsigned h)
{
	while (world_deliver_group(&w, h))
		;
}

static inline int prim_second(void **state)
{
	(void)state;
	world_init(&w, 42, NULL);
	settle(2000);
	assert_int_equal(promote(0, 500), 0);
	assert_int_equal(look(0).show, VC_SHOW_PRIM);
	assert_int_equal(look(1).show, VC_SHOW_SECOND);
	world_guest_write(&w, 0);
	settle(100);
	assert_int_equal(w.acked_count, 1);
	return 0;
}

static inline void ask_to_outdate(unsigned h, uint64_t pairing)
{
	struct vc_event e = {.type = VC_E_MSG};
	e.u.msg.sender = w.host[1 - h].master_id;
	e.u.msg.msg.type = VC_M_OUTDATE;
	e.u.msg.msg.pairing = pairing;
	e.u.msg.msg.request = 1;
	world_event(&w, h, &e);
}

static inline unsigned actions_of(unsigned h, enum vc_action_type type)
{
	unsigned n = 0;
	for (unsigned i = 0; i < w.host[h].acts.count; i++)
		n += w.host[h].acts.action[i].type == type;
	return n;
}

static inline void lose_all(unsigned h)
{
	memset(&w.host[h].cache, 0, sizeof w.host[h].cache);
	memset(&w.host[h].durable, 0, sizeof w.host[h].durable);
}

/* A story begins with host1 as primary, in sync with host2, and one write. */
#define STORY(f) cmocka_unit_test_setup(f, prim_second)

#endif
