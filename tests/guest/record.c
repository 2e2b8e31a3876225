// SPDX-License-Identifier: GPL-2.0-or-later
/* The test guest's record format: see record.h. */
#include "record.h"

#include <string.h>

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static uint64_t draw(uint64_t number, uint64_t seed, uint64_t purpose)
{
	return mix(mix(number * 0x9e3779b97f4a7c15ull + seed) + purpose);
}

uint32_t rec_length(uint64_t number, uint64_t seed)
{
	unsigned int bits = (unsigned int)(draw(number, seed, 1) % 8);
	uint32_t sectors = 1u + (uint32_t)(draw(number, seed, 2) % (1u << bits));

	return sectors * REC_SECTOR;
}

bool rec_is_direct(uint64_t number, uint64_t seed)
{
	return draw(number, seed, 3) & 1;
}

unsigned int rec_batch(uint64_t number, uint64_t seed)
{
	return 1u + (unsigned int)(draw(number, seed, 4) % REC_MAX_BATCH);
}

void rec_advance(struct rec_place *place, uint64_t number, uint64_t seed, uint64_t ring_bytes)
{
	uint32_t length = rec_length(number, seed);

	place->offset_bytes += place->length_bytes;
	if (place->offset_bytes + length > ring_bytes) {
		place->offset_bytes = 0;
		place->lap++;
	}
	place->length_bytes = length;
}

/* A word each, cheap: the reader makes the whole ring again at each boot, under emulation. */
static uint64_t payload_word(uint64_t start, uint64_t index)
{
	uint64_t x = (start + index) * 0x9e3779b97f4a7c15ull;

	return x ^ (x >> 29);
}

static uint64_t fill(uint8_t *buf, size_t length, uint64_t start, bool compare, bool *equal)
{
	uint64_t sum = start;

	for (size_t i = 0; i < length / 8; i++) {
		uint64_t word = payload_word(start, i);

		if (compare)
			*equal &= memcmp(buf + i * 8, &word, 8) == 0;
		else
			memcpy(buf + i * 8, &word, 8);
		sum = (sum ^ word) * 0x100000001b3ull;
	}
	return sum;
}

static uint64_t head_sum(const struct rec_head *h)
{
	uint64_t sum = mix(h->magic ^ h->number);

	sum = mix(sum + h->seed);
	sum = mix(sum + (((uint64_t)h->length_bytes << 32) | h->boot));
	return mix(sum + h->payload_sum);
}

static uint64_t payload_start(uint64_t number, uint64_t seed, uint32_t boot)
{
	return draw(number, seed, 5 + (uint64_t)boot);
}

void rec_build(uint8_t *buf, uint64_t number, uint64_t seed, uint32_t boot)
{
	struct rec_head head = {
		.magic = REC_MAGIC,
		.number = number,
		.seed = seed,
		.length_bytes = rec_length(number, seed),
		.boot = boot,
	};

	head.payload_sum = fill(buf + sizeof(head), head.length_bytes - sizeof(head),
				payload_start(number, seed, boot), false, NULL);
	head.head_sum = head_sum(&head);
	memcpy(buf, &head, sizeof(head));
}

bool rec_head_valid(const struct rec_head *head, uint64_t seed)
{
	return head->magic == REC_MAGIC && head->seed == seed && head->number > 0 &&
	       head->head_sum == head_sum(head) && head->length_bytes == rec_length(head->number, seed);
}

const char *rec_check(const uint8_t *buf, size_t length, uint64_t number, uint64_t seed)
{
	struct rec_head head;
	bool equal = true;
	uint64_t sum;

	if (length < sizeof(head) || length < rec_length(number, seed))
		return "short";
	memcpy(&head, buf, sizeof(head));
	if (head.magic != REC_MAGIC)
		return "no record there";
	if (!rec_head_valid(&head, seed))
		return "bad header";
	if (head.number != number)
		return "other record there";
	sum = fill((uint8_t *)(uintptr_t)(buf + sizeof(head)), head.length_bytes - sizeof(head),
		   payload_start(number, seed, head.boot), true, &equal);
	if (!equal || sum != head.payload_sum)
		return "bad payload";
	return NULL;
}
