// SPDX-License-Identifier: GPL-2.0-or-later
/* A slot of the durable record; also with its checksum made right, to reach what lies behind it. */
#include "tests/fuzz/fuzz.h"

#include <xxhash.h>

#include "base/buf.h"
#include "wire/meta.h"

static void check(const uint8_t *slot)
{
	static struct vm_record rec;
	static uint8_t out[VM_SLOT_SIZE];
	int rc = vm_decode(&rec, slot);
	require(rc == 0 || rc == -ENODATA || rc == -EBADMSG || rc == -EPROTONOSUPPORT);
	if (rc < 0)
		return;
	static struct vm_record again;
	vm_encode(&rec, out);
	require(vm_decode(&again, out) == 0 && again.generation == rec.generation);
	require(again.durable.log.count == rec.durable.log.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t slot[VM_SLOT_SIZE];
	struct vt_wbuf w;
	memset(slot, 0, sizeof slot);
	if (size > 0)
		memcpy(slot, data, size < sizeof slot ? size : sizeof slot);
	check(slot);
	vt_wbuf_init(&w, slot + VM_SLOT_SIZE - 8, 8);
	vt_put_u64(&w, XXH3_64bits(slot, VM_SLOT_SIZE - 8));
	check(slot);
	return 0;
}
