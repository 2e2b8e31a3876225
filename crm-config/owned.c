// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/owned.h"

#include <stdio.h>
#include <stdlib.h>

bool cf_owned_init(struct cf_owned *o, unsigned units)
{
	*o = (struct cf_owned){0};
	o->text = calloc((size_t)units * CF_OWNED_PER_UNIT + 1, sizeof *o->text);
	o->id = calloc((size_t)units * CF_OWNED_PER_UNIT + 1, sizeof *o->id);
	return o->text && o->id;
}

void cf_owned_add(struct cf_owned *o, const char *unit)
{
	static const char *const suffix[CF_OWNED_PER_UNIT] = {"", "-mirror", "-mirror-clone", "-drbd", "-drbd-clone", "-ping", "-ping-clone"};
	for (size_t i = 0; i < CF_OWNED_PER_UNIT; i++) {
		snprintf(o->text[o->count], sizeof *o->text, "%s%s", unit, suffix[i]);
		o->id[o->count] = o->text[o->count];
		o->count++;
	}
}

void cf_owned_free(struct cf_owned *o)
{
	free(o->text);
	free(o->id);
	*o = (struct cf_owned){0};
}
