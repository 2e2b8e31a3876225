// SPDX-License-Identifier: GPL-2.0-or-later
#include "stonith/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

static struct {
	bool quiet, verbose;
	int debug_fd; /* 0: none */
} how;

void fa_say_setup(bool quiet, bool verbose, const char *debug_file)
{
	how.quiet = quiet;
	how.verbose = verbose;
	if (!debug_file[0])
		return;
	int fd = open(debug_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd > 0)
		how.debug_fd = fd;
	else
		fa_say(FA_ERROR, "can't write the debug file %s: %s; going on without it", debug_file, strerror(errno));
}

void fa_say(enum fa_level level, const char *fmt, ...)
{
	char text[1280], when[32];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	if (!how.quiet && (level < FA_DEBUG || how.verbose))
		fprintf(stderr, "fence_vmtwin: %s\n", text);
	if (how.debug_fd > 0) {
		vt_wall_text(when, sizeof when);
		dprintf(how.debug_fd, "%s fence_vmtwin: %s\n", when, text);
	}
}
