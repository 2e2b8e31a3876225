// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The target's half of a resync: taking over the source's tree of names and attributes, then
 * telling which grains differ. Content comes as VF_COPY and VF_ZERO.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "io/dp_int.h"

#define NAMED_BITS 12
#define NAMED_SIZE (1u << NAMED_BITS)
#define ENTRIES_MAX 1000000u /* names in one unit */

struct named {
	struct named *next;
	uint64_t parent_ino;
	char name[];
};

struct dir_times {
	struct vs_inode *dir;
	struct vm_time atime, mtime;
};

struct vd_tree {
	uint32_t count;
	uint32_t dirs_len, dirs_cap;
	struct dir_times *dirs;
	struct named *named[NAMED_SIZE];
};

void vd_target_free(struct vd_path *path)
{
	struct vd_tree *t = path->tree;
	path->tree = NULL;
	if (!t)
		return;
	for (uint32_t i = 0; i < t->dirs_len; i++)
		vs_unref(t->dirs[i].dir);
	free(t->dirs);
	for (uint32_t i = 0; i < NAMED_SIZE; i++) {
		while (t->named[i]) {
			struct named *n = t->named[i];
			t->named[i] = n->next;
			free(n);
		}
	}
	free(t);
}

int vd_tree_begin(struct vd_path *path)
{
	path->tree = calloc(1, sizeof *path->tree);
	return path->tree ? 0 : -ENOMEM;
}

static struct named **named_slot(struct vd_tree *t, uint64_t parent_ino, const char *name)
{
	uint64_t h = parent_ino * 0x9e3779b97f4a7c15u;
	for (const char *p = name; *p; p++)
		h = (h ^ (uint8_t)*p) * 0x100000001b3u;
	return &t->named[(h >> 20) & (NAMED_SIZE - 1)];
}

static bool is_named(struct vd_tree *t, uint64_t parent_ino, const char *name)
{
	struct named *n = *named_slot(t, parent_ino, name);
	while (n && (n->parent_ino != parent_ino || strcmp(n->name, name) != 0))
		n = n->next;
	return n != NULL;
}

static int add_named(struct vd_tree *t, uint64_t parent_ino, const char *name)
{
	size_t len = strlen(name) + 1;
	struct named *n = t->count < ENTRIES_MAX ? malloc(sizeof *n + len) : NULL;
	if (!n)
		return -ENOMEM;
	t->count++;
	n->parent_ino = parent_ino;
	memcpy(n->name, name, len);
	struct named **slot = named_slot(t, parent_ino, name);
	n->next = *slot;
	*slot = n;
	return 0;
}

static int remember_times(struct vd_tree *t, struct vs_inode *dir, const struct vm_entry *e)
{
	if (t->dirs_len == t->dirs_cap) {
		uint32_t cap = t->dirs_cap ? t->dirs_cap * 2 : 16;
		struct dir_times *dirs = realloc(t->dirs, cap * sizeof *dirs);
		if (!dirs)
			return -ENOMEM;
		t->dirs = dirs;
		t->dirs_cap = cap;
	}
	t->dirs[t->dirs_len++] =
	    (struct dir_times){.dir = vs_ref(dir), .atime = e->atime, .mtime = e->mtime};
	return 0;
}

/* ---- attributes ---- */

/* What a file system or kernel won't have isn't worth failing a whole resync. */
static bool xattr_tolerable(int err)
{
	return err == ENODATA || err == EOPNOTSUPP || err == EPERM;
}

static int set_xattrs(const char *path, const struct vm_entry *e)
{
	uint8_t have[VM_VALUE_MAX];
	struct vm_xattr x;
	struct vt_rbuf r;
	vt_rbuf_init(&r, e->xattrs, e->xattrs_len);
	for (uint32_t i = 0; i < e->xattr_count; i++) {
		if (vm_next_xattr(&x, &r) < 0)
			return -EBADMSG;
		ssize_t n = getxattr(path, x.name, have, sizeof have);
		if (n == (ssize_t)x.len && memcmp(have, x.value, x.len) == 0)
			continue;
		if (setxattr(path, x.name, x.value, x.len, 0) < 0 && !xattr_tolerable(errno))
			return -errno;
	}
	return 0;
}

static bool has_xattr(const struct vm_entry *e, const char *name)
{
	struct vm_xattr x;
	struct vt_rbuf r;
	vt_rbuf_init(&r, e->xattrs, e->xattrs_len);
	for (uint32_t i = 0; i < e->xattr_count; i++)
		if (vm_next_xattr(&x, &r) == 0 && strcmp(x.name, name) == 0)
			return true;
	return false;
}

static int sync_xattrs(struct vs_inode *inode, const struct vm_entry *e)
{
	char path[VS_PROC_PATH], list[VM_VALUE_MAX];
	vs_proc_path(inode, path);
	ssize_t n = listxattr(path, list, sizeof list);
	if (n < 0 && errno != EOPNOTSUPP)
		return -errno;
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(list + at) + 1)
		if (!has_xattr(e, list + at) && removexattr(path, list + at) < 0 &&
		    !xattr_tolerable(errno))
			return -errno;
	return set_xattrs(path, e);
}

static int sync_attrs(struct vs_store *s, struct vs_inode *inode, const struct vm_entry *e)
{
	struct vs_inode *made;
	struct stat st;
	int rc = vs_stat(inode, &st);
	if (rc < 0)
		return rc;
	struct vm_op op = {.kind = VM_SETATTR,
			   .flags = VM_SET_ATIME | VM_SET_MTIME,
			   .mode = e->mode & 07777,
			   .uid = e->uid,
			   .gid = e->gid,
			   .size = e->size,
			   .atime = e->atime,
			   .mtime = e->mtime};
	bool owner = st.st_uid != e->uid || st.st_gid != e->gid;
	if (owner)
		op.flags |= VM_SET_UID | VM_SET_GID;
	if (!S_ISLNK(e->mode) && (owner || (st.st_mode & 07777) != op.mode))
		op.flags |= VM_SET_MODE;
	if (S_ISREG(e->mode) && (uint64_t)st.st_size != e->size)
		op.flags |= VM_SET_SIZE;
	rc = sync_xattrs(inode, e);
	return rc < 0 ? rc : vs_exec(s, &op, NULL, NULL, inode, &made);
}

/* ---- names ---- */

static bool same_target(struct vs_inode *inode, const char *target)
{
	char have[VM_TARGET_MAX + 1];
	ssize_t n = readlinkat(inode->fd, "", have, sizeof have);
	return n >= 0 && (size_t)n == strlen(target) && memcmp(have, target, (size_t)n) == 0;
}

/* Whether what is here under the name can become the entry's file. */
static bool usable(struct vs_inode *have, const struct vm_entry *e)
{
	if (e->link)
		return have->id == e->file;
	if ((have->mode & S_IFMT) != (e->mode & S_IFMT) || have->id != 0)
		return false;
	return !S_ISLNK(e->mode) || same_target(have, e->target);
}

static int make_entry(struct vd_path *path, struct vs_inode *parent, const struct vm_entry *e,
		      struct vs_inode **out)
{
	struct vs_inode *file = NULL;
	struct vm_op op = {.kind = e->link ? VM_LINK : VM_CREATE,
			   .name = e->name,
			   .target = e->target,
			   .mode = e->mode,
			   .uid = e->uid,
			   .gid = e->gid};
	if (e->link) {
		file = vs_by_id(path->store, e->file);
		if (!file)
			return -ESTALE;
	}
	return vs_exec(path->store, &op, parent, NULL, file, out);
}

static int find_or_make(struct vd_path *path, struct vs_inode *parent, const struct vm_entry *e,
			struct vs_inode **out)
{
	struct stat st;
	int rc = vs_lookup(path->store, parent, e->name, out, &st);
	if (rc == 0 && usable(*out, e))
		return 0;
	if (rc == 0) {
		vs_unref(*out);
		rc = vs_remove_tree(path->store, parent, e->name);
	}
	if (rc < 0 && rc != -ENOENT)
		return rc;
	return make_entry(path, parent, e, out);
}

static int apply_entry(struct vd_path *path, const struct vm_entry *e)
{
	struct vs_inode *inode, *parent;
	int rc = 0;
	if (e->parent == 0) {
		inode = vs_ref(vs_root(path->store));
	} else {
		parent = vs_by_id(path->store, e->parent);
		if (!parent || !S_ISDIR(parent->mode))
			return -ESTALE;
		rc = add_named(path->tree, parent->ino, e->name);
		if (rc >= 0)
			rc = find_or_make(path, parent, e, &inode);
		if (rc < 0)
			return rc;
	}
	if (!e->link) {
		vs_set_id(inode, e->file);
		if (e->file >= path->next_id)
			path->next_id = e->file + 1;
		rc = sync_attrs(path->store, inode, e);
	}
	if (rc >= 0 && S_ISDIR(e->mode))
		rc = remember_times(path->tree, inode, e);
	vs_unref(inode);
	return rc;
}

int vd_tree_entries(struct vd_path *path, const void *payload, size_t len)
{
	struct vt_rbuf r;
	struct vm_entry e;
	vt_rbuf_init(&r, payload, len);
	while (vt_rbuf_left(&r) > 0) {
		int rc = vm_get_entry(&e, &r);
		if (rc >= 0)
			rc = apply_entry(path, &e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- the end: what was not named is gone ---- */

struct extra {
	struct extra *next;
	struct vs_inode *parent;
	char name[VM_NAME_MAX + 1];
};

struct sweep {
	struct vd_path *path;
	struct extra *list;
};

/* Collected first: removing below the walker's feet confuses it. */
static int collect(void *ctx, struct vs_inode *parent, const char *name, struct vs_inode *inode,
		   const struct stat *st)
{
	struct sweep *sweep = ctx;
	(void)inode;
	(void)st;
	if (is_named(sweep->path->tree, parent->ino, name) || parent->id == 0)
		return 0; /* below an extra directory everything goes with it */
	struct extra *x = malloc(sizeof *x);
	if (!x)
		return -ENOMEM;
	x->parent = vs_ref(parent);
	snprintf(x->name, sizeof x->name, "%s", name);
	x->next = sweep->list;
	sweep->list = x;
	return 0;
}

int vd_tree_end(struct vd_path *path)
{
	struct sweep sweep = {.path = path};
	int rc = vs_walk(path->store, collect, &sweep);
	while (sweep.list) {
		struct extra *x = sweep.list;
		sweep.list = x->next;
		if (rc >= 0)
			rc = vs_remove_tree(path->store, x->parent, x->name);
		vs_unref(x->parent);
		free(x);
	}
	for (uint32_t i = path->tree->dirs_len; rc >= 0 && i-- > 0;) {
		struct dir_times *d = &path->tree->dirs[i];
		struct vs_inode *made;
		struct vm_op op = {.kind = VM_SETATTR,
				   .flags = VM_SET_ATIME | VM_SET_MTIME,
				   .atime = d->atime,
				   .mtime = d->mtime};
		rc = vs_exec(path->store, &op, NULL, NULL, d->dir, &made);
	}
	vd_target_free(path);
	return rc;
}

/* ---- hashes ---- */

/* The batch's hashes are kept behind the data that is read into the same buffer. */
#define HASHES_AT (VD_BATCH + 4096u)

static void send_need(struct vd_op *op, uint64_t need)
{
	struct vd_path *path = op->path;
	uint8_t bytes[16];
	struct vt_wbuf w;
	struct vf_header h = {.type = VF_NEED, .file = op->file, .offset = op->offset};
	vt_wbuf_init(&w, bytes, sizeof bytes);
	vt_put_u64(&w, op->seq);
	vt_put_u64(&w, need);
	h.length = (uint32_t)w.len;
	if (path->connected)
		vl_send(path->link, &h, bytes);
}

static void hash_done(struct vd_op *op, int res)
{
	uint8_t mine[VD_HASH_SIZE];
	uint64_t need = 0;
	if (res >= 0 && op->gen == op->path->gen) {
		memset(op->buf->mem + res, 0, (size_t)op->length - (size_t)res);
		for (uint64_t i = 0; i < op->length / VD_GRAIN; i++) {
			const uint8_t *theirs = op->buf->mem + HASHES_AT + i * VD_HASH_SIZE;
			vd_grain_hash(op->buf->mem + i * VD_GRAIN, mine);
			if (memcmp(mine, theirs, VD_HASH_SIZE) != 0)
				need |= 1ull << i;
		}
		if (need)
			send_need(op, need);
	}
	vd_apply_done(op, res);
}

void vd_hash_start(struct vd_op *op)
{
	size_t len = (size_t)(op->length / VD_GRAIN) * VD_HASH_SIZE;
	memmove(op->buf->mem + HASHES_AT, op->payload, len);
	vd_rw_read(op, hash_done);
}
