// SPDX-License-Identifier: GPL-2.0-or-later
/* The units' resources: the times of their operations, what becomes of those that fail, and that a VM starts on a promoted copy only. */
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "crm-config/check_int.h"

/* The vm agent lets the guest shut down so long, in percent of the action's timeout. */
#define GUEST_SHARE 80
#define VM_STOP_ADVISED_MS 120000
#define DRBD_STOP_ADVISED_MS 100000

static bool is_of(const struct cf_resource *r, const struct vt_unitconf *u)
{
	if (r->drbd && !u->drbd)
		return false;
	return strcmp(u->name, r->unit) == 0 || (!r->unit[0] && u->drbd && strcmp(u->name, r->id) == 0);
}

const struct vt_unitconf *cf_unit_of(const struct cf_facts *f, const struct cf_resource *r)
{
	for (unsigned i = 0; i < f->units; i++)
		if (is_of(r, &f->unit[i]))
			return &f->unit[i];
	return NULL;
}

/* "stop timeout of vm1 = 20 s (Pacemaker's own: the CIB names none)" */
static void op_text(const struct cf_facts *f, const struct cf_resource *r, const char *op, uint32_t ms, char *out, size_t cap)
{
	char seconds[CF_SECONDS_TEXT];
	snprintf(out, cap, "%s timeout of %s = %s s%s", op, r->id, cf_seconds(ms ? ms : f->cib->op_default_ms, seconds),
		 ms			   ? ""
		 : f->cib->op_default_set ? " (from op_defaults)"
					   : " (Pacemaker's own: the CIB names none)");
}

static void check_promote(const struct cf_facts *f, const struct cf_resource *r, const struct vt_unitconf *u,
			  struct cf_findings *out)
{
	struct cf_sum s = {.ms = 0}, fence;
	char what[256], share_text[CF_SECONDS_TEXT];
	uint32_t ms = r->promote_ms ? r->promote_ms : f->cib->op_default_ms;
	uint64_t share = (uint64_t)ms * CF_PROMOTE_SHARE / 100;
	cf_sum_add(&s, "reconnect", VC_RECONNECT_MS);
	cf_sum_add(&s, "outdate_timeout_ms", u->outdate_timeout_ms);
	if (cf_uses_vmtwin(f)) {
		cf_fence_sum(f, &fence);
		cf_sum_add(&s, "fencing", fence.ms);
	}
	cf_sum_end(&s);
	op_text(f, r, "promote", r->promote_ms, what, sizeof what);
	cf_seconds(share, share_text);
	if (share < s.ms)
		cf_say(out, CF_WARNING,
		       "%s, of which 0.85 are for vmtwind, %s s, but a promotion that has to wait for fencing takes %s: it would fail, "
		       "and be tried again; `pcs resource update %s op promote timeout=%llus`",
		       what, share_text, s.text, r->id, (unsigned long long)((s.ms * 100 / CF_PROMOTE_SHARE + 999) / 1000));
	else
		cf_say(out, CF_OK, "%s: 0.85 of it = %s s >= %s", what, share_text, s.text);
}

static void check_mirror_ends(const struct cf_facts *f, const struct cf_resource *r, struct cf_findings *out)
{
	static const char *const names[] = {"demote", "stop"};
	const uint32_t given[] = {r->demote_ms, r->stop_ms};
	for (int i = 0; i < 2; i++) {
		struct cf_sum s = {.ms = 0};
		char what[256];
		uint32_t ms = given[i] ? given[i] : f->cib->op_default_ms;
		cf_sum_add(&s, "drain", VC_DRAIN_MS);
		cf_sum_add(&s, "leave", VC_LEAVE_MS);
		cf_sum_end(&s);
		op_text(f, r, names[i], given[i], what, sizeof what);
		if ((uint64_t)ms * 6 / 10 < s.ms) /* STOP_SHARE of ra/mirror.c */
			cf_say(out, CF_WARNING,
			       "%s, but six tenths of it have to hold %s; a %s that fails has its host fenced: `pcs resource update %s "
			       "op %s timeout=60s`",
			       what, s.text, names[i], r->id, names[i]);
	}
}

static void check_drbd_stop(const struct cf_facts *f, const struct cf_resource *r, struct cf_findings *out)
{
	char what[256];
	op_text(f, r, "stop", r->stop_ms, what, sizeof what);
	if ((r->stop_ms ? r->stop_ms : f->cib->op_default_ms) < DRBD_STOP_ADVISED_MS)
		cf_say(out, CF_WARNING,
		       "%s, but DRBD's agent asks for 100 s, and a stop that fails has its host fenced; `pcs resource update %s op stop timeout=100s`", what,
		       r->id);
}

static void check_vm_stop(const struct cf_facts *f, const struct cf_resource *r, struct cf_findings *out)
{
	char what[256], guest[CF_SECONDS_TEXT], held[CF_SECONDS_TEXT];
	uint32_t ms = r->stop_ms ? r->stop_ms : f->cib->op_default_ms;
	uint32_t held_ms = ms / 10 < 5000 ? ms / 10 : 5000; /* fail_held_ms of ra/vm_stop.c */
	cf_seconds((uint64_t)ms * GUEST_SHARE / 100 - held_ms, guest);
	cf_seconds(held_ms, held);
	op_text(f, r, "stop", r->stop_ms, what, sizeof what);
	if (ms < VM_STOP_ADVISED_MS)
		cf_say(out, CF_WARNING,
		       "%s: the guest has 0.8 of it - %s = %s s to shut down and then loses its power, and a stop that fails has its "
		       "host fenced; `pcs resource update %s op stop timeout=120s`",
		       what, held, guest, r->id);
	else
		cf_say(out, CF_OK, "%s: the guest has 0.8 of it - %s = %s s to shut down", what, held, guest);
}

/* Settings that let Pacemaker start a resource while it may still run elsewhere: before its host is fenced, or after a stop that failed. */
static void check_start(const struct cf_resource *r, struct cf_findings *out)
{
	if (strcmp(r->requires, "quorum") == 0 || strcmp(r->requires, "nothing") == 0)
		cf_say(out, CF_ERROR,
		       "requires = %s of %s: Pacemaker starts it 0 s after a host is lost, without waiting for its fencing; `pcs resource "
		       "meta %s requires=fencing`",
		       r->requires, r->id, r->id);
}

/* pcs makes the operation anew: its timeout goes along. */
static const char *keep_timeout(uint32_t ms, char *out, size_t cap)
{
	snprintf(out, cap, ms % 1000 ? " timeout=%ums" : " timeout=%us", ms % 1000 ? ms : ms / 1000);
	return ms ? out : "";
}

/* own: what the operation itself says; ms: its timeout. */
static void check_on_fail(const struct cf_facts *f, const struct cf_resource *r, const char *op, const char *own, uint32_t ms, struct cf_findings *out)
{
	char timeout[32];
	const char *does = r->mirror ? "a copy that could not be demoted or stopped is promoted on the other host too"
				     : "a VM that could not be stopped is started on the other host too";
	if (strcmp(own[0] ? own : f->cib->op_default_on_fail, "ignore") != 0)
		return;
	if (own[0])
		cf_say(out, CF_ERROR, "on-fail = ignore of the %s of %s: %s; `pcs resource update %s op %s on-fail=fence%s`", op, r->id, does, r->id, op,
		       keep_timeout(ms, timeout, sizeof timeout));
	else
		cf_say(out, CF_ERROR, "on-fail = ignore of the %s of %s (from op_defaults): %s; `pcs resource op defaults update on-fail=`", op, r->id, does);
}

static void check_failures(const struct cf_facts *f, const struct cf_resource *r, struct cf_findings *out)
{
	check_on_fail(f, r, "stop", r->stop_on_fail, r->stop_ms, out);
	if (r->mirror)
		check_on_fail(f, r, "demote", r->demote_on_fail, r->demote_ms, out);
}

static void check_rules(const struct cf_facts *f, struct cf_findings *out)
{
	if (f->cib->rules)
		cf_say(out, CF_WARNING,
		       "set %s%s: what it gives while its rule holds is not looked at here, but that stonith-enabled = false at times is an error; "
		       "see that it changes nothing of fencing and of the units' resources: `cibadmin -Q -A \"//*[@id='%s']\"`",
		       f->cib->ruled, f->cib->rules > 1 ? ", and others with a rule" : "", f->cib->ruled);
}

/* Without these the VM could start where its copy is not promoted, which may be an old one. */
static void check_bound(const struct cf_resource *vm, struct cf_findings *out)
{
	if (vm->copy[0] && !vm->together)
		cf_say(out, CF_ERROR,
		       "%s and %s: no colocation (with the role Promoted, INFINITY) keeps the VM where its copy is promoted: it could start on an old one; "
		       "`pcs constraint colocation add %s with Promoted %s INFINITY`",
		       vm->id, vm->copy, vm->id, vm->copy);
	if (vm->copy[0] && !vm->after)
		cf_say(out, CF_ERROR,
		       "%s and %s: no order (mandatory) starts the VM after the promotion: it could start before its copy may be used; `pcs constraint "
		       "order promote %s then start %s`",
		       vm->id, vm->copy, vm->copy, vm->id);
}

static void check_resource(const struct cf_facts *f, const struct cf_resource *r, const struct vt_unitconf *u, struct cf_findings *out)
{
	if (r->drbd) {
		check_drbd_stop(f, r, out);
	} else if (!r->mirror) {
		check_vm_stop(f, r, out);
		check_bound(r, out);
	} else {
		check_promote(f, r, u, out);
		check_mirror_ends(f, r, out);
	}
}

void cf_check_operations(const struct cf_facts *f, struct cf_findings *out)
{
	check_rules(f, out);
	for (unsigned i = 0; i < f->cib->resources; i++) {
		const struct cf_resource *r = &f->cib->resource[i];
		const struct vt_unitconf *u = cf_unit_of(f, r);
		if (r->drbd && !u)
			continue; /* of no unit of this host: nothing of vmtwin's */
		check_start(r, out);
		check_failures(f, r, out);
		if (!u && r->unit[0])
			cf_say(out, CF_WARNING, "resource %s is of unit '%s', which has no file here: it can't run on this host; copy the file "
						"from the other one",
			       r->id, r->unit);
		if (u && u < f->unit + f->named)
			check_resource(f, r, u, out);
	}
}
