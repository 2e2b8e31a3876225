// SPDX-License-Identifier: GPL-2.0-or-later
/* What each fence device is told to do; of fence_vmtwin also its time limits, hosts, constraints. And how the host ends itself. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/timing.h"
#include "crm-config/check_int.h"

#define LEASE_MIN_MS 5000 /* vmtwin-unit(5) */

/* The delay that Pacemaker adds before the device's action: pcmk_delay_max is the limit of both. */
static uint32_t own_delay_ms(const struct cf_facts *f, const struct cf_device *d, const char **name)
{
	uint32_t longest = d->delay_max_ms;
	*name = "pcmk_delay_max";
	if (longest > 0)
		return longest;
	*name = "pcmk_delay_base";
	for (unsigned i = 0; i < f->units; i++)
		for (int k = 0; k < 2; k++) {
			uint32_t ms = cf_device_base_ms(d, f->unit[i].hosts[k]);
			longest = ms > longest ? ms : longest;
		}
	return longest;
}

/* The longest lease for which limit_ms would do, in whole seconds; 0: none. */
static uint32_t lease_that_fits_ms(const struct cf_facts *f, uint64_t limit_ms, uint64_t rest_ms)
{
	uint64_t room = limit_ms > rest_ms ? (limit_ms - rest_ms) * 500 / 501 / 1000 * 1000 : 0;
	return room >= LEASE_MIN_MS && room < cf_longest_lease_ms(f) ? (uint32_t)room : 0;
}

static void check_limit(const struct cf_facts *f, const struct cf_device *d, const char *action, uint32_t given_ms,
			struct cf_findings *out)
{
	struct cf_sum s;
	const char *delay_name;
	char limit_text[CF_SECONDS_TEXT], what[256], lease_text[64] = "";
	uint32_t limit = given_ms ? given_ms : f->cib->stonith_timeout_ms, delay = own_delay_ms(f, d, &delay_name);
	cf_seconds(limit, limit_text);
	if (given_ms)
		snprintf(what, sizeof what, "pcmk_%s_timeout of %s = %s s", action, d->id, limit_text);
	else
		snprintf(what, sizeof what, "pcmk_%s_timeout of %s = %s s (stonith-timeout)", action, d->id, limit_text);
	cf_fence_sum(f, &s);
	if (d->delay_ms)
		cf_sum_add(&s, "delay", d->delay_ms);
	if (delay)
		cf_sum_add(&s, delay_name, delay);
	cf_sum_end(&s);
	uint64_t need = s.ms + CF_FENCE_RESERVE_MS;
	if (limit >= need) {
		cf_say(out, CF_OK, "%s >= %s, and 5 s of reserve", what, s.text);
		return;
	}
	uint32_t lease = lease_that_fits_ms(f, limit, need - cf_longest_lease_ms(f) - cf_longest_lease_ms(f) / 500);
	if (lease)
		snprintf(lease_text, sizeof lease_text, ", or lease_ms = %u in the units' files", lease);
	cf_say(out, CF_ERROR, "%s, but fencing takes at least %s, and 5 s of reserve; `pcs stonith update %s pcmk_%s_timeout=%llus`%s",
	       what, s.text, d->id, action, (unsigned long long)((need + 999) / 1000), lease_text);
}

static void check_hosts(const struct cf_facts *f, const struct cf_device *d, struct cf_findings *out)
{
	for (unsigned i = 0; i < f->units; i++)
		for (int k = 0; k < 2; k++) {
			const char *host = f->unit[i].hosts[k];
			if (!cf_device_covers(d, host))
				cf_say(out, CF_ERROR,
				       "pcmk_host_list of %s = '%s' lacks %s, a host of unit %s: it can't be fenced by it; `pcs stonith update "
				       "%s pcmk_host_list=\"%s %s\"`",
				       d->id, d->hosts, host, f->unit[i].name, d->id, f->unit[i].hosts[0], f->unit[i].hosts[1]);
			if (!cf_device_allowed(f->cib, d, host))
				cf_say(out, CF_ERROR,
				       "location constraints keep %s from %s (or the cluster is not symmetric): fence_vmtwin asks the vmtwind "
				       "beside it, so each host must be able to use it; `pcs constraint location`, and remove the ban",
				       d->id, host);
		}
}

/* An action in the place of off or reboot that proves nothing. fence_vmtwin has only these two; power agents may have more that
 * switch a host off (cycle, diag), but those here never do. */
static bool action_ok(const struct cf_device *d, const char *action)
{
	static const char *const idle[] = {"on",   "enable",	    "status", "monitor",   "list",  "list-status", "metadata",
					   "meta-data", "validate-all", "start",  "stop", "manpage", "unfence"};
	if (!action[0] || strcasecmp(action, "reboot") == 0 || strcasecmp(action, "off") == 0)
		return true;
	for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++)
		if (strcasecmp(action, idle[i]) == 0)
			return false;
	return !d->vmtwin;
}

static void check_actions(const struct cf_device *d, struct cf_findings *out)
{
	if (action_ok(d, d->reboot_action) && action_ok(d, d->off_action))
		return;
	cf_say(out, CF_ERROR, "pcmk_reboot_action = '%s', pcmk_off_action = '%s' of %s: %s; `pcs stonith update %s pcmk_reboot_action= pcmk_off_action=`",
	       d->reboot_action, d->off_action, d->id,
	       d->vmtwin ? "anything but reboot and off succeeds after 0 s, with no proof"
			 : "it succeeds and the host is not off: two copies would run",
	       d->id);
}

static void check_twin(const struct cf_facts *f, const struct cf_device *d, struct cf_findings *out)
{
	check_limit(f, d, "reboot", d->reboot_ms, out);
	check_limit(f, d, "off", d->off_ms, out);
	check_hosts(f, d, out);
	if (!d->monitored)
		cf_say(out, CF_WARNING,
		       "%s has no monitor: that it can't work (vmtwind down, witness set wrongly) shows only when it is needed; `pcs stonith "
		       "update %s op monitor interval=60s`",
		       d->id, d->id);
}

/* It may run on both hosts of the units, whatever others there are. */
static bool leaves_hosts(const struct cf_facts *f, const struct cf_location *l)
{
	for (int h = 0; h < CF_ONLY_HOSTS; h++)
		if (strcasecmp(f->unit[0].hosts[h], l->only[0]) != 0 && strcasecmp(f->unit[0].hosts[h], l->only[1]) != 0)
			return false;
	return true;
}

static void warn_rules(const struct cf_facts *f, struct cf_findings *out)
{
	for (unsigned i = 0; i < f->cib->locations; i++) {
		const struct cf_location *l = &f->cib->location[i];
		for (unsigned k = 0; k < f->cib->devices; k++)
			if (l->rule && !leaves_hosts(f, l) && strcmp(l->rsc, f->cib->device[k].id) == 0)
				cf_say(out, CF_WARNING,
				       "a location constraint of %s has a rule, which this check doesn't evaluate: see that each host can use it",
				       l->rsc);
	}
}

void cf_check_devices(const struct cf_facts *f, struct cf_findings *out)
{
	for (unsigned i = 0; i < f->cib->devices; i++) {
		const struct cf_device *d = &f->cib->device[i];
		bool used = cf_device_used(f, d);
		if (used)
			check_actions(d, out);
		if (!d->vmtwin || d->disabled)
			continue;
		if (used)
			check_twin(f, d, out);
		else
			cf_say(out, CF_WARNING,
			       "%s (fence_vmtwin) is used for no host of these units: it is in none of their fencing levels, or pcmk_host_list "
			       "names others; `pcs stonith level add 2 HOST %s`",
			       d->id, d->id);
	}
	warn_rules(f, out);
}

/* ---- the host's own end -------------------------------------------------------------------------- */

/* vmtwind's own rule (daemon/master/end.c): it doesn't arm a watchdog that takes more than half of the lease's nine tenths; it feeds
 * it as long as it would still bite inside them, so a host without proof is reset, whether it hangs or is cut off. */
static bool watchdog_armed(const struct cf_facts *f)
{
	return f->host->watchdog[0] && 2ull * f->host->watchdog_ms <= vt_timing_own_ms(cf_longest_lease_ms(f));
}

static void check_watchdog(const struct cf_facts *f, struct cf_findings *out)
{
	char seconds[CF_SECONDS_TEXT], twice[CF_SECONDS_TEXT], own_text[CF_SECONDS_TEXT];
	uint32_t own = vt_timing_own_ms(cf_longest_lease_ms(f));
	char shorter[64] = "";
	cf_seconds(f->host->watchdog_ms, seconds);
	cf_seconds(2ull * f->host->watchdog_ms, twice);
	cf_seconds(own, own_text);
	if (own / 2000 >= VT_WATCHDOG_MIN_S)
		snprintf(shorter, sizeof shorter, "watchdog_timeout_s = %u or less, or ", own / 2000);
	if (!watchdog_armed(f))
		cf_say(out, CF_ERROR,
		       "watchdog: 2 x watchdog_timeout_s %s = %s s > nine tenths of the longest lease_ms, %s s: vmtwind doesn't arm it, and a "
		       "host that hangs is not reset; set %slease_ms = %llu",
		       seconds, twice, own_text, shorter, (2ull * f->host->watchdog_ms * 10 + 8999) / 9000 * 1000);
	else
		cf_say(out, CF_OK,
		       "watchdog: 2 x watchdog_timeout_s %s = %s s <= nine tenths of the longest lease_ms, %s s: a host that hangs or has no "
		       "proof for that long is reset",
		       seconds, twice, own_text);
}

void cf_check_host(const struct cf_facts *f, struct cf_findings *out)
{
	const struct cf_cib *c = f->cib;
	char own[CF_SECONDS_TEXT];
	if (f->host->watchdog[0])
		check_watchdog(f, out);
	if (!cf_uses_vmtwin(f) || c->others == 0)
		return;
	if (!f->host->self_fence && !watchdog_armed(f))
		cf_say(out, CF_ERROR,
		       "self_fence = no and no watchdog in force, but %u other resources (%s): after fence_vmtwin's success Pacemaker starts them too, "
		       "while the host that is cut off may still run them, for no lease ends those; set self_fence = yes and watchdog = "
		       "/dev/watchdog in vmtwind.conf on both hosts",
		       c->others, c->other);
	else if (!watchdog_armed(f))
		cf_say(out, CF_WARNING,
		       "self_fence = yes without a watchdog, and %u other resources (%s): a host that hangs can't reset itself after %s s, and "
		       "may run them again when it goes on; set watchdog = /dev/watchdog",
		       c->others, c->other, cf_seconds(vt_timing_own_ms(cf_longest_lease_ms(f)), own));
	else
		cf_say(out, CF_OK, "self_fence = %s and a watchdog: the host's %u other resources (%s) end with it, at most %s s after its last proof",
		       f->host->self_fence ? "yes" : "no", c->others, c->other,
		       cf_seconds(vt_timing_own_ms(cf_longest_lease_ms(f)), own));
}
