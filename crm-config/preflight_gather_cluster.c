// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemons of this host, through their sockets. */
#include <corosync/cmap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crm-config/preflight_int.h"
#include "ctl/client.h"

#define ANSWER_MS 1500
#define ROUNDS_MAX 64 /* a reply holds some of the units */

static void take_unit(const struct pf_ask *a, const struct vt_kv *reply, long number)
{
	char key[32];
	snprintf(key, sizeof key, "unit%ld.name", number);
	const char *name = vt_kv_get(reply, key);
	snprintf(key, sizeof key, "unit%ld.state", number);
	const char *state = vt_kv_get(reply, key);
	snprintf(key, sizeof key, "unit%ld.colour", number);
	const char *colour = vt_kv_get(reply, key);
	if (!name || !state || !colour)
		return;
	bool pair = (strcmp(state, "PRIM") == 0 || strcmp(state, "SECOND") == 0) && strcmp(colour, "green") == 0;
	for (unsigned i = 0; i < pf_units(a->f); i++)
		if (strcmp(a->f->unit[i].name, name) == 0)
			a->host->cluster.link_up[i] = pair ? PF_YES : PF_NO;
}

/* Units from a number on. The number to go on with, -1: that was all. */
static long take_status(const struct pf_ask *a, long from, struct vt_kv *reply)
{
	struct pf_cluster *c = &a->host->cluster;
	struct vt_kv request;
	struct vt_fail fail = {.code = 0};
	vt_kv_init(&request);
	vt_kv_add(&request, "cmd", "status");
	vt_kv_add(&request, "from", "%ld", from);
	if (vt_ctl_call(&request, reply, ANSWER_MS, &fail) < 0) {
		c->vmtwind = PF_NO;
		snprintf(c->vmtwind_trouble, sizeof c->vmtwind_trouble, "%.*s", (int)sizeof c->vmtwind_trouble - 1, fail.text);
		return -1;
	}
	c->vmtwind = PF_YES;
	const char *node = vt_kv_get(reply, "node"), *version = vt_kv_get(reply, "version");
	snprintf(c->node, sizeof c->node, "%s", node ? node : "");
	snprintf(a->host->own.version[PF_VMTWIND], PF_VERSION_MAX, "%s", version ? version : "");
	long units = vt_kv_long(reply, "units", 0);
	for (long i = from; i < from + units; i++)
		take_unit(a, reply, i);
	return vt_kv_long(reply, "next", -1);
}

void pf_ask_cluster(const struct pf_ask *a, unsigned number)
{
	cmap_handle_t map;
	struct vt_kv *reply = calloc(1, sizeof *reply);
	(void)number;
	bool runs = cmap_initialize(&map) == CS_OK;
	a->host->cluster.corosync = runs ? PF_YES : PF_NO;
	if (runs)
		cmap_finalize(map);
	long from = 0;
	for (int i = 0; reply && from >= 0 && i < ROUNDS_MAX; i++)
		from = take_status(a, from, reply);
	free(reply);
}
