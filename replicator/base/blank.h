/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of configuration without what may be secret, for people outside. Pure but for the stream.
 */
#ifndef VMTWIN_BASE_BLANK_H
#define VMTWIN_BASE_BLANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* True if a parameter of that name may hold a secret. Rather one too many. */
bool vt_secret_name(const char *name, size_t len);
/* Copies corosync.conf without comments, and without the values of keys that hold a secret. */
void vt_blank_conf(const char *text, size_t len, FILE *out);
/*
 * Copies a CIB (XML) without comments; of nvpairs whose name may be a secret's, or whose value has
 * a login in an address, the value is left out. Text that is no XML is copied or cut, never
 * overrun.
 */
void vt_blank_cib(const char *text, size_t len, FILE *out);

#endif
