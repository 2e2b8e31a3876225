// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ocf:vmtwin:mirror, a promotable clone: one unit's mirror on this host. All it knows comes from
 * vmtwind through the control socket; only stop can do without (S7, it always ends).
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mount.h"
#include "base/paths.h"
#include "ctl/client.h"
#include "ra/ocf.h"
#include "ra/worker.h"

/* Shares of the action's time limit, in percent. */
#define ASK_SHARE 85  /* start, promote, demote, monitor: until then vmtwind must have answered */
#define WORK_SHARE 80 /* ... and this is what vmtwind is told */
#define STOP_SHARE 60 /* stop by vmtwind; the rest is for stopping without it */
#define KILL_SHARE 75 /* end of the wait for the killed worker */
#define GONE_SHARE 90 /* end of stop */

#define ABSENT_GRACE_MS 5000 /* vmtwind restarts after a crash, its workers live on meanwhile */
#define AGAIN_PAUSE_MS 500

struct mirror {
	const struct ocf_run *run;
	const char *unit;
	struct vt_unitconf conf;
	bool have_conf;
};

/* The unit's name, and its file if asked for. OCF_SUCCESS, or a code with the reason told. */
static enum ocf_code mirror_init(struct mirror *m, const struct ocf_run *run, bool need_conf)
{
	struct vt_fail fail = {.code = 0};
	*m = (struct mirror){.run = run, .unit = ocf_param(run, "unit")};
	if (!m->unit)
		return ocf_fail(OCF_ERR_CONFIGURED,
				"parameter unit is missing: name the unit, as in "
				"pcs resource create NAME ocf:vmtwin:mirror unit=NAME");
	if (!vt_unit_name_ok(m->unit))
		need_conf = true; /* for its error */
	enum ocf_code code = ocf_load_unit(m->unit, &m->conf, &fail);
	m->have_conf = code == OCF_SUCCESS;
	if (code != OCF_SUCCESS && need_conf)
		return ocf_fail(code, "%s", fail.text);
	return OCF_SUCCESS;
}

/*
 * One exchange with vmtwind: cmd for the unit, until ask_share of the time limit. The transport's
 * error or the reply's rc, with the text in fail.
 */
static int ask(const struct mirror *m, const char *cmd, unsigned ask_share, unsigned work_share,
	       struct vt_kv *reply, struct vt_fail *fail)
{
	struct vt_kv request;
	int limit_ms = ocf_ms_left(m->run, ask_share);
	int work_ms = ocf_ms_left(m->run, work_share);
	if (limit_ms < 1)
		return vt_fail(fail, -ETIMEDOUT, "no time left to ask vmtwind to %s unit %s", cmd,
			       m->unit);
	vt_kv_init(&request);
	vt_kv_add(&request, "cmd", "%s", cmd);
	vt_kv_add(&request, "unit", "%s", m->unit);
	vt_kv_add(&request, "rsc", "%s", m->run->instance);
	vt_kv_add(&request, "timeout_ms", "%d", work_ms < 1 ? 1 : work_ms);
	int rc = vt_ctl_call(&request, reply, limit_ms, fail);
	if (rc != 0)
		return rc;
	rc = (int)vt_kv_long(reply, "rc", -EBADMSG);
	const char *text = vt_kv_get(reply, "text");
	if (rc != 0)
		vt_fail(fail, rc, "%s", text && *text ? text : strerror(rc < 0 ? -rc : rc));
	return rc;
}

/*
 * The same, again and again while the answer may change: -EAGAIN until the time is used up, vmtwind
 * absent for as long as a restart takes.
 */
static int ask_patiently(const struct mirror *m, const char *cmd, struct vt_fail *fail)
{
	struct vt_kv reply;
	uint64_t grace_end_ns = vt_boottime_ns() + (uint64_t)ABSENT_GRACE_MS * 1000000;
	for (;;) {
		int rc = ask(m, cmd, ASK_SHARE, WORK_SHARE, &reply, fail);
		bool again =
		    rc == -EAGAIN || (rc == -ECONNREFUSED && vt_boottime_ns() < grace_end_ns);
		if (!again || ocf_ms_left(m->run, WORK_SHARE) < AGAIN_PAUSE_MS)
			return rc;
		poll(NULL, 0, AGAIN_PAUSE_MS);
	}
}

static enum ocf_code told(const struct mirror *m, enum ocf_code code, const struct vt_fail *fail)
{
	return ocf_fail(code, "can't %s unit %s: %s", m->run->action, m->unit, fail->text);
}

static enum ocf_code mirror_start(struct ocf_run *run)
{
	struct mirror m;
	struct vt_fail fail = {.code = 0};
	enum ocf_code code = mirror_init(&m, run, true);
	if (code != OCF_SUCCESS)
		return code;
	int rc = ask_patiently(&m, "start", &fail);
	if (rc == 0)
		return OCF_SUCCESS;
	if (rc == -EINVAL)
		return told(&m, OCF_ERR_ARGS, &fail);
	return told(&m, rc == -ENOENT ? OCF_ERR_INSTALLED : OCF_ERR_GENERIC, &fail);
}

static enum ocf_code mirror_promote(struct ocf_run *run)
{
	struct mirror m;
	struct vt_fail fail = {.code = 0};
	enum ocf_code code = mirror_init(&m, run, false);
	if (code != OCF_SUCCESS)
		return code;
	int rc = ask_patiently(&m, "promote", &fail);
	if (rc == 0)
		return OCF_SUCCESS;
	return told(&m, rc == -ENOENT ? OCF_NOT_RUNNING : OCF_ERR_GENERIC, &fail);
}

static enum ocf_code mirror_demote(struct ocf_run *run)
{
	struct mirror m;
	struct vt_fail fail = {.code = 0};
	enum ocf_code code = mirror_init(&m, run, false);
	if (code != OCF_SUCCESS)
		return code;
	int rc = ask_patiently(&m, "demote", &fail);
	if (rc == 0)
		return OCF_SUCCESS;
	return told(&m, rc == -ENOENT ? OCF_NOT_RUNNING : OCF_ERR_GENERIC, &fail);
}

/* 1: a mount of ours is at the unit's directory, 0: none (or the directory is unknown). */
static int our_mount(const struct mirror *m)
{
	char type[64];
	int rc = m->have_conf ? vt_mount_at(m->conf.directory, type, sizeof type, NULL) : 0;
	return rc == 1 ? strcmp(type, VT_FUSE_SUBTYPE) == 0 : rc;
}

static enum ocf_code monitor_answer(const struct mirror *m, const struct vt_kv *reply)
{
	const char *role = vt_kv_get(reply, "role");
	const char *reason = vt_kv_get(reply, "reason");
	bool primary = role && strcmp(role, "primary") == 0;
	if (vt_kv_long(reply, "failed", 0) != 0) {
		enum ocf_code code = primary ? OCF_FAILED_PROMOTED : OCF_ERR_GENERIC;
		if (reason && *reason) /* it names the unit */
			return ocf_fail(code, "%s", reason);
		return ocf_fail(code, "unit %s: its worker failed, see the unit's log", m->unit);
	}
	if (primary)
		return OCF_RUNNING_PROMOTED;
	if (role && strcmp(role, "secondary") == 0)
		return OCF_SUCCESS;
	if (role && strcmp(role, "stopped") == 0)
		return OCF_NOT_RUNNING;
	return ocf_fail(OCF_ERR_GENERIC,
			"vmtwind tells the role \"%s\" of unit %s, which this agent does "
			"not know: update both, then restart vmtwind",
			role ? role : "", m->unit);
}

/* A lazily unmounted directory still serves who has files of it open, and nobody else. */
static enum ocf_code monitor_mount(const struct mirror *m, enum ocf_code code)
{
	bool good = code == OCF_SUCCESS || code == OCF_RUNNING_PROMOTED;
	if (!good || !m->have_conf || our_mount(m) != 0)
		return code;
	return ocf_fail(code == OCF_SUCCESS ? OCF_ERR_GENERIC : OCF_FAILED_PROMOTED,
			"unit %s: %s is not mounted any more, somebody unmounted it (a VM that has its "
			"disk open runs on, but could not be started again): Pacemaker restarts the unit",
			m->unit, m->conf.directory);
}

/* What can be seen without vmtwind: OCF_NOT_RUNNING only if nothing is left of the unit. */
static enum ocf_code monitor_without(const struct mirror *m, const struct vt_fail *why)
{
	int alive = worker_alive(m->unit);
	if (alive != 0)
		return ocf_fail(OCF_ERR_GENERIC, "%s (the worker of unit %s %s)", why->text,
				m->unit, alive > 0 ? "still runs" : "may still run");
	if (our_mount(m) != 0)
		return ocf_fail(OCF_ERR_GENERIC,
				"%s (unit %s has no worker, but %s is still mounted)", why->text,
				m->unit, m->conf.directory);
	return OCF_NOT_RUNNING;
}

/* vmtwind knows of no worker: right if there is none. */
static enum ocf_code monitor_unknown(const struct mirror *m, const struct vt_kv *reply)
{
	struct vt_fail fail = {.code = 0};
	if (worker_alive(m->unit) != 0) {
		vt_fail(&fail, -ENOENT,
			"vmtwind does not know the worker; once Pacemaker has stopped the unit it can be started again");
		return monitor_without(m, &fail);
	}
	return vt_kv_long(reply, "failed", 0) != 0 ? monitor_answer(m, reply) : OCF_NOT_RUNNING;
}

/*
 * One exchange, normally. Patience only where vmtwind and a living worker have lost each other, as
 * while vmtwind restarts: they find each other again by themselves.
 */
static enum ocf_code mirror_monitor(struct ocf_run *run)
{
	struct mirror m;
	struct vt_kv reply;
	struct vt_fail fail = {.code = 0};
	enum ocf_code code = mirror_init(&m, run, false);
	if (code != OCF_SUCCESS)
		return code;
	uint64_t grace_end_ns = vt_boottime_ns() + (uint64_t)ABSENT_GRACE_MS * 1000000;
	for (;;) {
		vt_kv_init(&reply);
		int rc = ask(&m, "monitor", ASK_SHARE, WORK_SHARE, &reply, &fail);
		const char *role = rc == 0 ? vt_kv_get(&reply, "role") : NULL;
		bool unknown = rc == -ENOENT || (role && strcmp(role, "stopped") == 0);
		if (rc != 0 && rc != -ECONNREFUSED && !unknown)
			return told(&m, OCF_ERR_GENERIC, &fail);
		if (rc == 0 && !unknown)
			return monitor_mount(&m, monitor_answer(&m, &reply));
		bool wait = worker_alive(m.unit) != 0 && vt_boottime_ns() < grace_end_ns &&
			    ocf_ms_left(run, WORK_SHARE) > AGAIN_PAUSE_MS;
		if (!wait)
			return unknown ? monitor_unknown(&m, &reply) : monitor_without(&m, &fail);
		poll(NULL, 0, AGAIN_PAUSE_MS);
	}
}

/* Nothing of the unit is left: 0. Something is or may be: -EBUSY with the reason. */
static int verify_gone(const struct mirror *m, struct vt_fail *fail)
{
	int alive = worker_alive(m->unit);
	if (alive != 0)
		return vt_fail(fail, -EBUSY, "its worker %s",
			       alive > 0 ? "still runs" : "may still run");
	if (our_mount(m) != 0)
		return vt_fail(fail, -EBUSY, "%s is still mounted", m->conf.directory);
	return 0;
}

/*
 * Stops the unit without vmtwind: the worker dies, its mount goes. Its death is a crash to the
 * mirror, which loses nothing acknowledged (S1). Held requests are answered with errors by the
 * abort.
 */
static enum ocf_code stop_by_force(const struct mirror *m)
{
	struct vt_fail fail = {.code = 0};
	int limit_ms = ocf_ms_left(m->run, KILL_SHARE);
	int kill_rc = worker_kill(m->unit, limit_ms < 500 ? 500 : limit_ms, &fail);
	if (our_mount(m) != 0) {
		/* also when the kill failed: the abort may be what the worker is stuck on */
		struct vt_fail mount_fail = {.code = 0};
		if (vt_mount_detach(m->conf.directory, &mount_fail) != 0)
			return told(m, OCF_ERR_GENERIC, &mount_fail);
	}
	if (kill_rc != 0) {
		limit_ms = ocf_ms_left(m->run, GONE_SHARE);
		worker_wait_gone(m->unit, limit_ms < 100 ? 100 : limit_ms);
	}
	if (verify_gone(m, &fail) != 0)
		return ocf_fail(OCF_ERR_GENERIC,
				"can't stop unit %s: %s; this host must be restarted", m->unit,
				fail.text);
	if (!m->have_conf)
		ocf_log(m->run, "warning",
			"unit %s has no readable file in %s: its worker is gone, but "
			"its directory may still be mounted; see: findmnt -t %s",
			m->unit, VT_UNIT_DIR, VT_FUSE_SUBTYPE);
	return OCF_SUCCESS;
}

static enum ocf_code mirror_stop(struct ocf_run *run)
{
	struct mirror m;
	struct vt_kv reply;
	struct vt_fail fail = {.code = 0}, left = {.code = 0};
	enum ocf_code code = mirror_init(&m, run, false);
	if (code != OCF_SUCCESS)
		return code;
	int rc = ask(&m, "stop", STOP_SHARE, STOP_SHARE - 5, &reply, &fail);
	if ((rc == 0 || rc == -ENOENT || rc == -ECONNREFUSED) && verify_gone(&m, &left) == 0)
		return OCF_SUCCESS;
	ocf_log(run, "warning", "stopping unit %s by force: %s%s%s", m.unit, fail.text,
		fail.text[0] && left.text[0] ? "; " : "", left.text);
	return stop_by_force(&m);
}

static enum ocf_code mirror_validate(struct ocf_run *run)
{
	struct mirror m;
	struct stat st;
	enum ocf_code code = mirror_init(&m, run, true);
	if (code != OCF_SUCCESS)
		return code;
	/* a mounted directory is there, and asking its worker for it could hang */
	if (vt_mount_at(m.conf.directory, NULL, 0, NULL) == 1)
		return OCF_SUCCESS;
	if (lstat(m.conf.directory, &st) != 0)
		return ocf_fail(OCF_ERR_INSTALLED,
				"unit %s: the directory %s can't be used: %s; create it "
				"(empty) or correct %s/%s.conf",
				m.unit, m.conf.directory, strerror(errno), VT_UNIT_DIR, m.unit);
	if (!S_ISDIR(st.st_mode))
		return ocf_fail(OCF_ERR_INSTALLED,
				"unit %s: %s is not a directory; correct %s/%s.conf", m.unit,
				m.conf.directory, VT_UNIT_DIR, m.unit);
	return OCF_SUCCESS;
}

/* vmtwind sets scores by itself; there is nothing to reload. */
static enum ocf_code mirror_nothing(struct ocf_run *run)
{
	(void)run;
	return OCF_SUCCESS;
}

static const struct ocf_param params[] = {
    {.name = "unit",
     .type = "string",
     .required = true,
     .unique = true,
     .shortdesc = "Name of the unit",
     .longdesc = "The unit to mirror: the name of its file in " VT_UNIT_DIR
		 " without .conf. The file must be there on both hosts, with the same content."},
    {.name = NULL},
};

static const struct ocf_action actions[] = {
    {.name = "start", .timeout_s = 60, .fn = mirror_start},
    {.name = "stop", .timeout_s = 60, .fn = mirror_stop},
    {.name = "promote", .timeout_s = 90, .fn = mirror_promote},
    {.name = "demote", .timeout_s = 60, .fn = mirror_demote},
    {.name = "monitor",
     .timeout_s = 20,
     .interval_s = 11,
     .role = "Promoted",
     .fn = mirror_monitor},
    {.name = "monitor", .timeout_s = 20, .interval_s = 10, .role = "Unpromoted"},
    {.name = "notify", .timeout_s = 20, .fn = mirror_nothing},
    {.name = "reload-agent", .timeout_s = 20, .fn = mirror_nothing},
    {.name = "validate-all", .timeout_s = 20, .fn = mirror_validate},
    {.name = NULL},
};

static const struct ocf_agent agent = {
    .name = "mirror",
    .shortdesc = "Mirrors a virtual machine's directory to the other host, write by write",
    .longdesc =
	"Controls the mirror of one vmtwin unit: a virtual machine's directory (disk images, "
	"domain "
	"XML, snapshots), kept the same on two hosts with local disks.\n\n"
	"Run it as a promotable clone with one instance on each of the two hosts. The promoted "
	"instance gives its host the directory for reading and writing; there the virtual machine "
	"runs (see ocf:vmtwin:vm). The other instance keeps a crash-consistent copy, visible "
	"read-only.\n\n"
	"Where to promote is decided by scores which vmtwind sets the moment a copy becomes, or "
	"ceases to be, safe to use. Promotion is refused, with the reason, on data that is stale "
	"or "
	"inconsistent. The agent needs vmtwind on both hosts (systemctl enable --now vmtwind) and "
	"the same unit file on both in " VT_UNIT_DIR ".\n\n"
	"Example:\n"
	"pcs resource create vm1-mirror ocf:vmtwin:mirror unit=vm1 promotable notify=true",
    .params = params,
    .actions = actions,
};

int main(int argc, char **argv)
{
	return ocf_main(&agent, argc, argv);
}
