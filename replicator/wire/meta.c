// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/meta.h"

#include <errno.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/buf.h"

static const char magic[8] = {'v', 'm', 't', 'w', 'm', 'e', 't', 'a'};
#define LEASE_MAX_MS 600000 /* as base/unitconf.c */
#define CHECKSUM_AT (VM_SLOT_SIZE - 8)

static void put_durable(struct vt_wbuf *w, const struct vc_durable *d)
{
	vt_put_bytes(w, d->unit_id, sizeof d->unit_id);
	vt_put_bytes(w, d->boot_id, sizeof d->boot_id);
	vt_put_u8(w, (uint8_t)d->standing);
	vt_put_u32(w, d->lease_ms);
	vt_put_u8(w, d->fork);
	vt_put_u64(w, d->map_base);
	vt_put_u64(w, d->undo);
	vt_put_u32(w, d->log.count);
	for (uint32_t i = 0; i < d->log.count && i < VC_ERAS; i++) {
		const struct vc_era *e = &d->log.era[i];
		vt_put_u64(w, e->number);
		vt_put_u64(w, e->id);
		vt_put_u64(w, e->first_seq);
		vt_put_u8(w, e->writer);
		vt_put_u8(w, e->members);
		vt_put_u8(w, e->flags);
	}
}

void vm_encode(const struct vm_record *rec, uint8_t *out)
{
	struct vt_wbuf w;
	memset(out, 0, VM_SLOT_SIZE);
	vt_wbuf_init(&w, out, CHECKSUM_AT);
	vt_put_bytes(&w, magic, sizeof magic);
	vt_put_u32(&w, VM_FORMAT);
	vt_put_u64(&w, rec->generation);
	put_durable(&w, &rec->durable);
	vt_wbuf_init(&w, out + CHECKSUM_AT, 8);
	vt_put_u64(&w, XXH3_64bits(out, CHECKSUM_AT));
}

static bool get_durable(struct vt_rbuf *r, struct vc_durable *d)
{
	vt_get_bytes(r, d->unit_id, sizeof d->unit_id);
	vt_get_bytes(r, d->boot_id, sizeof d->boot_id);
	uint8_t standing = vt_get_u8(r);
	d->lease_ms = vt_get_u32(r);
	uint8_t flags = vt_get_u8(r);
	d->map_base = vt_get_u64(r);
	d->undo = vt_get_u64(r);
	d->log.count = vt_get_u32(r);
	if (standing < VC_SYNCING || standing > VC_SOLO || flags > 1 || d->log.count > VC_ERAS ||
	    d->lease_ms > LEASE_MAX_MS)
		return false;
	d->fork = flags;
	d->standing = (enum vc_standing)standing;
	for (uint32_t i = 0; i < d->log.count; i++) {
		struct vc_era *e = &d->log.era[i];
		e->number = vt_get_u64(r);
		e->id = vt_get_u64(r);
		e->first_seq = vt_get_u64(r);
		e->writer = vt_get_u8(r);
		e->members = vt_get_u8(r);
		e->flags = vt_get_u8(r);
		if (e->writer >= VC_SLOTS || e->members == 0 || e->members > 3)
			return false;
	}
	return !r->failed;
}

int vm_decode(struct vm_record *rec, const uint8_t *in)
{
	static const uint8_t zero[VM_SLOT_SIZE];
	struct vt_rbuf r;
	uint8_t found[sizeof magic];
	if (memcmp(in, zero, VM_SLOT_SIZE) == 0)
		return -ENODATA;
	vt_rbuf_init(&r, in + CHECKSUM_AT, 8);
	if (vt_get_u64(&r) != XXH3_64bits(in, CHECKSUM_AT))
		return -EBADMSG;
	memset(rec, 0, sizeof *rec);
	vt_rbuf_init(&r, in, CHECKSUM_AT);
	vt_get_bytes(&r, found, sizeof found);
	if (memcmp(found, magic, sizeof magic) != 0)
		return -EBADMSG;
	if (vt_get_u32(&r) != VM_FORMAT)
		return -EPROTONOSUPPORT;
	rec->generation = vt_get_u64(&r);
	return get_durable(&r, &rec->durable) ? 0 : -EBADMSG;
}

int vm_choose(const struct vm_record rec[2], const int res[2], int *damaged)
{
	uint64_t a = rec[0].generation, b = rec[1].generation;
	/* Written in turn, two whole slots are one generation apart; otherwise a write that the disk had
	 * confirmed is lost, or one slot was put back. */
	bool gap = res[0] == 0 && res[1] == 0 && a != b + 1 && b != a + 1;
	*damaged = (res[0] < 0) != (res[1] < 0) || gap;
	if (res[0] == -EPROTONOSUPPORT || res[1] == -EPROTONOSUPPORT)
		return -EPROTONOSUPPORT;
	if (res[0] < 0 && res[1] < 0)
		return -EBADMSG;
	return res[0] < 0 || (res[1] == 0 && rec[1].generation > rec[0].generation);
}

void vm_distrust(struct vc_durable *durable)
{
	if (durable->standing == VC_SOLO)
		durable->standing = VC_OUTDATED;
	durable->map_base = 0; /* nor does it say what has changed since */
}
