/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses in numbers, IPv4 or IPv6. One address has many spellings: they are compared by what they mean. */
#ifndef VMTWIN_BASE_ADDRESS_H
#define VMTWIN_BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>

/* IPv6's 16 bytes; of IPv4 those that IPv6 has for it (::ffff:10.0.0.1). False: no address in numbers; *four, or NULL: written as IPv4. */
bool vt_address_parse(struct in6_addr *out, bool *four, const char *text);
/* The same address; of two names: the same name. Nothing is the same as "". */
bool vt_address_same(const char *a, const char *b);
/* NULL, also for a name; or why no other host can be reached at this address: "is ...". */
const char *vt_address_fault(const char *text);

#endif
