// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/metaop.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define NSEC_PER_SEC 1000000000u

bool vm_name_ok(const char *name)
{
	size_t len = strlen(name);
	if (len == 0 || len > VM_NAME_MAX || memchr(name, '/', len))
		return false;
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool xattr_name_ok(const char *name)
{
	size_t len = strlen(name);
	return len > 0 && len <= VM_NAME_MAX;
}

/* u16 length, bytes, a terminator: decoding needs no copy. */
static void put_text(struct vt_wbuf *w, const char *s)
{
	size_t len = s ? strlen(s) : 0;
	if (len > VM_TARGET_MAX) {
		w->failed = true;
		return;
	}
	vt_put_u16(w, (uint16_t)len);
	vt_put_bytes(w, s ? s : "", len + 1);
}

static const char *get_text(struct vt_rbuf *r, size_t max)
{
	size_t len = vt_get_u16(r);
	const uint8_t *p = len <= max ? vt_get_ref(r, len + 1) : NULL;
	if (!p || p[len] != 0 || memchr(p, 0, len)) {
		r->failed = true;
		return "";
	}
	return (const char *)p;
}

static void put_time(struct vt_wbuf *w, struct vm_time t)
{
	vt_put_u64(w, (uint64_t)t.sec);
	vt_put_u32(w, t.nsec);
}

static struct vm_time get_time(struct vt_rbuf *r)
{
	struct vm_time t = {.sec = (int64_t)vt_get_u64(r), .nsec = vt_get_u32(r)};
	if (t.nsec >= NSEC_PER_SEC)
		r->failed = true;
	return t;
}

static void put_value(struct vt_wbuf *w, const uint8_t *value, uint32_t len)
{
	if (len > VM_VALUE_MAX) {
		w->failed = true;
		return;
	}
	vt_put_u32(w, len);
	if (len > 0)
		vt_put_bytes(w, value, len);
}

static const uint8_t *get_value(struct vt_rbuf *r, uint32_t *len)
{
	*len = vt_get_u32(r);
	if (*len > VM_VALUE_MAX) {
		r->failed = true;
		*len = 0;
	}
	const uint8_t *p = vt_get_ref(r, *len);
	if (!p)
		*len = 0;
	return p;
}

void vm_put_op(struct vt_wbuf *w, const struct vm_op *op)
{
	vt_put_u8(w, op->kind);
	vt_put_u32(w, op->flags);
	vt_put_u64(w, op->parent);
	vt_put_u64(w, op->parent2);
	vt_put_u64(w, op->file);
	vt_put_u32(w, op->mode);
	vt_put_u32(w, op->uid);
	vt_put_u32(w, op->gid);
	vt_put_u64(w, op->size);
	put_time(w, op->atime);
	put_time(w, op->mtime);
	put_text(w, op->name);
	put_text(w, op->name2);
	put_text(w, op->target);
	put_value(w, op->value, op->value_len);
}

static bool type_ok(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFIFO:
	case S_IFSOCK:
		return (mode & ~(uint32_t)(S_IFMT | 07777)) == 0;
	default: /* device nodes have no business in a unit */
		return false;
	}
}

static bool target_ok(uint32_t mode, const char *target)
{
	return ((mode & S_IFMT) == S_IFLNK) == (target[0] != 0);
}

static bool setattr_ok(const struct vm_op *op)
{
	return op->file && op->flags && (op->flags & ~(uint32_t)VM_SET_ALL) == 0 &&
	       op->size <= INT64_MAX && (op->mode & ~07777u) == 0;
}

/* What each kind must bring; everything else in it is not looked at. */
static bool op_ok(const struct vm_op *op)
{
	switch (op->kind) {
	case VM_CREATE:
		return op->parent && op->file && vm_name_ok(op->name) && type_ok(op->mode) &&
		       target_ok(op->mode, op->target);
	case VM_LINK:
		return op->parent && op->file && vm_name_ok(op->name);
	case VM_UNLINK:
	case VM_RMDIR:
		return op->parent && vm_name_ok(op->name);
	case VM_RENAME:
		return op->parent && op->parent2 && vm_name_ok(op->name) && vm_name_ok(op->name2);
	case VM_SETATTR:
		return setattr_ok(op);
	case VM_SETXATTR:
	case VM_REMOVEXATTR:
		return op->file && xattr_name_ok(op->name);
	case VM_FORGET:
		return op->file != 0;
	default:
		return false;
	}
}

int vm_get_op(struct vm_op *op, const void *payload, size_t len)
{
	struct vt_rbuf r;
	vt_rbuf_init(&r, payload, len);
	*op = (struct vm_op){.kind = vt_get_u8(&r)};
	op->flags = vt_get_u32(&r);
	op->parent = vt_get_u64(&r);
	op->parent2 = vt_get_u64(&r);
	op->file = vt_get_u64(&r);
	op->mode = vt_get_u32(&r);
	op->uid = vt_get_u32(&r);
	op->gid = vt_get_u32(&r);
	op->size = vt_get_u64(&r);
	op->atime = get_time(&r);
	op->mtime = get_time(&r);
	op->name = get_text(&r, VM_NAME_MAX);
	op->name2 = get_text(&r, VM_NAME_MAX);
	op->target = get_text(&r, VM_TARGET_MAX);
	op->value = get_value(&r, &op->value_len);
	return vt_rbuf_done(&r) && op_ok(op) ? 0 : -EBADMSG;
}

void vm_put_entry(struct vt_wbuf *w, const struct vm_entry *e)
{
	vt_put_u64(w, e->file);
	vt_put_u64(w, e->parent);
	vt_put_u8(w, e->link);
	vt_put_u32(w, e->mode);
	vt_put_u32(w, e->uid);
	vt_put_u32(w, e->gid);
	vt_put_u64(w, e->size);
	put_time(w, e->atime);
	put_time(w, e->mtime);
	put_text(w, e->name);
	put_text(w, e->target);
	vt_put_u32(w, e->xattr_count);
}

void vm_put_xattr(struct vt_wbuf *w, const struct vm_xattr *x)
{
	put_text(w, x->name);
	put_value(w, x->value, x->len);
}

int vm_next_xattr(struct vm_xattr *x, struct vt_rbuf *r)
{
	x->name = get_text(r, VM_NAME_MAX);
	x->value = get_value(r, &x->len);
	return !r->failed && x->name[0] ? 0 : -EBADMSG;
}

static bool entry_ok(const struct vm_entry *e)
{
	bool root = e->parent == 0;
	if (root && (e->name[0] || (e->mode & S_IFMT) != S_IFDIR || e->link))
		return false;
	if (!root && !vm_name_ok(e->name))
		return false;
	if (e->link && (e->mode & S_IFMT) == S_IFDIR)
		return false;
	return e->file && e->size <= INT64_MAX && type_ok(e->mode) && target_ok(e->mode, e->target);
}

int vm_get_entry(struct vm_entry *e, struct vt_rbuf *r)
{
	*e = (struct vm_entry){.file = vt_get_u64(r)};
	e->parent = vt_get_u64(r);
	uint8_t link = vt_get_u8(r);
	e->link = link == 1;
	e->mode = vt_get_u32(r);
	e->uid = vt_get_u32(r);
	e->gid = vt_get_u32(r);
	e->size = vt_get_u64(r);
	e->atime = get_time(r);
	e->mtime = get_time(r);
	e->name = get_text(r, VM_NAME_MAX);
	e->target = get_text(r, VM_TARGET_MAX);
	e->xattr_count = vt_get_u32(r);
	if (r->failed || link > 1 || !entry_ok(e) || e->xattr_count > VM_XATTRS_MAX)
		return -EBADMSG;
	size_t start = r->pos;
	struct vm_xattr x;
	for (uint32_t i = 0; i < e->xattr_count; i++)
		if (vm_next_xattr(&x, r) < 0)
			return -EBADMSG;
	e->xattrs = r->data + start;
	e->xattrs_len = (uint32_t)(r->pos - start);
	return 0;
}
