/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean ...?": the known word nearest to a mistyped one. Pure. */
#ifndef VMTWIN_BASE_NEAREST_H
#define VMTWIN_BASE_NEAREST_H

#include <stddef.h>

/*
 * The word of known[count] with the fewest insertions, deletions, replacements and swaps of
 * neighbours to reach it from word, if they are few enough to be a slip (a third of the word's
 * letters, at least 2); else NULL. Words of more than 63 bytes have no neighbours.
 */
const char *vt_nearest(const char *word, const char *const *known, size_t count);

#endif
