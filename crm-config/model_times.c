// SPDX-License-Identifier: GPL-2.0-or-later
/* A unit's times against those of the corosync.conf that is made of the same files: the sums of `vmtwin-config check`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "crm-config/check_int.h"
#include "crm-config/model.h"

static void describe(const struct cf_model *m, struct cf_corosync *c)
{
	struct vt_cluster_timing t = cf_model_timing(m);
	c->token_ms = c->real_token_ms = t.token_ms;
	c->consensus_ms = t.consensus_ms;
	c->two_node = t.two_node;
	c->device = t.device;
	c->device_timeout_ms = t.device_timeout_ms;
	c->device_sync_ms = t.device_sync_ms;
	for (c->node_count = 0; c->node_count < CF_HOSTS; c->node_count++)
		snprintf(c->node[c->node_count].name, sizeof c->node[0].name, "%s", m->site.host[c->node_count]);
}

static int first_error(const struct cf_findings *found, struct vt_fail *fail)
{
	for (unsigned i = 0; i < found->count; i++)
		if (found->list[i].severity == CF_ERROR)
			return vt_fail(fail, -EPERM, "%s", found->list[i].text);
	return 0;
}

int cf_model_times_fit(const struct cf_model *m, const struct cf_unit *u, struct vt_fail *fail)
{
	struct cf_corosync *c = calloc(1, sizeof *c);
	struct cf_findings *found = calloc(1, sizeof *found);
	struct cf_facts facts = {.corosync = c, .unit = &u->conf, .units = 1, .named = 1};
	int rc = -ENOMEM;
	if (c && found) {
		describe(m, c);
		cf_check_leases(&facts, found);
		rc = first_error(found, fail);
	} else {
		vt_fail(fail, rc, "out of memory");
	}
	free(found);
	free(c);
	return rc;
}
