/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the agent describes itself: to fencers in XML, to people in --help. One table for both. */
#ifndef VMTWIN_STONITH_METADATA_H
#define VMTWIN_STONITH_METADATA_H

void fa_print_metadata(void);
void fa_print_help(void);

#endif
