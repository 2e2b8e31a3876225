// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes of names and attributes, and the tree of a resync: what the target does to its store. */
#include "tests/fuzz/fuzz.h"

#include "wire/metaop.h"

static uint8_t out[1u << 20];

static void one_op(const uint8_t *data, size_t size)
{
	struct vm_op op;
	struct vt_wbuf w;
	int rc = vm_get_op(&op, data, size);
	require(rc == 0 || rc == -EBADMSG);
	if (rc < 0)
		return;
	require(op.kind > 0 && op.kind < VM_KINDS && op.name && op.name2 && op.target);
	require(!strchr(op.name, '/') || op.kind == VM_SETXATTR || op.kind == VM_REMOVEXATTR ||
		op.kind == VM_SETATTR || op.kind == VM_FORGET);
	vt_wbuf_init(&w, out, sizeof out);
	vm_put_op(&w, &op);
	require(!w.failed && w.len == size && memcmp(out, data, size) == 0);
}

static void put_again(struct vt_wbuf *w, const struct vm_entry *e)
{
	struct vm_xattr x;
	struct vt_rbuf r;
	vm_put_entry(w, e);
	vt_rbuf_init(&r, e->xattrs, e->xattrs_len);
	for (uint32_t i = 0; i < e->xattr_count; i++) {
		require(vm_next_xattr(&x, &r) == 0);
		vm_put_xattr(w, &x);
	}
	require(vt_rbuf_done(&r));
}

static void tree(const uint8_t *data, size_t size)
{
	struct vm_entry e;
	struct vt_rbuf r;
	struct vt_wbuf w;
	vt_rbuf_init(&r, data, size);
	vt_wbuf_init(&w, out, sizeof out);
	while (vt_rbuf_left(&r) > 0 && vm_get_entry(&e, &r) == 0) {
		require(e.file != 0 && (e.parent == 0 || vm_name_ok(e.name)));
		put_again(&w, &e);
		require(!w.failed && w.len == r.pos && memcmp(out, data, w.len) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > sizeof out)
		return 0;
	one_op(data, size);
	tree(data, size);
	return 0;
}
