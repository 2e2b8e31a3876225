/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's QEMU process seen without libvirt, for when libvirt does not run: by the pid file that
 * libvirt keeps, believed only if that process really is a QEMU of this domain.
 */
#ifndef VMTWIN_IO_QEMU_PROC_H
#define VMTWIN_IO_QEMU_PROC_H

#include <sys/types.h>

#include "base/log.h"

/* The pid of domain's living QEMU, 0: there is none, negative errno: can't be told. */
pid_t qemu_proc_find(const char *domain);
/*
 * Ends domain's QEMU: SIGTERM, which lets it flush, and SIGKILL after half of limit_ms. 0: none is
 * left; -ETIMEDOUT or another negative errno with the reason in fail.
 */
int qemu_proc_end(const char *domain, int limit_ms, struct vt_fail *fail);
/* The same by SIGKILL at once. */
int qemu_proc_kill(const char *domain, int limit_ms, struct vt_fail *fail);

#endif
