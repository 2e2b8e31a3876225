// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static struct {
	char program[32];
	enum vt_level threshold;
} sink = {.program = "vmtwin", .threshold = VT_INFO};

void vt_log_setup(const char *program, enum vt_level threshold)
{
	snprintf(sink.program, sizeof sink.program, "%s", program);
	sink.threshold = threshold;
}

void vt_wall_text(char *out, size_t cap)
{
	struct timespec now;
	struct tm tm;
	char date[24];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, cap, "%s.%03ldZ", date, now.tv_nsec / 1000000);
}

static const char *level_name(enum vt_level level)
{
	switch (level) {
	case VT_ERR:
		return "error";
	case VT_WARN:
		return "warning";
	case VT_NOTICE:
		return "notice";
	case VT_INFO:
		return "info";
	case VT_DEBUG:
		return "debug";
	}
	return "?";
}

void vt_log(enum vt_level level, const char *unit, const char *fmt, ...)
{
	char line[1024];
	char when[32];
	if (level > sink.threshold)
		return;
	vt_wall_text(when, sizeof when);
	int at = snprintf(line, sizeof line, "%s %s[%d] %s %s: ", when, sink.program,
			  (int)getpid(), unit ? unit : "-", level_name(level));
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line + at, sizeof line - (size_t)at - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	size_t len = strnlen(line, sizeof line - 2);
	line[len++] = '\n';
	ssize_t ignored = write(STDERR_FILENO, line, len);
	(void)ignored; /* nobody left to tell */
}

int vt_fail(struct vt_fail *fail, int code, const char *fmt, ...)
{
	if (!fail)
		return code;
	fail->code = code;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(fail->text, sizeof fail->text, fmt, ap);
	va_end(ap);
	return code;
}

uint64_t vt_boottime_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t vt_random_u64(void)
{
	uint64_t v;
	if (getrandom(&v, sizeof v, 0) != (ssize_t)sizeof v)
		abort();
	return v;
}
