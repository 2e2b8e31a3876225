// SPDX-License-Identifier: GPL-2.0-or-later
/* What the preflight reads of DRBD and of block devices. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mountinfo.h"
#include "crm-config/preflight_int.h"

#define BLANKS " \t\r"
#define LINE_BYTES 1024
#define MOUNT_LINE_BYTES 8192
/* struct md_on_disk of drbdmeta(8): big-endian, behind five generation ids, size and flags. */
#define MAGIC_OFFSET 60
#define MAGIC_8 0x8374026bu
#define MAGIC_8_UNCLEAN 0x8374026cu
#define MAGIC_9 0x8374026du

/* The line at *at, without its end, cut; *at goes on. */
static void next_line(const char **at, char *line, size_t cap)
{
	size_t len = strcspn(*at, "\n");
	snprintf(line, cap, "%.*s", (int)(len < cap ? len : cap - 1), *at);
	*at += len + ((*at)[len] == '\n');
}

/* ---- drbdsetup status ------------------------------------------------------------------------------------------ */

struct status {
	struct pf_drbd *d;
	struct pf_resource *r; /* NULL: before the first, or behind the last that there is room for */
	bool peer;	       /* the words are of a connection */
};

static void begin_resource(struct status *s, const char *name)
{
	s->peer = false;
	s->r = NULL;
	s->d->more_resources = s->d->more_resources || s->d->resources == PF_RESOURCES_MAX;
	if (s->d->resources == PF_RESOURCES_MAX)
		return;
	s->r = &s->d->resource[s->d->resources++];
	memset(s->r, 0, sizeof *s->r);
	snprintf(s->r->name, sizeof s->r->name, "%.*s", VT_UNIT_NAME_MAX, name);
}

/* The first volume's, the first connection's: a unit has one of each. */
static void keep(char out[PF_STATE_MAX], const char *value)
{
	if (!out[0])
		snprintf(out, PF_STATE_MAX, "%.*s", PF_STATE_MAX - 1, value);
}

static void take_minor(struct pf_resource *r, const char *value)
{
	size_t n = strlen(value);
	if (r->has_minor || n == 0 || n > 8 || strspn(value, "0123456789") != n)
		return;
	r->has_minor = true;
	r->minor = (unsigned)strtoul(value, NULL, 10);
}

static void take_word(struct status *s, const char *key, const char *value)
{
	struct pf_resource *r = s->r;
	if (strcmp(key, "connection") == 0)
		keep(r->connection, value);
	else if (strcmp(key, "replication") == 0)
		keep(r->replication, value);
	else if (strcmp(key, "peer-disk") == 0 || (s->peer && strcmp(key, "disk") == 0))
		keep(r->peer_disk, value);
	else if (s->peer)
		return;
	else if (strcmp(key, "disk") == 0)
		keep(r->disk, value);
	else if (strcmp(key, "suspended") == 0)
		keep(r->suspended, value);
	else if (strcmp(key, "minor") == 0)
		take_minor(r, value);
}

/* A name at its beginning is a resource's where it isn't indented, else the other host's; all other words are "key:value". */
static void take_status_line(struct status *s, char *line)
{
	bool indented = line[0] != '\0' && strchr(BLANKS, line[0]), first = true;
	char *rest = NULL;
	for (char *word = strtok_r(line, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest), first = false) {
		char *colon = strchr(word, ':');
		if (first && !indented)
			begin_resource(s, word);
		else if (first && !colon)
			s->peer = true;
		else if (colon && s->r) {
			*colon = '\0';
			take_word(s, word, colon + 1);
		}
	}
}

void pf_status_parse(struct pf_drbd *d, const char *text)
{
	struct status s = {.d = d};
	char line[LINE_BYTES];
	d->resources = 0;
	d->more_resources = false;
	while (*text) {
		next_line(&text, line, sizeof line);
		if (line[0] != '#') /* "# No currently configured DRBD found." */
			take_status_line(&s, line);
	}
}

void pf_complaint(const char *text, char *out, size_t cap)
{
	out[0] = '\0';
	while (*text && !out[0]) {
		next_line(&text, out, cap);
		if (strncmp(out, "modinfo:", 8) == 0)
			out[0] = '\0';
	}
}

/* ---- block devices ------------------------------------------------------------------------------------------------ */

enum pf_meta pf_meta_of(const uint8_t block[PF_META_BYTES])
{
	const uint8_t *m = block + MAGIC_OFFSET;
	switch ((uint32_t)m[0] << 24 | (uint32_t)m[1] << 16 | (uint32_t)m[2] << 8 | m[3]) {
	case MAGIC_8:
	case MAGIC_8_UNCLEAN:
		return PF_META_8;
	case MAGIC_9:
		return PF_META_9;
	default:
		return PF_META_NONE;
	}
}

bool pf_is_swap(const char *swaps, const char *device)
{
	char line[LINE_BYTES];
	size_t n = strlen(device);
	while (*swaps) {
		next_line(&swaps, line, sizeof line);
		if (n > 0 && strncmp(line, device, n) == 0 && line[n] != '\0' && strchr(BLANKS, line[n]))
			return true;
	}
	return false;
}

bool pf_mounted_at(const char *mountinfo, unsigned major, unsigned minor, char *out, size_t cap)
{
	char line[MOUNT_LINE_BYTES];
	struct vt_mountinfo mi;
	while (*mountinfo) {
		next_line(&mountinfo, line, sizeof line);
		if (vt_mountinfo_parse(&mi, line) != 0 || mi.major != major || mi.minor != minor)
			continue;
		snprintf(out, cap, "%.*s", (int)cap - 1, mi.dir);
		return true;
	}
	return false;
}
