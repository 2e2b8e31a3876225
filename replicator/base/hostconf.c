// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hostconf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/conffile.h"
#include "base/nearest.h"
#include "base/timing.h"

enum key { K_WITNESS, K_NEED, K_SELF_FENCE, K_WATCHDOG, K_WATCHDOG_S, KEYS };

static const char *const key_name[KEYS] = {
    [K_WITNESS] = "witness",
    [K_NEED] = "witness_need",
    [K_SELF_FENCE] = "self_fence",
    [K_WATCHDOG] = "watchdog",
    [K_WATCHDOG_S] = "watchdog_timeout_s",
};

struct parser {
	struct vt_hostconf *conf;
	const char *path;
	unsigned seen[KEYS]; /* the line that set it, 0: none */
};

static int set_need(struct vt_hostconf *c, const char *value, struct vt_fail *fail)
{
	c->witness.all = strcmp(value, "all") == 0;
	if (c->witness.all || strcmp(value, "any") == 0)
		return 0;
	return vt_fail(fail, -EINVAL, "witness_need = '%.64s': must be 'any' or 'all'", value);
}

static int set_self_fence(struct vt_hostconf *c, const char *value, struct vt_fail *fail)
{
	c->self_fence = strcmp(value, "yes") == 0;
	if (c->self_fence || strcmp(value, "no") == 0)
		return 0;
	return vt_fail(fail, -EINVAL, "self_fence = '%.64s': must be 'yes' or 'no'", value);
}

static int set_watchdog(struct vt_hostconf *c, const char *value, struct vt_fail *fail)
{
	if (strncmp(value, "/dev/", 5) != 0 || strlen(value) >= sizeof c->watchdog || strstr(value, ".."))
		return vt_fail(fail, -EINVAL, "watchdog = '%.80s': must be a device, such as /dev/watchdog", value);
	memcpy(c->watchdog, value, strlen(value) + 1);
	return 0;
}

static int set_watchdog_s(struct vt_hostconf *c, const char *value, struct vt_fail *fail)
{
	size_t n = strlen(value);
	unsigned long s = n <= 3 && strspn(value, "0123456789") == n ? strtoul(value, NULL, 10) : 0;
	if (s < VT_WATCHDOG_MIN_S || s > VT_WATCHDOG_MAX_S)
		return vt_fail(fail, -EINVAL, "watchdog_timeout_s = '%.64s': must be a whole number from %d to %d", value,
			       VT_WATCHDOG_MIN_S, VT_WATCHDOG_MAX_S);
	c->watchdog_ms = (uint32_t)s * 1000;
	return 0;
}

static int set_key(struct vt_hostconf *c, enum key k, const char *value, struct vt_fail *fail)
{
	switch (k) {
	case K_WITNESS:
		return vt_witness_list_parse(&c->witness, value, fail);
	case K_NEED:
		return set_need(c, value, fail);
	case K_SELF_FENCE:
		return set_self_fence(c, value, fail);
	case K_WATCHDOG:
		return set_watchdog(c, value, fail);
	case K_WATCHDOG_S:
		return set_watchdog_s(c, value, fail);
	case KEYS:
		break;
	}
	return -EINVAL;
}

static int unknown_key(const struct parser *p, unsigned line, const char *key, struct vt_fail *fail)
{
	const char *near = vt_nearest(key, key_name, KEYS);
	if (near)
		return vt_fail(fail, -EINVAL, "%s:%u: unknown key '%.64s'; did you mean '%s'? (vmtwind.conf(5))", p->path, line,
			       key, near);
	return vt_fail(fail, -EINVAL,
		       "%s:%u: unknown key '%.64s'; known: witness, witness_need, self_fence, watchdog, watchdog_timeout_s "
		       "(vmtwind.conf(5))",
		       p->path, line, key);
}

static int take_pair(void *ctx, unsigned line, const char *key, const char *value, struct vt_fail *fail)
{
	struct parser *p = ctx;
	struct vt_fail why = {0};
	unsigned k = 0;
	while (k < KEYS && strcmp(key, key_name[k]) != 0)
		k++;
	if (k == KEYS)
		return unknown_key(p, line, key, fail);
	if (p->seen[k])
		return vt_fail(fail, -EINVAL, "%s:%u: '%s' is already set in line %u", p->path, line, key, p->seen[k]);
	p->seen[k] = line;
	if (value[0] == '\0')
		return vt_fail(fail, -EINVAL, "%s:%u: '%s' has no value", p->path, line, key);
	if (set_key(p->conf, (enum key)k, value, &why) < 0)
		return vt_fail(fail, -EINVAL, "%s:%u: %s", p->path, line, why.text);
	return 0;
}

/* A key that says nothing without another one. */
static int check_pair(const struct parser *p, enum key k, enum key of, const char *what, struct vt_fail *fail)
{
	if (!p->seen[k] || p->seen[of])
		return 0;
	return vt_fail(fail, -EINVAL, "%s:%u: %s without a %s", p->path, p->seen[k], key_name[k], what);
}

int vt_hostconf_parse(struct vt_hostconf *conf, const char *text, const char *path, struct vt_fail *fail)
{
	struct parser p = {.conf = conf, .path = path};
	*conf = (struct vt_hostconf){.watchdog_ms = VT_WATCHDOG_DEFAULT_MS};
	int rc = vt_conf_parse(text, path, take_pair, &p, fail);
	if (rc == 0)
		rc = check_pair(&p, K_NEED, K_WITNESS, "witness", fail);
	if (rc == 0)
		rc = check_pair(&p, K_WATCHDOG_S, K_WATCHDOG, "watchdog", fail);
	if (rc < 0)
		*conf = (struct vt_hostconf){.watchdog_ms = VT_WATCHDOG_DEFAULT_MS};
	return rc;
}

int vt_hostconf_load(struct vt_hostconf *conf, const char *path, struct vt_fail *fail)
{
	*conf = (struct vt_hostconf){.watchdog_ms = VT_WATCHDOG_DEFAULT_MS};
	char *text = malloc(VT_CONF_FILE_MAX);
	if (!text)
		return vt_fail(fail, -ENOMEM, "out of memory reading %s", path);
	int rc = vt_conf_read(path, text, VT_CONF_FILE_MAX, fail);
	if (rc == 0)
		rc = vt_hostconf_parse(conf, text, path, fail);
	free(text);
	struct stat st;
	if (rc == -ENOENT && lstat(path, &st) == 0)
		return vt_fail(fail, -EINVAL, "%s is a link to a file that is not there", path);
	return rc == -ENOENT ? 0 : rc;
}
