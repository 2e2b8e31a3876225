// SPDX-License-Identifier: GPL-2.0-or-later
/* Blanking of configuration: any bytes are survived, and a password is never let through. */
#include "tests/fuzz/fuzz.h"

#include "base/blank.h"

static char text[8192];
static char *out;
static size_t out_len;

static void run(void (*blank)(const char *, size_t, FILE *), size_t len)
{
	free(out);
	out = NULL;
	FILE *f = open_memstream(&out, &out_len);
	require(f != NULL);
	blank(text, len, f);
	require(fclose(f) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "<nvpair id='x' name=\"passwd\" value=\"", tail[] = "\"/>";
	static const char want[] = "<nvpair id='x' name=\"passwd\" value=\"(left out)\"/>";
	if (size > 4096)
		return 0;
	memcpy(text, data, size);
	run(vt_blank_conf, size);
	run(vt_blank_cib, size);
	require(out_len <= size + size / 2 + 16); /* a blanked value may be longer than an empty one */
	for (size_t i = 0; i < size; i++)
		if (data[i] == '"')
			return 0;
	memcpy(text, head, sizeof head - 1);
	memcpy(text + sizeof head - 1, data, size);
	memcpy(text + sizeof head - 1 + size, tail, sizeof tail - 1);
	run(vt_blank_cib, sizeof head + size + sizeof tail - 2);
	require(out_len == sizeof want - 1 && memcmp(out, want, out_len) == 0);
	return 0;
}
