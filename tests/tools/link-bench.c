// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Throughput and round trip of the data link: two processes over loopback (or between two network
 * namespaces: --listen and --connect), each frame acknowledged as in a stream.
 *
 *   link-bench [seconds]                      both ends here
 *   link-bench --listen ADDR PORT             one end; runs until the other has finished
 *   link-bench --connect ADDR PORT [seconds]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/link.h"
#include "io/pool.h"

#define BACKLOG_MAX (4u << 20)

struct bench {
	struct vr_ring *ring;
	struct vp_pool *pool;
	struct vl_link *link;
	bool connector, up, failed;
	/* sender */
	uint32_t length;
	unsigned depth; /* frames in flight */
	uint64_t sent, acked, until_ns, start_ns;
	bool running;
	struct vr_timer timer;
	/* receiver: acknowledgements of one batch go in one frame */
	uint8_t acks[64 << 10];
	struct vt_wbuf ack_buf;
};

static uint8_t payload[VF_PAYLOAD_MAX];

static void send_more(struct bench *b)
{
	while (b->running && b->sent - b->acked < b->depth && vl_backlog(b->link) < BACKLOG_MAX) {
		struct vf_header h = {.type = VF_WRITE, .length = b->length, .seq = ++b->sent};
		vl_send(b->link, &h, payload);
	}
}

static void on_idle(void *ctx)
{
	struct bench *b = ctx;
	if (b->ack_buf.len > 0) {
		struct vf_header h = {.type = VF_ACK, .length = (uint32_t)b->ack_buf.len};
		vl_send(b->link, &h, b->acks);
		vt_wbuf_init(&b->ack_buf, b->acks, sizeof b->acks);
	}
	send_more(b);
}

static void on_frame(void *ctx, const struct vf_header *h, struct vp_buf *buf)
{
	struct bench *b = ctx;
	if (h->type == VF_ACK) {
		b->acked += h->length / 12;
		if (!b->running && b->acked == b->sent)
			vr_stop(b->ring);
	} else if (h->type == VF_CORE) {
		vr_stop(b->ring);
	} else {
		vt_put_u64(&b->ack_buf, h->seq);
		vt_put_u32(&b->ack_buf, 0);
	}
	vp_put(buf);
}

static void on_up(void *ctx)
{
	struct bench *b = ctx;
	b->up = true;
	if (b->connector)
		vr_stop(b->ring);
}

static void on_down(void *ctx, const char *text)
{
	struct bench *b = ctx;
	if (b->connector)
		fprintf(stderr, "link-bench: down: %s\n", text);
	b->failed = true;
	vr_stop(b->ring);
}

static void on_note(void *ctx, enum vt_level level, const char *text)
{
	(void)ctx;
	(void)level;
	fprintf(stderr, "link-bench: %s\n", text);
}

static void on_time(struct vr_timer *t)
{
	struct bench *b = (struct bench *)((char *)t - offsetof(struct bench, timer));
	b->running = false;
	if (b->acked == b->sent)
		vr_stop(b->ring);
}

static double cpu_seconds(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void measure(struct bench *b, uint32_t length, unsigned depth, unsigned seconds)
{
	b->length = length;
	b->depth = depth;
	b->sent = b->acked = 0;
	b->running = true;
	double cpu = cpu_seconds();
	uint64_t start = vt_boottime_ns();
	vr_timer_arm(b->ring, &b->timer, start + seconds * 1000000000ull);
	if (vr_run(b->ring) < 0 || b->failed)
		exit(1);
	double s = (double)(vt_boottime_ns() - start) / 1e9;
	printf("%8u bytes  depth %3u  %9.0f frames/s  %8.1f MB/s  %8.1f us each  sender's CPU "
	       "%3.0f%%\n",
	       length, depth, (double)b->acked / s, (double)b->acked * length / s / 1e6,
	       s * 1e6 * depth / (double)b->acked, (cpu_seconds() - cpu) / s * 100);
	fflush(stdout);
}

static struct bench *open_end(const char *addr, uint16_t port, bool connector)
{
	struct vt_fail fail = {0};
	struct bench *b = calloc(1, sizeof *b);
	struct vl_config config = {.unit = "bench",
				   .unit_id = {7},
				   .key = {42},
				   .port = port,
				   .peer_port = port,
				   .rings = 1,
				   .connector = connector,
				   .timeout_ms = 5000};
	const struct vl_events events = {
	    .ctx = b, .up = on_up, .down = on_down, .frame = on_frame, .note = on_note};
	if (!b || vr_open(&b->ring, 256) < 0 || !(b->pool = vp_create(64)))
		exit(1);
	snprintf(config.self_addr[0], VW_ADDR_MAX, "%s", addr);
	snprintf(config.peer_addr[0], VW_ADDR_MAX, "%s", addr);
	b->connector = connector;
	b->timer.fire = on_time;
	vt_wbuf_init(&b->ack_buf, b->acks, sizeof b->acks);
	if (vl_open(&b->link, b->ring, b->pool, &config, &events, &fail) < 0) {
		fprintf(stderr, "link-bench: %s\n", fail.text);
		exit(1);
	}
	vr_on_idle(b->ring, on_idle, b);
	vl_enable(b->link, 1, connector ? 1 : 2, connector ? 2 : 1);
	return b;
}

static void close_end(struct bench *b)
{
	vl_close(b->link);
	vr_close(b->ring);
	vp_destroy(b->pool);
	free(b);
}

static int run_listener(const char *addr, uint16_t port)
{
	struct bench *b = open_end(addr, port, false);
	int rc = vr_run(b->ring);
	close_end(b);
	return rc < 0;
}

static int run_connector(const char *addr, uint16_t port, unsigned seconds)
{
	struct bench *b = open_end(addr, port, true);
	if (vr_run(b->ring) < 0 || !b->up)
		return 1;
	measure(b, 0, 1, seconds);
	measure(b, 4096, 1, seconds);
	measure(b, 4096, 32, seconds);
	measure(b, 4096, 256, seconds);
	measure(b, 65536, 32, seconds);
	measure(b, VF_PAYLOAD_MAX, 1, seconds);
	measure(b, VF_PAYLOAD_MAX, 4, seconds);
	struct vf_header bye = {.type = VF_CORE};
	vl_send(b->link, &bye, NULL);
	while (vl_backlog(b->link) > 0)
		vr_step(b->ring, vt_boottime_ns() + 10000000);
	close_end(b);
	return 0;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)(i * 2654435761u >> 13);
	if (argc == 4 && strcmp(argv[1], "--listen") == 0)
		return run_listener(argv[2], (uint16_t)atoi(argv[3]));
	if (argc >= 4 && strcmp(argv[1], "--connect") == 0)
		return run_connector(argv[2], (uint16_t)atoi(argv[3]),
				     argc > 4 ? (unsigned)atoi(argv[4]) : 2);
	uint16_t port = (uint16_t)(20000 + getpid() % 10000);
	pid_t child = fork();
	if (child == 0)
		return run_listener("127.0.0.1", port);
	int rc = run_connector("127.0.0.1", port, argc > 1 ? (unsigned)atoi(argv[1]) : 2);
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	return rc;
}
