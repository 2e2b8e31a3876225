// SPDX-License-Identifier: GPL-2.0-or-later
/* Does the new unit get in the way of one that exists on this host? */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/create.h"

static bool within(const char *inner, const char *outer)
{
	size_t n = strlen(outer);
	return strncmp(inner, outer, n) == 0 && (inner[n] == '\0' || inner[n] == '/');
}

static bool overlap(const char *a, const char *b)
{
	return within(a, b) || within(b, a);
}

static int compare(const struct vt_unitconf *ours, const struct vt_unitconf *other,
		   struct vt_fail *fail)
{
	const char *mine[] = {ours->directory, ours->store};
	const char *theirs[] = {other->directory, other->store};
	for (int i = 0; i < 4; i++)
		if (overlap(mine[i / 2], theirs[i % 2]))
			return vt_fail(fail, -EEXIST,
				       "%s and %s of unit '%s' must not lie one inside the "
				       "other; give the new unit a directory of its own",
				       mine[i / 2], theirs[i % 2], other->name);
	if (ours->port == other->port)
		return vt_fail(
		    fail, -EADDRINUSE,
		    "port %u is that of unit '%s'; give this unit another one on both hosts, for "
		    "example --port %u",
		    ours->port, other->name, ours->port < 65535 ? ours->port + 1u : 7790u);
	if (strcmp(ours->domain, other->domain) == 0)
		return vt_fail(fail, -EEXIST,
			       "the domain '%s' belongs to unit '%s' already; name this "
			       "unit's with --domain",
			       ours->domain, other->name);
	return 0;
}

/* The unit's name of a file NAME.conf, or false. */
static bool unit_of_file(const char *file, char *name, size_t cap)
{
	size_t n = strlen(file);
	if (n < 6 || strcmp(file + n - 5, ".conf") != 0 || n - 5 >= cap)
		return false;
	memcpy(name, file, n - 5);
	name[n - 5] = '\0';
	return vt_unit_name_ok(name);
}

int cc_check_others(const struct cc_job *job, struct vt_fail *fail)
{
	DIR *d = opendir(job->unit_dir);
	struct dirent *e;
	struct vt_unitconf other;
	char name[VT_UNIT_NAME_MAX + 1];
	int rc = 0;
	if (!d)
		return errno == ENOENT ? 0
				       : vt_fail(fail, -errno, "cannot read %s: %s", job->unit_dir,
						 strerror(errno));
	while (rc == 0 && (e = readdir(d)) != NULL) {
		if (!unit_of_file(e->d_name, name, sizeof name))
			continue;
		/* a file that can't be read might be in the way: told, not passed over */
		rc = vt_unitconf_load(&other, job->unit_dir, name, fail);
		if (rc == 0)
			rc = compare(&job->conf, &other, fail);
	}
	closedir(d);
	return rc;
}
