/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VMTWIN_BASE_VERSION_H
#define VMTWIN_BASE_VERSION_H

#define VT_VERSION "0.1.0"

#endif
