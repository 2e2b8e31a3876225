/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's file, vmtwind.conf(5): witnesses, and how the host ends itself. */
#ifndef VMTWIN_BASE_HOSTCONF_H
#define VMTWIN_BASE_HOSTCONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/witness.h"

#define VT_WATCHDOG_PATH_MAX 128
#define VT_WATCHDOG_MIN_S 3
#define VT_WATCHDOG_MAX_S 60

struct vt_hostconf {
	struct vt_witness_conf witness;
	bool self_fence;		     /* the host resets itself when its proofs have run out */
	char watchdog[VT_WATCHDOG_PATH_MAX]; /* device that does it if the host hangs; "": none */
	uint32_t watchdog_ms;		     /* fed for the last time so long ago, it bites */
};

/* Unknown and repeated keys, bad values: -EINVAL, fail says file, line and what is wrong, and conf is empty. */
int vt_hostconf_parse(struct vt_hostconf *conf, const char *text, const char *path, struct vt_fail *fail);
/* No file: 0, and an empty one. */
int vt_hostconf_load(struct vt_hostconf *conf, const char *path, struct vt_fail *fail);

#endif
