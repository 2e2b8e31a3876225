// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "wire/metaop.h"

static uint8_t wire[VM_OP_MAX];

static struct vm_op rename_op(void)
{
	return (struct vm_op){.kind = VM_RENAME,
			      .flags = 2,
			      .parent = 7,
			      .parent2 = 9,
			      .mtime = {.sec = -5, .nsec = 999999999},
			      .name = "from",
			      .name2 = "to"};
}

static size_t encode(const struct vm_op *op)
{
	struct vt_wbuf w;
	vt_wbuf_init(&w, wire, sizeof wire);
	vm_put_op(&w, op);
	assert_false(w.failed);
	return w.len;
}

static void round_trip(void **state)
{
	(void)state;
	struct vm_op in = rename_op(), out;
	assert_int_equal(vm_get_op(&out, wire, encode(&in)), 0);
	assert_int_equal(out.kind, VM_RENAME);
	assert_int_equal(out.flags, 2);
	assert_true(out.parent == 7 && out.parent2 == 9 && out.file == 0);
	assert_true(out.mtime.sec == -5 && out.mtime.nsec == 999999999);
	assert_string_equal(out.name, "from");
	assert_string_equal(out.name2, "to");
	assert_string_equal(out.target, "");
}

static void largest_op_fits(void **state)
{
	(void)state;
	static uint8_t value[VM_VALUE_MAX];
	char name[VM_NAME_MAX + 1];
	memset(name, 'n', VM_NAME_MAX);
	name[VM_NAME_MAX] = 0;
	struct vm_op in = {.kind = VM_SETXATTR,
			   .file = 1,
			   .name = name,
			   .value = value,
			   .value_len = sizeof value},
		     out;
	assert_int_equal(vm_get_op(&out, wire, encode(&in)), 0);
	assert_int_equal(out.value_len, VM_VALUE_MAX);
	assert_string_equal(out.name, name);
}

static void corrupt_lengths(void **state)
{
	(void)state;
	struct vm_op in = rename_op(), out;
	size_t len = encode(&in);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(vm_get_op(&out, wire, cut), -EBADMSG);
	assert_int_equal(vm_get_op(&out, wire, len + 1), -EBADMSG);
}

static void refused(struct vm_op op)
{
	struct vm_op out;
	assert_int_equal(vm_get_op(&out, wire, encode(&op)), -EBADMSG);
}

/* Names decide which file of the host is touched: none may lead out of the store. */
static void corrupt_names(void **state)
{
	(void)state;
	static const char *const bad[] = {"", ".", "..", "a/b", "/", "../x"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct vm_op op = rename_op();
		op.name = bad[i];
		refused(op);
		op = rename_op();
		op.name2 = bad[i];
		refused(op);
		op = (struct vm_op){.kind = VM_CREATE, .parent = 1, .file = 2, .mode = S_IFREG};
		op.name = bad[i];
		refused(op);
	}
}

static void corrupt_fields(void **state)
{
	(void)state;
	struct vm_op op = rename_op();
	op.kind = 0;
	refused(op);
	op.kind = VM_KINDS;
	refused(op);
	op = rename_op();
	op.parent = 0;
	refused(op);
	op = rename_op();
	op.mtime.nsec = 1000000000;
	refused(op);
	op = (struct vm_op){.kind = VM_SETATTR, .file = 1, .flags = VM_SET_SIZE};
	op.size = (uint64_t)INT64_MAX + 1;
	refused(op);
	op.size = 0;
	op.flags = VM_SET_ALL + 1;
	refused(op);
	op = (struct vm_op){.kind = VM_CREATE, .parent = 1, .file = 2, .name = "d"};
	op.mode = S_IFBLK | 0600;
	refused(op);
	op.mode = S_IFLNK | 0777; /* without a target */
	refused(op);
	op.mode = S_IFREG;
	op.target = "x"; /* a target without a link */
	refused(op);
}

static void corrupt_any_byte(void **state)
{
	(void)state;
	struct vm_op in = rename_op(), out;
	size_t len = encode(&in);
	for (size_t i = 0; i < len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			wire[i] ^= (uint8_t)(1 << bit);
			(void)vm_get_op(&out, wire, len); /* no crash: sanitizers watch */
			wire[i] ^= (uint8_t)(1 << bit);
		}
	}
}

static size_t encode_entry(struct vm_entry *e)
{
	struct vt_wbuf w;
	vt_wbuf_init(&w, wire, sizeof wire);
	vm_put_entry(&w, e);
	for (uint32_t i = 0; i < e->xattr_count; i++) {
		char name[] = "user.a";
		name[5] = (char)('a' + i);
		struct vm_xattr x = {.name = name, .value = (const uint8_t *)"val", .len = 3};
		vm_put_xattr(&w, &x);
	}
	assert_false(w.failed);
	return w.len;
}

static struct vm_entry entry(void)
{
	return (struct vm_entry){.file = 5,
				 .parent = 1,
				 .mode = S_IFREG | 0640,
				 .size = 77,
				 .name = "f",
				 .xattr_count = 2};
}

static int decode_entry(struct vm_entry *out, size_t len)
{
	struct vt_rbuf r;
	vt_rbuf_init(&r, wire, len);
	int rc = vm_get_entry(out, &r);
	return rc == 0 && !vt_rbuf_done(&r) ? -EBADMSG : rc;
}

static void entry_round_trip(void **state)
{
	(void)state;
	struct vm_entry in = entry(), out;
	assert_int_equal(decode_entry(&out, encode_entry(&in)), 0);
	assert_true(out.file == 5 && out.parent == 1 && out.size == 77 && !out.link);
	assert_int_equal(out.xattr_count, 2);
	struct vt_rbuf r;
	struct vm_xattr x;
	vt_rbuf_init(&r, out.xattrs, out.xattrs_len);
	assert_int_equal(vm_next_xattr(&x, &r), 0);
	assert_string_equal(x.name, "user.a");
	assert_int_equal(vm_next_xattr(&x, &r), 0);
	assert_string_equal(x.name, "user.b");
	assert_int_equal(x.len, 3);
	assert_memory_equal(x.value, "val", 3);
}

static void corrupt_entries(void **state)
{
	(void)state;
	struct vm_entry in = entry(), out;
	size_t len = encode_entry(&in);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(decode_entry(&out, cut), -EBADMSG);
	in.name = "..";
	assert_int_equal(decode_entry(&out, encode_entry(&in)), -EBADMSG);
	in = entry();
	in.parent = 0; /* only a nameless directory is the root */
	assert_int_equal(decode_entry(&out, encode_entry(&in)), -EBADMSG);
	in = entry();
	in.mode = S_IFCHR;
	assert_int_equal(decode_entry(&out, encode_entry(&in)), -EBADMSG);
	in = entry();
	in.mode = S_IFDIR;
	in.link = true;
	assert_int_equal(decode_entry(&out, encode_entry(&in)), -EBADMSG);
	in = entry();
	in.file = 0;
	assert_int_equal(decode_entry(&out, encode_entry(&in)), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),	cmocka_unit_test(largest_op_fits),
	    cmocka_unit_test(corrupt_lengths),	cmocka_unit_test(corrupt_names),
	    cmocka_unit_test(corrupt_fields),	cmocka_unit_test(corrupt_any_byte),
	    cmocka_unit_test(entry_round_trip), cmocka_unit_test(corrupt_entries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
