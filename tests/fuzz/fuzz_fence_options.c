// SPDX-License-Identifier: GPL-2.0-or-later
/* The fence agent's options against any bytes, as lines and as words of a command line. The first byte chooses. */
#include "tests/fuzz/fuzz.h"

#include "stonith/options.h"

#define WORDS_MAX 16

static int is_host(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' || strchr(",;=", *name))
			return 0;
	return 1;
}

static void check(const struct fa_options *o, int rc, const struct vt_fail *fail)
{
	require(rc == 0 || (rc == -EINVAL && fail->text[0] != '\0'));
	require(o->action >= 0 && o->action < FA_ACTIONS);
	require(o->delay_s <= FA_SECONDS_MAX && o->wait_timeout_s <= FA_SECONDS_MAX);
	require(strlen(o->plug) <= FA_NODE_MAX && strlen(o->nodename) <= FA_NODE_MAX && strlen(o->debug_file) <= FA_PATH_MAX);
	require(is_host(fa_options_node(o)) && strlen(o->ignored) < sizeof o->ignored);
	for (const char *c = o->ignored; *c; c++)
		require(*c >= ' ' && *c < 0x7f);
}

static void as_lines(const char *text, size_t size)
{
	struct fa_options o, twice;
	struct vt_fail fail = {0};
	fa_options_init(&o);
	int rc = fa_options_stdin(&o, text, size, &fail);
	check(&o, rc, &fail);
	twice = o;
	if (rc == 0) { /* the last counts: the same once more changes nothing but what is noted */
		require(fa_options_stdin(&twice, text, size, &fail) == 0);
		memcpy(twice.ignored, o.ignored, sizeof o.ignored);
		require(strcmp(twice.plug, o.plug) == 0 && twice.action == o.action && twice.delay_s == o.delay_s &&
			twice.wait_timeout_s == o.wait_timeout_s && twice.quiet == o.quiet);
	}
}

/* text: size bytes, the last of them '\0'. */
static void as_words(const char *text, size_t size)
{
	const char *words[WORDS_MAX + 1] = {NULL};
	struct fa_options o;
	struct vt_fail fail = {0};
	int count = 0;
	for (const char *p = text; p < text + size && count < WORDS_MAX; p += strlen(p) + 1)
		words[count++] = p;
	fa_options_init(&o);
	int rc = fa_options_argv(&o, count, words, &fail);
	check(&o, rc, &fail);
	require(o.ignored[0] == '\0' && o.nodename[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	char *text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] % 2 == 0)
		as_lines(text, size - 1);
	else
		as_words(text, size);
	free(text);
	return 0;
}
