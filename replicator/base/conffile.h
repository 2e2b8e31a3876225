/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What configuration files have in common: lines of "key = value", blank lines, comments that begin with '#'. */
#ifndef VMTWIN_BASE_CONFFILE_H
#define VMTWIN_BASE_CONFFILE_H

#include <stddef.h>

#include "base/log.h"

#define VT_CONF_FILE_MAX 65536 /* bytes of a file, its end included */

/* Takes one pair; key and value are without blanks around them, the value may be empty. 0, or negative errno with fail. */
typedef int (*vt_conf_pair)(void *ctx, unsigned line, const char *key, const char *value, struct vt_fail *fail);

/*
 * Hands over the pairs of a text in their order and ends at the first one that is refused. path: for messages
 * ("PATH:LINE: ..."). 0, or -EINVAL for a line that is none, or what pair returned; fail says why.
 */
int vt_conf_parse(const char *text, const char *path, vt_conf_pair pair, void *ctx, struct vt_fail *fail);
/*
 * Reads a file as text into out (cap bytes, terminated). 0; -ENOENT, fail untouched; or another negative errno and
 * fail says why: too long (-EINVAL), a NUL byte in it (-EINVAL), unreadable.
 */
int vt_conf_read(const char *path, char *out, size_t cap, struct vt_fail *fail);

#endif
