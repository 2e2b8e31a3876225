// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin log: the unit's story, written by its worker, the last lines first asked for. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/unitconf.h"
#include "ctl/cmd.h"

#define LINES_MAX 1000000
#define BLOCK 65536
#define FOLLOW_MS 300 /* between looks at a file that is followed */

/* The offset where the last `lines` lines of fd begin, or negative errno. */
static off_t tail_offset(int fd, off_t size, unsigned long lines)
{
	char block[BLOCK];
	off_t end = size;
	bool last = true; /* the newline that ends the file does not begin a line */
	while (end > 0) {
		off_t from = end > BLOCK ? end - BLOCK : 0;
		ssize_t n = pread(fd, block, (size_t)(end - from), from);
		if (n != end - from)
			return n < 0 ? -errno : -EIO;
		while (n > 0) {
			n--;
			if (block[n] == '\n' && !last && lines-- == 1)
				return from + n + 1;
			last = false;
		}
		end = from;
	}
	return 0;
}

/* Copies what is after *at to standard output. 0 or negative errno. */
static int copy_out(int fd, off_t *at)
{
	char block[BLOCK];
	for (;;) {
		ssize_t n = pread(fd, block, sizeof block, *at);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (fwrite(block, 1, (size_t)n, stdout) != (size_t)n || fflush(stdout) != 0)
			return -EPIPE;
		*at += n;
	}
}

/* True if path is no longer the file open as fd (rotated) or the file became shorter than at. */
static bool replaced(const char *path, int fd, off_t at)
{
	struct stat now, open_one;
	if (stat(path, &now) < 0 || fstat(fd, &open_one) < 0)
		return false; /* between two names; look again */
	return now.st_dev != open_one.st_dev || now.st_ino != open_one.st_ino || now.st_size < at;
}

/* Goes on until interrupted or nobody reads any more. */
static int follow(const char *path, int fd, off_t at)
{
	struct timespec pause = {.tv_nsec = FOLLOW_MS * 1000000L};
	for (;;) {
		int rc = copy_out(fd, &at);
		if (rc < 0) {
			close(fd);
			return rc;
		}
		nanosleep(&pause, NULL);
		if (!replaced(path, fd, at))
			continue;
		int next = open(path, O_RDONLY | O_CLOEXEC);
		if (next < 0)
			continue;
		close(fd);
		fd = next;
		at = 0;
	}
}

static int show(const struct vt_command *cmd, const char *unit, unsigned long lines, bool on)
{
	char path[sizeof VT_LOG_DIR + VT_UNIT_NAME_MAX + 8];
	struct stat st;
	snprintf(path, sizeof path, "%s/%s.log", VT_LOG_DIR, unit);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return vt_command_error(
		    cmd, EX_FAILED,
		    "no story of '%s' on this host yet (%s does not exist): it begins when "
		    "the unit is first started here",
		    unit, path);
	if (fd < 0)
		return vt_command_error(cmd, EX_FAILED, "cannot open %s: %s%s", path, strerror(errno),
				 errno == EACCES ? "; run this as root" : "");
	off_t at = fstat(fd, &st) < 0 ? -errno : 0;
	if (at == 0)
		at = lines == 0 ? st.st_size : tail_offset(fd, st.st_size, lines);
	int rc = at < 0 ? (int)at : on ? follow(path, fd, at) : copy_out(fd, &at);
	if (!on || at < 0)
		close(fd);
	if (rc < 0 && rc != -EPIPE)
		return vt_command_error(cmd, EX_FAILED, "cannot read %s: %s", path, strerror(-rc));
	return rc < 0 ? EX_FAILED : EX_DONE;
}

static bool parse_lines(const char *text, unsigned long *out)
{
	size_t n = strlen(text);
	if (n == 0 || n > 7 || strspn(text, "0123456789") != n)
		return false;
	*out = strtoul(text, NULL, 10);
	return *out <= LINES_MAX;
}

static int run_log(const struct vt_command *cmd, int argc, char **argv)
{
	static const struct option longs[] = {{"lines", required_argument, NULL, 'n'},
					      {"follow", no_argument, NULL, 'f'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	unsigned long lines = 50;
	bool on = false;
	int c;
	while ((c = vt_option(cmd, argc, argv, ":n:fh", longs)) != VT_OPTION_END) {
		if (c < 0)
			return c == VT_OPTION_HELP ? EX_DONE : EX_BAD_USAGE;
		if (c == 'f')
			on = true;
		else if (!parse_lines(optarg, &lines))
			return vt_command_error(cmd, EX_BAD_USAGE, "-n %s: must be a number from 0 to %d",
					 optarg, LINES_MAX);
	}
	const char *unit = ctl_unit_argument(cmd, argc, argv, 0);
	if (!unit)
		return EX_BAD_USAGE;
	if (!vt_unit_name_ok(unit)) /* it becomes part of a path */
		return vt_command_error(cmd, EX_BAD_USAGE, "'%s' is not a unit's name", unit);
	return show(cmd, unit, lines, on);
}

const struct vt_command ctl_log = {
    .name = "log",
    .summary = "the unit's story on this host: what happened, when and why",
    .help = "Usage: vmtwin log UNIT [-n LINES] [-f]\n\n"
	    "  -n, --lines LINES   how many of the last lines (default 50)\n"
	    "  -f, --follow        go on printing what is added, until interrupted\n\n"
	    "Exit codes: 0 printed, 1 no story or not readable, 64 usage.\n",
    .run = run_log,
};
