/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The times that corosync works with, from its map of what is in force. */
#ifndef VMTWIN_IO_TOTEM_H
#define VMTWIN_IO_TOTEM_H

#include "base/log.h"
#include "base/timing.h"

/* May block as long as corosync does: guard it. 0; -EAGAIN: corosync does not answer. What it does not tell is its default. */
int vt_totem_load(struct vt_cluster_timing *timing, struct vt_fail *fail);

#endif
