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

/*
 * Which of the two slots counts: 0 or 1, given what reading and decoding each gave (res[i] 0 or a
 * negative error, rec[i] where it is 0). -EBADMSG: neither; -EPROTONOSUPPORT: one is of another
 * version. *damaged: one slot could not be read, or the two do not follow each other (a lost write). The
 * next record goes into the slot that does not count, with the next generation.
 */
int vm_choose(const struct vm_record rec[2], const int res[2], int *damaged);
/*
 * What is left of a record's word if the other slot was damaged: that one may have been the newer and
 * have said that the peer went on, so nothing starts alone on the older one (S8); nor does it say what
 * has changed since.
 */
void vm_distrust(struct vc_durable *durable);

#endif
