// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/eralog.h"
#include "io/metafile.h"

static struct vc_durable sample(unsigned eras)
{
	struct vc_durable d = {.unit_id = {9, 8, 7}, .standing = VC_PAIRED, .lease_ms = 30000};
	for (unsigned i = 0; i < eras; i++)
		vc_eralog_append(&d.log, 100 + i, i % 2, 1 + i % 3, 0);
	return d;
}

static void round_trip(void **state)
{
	(void)state;
	for (unsigned eras = 0; eras <= VC_ERAS; eras += 16) {
		struct vm_record in = {.generation = 5, .durable = sample(eras)}, out;
		uint8_t bytes[VM_SLOT_SIZE];
		vm_encode(&in, bytes);
		assert_int_equal(vm_decode(&out, bytes), 0);
		assert_memory_equal(&out, &in, sizeof in);
	}
}

/* No single damaged bit passes, whatever it hits. */
static void corrupt_any_bit(void **state)
{
	(void)state;
	struct vm_record in = {.generation = 5, .durable = sample(20)}, out;
	uint8_t bytes[VM_SLOT_SIZE];
	vm_encode(&in, bytes);
	for (unsigned bit = 0; bit < VM_SLOT_SIZE * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(vm_decode(&out, bytes), -EBADMSG);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void corrupt_torn(void **state)
{
	(void)state;
	struct vm_record old = {.generation = 4, .durable = sample(3)};
	struct vm_record new = {.generation = 6, .durable = sample(40)}, out;
	uint8_t a[VM_SLOT_SIZE], b[VM_SLOT_SIZE];
	vm_encode(&old, a);
	vm_encode(&new, b);
	for (unsigned sectors = 1; sectors < 8; sectors++) {
		uint8_t torn[VM_SLOT_SIZE];
		memcpy(torn, a, sizeof torn);
		memcpy(torn, b, sectors * 512);
		assert_int_equal(vm_decode(&out, torn), -EBADMSG);
	}
}

static char dir[64];

static void overwrite(const char *name, size_t at, int byte)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	uint8_t b = (uint8_t)byte;
	assert_int_equal(pwrite(fd, &b, 1, (off_t)at), 1);
	close(fd);
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/vmtwin-meta-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char path[128];
	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/slot%d", dir, i);
		unlink(path);
	}
	return rmdir(dir);
}

static void slots_take_turns(void **state)
{
	struct vc_durable d = sample(1), out;
	struct vm_file file;
	int damaged;
	(void)state;
	assert_int_equal(vm_file_create(dir, &d, NULL), 0);
	assert_int_equal(vm_file_create(dir, &d, NULL), -EEXIST);
	for (unsigned i = 2; i < 6; i++) {
		assert_int_equal(vm_file_open(&file, dir, &out, &damaged, NULL), 0);
		assert_int_equal(damaged, 0);
		d = sample(i);
		assert_int_equal(vm_file_store(&file, &d), 0);
		vm_file_close(&file);
		assert_int_equal(vm_file_open(&file, dir, &out, &damaged, NULL), 0);
		assert_int_equal(out.log.count, i);
		vm_file_close(&file);
	}
}

static void second_daemon_is_refused(void **state)
{
	struct vc_durable d = sample(1), out;
	struct vm_file first, second;
	struct vt_fail fail = {0};
	int damaged;
	(void)state;
	assert_int_equal(vm_file_create(dir, &d, NULL), 0);
	assert_int_equal(vm_file_open(&first, dir, &out, &damaged, NULL), 0);
	assert_int_equal(vm_file_open(&second, dir, &out, &damaged, &fail), -EBUSY);
	assert_non_null(strstr(fail.text, "still running"));
	vm_file_close(&first);
}

static void damaged_slot_falls_back(void **state)
{
	struct vc_durable one = sample(1), two = sample(2), out;
	struct vm_file file;
	int damaged;
	(void)state;
	assert_int_equal(vm_file_create(dir, &one, NULL), 0);
	assert_int_equal(vm_file_open(&file, dir, &out, &damaged, NULL), 0);
	assert_int_equal(vm_file_store(&file, &two), 0);
	int newest = file.current;
	vm_file_close(&file);
	overwrite(newest ? "slot1" : "slot0", 100, 0x5a);
	assert_int_equal(vm_file_open(&file, dir, &out, &damaged, NULL), 0);
	assert_int_equal(damaged, 1);
	assert_int_equal(out.log.count, 1);
	/* the next store heals the damaged one, not the only good one */
	assert_int_equal(vm_file_store(&file, &two), 0);
	assert_int_equal(file.current, newest);
	vm_file_close(&file);
}

/* A disk that confirms a write and loses it: the slots do not follow each other any more. */
static void lost_write_is_noticed(void **state)
{
	struct vc_durable solo = sample(2), out;
	struct vm_file file;
	uint8_t before[VM_SLOT_SIZE];
	int damaged;
	(void)state;
	solo.standing = VC_SOLO;
	assert_int_equal(vm_file_create(dir, &solo, NULL), 0);
	assert_int_equal(vm_file_open(&file, dir, &out, &damaged, NULL), 0);
	int lost = 1 - file.current;
	assert_int_equal(pread(file.fd[lost], before, sizeof before, 0), sizeof before);
	assert_int_equal(vm_file_store(&file, &solo), 0);
	assert_int_equal(pwrite(file.fd[lost], before, sizeof before, 0), sizeof before);
	assert_int_equal(vm_file_store(&file, &solo), 0);
	vm_file_close(&file);
	assert_int_equal(vm_file_open(&file, dir, &out, &damaged, NULL), 0);
	assert_int_equal(damaged, 1);
	vm_distrust(&out);
	assert_int_equal(out.standing, VC_OUTDATED);
	vm_file_close(&file);
}

static void both_damaged_is_refused(void **state)
{
	struct vc_durable d = sample(1), out;
	struct vm_file file;
	struct vt_fail fail = {0};
	int damaged;
	(void)state;
	assert_int_equal(vm_file_create(dir, &d, NULL), 0);
	overwrite("slot0", 100, 0x5a);
	overwrite("slot1", 100, 0x5a);
	assert_int_equal(vm_file_open(&file, dir, &out, &damaged, &fail), -EBADMSG);
	assert_non_null(strstr(fail.text, "nothing was touched"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(corrupt_any_bit),
	    cmocka_unit_test(corrupt_torn),
	    cmocka_unit_test_setup_teardown(slots_take_turns, setup, teardown),
	    cmocka_unit_test_setup_teardown(second_daemon_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(damaged_slot_falls_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(lost_write_is_noticed, setup, teardown),
	    cmocka_unit_test_setup_teardown(both_damaged_is_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
