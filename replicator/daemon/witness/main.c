// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmtwin-witness: asks the host's witnesses once a second and says who answered, a line a round (base/witness.h). A process of
 * its own: asking waits.
 *
 *   vmtwin-witness --fd N WITNESS...     N: the socket to vmtwind; WITNESS: as in vmtwind.conf(5)
 *
 * It ends when the other end of the socket does. Exit status: 0, 1 the socket failed, 2 usage.
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "io/probe.h"

enum { ROUND_MS = 1000, ANSWER_MS = 900 };
_Static_assert(ANSWER_MS < ROUND_MS, "a round has ended before the next one begins");

/* Waits for the next round. False: nobody listens any more. */
static bool wait_until(int fd, uint64_t due_ns)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t now = vt_boottime_ns();
	int ms = now < due_ns ? (int)((due_ns - now) / 1000000) : 0;
	return poll(&p, 1, ms) == 0;
}

static int probe_for_ever(int fd, const struct vt_witness_conf *conf)
{
	char line[VT_WITNESS_LINE_MAX];
	uint32_t told = 0;
	for (;;) {
		struct vt_witness_report report = {.sent_ns = vt_boottime_ns()};
		uint32_t own = vt_probe_own(conf->witness, conf->count);
		for (unsigned i = 0; i < conf->count; i++)
			if (own & ~told & (1u << i))
				vt_log(VT_WARN, NULL, "%s is an address of this host: it doesn't count as a witness",
				       conf->witness[i].text);
		told = own;
		report.answered = vt_probe(conf->witness, conf->count, ANSWER_MS) & ~own;
		size_t len = vt_witness_format(&report, line);
		if (send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len)
			return 1;
		if (!wait_until(fd, report.sent_ns + ROUND_MS * UINT64_C(1000000)))
			return 0;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"fd", required_argument, NULL, 'f'}, {0}};
	struct vt_witness_conf conf = {0};
	struct vt_fail fail = {0};
	int fd = -1;
	vt_log_setup("vmtwin-witness", VT_INFO);
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c != 'f')
			return 2;
		fd = atoi(optarg);
	}
	for (; optind < argc; optind++, conf.count++)
		if (conf.count == VT_WITNESSES_MAX ||
		    vt_witness_parse(&conf.witness[conf.count], argv[optind], &fail) < 0) {
			vt_log(VT_ERR, NULL, "%s", fail.text[0] ? fail.text : "too many witnesses");
			return 2;
		}
	if (fd < 0 || conf.count == 0) {
		vt_log(VT_ERR, NULL, "usage: vmtwin-witness --fd N WITNESS...; vmtwind starts it");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	return probe_for_ever(fd, &conf);
}
