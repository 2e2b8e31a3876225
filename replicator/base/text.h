/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a line of a configuration file may have in it: UTF-8 without control characters; XML and terminals can hold nothing else. */
#ifndef VMTWIN_BASE_TEXT_H
#define VMTWIN_BASE_TEXT_H

#include "base/log.h"

enum vt_text { VT_TEXT_OK, VT_TEXT_CONTROL, VT_TEXT_NOT_UTF8 };

/* The first fault of a text, and in at the byte where it begins. Tabs are none. at may be NULL. */
enum vt_text vt_text_look(const char *text, size_t *at);
/* 0; or -EINVAL, and fail says "PATH:LINE: ..." and what to do. */
int vt_text_check(const char *text, const char *path, unsigned line, struct vt_fail *fail);

#endif
