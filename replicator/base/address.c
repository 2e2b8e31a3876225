// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

bool vt_address_parse(struct in6_addr *out, bool *four, const char *text)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct in_addr v4;
	bool is_four = inet_pton(AF_INET, text, &v4) == 1;
	if (four)
		*four = is_four;
	if (!is_four)
		return inet_pton(AF_INET6, text, out) == 1;
	memcpy(out->s6_addr, mapped, sizeof mapped);
	memcpy(out->s6_addr + sizeof mapped, &v4, sizeof v4);
	return true;
}

bool vt_address_same(const char *a, const char *b)
{
	struct in6_addr one, other;
	if (vt_address_parse(&one, NULL, a) && vt_address_parse(&other, NULL, b))
		return memcmp(&one, &other, sizeof one) == 0;
	return a[0] && strcasecmp(a, b) == 0;
}

static const char *fault_of_four(const uint8_t *a)
{
	if (a[0] == 0 || a[0] == 127)
		return "is this host itself";
	return a[0] >= 224 ? "is a multicast, broadcast or reserved address" : NULL;
}

const char *vt_address_fault(const char *text)
{
	struct in6_addr a;
	bool four;
	if (!vt_address_parse(&a, &four, text))
		return NULL;
	if (four)
		return fault_of_four(a.s6_addr + 12);
	if (IN6_IS_ADDR_UNSPECIFIED(&a) || IN6_IS_ADDR_LOOPBACK(&a))
		return "is this host itself";
	if (IN6_IS_ADDR_MULTICAST(&a))
		return "is a multicast address";
	if (IN6_IS_ADDR_V4MAPPED(&a) || IN6_IS_ADDR_LINKLOCAL(&a))
		return "is an address that can't be reached as it is written";
	return NULL;
}
