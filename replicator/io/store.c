// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "io/store_int.h"

/* Used where the kernel doesn't tell the alignment: right for every disk there is. */
#define ALIGN_SAFE 4096u
#define NOT_POSSIBLE (-2)

static struct vs_inode **ino_slot(struct vs_store *s, uint64_t ino)
{
	return &s->by_ino[(ino * 0x9e3779b97f4a7c15u) >> (64 - VS_HASH_BITS)];
}

static struct vs_inode **id_slot(struct vs_store *s, uint64_t id)
{
	return &s->by_id[id & (VS_HASH_SIZE - 1)];
}

/* Takes over fd. */
static struct vs_inode *inode_new(struct vs_store *s, int fd, const struct stat *st)
{
	struct vs_inode *inode = calloc(1, sizeof *inode);
	if (!inode)
		return NULL;
	inode->store = s;
	inode->ino = st->st_ino;
	inode->mode = st->st_mode;
	inode->fd = fd;
	inode->direct_fd = -1;
	inode->buffered_fd = -1;
	struct vs_inode **slot = ino_slot(s, inode->ino);
	inode->ino_next = *slot;
	*slot = inode;
	return inode;
}

static void close_data(struct vs_inode *inode)
{
	struct vs_store *s = inode->store;
	if (inode->direct_fd >= 0) {
		close(inode->direct_fd);
		s->data_fds--;
	}
	if (inode->buffered_fd >= 0) {
		close(inode->buffered_fd);
		s->data_fds--;
	}
	inode->direct_fd = -1;
	inode->buffered_fd = -1;
}

static void inode_end(struct vs_inode *inode)
{
	close_data(inode);
	close(inode->fd);
	free(inode);
}

static void inode_free(struct vs_inode *inode)
{
	struct vs_inode **at = ino_slot(inode->store, inode->ino);
	while (*at != inode)
		at = &(*at)->ino_next;
	*at = inode->ino_next;
	inode_end(inode);
}

static void maybe_free(struct vs_inode *inode)
{
	if (inode->refs == 0 && inode->lookups == 0 && inode->id == 0 && !inode->in_dirty)
		inode_free(inode);
}

struct vs_inode *vs_ref(struct vs_inode *inode)
{
	inode->refs++;
	return inode;
}

void vs_unref(struct vs_inode *inode)
{
	if (!inode)
		return;
	assert(inode->refs > 0);
	inode->refs--;
	maybe_free(inode);
}

void vs_forget(struct vs_inode *inode, uint64_t n)
{
	inode->lookups -= n < inode->lookups ? n : inode->lookups;
	maybe_free(inode);
}

struct vs_inode *vs_root(struct vs_store *s)
{
	return s->root;
}

/* Finds or makes the inode of an O_PATH descriptor, which is taken over. */
int vs_adopt(struct vs_store *s, int fd, struct vs_inode **out, struct stat *st)
{
	if (fstatat(fd, "", st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	if (st->st_dev != s->dev) {
		close(fd);
		return -EXDEV;
	}
	struct vs_inode *inode = *ino_slot(s, st->st_ino);
	while (inode && inode->ino != st->st_ino)
		inode = inode->ino_next;
	if (inode)
		close(fd);
	else
		inode = inode_new(s, fd, st);
	if (!inode) {
		close(fd);
		return -ENOMEM;
	}
	inode->mode = st->st_mode;
	*out = vs_ref(inode);
	return 0;
}

int vs_lookup(struct vs_store *s, struct vs_inode *parent, const char *name, struct vs_inode **out,
	      struct stat *st)
{
	if (!vm_name_ok(name))
		return -EINVAL;
	int fd = openat(parent->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return vs_adopt(s, fd, out, st);
}

int vs_stat(struct vs_inode *inode, struct stat *st)
{
	return fstatat(inode->fd, "", st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

const char *vs_proc_path(const struct vs_inode *inode, char *out)
{
	snprintf(out, VS_PROC_PATH, "/proc/self/fd/%d", inode->fd);
	return out;
}

struct vs_inode *vs_by_id(struct vs_store *s, uint64_t id)
{
	struct vs_inode *inode = *id_slot(s, id);
	while (inode && inode->id != id)
		inode = inode->id_next;
	return inode;
}

static void id_unlink(struct vs_inode *inode)
{
	struct vs_inode **at = id_slot(inode->store, inode->id);
	while (*at != inode)
		at = &(*at)->id_next;
	*at = inode->id_next;
	inode->id = 0;
	inode->id_next = NULL;
}

void vs_set_id(struct vs_inode *inode, uint64_t id)
{
	if (inode->id)
		id_unlink(inode);
	inode->id = id;
	if (id == 0) {
		maybe_free(inode);
		return;
	}
	struct vs_inode **slot = id_slot(inode->store, id);
	inode->id_next = *slot;
	*slot = inode;
}

void vs_clear_ids(struct vs_store *s)
{
	for (size_t i = 0; i < VS_HASH_SIZE; i++)
		while (s->by_id[i])
			vs_set_id(s->by_id[i], 0);
}

static void close_idle(struct vs_store *s, const struct vs_inode *but)
{
	for (size_t i = 0; i < VS_HASH_SIZE; i++)
		for (struct vs_inode *n = s->by_ino[i]; n; n = n->ino_next)
			if (n != but)
				vs_release_data(n);
	/* All that is left is in use: don't look again before there is much more. */
	s->data_fds_limit = s->data_fds + VS_DATA_FDS_MAX;
}

static int open_data(struct vs_inode *inode, int extra)
{
	char path[VS_PROC_PATH];
	struct vs_store *s = inode->store;
	int flags = S_ISDIR(inode->mode) ? O_RDONLY | O_DIRECTORY : O_RDWR;
	if (s->data_fds >= s->data_fds_limit)
		close_idle(s, inode);
	int fd = open(vs_proc_path(inode, path), flags | extra | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	s->data_fds++;
	return fd;
}

int vs_data_fd(struct vs_inode *inode)
{
	if (inode->buffered_fd < 0) {
		if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
			return -EINVAL;
		int fd = open_data(inode, 0);
		if (fd < 0)
			return fd;
		inode->buffered_fd = fd;
	}
	return inode->buffered_fd;
}

static void probe_align(struct vs_inode *inode)
{
	struct statx stx = {0};
	inode->align = ALIGN_SAFE;
	inode->mem_align = ALIGN_SAFE;
	if (statx(inode->direct_fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) < 0 ||
	    !(stx.stx_mask & STATX_DIOALIGN))
		return;
	if (stx.stx_dio_offset_align == 0 || stx.stx_dio_offset_align > ALIGN_SAFE) {
		close(inode->direct_fd);
		inode->store->data_fds--;
		inode->direct_fd = NOT_POSSIBLE;
		inode->align = 0;
		return;
	}
	inode->align = stx.stx_dio_offset_align;
	inode->mem_align = stx.stx_dio_mem_align;
}

uint32_t vs_direct_align(struct vs_inode *inode)
{
	if (inode->direct_fd == -1) {
		int fd = S_ISREG(inode->mode) ? open_data(inode, O_DIRECT) : -EINVAL;
		inode->direct_fd = fd >= 0 ? fd : NOT_POSSIBLE;
		inode->align = 0;
		if (fd >= 0)
			probe_align(inode);
	}
	return inode->direct_fd >= 0 ? inode->align : 0;
}

int vs_direct_fd(struct vs_inode *inode, uint64_t offset, uint64_t length, const void *mem)
{
	uint32_t align = vs_direct_align(inode);
	if (align == 0 || ((offset | length) & (align - 1)) != 0)
		return -1;
	if (((uintptr_t)mem & (inode->mem_align - 1)) != 0)
		return -1;
	return inode->direct_fd;
}

void vs_release_data(struct vs_inode *inode)
{
	if (inode->opens == 0 && inode->refs == 0 && inode->syncing == 0)
		close_data(inode);
}

void vs_dirty(struct vs_inode *inode, uint8_t dirt)
{
	struct vs_store *s = inode->store;
	inode->dirt |= dirt;
	if (inode->in_dirty)
		return;
	inode->in_dirty = true;
	inode->dirty_prev = NULL;
	inode->dirty_next = s->dirty;
	if (s->dirty)
		s->dirty->dirty_prev = inode;
	s->dirty = inode;
}

struct vs_inode *vs_dirty_first(struct vs_store *s)
{
	return s->dirty;
}

uint8_t vs_sync_begin(struct vs_inode *inode)
{
	uint8_t dirt = inode->dirt;
	inode->dirt = 0;
	inode->syncing++;
	return dirt;
}

static void leave_dirty(struct vs_inode *inode)
{
	if (inode->dirt || inode->syncing || !inode->in_dirty)
		return;
	if (inode->dirty_prev)
		inode->dirty_prev->dirty_next = inode->dirty_next;
	else
		inode->store->dirty = inode->dirty_next;
	if (inode->dirty_next)
		inode->dirty_next->dirty_prev = inode->dirty_prev;
	inode->in_dirty = false;
	maybe_free(inode);
}

void vs_sync_end(struct vs_inode *inode, uint8_t dirt, bool ok)
{
	assert(inode->syncing > 0);
	inode->syncing--;
	if (!ok)
		inode->dirt |= dirt;
	leave_dirty(inode);
}

void vs_clean(struct vs_inode *inode)
{
	inode->dirt = 0;
	leave_dirty(inode);
}

static int check_entry(void *ctx, struct vs_inode *parent, const char *name, struct vs_inode *inode,
		       const struct stat *st)
{
	struct vs_check *check = ctx;
	(void)parent;
	(void)inode;
	if (!S_ISBLK(st->st_mode) && !S_ISCHR(st->st_mode))
		return 0;
	snprintf(check->bad, sizeof check->bad, "%s", name);
	return -ENOTBLK;
}

static int check_tree(struct vs_store *s, const char *unit, const char *dir, struct vt_fail *fail)
{
	struct vs_check check = {0};
	int rc = vs_walk(s, check_entry, &check);
	if (rc == -ENOTBLK)
		return vt_fail(
		    fail, -EINVAL,
		    "unit %s: the store %s holds a device node '%s', which can't be mirrored; "
		    "remove it or move it out of the unit",
		    unit, dir, check.bad);
	if (rc == -EXDEV)
		return vt_fail(
		    fail, rc,
		    "unit %s: something is mounted inside the store %s; unmount it, a unit "
		    "must be one file system",
		    unit, dir);
	if (rc < 0)
		return vt_fail(fail, rc, "unit %s: can't read the store %s: %s; check the disk",
			       unit, dir, strerror(-rc));
	return 0;
}

int vs_open(struct vs_store **out, const char *unit, const char *data_dir, struct vt_fail *fail)
{
	int fd = open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		int err = errno;
		return vt_fail(
		    fail, -err,
		    "unit %s: can't open the store %s: %s; mount its file system, or create "
		    "the unit on this host",
		    unit, data_dir, strerror(err));
	}
	struct vs_store *s = calloc(1, sizeof *s);
	struct stat st;
	if (!s || fstat(fd, &st) < 0) {
		free(s);
		close(fd);
		return vt_fail(fail, -ENOMEM, "unit %s: no memory for the store's table", unit);
	}
	s->dev = st.st_dev;
	s->data_fds_limit = VS_DATA_FDS_MAX;
	s->root = inode_new(s, fd, &st);
	if (!s->root) {
		free(s);
		close(fd);
		return vt_fail(fail, -ENOMEM, "unit %s: no memory for the store's table", unit);
	}
	vs_ref(s->root);
	int rc = check_tree(s, unit, data_dir, fail);
	if (rc < 0) {
		vs_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void vs_close(struct vs_store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < VS_HASH_SIZE; i++)
		while (s->by_ino[i])
			/* inode_free() takes it off the list. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
			inode_free(s->by_ino[i]);
	free(s);
}
