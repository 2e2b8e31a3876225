/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Payloads of VF_META (one change of names or attributes) and VF_TREE (entries of the source's
 * tree). Decoded text points into the payload, where it is terminated; it lives as long as the
 * payload.
 */
#ifndef VMTWIN_WIRE_METAOP_H
#define VMTWIN_WIRE_METAOP_H

#include "base/buf.h"

#define VM_NAME_MAX 255	    /* bytes of a file's or an attribute's name */
#define VM_TARGET_MAX 4095  /* bytes of a symlink's target */
#define VM_VALUE_MAX 65536u /* bytes of an attribute's value */
#define VM_XATTRS_MAX 1024u /* attributes of one file */
/* An encoded operation always fits; so does an entry without attributes. */
#define VM_OP_MAX (VM_VALUE_MAX + VM_TARGET_MAX + 2 * VM_NAME_MAX + 256)

enum vm_kind {
	VM_CREATE =
	    1,	 /* parent/name gets the new file `file`; mode has the type; target: of a symlink */
	VM_LINK, /* parent/name becomes another name of file */
	VM_UNLINK,	/* parent/name */
	VM_RMDIR,	/* parent/name */
	VM_RENAME,	/* parent/name -> parent2/name2; flags as for renameat2 */
	VM_SETATTR,	/* file; flags: VM_SET_* */
	VM_SETXATTR,	/* file, name, value; flags as for setxattr */
	VM_REMOVEXATTR, /* file, name */
	VM_FORGET,	/* file has no name and no user any more: its id ends */
	VM_KINDS
};

enum vm_set {
	VM_SET_MODE = 1,
	VM_SET_UID = 2,
	VM_SET_GID = 4,
	VM_SET_SIZE = 8,
	VM_SET_ATIME = 16,
	VM_SET_MTIME = 32,
	VM_SET_ALL = 63
};

struct vm_time {
	int64_t sec;
	uint32_t nsec; /* below a second */
};

struct vm_op {
	uint8_t kind; /* enum vm_kind */
	uint32_t flags;
	uint64_t parent, parent2, file; /* session ids, 0: none */
	uint32_t mode, uid, gid;
	uint64_t size;
	struct vm_time atime, mtime;
	const char *name, *name2; /* "" if unused, never NULL after decoding */
	const char *target;
	const uint8_t *value;
	uint32_t value_len;
};

/* One entry; a VF_TREE payload holds any number of them, parents before children. */
struct vm_entry {
	uint64_t file, parent; /* parent 0: the root itself, whose name is "" */
	bool link;	       /* file came before: this is one more name of it */
	uint32_t mode, uid, gid;
	uint64_t size;
	struct vm_time atime, mtime;
	const char *name, *target;
	uint32_t xattr_count;
	const uint8_t *xattrs; /* encoded list, for vm_next_xattr */
	uint32_t xattrs_len;
};

struct vm_xattr {
	const char *name;
	const uint8_t *value;
	uint32_t len;
};

/* A name of one path component: not empty, "." or "..", no slash, at most VM_NAME_MAX bytes. */
bool vm_name_ok(const char *name);

void vm_put_op(struct vt_wbuf *w, const struct vm_op *op);
/* 0 or -EBADMSG. The whole payload must be this one operation. */
int vm_get_op(struct vm_op *op, const void *payload, size_t len);

/* Writes the entry without its attributes; exactly e->xattr_count vm_put_xattr must follow. */
void vm_put_entry(struct vt_wbuf *w, const struct vm_entry *e);
void vm_put_xattr(struct vt_wbuf *w, const struct vm_xattr *x);
/* Reads the next entry, attributes checked. 0 or -EBADMSG. At the end vt_rbuf_done tells. */
int vm_get_entry(struct vm_entry *e, struct vt_rbuf *r);
/* Reads one attribute of e->xattrs. 0 or -EBADMSG. */
int vm_next_xattr(struct vm_xattr *x, struct vt_rbuf *r);

#endif
