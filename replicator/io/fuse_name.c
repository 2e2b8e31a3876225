// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests that change names and attributes. They wait until no other changing operation's local
 * I/O is under way, are done at once, and then replicated. Names point into the request's buffer.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "io/dp_int.h"

static bool takes_part(const struct vs_inode *inode)
{
	return !inode || inode->id != 0;
}

static void meta_start(struct vd_op *op)
{
	struct vd_path *path = op->path;
	struct vm_op *m = &op->meta;
	int rc = vs_exec(path->store, m, op->parent, op->parent2, op->inode, &op->made);
	bool disk = rc == -EIO || rc == -EUCLEAN || rc == -EROFS || rc == -ENODEV;
	if (disk)
		vd_disk_failed(path, -rc, "a change of names or attributes");
	if (m->kind == VM_SETATTR && m->flags & VM_SET_MTIME)
		op->inode->timed = false;
	bool known = takes_part(op->inode) && takes_part(op->parent) && takes_part(op->parent2);
	if (rc >= 0 && known && vd_stream_live(path)) {
		if (m->kind == VM_CREATE)
			vs_set_id(op->made, path->next_id++);
		struct vs_inode *file = op->made ? op->made : op->inode;
		m->file = file ? file->id : 0;
		m->parent = op->parent ? op->parent->id : 0;
		m->parent2 = op->parent2 ? op->parent2->id : 0;
		vd_emit(op);
	}
	vd_local_done(op, rc);
}

static struct vd_op *meta_new(fuse_req_t req, enum vd_reply reply, enum vm_kind kind)
{
	struct vd_op *op = vd_guest_new(req, reply);
	if (!op)
		return NULL;
	op->buf = vp_ref(op->path->front.current);
	op->frame = VF_META;
	op->start = meta_start;
	op->meta.kind = (uint8_t)kind;
	return op;
}

static bool name_ok(fuse_req_t req, const char *name)
{
	if (vm_name_ok(name))
		return true;
	fuse_reply_err(req, strlen(name) > VM_NAME_MAX ? ENAMETOOLONG : EINVAL);
	return false;
}

static void create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		   const char *target, enum vd_reply reply)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct vs_inode *dir = vd_req_inode(req, parent);
	struct stat st;
	if (!name_ok(req, name))
		return;
	int rc = vs_stat(dir, &st);
	struct vd_op *op = rc >= 0 ? meta_new(req, reply, VM_CREATE) : NULL;
	if (!op) {
		if (rc < 0)
			fuse_reply_err(req, -rc);
		return;
	}
	bool inherit = st.st_mode & S_ISGID;
	op->parent = vs_ref(dir);
	op->meta.name = name;
	op->meta.target = target;
	op->meta.mode = (mode & (S_IFMT | 07777)) | (inherit && S_ISDIR(mode) ? S_ISGID : 0u);
	op->meta.uid = ctx->uid;
	op->meta.gid = inherit ? st.st_gid : ctx->gid;
	vd_guest_submit(op);
}

static void ll_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	(void)fi;
	create(req, parent, name, (mode & 07777) | S_IFREG, NULL, VD_REPLY_CREATE);
}

static void ll_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	(void)rdev;
	if (S_ISREG(mode) || S_ISFIFO(mode) || S_ISSOCK(mode))
		create(req, parent, name, mode, NULL, VD_REPLY_ENTRY);
	else
		fuse_reply_err(req, EPERM);
}

static void ll_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	create(req, parent, name, (mode & 07777) | S_IFDIR, NULL, VD_REPLY_ENTRY);
}

static void ll_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	if (strlen(target) > VM_TARGET_MAX || !target[0])
		fuse_reply_err(req, target[0] ? ENAMETOOLONG : ENOENT);
	else
		create(req, parent, name, S_IFLNK | 0777, target, VD_REPLY_ENTRY);
}

static void ll_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	struct vd_op *op = name_ok(req, name) ? meta_new(req, VD_REPLY_ENTRY, VM_LINK) : NULL;
	if (!op)
		return;
	op->inode = vs_ref(vd_req_inode(req, ino));
	op->parent = vs_ref(vd_req_inode(req, parent));
	op->meta.name = name;
	vd_guest_submit(op);
}

static void remove_name(fuse_req_t req, fuse_ino_t parent, const char *name, enum vm_kind kind)
{
	struct vd_op *op = name_ok(req, name) ? meta_new(req, VD_REPLY_ERR, kind) : NULL;
	if (!op)
		return;
	op->parent = vs_ref(vd_req_inode(req, parent));
	op->meta.name = name;
	vd_guest_submit(op);
}

static void ll_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, VM_UNLINK);
}

static void ll_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_name(req, parent, name, VM_RMDIR);
}

static void ll_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t parent2,
		      const char *name2, unsigned flags)
{
	if (!name_ok(req, name) || !name_ok(req, name2))
		return;
	struct vd_op *op = meta_new(req, VD_REPLY_ERR, VM_RENAME);
	if (!op)
		return;
	op->parent = vs_ref(vd_req_inode(req, parent));
	op->parent2 = vs_ref(vd_req_inode(req, parent2));
	op->meta.name = name;
	op->meta.name2 = name2;
	op->meta.flags = flags;
	vd_guest_submit(op);
}

/* "Now" becomes a time, so that both hosts set the same. */
static struct vm_time time_of(const struct timespec *ts, bool now)
{
	struct timespec t = *ts;
	if (now)
		clock_gettime(CLOCK_REALTIME, &t);
	return (struct vm_time){.sec = t.tv_sec, .nsec = (uint32_t)t.tv_nsec};
}

static void fill_setattr(struct vm_op *m, const struct stat *attr, int valid)
{
	if (valid & FUSE_SET_ATTR_MODE)
		m->flags |= VM_SET_MODE;
	if (valid & FUSE_SET_ATTR_UID)
		m->flags |= VM_SET_UID;
	if (valid & FUSE_SET_ATTR_GID)
		m->flags |= VM_SET_GID;
	if (valid & FUSE_SET_ATTR_SIZE)
		m->flags |= VM_SET_SIZE;
	if (valid & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW))
		m->flags |= VM_SET_ATIME;
	if (valid & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW))
		m->flags |= VM_SET_MTIME;
	m->mode = attr->st_mode & 07777;
	m->uid = attr->st_uid;
	m->gid = attr->st_gid;
	m->size = valid & FUSE_SET_ATTR_SIZE ? (uint64_t)attr->st_size : 0;
	if (m->flags & VM_SET_ATIME)
		m->atime = time_of(&attr->st_atim, valid & FUSE_SET_ATTR_ATIME_NOW);
	if (m->flags & VM_SET_MTIME)
		m->mtime = time_of(&attr->st_mtim, valid & FUSE_SET_ATTR_MTIME_NOW);
}

static void ll_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int valid,
		       struct fuse_file_info *fi)
{
	struct vs_inode *inode = vd_req_inode(req, ino);
	struct vm_op m = {.kind = VM_SETATTR};
	struct stat st;
	(void)fi;
	fill_setattr(&m, attr, valid);
	if (m.flags == 0) {
		int rc = vs_stat(inode, &st);
		if (rc < 0)
			fuse_reply_err(req, -rc);
		else
			fuse_reply_attr(req, &st, 0);
		return;
	}
	struct vd_op *op = meta_new(req, VD_REPLY_ATTR, VM_SETATTR);
	if (!op)
		return;
	op->inode = vs_ref(inode);
	op->meta = m;
	vd_guest_submit(op);
}

static void ll_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			size_t size, int flags)
{
	size_t len = strlen(name);
	if (size > VM_VALUE_MAX || len == 0 || len > VM_NAME_MAX) {
		fuse_reply_err(req, size > VM_VALUE_MAX ? E2BIG : ERANGE);
		return;
	}
	struct vd_op *op = meta_new(req, VD_REPLY_ERR, VM_SETXATTR);
	if (!op)
		return;
	op->inode = vs_ref(vd_req_inode(req, ino));
	op->meta.name = name;
	op->meta.value = (const uint8_t *)value;
	op->meta.value_len = (uint32_t)size;
	op->meta.flags = (uint32_t)flags;
	vd_guest_submit(op);
}

static void ll_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	size_t len = strlen(name);
	struct vd_op *op = NULL;
	if (len == 0 || len > VM_NAME_MAX)
		fuse_reply_err(req, ERANGE);
	else
		op = meta_new(req, VD_REPLY_ERR, VM_REMOVEXATTR);
	if (!op)
		return;
	op->inode = vs_ref(vd_req_inode(req, ino));
	op->meta.name = name;
	vd_guest_submit(op);
}

void vd_front_name_ops(struct fuse_lowlevel_ops *ops)
{
	ops->create = ll_create;
	ops->mknod = ll_mknod;
	ops->mkdir = ll_mkdir;
	ops->symlink = ll_symlink;
	ops->link = ll_link;
	ops->unlink = ll_unlink;
	ops->rmdir = ll_rmdir;
	ops->rename = ll_rename;
	ops->setattr = ll_setattr;
	ops->setxattr = ll_setxattr;
	ops->removexattr = ll_removexattr;
}
