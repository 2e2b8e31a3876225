/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit's file, /etc/vmtwin/units/NAME.conf: "key = value" lines, '#' comments. The same on both
 * hosts. Keys (default):
 *   directory          the VM's directory as QEMU sees it; absolute, no symlinks      (required)
 *   hosts              the two hosts' cluster node names, separated by a space        (required)
 *   store              where data and metadata really are  (<parent>/.vmtwin/<unit>)
 *   domain             the libvirt domain's name                            (the unit's name)
 *   mode               sync                                                            (sync)
 *   port               TCP port of this unit's data link, 1..65535                     (7790)
 *   link_timeout_ms    silence on the data link after which it is given up, 1000..60000 (5000)
 *   lease_ms           how long this host may trust its last proof of quorum, 5000..600000 (30000)
 *   outdate_timeout_ms wait for the peer's answer to OUTDATE before fencing is asked for,
 *                      1000..60000 (5000)
 *   allow_unfenced     yes: fence_vmtwin may report success with neither quorum nor a witness; both sides of
 *                      a split then go on, and one branch is lost to the operator's choice (no)
 *   failover           auto; or manual: a secondary is not promoted by the cluster, but by the operator (auto)
 * Keys that only vmtwin-config reads (vmtwin-unit(5)) are allowed once each; it looks at their values. Of them `storage` is taken: whose
 * the unit is.
 */
#ifndef VMTWIN_BASE_UNITCONF_H
#define VMTWIN_BASE_UNITCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

#define VT_UNIT_NAME_MAX 63
#define VT_HOST_NAME_MAX 255
#define VT_PATH_MAX 1024

enum vt_mode { VT_SYNC };

struct vt_unitconf {
	char name[VT_UNIT_NAME_MAX + 1];
	char directory[VT_PATH_MAX];
	char store[VT_PATH_MAX]; /* holds data/ and meta/ */
	char domain[128];
	char hosts[2][VT_HOST_NAME_MAX + 1];
	enum vt_mode mode;
	uint16_t port;
	uint32_t link_timeout_ms;
	uint32_t lease_ms;
	uint32_t outdate_timeout_ms;
	bool allow_unfenced;
	bool manual_failover;
	bool drbd; /* storage = drbd: nothing of it is mirrored by vmtwin */
};

/* True if name may name a unit: [a-z0-9][a-z0-9._-]{0,62}. */
int vt_unit_name_ok(const char *name);
/* True for a key that only vmtwin-config reads: "ring0", "fence.host1". */
bool vt_unitconf_config_key(const char *key);
/*
 * Reads the unit's file from dir (normally VT_UNIT_DIR) into conf. Unknown keys, repeated keys, bad
 * values, missing keys: -EINVAL with file, line, what is wrong and, for an unknown key, the nearest
 * known one in fail. No such file: -ENOENT. Other: negative errno.
 */
int vt_unitconf_load(struct vt_unitconf *conf, const char *dir, const char *name,
		     struct vt_fail *fail);
/* The same from text in memory (path is only for messages). */
int vt_unitconf_parse(struct vt_unitconf *conf, const char *name, const char *text,
		      const char *path, struct vt_fail *fail);
struct vt_unitconf_value {
	const char *key, *value;
};
/*
 * The same from keys and values of another source, the command's options; source is how messages
 * call it. A key given again counts as set anew.
 */
int vt_unitconf_build(struct vt_unitconf *conf, const char *name,
		      const struct vt_unitconf_value *values, size_t count, const char *source,
		      struct vt_fail *fail);
/* Writes conf, or the text that it was read from (NULL: none), as a file of dir atomically and durably. -EEXIST: it is there. */
int vt_unitconf_save(const struct vt_unitconf *conf, const char *text, const char *dir, struct vt_fail *fail);
/*
 * The slot (0 or 1) of host in era logs and messages: slot 0 is the host whose name sorts first
 * (strcmp), whatever the order in the file. -ENOENT: host is neither of the two.
 */
int vt_unitconf_slot(const struct vt_unitconf *conf, const char *host);

#endif
