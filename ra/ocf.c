// SPDX-License-Identifier: GPL-2.0-or-later
#include "ra/ocf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/paths.h"

#define TIMEOUT_MIN_MS 1000
#define TIMEOUT_MAX_MS 3600000

static const struct ocf_param *find_param(const struct ocf_agent *agent, const char *name)
{
	for (const struct ocf_param *p = agent->params; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

const char *ocf_param(const struct ocf_run *run, const char *name)
{
	char key[128];
	snprintf(key, sizeof key, "OCF_RESKEY_%s", name);
	const char *value = getenv(key);
	if (value && *value)
		return value;
	const struct ocf_param *p = find_param(run->agent, name);
	return p ? p->fallback : NULL;
}

enum ocf_code ocf_param_int(const struct ocf_run *run, const char *name, long min, long max,
			    long *out)
{
	const char *text = ocf_param(run, name);
	char *end = NULL;
	errno = 0;
	long n = text ? strtol(text, &end, 10) : 0;
	if (!text || errno || *end || n < min || n > max)
		return ocf_fail(OCF_ERR_CONFIGURED,
				"parameter %s is \"%s\", it must be a number from %ld to %ld", name,
				text ? text : "", min, max);
	*out = n;
	return OCF_SUCCESS;
}

int ocf_ms_left(const struct ocf_run *run, unsigned share)
{
	uint64_t end_ns = run->started_ns + (uint64_t)run->timeout_ms * share / 100 * 1000000;
	uint64_t now_ns = vt_boottime_ns();
	return now_ns >= end_ns ? 0 : (int)((end_ns - now_ns) / 1000000);
}

static void put_line(const char *prefix, const char *fmt, va_list ap)
{
	char text[1024];
	vsnprintf(text, sizeof text, fmt, ap);
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' '; /* a reason is one line */
	fprintf(stderr, "%s%s\n", prefix, text);
}

enum ocf_code ocf_fail(enum ocf_code code, const char *fmt, ...)
{
	va_list ap;
	const char *prefix = getenv("OCF_EXIT_REASON_PREFIX");
	va_start(ap, fmt);
	put_line(prefix && *prefix ? prefix : "ocf-exit-reason:", fmt, ap);
	va_end(ap);
	return code;
}

void ocf_log(const struct ocf_run *run, const char *level, const char *fmt, ...)
{
	char prefix[400];
	va_list ap;
	snprintf(prefix, sizeof prefix, "vmtwin %s(%s) %s %s: ", run->agent->name, run->instance,
		 run->action, level);
	va_start(ap, fmt);
	put_line(prefix, fmt, ap);
	va_end(ap);
}

enum ocf_code ocf_load_unit(const char *unit, struct vt_unitconf *conf, struct vt_fail *fail)
{
	*fail = (struct vt_fail){.code = 0};
	if (!vt_unit_name_ok(unit)) {
		vt_fail(fail, -EINVAL,
			"\"%s\" can't be a unit's name: use a-z 0-9 . _ -, at most %d", unit,
			VT_UNIT_NAME_MAX);
		return OCF_ERR_CONFIGURED;
	}
	int rc = vt_unitconf_load(conf, VT_UNIT_DIR, unit, fail);
	if (rc == -ENOENT) {
		vt_fail(
		    fail, rc,
		    "unit %s is not set up on this host: %s/%s.conf is missing; copy it from the "
		    "other host or create it, the file is the same on both",
		    unit, VT_UNIT_DIR, unit);
		return OCF_ERR_INSTALLED;
	}
	if (rc != 0 && !fail->text[0])
		vt_fail(fail, rc, "can't read %s/%s.conf: %s", VT_UNIT_DIR, unit, strerror(-rc));
	if (rc == -EINVAL)
		return OCF_ERR_ARGS;
	return rc == 0 ? OCF_SUCCESS : OCF_ERR_GENERIC;
}

static uint32_t timeout_ms(const struct ocf_action *action)
{
	const char *text = getenv("OCF_RESKEY_CRM_meta_timeout");
	long n = text ? strtol(text, NULL, 10) : 0;
	if (n <= 0)
		n = (long)action->timeout_s * 1000;
	if (n < TIMEOUT_MIN_MS)
		n = TIMEOUT_MIN_MS;
	return (uint32_t)(n > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : n);
}

static void set_instance(struct ocf_run *run)
{
	const char *name = getenv("OCF_RESOURCE_INSTANCE");
	snprintf(run->instance, sizeof run->instance, "%s",
		 name && *name ? name : run->agent->name);
	char *colon = strrchr(run->instance, ':');
	if (colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1))
		*colon = '\0';
}

static int usage(const struct ocf_agent *agent, int code)
{
	fprintf(code ? stderr : stdout, "usage: %s {", agent->name);
	for (const struct ocf_action *a = agent->actions; a->name; a++)
		if (a->fn)
			fprintf(code ? stderr : stdout, "%s|", a->name);
	fprintf(code ? stderr : stdout,
		"meta-data|usage}\n"
		"An OCF 1.1 resource agent of vmtwin; Pacemaker runs it.\n");
	return code;
}

int ocf_main(const struct ocf_agent *agent, int argc, char **argv)
{
	const char *name = argc == 2 ? argv[1] : "";
	if (strcmp(name, "meta-data") == 0) {
		ocf_print_metadata(agent);
		return OCF_SUCCESS;
	}
	if (strcmp(name, "usage") == 0 || strcmp(name, "help") == 0)
		return usage(agent, OCF_SUCCESS);
	for (const struct ocf_action *a = agent->actions; a->name; a++) {
		if (!a->fn || strcmp(a->name, name) != 0)
			continue;
		const char *interval = getenv("OCF_RESKEY_CRM_meta_interval");
		struct ocf_run run = {
		    .agent = agent,
		    .action = a->name,
		    .started_ns = vt_boottime_ns(),
		    .timeout_ms = timeout_ms(a),
		    .probe = strcmp(name, "monitor") == 0 && (!interval || atol(interval) == 0),
		};
		set_instance(&run);
		return (int)a->fn(&run);
	}
	return usage(agent, OCF_ERR_UNIMPLEMENTED);
}
