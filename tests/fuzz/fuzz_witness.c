// SPDX-License-Identifier: GPL-2.0-or-later
/* The host's file, the prober's lines and replies to pings against any bytes. The first byte chooses. */
#include "tests/fuzz/fuzz.h"

#include "base/hostconf.h"

static void the_file(const char *text)
{
	struct vt_hostconf host;
	struct vt_fail fail = {0};
	int rc = vt_hostconf_parse(&host, text, "fuzz", &fail);
	struct vt_witness_conf conf = host.witness;
	if (rc != 0) {
		require(rc == -EINVAL && fail.text[0] != '\0' && conf.count == 0 && !host.self_fence && !host.watchdog[0]);
		return;
	}
	require(conf.count <= VT_WITNESSES_MAX && host.watchdog_ms >= VT_WATCHDOG_MIN_S * 1000 &&
		host.watchdog_ms <= VT_WATCHDOG_MAX_S * 1000);
	for (unsigned i = 0; i < conf.count; i++) {
		struct vt_witness again;
		require(vt_witness_parse(&again, conf.witness[i].text, &fail) == 0);
		require(again.kind == conf.witness[i].kind && again.addr_len == conf.witness[i].addr_len);
		require((again.kind == VT_WITNESS_TCP) ==
			(((const struct sockaddr_in *)&again.addr)->sin_port != 0));
	}
	require(vt_witness_reached(&conf, ~0u) == (conf.count > 0) && !vt_witness_reached(&conf, 0));
}

static void a_line(const char *line, size_t len)
{
	struct vt_witness_report report;
	char again[VT_WITNESS_LINE_MAX];
	if (vt_witness_report_parse(&report, line, len) == 0)
		require(vt_witness_format(&report, again) == len && memcmp(again, line, len) == 0);
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
	if (data[0] % 3 == 0)
		the_file(text);
	else if (data[0] % 3 == 1)
		a_line(text, size - 1);
	else if (vt_witness_echo_reply((const uint8_t *)text, size - 1, data[0] & 8, data[0] & 16, 0x3132333435363738))
		require(size - 1 >= VT_ECHO_HEADER + 8);
	free(text);
	return 0;
}
