// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that change nothing: served whatever the gate, from this host's store. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <linux/fuse.h>

#include "io/dp_int.h"

#define DIR_REPLY_MAX 32768u /* bytes of one readdir answer */

static void ll_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct vd_path *path = vd_req_path(req);
	struct fuse_entry_param e = {0};
	struct vs_inode *inode;
	int rc = vs_lookup(path->store, vd_req_inode(req, parent), name, &inode, &e.attr);
	if (rc < 0) {
		fuse_reply_err(req, -rc);
		return;
	}
	e.ino = (fuse_ino_t)inode;
	inode->lookups++;
	if (fuse_reply_entry(req, &e) != 0)
		inode->lookups--;
	vs_unref(inode);
}

static void forget_one(struct vd_path *path, struct vs_inode *inode, uint64_t n)
{
	if (inode == vs_root(path->store))
		return;
	vs_ref(inode);
	vs_forget(inode, n);
	vd_note_gone(path, inode);
	vs_unref(inode);
}

static void ll_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
	forget_one(vd_req_path(req), vd_req_inode(req, ino), n);
	fuse_reply_none(req);
}

static void ll_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		forget_one(vd_req_path(req), vd_req_inode(req, forgets[i].ino), forgets[i].nlookup);
	fuse_reply_none(req);
}

static void ll_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;
	(void)fi;
	int rc = vs_stat(vd_req_inode(req, ino), &st);
	if (rc < 0)
		fuse_reply_err(req, -rc);
	else
		fuse_reply_attr(req, &st, 0);
}

static void ll_readlink(fuse_req_t req, fuse_ino_t ino)
{
	char target[VM_TARGET_MAX + 1];
	ssize_t n = readlinkat(vd_req_inode(req, ino)->fd, "", target, sizeof target);
	if (n < 0 || (size_t)n == sizeof target) {
		fuse_reply_err(req, n < 0 ? errno : ENAMETOOLONG);
		return;
	}
	target[n] = 0;
	fuse_reply_readlink(req, target);
}

/* Answered by hand: libfuse's own reply can't say that writes may run in parallel. */
void vd_open_reply(struct vd_path *path, fuse_req_t req, struct vs_inode *inode)
{
	struct fuse_open_out out = {.open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES};
	(void)path;
	inode->opens++;
	if (fuse_reply_buf(req, (const char *)&out, sizeof out) != 0)
		inode->opens--;
}

static void ll_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct vd_path *path = vd_req_path(req);
	struct vs_inode *inode = vd_req_inode(req, ino);
	bool writes = (fi->flags & O_ACCMODE) != O_RDONLY;
	int fd = vs_data_fd(inode);
	if (writes && path->gate == VD_READONLY) {
		fuse_reply_err(req, EROFS);
	} else if (fd < 0) {
		fuse_reply_err(req, -fd);
	} else {
		if (inode->opens == 0)
			vd_rw_uncache(path, inode);
		vd_open_reply(path, req, inode);
	}
}

static void ll_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct vd_path *path = vd_req_path(req);
	struct vs_inode *inode = vd_req_inode(req, ino);
	(void)fi;
	if (inode->opens > 0)
		inode->opens--;
	if (inode->opens == 0) {
		vd_note_times(path, inode);
		vs_release_data(inode);
	}
	fuse_reply_err(req, 0);
}

static void read_done(struct vd_op *op, int res)
{
	struct vd_path *path = op->path;
	if (res < 0) {
		fuse_reply_err(op->req, -res);
		vd_disk_failed(path, -res, "a read");
	} else {
		fuse_reply_buf(op->req, (const char *)op->payload, (size_t)res);
		path->reads++;
	}
	vd_op_free(op);
}

static void ll_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct vd_path *path = vd_req_path(req);
	struct vd_op *op = size <= VF_PAYLOAD_MAX ? vd_op_get(path) : NULL;
	(void)fi;
	if (!op) {
		fuse_reply_err(req, size <= VF_PAYLOAD_MAX ? ENOMEM : EINVAL);
		return;
	}
	op->req = req;
	op->inode = vs_ref(vd_req_inode(req, ino));
	op->offset = (uint64_t)off;
	op->length = size;
	op->buf = vp_ref(path->front.current); /* the request has been read: its buffer is free */
	vd_rw_read(op, read_done);
}

struct dir_handle {
	DIR *dir;
	struct dirent *entry; /* read, but had no room in the last answer */
	off_t at;
	char reply[DIR_REPLY_MAX];
};

static void ll_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	int fd = openat(vd_req_inode(req, ino)->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = errno;
	struct dir_handle *d = fd >= 0 ? calloc(1, sizeof *d) : NULL;
	if (d)
		d->dir = fdopendir(fd);
	if (!d || !d->dir) {
		if (fd >= 0) {
			close(fd);
			err = ENOMEM;
		}
		free(d);
		fuse_reply_err(req, err);
		return;
	}
	fi->fh = (uint64_t)(uintptr_t)d;
	if (fuse_reply_open(req, fi) != 0) {
		closedir(d->dir);
		free(d);
	}
}

static struct dirent *next_entry(struct dir_handle *d, off_t off)
{
	if (off != d->at) {
		seekdir(d->dir, off);
		d->entry = NULL;
		d->at = off;
	}
	if (!d->entry) {
		errno = 0;
		d->entry = readdir(d->dir);
	}
	return d->entry;
}

static void ll_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	struct dir_handle *d = (struct dir_handle *)(uintptr_t)fi->fh;
	size_t used = 0, room = size < sizeof d->reply ? size : sizeof d->reply;
	struct dirent *e;
	(void)ino;
	errno = 0;
	while ((e = next_entry(d, off))) {
		struct stat st = {.st_ino = e->d_ino, .st_mode = (mode_t)e->d_type << 12};
		off_t next = e->d_off;
		size_t n =
		    fuse_add_direntry(req, d->reply + used, room - used, e->d_name, &st, next);
		if (n > room - used)
			break;
		used += n;
		d->entry = NULL;
		d->at = off = next;
	}
	if (!e && errno && used == 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_buf(req, d->reply, used);
}

static void ll_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct dir_handle *d = (struct dir_handle *)(uintptr_t)fi->fh;
	(void)ino;
	closedir(d->dir);
	free(d);
	fuse_reply_err(req, 0);
}

static void ll_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs st;
	(void)ino;
	if (fstatvfs(vs_root(vd_req_path(req)->store)->fd, &st) < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_statfs(req, &st);
}

static void reply_xattr(fuse_req_t req, ssize_t n, size_t size, const char *value)
{
	if (n < 0)
		fuse_reply_err(req, errno);
	else if (size == 0)
		fuse_reply_xattr(req, (size_t)n);
	else
		fuse_reply_buf(req, value, (size_t)n);
}

static void ll_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	char value[VM_VALUE_MAX], path[VS_PROC_PATH];
	size_t room = size < sizeof value ? size : sizeof value;
	vs_proc_path(vd_req_inode(req, ino), path);
	reply_xattr(req, getxattr(path, name, room ? value : NULL, room), size, value);
}

static void ll_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	char list[VM_VALUE_MAX], path[VS_PROC_PATH];
	size_t room = size < sizeof list ? size : sizeof list;
	vs_proc_path(vd_req_inode(req, ino), path);
	reply_xattr(req, listxattr(path, room ? list : NULL, room), size, list);
}

static void ll_lseek(fuse_req_t req, fuse_ino_t ino, off_t off, int whence,
		     struct fuse_file_info *fi)
{
	int fd = vs_data_fd(vd_req_inode(req, ino));
	off_t at = fd < 0 ? -1 : lseek(fd, off, whence);
	(void)fi;
	if (at < 0)
		fuse_reply_err(req, fd < 0 ? -fd : errno);
	else
		fuse_reply_lseek(req, at);
}

void vd_front_read_ops(struct fuse_lowlevel_ops *ops)
{
	ops->lookup = ll_lookup;
	ops->forget = ll_forget;
	ops->forget_multi = ll_forget_multi;
	ops->getattr = ll_getattr;
	ops->readlink = ll_readlink;
	ops->open = ll_open;
	ops->release = ll_release;
	ops->read = ll_read;
	ops->opendir = ll_opendir;
	ops->readdir = ll_readdir;
	ops->releasedir = ll_releasedir;
	ops->statfs = ll_statfs;
	ops->getxattr = ll_getxattr;
	ops->listxattr = ll_listxattr;
	ops->lseek = ll_lseek;
}
