/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a VM's directory before they become a unit's: what they are and who uses them. */
#ifndef VMTWIN_CTL_TREE_H
#define VMTWIN_CTL_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"

#define CT_FILES_MAX 200000 /* entries of one VM's directory; more: it is no VM's directory */

struct ct_tree {
	uint64_t *inode; /* sorted; of directories and files; freed by ct_free */
	size_t count;
	uint32_t dev_major, dev_minor;
	uint64_t files; /* regular files */
	uint64_t bytes; /* they occupy on disk */
	char link[256]; /* a symbolic link that leads out of the directory, "" if there is none */
};

/*
 * Reads the tree below dir. -EFBIG: more than CT_FILES_MAX entries; -EXDEV: something else is mounted
 * in it; -EMLINK: a file has a further name outside, by which it could be changed unseen; other
 * negative errno. fail tells it with the file's name.
 */
int ct_read(struct ct_tree *tree, const char *dir, struct vt_fail *fail);
void ct_free(struct ct_tree *tree);

/*
 * Looks for a process that has a file or directory of the tree open or as its working directory.
 * 0: none. -EBUSY: fail names pid, program and what it has open. Other negative errno.
 */
int ct_in_use(const struct ct_tree *tree, const char *dir, struct vt_fail *fail);

#endif
