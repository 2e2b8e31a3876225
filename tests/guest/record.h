/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test guest's record format: what a record with a given number looks like and where in the ring file it lies.
 *
 * Size, place and contents follow from (number, seed, boot), so that a reader needs no index that could itself be
 * lost: it works out where every record must be and what must stand in it.
 */
#ifndef VMTWIN_TEST_GUEST_RECORD_H
#define VMTWIN_TEST_GUEST_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REC_SECTOR	512u
#define REC_MAX_BYTES	65536u	/* largest record */
#define REC_MAX_BATCH	8u	/* most records between two flushes; bounds what may be torn by a power cut */
#define REC_MAGIC	0x3144524f43455256ull

struct rec_head {
	uint64_t magic;
	uint64_t number;	/* from 1 */
	uint64_t seed;
	uint32_t length_bytes;	/* header included */
	uint32_t boot;		/* incarnation that wrote it, from 1 */
	uint64_t payload_sum;
	uint64_t head_sum;	/* over the fields above */
};

/* Where a record lies: offset in the file, and how often the ring had been filled before it. */
struct rec_place {
	uint64_t offset_bytes;
	uint64_t lap;
	uint32_t length_bytes;
};

/* Length in bytes of record `number`: a multiple of 512, at most REC_MAX_BYTES. */
uint32_t rec_length(uint64_t number, uint64_t seed);

/* True if record `number` is written with O_DIRECT. */
bool rec_is_direct(uint64_t number, uint64_t seed);

/* Number of records in the batch that starts with `number`: 1..REC_MAX_BATCH. */
unsigned int rec_batch(uint64_t number, uint64_t seed);

/*
 * Moves `place` from one record to the next, whose number is `number`; start with a zeroed place before number 1.
 * `ring_bytes` is the size of the ring, at least twice REC_MAX_BYTES.
 */
void rec_advance(struct rec_place *place, uint64_t number, uint64_t seed, uint64_t ring_bytes);

/* Builds the whole record in `buf` (rec_length() bytes). */
void rec_build(uint8_t *buf, uint64_t number, uint64_t seed, uint32_t boot);

/* True if `head` is a valid header of some record with this seed; says nothing about its payload. */
bool rec_head_valid(const struct rec_head *head, uint64_t seed);

/* NULL if `buf` (`length` bytes) is record `number` in full, else what is wrong with it, as constant text. */
const char *rec_check(const uint8_t *buf, size_t length, uint64_t number, uint64_t seed);

#endif
