// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What Pacemaker and its users see of a unit: the promotion score of the resource and the node
 * attribute vmtwin-UNIT. Pacemaker has no public interface for either but its commands. One command
 * of each at a time; what changed meanwhile is sent after it, the newest value only.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CRM_ATTRIBUTE "/usr/sbin/crm_attribute"
#define ATTRD_UPDATER "/usr/sbin/attrd_updater"

static void kick(struct vm_unit *unit, struct vm_published *p);

static bool is_score(const struct vm_unit *unit, const struct vm_published *p)
{
	return p == &unit->score;
}

/* Pacemaker's answer may be lost with Pacemaker: what was written is written again now and then. */
static unsigned next_ms(const struct vm_published *p)
{
	unsigned ms = VM_PUBLISH_RETRY_MS;
	if (p->failures == 0)
		return VM_PUBLISH_REFRESH_MS;
	for (unsigned i = 1; i < p->failures && ms < VM_PUBLISH_REFRESH_MS; i++)
		ms *= 2;
	return ms < VM_PUBLISH_REFRESH_MS ? ms : VM_PUBLISH_REFRESH_MS;
}

static void on_due(struct vm_unit *unit, struct vm_published *p)
{
	p->timer = 0;
	p->valid = false;
	kick(unit, p);
}

static void on_score_due(void *data)
{
	struct vm_unit *unit = data;
	on_due(unit, &unit->score);
}

static void on_attribute_due(void *data)
{
	struct vm_unit *unit = data;
	on_due(unit, &unit->attribute);
}

static void ended(struct vm_unit *unit, struct vm_published *p, int result)
{
	p->running = false;
	if (result == 0) {
		if (p->failures > 0)
			vt_log(VT_INFO, unit->name, "Pacemaker takes values again");
		p->failures = 0;
		p->valid = true;
		memcpy(p->done, p->sent, sizeof p->done);
		vt_log(VT_DEBUG, unit->name, "%s is now '%s'",
		       is_score(unit, p) ? "promotion score" : "node attribute", p->done);
	} else {
		if (p->failures == 0)
			vt_log(VT_WARN, unit->name,
			       "the %s '%s' can't be given to Pacemaker (%s, result %d): trying again",
			       is_score(unit, p) ? "promotion score" : "node attribute", p->sent,
			       is_score(unit, p) ? CRM_ATTRIBUTE : ATTRD_UPDATER, result);
		p->failures++;
		p->valid = false;
	}
	if (p->valid && strcmp(p->want, p->done) != 0) {
		kick(unit, p);
		return;
	}
	if (p->valid && unit->state == VM_DOWN)
		return; /* nothing runs here: nothing to keep fresh */
	vm_timer(unit->m, &p->timer, next_ms(p), unit,
		 is_score(unit, p) ? on_score_due : on_attribute_due);
}

static void on_score_done(struct vm_master *m, void *arg, int result)
{
	struct vm_unit *unit = arg;
	(void)m;
	ended(unit, &unit->score, result);
}

static void on_attribute_done(struct vm_master *m, void *arg, int result)
{
	struct vm_unit *unit = arg;
	(void)m;
	ended(unit, &unit->attribute, result);
}

static int run_score(struct vm_unit *unit)
{
	struct vm_master *m = unit->m;
	char promotion[sizeof unit->rsc + 16], value[sizeof unit->score.sent + 16];
	snprintf(promotion, sizeof promotion, "--promotion=%s", unit->rsc);
	snprintf(value, sizeof value, "--update=%s", unit->score.sent);
	const char *argv[] = {CRM_ATTRIBUTE, "--quiet", promotion, "--lifetime=reboot", "--node",
			      m->self_name, unit->score.sent[0] ? value : "--delete", NULL};
	return vm_job_start(m, (char *const *)(uintptr_t)argv, VM_PUBLISH_TIMEOUT_MS, on_score_done,
			    unit);
}

static int run_attribute(struct vm_unit *unit)
{
	struct vm_master *m = unit->m;
	char name[VT_UNIT_NAME_MAX + 16], value[160];
	snprintf(name, sizeof name, "--name=vmtwin-%s", unit->name);
	snprintf(value, sizeof value, "--update=%s", unit->attribute.sent);
	const char *argv[] = {ATTRD_UPDATER, name, value, "--node", m->self_name, NULL};
	return vm_job_start(m, (char *const *)(uintptr_t)argv, VM_PUBLISH_TIMEOUT_MS,
			    on_attribute_done, unit);
}

static void kick(struct vm_unit *unit, struct vm_published *p)
{
	if (!p->wanted || p->running || !unit->m->self_name[0])
		return;
	if (p->valid && strcmp(p->want, p->done) == 0)
		return;
	if (is_score(unit, p) && !unit->rsc[0])
		return; /* the resource's name comes with the next start */
	vm_timer_stop(unit->m, &p->timer);
	memcpy(p->sent, p->want, sizeof p->sent);
	p->running = true;
	int rc = is_score(unit, p) ? run_score(unit) : run_attribute(unit);
	if (rc < 0)
		ended(unit, p, rc);
}

static const char *uptodate_word(const struct vt_kv *kv)
{
	const char *v = vt_kv_get(kv, "uptodate");
	bool yes = v && (strcmp(v, "uptodate") == 0 || strcmp(v, "yes") == 0 ||
			 strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
	return yes ? "uptodate" : "not uptodate";
}

void vm_publish(struct vm_unit *unit)
{
	unit->score.want[0] = '\0';
	unit->score.wanted = unit->attribute.wanted = true;
	if (unit->has_status) {
		const struct vt_kv *kv = &unit->status.kv;
		const char *state = vt_kv_get(kv, "state"), *colour = vt_kv_get(kv, "colour");
		if (unit->status.score >= 0)
			snprintf(unit->score.want, sizeof unit->score.want, "%d",
				 unit->status.score);
		snprintf(unit->attribute.want, sizeof unit->attribute.want, "%.31s %.31s %s",
			 state ? state : "WAIT", colour && !unit->silent ? colour : "red",
			 uptodate_word(kv));
	} else {
		snprintf(unit->attribute.want, sizeof unit->attribute.want, "STOP red");
	}
	kick(unit, &unit->score);
	kick(unit, &unit->attribute);
}

void vm_publish_all(struct vm_master *m)
{
	for (struct vm_unit *unit = m->units; unit; unit = unit->next) {
		unit->score.valid = unit->attribute.valid = false;
		if (unit->score.wanted)
			vm_publish(unit);
	}
}
