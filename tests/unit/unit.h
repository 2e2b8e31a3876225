/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cmocka wants included before it, once. */
#ifndef VMTWIN_TESTS_UNIT_H
#define VMTWIN_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
