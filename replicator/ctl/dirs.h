/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories: the small durable steps that create and destroy are made of. */
#ifndef VMTWIN_CTL_DIRS_H
#define VMTWIN_CTL_DIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"

#define CD_PATH_MAX 1200 /* a unit's path (VT_PATH_MAX) and what is appended to it */

/* dir/name into out[CD_PATH_MAX]. 0 or -ENAMETOOLONG. */
int cd_join(char *out, const char *dir, const char *name);
/* The part of path before its last '/', at least "/". */
void cd_parent(char *out, const char *path);

enum cd_kind { CD_ABSENT, CD_EMPTY, CD_FILLED, CD_OTHER }; /* CD_OTHER: not a directory */
/* What is at path (a symbolic link is CD_OTHER). Negative errno if it can't be told. */
int cd_kind(const char *path);

/* Which mount and device path is on: two paths can be renamed into each other if both agree. */
struct cd_place {
	uint64_t mount;
	uint32_t major, minor;
};
int cd_place(const char *path, struct cd_place *out);
bool cd_same_place(const struct cd_place *a, const struct cd_place *b);
/* 1 if something is mounted at path or below it (found: where), 0 if not, negative errno. */
int cd_mount_below(const char *path, char *found, size_t cap);

/* fsync of a directory. */
int cd_sync(const char *path);
/* mkdir with mode and durable, parent included; an existing directory is fine. */
int cd_make(const char *path, mode_t mode);
/* Owner and mode of `like`'s directory for path. */
int cd_copy_owner(const char *path, const char *like);
/*
 * Sets or clears the immutable attribute, which stops stray writes into a directory that nothing is
 * mounted on. -EOPNOTSUPP: this file system or this process can't.
 */
int cd_immutable(const char *path, bool on);
/* Renames from to to, which must not exist (or may be an empty directory with over_empty), durable. */
int cd_move(const char *from, const char *to, bool over_empty);
/* Removes a metadata directory that no unit uses: its two slots and itself. Absent: 0. */
int cd_drop_meta(const char *meta);

/*
 * Deletes dir and all that is in it, following no links and into no other file system. What can't be
 * deleted is told with its name, and then the rest stays.
 */
int cd_remove_tree(const char *dir, struct vt_fail *fail);

#endif
