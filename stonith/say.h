/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the agent tells people: on standard error, which the fencer logs, and in the debug file, with times. */
#ifndef VMTWIN_STONITH_SAY_H
#define VMTWIN_STONITH_SAY_H

#include <stdbool.h>

enum fa_level { FA_ERROR, FA_INFO, FA_DEBUG };

/* debug_file: a path, "" for none. One that can't be written is told, and does not keep the agent from its work. */
void fa_say_setup(bool quiet, bool verbose, const char *debug_file);
/* One line, whatever is in it. FA_DEBUG goes to standard error with verbose only; with quiet nothing does. */
void fa_say(enum fa_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
