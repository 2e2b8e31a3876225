/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts as the kernel lists them; nothing here touches a file of a FUSE mount, which may hang. */
#ifndef VMTWIN_BASE_MOUNT_H
#define VMTWIN_BASE_MOUNT_H

#include <stdbool.h>

#include "base/log.h"

#define VT_FUSE_SUBTYPE "fuse.vmtwin"

/* 1 if something is mounted exactly at dir (its type goes to type[cap] if type is not NULL), 0 if
 * not, negative errno. Reads /proc/self/mountinfo only. */
int vt_mount_at(const char *dir, char *type, unsigned cap, unsigned *minor_out);
/*
 * Gets rid of the vmtwin mount at dir whatever state it is in: aborts its FUSE connection
 * (/sys/fs/fuse/connections/MINOR/abort, mounting fusectl is not tried), then lazy unmount. Mounts of
 * another type are left alone: -EBUSY. Nothing mounted: 0.
 */
int vt_mount_detach(const char *dir, struct vt_fail *fail);

#endif
