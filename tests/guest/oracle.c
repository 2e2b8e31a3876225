// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The judge over a test guest's console log, which may hold many incarnations of the guest one after another:
 * whatever one of them acknowledged must be found by every later one.
 *
 *	oracle [--expect-boots N] LOG		judge; "acknowledged A, found F, lost L", exit 0 only if all is well
 *	oracle --wait-acks N --timeout S LOG	wait for N more acknowledgements than the log holds now
 *	oracle --wait-found N --timeout S LOG	wait until the log holds N read-backs in all
 *	oracle --stamp OUT LOG			follow LOG, write its lines to OUT with the time of arrival before each
 *	oracle --stalls OUT			longest gap between two acknowledgements in a log made by --stamp
 *	oracle --handovers OUT			the same log: for each boot that acknowledged, how long after the last acknowledgement of all earlier
 *						boots its first one came
 *
 * An acknowledgement tells which boot it is of. One of an older boot after a newer one has begun means two guests at once: a fault,
 * told apart from lost writes, and the gap of that handover is negative.
 *
 * Waits exit 0 when met, 1 when the time is up. --stamp ends when its parent does.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_LINE	1024
#define POLL_MS		10
#define MAX_REPORTS	20	/* faults told in full; all are counted */
#define TAG_CHARS	8	/* of a boot's id, in each of its acknowledgements */

/* One incarnation of the guest. */
struct boot {
	char tag[TAG_CHARS + 1];
	uint64_t acks;
	double first_ack, last_ack; /* when they came, if the log says so */
};

struct judge {
	unsigned int line;
	unsigned int boots, founds, fsck_clean, faults, errors;
	uint64_t acks, acked;		/* how many; the highest since the last read-back */
	uint64_t judged;		/* highest acknowledged before the last read-back */
	uint64_t found, lost;
	bool may_ack;			/* a read-back stands between the last boot and here */
	double stamp, last_ack_stamp, gap;
	uint64_t last_ack, gap_from, gap_to;
	struct boot *list; /* of all boots; the last one is the one that runs */
	bool quiet;
};

static void fault(struct judge *j, const char *what, uint64_t a, uint64_t b)
{
	j->faults++;
	if (!j->quiet && j->faults <= MAX_REPORTS)
		printf("line %u: %s (%" PRIu64 ", %" PRIu64 ")\n", j->line, what, a, b);
}

static void add_boot(struct judge *j, const char *id)
{
	struct boot *list = realloc(j->list, (j->boots + 1) * sizeof(*list));

	if (!list) {
		fprintf(stderr, "oracle: no memory\n");
		exit(2);
	}
	j->list = list;
	list[j->boots] = (struct boot){ 0 };
	snprintf(list[j->boots].tag, sizeof(list->tag), "%.*s", TAG_CHARS, id);
	j->boots++;
}

/* Whose acknowledgement it is: without a tag the last one's. A boot that the log has no whole line of began with it. */
static struct boot *boot_of(struct judge *j, const char *tag)
{
	for (unsigned int i = j->boots; i > 0; i--) {
		if (!*tag || strcmp(tag, j->list[i - 1].tag) == 0)
			return &j->list[i - 1];
	}
	add_boot(j, tag);
	return &j->list[j->boots - 1];
}

/* False: not of the guest that started last. */
static bool is_of_last_boot(struct judge *j, const char *tag)
{
	struct boot *boot = boot_of(j, tag);

	if (boot->acks++ == 0)
		boot->first_ack = j->stamp;
	boot->last_ack = j->stamp;
	return boot == &j->list[j->boots - 1];
}

static void on_ack(struct judge *j, uint64_t n, const char *tag)
{
	if (!is_of_last_boot(j, tag)) {
		j->acks++;
		fault(j, "two guests at once: an older one acknowledged after a newer one had started", n, j->acked);
		return;
	}
	if (!j->may_ack)
		fault(j, "acknowledged before anything was read back", n, j->acked);
	else if (n <= j->acked || n <= j->found)
		fault(j, "acknowledged number doesn't grow: two guests at once, or lost writes", n, j->acked);
	j->acks++;
	if (n > j->acked)
		j->acked = n;
	if (j->last_ack_stamp > 0 && j->stamp - j->last_ack_stamp > j->gap) {
		j->gap = j->stamp - j->last_ack_stamp;
		j->gap_from = j->last_ack;
		j->gap_to = n;
	}
	j->last_ack_stamp = j->stamp;
	j->last_ack = n;
}

static void on_found(struct judge *j, uint64_t count, uint64_t last)
{
	j->founds++;
	j->judged = j->acked;
	j->may_ack = true;
	if (last < j->acked) {
		j->lost += j->acked - last;
		fault(j, "acknowledged records lost: last found, last acknowledged", last, j->acked);
	}
	if (last > 0 && count == 0)
		fault(j, "nothing read back", count, last);
	j->found = last;
	/* Each loss is told once: the guest goes on from what it found. */
	j->acked = last;
}

/* "ACK <n> ok", "ACK <n> <boot> ok". The end tells that it is whole. */
static bool parse_ack(const char *line, uint64_t *n, char tag[TAG_CHARS + 1])
{
	int end = 0;

	if (sscanf(line, "ACK %" SCNu64 " ok%n", n, &end) == 1 && end > 0)
		return true;
	return sscanf(line, "ACK %" SCNu64 " %8[0-9a-f] ok%n", n, tag, &end) == 2 && end > 0;
}

/* One complete line, without its newline. Lines cut short by a power cut match nothing: see their endings. */
static void on_line(struct judge *j, char *line)
{
	uint64_t a, b;
	char tag[TAG_CHARS + 1] = "";
	int end = 0;
	size_t length;

	j->line++;
	if (sscanf(line, "[%lf] %n", &j->stamp, &end) == 1 && end > 0)
		line += end;
	length = strlen(line);
	while (length > 0 && line[length - 1] == '\r')
		line[--length] = 0;
	end = 0;
	if (parse_ack(line, &a, tag)) {
		on_ack(j, a, tag);
	} else if (sscanf(line, "FOUND %" SCNu64 " %" SCNu64 " OK%n", &a, &b, &end) == 2 && end > 0) {
		on_found(j, a, b);
	} else if (strncmp(line, "BOOT ", 5) == 0) {
		add_boot(j, line + 5);
		j->may_ack = false;
	} else if (strncmp(line, "CORRUPT ", 8) == 0) {
		fault(j, line, j->acked, j->found);
	} else if (strcmp(line, "FSCK clean") == 0) {
		j->fsck_clean++;
	} else if (strcmp(line, "FSCK errors") == 0) {
		fault(j, "file system damaged", j->acked, j->found);
	} else if (strncmp(line, "ERROR ", 6) == 0) {
		j->errors++;
		if (!j->quiet)
			printf("line %u: the guest saw: %s\n", j->line, line);
	}
}

/* Splits a growing file into lines; `partial` keeps what has no newline yet. */
struct reader {
	int fd;
	size_t used;
	char partial[MAX_LINE];
};

static void feed(struct reader *r, char c, void (*line_fn)(void *, char *), void *arg)
{
	if (c == '\n') {
		r->partial[r->used] = 0;
		line_fn(arg, r->partial);
		r->used = 0;
	} else if (c && r->used < MAX_LINE - 1) {
		r->partial[r->used++] = c;
	}
}

/* Reads what is there now. The file may not exist yet. */
static void read_lines(struct reader *r, const char *path, void (*line_fn)(void *, char *), void *arg)
{
	char buf[65536];
	ssize_t n;

	if (r->fd < 0)
		r->fd = open(path, O_RDONLY | O_CLOEXEC);
	while (r->fd >= 0 && (n = read(r->fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			feed(r, buf[i], line_fn, arg);
	}
}

static void judge_line(void *arg, char *line)
{
	on_line(arg, line);
}

static double now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void pause_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static int wait_for(const char *path, uint64_t acks, unsigned int founds, double timeout_s)
{
	struct judge j = { .quiet = true };
	struct reader r = { .fd = -1 };
	double deadline = now(CLOCK_MONOTONIC) + timeout_s;
	uint64_t target;

	read_lines(&r, path, judge_line, &j);
	target = j.acks + acks;
	while (j.acks < target || j.founds < founds) {
		if (now(CLOCK_MONOTONIC) >= deadline) {
			printf("not within %.0f s: %" PRIu64 " acknowledgements (wanted %" PRIu64 "), "
			       "%u read-backs (wanted %u), %u boots\n",
			       timeout_s, j.acks, target, j.founds, founds, j.boots);
			return 1;
		}
		pause_ms(POLL_MS);
		read_lines(&r, path, judge_line, &j);
	}
	return 0;
}

static void stamp_line(void *arg, char *line)
{
	fprintf(arg, "[%.3f] %s\n", now(CLOCK_REALTIME), line);
}

static int stamp(const char *path, const char *out_path)
{
	struct reader r = { .fd = -1 };
	pid_t parent = getppid();
	FILE *out = fopen(out_path, "w");

	if (!out) {
		fprintf(stderr, "oracle: can't write %s: %s\n", out_path, strerror(errno));
		return 2;
	}
	while (getppid() == parent) {
		read_lines(&r, path, stamp_line, out);
		fflush(out);
		pause_ms(POLL_MS);
	}
	fclose(out);
	return 0;
}

static void tell_handovers(const struct judge *j)
{
	const struct boot *before = NULL; /* that acknowledged last */

	for (unsigned int i = 0; i < j->boots; i++) {
		const struct boot *boot = &j->list[i];

		if (boot->acks == 0)
			continue;
		if (before)
			printf("handover from boot %s to %s: last acknowledgement at %.3f, first at %.3f, gap %.0f ms\n",
			       before->tag, boot->tag, before->last_ack, boot->first_ack,
			       (boot->first_ack - before->last_ack) * 1000);
		if (!before || boot->last_ack >= before->last_ack)
			before = boot;
	}
}

static int judge(const char *path, unsigned int expect_boots, bool stalls, bool handovers)
{
	struct judge j = { 0 };
	struct reader r = { .fd = -1 };

	read_lines(&r, path, judge_line, &j);
	if (r.fd < 0) {
		fprintf(stderr, "oracle: can't read %s: %s\n", path, strerror(errno));
		return 2;
	}
	if (stalls)
		printf("longest gap %.0f ms between ACK %" PRIu64 " and ACK %" PRIu64 "\n", j.gap * 1000, j.gap_from,
		       j.gap_to);
	if (handovers)
		tell_handovers(&j);
	if (j.founds < expect_boots)
		fault(&j, "fewer read-backs than expected", j.founds, expect_boots);
	if (j.fsck_clean < j.founds)
		fault(&j, "a read-back without a clean file system check", j.fsck_clean, j.founds);
	printf("boots %u, read-backs %u, acknowledgements %" PRIu64 ", faults %u, guest errors %u\n", j.boots,
	       j.founds, j.acks, j.faults, j.errors);
	printf("acknowledged %" PRIu64 ", found %" PRIu64 ", lost %" PRIu64 " (since then up to %" PRIu64 ")\n", j.judged,
	       j.found, j.lost, j.acked);
	free(j.list);
	return j.faults ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "expect-boots", required_argument, NULL, 'b' },
		{ "wait-acks", required_argument, NULL, 'a' },
		{ "wait-found", required_argument, NULL, 'f' },
		{ "timeout", required_argument, NULL, 't' },
		{ "stamp", required_argument, NULL, 's' },
		{ "stalls", no_argument, NULL, 'g' },
		{ "handovers", no_argument, NULL, 'h' },
		{ 0 },
	};
	uint64_t acks = 0;
	unsigned int founds = 0, expect_boots = 0;
	double timeout_s = 30;
	const char *stamp_out = NULL;
	bool stalls = false, handovers = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b': expect_boots = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'a': acks = strtoull(optarg, NULL, 10); break;
		case 'f': founds = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 't': timeout_s = strtod(optarg, NULL); break;
		case 's': stamp_out = optarg; break;
		case 'g': stalls = true; break;
		case 'h': handovers = true; break;
		default: return 2;
		}
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: oracle [OPTION...] LOG (see the head of oracle.c)\n");
		return 2;
	}
	if (stamp_out)
		return stamp(argv[optind], stamp_out);
	if (acks || founds)
		return wait_for(argv[optind], acks, founds, timeout_s);
	return judge(argv[optind], expect_boots, stalls, handovers);
}
