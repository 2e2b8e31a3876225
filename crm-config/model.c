// SPDX-License-Identifier: GPL-2.0-or-later
#include "crm-config/model.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/conffile.h"
#include "base/witness.h"
#include "crm-config/cib.h"
#include "base/secret.h"

#define SITE_KEYS_MAX 64
#define KEY_MAX (VT_HOST_NAME_MAX + 16)
#define DEVICE_PREFIX "qdevice:"
#define RESTART_WINDOW_MAX_H 720
#define VM_MONITOR_S 10 /* of cib_build.c */
#define MINOR_PREFIX "/dev/drbd"
#define MINOR_MAX 1048575 /* 20 bits in Linux */

/* A key of the hosts, and who said it first: the others have to say the same. */
struct said {
	char key[KEY_MAX], value[CF_VALUE_MAX];
	char path[VT_PATH_MAX];
	unsigned line;
};

struct cf_model_reader {
	struct cf_model *m;
	struct cf_unit *unit; /* the one whose file is read */
	bool swapped;	      /* it names the hosts in the other order than the first unit */
	const char *path;
	unsigned line;
	struct vt_fail *fail;
	unsigned saids;
	struct said said[SITE_KEYS_MAX];
};

static int bad(struct cf_model_reader *r, const char *key, const char *value, const char *what)
{
	return vt_fail(r->fail, -EINVAL, "%s:%u: %s = '%.80s': %s", r->path, r->line, key, value, what);
}

static int put(struct cf_model_reader *r, char *out, size_t cap, const char *key, const char *value)
{
	size_t n = strlen(value);
	if (n >= cap)
		return bad(r, key, value, "too long");
	memcpy(out, value, n + 1);
	return 0;
}

static int number(struct cf_model_reader *r, const char *key, const char *value, uint32_t low, uint32_t high, uint32_t *out)
{
	char what[96];
	size_t n = strlen(value);
	unsigned long v = strtoul(value, NULL, 10);
	snprintf(what, sizeof what, "must be a whole number from %u to %u", low, high);
	if (n > 9 || strspn(value, "0123456789") != n || v < low || v > high)
		return bad(r, key, value, what);
	*out = (uint32_t)v;
	return 0;
}

/* The next word of *at (cap bytes), or "". False: it is too long. */
static bool word(const char **at, char *out, size_t cap)
{
	*at += strspn(*at, " \t");
	size_t n = strcspn(*at, " \t");
	if (n >= cap)
		return false;
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n;
	return true;
}

/* An address or a name; no option of ping. */
static bool is_host(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_%";
	return text[0] && text[0] != '-' && strspn(text, allowed) == strlen(text);
}

/* ---- keys of the hosts ------------------------------------------------------------------------------------ */

/* One of a ring: a number, at which the other host can reach this one. */
static int look_at_address(struct cf_model_reader *r, const char *key, const char *text)
{
	struct in6_addr number;
	const char *fault = vt_address_fault(text);
	if (!vt_address_parse(&number, NULL, text))
		return bad(r, key, text, "two addresses (numbers, not names) are needed, in the order of hosts, as in: 10.0.0.1 10.0.0.2");
	if (!fault)
		return 0;
	return vt_fail(r->fail, -EINVAL, "%s:%u: %s: '%s' %s: the other host could not reach it there; give the address of the interface in that network", r->path,
		       r->line, key, text, fault);
}

static bool same_family(const char *a, const char *b)
{
	return !strchr(a, ':') == !strchr(b, ':');
}

static int set_ring(struct cf_model_reader *r, const char *key, const char *value)
{
	struct cf_site *site = &r->m->site;
	unsigned ring = (unsigned)(key[4] - '0');
	char address[CF_HOSTS][CF_ADDRESS_MAX];
	const char *at = value;
	for (int i = 0; i < CF_HOSTS; i++) {
		if (!word(&at, address[i], CF_ADDRESS_MAX))
			return bad(r, key, value, "too long for an address");
		int rc = look_at_address(r, key, address[i]);
		if (rc < 0)
			return rc;
	}
	if (at[strspn(at, " \t")] != '\0')
		return bad(r, key, value, "a ring has two addresses, one for each host");
	if (vt_address_same(address[0], address[1]))
		return bad(r, key, value, "the two hosts have different addresses");
	if (!same_family(address[0], address[1]))
		return bad(r, key, value, "in one ring both addresses are IPv4, or both IPv6");
	for (int i = 0; i < CF_HOSTS; i++)
		snprintf(site->ring[ring][i], CF_ADDRESS_MAX, "%s", address[r->swapped ? 1 - i : i]);
	if (ring >= site->rings)
		site->rings = ring + 1;
	return 0;
}

static int set_witness(struct cf_model_reader *r, const char *key, const char *value)
{
	struct cf_site *site = &r->m->site;
	struct vt_witness_conf conf = {0};
	struct vt_fail why = {0};
	if (strcmp(value, "none") == 0)
		return 0;
	if (strncmp(value, DEVICE_PREFIX, strlen(DEVICE_PREFIX)) == 0) {
		const char *host = value + strlen(DEVICE_PREFIX);
		if (!is_host(host))
			return bad(r, key, value, "one quorum device, as in: qdevice:192.0.2.5, and nothing beside it");
		if (vt_address_fault(host))
			return vt_fail(r->fail, -EINVAL, "%s:%u: %s: '%s' %s: a quorum device is on a third machine", r->path, r->line, key, host, vt_address_fault(host));
		return put(r, site->device_host, sizeof site->device_host, key, host);
	}
	if (vt_witness_list_parse(&conf, value, &why) < 0)
		return vt_fail(r->fail, -EINVAL, "%s:%u: %s: %.200s; or a quorum device: qdevice:HOST; or none", r->path, r->line, key, why.text);
	return put(r, site->witness, sizeof site->witness, key, value);
}

static int add_option(struct cf_model_reader *r, const char *key, struct cf_power *p, const char *text)
{
	const char *sign = strchr(text, '=');
	size_t n = sign ? (size_t)(sign - text) : 0;
	if (n == 0 || !isalpha((unsigned char)text[0]) || n >= sizeof p->option[0].name || strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") < n)
		return bad(r, key, "...", "an agent, then its options as NAME=VALUE, separated by spaces; values have no spaces in them");
	if (!sign[1])
		return vt_fail(r->fail, -EINVAL, "%s:%u: %s: %.*s has no value; give one, or leave the option out", r->path, r->line, key, (int)n, text);
	if (p->options == CF_OPTIONS_MAX)
		return bad(r, key, "...", "too many options");
	if (strlen(sign + 1) >= sizeof p->option[0].value)
		return bad(r, key, "...", "an option is too long");
	struct cf_option *o = &p->option[p->options++];
	snprintf(o->name, sizeof o->name, "%.*s", (int)n, text);
	snprintf(o->value, sizeof o->value, "%s", sign + 1);
	if (vt_is_secret(o->name))
		return bad(r, key, "...", "a secret in the cluster's configuration can be read by everybody on the hosts; put it into a file that "
			   "prints it and give password_script=FILE (fence_ipmilan(8))");
	for (unsigned i = 0; i + 1 < p->options; i++)
		if (strcmp(p->option[i].name, o->name) == 0)
			return bad(r, key, "...", "an option is given twice");
	return 0;
}

/* host is one of a list of hosts, or of a map HOST:PLUG;... */
static bool is_listed(const char *list, const char *host)
{
	size_t n = strlen(host);
	for (const char *at = list + strspn(list, ",;"); *at; at += strcspn(at, ",;"), at += strspn(at, ",;"))
		if (strncasecmp(at, host, n) == 0 && (!at[n] || strchr(",;:=", at[n])))
			return true;
	return false;
}

/* Which hosts it is for is either left to us, or said so that this one is among them. */
static int is_for_its_host(struct cf_model_reader *r, const char *key, const struct cf_power *p, const char *host)
{
	static const char *const names[] = {"pcmk_host_list", "pcmk_host_map"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *list = cf_power_option(p, names[i]);
		if (list && !is_listed(list, host))
			return vt_fail(r->fail, -EINVAL, "%s:%u: %s: %s=%.100s has no %s in it: that host could not be fenced; leave the option out, or name the host there",
				       r->path, r->line, key, names[i], list, host);
	}
	return 0;
}

static int set_power(struct cf_model_reader *r, const char *key, const char *value)
{
	struct cf_site *site = &r->m->site;
	const char *host = strchr(key, '.') + 1, *at = value;
	unsigned level = key[5] == '2' ? 1 : 0;
	char text[sizeof((struct cf_option *)0)->name + sizeof((struct cf_option *)0)->value];
	for (int i = 0; i < CF_HOSTS; i++) {
		if (strcmp(host, site->host[i]) != 0)
			continue;
		struct cf_power *p = &site->power[level][i];
		if (!word(&at, p->agent, sizeof p->agent) || strspn(p->agent, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != strlen(p->agent))
			return bad(r, key, "...", "the name of a fence agent comes first, as in: fence_ipmilan ip=10.0.0.101");
		if (strcmp(p->agent, "fence_vmtwin") == 0)
			return bad(r, key, value, "fence_vmtwin is configured by itself where there is a witness");
		for (;;) {
			if (!word(&at, text, sizeof text))
				return bad(r, key, "...", "an option is too long");
			if (!text[0])
				return is_for_its_host(r, key, p, host);
			int rc = add_option(r, key, p, text);
			if (rc < 0)
				return rc;
		}
	}
	return vt_fail(r->fail, -EINVAL, "%s:%u: %s: the hosts are %s and %s, not '%.64s'", r->path, r->line, key, site->host[0], site->host[1], host);
}

static int set_site(struct cf_model_reader *r, const char *key, const char *value)
{
	struct cf_site *site = &r->m->site;
	if (strncmp(key, "ring", 4) == 0)
		return set_ring(r, key, value);
	if (strncmp(key, "fence", 5) == 0)
		return set_power(r, key, value);
	if (strcmp(key, "witness") == 0)
		return set_witness(r, key, value);
	if (strcmp(key, "token_ms") == 0)
		return number(r, key, value, 1000, 30000, &site->token_ms);
	if (strcmp(key, "witness_need") == 0) {
		site->witness_all = strcmp(value, "all") == 0;
		return site->witness_all || strcmp(value, "any") == 0 ? 0 : bad(r, key, value, "must be any or all");
	}
	if (strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(value) || strlen(value) > 15)
		return bad(r, key, value, "at most 15 letters, digits, '-' and '_'");
	return put(r, site->cluster, sizeof site->cluster, key, value);
}

/* The value as it would be with the hosts in the first unit's order. */
static void in_order(const struct cf_model_reader *r, const char *key, const char *value, char *out, size_t cap)
{
	char first[CF_VALUE_MAX] = "", second[CF_VALUE_MAX] = "";
	const char *at = value;
	bool two = strncmp(key, "ring", 4) == 0 && word(&at, first, sizeof first) && word(&at, second, sizeof second);
	if (two)
		snprintf(out, cap, "%s %s", r->swapped ? second : first, r->swapped ? first : second);
	else
		snprintf(out, cap, "%s", value);
}

static int site_pair(struct cf_model_reader *r, const char *key, const char *value)
{
	char text[CF_VALUE_MAX * 2];
	in_order(r, key, value, text, sizeof text);
	for (unsigned i = 0; i < r->saids; i++) {
		const struct said *s = &r->said[i];
		if (strcmp(s->key, key) != 0)
			continue;
		if (strcmp(s->value, text) == 0)
			return 0;
		return vt_fail(r->fail, -EINVAL, "%s:%u: %s is another one than in %s:%u; it is of the hosts and can be said in one file only, or in "
			       "each the same", r->path, r->line, key, s->path, s->line);
	}
	if (r->saids == SITE_KEYS_MAX)
		return bad(r, key, value, "too many keys");
	struct said *s = &r->said[r->saids++];
	s->line = r->line;
	int rc = put(r, s->key, sizeof s->key, key, key);
	if (rc == 0)
		rc = put(r, s->value, sizeof s->value, key, text);
	if (rc == 0)
		rc = put(r, s->path, sizeof s->path, key, r->path);
	return rc < 0 ? rc : set_site(r, key, value);
}

/* ---- keys of a unit --------------------------------------------------------------------------------------- */

static int set_prefer(struct cf_model_reader *r, const char *key, const char *value)
{
	r->unit->prefer = -1;
	for (int i = 0; i < CF_HOSTS; i++)
		if (strcmp(value, r->m->site.host[i]) == 0)
			r->unit->prefer = i;
	return r->unit->prefer >= 0 || strcmp(value, "none") == 0 ? 0 : bad(r, key, value, "must be one of the two hosts, or none");
}

static int set_window(struct cf_model_reader *r, const char *key, const char *value)
{
	uint32_t ms = 0;
	size_t digits = strspn(value, "0123456789");
	unsigned long hours = digits > 0 && digits < 4 && strcmp(value + digits, "h") == 0 ? strtoul(value, NULL, 10) : 0;
	if ((!cf_time_parse(value, &ms) || ms < 60000) && (hours < 1 || hours > RESTART_WINDOW_MAX_H))
		return bad(r, key, value, "must be a time from 1min to 720h");
	r->unit->restart_window_s = hours ? (uint32_t)hours * 3600 : ms / 1000;
	return put(r, r->unit->restart_window, sizeof r->unit->restart_window, key, value);
}

/* ocf:pacemaker:ping tries each address so often, a second and a tenth at least each time, and has that long for all. */
#define PING_TRIES 3
#define PING_LEAST_MS 1100
#define PING_LIMIT_MS 60000

static int pings_fit(struct cf_model_reader *r, const char *key, const char *value, unsigned count)
{
	unsigned ms = count * PING_TRIES * PING_LEAST_MS;
	if (ms <= PING_LIMIT_MS)
		return 0;
	return vt_fail(r->fail, -EINVAL, "%s:%u: %s = '%.80s...': %u addresses x %d tries x %.1f s = %.1f s when none answers, but the operation has %d s: it would "
		       "fail instead of telling; name %d at most",
		       r->path, r->line, key, value, count, PING_TRIES, PING_LEAST_MS / 1000.0, ms / 1000.0, PING_LIMIT_MS / 1000,
		       PING_LIMIT_MS / PING_TRIES / PING_LEAST_MS);
}

static int set_ping(struct cf_model_reader *r, const char *key, const char *value)
{
	char address[CF_ADDRESS_MAX];
	unsigned count = 0;
	if (strcmp(value, "none") == 0)
		return 0;
	for (const char *at = value; at[strspn(at, " \t")]; count++) {
		if (!word(&at, address, sizeof address) || !is_host(address))
			return bad(r, key, value, "must be addresses or names, separated by spaces, or none");
		if (vt_address_fault(address))
			return vt_fail(r->fail, -EINVAL, "%s:%u: %s: '%s' %s: it tells nothing of the network", r->path, r->line, key, address, vt_address_fault(address));
	}
	int rc = pings_fit(r, key, value, count);
	return rc < 0 ? rc : put(r, r->unit->ping, sizeof r->unit->ping, key, value);
}

/* One name for one device: no zeros before the number. */
static bool is_minor(const char *value)
{
	if (strncmp(value, MINOR_PREFIX, strlen(MINOR_PREFIX)) != 0)
		return false;
	const char *digits = value + strlen(MINOR_PREFIX);
	size_t n = strlen(digits);
	if (n < 1 || n > 7 || strspn(digits, "0123456789") != n || (digits[0] == '0' && digits[1]))
		return false;
	return strtoul(digits, NULL, 10) <= MINOR_MAX;
}

static int set_device(struct cf_model_reader *r, const char *key, const char *value)
{
	bool disk = strcmp(key, "drbd_disk") == 0;
	if (strncmp(value, "/dev/", 5) != 0 || strpbrk(value, " \t\"\\{};") || strstr(value, "/../"))
		return bad(r, key, value, "must be a block device, as in /dev/vg0/vm1");
	if (!disk && !is_minor(value))
		return bad(r, key, value, "must be /dev/drbd and a number from 0 to 1048575");
	/* "drbd" may begin a volume group's name too */
	if (disk && strncmp(value, MINOR_PREFIX, strlen(MINOR_PREFIX)) == 0 && strchr("/0123456789", value[strlen(MINOR_PREFIX)]))
		return bad(r, key, value, "is a device of DRBD's; name what lies below it, as in /dev/vg0/vm1");
	if (disk)
		return put(r, r->unit->drbd_disk, sizeof r->unit->drbd_disk, key, value);
	return put(r, r->unit->drbd_device, sizeof r->unit->drbd_device, key, value);
}

static int unit_pair(struct cf_model_reader *r, const char *key, const char *value)
{
	struct cf_unit *u = r->unit;
	if (strcmp(key, "prefer") == 0)
		return set_prefer(r, key, value);
	if (strcmp(key, "restarts") == 0)
		return number(r, key, value, 1, 1000, &u->restarts);
	if (strcmp(key, "restart_window") == 0)
		return set_window(r, key, value);
	if (strcmp(key, "start_tries") == 0)
		return number(r, key, value, 1, 60, &u->start_tries);
	if (strcmp(key, "start_interval") == 0)
		return number(r, key, value, 1, 300, &u->start_interval_s);
	if (strcmp(key, "stop_tries") == 0)
		return number(r, key, value, 1, 60, &u->stop_tries);
	if (strcmp(key, "stop_interval") == 0)
		return number(r, key, value, 1, 300, &u->stop_interval_s);
	if (strcmp(key, "require_ping") == 0)
		return set_ping(r, key, value);
	if (strncmp(key, "drbd_", 5) == 0)
		return set_device(r, key, value);
	/* storage: taken with the unit's own keys */
	return u->conf.drbd || strcmp(value, "vmtwin") == 0 ? 0 : bad(r, key, value, "must be vmtwin or drbd");
}

static bool is_of_site(const char *key)
{
	return strncmp(key, "ring", 4) == 0 || strncmp(key, "fence", 5) == 0 || strncmp(key, "witness", 7) == 0 ||
	       strcmp(key, "cluster") == 0 || strcmp(key, "token_ms") == 0;
}

static int take_pair(void *ctx, unsigned line, const char *key, const char *value, struct vt_fail *fail)
{
	struct cf_model_reader *r = ctx;
	(void)fail; /* r has the same */
	r->line = line;
	if (!vt_unitconf_config_key(key))
		return 0; /* the unit's own, looked at already */
	return is_of_site(key) ? site_pair(r, key, value) : unit_pair(r, key, value);
}

/* ---- files ------------------------------------------------------------------------------------------------ */

static int same_hosts(struct cf_model_reader *r)
{
	struct cf_site *site = &r->m->site;
	char(*host)[VT_HOST_NAME_MAX + 1] = r->unit->conf.hosts;
	if (!site->host[0][0]) {
		memcpy(site->host, host, sizeof site->host);
		return 0;
	}
	r->swapped = strcmp(host[0], site->host[1]) == 0 && strcmp(host[1], site->host[0]) == 0;
	if (r->swapped || (strcmp(host[0], site->host[0]) == 0 && strcmp(host[1], site->host[1]) == 0))
		return 0;
	return vt_fail(r->fail, -EINVAL, "%s: its hosts are %s and %s, those of unit %s are %s and %s: one cluster has the same two for all units",
		       r->path, host[0], host[1], r->m->unit[0].conf.name, site->host[0], site->host[1]);
}

static int differs_from_others(struct cf_model_reader *r)
{
	const struct cf_unit *u = r->unit;
	for (const struct cf_unit *o = r->m->unit; o < u; o++) {
		const char *what = NULL;
		if (strcmp(o->conf.name, u->conf.name) == 0)
			what = "name";
		else if (strcmp(o->conf.directory, u->conf.directory) == 0)
			what = "directory";
		else if (strcmp(o->conf.domain, u->conf.domain) == 0)
			what = "domain";
		else if (o->conf.port == u->conf.port)
			what = "port";
		else if (o->conf.drbd && u->conf.drbd && strcmp(o->drbd_device, u->drbd_device) == 0)
			what = "drbd_device";
		else if (o->conf.drbd && u->conf.drbd && strcmp(o->drbd_disk, u->drbd_disk) == 0)
			what = "drbd_disk";
		if (what)
			return vt_fail(r->fail, -EINVAL, "%s: unit %s has the same %s; each unit needs its own", r->path, o->conf.name, what);
	}
	return 0;
}

static int storage_fits(struct cf_model_reader *r)
{
	const struct cf_unit *u = r->unit;
	if (u->conf.drbd && (!u->drbd_device[0] || !u->drbd_disk[0]))
		return vt_fail(r->fail, -EINVAL, "%s: storage = drbd needs drbd_device, as in /dev/drbd0, and drbd_disk, as in /dev/vg0/%s", r->path,
			       u->conf.name);
	if (!u->conf.drbd && (u->drbd_device[0] || u->drbd_disk[0]))
		return vt_fail(r->fail, -EINVAL, "%s: drbd_device and drbd_disk are for storage = drbd only", r->path);
	if (u->conf.drbd && u->conf.manual_failover)
		return vt_fail(r->fail, -EINVAL, "%s: failover = manual is not there for storage = drbd", r->path);
	return 0;
}

/* Failures that are forgotten while the VM is being restarted are never counted: it would be restarted here for ever. */
static int window_fits(struct cf_model_reader *r)
{
	const struct cf_unit *u = r->unit;
	uint32_t restart_s = u->start_tries * u->start_interval_s + VM_MONITOR_S;
	if (restart_s < u->restart_window_s)
		return 0;
	return vt_fail(r->fail, -EINVAL, "%s: restart_window = %s (%u s), but one restart may take start_tries %u x start_interval %u s + %d s until it is looked at = %u s: "
		       "each failure would be forgotten before the next one, and the VM never go to the other host; set restart_window longer",
		       r->path, u->restart_window, u->restart_window_s, u->start_tries, u->start_interval_s, VM_MONITOR_S, restart_s);
}

struct cf_model_reader *cf_model_begin(struct cf_model *m)
{
	struct cf_model_reader *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	memset(m, 0, sizeof *m);
	m->site.token_ms = VT_TOKEN_DEFAULT_MS;
	m->site.allow_unfenced = true;
	snprintf(m->site.cluster, sizeof m->site.cluster, "vmtwin");
	r->m = m;
	return r;
}

int cf_model_add(struct cf_model_reader *r, const char *name, const char *text, const char *path, struct vt_fail *fail)
{
	struct cf_model *m = r->m;
	if (m->units == CF_UNITS_MAX)
		return vt_fail(fail, -EINVAL, "more than %d units", CF_UNITS_MAX);
	r->unit = &m->unit[m->units];
	*r->unit = (struct cf_unit){.prefer = -1, .restarts = 2, .restart_window = "24h", .restart_window_s = 24 * 3600, .start_tries = 5, .start_interval_s = 5,
				    .stop_tries = 5, .stop_interval_s = 5};
	r->path = path;
	r->fail = fail;
	int rc = vt_unitconf_parse(&r->unit->conf, name, text, path, fail);
	if (rc == 0)
		rc = same_hosts(r);
	if (rc == 0)
		rc = vt_conf_parse(text, path, take_pair, r, fail);
	if (rc == 0)
		rc = differs_from_others(r);
	if (rc == 0)
		rc = storage_fits(r);
	if (rc == 0)
		rc = window_fits(r);
	if (rc < 0)
		return rc;
	m->units++;
	m->site.allow_unfenced &= r->unit->conf.allow_unfenced;
	if (r->unit->conf.lease_ms > m->site.longest_lease_ms)
		m->site.longest_lease_ms = r->unit->conf.lease_ms;
	return 0;
}

int cf_model_end(struct cf_model_reader *r, struct vt_fail *fail)
{
	struct cf_model *m = r->m;
	free(r);
	if (m->units == 0)
		return vt_fail(fail, -ENOENT, "there is no unit");
	if (m->site.witness_all && !m->site.witness[0])
		return vt_fail(fail, -EINVAL, "witness_need = all, but no witness that answers a ping or a connection is configured");
	return cf_model_fits(m, fail);
}

static int add_file(struct cf_model_reader *r, const char *dir, const char *name, char *text, struct vt_fail *fail)
{
	char path[VT_PATH_MAX];
	if (!vt_unit_name_ok(name))
		return vt_fail(fail, -EINVAL, "'%.80s' can't be a unit's name", name);
	if (snprintf(path, sizeof path, "%s/%s.conf", dir, name) >= (int)sizeof path)
		return vt_fail(fail, -EINVAL, "%s: the path is too long", dir);
	int rc = vt_conf_read(path, text, VT_CONF_FILE_MAX, fail);
	if (rc == -ENOENT)
		return vt_fail(fail, rc, "no unit '%s' in %s: write %s (vmtwin-unit(5)), or name another directory by --unit-dir DIR", name, dir, path);
	return rc < 0 ? rc : cf_model_add(r, name, text, path, fail);
}

static int is_unit_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return n > 5 && e->d_name[0] != '.' && strcmp(e->d_name + n - 5, ".conf") == 0;
}

static int add_all(struct cf_model_reader *r, const char *dir, char *text, struct vt_fail *fail)
{
	struct dirent **found = NULL;
	int n = scandir(dir, &found, is_unit_file, alphasort);
	int rc = n < 0 ? vt_fail(fail, -errno, "cannot read %s: %s", dir, strerror(errno)) : 0;
	for (int i = 0; i < n; i++) {
		found[i]->d_name[strlen(found[i]->d_name) - 5] = '\0';
		if (rc == 0)
			rc = add_file(r, dir, found[i]->d_name, text, fail);
		free(found[i]);
	}
	free(found);
	if (rc == 0 && n == 0)
		rc = vt_fail(fail, -ENOENT, "no unit in %s: write one (vmtwin-unit(5))", dir);
	return rc;
}

int cf_model_load(struct cf_model *m, const char *dir, struct vt_fail *fail)
{
	struct cf_model_reader *r = cf_model_begin(m);
	char *text = malloc(VT_CONF_FILE_MAX);
	int rc = r && text ? 0 : vt_fail(fail, -ENOMEM, "out of memory");
	if (rc == 0)
		rc = add_all(r, dir, text, fail);
	free(text);
	if (rc == 0)
		return cf_model_end(r, fail);
	free(r);
	return rc;
}

struct vt_cluster_timing cf_model_timing(const struct cf_model *m)
{
	bool device = m->site.device_host[0] != '\0';
	return (struct vt_cluster_timing){
	    .token_ms = m->site.token_ms,
	    .consensus_ms = m->site.token_ms * 12 / 10,
	    .two_node = !device,
	    .device = device,
	    .device_timeout_ms = VT_DEVICE_TIMEOUT_DEFAULT_MS,
	    .device_sync_ms = VT_DEVICE_SYNC_DEFAULT_MS,
	};
}
