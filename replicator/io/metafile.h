/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two metadata slots on disk. Blocking calls: for start, create and the persist helper. */
#ifndef VMTWIN_IO_METAFILE_H
#define VMTWIN_IO_METAFILE_H

#include "base/log.h"
#include "wire/meta.h"

struct vm_file {
	int fd[2];
	uint64_t generation; /* of the valid slot */
	int current;	     /* the slot that holds it */
	int lock_fd;	     /* flock on the meta directory: one daemon a unit */
};

/*
 * Makes the slots in meta_dir (which exists and is empty but for other metadata) with a first record.
 * -EEXIST if slots are there. Durable (files and directory) on return.
 */
int vm_file_create(const char *meta_dir, const struct vc_durable *first, struct vt_fail *fail);
/*
 * Opens both slots, takes the lock, reads the newer valid one. One damaged slot is told by
 * *damaged = 1 and is rewritten by the next store. -EBUSY: another daemon has the unit. -ENOENT: not
 * created. -EBADMSG: no valid slot; nothing is touched. fail tells which file and what to do.
 */
int vm_file_open(struct vm_file *file, const char *meta_dir, struct vc_durable *out, int *damaged,
		 struct vt_fail *fail);
/* Writes the next generation into the other slot, durable on return. 0 or negative errno. */
int vm_file_store(struct vm_file *file, const struct vc_durable *durable);
/*
 * The same in steps, for a caller that writes by io_uring: prepare encodes the next generation into
 * bytes[VM_SLOT_SIZE], which go to offset 0 of next_fd; once that fd is synced, stored makes it count.
 */
void vm_file_prepare(const struct vm_file *file, const struct vc_durable *durable, uint8_t *bytes);
int vm_file_next_fd(const struct vm_file *file);
void vm_file_stored(struct vm_file *file);
void vm_file_close(struct vm_file *file);

#endif
