// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "io/store_int.h"

static int walk_dir(struct vs_store *s, struct vs_inode *dir, unsigned depth, vs_visit visit,
		    void *ctx);

static DIR *open_dir(struct vs_inode *dir)
{
	int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	DIR *d = fdopendir(fd);
	if (!d)
		close(fd);
	return d;
}

static int walk_entry(struct vs_store *s, struct vs_inode *dir, const char *name, unsigned depth,
		      vs_visit visit, void *ctx)
{
	struct vs_inode *inode;
	struct stat st;
	int rc = vs_lookup(s, dir, name, &inode, &st);
	if (rc < 0)
		return rc;
	rc = visit(ctx, dir, name, inode, &st);
	if (rc >= 0 && S_ISDIR(st.st_mode))
		rc = walk_dir(s, inode, depth + 1, visit, ctx);
	vs_unref(inode);
	return rc;
}

static int walk_dir(struct vs_store *s, struct vs_inode *dir, unsigned depth, vs_visit visit,
		    void *ctx)
{
	if (depth > VS_DEPTH_MAX)
		return -ELOOP;
	DIR *d = open_dir(dir);
	if (!d)
		return -errno;
	int rc = 0;
	while (rc >= 0) {
		errno = 0;
		struct dirent *e = readdir(d);
		if (!e) {
			rc = -errno;
			break;
		}
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = walk_entry(s, dir, e->d_name, depth, visit, ctx);
	}
	closedir(d);
	return rc < 0 ? rc : 0;
}

int vs_walk(struct vs_store *s, vs_visit visit, void *ctx)
{
	return walk_dir(s, s->root, 0, visit, ctx);
}

static int mark(void *ctx, struct vs_inode *parent, const char *name, struct vs_inode *inode,
		const struct stat *st)
{
	(void)ctx;
	(void)parent;
	(void)name;
	if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
		vs_dirty(inode, VS_DATA | VS_META);
	return 0;
}

int vs_dirty_tree(struct vs_store *s)
{
	vs_dirty(s->root, VS_META);
	return vs_walk(s, mark, NULL);
}

static int remove_name(struct vs_inode *parent, const char *name, unsigned depth);

static int remove_below(struct vs_inode *dir, unsigned depth)
{
	if (depth > VS_DEPTH_MAX)
		return -ELOOP;
	DIR *d = open_dir(dir);
	if (!d)
		return -errno;
	int rc = 0;
	for (struct dirent *e = readdir(d); e && rc >= 0; e = readdir(d))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = remove_name(dir, e->d_name, depth);
	closedir(d);
	return rc;
}

static int remove_name(struct vs_inode *parent, const char *name, unsigned depth)
{
	struct vs_inode *inode;
	struct stat st;
	int rc = vs_lookup(parent->store, parent, name, &inode, &st);
	if (rc < 0)
		return rc;
	bool is_dir = S_ISDIR(st.st_mode);
	if (is_dir)
		rc = remove_below(inode, depth + 1);
	if (rc >= 0 && unlinkat(parent->fd, name, is_dir ? AT_REMOVEDIR : 0) < 0)
		rc = -errno;
	vs_dirty(parent, VS_META);
	/* If it waited for a flush, it would keep its space until then. */
	if (rc >= 0 && vs_stat(inode, &st) == 0 && (is_dir || st.st_nlink == 0))
		vs_clean(inode);
	vs_unref(inode);
	return rc;
}

int vs_remove_tree(struct vs_store *s, struct vs_inode *parent, const char *name)
{
	(void)s;
	return remove_name(parent, name, 0);
}
