/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each fuzz target shares. A decoder is given any bytes; what it accepts must obey its promises,
 * and encoding it again must give the same bytes: there is one way to say a thing.
 */
#ifndef VMTWIN_TESTS_FUZZ_H
#define VMTWIN_TESTS_FUZZ_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(int holds)
{
	if (!holds)
		abort();
}

/* The bytes as a text of exactly that size, to be freed. */
static inline char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
