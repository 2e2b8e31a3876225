// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/hello.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "wire/frame.h"

int vh_encode(const struct vh_hello *hello, uint8_t *out)
{
	struct vt_wbuf w;
	vt_wbuf_init(&w, out, VH_MAX);
	vt_put_u16(&w, hello->version);
	vt_put_str(&w, hello->unit);
	vt_put_bytes(&w, hello->unit_id, sizeof hello->unit_id);
	vt_put_u64(&w, hello->pairing);
	vt_put_u64(&w, hello->self);
	vt_put_u64(&w, hello->peer);
	return w.failed ? -EMSGSIZE : (int)w.len;
}

int vh_decode(struct vh_hello *hello, const void *payload, size_t len)
{
	struct vt_rbuf r;
	memset(hello, 0, sizeof *hello);
	vt_rbuf_init(&r, payload, len);
	hello->version = vt_get_u16(&r);
	if (r.failed)
		return -EBADMSG;
	if (hello->version != VF_VERSION)
		return -EPROTONOSUPPORT;
	vt_get_str(&r, hello->unit, sizeof hello->unit);
	vt_get_bytes(&r, hello->unit_id, sizeof hello->unit_id);
	hello->pairing = vt_get_u64(&r);
	hello->self = vt_get_u64(&r);
	hello->peer = vt_get_u64(&r);
	if (!vt_rbuf_done(&r) || !vt_unit_name_ok(hello->unit))
		return -EBADMSG;
	return 0;
}
