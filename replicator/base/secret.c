// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/secret.h"

#include <string.h>
#include <strings.h>

bool vt_is_secret(const char *name)
{
	static const char *const words[] = {"passw", "secret", "token", "apikey", "api_key", "_kg", "community"};
	static const char *const ends[] = {"pass", "pwd", "_pw", "private_key"};
	size_t size = strlen(name);
	if (size > 7 && strcmp(name + size - 7, "_script") == 0)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasestr(name, words[i]))
			return true;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (size >= strlen(ends[i]) && strcasecmp(name + size - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}
