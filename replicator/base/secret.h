/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of fence agents that are secrets: not for the CIB, nor for anything that is printed. */
#ifndef VMTWIN_BASE_SECRET_H
#define VMTWIN_BASE_SECRET_H

#include <stdbool.h>

/* By the name, as fence agents and scripts call them: password, passwd, community, hexadecimal_kg, DB_PWD ...; not password_script. */
bool vt_is_secret(const char *name);

#endif
