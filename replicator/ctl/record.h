/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A unit's durable record looked at without its lock: for people, never to act upon. */
#ifndef VMTWIN_CTL_RECORD_H
#define VMTWIN_CTL_RECORD_H

#include <stdio.h>
#include <time.h>

#include "wire/meta.h"

/* The record that counts, and when it was written. 0 or negative errno (vm_decode's, or of the
 * files). A worker may be writing: then it may be the one before. */
int cr_read(const char *store, struct vm_record *out, time_t *when);
/* Both slots as text, whatever is wrong with them. */
void cr_print_slots(FILE *out, const char *store);
/* "solo (it holds writes that the other host lacks), last era 7, recorded 2026-..." in one line. */
void cr_print_line(FILE *out, const struct vm_record *rec, time_t when);

#endif
