// SPDX-License-Identifier: GPL-2.0-or-later
/* Witnesses: what the file may say, what the prober's lines mean, and asking real ones on loopback. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hostconf.h"
#include "base/timing.h"
#include "io/probe.h"

static int parse(struct vt_witness_conf *c, const char *text, const char *want)
{
	struct vt_hostconf h;
	struct vt_fail fail = {0};
	int rc = vt_hostconf_parse(&h, text, "f", &fail);
	*c = h.witness;
	if (rc != 0 && !strstr(fail.text, want))
		fail_msg("\"%s\" says: %s", text, fail.text);
	return rc;
}

static void file_names_them(void **state)
{
	struct vt_witness_conf c;
	(void)state;
	assert_int_equal(parse(&c, "", ""), 0);
	assert_int_equal(c.count, 0);
	assert_int_equal(parse(&c, "# ours\nwitness = ping:192.0.2.1  tcp:192.0.2.2:22\n", ""), 0);
	assert_int_equal(c.count, 2);
	assert_false(c.all);
	assert_int_equal(c.witness[0].kind, VT_WITNESS_PING);
	assert_string_equal(c.witness[1].text, "tcp:192.0.2.2:22");
	assert_int_equal(((struct sockaddr_in *)&c.witness[1].addr)->sin_port, htons(22));
	assert_int_equal(parse(&c, "witness_need = all\nwitness = tcp:[2001:db8::1]:443 ping:2001:db8::2", ""), 0);
	assert_true(c.all);
	assert_int_equal(c.witness[0].addr.ss_family, AF_INET6);
	assert_int_equal(c.witness[0].addr_len, sizeof(struct sockaddr_in6));
	assert_int_equal(((struct sockaddr_in6 *)&c.witness[0].addr)->sin6_port, htons(443));
}

static void bad_files_are_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
	    {"witness", "f:1: 'witness' is not of the form"},
	    {"witness =", "f:1: 'witness' has no value"},
	    {"witness = gateway", "f:1: 'gateway' is no witness"},
	    {"witness = ping:router.example", "address in numbers"},
	    {"witness = ping:192.0.2.300", "is no witness"},
	    {"witness = ping:192.0.2.1:22", "is no witness"},
	    {"witness = tcp:192.0.2.1", "is no witness"},
	    {"witness = tcp:192.0.2.1:0", "is no witness"},
	    {"witness = tcp:192.0.2.1:65536", "is no witness"},
	    {"witness = tcp:2001:db8::1:22", "is no witness"},
	    {"witness = tcp:[2001:db8::1:22", "is no witness"},
	    {"witness = ping:192.0.2.1\nwitness = ping:192.0.2.2", "f:2: 'witness' is already set in line 1"},
	    {"witness = ping:192.0.2.1 ping:192.0.2.1", "named twice"},
	    {"witness = ping:fd00::1 ping:fd00:0::1", "ping:fd00:0::1 is named twice"},
	    {"witness = tcp:[fd00::1]:443 ping:fd00::2 tcp:[FD00::0:1]:443", "named twice"},
	    {"witness = ping:B\xfcro", "is not UTF-8"},
	    {"witness = ping:::ffff:192.0.2.1", "as it is written"},
	    {"\nwitness_need = most\n", "f:2: witness_need = 'most': must be"},
	    {"witness_need = all", "f:1: witness_need without a witness"},
	    {"quorum = 1", "f:1: unknown key 'quorum'"},
	    {"witness = ping:1.1.1.1 ping:1.1.1.2 ping:1.1.1.3 ping:1.1.1.4 ping:1.1.1.5 ping:1.1.1.6 ping:1.1.1.7 "
	     "ping:1.1.1.8 ping:1.1.1.9",
	     "more than 8"},
	    {"witness = ping:127.0.0.1", "is this host itself"},
	    {"witness = ping:0.0.0.0", "is this host itself"},
	    {"witness = tcp:[::1]:443", "is this host itself"},
	    {"witness = ping:224.0.0.1", "multicast"},
	    {"witness = ping:255.255.255.255", "broadcast"},
	    {"witness = ping:ff02::1", "multicast"},
	    {"witness = ping:fe80::1", "can't be reached"},
	    {"witness = ping:::ffff:127.0.0.1", "can't be reached"},
	    {"witness = ping:1111111111111111111111111111111111111111111111111111111111111111111111", "too long"},
	};
	struct vt_witness_conf c;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(parse(&c, bad[i].text, bad[i].says), -EINVAL);
		assert_int_equal(c.count, 0);
	}
}

static void ending_itself(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
	    {"self_fence = maybe", "f:1: self_fence = 'maybe': must be 'yes' or 'no'"},
	    {"self_fence =", "f:1: 'self_fence' has no value"},
	    {"self-fence = yes", "f:1: unknown key 'self-fence'; did you mean 'self_fence'?"},
	    {"watchdog = watchdog0", "f:1: watchdog = 'watchdog0': must be a device"},
	    {"watchdog = /dev/../etc/passwd", "must be a device"},
	    {"watchdog_timeout_s = 10", "f:1: watchdog_timeout_s without a watchdog"},
	    {"watchdog = /dev/watchdog\nwatchdog_timeout_s = 2", "f:2: watchdog_timeout_s = '2': must be a whole number from 3"},
	    {"watchdog = /dev/watchdog\nwatchdog_timeout_s = 10s", "must be a whole number"},
	    {"self_fence = yes\nself_fence = yes", "f:2: 'self_fence' is already set in line 1"},
	};
	struct vt_hostconf h;
	struct vt_fail why = {0};
	(void)state;
	assert_int_equal(vt_hostconf_parse(&h, "self_fence = yes\nwatchdog = /dev/watchdog0\n", "f", &why), 0);
	assert_true(h.self_fence);
	assert_string_equal(h.watchdog, "/dev/watchdog0");
	assert_int_equal(h.watchdog_ms, VT_WATCHDOG_DEFAULT_MS);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(vt_hostconf_parse(&h, bad[i].text, "f", &why), -EINVAL);
		if (!strstr(why.text, bad[i].says))
			fail_msg("\"%s\" says: %s", bad[i].text, why.text);
		assert_true(!h.self_fence && !h.watchdog[0]);
	}
}

static void missing_file_is_none(void **state)
{
	struct vt_hostconf h;
	struct vt_fail fail = {0};
	(void)state;
	assert_int_equal(vt_hostconf_load(&h, "/nowhere/vmtwind.conf", &fail), 0);
	assert_int_equal(h.witness.count, 0);
	assert_true(vt_hostconf_load(&h, "/", &fail) < 0);
	assert_non_null(strstr(fail.text, "cannot read /"));
}

static void any_or_all(void **state)
{
	struct vt_witness_conf c;
	(void)state;
	assert_int_equal(parse(&c, "witness = ping:192.0.2.1 ping:192.0.2.2", ""), 0);
	assert_false(vt_witness_reached(&c, 0));
	assert_false(vt_witness_reached(&c, 4)); /* nobody's bit */
	assert_true(vt_witness_reached(&c, 2));
	c.all = true;
	assert_false(vt_witness_reached(&c, 2));
	assert_true(vt_witness_reached(&c, 3));
	c.count = 0;
	assert_false(vt_witness_reached(&c, 3));
}

static void lines_come_back(void **state)
{
	static const char *const bad[] = {"",	       "witness",      "witness 1 2",   "witness 01 2\n", "witness 1 2\n\n",
					  "witness -1 2\n", "witness 1 4294967296\n", "witness 1  2\n", "Witness 1 2\n",
					  "witness 99999999999999999999 2\n"};
	struct vt_witness_report r = {.sent_ns = 1234567890123, .answered = 5}, back;
	char line[VT_WITNESS_LINE_MAX];
	(void)state;
	size_t len = vt_witness_format(&r, line);
	assert_int_equal(vt_witness_report_parse(&back, line, len), 0);
	assert_true(back.sent_ns == r.sent_ns && back.answered == 5);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(vt_witness_report_parse(&back, bad[i], strlen(bad[i])), -EBADMSG);
	assert_int_equal(vt_witness_report_parse(&back, line, len - 1), -EBADMSG);
}

static void only_our_reply_counts(void **state)
{
	uint8_t packet[20 + VT_ECHO_HEADER + 8] = {0x45};
	uint64_t payload = 77;
	(void)state;
	memcpy(packet + 28, &payload, 8);
	assert_true(vt_witness_echo_reply(packet, sizeof packet, false, true, 77));
	assert_false(vt_witness_echo_reply(packet, sizeof packet, false, true, 78));
	assert_false(vt_witness_echo_reply(packet, sizeof packet - 1, false, true, 77));
	packet[20] = 8; /* our own request, seen on a raw socket */
	assert_false(vt_witness_echo_reply(packet, sizeof packet, false, true, 77));
	packet[20] = 129;
	assert_true(vt_witness_echo_reply(packet + 20, sizeof packet - 20, true, false, 77));
	packet[0] = 0x41;
	assert_false(vt_witness_echo_reply(packet, sizeof packet, false, true, 77));
}

/* On loopback, which no file may name. */
static struct vt_witness local(enum vt_witness_kind kind, uint16_t port)
{
	struct vt_witness w = {.kind = kind, .addr_len = sizeof(struct sockaddr_in)};
	struct sockaddr_in *at = (struct sockaddr_in *)&w.addr;
	*at = (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return w;
}

/* A port that somebody listens at, with so much room for who waits; -1: nobody does. */
static int listener(struct vt_witness *w, int room)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	if (room >= 0)
		assert_int_equal(listen(fd, room), 0);
	*w = local(VT_WITNESS_TCP, ntohs(at.sin_port));
	return fd;
}

static void real_ones_answer(void **state)
{
	struct vt_witness w[3];
	(void)state;
	int a = listener(&w[0], 4), b = listener(&w[1], -1);
	w[2] = local(VT_WITNESS_PING, 0);
	uint64_t before = vt_boottime_ns();
	assert_int_equal(vt_probe(w, 3, 2000), 5);
	assert_true(vt_boottime_ns() - before < 1900000000u); /* all is known: it does not wait on */
	assert_int_equal(vt_probe(w, 1, 2000), 1);
	close(a);
	close(b);
}

/* Nobody takes what waits there: the next connection is not answered, and asking ends in time. */
static void silence_ends_in_time(void **state)
{
	struct vt_witness w;
	int waiting[4];
	(void)state;
	int fd = listener(&w, 0);
	for (int i = 0; i < 4; i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		int rc = connect(waiting[i], (struct sockaddr *)&w.addr, w.addr_len);
		assert_true(rc == 0 || errno == EINPROGRESS);
	}
	uint64_t before = vt_boottime_ns();
	assert_int_equal(vt_probe(&w, 1, 300), 0);
	uint64_t took_ns = vt_boottime_ns() - before;
	assert_true(took_ns > 290000000u && took_ns < 3000000000u);
	for (int i = 0; i < 4; i++)
		close(waiting[i]);
	close(fd);
}

static void own_addresses_are_known(void **state)
{
	struct vt_fail fail = {0};
	struct vt_witness w[2] = {local(VT_WITNESS_PING, 0)};
	(void)state;
	assert_int_equal(vt_witness_parse(&w[1], "tcp:192.0.2.1:443", &fail), 0); /* of documentation (RFC 5737): nobody's */
	assert_int_equal(vt_probe_own(w, 2), 1);
	assert_true(vt_witness_has_text(&w[1], "192.0.2.1"));
	assert_false(vt_witness_has_text(&w[1], "192.0.2.2"));
	assert_false(vt_witness_has_text(&w[1], "host1"));
	assert_true(vt_witness_has_text(&w[1], "::ffff:192.0.2.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(file_names_them),	    cmocka_unit_test(bad_files_are_refused),
	    cmocka_unit_test(missing_file_is_none), cmocka_unit_test(ending_itself), cmocka_unit_test(any_or_all),
	    cmocka_unit_test(lines_come_back),	    cmocka_unit_test(only_our_reply_counts),
	    cmocka_unit_test(real_ones_answer),	    cmocka_unit_test(silence_ends_in_time),
	    cmocka_unit_test(own_addresses_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
