/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A watchdog device (Linux watchdog API: hardware, or the kernel's softdog): once open, it resets the machine unless it is fed
 * in time, whatever has become of its owner.
 */
#ifndef VMTWIN_IO_WATCHDOG_H
#define VMTWIN_IO_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

/*
 * Opens it and sets its time, which begins now. Whole seconds; a device that can only do longer ones is disarmed and refused.
 * Returns a descriptor, or negative errno (-EBUSY: somebody else has it) and fail says why.
 */
int vt_watchdog_open(const char *path, uint32_t timeout_ms, struct vt_fail *fail);
/* False: the device takes it no more. */
bool vt_watchdog_feed(int fd);
/* Closes it. disarm: it shall not bite (a device that can't be disarmed does); else it bites when its time is over. */
void vt_watchdog_close(int fd, bool disarm);

#endif
