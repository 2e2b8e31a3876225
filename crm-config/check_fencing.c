// SPDX-License-Identifier: GPL-2.0-or-later
/* Is there fencing for each host, and does it prove what the cluster takes from it? */
#include <string.h>
#include <strings.h>

#include "base/timing.h"
#include "crm-config/check_int.h"

static bool level_has(const struct cf_level *l, const char *device)
{
	for (unsigned i = 0; i < l->count; i++)
		if (strcmp(l->device[i], device) == 0)
			return true;
	return false;
}

bool cf_has_levels(const struct cf_cib *cib, const char *host)
{
	for (unsigned i = 0; i < cib->levels; i++)
		if (strcasecmp(cib->level[i].target, host) == 0)
			return true;
	return false;
}

/* Pacemaker would use it against that host. */
static bool used_against(const struct cf_facts *f, const struct cf_device *d, const char *host)
{
	if (d->disabled || !cf_device_covers(d, host))
		return false;
	if (!cf_has_levels(f->cib, host))
		return true;
	for (unsigned i = 0; i < f->cib->levels; i++) {
		const struct cf_level *l = &f->cib->level[i];
		if ((!l->target[0] || strcasecmp(l->target, host) == 0) && level_has(l, d->id))
			return true;
	}
	return false;
}

bool cf_device_used(const struct cf_facts *f, const struct cf_device *d)
{
	for (unsigned i = 0; i < f->units; i++)
		if (used_against(f, d, f->unit[i].hosts[0]) || used_against(f, d, f->unit[i].hosts[1]))
			return true;
	return false;
}

bool cf_uses_vmtwin(const struct cf_facts *f)
{
	for (unsigned i = 0; i < f->cib->devices; i++)
		if (f->cib->device[i].vmtwin && cf_device_used(f, &f->cib->device[i]))
			return true;
	return false;
}

/* Agents that report success and do nothing, or only if the host is healthy. */
static bool pretends(const char *agent)
{
	static const char *const names[] = {"fence_dummy", "null", "external/null", "ssh", "external/ssh", "meatware"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(agent, names[i]) == 0)
			return true;
	return false;
}

/* Some device can be used against victim by the other host. */
static bool can_fence(const struct cf_facts *f, const char *victim, const char *by)
{
	for (unsigned i = 0; i < f->cib->devices; i++) {
		const struct cf_device *d = &f->cib->device[i];
		if (used_against(f, d, victim) && cf_device_allowed(f->cib, d, by))
			return true;
	}
	return false;
}

/* The same pair of hosts as an earlier unit's: told once. */
static bool seen_before(const struct cf_facts *f, unsigned at)
{
	const struct vt_unitconf *u = &f->unit[at];
	for (unsigned i = 0; i < at; i++)
		if (vt_unitconf_slot(&f->unit[i], u->hosts[0]) >= 0 && vt_unitconf_slot(&f->unit[i], u->hosts[1]) >= 0)
			return true;
	return false;
}

static void check_each_host(const struct cf_facts *f, struct cf_findings *out)
{
	for (unsigned i = 0; i < f->units; i++) {
		if (seen_before(f, i))
			continue;
		for (int k = 0; k < 2; k++) {
			const char *victim = f->unit[i].hosts[k], *by = f->unit[i].hosts[!k];
			if (!can_fence(f, victim, by))
				cf_say(out, CF_ERROR,
				       "no fence device that %s may use is for %s%s: when %s is lost, its VMs stay down; name it in "
				       "pcmk_host_list, and see `pcs constraint location` and `pcs stonith level`",
				       by, victim, cf_has_levels(f->cib, victim) ? " in its fencing levels" : "", victim);
		}
	}
}

/* Is there any device, and is fencing on? False: nothing more to be said of devices. */
static bool check_present(const struct cf_facts *f, struct cf_findings *out)
{
	const char *unfenced = cf_all_unfenced(f) ? "; allow_unfenced = yes in the units needs fence_vmtwin all the same" : "";
	unsigned used = 0;
	for (unsigned i = 0; i < f->cib->devices; i++)
		used += !f->cib->device[i].disabled;
	if (!f->cib->stonith_enabled)
		cf_say(out, CF_ERROR,
		       "stonith-enabled = false: Pacemaker starts a lost host's VMs at once, 0 s after it is gone, while its lease of %u s "
		       "still runs there%s; `pcs property set stonith-enabled=true`",
		       cf_longest_lease_ms(f) / 1000, unfenced);
	if (used == 0)
		cf_say(out, CF_ERROR, "fence devices: %u configured, 0 in use: when a host is lost, its VMs start nowhere%s; see docs/FENCING.md",
		       f->cib->devices, unfenced);
	return used > 0;
}

/* Of what runs on DRBD no lease ends: fence_vmtwin would say that a host is down while its VM runs there. */
static void check_drbd(const struct cf_facts *f, struct cf_findings *out)
{
	for (unsigned i = 0; cf_uses_vmtwin(f) && i < f->units; i++)
		if (f->unit[i].drbd)
			cf_say(out, CF_ERROR,
			       "storage of unit %s = drbd, but fence_vmtwin is used: it waits for leases, which DRBD has not, and would call a host down "
			       "whose VM still runs; have power fencing only (`pcs stonith delete`, and fence.HOST in the units' files)",
			       f->unit[i].name);
}

/* fence_vmtwin has nothing but quorum and witnesses to tell the sides of a split apart. */
static void check_sides(const struct cf_facts *f, struct cf_findings *out)
{
	bool both = cf_corosync_both_quorate(f->corosync);
	if (both && f->host->witness.count == 0 && cf_uses_vmtwin(f)) {
		if (cf_all_unfenced(f)) {
			cf_say(out, CF_WARNING,
			       "allow_unfenced = yes in all units: votes that a host needs = 1, votes it has alone = 1, witnesses = 0: a "
			       "split makes a fork, and one branch of each VM will be given up; a quorum device or a witness prevents it");
			return;
		}
		for (unsigned i = 0; i < f->units; i++)
			if (!f->unit[i].allow_unfenced)
				cf_say(out, CF_ERROR,
				       "fence_vmtwin: votes that a host needs = 1 (two_node), votes it has alone = 1, witnesses = 0: neither "
				       "side of a split knows that it is cut off, so fence_vmtwin refuses (unit %s has not allow_unfenced); "
				       "add a quorum device (`pcs quorum device add model net host=THIRD algorithm=ffsplit`) or a witness "
				       "in vmtwind.conf",
				       f->unit[i].name);
		return;
	}
	for (unsigned i = 0; i < f->units; i++)
		if (f->unit[i].allow_unfenced)
			cf_say(out, CF_WARNING,
			       "allow_unfenced = yes in unit %s: not needed here, and a fork if the %s goes away one day; remove it",
			       f->unit[i].name, both && !f->host->witness.count ? "fencing" : both ? "witness" : "third vote");
}

static void check_policy(const struct cf_facts *f, struct cf_findings *out)
{
	const struct cf_cib *c = f->cib;
	bool vmtwin = cf_uses_vmtwin(f);
	if (strcmp(c->no_quorum, "ignore") == 0)
		cf_say(out, CF_ERROR,
		       "no-quorum-policy = ignore: a host that lost quorum goes on and fences as if it had it; `pcs property set "
		       "no-quorum-policy=stop`");
	else if (strcmp(c->no_quorum, "freeze") == 0 && c->others > 0)
		cf_say(out, CF_WARNING,
		       "no-quorum-policy = freeze: a host that is cut off keeps its %u other resources (%s) running; `pcs property set "
		       "no-quorum-policy=stop`",
		       c->others, c->other);
	if (!c->startup_fencing)
		cf_say(out, CF_ERROR,
		       "startup-fencing = false: a cluster that starts takes hosts that it doesn't see for off, without fencing them; `pcs "
		       "property set startup-fencing=true`");
	if (vmtwin && c->others > 0 && strcmp(c->fence_reaction, "panic") != 0)
		cf_say(out, CF_WARNING,
		       "fence-reaction = %s: a host that hears that it was fenced, but was not switched off, leaves the cluster with its %u "
		       "other resources (%s) running; `pcs property set fence-reaction=panic`",
		       c->fence_reaction, c->others, c->other);
}

static void check_sbd(const struct cf_facts *f, struct cf_findings *out)
{
	if (f->host->watchdog[0] && (f->cib->have_watchdog || f->cib->watchdog_timeout_ms != 0))
		cf_say(out, CF_ERROR,
		       "watchdog = %s in vmtwind.conf, but sbd runs here (have-watchdog, stonith-watchdog-timeout) and uses one too: it belongs "
		       "to one program; remove one of them",
		       f->host->watchdog);
	if (f->cib->watchdog_timeout_ms == 0)
		return;
	if (cf_corosync_both_quorate(f->corosync))
		cf_say(out, CF_ERROR,
		       "stonith-watchdog-timeout is set, but a host alone is quorate (votes 1 >= quorum 1): sbd without a disk never resets a "
		       "host that is cut off; add a quorum device, or set stonith-watchdog-timeout=0");
	else
		cf_say(out, CF_WARNING,
		       "stonith-watchdog-timeout is set: Pacemaker takes a lost host for off after it; it must be longer than "
		       "SBD_WATCHDOG_TIMEOUT of both hosts (/etc/default/sbd), which this check doesn't read");
}

static const struct cf_device *device_of(const struct cf_cib *c, const char *id)
{
	for (unsigned i = 0; i < c->devices; i++)
		if (strcmp(c->device[i].id, id) == 0)
			return &c->device[i];
	return NULL;
}

static void check_levels(const struct cf_facts *f, struct cf_findings *out)
{
	for (unsigned i = 0; i < f->cib->levels; i++) {
		const struct cf_level *l = &f->cib->level[i];
		bool twin = false, other = false;
		for (unsigned k = 0; k < l->count; k++) {
			const struct cf_device *d = device_of(f->cib, l->device[k]);
			if (!d || d->disabled)
				cf_say(out, CF_ERROR, "fencing level %u of %s names %s, which %s: the level always fails; `pcs stonith level "
						      "config`, and correct it",
				       l->index, l->target, l->device[k], d ? "is disabled" : "is no fence device here");
			twin |= d && d->vmtwin;
			other |= d && !d->vmtwin;
		}
		if (twin && other)
			cf_say(out, CF_WARNING,
			       "fencing level %u of %s has fence_vmtwin and %u more: all of a level must succeed, so it fails with the power "
			       "device; give fence_vmtwin a level of its own after it",
			       l->index, l->target, l->count - 1);
	}
}

/* The first device in use against the host: fence_vmtwin, or a power device. NULL: there is none. */
static const struct cf_device *first_against(const struct cf_facts *f, const char *host, bool vmtwin)
{
	for (unsigned i = 0; i < f->cib->devices; i++)
		if (f->cib->device[i].vmtwin == vmtwin && used_against(f, &f->cib->device[i], host))
			return &f->cib->device[i];
	return NULL;
}

/* Some level is for hosts by a pattern or an attribute, which this check doesn't evaluate. */
static bool has_pattern_levels(const struct cf_cib *cib)
{
	for (unsigned i = 0; i < cib->levels; i++)
		if (!cib->level[i].target[0])
			return true;
	return false;
}

static void check_order(const struct cf_facts *f, const char *host, struct cf_findings *out)
{
	const struct cf_device *power = first_against(f, host, false), *twin = first_against(f, host, true);
	if (power && twin && !cf_has_levels(f->cib, host) && !has_pattern_levels(f->cib))
		cf_say(out, CF_WARNING,
		       "fence devices of %s: %s and %s (fence_vmtwin), but no fencing levels: it is chance which is asked first, and fence_vmtwin "
		       "takes the longer; `pcs stonith level add 1 %s %s` and `pcs stonith level add 2 %s %s`",
		       host, power->id, twin->id, host, power->id, host, twin->id);
}

static void check_orders(const struct cf_facts *f, struct cf_findings *out)
{
	for (unsigned i = 0; i < f->units; i++)
		for (int k = 0; k < 2 && !seen_before(f, i); k++)
			check_order(f, f->unit[i].hosts[k], out);
}

/* ---- both shoot each other --------------------------------------------------------------------- */

/* The longest fixed delay, and the longest random part, of power devices against a host. */
static void power_delay(const struct cf_facts *f, const char *victim, uint32_t *base, uint32_t *span, bool *any)
{
	*base = *span = 0;
	*any = false;
	for (unsigned i = 0; i < f->cib->devices; i++) {
		const struct cf_device *d = &f->cib->device[i];
		if (d->vmtwin || !used_against(f, d, victim))
			continue;
		uint32_t b = cf_device_base_ms(d, victim);
		if (d->delay_max_ms && b > d->delay_max_ms)
			b = d->delay_max_ms;
		uint32_t fixed = b + d->delay_ms;
		uint32_t random = d->delay_max_ms > b ? d->delay_max_ms - b : 0;
		*any = true;
		*base = fixed > *base ? fixed : *base;
		*span = random > *span ? random : *span;
	}
}

static bool some_priority(const struct cf_cib *c)
{
	for (unsigned i = 0; i < c->resources; i++)
		if (!c->resource[i].drbd && c->resource[i].priority > 0)
			return true;
	return false;
}

static unsigned vms(const struct cf_cib *cib)
{
	unsigned count = 0;
	for (unsigned i = 0; i < cib->resources; i++)
		count += !cib->resource[i].mirror;
	return count;
}

/* differ: the devices' own delays. */
static void check_priority_delay(const struct cf_facts *f, uint32_t longest_ms, bool differ, struct cf_findings *out)
{
	char delay[CF_SECONDS_TEXT], twice[CF_SECONDS_TEXT];
	uint32_t ms = f->cib->priority_delay_ms;
	cf_seconds(ms, delay);
	if (!some_priority(f->cib))
		cf_say(out, CF_ERROR,
		       "priority-fencing-delay = %s s, but no resource of vmtwin's has a priority: both hosts weigh 0, nobody is delayed, and "
		       "both shoot each other; `pcs resource meta VM priority=10`",
		       delay);
	else if (longest_ms > 0 && ms < 2 * longest_ms)
		cf_say(out, CF_WARNING,
		       "priority-fencing-delay = %s s < 2 x the devices' own delay = %s s: it may not decide who shoots first; make it longer",
		       delay, cf_seconds(2ull * longest_ms, twice));
	else if (vms(f->cib) > 1 && !differ)
		cf_say(out, CF_WARNING,
		       "priority-fencing-delay = %s s decides nothing while each host has VMs of the same priority: both hosts shoot each other then; "
		       "pcmk_delay_base=2s on one host's device, and priority-fencing-delay=4s",
		       delay);
	else if (f->cib->other_priority > 0)
		cf_say(out, CF_WARNING,
		       "priority-fencing-delay = %s s: %s has priority %d and counts for its host as a VM does: both hosts may weigh the same and "
		       "shoot each other, or the one with the VM is shot; `pcs resource meta %s priority=0`",
		       delay, f->cib->other_weighty, f->cib->other_priority, f->cib->other_weighty);
	else
		cf_say(out, CF_OK, "priority-fencing-delay = %s s: the host with the VM shoots first (outside the devices' timeouts)", delay);
}

static void check_duel(const struct cf_facts *f, const struct vt_unitconf *u, struct cf_findings *out)
{
	uint32_t base[2], span[2];
	bool any[2];
	char a[CF_SECONDS_TEXT], b[CF_SECONDS_TEXT];
	for (int i = 0; i < 2; i++)
		power_delay(f, u->hosts[i], &base[i], &span[i], &any[i]);
	if (!any[0] || !any[1])
		return;
	uint32_t longest = base[0] + span[0] > base[1] + span[1] ? base[0] + span[0] : base[1] + span[1];
	cf_seconds(base[0], a);
	cf_seconds(base[1], b);
	if (f->cib->priority_delay_ms > 0)
		check_priority_delay(f, longest, base[0] != base[1] || span[0] != span[1], out);
	else if (base[0] != base[1])
		cf_say(out, CF_OK, "delay of fencing: against %s %s s, against %s %s s: one shoots first", u->hosts[0], a, u->hosts[1], b);
	else if (span[0] > 0 || span[1] > 0)
		cf_say(out, CF_WARNING,
		       "delay of fencing: against %s %s s, against %s %s s, and a random part up to %u s: both hosts shoot each other if it "
		       "falls alike; `pcs property set priority-fencing-delay=2s`, or pcmk_delay_base on one",
		       u->hosts[0], a, u->hosts[1], b, (span[0] > span[1] ? span[0] : span[1]) / 1000);
	else
		cf_say(out, CF_ERROR,
		       "delay of fencing: against %s %s s, against %s %s s, priority-fencing-delay 0 s: when the network breaks both hosts are "
		       "quorate and shoot each other; `pcs property set priority-fencing-delay=2s` (and a priority for the VM), or "
		       "pcmk_delay_base on one",
		       u->hosts[0], a, u->hosts[1], b);
}

void cf_check_fencing(const struct cf_facts *f, struct cf_findings *out)
{
	check_policy(f, out);
	check_sbd(f, out);
	if (!check_present(f, out))
		return;
	check_each_host(f, out);
	check_drbd(f, out);
	check_sides(f, out);
	check_levels(f, out);
	check_orders(f, out);
	for (unsigned i = 0; i < f->cib->devices; i++)
		if (!f->cib->device[i].disabled && pretends(f->cib->device[i].agent))
			cf_say(out, CF_ERROR,
			       "fence device %s (%s) reports success without having switched anything off: two copies would run; remove it",
			       f->cib->device[i].id, f->cib->device[i].agent);
	for (unsigned i = 0; i < f->units; i++)
		if (cf_corosync_both_quorate(f->corosync) && !seen_before(f, i))
			check_duel(f, &f->unit[i], out);
}
