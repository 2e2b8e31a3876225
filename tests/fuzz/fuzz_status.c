// SPDX-License-Identifier: GPL-2.0-or-later
/* A reply of the control socket, as `vmtwin status` shows it: any bytes. It never moves the cursor, and is one line of JSON. */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>

#include "ctl/cmd.h"
#include "ctl/status_view.h"
#include "wire/ctl.h"

static char *shown(const struct sv_list *list, bool json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	require(out != NULL);
	if (json)
		sv_print_json(out, list);
	else
		sv_print_table(out, list, false);
	fclose(out);
	require(text && strlen(text) == size);
	for (const char *at = text; *at; at++)
		require((unsigned char)*at >= ' ' || *at == '\n');
	return text;
}

/* Strings end, brackets meet; "\n" is at the end only. */
static void check_json(const char *text)
{
	char open[8];
	size_t depth = 0;
	bool string = false;
	for (; *text && *text != '\n'; text++) {
		if (string && *text == '\\') {
			require(strchr("\"\\u", text[1]) && text[1]);
			text++;
		} else if (*text == '"') {
			string = !string;
		} else if (!string && strchr("{[", *text)) {
			require(depth < sizeof open);
			open[depth++] = *text == '{' ? '}' : ']';
		} else if (!string && strchr("}]", *text)) {
			require(depth > 0 && open[--depth] == *text);
		}
	}
	require(!string && depth == 0 && text[0] == '\n' && text[1] == '\0');
}

static void show(const struct vt_kv *reply)
{
	static struct sv_list list;
	list = (struct sv_list){.count = 0};
	require(sv_add_page(&list, reply, 0, "") == list.count && list.count <= SV_UNITS_MAX);
	int code = sv_exit_code(&list);
	require(code == EX_DONE || code == EX_ORANGE || code == EX_RED);
	free(shown(&list, false));
	char *json = shown(&list, true);
	check_json(json);
	free(json);
}

/* What was understood, encoded, is the message it came as. */
static void check_message(const struct vt_kv *kv, const uint8_t *data, size_t size, bool reply)
{
	static uint8_t again[VT_CTL_MSG_MAX];
	static struct vt_kv second;
	ssize_t n = reply ? vt_ctl_encode_reply(kv, again, sizeof again) : vt_ctl_encode_request(kv, again, sizeof again);
	require(n == (ssize_t)size && (reply ? vt_ctl_decode_reply(&second, again, size) : vt_ctl_decode_request(&second, again, size)) == 0);
	require(second.len == kv->len && memcmp(second.bytes, kv->bytes, kv->len) == 0 && memcmp(again + size - kv->len, data + size - kv->len, kv->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vt_kv kv;
	int rc = vt_ctl_decode_request(&kv, data, size);
	require(rc == 0 || (rc == -EBADMSG && kv.len == 0));
	if (rc == 0)
		check_message(&kv, data, size, false);
	rc = vt_ctl_decode_reply(&kv, data, size);
	require(rc == 0 || (rc == -EBADMSG && kv.len == 0));
	if (rc == 0)
		check_message(&kv, data, size, true);
	/* A header that is right is hard to hit: the same without one. */
	if (vt_kv_decode(&kv, data, size) == 0)
		show(&kv);
	return 0;
}
