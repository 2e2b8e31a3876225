// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/link_pair.h"

#include <stdlib.h>
#include <sys/wait.h>

static void opened(struct pair *p, bool relayed)
{
	pair_init(p, relayed);
	pair_open(p);
	pair_enable(p);
	UNTIL(p, p->c.ups == 1 && p->l.ups == 1, 5000);
}

static void frames_both_ways(void **state)
{
	(void)state;
	static const uint32_t lengths[] = {0, 1, 16, 4096, 16384, 70000, VF_PAYLOAD_MAX};
	struct pair p;
	opened(&p, false);
	assert_true(vl_is_up(p.c.link) && vl_is_up(p.l.link));
	assert_int_equal(vl_ring(p.c.link), 0);
	assert_int_equal(vl_ring(p.l.link), 0);
	for (unsigned i = 0; i < 7; i++) {
		send_pattern(&p.c, VF_WRITE, i + 1, lengths[i]);
		send_pattern(&p.l, VF_ACK, i + 1, lengths[i]);
		assert_true(vl_backlog(p.c.link) > 0);
		UNTIL(&p, p.c.frames == i + 1 && p.l.frames == i + 1, 5000);
		assert_int_equal(p.l.h.type, VF_WRITE);
		assert_int_equal(p.c.h.type, VF_ACK);
		assert_int_equal(p.l.h.length, lengths[i]);
		assert_true(p.l.h.file == 7 && p.l.h.offset == 4096 * (i + 1ull));
	}
	assert_false(p.c.payload_bad || p.l.payload_bad);
	assert_int_equal(vp_free_count(p.c.pool), 16);
	assert_int_equal(vl_backlog(p.c.link), 0);
	pair_close(&p);
}

static void many_frames_in_order(void **state)
{
	(void)state;
	struct pair p;
	uint64_t sum = 0;
	opened(&p, false);
	for (unsigned i = 1; i <= 3000; i++) {
		send_pattern(&p.c, VF_WRITE, i, i % 9000);
		sum = sum * 31 + i;
	}
	UNTIL(&p, p.l.frames == 3000, 20000);
	assert_true(p.l.sum == sum);
	assert_false(p.l.payload_bad);
	pair_close(&p);
}

static void refused(struct pair *p, const char *note_l, const char *note_c)
{
	pair_open(p);
	pair_enable(p);
	if (note_l)
		UNTIL(p, p->l.notes > 0, 5000);
	if (note_c)
		UNTIL(p, p->c.notes > 0, 5000);
	for (uint64_t until = vt_boottime_ns() + 500 * 1000000ull; vt_boottime_ns() < until;)
		pair_step(p);
	if (note_l && !strstr(p->l.note, note_l))
		fail_msg("listener said: %s", p->l.note);
	if (note_c && !strstr(p->c.note, note_c))
		fail_msg("connector said: %s", p->c.note);
	assert_int_equal(p->l.ups + p->c.ups + p->l.downs + p->c.downs, 0);
	assert_true(p->l.notes <= 1 && p->c.notes <= 1); /* tried several times, told once */
	pair_close(p);
}

static void wrong_key(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p, false);
	p.cc.key[31] ^= 1;
	refused(&p, "wrong key", "wrong key");
}

static void wrong_unit_id(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p, false);
	p.cc.unit_id[0] ^= 1;
	refused(&p, "another unit", "wrong key: are /etc/corosync/authkey and the unit's id");
}

static void wrong_unit_name(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p, false);
	p.cc.unit = "vm2";
	refused(&p, "another unit (vm2/", NULL);
}

static void wrong_pairing(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p, false);
	pair_open(&p);
	vl_enable(p.c.link, 99, 1, 2);
	vl_enable(p.l.link, 98, 2, 1);
	UNTIL(&p, p.l.notes + p.c.notes > 0, 5000);
	assert_non_null(strstr(p.l.notes ? p.l.note : p.c.note, "another pairing"));
	assert_int_equal(p.l.ups + p.c.ups, 0);
	vl_enable(p.l.link, 99, 2, 1); /* now they agree */
	UNTIL(&p, p.c.ups == 1 && p.l.ups == 1, 5000);
	pair_close(&p);
}

static void wrong_incarnation(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p, false);
	pair_open(&p);
	vl_enable(p.c.link, 99, 1, 3); /* expects an older worker there */
	vl_enable(p.l.link, 99, 2, 1);
	UNTIL(&p, p.l.notes > 0, 5000);
	for (int i = 0; i < 300; i++)
		pair_step(&p);
	assert_int_equal(p.l.ups + p.c.ups, 0);
	pair_close(&p);
}

static void altered_in_transit(void **state)
{
	(void)state;
	struct pair p;
	opened(&p, true);
	send_pattern(&p.c, VF_WRITE, 1, 4096);
	UNTIL(&p, p.l.frames == 1, 5000);
	p.relay.flip_next = true;
	send_pattern(&p.c, VF_WRITE, 2, 4096);
	UNTIL(&p, p.l.downs == 1, 5000);
	assert_int_equal(p.relay.flipped, 1);
	assert_int_equal(p.l.frames, 1); /* nothing of it came through */
	assert_non_null(strstr(p.l.down_text, "altered"));
	UNTIL(&p, p.c.downs == 1 && p.c.ups == 2 && p.l.ups == 2, 5000);
	pair_close(&p);
}

static void silent_peer(void **state)
{
	(void)state;
	struct pair p;
	opened(&p, false);
	uint64_t start = vt_boottime_ns();
	for (int i = 0; i < 300; i++) /* pings keep an idle link up: timeout is 500 ms */
		pair_step(&p);
	while (vt_boottime_ns() - start < 1000000000ull)
		pair_step(&p);
	assert_int_equal(p.c.downs + p.l.downs, 0);
	start = vt_boottime_ns();
	p.stop_l = true;
	UNTIL(&p, p.c.downs == 1, 2000);
	assert_true(vt_boottime_ns() - start < 800 * 1000000ull);
	assert_non_null(strstr(p.c.down_text, "nothing heard"));
	p.stop_l = false;
	UNTIL(&p, p.c.ups == 2 && p.l.ups == 2 && p.l.downs == 1, 5000);
	assert_int_equal(p.c.downs, 1);
	pair_close(&p);
}

static void port_in_use(void **state)
{
	(void)state;
	struct pair p;
	struct vl_link *other = NULL;
	struct vt_fail fail = {0};
	struct vl_events events = {0};
	pair_init(&p, false);
	pair_open(&p);
	assert_int_equal(vl_open(&other, p.l.ring, p.l.pool, &p.lc, &events, &fail), -EADDRINUSE);
	assert_null(other);
	assert_non_null(strstr(fail.text, "another program or unit has it"));
	pair_close(&p);
}

/* Somebody is gone and its socket not yet: as after kill -9 of a worker, whose ring ends a moment
 * later. */
static void port_soon_free(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p, false);
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(p.lc.port)};
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(fd, 1), 0);
	pid_t holder = fork();
	if (holder == 0) {
		usleep(300000);
		_exit(0);
	}
	close(fd);
	pair_open(&p);
	waitpid(holder, NULL, 0);
	pair_close(&p);
}

static void disable_and_enable(void **state)
{
	(void)state;
	struct pair p;
	opened(&p, false);
	for (int i = 1; i <= 3; i++) {
		vl_disable(p.c.link);
		assert_false(vl_is_up(p.c.link));
		UNTIL(&p, p.l.downs == i, 5000);
		assert_int_equal(p.c.downs, 0); /* one's own doing is no news */
		vl_enable(p.c.link, 99, 1, 2);
		UNTIL(&p, p.c.ups == i + 1 && p.l.ups == i + 1, 5000);
	}
	vl_disable(p.l.link);
	UNTIL(&p, p.c.downs == 1, 5000);
	for (int i = 0; i < 300; i++)
		pair_step(&p);
	assert_int_equal(p.l.downs, 3);
	assert_int_equal(p.c.downs, 1);
	assert_int_equal(p.c.ups, 4);
	pair_close(&p);
}

/* A cut leaves the listener with a connection that looks alive: the new one takes its place. */
static void newest_wins(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p, true);
	p.lc.timeout_ms = 60000;
	pair_open(&p);
	pair_enable(&p);
	UNTIL(&p, p.c.ups == 1 && p.l.ups == 1, 5000);
	p.relay.hold = true; /* what passed so far is never heard of again */
	p.relay.b[0] = -1 - p.relay.b[0];
	vl_disable(p.c.link);
	p.relay.hold = false;
	vl_enable(p.c.link, 99, 1, 2);
	UNTIL(&p, p.c.ups == 2 && p.l.ups == 2, 5000);
	assert_int_equal(p.l.downs, 1);
	assert_non_null(strstr(p.l.down_text, "new connection"));
	send_pattern(&p.l, VF_ACK, 5, 12);
	UNTIL(&p, p.c.frames == 1, 5000);
	close(-1 - p.relay.b[0]);
	pair_close(&p);
}

/* 14 of 16 buffers are for anybody: the rest of the frames wait, in order, nothing is lost. */
static void empty_pool_stops_receiving(void **state)
{
	(void)state;
	struct pair p;
	uint64_t sum = 0;
	opened(&p, false);
	p.l.hold = true;
	for (unsigned i = 1; i <= 40; i++) {
		send_pattern(&p.c, VF_WRITE, i, 300000);
		sum = sum * 31 + i;
	}
	UNTIL(&p, p.l.frames == 14, 5000);
	for (uint64_t until = vt_boottime_ns() + 300 * 1000000ull; vt_boottime_ns() < until;)
		pair_step(&p);
	assert_int_equal(p.l.frames, 14);
	send_pattern(&p.l, VF_ACK, 1, 12); /* the other direction goes on */
	UNTIL(&p, p.c.frames == 1, 5000);
	p.l.hold = false;
	while (p.l.held_len > 0)
		vp_put(p.l.held[--p.l.held_len]);
	UNTIL(&p, p.l.frames == 40, 10000);
	assert_true(p.l.sum == sum);
	assert_false(p.l.payload_bad);
	assert_int_equal(p.l.downs + p.c.downs, 0);
	pair_close(&p);
}

/* Requests hold every buffer that is not reserved: acknowledgements come in all the same. */
static void acks_use_the_reserve(void **state)
{
	(void)state;
	struct pair p;
	struct vp_buf *bufs[14];
	opened(&p, false);
	for (int i = 0; i < 14; i++)
		bufs[i] = vp_get(p.c.pool, false);
	assert_null(vp_get(p.c.pool, false));
	for (unsigned i = 1; i <= 100; i++)
		send_pattern(&p.l, i % 2 ? VF_ACK : VF_CORE, i, 12);
	UNTIL(&p, p.c.frames == 100, 5000);
	for (int i = 0; i < 14; i++)
		vp_put(bufs[i]);
	pair_close(&p);
}

static int raw_connect(uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	return fd;
}

static void strangers(void **state)
{
	(void)state;
	struct pair p;
	int fds[20];
	pair_init(&p, false);
	pair_open(&p);
	vl_enable(p.l.link, 99, 2, 1);
	for (int i = 0; i < 20; i++) {
		fds[i] = raw_connect(p.lc.port);
		pair_step(&p);
	}
	for (int i = 0; i < 50; i++)
		pair_step(&p);
	static const char text[] = "GET / HTTP/1.0\r\n\r\n";
	assert_true(send(fds[19], text, sizeof text, MSG_NOSIGNAL) > 0);
	UNTIL(&p, p.l.notes == 1, 5000);
	assert_non_null(strstr(p.l.note, "doesn't speak"));
	unsigned half_open = 0;
	for (struct vl_conn *c = p.l.link->conns; c; c = c->next)
		half_open += c->state != CONN_DEAD;
	assert_true(half_open <= VL_HALF_OPEN_MAX);
	vl_enable(p.c.link, 99, 1, 2);
	UNTIL(&p, p.c.ups == 1 && p.l.ups == 1, 5000);
	for (int i = 0; i < 20; i++)
		close(fds[i]);
	pair_close(&p);
}

static void next_ring_is_tried(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p, false);
	p.cc.rings = p.lc.rings = 2;
	strcpy(p.cc.peer_addr[0], "127.0.0.9"); /* nobody there */
	strcpy(p.cc.peer_addr[1], "127.0.0.2");
	strcpy(p.lc.self_addr[1], "127.0.0.2");
	pair_open(&p);
	pair_enable(&p);
	UNTIL(&p, p.c.ups == 1 && p.l.ups == 1, 5000);
	assert_int_equal(vl_ring(p.c.link), 1);
	assert_int_equal(vl_ring(p.l.link), 1);
	char addr[1][VW_ADDR_MAX] = {"127.0.0.1"};
	vl_set_peer(p.c.link, 1, addr, p.lc.port);
	vl_disable(p.c.link);
	vl_enable(p.c.link, 99, 1, 2);
	UNTIL(&p, p.c.ups == 2 && p.l.ups == 2, 5000);
	assert_int_equal(vl_ring(p.c.link), 0);
	pair_close(&p);
}

/* TLS vouches for the way; the checksum for the peer's memory. */
static void corrupt_frame_inside_tls(void **state)
{
	(void)state;
	struct pair p;
	opened(&p, false);
	struct vf_header h = {.type = VF_WRITE, .length = 100, .seq = 3};
	uint8_t header[VF_HEADER_SIZE], payload[100] = {0};
	vf_encode(&h, payload, header);
	payload[50] = 1;
	tl_write(&p.c.link->up->tls, header, sizeof header);
	tl_write(&p.c.link->up->tls, payload, sizeof payload);
	UNTIL(&p, p.l.downs == 1, 5000);
	assert_non_null(strstr(p.l.down_text, "checksum"));
	assert_int_equal(p.l.frames, 0);
	assert_int_equal(vp_free_count(p.l.pool), 16);
	pair_close(&p);
}

static void corrupt_header_inside_tls(void **state)
{
	(void)state;
	struct pair p;
	opened(&p, false);
	uint8_t header[VF_HEADER_SIZE];
	memset(header, 0xff, sizeof header);
	tl_write(&p.c.link->up->tls, header, sizeof header);
	UNTIL(&p, p.l.downs == 1, 5000);
	assert_non_null(strstr(p.l.down_text, "header"));
	pair_close(&p);
}

static void disable_on_frame(struct end *e)
{
	vl_disable(e->link);
}

/* Callbacks may pull the rug from under the connection that calls them. */
static void disable_from_callback(void **state)
{
	(void)state;
	struct pair p;
	opened(&p, false);
	p.l.on_frame = disable_on_frame;
	for (unsigned i = 1; i <= 10; i++)
		send_pattern(&p.c, VF_WRITE, i, 100000);
	UNTIL(&p, p.l.frames == 1 && p.c.downs == 1, 5000);
	for (int i = 0; i < 100; i++)
		pair_step(&p);
	assert_int_equal(p.l.frames, 1);
	assert_int_equal(p.l.downs, 0);
	assert_int_equal(vp_free_count(p.l.pool), 16);
	pair_close(&p);
}

static void write_file(const char *path, size_t n)
{
	char bytes[5000];
	memset(bytes, 'k', sizeof bytes);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void key_derivation(void **state)
{
	(void)state;
	char path[] = "/tmp/vmtwin-test-key-XXXXXX";
	uint8_t id_a[16] = {1}, id_b[16] = {2}, a[32], again[32], b[32];
	struct vt_fail fail = {0};
	close(mkstemp(path));
	write_file(path, 256);
	assert_int_equal(vl_derive_key(a, path, id_a, &fail), 0);
	assert_int_equal(vl_derive_key(again, path, id_a, &fail), 0);
	assert_int_equal(vl_derive_key(b, path, id_b, &fail), 0);
	assert_memory_equal(a, again, 32);
	assert_memory_not_equal(a, b, 32);
	write_file(path, 31);
	assert_int_equal(vl_derive_key(a, path, id_a, &fail), -EINVAL);
	assert_non_null(strstr(fail.text, "corosync-keygen"));
	write_file(path, 4097);
	assert_int_equal(vl_derive_key(a, path, id_a, &fail), -EINVAL);
	unlink(path);
	assert_int_equal(vl_derive_key(a, path, id_a, &fail), -ENOENT);
}

int main(void)
{
	alarm(240); /* nothing here may hang */
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_both_ways),
	    cmocka_unit_test(many_frames_in_order),
	    cmocka_unit_test(wrong_key),
	    cmocka_unit_test(wrong_unit_id),
	    cmocka_unit_test(wrong_unit_name),
	    cmocka_unit_test(wrong_pairing),
	    cmocka_unit_test(wrong_incarnation),
	    cmocka_unit_test(altered_in_transit),
	    cmocka_unit_test(silent_peer),
	    cmocka_unit_test(port_in_use),
	    cmocka_unit_test(port_soon_free),
	    cmocka_unit_test(disable_and_enable),
	    cmocka_unit_test(newest_wins),
	    cmocka_unit_test(empty_pool_stops_receiving),
	    cmocka_unit_test(acks_use_the_reserve),
	    cmocka_unit_test(strangers),
	    cmocka_unit_test(next_ring_is_tried),
	    cmocka_unit_test(corrupt_frame_inside_tls),
	    cmocka_unit_test(corrupt_header_inside_tls),
	    cmocka_unit_test(disable_from_callback),
	    cmocka_unit_test(key_derivation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
