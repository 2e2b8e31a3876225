// SPDX-License-Identifier: GPL-2.0-or-later
/* The verdict's frame, and leases. */
#include "crm-config/check_timing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/timing.h"
#include "core/core.h"
#include "crm-config/check_int.h"

/* qdevice sends 0.8 of its timeout as the heartbeat's interval, and qnetd gives up after 1.5 of that (corosync-qnetd(8),
 * dpd_interval_coefficient): so long a dead host's last word may keep qnetd from giving the vote to the other one. */
#define QNETD_NOTICE_TENTHS 12

const char *cf_seconds(uint64_t ms, char out[CF_SECONDS_TEXT])
{
	int n = snprintf(out, CF_SECONDS_TEXT, "%llu.%03llu", (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000));
	while (n > 1 && out[n - 1] == '0')
		out[--n] = '\0';
	if (out[n - 1] == '.')
		out[n - 1] = '\0';
	return out;
}

static void append(struct cf_sum *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void append(struct cf_sum *s, const char *fmt, ...)
{
	size_t at = strlen(s->text);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(s->text + at, sizeof s->text - at, fmt, ap);
	va_end(ap);
}

void cf_sum_add(struct cf_sum *s, const char *name, uint64_t ms)
{
	char seconds[CF_SECONDS_TEXT];
	append(s, "%s%s %s", s->text[0] ? " + " : "", name, cf_seconds(ms, seconds));
	s->ms += ms;
}

void cf_sum_end(struct cf_sum *s)
{
	char seconds[CF_SECONDS_TEXT];
	append(s, " = %s s", cf_seconds(s->ms, seconds));
}

void cf_say(struct cf_findings *out, enum cf_severity severity, const char *fmt, ...)
{
	va_list ap;
	out->errors += severity == CF_ERROR;
	out->warnings += severity == CF_WARNING;
	if (out->count == CF_FINDINGS_MAX)
		return;
	struct cf_finding *f = &out->list[out->count++];
	f->severity = severity;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof f->text, fmt, ap);
	va_end(ap);
}

static uint32_t longest_lease_ms(const struct cf_facts *f, bool drbd)
{
	uint32_t longest = 0;
	for (unsigned i = 0; i < f->units; i++)
		if (f->unit[i].drbd == drbd && f->unit[i].lease_ms > longest)
			longest = f->unit[i].lease_ms;
	return longest;
}

uint32_t cf_longest_lease_ms(const struct cf_facts *f)
{
	uint32_t longest = longest_lease_ms(f, false);
	return longest ? longest : longest_lease_ms(f, true);
}

bool cf_all_unfenced(const struct cf_facts *f)
{
	for (unsigned i = 0; i < f->units; i++)
		if (!f->unit[i].allow_unfenced)
			return false;
	return f->units > 0;
}

/* The notice's terms, base/timing.h. */
static void add_notice(const struct vt_cluster_timing *t, struct cf_sum *s)
{
	cf_sum_add(s, "token", t->token_ms);
	cf_sum_add(s, "consensus", t->consensus_ms);
	if (t->device && t->device_timeout_ms > t->device_sync_ms)
		cf_sum_add(s, "quorum.device.timeout", t->device_timeout_ms);
	else if (t->device)
		cf_sum_add(s, "quorum.device.sync_timeout", t->device_sync_ms);
}

void cf_fence_sum(const struct cf_facts *f, struct cf_sum *s)
{
	struct vt_cluster_timing t = cf_corosync_timing(f->corosync);
	uint32_t lease = cf_longest_lease_ms(f);
	*s = (struct cf_sum){.ms = 0};
	cf_sum_add(s, "lease_ms", lease);
	add_notice(&t, s);
	/* what is left is one number to people: drift and reserve */
	cf_sum_add(s, "drift and reserve", vt_timing_margin_ms(&t, lease) - vt_timing_notice_ms(&t));
}

/*
 * How long proofs pause on the side that keeps quorum when the other host is lost: until corosync has a new membership, and,
 * with a quorum device, until qnetd has given up the other host. Both run from the moment of the loss, so the longer counts.
 */
static void pause_sum(const struct vt_cluster_timing *t, struct cf_sum *s)
{
	uint64_t device = t->device ? (uint64_t)t->device_timeout_ms * QNETD_NOTICE_TENTHS / 10 : 0;
	if (device > (uint64_t)t->token_ms + t->consensus_ms) {
		cf_sum_add(s, "1.2 x quorum.device.timeout", device);
	} else {
		cf_sum_add(s, "token", t->token_ms);
		cf_sum_add(s, "consensus", t->consensus_ms);
	}
	cf_sum_add(s, "proof interval", CF_PROOF_INTERVAL_MS);
	cf_sum_add(s, "reserve", CF_LEASE_RESERVE_MS);
	cf_sum_end(s);
}

/* The same at worst: the other host hangs instead, and its qdevice lives on for a while after its corosync; heuristics first have
 * to end. */
static void hang_sum(const struct cf_corosync *c, const struct vt_cluster_timing *t, struct cf_sum *s)
{
	cf_sum_add(s, "token", t->token_ms);
	cf_sum_add(s, "consensus", t->consensus_ms);
	cf_sum_add(s, "quorum.device.timeout", t->device_timeout_ms);
	if (strcmp(c->heuristics, "on") == 0 || strcmp(c->heuristics, "sync") == 0)
		cf_sum_add(s, "heuristics.sync_timeout", c->heuristics_sync_ms);
	cf_sum_add(s, "proof interval", CF_PROOF_INTERVAL_MS);
	cf_sum_add(s, "reserve", CF_LEASE_RESERVE_MS);
	cf_sum_end(s);
}

/* The lease, in whole seconds, whose own part (nine tenths) is at least that. */
static uint64_t lease_for_s(uint64_t own_ms)
{
	return (own_ms * 10 + 8999) / 9000;
}

static void check_lease(const struct cf_facts *f, const struct vt_unitconf *u, struct cf_findings *out)
{
	struct vt_cluster_timing t = cf_corosync_timing(f->corosync);
	struct cf_sum s = {.ms = 0}, hang = {.ms = 0};
	char own_text[CF_SECONDS_TEXT], lease_text[CF_SECONDS_TEXT];
	uint32_t own = vt_timing_own_ms(u->lease_ms);
	cf_seconds(own, own_text);
	cf_seconds(u->lease_ms, lease_text);
	pause_sum(&t, &s);
	if (t.device)
		hang_sum(f->corosync, &t, &hang);
	if (own < s.ms)
		cf_say(out, CF_ERROR,
		       "lease_ms of unit %s = %s s, of which the host counts on nine tenths, %s s, but without proof it may be for %s "
		       "when the other host is lost: any change of the membership would take the VM down; set lease_ms = %llu",
		       u->name, lease_text, own_text, s.text, (unsigned long long)lease_for_s(s.ms) * 1000);
	else if (own < hang.ms)
		cf_say(out, CF_WARNING,
		       "lease_ms of unit %s: 0.9 x %s = %s s >= %s; but at worst (the other host hangs instead of being cut off, slow heuristics) it may "
		       "take %s, and the VM here goes down too; set lease_ms = %llu if that matters",
		       u->name, lease_text, own_text, s.text, hang.text, (unsigned long long)lease_for_s(hang.ms) * 1000);
	else
		cf_say(out, CF_OK, "lease_ms of unit %s: 0.9 x %s = %s s >= %s", u->name, lease_text, own_text, s.text);
}

static void check_outdate(const struct vt_unitconf *u, struct cf_findings *out)
{
	struct cf_sum s = {.ms = 0};
	char own_text[CF_SECONDS_TEXT];
	uint32_t own = vt_timing_own_ms(u->lease_ms);
	cf_sum_add(&s, "link_timeout_ms", u->link_timeout_ms);
	cf_sum_add(&s, "reconnect", VC_RECONNECT_MS);
	cf_sum_add(&s, "outdate_timeout_ms", u->outdate_timeout_ms);
	cf_sum_end(&s);
	cf_seconds(own, own_text);
	if (s.ms >= own)
		cf_say(out, CF_ERROR,
		       "outdate_timeout_ms of unit %s: a broken data link is settled after %s, but the lease's nine tenths are %s s: "
		       "writes would be held until the lease ends, and fail; set link_timeout_ms and outdate_timeout_ms lower, or "
		       "lease_ms = %llu",
		       u->name, s.text, own_text, (unsigned long long)lease_for_s(s.ms + 1) * 1000);
	else
		cf_say(out, CF_OK, "outdate_timeout_ms of unit %s: %s < nine tenths of the lease, %s s", u->name, s.text, own_text);
}

static void check_hosts(const struct cf_facts *f, const struct vt_unitconf *u, struct cf_findings *out)
{
	for (int i = 0; i < 2; i++)
		if (!cf_corosync_node(f->corosync, u->hosts[i]))
			cf_say(out, CF_ERROR,
			       "hosts of unit %s: '%s' is no node of corosync.conf's nodelist; write the name as `crm_node -l` "
			       "shows it",
			       u->name, u->hosts[i]);
}

void cf_check_leases(const struct cf_facts *f, struct cf_findings *out)
{
	uint32_t longest = cf_longest_lease_ms(f);
	char a[CF_SECONDS_TEXT], b[CF_SECONDS_TEXT];
	for (unsigned i = 0; i < f->named; i++) {
		const struct vt_unitconf *u = &f->unit[i];
		check_hosts(f, u, out);
		if (u->drbd)
			continue; /* it has neither a lease nor vmtwin's data link */
		check_lease(f, u, out);
		check_outdate(u, out);
		if (u->lease_ms != longest)
			cf_say(out, CF_WARNING,
			       "lease_ms of unit %s = %s s, but the longest of all units is %s s, and fencing waits for that one; "
			       "give all units the same",
			       u->name, cf_seconds(u->lease_ms, a), cf_seconds(longest, b));
	}
}

void cf_check(const struct cf_facts *f, struct cf_findings *out)
{
	out->count = out->errors = out->warnings = 0;
	cf_check_quorum(f, out);
	cf_check_witness(f, out);
	cf_check_leases(f, out);
	cf_check_fencing(f, out);
	cf_check_devices(f, out);
	cf_check_host(f, out);
	cf_check_operations(f, out);
	cf_check_failover(f, out);
}
