// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/unitconf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/conffile.h"
#include "base/nearest.h"
#include "base/text.h"

#define NO_LINE 0xffffffffu /* a value that comes from an option, not from a line */
#define WHERE_MAX (VT_PATH_MAX + 96)

enum key {
	K_DIRECTORY,
	K_HOSTS,
	K_STORE,
	K_DOMAIN,
	K_MODE,
	K_PORT,
	K_LINK,
	K_LEASE,
	K_OUTDATE,
	K_UNFENCED,
	K_FAILOVER,
	KEYS
};

static const char *const key_name[KEYS] = {
    [K_DIRECTORY] = "directory",  [K_HOSTS] = "hosts",	  [K_STORE] = "store",
    [K_DOMAIN] = "domain",	  [K_MODE] = "mode",	  [K_PORT] = "port",
    [K_LINK] = "link_timeout_ms", [K_LEASE] = "lease_ms", [K_OUTDATE] = "outdate_timeout_ms",
    [K_UNFENCED] = "allow_unfenced", [K_FAILOVER] = "failover",
};

/* Those that only vmtwin-config reads; it looks at their values. */
static const char *const config_key[] = {
    "cluster", "token_ms", "witness", "witness_need", "prefer", "restarts", "restart_window", "start_tries", "start_interval",
    "stop_tries", "stop_interval", "require_ping", "storage", "drbd_device", "drbd_disk",
    /* HOST stands for a node name */
    "ring0", "ring1", "ring2", "ring3", "ring4", "ring5", "ring6", "ring7", "fence.HOST", "fence2.HOST",
};
#define CONFIG_KEYS (sizeof config_key / sizeof config_key[0])
#define CONFIG_LINES_MAX 64

/* One run over a file. */
struct parser {
	struct vt_unitconf *conf;
	const char *path;
	unsigned line;
	unsigned seen[KEYS]; /* the line that set it, 0: not set */
	struct {
		char key[VT_HOST_NAME_MAX + 16];
		unsigned line;
	} other[CONFIG_LINES_MAX]; /* keys of vmtwin-config */
	unsigned others;
	struct vt_fail *fail;
};

int vt_unit_name_ok(const char *name)
{
	size_t n = strnlen(name, VT_UNIT_NAME_MAX + 1);
	if (strcmp(name, "vmtwind") == 0)
		return 0; /* the master's own name in the run directory */
	return n >= 1 && n <= VT_UNIT_NAME_MAX && name[0] != '.' && name[0] != '_' &&
	       name[0] != '-' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

/* "path:line", or only the path if the values come from options. */
static const char *where(const struct parser *p, unsigned line, char *out, size_t cap)
{
	if (line == NO_LINE)
		snprintf(out, cap, "%s", p->path);
	else
		snprintf(out, cap, "%s:%u", p->path, line);
	return out;
}

static int bad(struct parser *p, const char *key, const char *value, const char *what)
{
	char at[WHERE_MAX];
	return vt_fail(p->fail, -EINVAL, "%s: %s = '%.80s': %s", where(p, p->line, at, sizeof at),
		       key, value, what);
}

/* NULL, or what keeps text from being a path that means one thing only. */
static const char *path_fault(const char *text)
{
	size_t n = strlen(text);
	if (text[0] != '/')
		return "must be an absolute path, beginning with '/'";
	if (n >= VT_PATH_MAX)
		return "the path is too long (at most 1023 bytes)";
	if (n == 1)
		return "must not be the root directory";
	if (text[n - 1] == '/')
		return "must not end with '/'";
	for (const char *at = text; (at = strchr(at, '/')) != NULL;) {
		at++;
		size_t part = strcspn(at, "/");
		if (part == 0)
			return "must not contain '//'";
		if ((part == 1 && at[0] == '.') || (part == 2 && at[0] == '.' && at[1] == '.'))
			return "must not contain '.' or '..' as a component";
	}
	return NULL;
}

static int set_path(struct parser *p, const char *key, char *out, const char *value)
{
	const char *fault = path_fault(value);
	if (fault)
		return bad(p, key, value, fault);
	snprintf(out, VT_PATH_MAX, "%s", value);
	return 0;
}

static bool host_ok(const char *name, size_t len)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	return len >= 1 && len <= VT_HOST_NAME_MAX && name[0] != '-' && name[0] != '.' &&
	       strspn(name, allowed) >= len;
}

static int set_hosts(struct parser *p, const char *value)
{
	const char *at = value;
	for (int i = 0; i < 2; i++) {
		at += strspn(at, " \t");
		size_t len = strcspn(at, " \t");
		if (len == 0)
			return bad(p, "hosts", value,
				   "two cluster node names are needed, as in: hosts = host1 host2");
		if (!host_ok(at, len))
			return bad(p, "hosts", value,
				   "not a node name (letters, digits, '.', '-' and '_'); "
				   "separate the two names by a space");
		memcpy(p->conf->hosts[i], at, len);
		p->conf->hosts[i][len] = '\0';
		at += len;
	}
	if (at[strspn(at, " \t")] != '\0')
		return bad(p, "hosts", value, "a unit has two hosts, no more");
	if (strcasecmp(p->conf->hosts[0], p->conf->hosts[1]) == 0)
		return bad(p, "hosts", value, strcmp(p->conf->hosts[0], p->conf->hosts[1]) == 0 ?
			   "the two hosts must differ" : "the two hosts must differ in more than capital letters: Pacemaker does not tell them apart by these");
	return 0;
}

static int set_domain(struct parser *p, const char *value)
{
	size_t n = strlen(value);
	if (n >= sizeof p->conf->domain)
		return bad(p, "domain", value, "the name is too long (at most 127 bytes)");
	if (strchr(value, '/') || value[0] == '-' || value[0] == '.')
		return bad(p, "domain", value,
			   "a domain's name has no '/' and does not begin with '-' or '.'");
	memcpy(p->conf->domain, value, n + 1);
	return 0;
}

static int set_number(struct parser *p, const char *key, const char *value, uint32_t low,
		      uint32_t high, uint32_t *out)
{
	char what[96];
	size_t n = strlen(value);
	snprintf(what, sizeof what, "must be a whole number from %u to %u", low, high);
	if (n > 9 || strspn(value, "0123456789") != n)
		return bad(p, key, value, what);
	unsigned long v = strtoul(value, NULL, 10);
	if (v < low || v > high)
		return bad(p, key, value, what);
	*out = (uint32_t)v;
	return 0;
}

static int set_yes_no(struct parser *p, const char *key, const char *value, bool *out)
{
	*out = strcmp(value, "yes") == 0;
	return *out || strcmp(value, "no") == 0 ? 0 : bad(p, key, value, "must be yes or no");
}

static int set_key(struct parser *p, enum key k, const char *value)
{
	struct vt_unitconf *c = p->conf;
	uint32_t port = 0;
	int rc;
	switch (k) {
	case K_DIRECTORY:
		return set_path(p, key_name[k], c->directory, value);
	case K_HOSTS:
		return set_hosts(p, value);
	case K_STORE:
		return set_path(p, key_name[k], c->store, value);
	case K_DOMAIN:
		return set_domain(p, value);
	case K_MODE:
		if (strcmp(value, "sync") != 0)
			return bad(p, key_name[k], value, "unknown mode; known: sync");
		c->mode = VT_SYNC;
		return 0;
	case K_PORT:
		rc = set_number(p, key_name[k], value, 1, 65535, &port);
		c->port = (uint16_t)port;
		return rc;
	case K_LINK:
		return set_number(p, key_name[k], value, 1000, 60000, &c->link_timeout_ms);
	case K_LEASE:
		return set_number(p, key_name[k], value, 5000, 600000, &c->lease_ms);
	case K_OUTDATE:
		return set_number(p, key_name[k], value, 1000, 60000, &c->outdate_timeout_ms);
	case K_UNFENCED:
		return set_yes_no(p, key_name[k], value, &c->allow_unfenced);
	case K_FAILOVER:
		c->manual_failover = strcmp(value, "manual") == 0;
		return c->manual_failover || strcmp(value, "auto") == 0 ? 0 : bad(p, key_name[k], value, "must be auto or manual");
	case KEYS:
		break;
	}
	return -EINVAL;
}

bool vt_unitconf_config_key(const char *key)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (strcmp(key, config_key[i]) == 0)
			return true;
	const char *host = strncmp(key, "fence.", 6) == 0 ? key + 6 : strncmp(key, "fence2.", 7) == 0 ? key + 7 : "";
	return host_ok(host, strlen(host));
}

/* Kept from being given twice; the rest is vmtwin-config's. */
static int config_pair(struct parser *p, const char *key, const char *value)
{
	for (unsigned i = 0; i < p->others; i++)
		if (strcmp(p->other[i].key, key) == 0)
			return vt_fail(p->fail, -EINVAL, "%s:%u: '%s' is already set in line %u", p->path, p->line, key,
				       p->other[i].line);
	if (value[0] == '\0')
		return vt_fail(p->fail, -EINVAL, "%s:%u: '%s' has no value", p->path, p->line, key);
	if (p->others == CONFIG_LINES_MAX)
		return vt_fail(p->fail, -EINVAL, "%s:%u: more than %d keys", p->path, p->line, CONFIG_LINES_MAX);
	if (strcmp(key, "storage") == 0)
		p->conf->drbd = strcmp(value, "drbd") == 0;
	snprintf(p->other[p->others].key, sizeof p->other[0].key, "%s", key);
	p->other[p->others++].line = p->line;
	return 0;
}

static int unknown_key(struct parser *p, const char *key)
{
	const char *known[KEYS + CONFIG_KEYS];
	memcpy(known, key_name, sizeof key_name);
	memcpy(known + KEYS, config_key, sizeof config_key);
	const char *near = vt_nearest(key, known, KEYS + CONFIG_KEYS);
	if (near)
		return vt_fail(p->fail, -EINVAL, "%s:%u: unknown key '%.64s': did you mean '%s'?",
			       p->path, p->line, key, near);
	return vt_fail(p->fail, -EINVAL,
		       "%s:%u: unknown key '%.64s'; the keys are described in "
		       "vmtwin-unit(5)",
		       p->path, p->line, key);
}

static int set_pair(struct parser *p, const char *key, const char *value)
{
	char at[WHERE_MAX];
	unsigned k = 0;
	while (k < KEYS && strcmp(key, key_name[k]) != 0)
		k++;
	if (k == KEYS)
		return p->line != NO_LINE && vt_unitconf_config_key(key) ? config_pair(p, key, value) : unknown_key(p, key);
	if (p->seen[k] && p->line != NO_LINE)
		return vt_fail(p->fail, -EINVAL, "%s:%u: '%s' is already set in line %u", p->path,
			       p->line, key, p->seen[k]);
	if (value[0] == '\0')
		return vt_fail(p->fail, -EINVAL, "%s: '%s' has no value",
			       where(p, p->line, at, sizeof at), key);
	p->seen[k] = p->line;
	return set_key(p, (enum key)k, value);
}

static int take_pair(void *ctx, unsigned line, const char *key, const char *value, struct vt_fail *fail)
{
	struct parser *p = ctx;
	(void)fail; /* p has the same */
	p->line = line;
	return set_pair(p, key, value);
}

/* True if inner is outer or below it. */
static bool path_within(const char *inner, const char *outer)
{
	size_t n = strlen(outer);
	return strncmp(inner, outer, n) == 0 && (inner[n] == '\0' || inner[n] == '/');
}

static int fill_defaults(struct parser *p)
{
	char at[WHERE_MAX];
	struct vt_unitconf *c = p->conf;
	if (!p->seen[K_DIRECTORY])
		return vt_fail(p->fail, -EINVAL,
			       "%s: 'directory' is missing; add a line such as: "
			       "directory = /var/lib/libvirt/images/%s",
			       p->path, c->name);
	if (!p->seen[K_HOSTS])
		return vt_fail(p->fail, -EINVAL,
			       "%s: 'hosts' is missing; add a line such as: hosts = host1 host2",
			       p->path);
	if (!p->seen[K_STORE]) {
		size_t parent = (size_t)(strrchr(c->directory, '/') - c->directory);
		int n = snprintf(c->store, sizeof c->store, "%.*s/.vmtwin/%s", (int)parent,
				 c->directory, c->name);
		if (n < 0 || (size_t)n >= sizeof c->store)
			return vt_fail(
			    p->fail, -EINVAL,
			    "%s: directory: the path is too long for the store beside it; "
			    "set 'store'",
			    where(p, p->seen[K_DIRECTORY], at, sizeof at));
	}
	if (path_within(c->store, c->directory) || path_within(c->directory, c->store))
		return vt_fail(
		    p->fail, -EINVAL, "%s: directory and store must not lie one inside the other",
		    where(p, p->seen[p->seen[K_STORE] ? K_STORE : K_DIRECTORY], at, sizeof at));
	if (!p->seen[K_DOMAIN])
		snprintf(c->domain, sizeof c->domain, "%s", c->name);
	return 0;
}

static int begin(struct vt_unitconf *conf, const char *name, struct vt_fail *fail)
{
	*conf = (struct vt_unitconf){
	    .mode = VT_SYNC,
	    .port = 7790,
	    .link_timeout_ms = 5000,
	    .lease_ms = 30000,
	    .outdate_timeout_ms = 5000,
	};
	if (!vt_unit_name_ok(name))
		return vt_fail(fail, -EINVAL,
			       "'%.80s' can't be a unit's name: 1 to %d of a-z 0-9 . _ -, "
			       "beginning with a letter or digit, and not vmtwind",
			       name, VT_UNIT_NAME_MAX);
	snprintf(conf->name, sizeof conf->name, "%s", name);
	return 0;
}

int vt_unitconf_parse(struct vt_unitconf *conf, const char *name, const char *text,
		      const char *path, struct vt_fail *fail)
{
	struct parser p = {.conf = conf, .path = path, .fail = fail};
	int rc = begin(conf, name, fail);
	if (rc == 0)
		rc = vt_conf_parse(text, path, take_pair, &p, fail);
	if (rc < 0)
		return rc;
	return fill_defaults(&p);
}

int vt_unitconf_build(struct vt_unitconf *conf, const char *name,
		      const struct vt_unitconf_value *values, size_t count, const char *source,
		      struct vt_fail *fail)
{
	struct parser p = {.conf = conf, .path = source, .line = NO_LINE, .fail = fail};
	int rc = begin(conf, name, fail);
	for (size_t i = 0; i < count && rc == 0; i++) {
		enum vt_text fault = vt_text_look(values[i].value, NULL);
		if (fault != VT_TEXT_OK)
			rc = vt_fail(fail, -EINVAL, "%s: %s in the value of %s", source, fault == VT_TEXT_CONTROL ? "control character" : "a byte that is not UTF-8",
				     values[i].key);
		if (rc == 0)
			rc = set_pair(&p, values[i].key, values[i].value);
	}
	return rc == 0 ? fill_defaults(&p) : rc;
}

int vt_unitconf_load(struct vt_unitconf *conf, const char *dir, const char *name,
		     struct vt_fail *fail)
{
	char path[VT_PATH_MAX + VT_UNIT_NAME_MAX + 8];
	if (!vt_unit_name_ok(name))
		return vt_unitconf_parse(conf, name, "", "", fail); /* says why */
	snprintf(path, sizeof path, "%s/%s.conf", dir, name);
	char *text = malloc(VT_CONF_FILE_MAX);
	if (!text)
		return vt_fail(fail, -ENOMEM, "out of memory reading %s", path);
	int rc = vt_conf_read(path, text, VT_CONF_FILE_MAX, fail);
	if (rc == -ENOENT)
		rc = vt_fail(fail, -ENOENT,
			     "no unit '%s' on this host (%s does not exist); "
			     "make it: vmtwin create %s ...",
			     name, path, name);
	else if (rc == 0)
		rc = vt_unitconf_parse(conf, name, text, path, fail);
	free(text);
	return rc;
}

static int write_text(int fd, const char *text)
{
	if (dprintf(fd, "%s", text) < 0)
		return errno ? -errno : -EIO;
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_conf(int fd, const struct vt_unitconf *c)
{
	int n = dprintf(fd,
			"# vmtwin unit %s, the same on both hosts; the keys: vmtwin-unit(5)\n"
			"directory = %s\n"
			"hosts = %s %s\n"
			"store = %s\n"
			"domain = %s\n"
			"mode = sync\n"
			"port = %u\n"
			"link_timeout_ms = %u\n"
			"lease_ms = %u\n"
			"outdate_timeout_ms = %u\n"
			"%s%s",
			c->name, c->directory, c->hosts[0], c->hosts[1], c->store, c->domain,
			c->port, c->link_timeout_ms, c->lease_ms, c->outdate_timeout_ms,
			c->allow_unfenced ? "allow_unfenced = yes\n" : "",
			c->manual_failover ? "failover = manual\n" : "");
	if (n < 0)
		return errno ? -errno : -EIO;
	return fsync(fd) < 0 ? -errno : 0;
}

int vt_unitconf_save(const struct vt_unitconf *conf, const char *text, const char *dir, struct vt_fail *fail)
{
	char temp[VT_UNIT_NAME_MAX + 16], final[VT_UNIT_NAME_MAX + 8];
	snprintf(temp, sizeof temp, ".%s.conf.new", conf->name);
	snprintf(final, sizeof final, "%s.conf", conf->name);
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return vt_fail(fail, -errno, "cannot open %s: %s", dir, strerror(errno));
	unlinkat(at, temp, 0); /* of an earlier attempt that was killed */
	int fd = openat(at, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int rc = fd < 0 ? -errno : text ? write_text(fd, text) : write_conf(fd, conf);
	if (fd >= 0)
		close(fd);
	/* a link, not a rename: it never replaces another unit's file */
	if (rc == 0 && linkat(at, temp, at, final, 0) < 0)
		rc = -errno;
	if (fd >= 0)
		unlinkat(at, temp, 0);
	if (rc == 0 && fsync(at) < 0)
		rc = -errno;
	close(at);
	if (rc == -EEXIST)
		return vt_fail(fail, rc, "unit '%s' exists already: %s/%s", conf->name, dir, final);
	if (rc < 0)
		return vt_fail(fail, rc, "cannot write %s/%s: %s", dir, final, strerror(-rc));
	return 0;
}

int vt_unitconf_slot(const struct vt_unitconf *conf, const char *host)
{
	int first = strcmp(conf->hosts[0], conf->hosts[1]) < 0 ? 0 : 1;
	if (strcmp(host, conf->hosts[first]) == 0)
		return 0;
	return strcmp(host, conf->hosts[1 - first]) == 0 ? 1 : -ENOENT;
}
