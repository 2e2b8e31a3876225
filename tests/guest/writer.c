// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The test guest's load: reads back every record that must still be there, then appends records for ever and
 * reports on the console, after the flush, what it holds for durable. The oracle on the outside compares the two.
 *
 *	FOUND <count> <last> OK	the <count> records up to <last> are all there and intact
 *	CORRUPT <n> <why>	record n was flushed once and isn't intact now
 *	ACK <n> [<boot>] ok	everything up to n was flushed (fdatasync returned); <boot> is what init said after BOOT, cut to 8
 *	ERROR <what>		the guest's disk failed an operation
 *	SHUTDOWN		the power button was pressed and heeded
 */
#include "record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/input.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define MAX_BUTTONS	8
#define SCAN_CHUNK	(1u << 20)

enum { EXIT_SHUTDOWN = 0, EXIT_USAGE = 2, EXIT_DISK = 3 };

struct writer {
	const char *path;
	const char *tag;		/* of this boot, in every acknowledgement; "": none */
	uint64_t seed;
	uint64_t ring_bytes;
	unsigned int rate;		/* flushes a second; 0: as fast as it goes */
	bool ignore_button;
	int buffered_fd;
	int direct_fd;
	uint8_t *buf;			/* REC_MAX_BYTES, page-aligned */
	int button_fds[MAX_BUTTONS];
	unsigned int buttons;
	/* filled by the read-back */
	uint64_t newest;		/* highest number with a valid header, maybe never flushed */
	uint64_t last;			/* last intact record */
	uint32_t boot;
	struct rec_place place;		/* of `last` */
};

/* One write a line, and drained: what is said after this returned is outside the guest. */
static void say(const char *format, ...)
{
	char line[256];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	if (write(STDOUT_FILENO, line, (size_t)n) == n)
		tcdrain(STDOUT_FILENO);
}

static void open_buttons(struct writer *w)
{
	DIR *dir = opendir("/dev/input");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) && w->buttons < MAX_BUTTONS) {
		char path[300];
		int fd;

		if (strncmp(entry->d_name, "event", 5) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/input/%s", entry->d_name);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0)
			w->button_fds[w->buttons++] = fd;
	}
	if (dir)
		closedir(dir);
}

/* Waits up to wait_ms; true as soon as the power button is pressed (unless it is to be ignored). */
static bool button_pressed(struct writer *w, int wait_ms)
{
	struct pollfd fds[MAX_BUTTONS];
	struct input_event event;
	bool pressed = false;

	for (unsigned int i = 0; i < w->buttons; i++)
		fds[i] = (struct pollfd){ .fd = w->button_fds[i], .events = POLLIN };
	if (poll(fds, w->buttons, wait_ms) <= 0)
		return false;
	for (unsigned int i = 0; i < w->buttons; i++) {
		while (read(w->button_fds[i], &event, sizeof(event)) == (ssize_t)sizeof(event))
			pressed |= event.type == EV_KEY && event.code == KEY_POWER && event.value == 1;
	}
	if (pressed && w->ignore_button)
		say("BUTTON ignored");
	return pressed && !w->ignore_button;
}

/* A failed disk ends the load; the guest stays up, as a real one would, until it is told to go. */
static _Noreturn void disk_failed(struct writer *w, const char *what, uint64_t number)
{
	say("ERROR %s %llu: %s", what, (unsigned long long)number, strerror(errno));
	while (!button_pressed(w, -1))
		;
	say("SHUTDOWN");
	exit(EXIT_DISK);
}

/* Finds the highest record number with a valid header, anywhere in the ring. */
static void find_newest(struct writer *w)
{
	uint8_t *chunk = malloc(SCAN_CHUNK);
	uint64_t offset = 0;
	ssize_t got = 0;

	if (!chunk) {
		errno = ENOMEM;
		disk_failed(w, "scan", 0);
	}
	while (offset < w->ring_bytes && (got = pread(w->buffered_fd, chunk, SCAN_CHUNK, (off_t)offset)) > 0) {
		for (size_t at = 0; at + REC_SECTOR <= (size_t)got; at += REC_SECTOR) {
			struct rec_head head;

			memcpy(&head, chunk + at, sizeof(head));
			if (!rec_head_valid(&head, w->seed))
				continue;
			if (head.number > w->newest)
				w->newest = head.number;
			if (head.boot >= w->boot)
				w->boot = head.boot + 1;
		}
		offset += (uint64_t)got;
	}
	free(chunk);
	if (got < 0)
		disk_failed(w, "scan", offset);
}

/*
 * The first record that no later write can have touched: up to one batch after the newest may have been under way
 * when the power went. Walks the places twice, since only the second time the end of the walk is known.
 */
static uint64_t window_start(struct writer *w, struct rec_place *before)
{
	struct rec_place end = { 0 }, place = { 0 }, previous = { 0 };
	uint64_t limit = w->newest + REC_MAX_BATCH;
	uint64_t n;

	for (n = 1; n <= limit; n++)
		rec_advance(&end, n, w->seed, w->ring_bytes);
	for (n = 1; n <= limit; n++) {
		previous = place;
		rec_advance(&place, n, w->seed, w->ring_bytes);
		if (place.lap == end.lap ||
		    (place.lap + 1 == end.lap && place.offset_bytes >= end.offset_bytes + end.length_bytes))
			break;
	}
	*before = previous;
	return n;
}

/* Reads back the window; false if a record that was certainly flushed isn't intact. */
static bool read_back(struct writer *w)
{
	uint64_t first = window_start(w, &w->place);
	uint64_t n;

	w->last = first - 1;
	for (n = first; n <= w->newest; n++) {
		struct rec_place place = w->place;
		const char *fault;
		ssize_t got;

		rec_advance(&place, n, w->seed, w->ring_bytes);
		got = pread(w->buffered_fd, w->buf, place.length_bytes, (off_t)place.offset_bytes);
		if (got < 0)
			disk_failed(w, "read", n);
		fault = rec_check(w->buf, (size_t)got, n, w->seed);
		if (fault && n + REC_MAX_BATCH <= w->newest) {
			say("CORRUPT %llu %s (newest %llu)", (unsigned long long)n, fault,
			    (unsigned long long)w->newest);
			return false;
		}
		if (fault)
			break;
		w->place = place;
		w->last = n;
	}
	say("FOUND %llu %llu OK", (unsigned long long)(w->last + 1 - first), (unsigned long long)w->last);
	return true;
}

/*
 * Records beyond the last intact one were never acknowledged. They go before the first new one, so that no later
 * reader takes an old copy for one that this incarnation wrote.
 */
static void forget_unacknowledged(struct writer *w)
{
	struct rec_place place = w->place;

	memset(w->buf, 0, REC_SECTOR);
	for (uint64_t n = w->last + 1; n <= w->newest; n++) {
		rec_advance(&place, n, w->seed, w->ring_bytes);
		if (pwrite(w->buffered_fd, w->buf, REC_SECTOR, (off_t)place.offset_bytes) != (ssize_t)REC_SECTOR)
			disk_failed(w, "erase", n);
	}
	if (fsync(w->buffered_fd) < 0)
		disk_failed(w, "flush", 0);
}

static void write_record(struct writer *w)
{
	int fd = rec_is_direct(w->last + 1, w->seed) ? w->direct_fd : w->buffered_fd;
	size_t done = 0;

	w->last++;
	rec_advance(&w->place, w->last, w->seed, w->ring_bytes);
	rec_build(w->buf, w->last, w->seed, w->boot);
	while (done < w->place.length_bytes) {
		ssize_t n = pwrite(fd, w->buf + done, w->place.length_bytes - done,
				   (off_t)(w->place.offset_bytes + done));

		if (n <= 0)
			disk_failed(w, "write", w->last);
		done += (size_t)n;
	}
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void load(struct writer *w)
{
	int64_t next_ms = now_ms();
	int64_t now, wait_ms = 0;

	while (!button_pressed(w, (int)wait_ms)) {
		unsigned int count = rec_batch(w->last + 1, w->seed);

		while (count-- > 0)
			write_record(w);
		if (fdatasync(w->buffered_fd) < 0)
			disk_failed(w, "flush", w->last);
		say("ACK %llu %s%sok", (unsigned long long)w->last, w->tag, *w->tag ? " " : "");
		if (!w->rate)
			continue;
		/* Late batches aren't caught up: after a stall the load goes on, it doesn't burst. */
		next_ms += 1000 / w->rate;
		now = now_ms(); /* once: a negative wait would have no end */
		if (next_ms < now)
			next_ms = now;
		wait_ms = next_ms - now;
	}
	say("SHUTDOWN");
}

static bool parse(struct writer *w, int argc, char **argv)
{
	static const struct option options[] = {
		{ "rate", required_argument, NULL, 'r' },
		{ "ring-mib", required_argument, NULL, 'm' },
		{ "seed", required_argument, NULL, 's' },
		{ "ignore-button", no_argument, NULL, 'i' },
		{ "tag", required_argument, NULL, 't' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'r')
			w->rate = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'm')
			w->ring_bytes = strtoull(optarg, NULL, 10) << 20;
		else if (c == 's')
			w->seed = strtoull(optarg, NULL, 10);
		else if (c == 'i')
			w->ignore_button = true;
		else if (c == 't')
			w->tag = optarg;
		else
			return false;
	}
	w->path = argv[optind];
	return w->path && w->rate <= 1000 && w->ring_bytes >= 2 * REC_MAX_BYTES;
}

int main(int argc, char **argv)
{
	struct writer w = { .tag = "", .seed = 1, .ring_bytes = 48ull << 20, .rate = 20, .boot = 1 };

	if (!parse(&w, argc, argv)) {
		say("ERROR usage: writer [--rate N] [--ring-mib N] [--seed N] [--ignore-button] [--tag WORD] FILE");
		return EXIT_USAGE;
	}
	open_buttons(&w);
	w.buf = aligned_alloc(4096, REC_MAX_BYTES);
	w.buffered_fd = open(w.path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	w.direct_fd = open(w.path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (!w.buf || w.buffered_fd < 0 || w.direct_fd < 0)
		disk_failed(&w, "open", 0);
	find_newest(&w);
	if (!read_back(&w)) {
		while (!button_pressed(&w, -1))
			;
		return EXIT_DISK;
	}
	forget_unacknowledged(&w);
	load(&w);
	return EXIT_SHUTDOWN;
}
