/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where messages for people go. Only daemons and commands log; libraries return errors. The sink is
 * set once by main; without one, messages go to standard error.
 */
#ifndef VMTWIN_BASE_LOG_H
#define VMTWIN_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum vt_level { VT_ERR = 3, VT_WARN = 4, VT_NOTICE = 5, VT_INFO = 6, VT_DEBUG = 7 };

/*
 * Writes one line to standard error: UTC time with milliseconds, program, unit ("-" if NULL), level,
 * text. Lines above `vt_log_threshold` are dropped.
 */
void vt_log(enum vt_level level, const char *unit, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets the program's name shown in each line and the most verbose level shown. Call from main. */
void vt_log_setup(const char *program, enum vt_level threshold);
/* Time for people, UTC, milliseconds: "2026-01-31T03:00:00.123Z". out holds at least 32 bytes. */
void vt_wall_text(char *out, size_t cap);

/* An error for people, filled where the reason is known and printed where it is handled. */
struct vt_fail {
	int code; /* negative errno, 0 if unset */
	char text[512];
};
/* Sets code and text; returns code. fail may be NULL. */
int vt_fail(struct vt_fail *fail, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Nanoseconds of CLOCK_BOOTTIME: goes on in suspend and is not set by anybody (lease, S6). */
uint64_t vt_boottime_ns(void);
/* Fresh random bits from the kernel. Aborts if the kernel can't give any. */
uint64_t vt_random_u64(void);

#endif
