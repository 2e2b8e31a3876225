// SPDX-License-Identifier: GPL-2.0-or-later
#include "stonith/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"

enum key { K_ACTION, K_PLUG, K_NODENAME, K_DELAY, K_WAIT, K_VERBOSE, K_QUIET, K_DEBUG, K_HELP, K_VERSION };
enum where { ANYWHERE, STDIN_ONLY };

/* The first name of a key is the one to use, others are for what was written for other agents. */
static const struct name {
	const char *name;
	enum key key;
	char letter; /* on the command line; 0: none */
	bool flag;   /* needs no value */
	enum where where;
} names[] = {
    {"action", K_ACTION, 'o', false, ANYWHERE},
    {"plug", K_PLUG, 'n', false, ANYWHERE},
    {"delay", K_DELAY, 0, false, ANYWHERE},
    {"wait_timeout", K_WAIT, 0, false, ANYWHERE},
    {"verbose", K_VERBOSE, 'v', true, ANYWHERE},
    {"quiet", K_QUIET, 'q', true, ANYWHERE},
    {"debug_file", K_DEBUG, 'D', false, ANYWHERE},
    {"help", K_HELP, 'h', true, ANYWHERE},
    {"version", K_VERSION, 'V', true, ANYWHERE},
    {"option", K_ACTION, 0, false, STDIN_ONLY},
    {"port", K_PLUG, 0, false, STDIN_ONLY},
    {"debug", K_DEBUG, 0, false, STDIN_ONLY},
    {"nodename", K_NODENAME, 0, false, STDIN_ONLY},
};
#define NAMES (sizeof names / sizeof names[0])

static const char *const action_names[FA_ACTIONS] = {
    [FA_OFF] = "off",	      [FA_REBOOT] = "reboot",		[FA_ON] = "on",
    [FA_STATUS] = "status",   [FA_MONITOR] = "monitor",		[FA_LIST] = "list",
    [FA_VALIDATE] = "validate-all", [FA_LIST_STATUS] = "list-status", [FA_METADATA] = "metadata",
};

const char *fa_action_name(enum fa_action action)
{
	return action < FA_ACTIONS ? action_names[action] : "?";
}

void fa_options_init(struct fa_options *o)
{
	*o = (struct fa_options){.action = FA_REBOOT, .wait_timeout_s = FA_WAIT_TIMEOUT_S};
}

const char *fa_options_node(const struct fa_options *o)
{
	return o->plug[0] ? o->plug : o->nodename;
}

/* ---- values ------------------------------------------------------------------------------------------------ */

static int set_action(struct fa_options *o, const char *value, struct vt_fail *fail)
{
	o->action = FA_REBOOT;
	if (!value[0])
		return 0;
	for (int i = 0; i < FA_ACTIONS; i++) {
		if (strcasecmp(value, action_names[i]) == 0) {
			o->action = (enum fa_action)i;
			return 0;
		}
	}
	if (strcasecmp(value, "meta-data") != 0)
		return vt_fail(fail, -EINVAL,
			       "unknown action '%.64s'; there are off, reboot, on, status, monitor, list, list-status, "
			       "validate-all and metadata",
			       value);
	o->action = FA_METADATA;
	return 0;
}

static int set_node(char *out, const char *name, const char *value, struct vt_fail *fail)
{
	size_t len = strlen(value);
	if (len > FA_NODE_MAX)
		return vt_fail(fail, -EINVAL, "option '%s': a host's name has at most %d bytes, this one has %zu", name,
			       FA_NODE_MAX, len);
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr(",;=", *c))
			return vt_fail(fail, -EINVAL, "option '%s': '%.64s' is not the name of one host", name, value);
	memcpy(out, value, len + 1);
	return 0;
}

static int set_seconds(unsigned *out, unsigned fallback, const char *name, const char *value, struct vt_fail *fail)
{
	unsigned n = 0;
	*out = fallback;
	if (!value[0])
		return 0;
	for (const char *c = value; *c; c++) {
		if (*c < '0' || *c > '9' || (n = n * 10 + (unsigned)(*c - '0')) > FA_SECONDS_MAX)
			return vt_fail(fail, -EINVAL, "option '%s': '%.64s' is not a number of seconds from 0 to %d", name, value,
				       FA_SECONDS_MAX);
	}
	*out = n;
	return 0;
}

static int set_flag(bool *out, const char *name, const char *value, struct vt_fail *fail)
{
	static const char *const words[2][5] = {{"", "0", "no", "off", "false"}, {"1", "yes", "on", "true", "1"}};
	for (int truth = 0; truth < 2; truth++) {
		for (int i = 0; i < 5; i++) {
			if (strcasecmp(value, words[truth][i]) == 0) {
				*out = truth;
				return 0;
			}
		}
	}
	return vt_fail(fail, -EINVAL, "option '%s': '%.64s' is neither yes nor no", name, value);
}

static int set_path(struct fa_options *o, const char *name, const char *value, struct vt_fail *fail)
{
	size_t len = strlen(value);
	if (len > FA_PATH_MAX)
		return vt_fail(fail, -EINVAL, "option '%s': a path of %zu bytes is too long, at most %d", name, len, FA_PATH_MAX);
	memcpy(o->debug_file, value, len + 1);
	return 0;
}

static int set(struct fa_options *o, const struct name *n, const char *value, struct vt_fail *fail)
{
	switch (n->key) {
	case K_ACTION:
		return set_action(o, value, fail);
	case K_PLUG:
		return set_node(o->plug, n->name, value, fail);
	case K_NODENAME:
		return set_node(o->nodename, n->name, value, fail);
	case K_DELAY:
		return set_seconds(&o->delay_s, 0, n->name, value, fail);
	case K_WAIT:
		return set_seconds(&o->wait_timeout_s, FA_WAIT_TIMEOUT_S, n->name, value, fail);
	case K_VERBOSE:
		return set_flag(&o->verbose, n->name, value, fail);
	case K_QUIET:
		return set_flag(&o->quiet, n->name, value, fail);
	case K_DEBUG:
		return set_path(o, n->name, value, fail);
	case K_HELP:
		return set_flag(&o->help, n->name, value, fail);
	case K_VERSION:
		return set_flag(&o->version, n->name, value, fail);
	}
	return 0;
}

/* The same name, with - for _ or the other way round. */
static bool same_name(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((a[i] == '-' ? '_' : a[i]) != b[i])
			return false;
	return b[len] == '\0';
}

static const struct name *find_name(const char *name, size_t len, bool command_line)
{
	for (size_t i = 0; i < NAMES; i++)
		if (same_name(name, names[i].name, len) && !(command_line && names[i].where == STDIN_ONLY))
			return &names[i];
	return NULL;
}

/* ---- standard input ------------------------------------------------------------------------------------------- */

/* The cluster's own attributes of a device, which reach the agent beside its options. */
static bool is_clusters(const char *name)
{
	return strncmp(name, "pcmk_", 5) == 0 || strncmp(name, "crm_", 4) == 0 || strncmp(name, "CRM_meta_", 9) == 0;
}

static void note_ignored(struct fa_options *o, const char *name, size_t len)
{
	static const char more[] = "...";
	size_t at = strlen(o->ignored), cap = sizeof o->ignored;
	if (at >= strlen(more) && strcmp(o->ignored + at - strlen(more), more) == 0)
		return;
	/* room is kept for ", ..." */
	if (len + 2 >= cap || at + 2 + len + 2 + sizeof more > cap) {
		name = more;
		len = strlen(more);
	}
	snprintf(o->ignored + at, cap - at, "%s%.*s", at ? ", " : "", (int)len, name);
	for (char *c = o->ignored + at; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			*c = '?';
}

/* One line, terminated, without blanks around it. */
static int take_line(struct fa_options *o, char *line, struct vt_fail *fail)
{
	size_t name_len = strcspn(line, "="), len = strlen(line);
	if (len == 0 || line[0] == '#')
		return 0;
	char *value = name_len < len ? line + name_len + 1 : line + len;
	const struct name *n = find_name(line, name_len, false);
	if (!n) {
		if (!is_clusters(line))
			note_ignored(o, line, name_len);
		return 0;
	}
	size_t value_len = strlen(value);
	if (value_len >= 2 && value[0] == '"' && value[value_len - 1] == '"') {
		value[value_len - 1] = '\0';
		value++;
	}
	int rc = set(o, n, value, fail);
	if (rc == 0 || !n->flag)
		return rc;
	note_ignored(o, line, len); /* no host stays unfenced for one of these */
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

int fa_options_stdin(struct fa_options *o, const char *input, size_t size, struct vt_fail *fail)
{
	char line[FA_LINE_MAX + 1];
	if (size > FA_INPUT_MAX)
		return vt_fail(fail, -EINVAL, "standard input has more than %d bytes", FA_INPUT_MAX);
	if (size > 0 && memchr(input, '\0', size))
		return vt_fail(fail, -EINVAL, "standard input has a NUL byte in it");
	unsigned number = 1;
	for (const char *p = input, *end = input + size; p < end; number++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end, *next = newline ? newline + 1 : end;
		if (number > FA_LINES_MAX)
			return vt_fail(fail, -EINVAL, "standard input has more than %d lines", FA_LINES_MAX);
		if (stop - p > FA_LINE_MAX)
			return vt_fail(fail, -EINVAL, "line %u of standard input has more than %d bytes", number, FA_LINE_MAX);
		while (p < stop && is_blank(*p))
			p++;
		while (p < stop && is_blank(stop[-1]))
			stop--;
		memcpy(line, p, (size_t)(stop - p));
		line[stop - p] = '\0';
		int rc = take_line(o, line, fail);
		if (rc != 0)
			return rc;
		p = next;
	}
	return 0;
}

/* ---- command line ----------------------------------------------------------------------------------------------- */

static int unknown(const char *word, size_t len, struct vt_fail *fail)
{
	const char *known[NAMES];
	char name[64];
	size_t count = 0;
	snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), word);
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].where == ANYWHERE)
			known[count++] = names[i].name;
	const char *near = strncmp(name, "--", 2) == 0 ? vt_nearest(name + 2, known, count) : NULL;
	if (near)
		return vt_fail(fail, -EINVAL, "unknown option '%s': did you mean '--%s'?", name, near);
	return vt_fail(fail, -EINVAL, "unknown option '%s'; see fence_vmtwin --help", name);
}

static int need_value(const char *word, struct vt_fail *fail)
{
	return vt_fail(fail, -EINVAL, "option '%.64s' needs a value; see fence_vmtwin --help", word);
}

/* --name, --name=value, --name value: *at is moved to the last word used. */
static int take_long(struct fa_options *o, int argc, const char *const *argv, int *at, struct vt_fail *fail)
{
	const char *word = argv[*at], *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct name *n = find_name(word + 2, len - 2, true);
	if (!n)
		return unknown(word, len, fail);
	if (n->flag)
		return set(o, n, equals ? equals + 1 : "1", fail);
	if (equals)
		return set(o, n, equals + 1, fail);
	if (*at + 1 >= argc)
		return need_value(word, fail);
	++*at;
	return set(o, n, argv[*at], fail);
}

static const struct name *find_letter(char letter)
{
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].letter == letter)
			return &names[i];
	return NULL;
}

/* -o value, -ovalue, -vq: the same for letters. */
static int take_short(struct fa_options *o, int argc, const char *const *argv, int *at, struct vt_fail *fail)
{
	for (const char *c = argv[*at] + 1; *c; c++) {
		const char dash[] = {'-', *c, '\0'};
		const struct name *n = find_letter(*c);
		if (!n)
			return unknown(dash, 2, fail);
		if (!n->flag && c[1])
			return set(o, n, c + 1, fail);
		if (!n->flag && *at + 1 >= argc)
			return need_value(dash, fail);
		if (!n->flag) {
			++*at;
			return set(o, n, argv[*at], fail);
		}
		int rc = set(o, n, "1", fail);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int fa_options_argv(struct fa_options *o, int argc, const char *const *argv, struct vt_fail *fail)
{
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];
		int rc;
		if (strncmp(word, "--", 2) == 0 && word[2])
			rc = take_long(o, argc, argv, &i, fail);
		else if (word[0] == '-' && word[1] && word[1] != '-')
			rc = take_short(o, argc, argv, &i, fail);
		else
			rc = vt_fail(fail, -EINVAL, "'%.64s' is no option; see fence_vmtwin --help", word);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int fa_options_check(const struct fa_options *o, struct vt_fail *fail)
{
	bool of_a_host = o->action == FA_OFF || o->action == FA_REBOOT || o->action == FA_ON || o->action == FA_STATUS;
	if (of_a_host && !fa_options_node(o)[0])
		return vt_fail(fail, -EINVAL, "%s of which host? Name it: plug=HOST on standard input, -n HOST on the command line",
			       fa_action_name(o->action));
	return 0;
}
