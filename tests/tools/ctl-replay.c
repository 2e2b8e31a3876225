// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl-replay DIR: answers each control request with the lines "key=value" of DIR/CMD, or of
 * DIR/CMD.N if the request asks for page N (key `from`); a vertical tab in a value becomes a line
 * end. Requests are appended to DIR/log, one a line. For tests of the command's output. Says "ready" when it listens; ends at SIGTERM.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <qb/qbloop.h>

#include "io/ipcs.h"

static void log_request(const char *dir, const struct vt_kv *kv)
{
	char path[PATH_MAX];
	const char *key, *value;
	snprintf(path, sizeof path, "%s/log", dir);
	FILE *f = fopen(path, "ae");
	if (!f)
		return;
	for (size_t pos = 0; vt_kv_next(kv, &pos, &key, &value);)
		fprintf(f, "%s=%s ", key, value);
	fputc('\n', f);
	fclose(f);
}

static void on_request(void *ctx, struct vt_ipcs_conn *conn, const struct vt_kv *kv)
{
	char path[PATH_MAX], line[4096];
	const char *from = vt_kv_get(kv, "from");
	const char *cmd = vt_kv_get(kv, "cmd");
	struct vt_kv reply;
	snprintf(path, sizeof path, "%s/%s%s%s", (const char *)ctx, cmd ? cmd : "none",
		 from ? "." : "", from ? from : "");
	vt_kv_init(&reply);
	log_request(ctx, kv);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		char *equals = strchr(line, '=');
		if (!equals)
			continue;
		*equals = '\0';
		for (char *at = equals + 1; *at; at++)
			if (*at == '\v') /* a line end in the value */
				*at = '\n';
		vt_kv_add(&reply, line, "%s", equals + 1);
	}
	if (f)
		fclose(f);
	vt_ipcs_reply(conn, &reply);
}

static void on_closed(void *ctx, struct vt_ipcs_conn *conn)
{
	(void)ctx;
	(void)conn;
}

static int32_t on_signal(int32_t signal_number, void *data)
{
	(void)signal_number;
	qb_loop_stop(data);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct vt_ipcs_ops ops = {.request = on_request, .closed = on_closed};
	struct vt_ipcs *ipcs;
	struct vt_fail fail = {0};
	qb_loop_signal_handle handle;
	if (argc != 2) {
		fprintf(stderr, "usage: ctl-replay DIR\n");
		return 64;
	}
	qb_loop_t *loop = qb_loop_create();
	if (vt_ipcs_open(&ipcs, "vmtwind", &ops, argv[1], &fail) < 0) {
		fprintf(stderr, "ctl-replay: %s\n", fail.text);
		return 1;
	}
	qb_loop_signal_add(loop, QB_LOOP_HIGH, 15, loop, on_signal, &handle);
	puts("ready");
	fflush(stdout);
	qb_loop_run(loop);
	vt_ipcs_close(ipcs);
	return 0;
}
