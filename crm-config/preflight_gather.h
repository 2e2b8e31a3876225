/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out what the preflight judges: looks at this host, asks its daemons, pings the other one. Changes nothing but for a file
 * without a name in each store's file system, which is gone with the process. */
#ifndef VMTWIN_CRM_CONFIG_PREFLIGHT_GATHER_H
#define VMTWIN_CRM_CONFIG_PREFLIGHT_GATHER_H

#include "crm-config/preflight.h"

struct pf_wish {
	const char *unit_dir, *corosync_path, *host_path; /* for digests */
	const char *peer;				  /* look at the way to this host only; NULL: to each unit's other one */
	bool facts_only;				  /* what pf_facts_print prints, no more */
};

/*
 * f->corosync (without nodes if there is none yet), f->host and f->unit count; f->cib does not. Takes less than 15 s: what does not
 * end is left alone and told as late. Free the result by pf_gather_free. NULL: no memory, told in fail.
 */
struct pf_host *pf_gather(const struct cf_facts *f, const struct pf_wish *wish, struct vt_fail *fail);
void pf_gather_free(struct pf_host *host);
/* Wall clock, milliseconds since 1970. */
int64_t pf_wall_ms(void);

#endif
