/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unit's durable record as bytes: one slot file of VM_SLOT_SIZE bytes. Two slots (slot0, slot1 in
 * the store's meta directory) are written in turn, so that a torn write leaves the older one whole.
 * Layout: docs/DISK-FORMAT.md.
 */
#ifndef VMTWIN_WIRE_META_H
#define VMTWIN_WIRE_META_H

#include <stddef.h>
#include <stdint.h>

#include "core/types.h"

#define VM_SLOT_SIZE 4096
#define VM_FORMAT 2

struct vm_record {
	uint64_t generation; /* the higher valid one of two slots counts */
	struct vc_durable durable;
};

/* Encodes into out[VM_SLOT_SIZE], padding with zeroes. */
void vm_encode(const struct vm_record *rec, uint8_t *out);
/*
 * 0; -ENODATA: all zero (never written); -EBADMSG: damaged (checksum, bounds); -EPROTONOSUPPORT: a
 * format of another version of the software.
 */
int vm_decode(struct vm_record *rec, const uint8_t *in);

#endif
