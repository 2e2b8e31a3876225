/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the verdict share: findings, sums, and what several of them ask of the facts. */
#ifndef VMTWIN_CRM_CONFIG_CHECK_INT_H
#define VMTWIN_CRM_CONFIG_CHECK_INT_H

#include "crm-config/check_timing.h"

/* vmtwind's, daemon/master/master.h: a proof a second. */
#define CF_PROOF_INTERVAL_MS 1000
/* A lease must be longer by this than what a change of the membership takes. */
#define CF_LEASE_RESERVE_MS 2000

/* An equation as it grows: "lease_ms 30 + token 3", in seconds. */
struct cf_sum {
	char text[400];
	uint64_t ms;
};
#define CF_SECONDS_TEXT 24
/* "3.6" */
const char *cf_seconds(uint64_t ms, char out[CF_SECONDS_TEXT]);
void cf_sum_add(struct cf_sum *s, const char *name, uint64_t ms);
/* Adds " = 67.66 s". */
void cf_sum_end(struct cf_sum *s);

void cf_say(struct cf_findings *out, enum cf_severity severity, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Of the units that have a lease. Those on DRBD have none: what their files say counts only if there are no others. */
uint32_t cf_longest_lease_ms(const struct cf_facts *f);
/* Every unit says allow_unfenced = yes. */
bool cf_all_unfenced(const struct cf_facts *f);
/* A device that Pacemaker uses: on, and, where its hosts have a topology, in it. */
bool cf_device_used(const struct cf_facts *f, const struct cf_device *d);
bool cf_uses_vmtwin(const struct cf_facts *f);
/* Some level is for the host. */
bool cf_has_levels(const struct cf_cib *cib, const char *host);
/* The unit whose resource it is, NULL: no file. A VM on DRBD doesn't name its unit to the agent, but has its name. */
const struct vt_unitconf *cf_unit_of(const struct cf_facts *f, const struct cf_resource *r);
/* Silence, own quorum and what else fence_vmtwin waits for, as a sum. */
void cf_fence_sum(const struct cf_facts *f, struct cf_sum *s);

void cf_check_quorum(const struct cf_facts *f, struct cf_findings *out);
void cf_check_witness(const struct cf_facts *f, struct cf_findings *out);
void cf_check_fencing(const struct cf_facts *f, struct cf_findings *out);
void cf_check_devices(const struct cf_facts *f, struct cf_findings *out);
void cf_check_leases(const struct cf_facts *f, struct cf_findings *out);
void cf_check_host(const struct cf_facts *f, struct cf_findings *out);
void cf_check_operations(const struct cf_facts *f, struct cf_findings *out);
void cf_check_failover(const struct cf_facts *f, struct cf_findings *out);

#endif
