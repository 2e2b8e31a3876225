// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes of names and attributes, done the same way on both hosts (S4). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "io/store_int.h"

/* Gives the new name the attributes op asks for, whatever umask and default ACLs made of it. */
static int dress(struct vs_inode *inode, const struct vm_op *op)
{
	char path[VS_PROC_PATH];
	if (fchownat(inode->fd, "", op->uid, op->gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISLNK(op->mode) && chmod(vs_proc_path(inode, path), op->mode & 07777) < 0)
		return -errno;
	return 0;
}

static int make(const struct vm_op *op, int dir)
{
	int fd;
	switch (op->mode & S_IFMT) {
	case S_IFREG:
		fd = openat(dir, op->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    op->mode & 07777);
		if (fd < 0)
			return -errno;
		close(fd);
		return 0;
	case S_IFDIR:
		return mkdirat(dir, op->name, op->mode & 07777) < 0 ? -errno : 0;
	case S_IFLNK:
		return symlinkat(op->target, dir, op->name) < 0 ? -errno : 0;
	case S_IFIFO:
	case S_IFSOCK:
		return mknodat(dir, op->name, op->mode, 0) < 0 ? -errno : 0;
	default:
		return -EPERM;
	}
}

static int exec_create(struct vs_store *s, const struct vm_op *op, struct vs_inode *parent,
		       struct vs_inode **made)
{
	struct stat st;
	int rc = make(op, parent->fd);
	if (rc < 0)
		return rc;
	rc = vs_lookup(s, parent, op->name, made, &st);
	if (rc >= 0) {
		rc = dress(*made, op);
		if (rc < 0) {
			vs_unref(*made);
			*made = NULL;
		}
	}
	if (rc < 0) {
		unlinkat(parent->fd, op->name, S_ISDIR(op->mode) ? AT_REMOVEDIR : 0);
		return rc;
	}
	vs_dirty(parent, VS_META);
	if (S_ISREG(op->mode) || S_ISDIR(op->mode))
		vs_dirty(*made, VS_META);
	return 0;
}

static int exec_link(const struct vm_op *op, struct vs_inode *parent, struct vs_inode *file,
		     struct vs_inode **made)
{
	char path[VS_PROC_PATH];
	if (linkat(AT_FDCWD, vs_proc_path(file, path), parent->fd, op->name, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	vs_dirty(parent, VS_META);
	*made = vs_ref(file);
	return 0;
}

static int exec_remove(const struct vm_op *op, struct vs_inode *parent)
{
	int flags = op->kind == VM_RMDIR ? AT_REMOVEDIR : 0;
	if (unlinkat(parent->fd, op->name, flags) < 0)
		return -errno;
	vs_dirty(parent, VS_META);
	return 0;
}

static int exec_rename(const struct vm_op *op, struct vs_inode *parent, struct vs_inode *parent2)
{
	/* A whiteout is a device node, which a unit must not hold. */
	if (op->flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if (renameat2(parent->fd, op->name, parent2->fd, op->name2, op->flags) < 0)
		return -errno;
	vs_dirty(parent, VS_META);
	vs_dirty(parent2, VS_META);
	return 0;
}

static struct timespec time_or_omit(struct vm_time t, bool set)
{
	struct timespec ts = {.tv_sec = t.sec, .tv_nsec = set ? (long)t.nsec : UTIME_OMIT};
	return ts;
}

static int exec_setattr(const struct vm_op *op, struct vs_inode *file)
{
	char path[VS_PROC_PATH];
	if (op->flags & (VM_SET_UID | VM_SET_GID)) {
		uid_t uid = op->flags & VM_SET_UID ? op->uid : (uid_t)-1;
		gid_t gid = op->flags & VM_SET_GID ? op->gid : (gid_t)-1;
		if (fchownat(file->fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
	}
	if (op->flags & VM_SET_MODE && chmod(vs_proc_path(file, path), op->mode & 07777) < 0)
		return -errno;
	if (op->flags & VM_SET_SIZE) {
		int fd = S_ISREG(file->mode) ? vs_data_fd(file) : -EINVAL;
		if (fd < 0)
			return fd;
		if (ftruncate(fd, (off_t)op->size) < 0)
			return -errno;
		vs_dirty(file, VS_DATA);
	}
	if (op->flags & (VM_SET_ATIME | VM_SET_MTIME)) {
		struct timespec ts[2] = {time_or_omit(op->atime, op->flags & VM_SET_ATIME),
					 time_or_omit(op->mtime, op->flags & VM_SET_MTIME)};
		if (utimensat(file->fd, "", ts, AT_EMPTY_PATH) < 0)
			return -errno;
	}
	if (S_ISREG(file->mode) || S_ISDIR(file->mode))
		vs_dirty(file, VS_META);
	return 0;
}

static int exec_xattr(const struct vm_op *op, struct vs_inode *file)
{
	char path[VS_PROC_PATH];
	vs_proc_path(file, path);
	int rc = op->kind == VM_SETXATTR
		     ? setxattr(path, op->name, op->value, op->value_len, (int)op->flags)
		     : removexattr(path, op->name);
	if (rc < 0)
		return -errno;
	if (S_ISREG(file->mode) || S_ISDIR(file->mode))
		vs_dirty(file, VS_META);
	return 0;
}

/* Whether the inodes that this kind of change is about were given. */
static bool complete(const struct vm_op *op, const struct vs_inode *parent,
		     const struct vs_inode *parent2, const struct vs_inode *file)
{
	switch (op->kind) {
	case VM_CREATE:
	case VM_UNLINK:
	case VM_RMDIR:
		return parent;
	case VM_LINK:
		return parent && file;
	case VM_RENAME:
		return parent && parent2;
	default:
		return file;
	}
}

int vs_exec(struct vs_store *s, const struct vm_op *op, struct vs_inode *parent,
	    struct vs_inode *parent2, struct vs_inode *file, struct vs_inode **made)
{
	*made = NULL;
	if (!complete(op, parent, parent2, file))
		return -EINVAL;
	switch (op->kind) {
	case VM_CREATE:
		return exec_create(s, op, parent, made);
	case VM_LINK:
		return exec_link(op, parent, file, made);
	case VM_UNLINK:
	case VM_RMDIR:
		return exec_remove(op, parent);
	case VM_RENAME:
		return exec_rename(op, parent, parent2);
	case VM_SETATTR:
		return exec_setattr(op, file);
	case VM_SETXATTR:
	case VM_REMOVEXATTR:
		return exec_xattr(op, file);
	default:
		return -EINVAL;
	}
}
