// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/tree.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* While the tree is read: the inodes, and for files with several names how many were met. */
struct names {
	uint64_t inode;
	uint32_t met, all;
	char path[128]; /* the last met, for the message */
};

struct reader {
	struct ct_tree *tree;
	const char *dir;
	struct names *multi;
	size_t multi_count, multi_cap, inode_cap;
	struct vt_fail *fail;
};

static int add_inode(struct reader *r, uint64_t inode)
{
	struct ct_tree *t = r->tree;
	if (t->count == CT_FILES_MAX)
		return vt_fail(
		    r->fail, -EFBIG,
		    "%s holds more than %d files: that is not one VM's directory; give the "
		    "directory of the VM alone",
		    r->dir, CT_FILES_MAX);
	if (t->count == r->inode_cap) {
		size_t cap = r->inode_cap ? r->inode_cap * 2 : 256;
		uint64_t *more = realloc(t->inode, cap * sizeof *more);
		if (!more)
			return vt_fail(r->fail, -ENOMEM, "out of memory reading %s", r->dir);
		t->inode = more;
		r->inode_cap = cap;
	}
	t->inode[t->count++] = inode;
	return 0;
}

/* Few files have several names, so a list does. */
static int add_name(struct reader *r, const FTSENT *e)
{
	struct names *n = NULL;
	for (size_t i = 0; i < r->multi_count && !n; i++)
		if (r->multi[i].inode == e->fts_statp->st_ino)
			n = &r->multi[i];
	if (!n) {
		if (r->multi_count == r->multi_cap) {
			size_t cap = r->multi_cap ? r->multi_cap * 2 : 16;
			struct names *more = realloc(r->multi, cap * sizeof *more);
			if (!more)
				return vt_fail(r->fail, -ENOMEM, "out of memory reading %s",
					       r->dir);
			r->multi = more;
			r->multi_cap = cap;
		}
		n = &r->multi[r->multi_count++];
		*n = (struct names){.inode = e->fts_statp->st_ino};
	}
	n->met++;
	n->all = (uint32_t)e->fts_statp->st_nlink;
	snprintf(n->path, sizeof n->path, "%s", e->fts_path);
	return 0;
}

static void note_link(struct reader *r, const FTSENT *e)
{
	char target[2];
	ssize_t n = readlink(e->fts_accpath, target, sizeof target);
	bool out = n > 0 && (target[0] == '/' || (n == 2 && target[0] == '.' && target[1] == '.'));
	if (out && !r->tree->link[0])
		snprintf(r->tree->link, sizeof r->tree->link, "%s", e->fts_path);
}

static int add_entry(struct reader *r, const FTSENT *e, dev_t dev)
{
	const struct stat *st = e->fts_statp;
	int rc = 0;
	switch (e->fts_info) {
	case FTS_DP:
		return 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return vt_fail(r->fail, -e->fts_errno, "cannot read %s: %s", e->fts_path,
			       strerror(e->fts_errno));
	case FTS_SL:
	case FTS_SLNONE:
		note_link(r, e);
		break;
	case FTS_F:
		r->tree->files++;
		r->tree->bytes += (uint64_t)st->st_blocks * 512;
		break;
	default:
		break;
	}
	if (st->st_dev != dev)
		return vt_fail(
		    r->fail, -EXDEV,
		    "%s lies on another file system than %s: a unit's files must be on one; "
		    "unmount it or copy its files",
		    e->fts_path, r->dir);
	if (e->fts_info != FTS_D && st->st_nlink > 1)
		rc = add_name(r, e);
	return rc == 0 ? add_inode(r, st->st_ino) : rc;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static int read_all(struct reader *r, FTS *fts)
{
	FTSENT *e;
	dev_t dev = 0;
	int rc = 0;
	while (rc == 0 && (errno = 0, e = fts_read(fts)) != NULL) {
		if (e->fts_level == FTS_ROOTLEVEL && e->fts_info == FTS_D)
			dev = e->fts_statp->st_dev;
		rc = add_entry(r, e, dev);
	}
	if (rc == 0 && errno != 0)
		rc = vt_fail(r->fail, -errno, "cannot read %s: %s", r->dir, strerror(errno));
	r->tree->dev_major = major(dev);
	r->tree->dev_minor = minor(dev);
	for (size_t i = 0; i < r->multi_count && rc == 0; i++)
		if (r->multi[i].met < r->multi[i].all)
			rc = vt_fail(
			    r->fail, -EMLINK,
			    "%s has a second name (hard link) outside %s, through which it could "
			    "be changed without being mirrored; replace it by a copy: "
			    "cp --sparse=always FILE NEW && mv NEW FILE",
			    r->multi[i].path, r->dir);
	return rc;
}

int ct_read(struct ct_tree *tree, const char *dir, struct vt_fail *fail)
{
	struct reader r = {.tree = tree, .dir = dir, .fail = fail};
	char path[4096];
	char *const roots[] = {path, NULL};
	*tree = (struct ct_tree){0};
	snprintf(path, sizeof path, "%s", dir);
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (!fts)
		return vt_fail(fail, -errno, "cannot read %s: %s", dir, strerror(errno));
	int rc = read_all(&r, fts);
	fts_close(fts);
	free(r.multi);
	if (rc < 0)
		ct_free(tree);
	else
		qsort(tree->inode, tree->count, sizeof *tree->inode, by_number);
	return rc;
}

void ct_free(struct ct_tree *tree)
{
	free(tree->inode);
	*tree = (struct ct_tree){0};
}
