// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two data paths, a and b, in one process on one ring, joined by two real links over loopback, told
 * what to do by lines on standard input; a test's stand-in for the decision core. Each line is
 * answered by "ok LINE" or "fail LINE: why" once it is done; events are printed as "event NODE
 * TEXT".
 *
 *   dp-pair STORE_A MOUNT_A STORE_B MOUNT_B PORT
 *
 *   gate NODE readonly|pair|solo|frozen|failed
 *   sync NODE          resync with NODE as the source; answered when it's started
 *   wait synced|up|broken SECONDS   answered when that has happened since the last wait for it
 *   flush NODE, drain NODE
 *   link up|down|drop  drop: down and at once up again, resumed when up
 *   turn, end          the stream's hand-over and end, on both
 *   check NODE MS      breaks the stream if the peer has not answered for that long
 *   stat NODE, quit
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/dp.h"

#define BUFFERS 700

struct pair;

struct node {
	struct pair *pair;
	char name;
	struct vp_pool *pool;
	struct vd_path *path;
	struct vl_link *link;
	bool streams; /* a stream runs and may be resumed */
	bool freeze;  /* gate goes to frozen when the link breaks, as the core does it */
	enum vd_gate gate;
};

enum { W_SYNCED, W_UP, W_BROKEN, W_KINDS };

struct pair {
	struct vr_ring *ring;
	struct node node[2];
	struct vr_op input;
	char buf[4096], line[4096];
	size_t len;
	bool busy; /* a line isn't answered yet */
	int seen[W_KINDS];
	int waiting; /* -1: not */
	struct vr_timer timeout;
	uint64_t pairing;
	unsigned ups;
};

static void next_line(struct pair *p);

static void answer(struct pair *p, const char *why)
{
	if (why)
		printf("fail %s: %s\n", p->line, why);
	else
		printf("ok %s\n", p->line);
	fflush(stdout);
	p->busy = false;
}

static void happened(struct pair *p, int what)
{
	p->seen[what]++;
	if (p->waiting != what)
		return;
	p->waiting = -1;
	p->seen[what] = 0;
	vr_timer_cancel(p->ring, &p->timeout);
	answer(p, NULL);
	next_line(p);
}

static void timed_out(struct vr_timer *t)
{
	struct pair *p = (struct pair *)((char *)t - offsetof(struct pair, timeout));
	p->waiting = -1;
	answer(p, "not in time");
	next_line(p);
}

/* ---- events ---- */

static void event(struct node *n, const char *text)
{
	printf("event %c %s\n", n->name, text);
	fflush(stdout);
}

static void on_sync_done(void *ctx)
{
	struct node *n = ctx;
	event(n, "synced");
	happened(n->pair, W_SYNCED);
}

static void on_broken(void *ctx, const char *text)
{
	struct node *n = ctx;
	printf("event %c broken: %s\n", n->name, text);
	fflush(stdout);
	happened(n->pair, W_BROKEN);
}

static void on_disk(void *ctx, int error, const char *text)
{
	struct node *n = ctx;
	printf("event %c disk %d: %s\n", n->name, error, text);
	fflush(stdout);
}

static void on_gone(void *ctx)
{
	event(ctx, "mount gone");
}

static void set_gate(struct node *n, enum vd_gate gate)
{
	n->gate = gate;
	vd_set_gate(n->path, gate);
}

static void went_down(struct node *n)
{
	event(n, "down");
	vd_link_down(n->path);
	if (n->gate == VD_PAIR) {
		n->freeze = true;
		set_gate(n, VD_FROZEN);
	}
}

static void on_up(void *ctx)
{
	struct node *n = ctx;
	struct pair *p = n->pair;
	event(n, "up");
	if (++p->ups < 2)
		return;
	p->ups = 0;
	/* Both ends are up: the target first, so that it hears all that is sent again. */
	for (int i = 0; i < 2; i++)
		if (p->node[i].streams && p->node[i].gate == VD_READONLY)
			vd_resume(p->node[i].path);
	for (int i = 0; i < 2; i++) {
		if (!p->node[i].streams || p->node[i].gate == VD_READONLY)
			continue;
		vd_resume(p->node[i].path);
		if (p->node[i].freeze)
			set_gate(&p->node[i], VD_PAIR);
		p->node[i].freeze = false;
	}
	happened(p, W_UP);
}

static void on_down(void *ctx, const char *text)
{
	(void)text;
	went_down(ctx);
}

static void on_frame(void *ctx, const struct vf_header *h, struct vp_buf *payload)
{
	struct node *n = ctx;
	vd_frame(n->path, h, payload);
}

static void on_note(void *ctx, enum vt_level level, const char *text)
{
	struct node *n = ctx;
	fprintf(stderr, "note %c %d %s\n", n->name, level, text);
}

/* ---- commands ---- */

static void link_up(struct pair *p)
{
	p->ups = 0;
	vl_enable(p->node[0].link, p->pairing, 101, 102);
	vl_enable(p->node[1].link, p->pairing, 102, 101);
}

static void link_down(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		bool up = vl_is_up(p->node[i].link);
		vl_disable(p->node[i].link);
		if (up)
			went_down(&p->node[i]);
	}
}

static void done_ctx(void *ctx)
{
	answer(ctx, NULL);
	next_line(ctx);
}

static void flush_done(void *ctx, int res)
{
	answer(ctx, res < 0 ? strerror(-res) : NULL);
	next_line(ctx);
}

static const char *do_gate(struct node *n, const char *arg)
{
	static const char *const names[] = {"readonly", "pair", "solo", "frozen", "failed"};
	for (int i = 0; i < 5; i++) {
		if (strcmp(arg, names[i]) == 0) {
			set_gate(n, (enum vd_gate)i);
			return NULL;
		}
	}
	return "no such gate";
}

static void do_sync(struct pair *p, struct node *source)
{
	struct node *target = &p->node[source == &p->node[0]];
	source->streams = target->streams = true;
	p->seen[W_SYNCED] = p->seen[W_BROKEN] = 0;
	vd_target_start(target->path);
	vd_source_start(source->path);
}

static void do_stat(struct node *n)
{
	struct vd_progress g;
	vd_progress(n->path, &g);
	printf("stat %c total %llu done %llu sent %llu held %llu writes %llu reads %llu flushes "
	       "%llu\n",
	       n->name, (unsigned long long)g.total_bytes, (unsigned long long)g.done_bytes,
	       (unsigned long long)g.sent_bytes, (unsigned long long)g.held,
	       (unsigned long long)g.writes, (unsigned long long)g.reads,
	       (unsigned long long)g.flushes);
	vp_free_count(n->pool);
}

static void do_wait(struct pair *p, const char *what, const char *seconds)
{
	static const char *const names[] = {"synced", "up", "broken"};
	for (int i = 0; i < W_KINDS; i++) {
		if (strcmp(what, names[i]) != 0)
			continue;
		if (p->seen[i]) {
			p->seen[i] = 0;
			answer(p, NULL);
			return;
		}
		p->waiting = i;
		p->timeout.fire = timed_out;
		vr_timer_arm(p->ring, &p->timeout,
			     vt_boottime_ns() + strtoull(seconds, NULL, 10) * 1000000000u);
		return;
	}
	answer(p, "wait for what?");
}

static void do_link(struct pair *p, const char *how)
{
	if (strcmp(how, "up") != 0)
		link_down(p);
	if (strcmp(how, "down") != 0)
		link_up(p);
	p->seen[W_UP] = 0;
}

static const char *do_both(struct pair *p, const char *word)
{
	for (int i = 0; i < 2; i++) {
		if (strcmp(word, "turn") == 0)
			vd_stream_turn(p->node[i].path);
		else
			vd_stream_end(p->node[i].path);
		p->node[i].streams = strcmp(word, "turn") == 0;
	}
	return NULL;
}

static void command(struct pair *p)
{
	char words[3][64] = {"", "", ""};
	const char *why = NULL;
	p->busy = true;
	sscanf(p->line, "%63s %63s %63s", words[0], words[1], words[2]);
	struct node *n = &p->node[words[1][0] == 'b'];
	if (strcmp(words[0], "gate") == 0) {
		why = do_gate(n, words[2]);
	} else if (strcmp(words[0], "sync") == 0) {
		do_sync(p, n);
	} else if (strcmp(words[0], "wait") == 0) {
		do_wait(p, words[1], words[2]);
		return;
	} else if (strcmp(words[0], "flush") == 0) {
		vd_flush(n->path, flush_done, p);
		return;
	} else if (strcmp(words[0], "drain") == 0) {
		vd_drain(n->path, done_ctx, p);
		return;
	} else if (strcmp(words[0], "link") == 0) {
		do_link(p, words[1]);
	} else if (strcmp(words[0], "turn") == 0 || strcmp(words[0], "end") == 0) {
		why = do_both(p, words[0]);
	} else if (strcmp(words[0], "check") == 0) {
		vd_check_peer(n->path, vt_boottime_ns(), strtoull(words[2], NULL, 10) * 1000000u);
		vd_check_disk(n->path, vt_boottime_ns(), strtoull(words[2], NULL, 10) * 1000000u);
	} else if (strcmp(words[0], "stat") == 0) {
		do_stat(n);
	} else if (strcmp(words[0], "quit") == 0) {
		vr_stop(p->ring);
		return;
	} else {
		why = "no such command";
	}
	answer(p, why);
}

static void read_more(struct pair *p);

static void next_line(struct pair *p)
{
	char *end;
	while (!p->busy && (end = memchr(p->buf, '\n', p->len))) {
		size_t n = (size_t)(end - p->buf);
		memcpy(p->line, p->buf, n);
		p->line[n] = 0;
		p->len -= n + 1;
		memmove(p->buf, end + 1, p->len);
		command(p);
	}
}

static void input_done(struct vr_op *op, int res, bool more)
{
	struct pair *p = (struct pair *)((char *)op - offsetof(struct pair, input));
	(void)more;
	if (res <= 0) {
		vr_stop(p->ring);
		return;
	}
	p->len += (size_t)res;
	next_line(p);
	if (p->len < sizeof p->buf)
		read_more(p);
	else
		vr_stop(p->ring);
}

static void read_more(struct pair *p)
{
	struct io_uring_sqe *sqe = vr_sqe(p->ring);
	io_uring_prep_read(sqe, 0, p->buf + p->len, (unsigned)(sizeof p->buf - p->len), (__u64)-1);
	p->input.done = input_done;
	vr_attach(sqe, &p->input);
}

static void open_node(struct pair *p, int i, char **dirs, uint16_t port)
{
	struct node *n = &p->node[i];
	struct vt_fail fail = {0};
	char name[] = {'d', 'p', '-', (char)('a' + i), 0};
	n->pair = p;
	n->name = (char)('a' + i);
	n->pool = vp_create(BUFFERS);
	struct vd_config dc = {.unit = name, .data_dir = dirs[0], .mount_dir = dirs[1]};
	struct vd_events de = {n, on_sync_done, on_broken, on_disk, on_gone};
	struct vl_config lc = {.unit = "dp-pair",
			       .port = (uint16_t)(port + i),
			       .peer_port = (uint16_t)(port + 1 - i),
			       .rings = 1,
			       .self_addr = {"127.0.0.1"},
			       .peer_addr = {"127.0.0.1"},
			       .connector = i == 0,
			       .timeout_ms = 5000};
	struct vl_events le = {n, on_up, on_down, on_frame, on_note};
	memset(lc.key, 7, sizeof lc.key);
	if (!n->pool || vd_open(&n->path, p->ring, n->pool, &dc, &de, &fail) < 0 ||
	    vl_open(&n->link, p->ring, n->pool, &lc, &le, &fail) < 0) {
		fprintf(stderr, "%s\n", fail.text);
		if (p->node[0].path)
			vd_close(p->node[0].path);
		exit(1);
	}
	vd_set_link(n->path, n->link);
}

int main(int argc, char **argv)
{
	static struct pair pair;
	struct pair *p = &pair;
	struct rlimit files = {65536, 65536};
	if (argc != 6) {
		fprintf(stderr, "usage: dp-pair STORE_A MOUNT_A STORE_B MOUNT_B PORT\n");
		return 2;
	}
	umask(0);
	setrlimit(RLIMIT_NOFILE, &files);
	p->waiting = -1;
	p->pairing = 77;
	if (vr_open(&p->ring, 1024) < 0)
		return 1;
	for (int i = 0; i < 2; i++)
		open_node(p, i, argv + 1 + 2 * i, (uint16_t)strtoul(argv[5], NULL, 10));
	printf("ready\n");
	fflush(stdout);
	read_more(p);
	int rc = vr_run(p->ring);
	for (int i = 0; i < 2; i++) {
		vl_close(p->node[i].link);
		vd_close(p->node[i].path);
		vp_destroy(p->node[i].pool);
	}
	printf("bye\n");
	return rc < 0;
}
