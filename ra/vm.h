/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of ocf:vmtwin:vm share: one call of the agent, and libvirt's view of the domain.
 */
#ifndef VMTWIN_RA_VM_H
#define VMTWIN_RA_VM_H

#include <libvirt/libvirt.h>

#include "ra/guard.h"
#include "ra/ocf.h"

#define VM_ABSENT_GRACE_MS 5000 /* libvirt's daemon is restarted, by an upgrade for example */

struct vm {
	struct ocf_run *run;
	struct guard_note *note;
	const char *unit; /* NULL: not a mirrored one */
	const char *uri;
	char domain[128];
	char directory[VT_PATH_MAX + 1]; /* the unit's; empty: unknown */
	char config[VT_PATH_MAX + 160]; /* empty: unknown; only start needs it */
	char snapshots[VT_PATH_MAX + 160];
	char conf_problem[512]; /* why config is unknown */
	long start_tries, start_interval, stop_tries, stop_interval;
	virConnectPtr conn;
};

enum vm_seen {
	VM_UNKNOWN, /* libvirt can't tell; the reason is in fail */
	VM_NONE,    /* libvirt knows no such domain */
	VM_OFF,
	VM_RUNNING,
	VM_PAUSED, /* by a person, or by libvirt for a moment; note tells which */
	VM_BROKEN, /* active but of no use: note tells why */
};

/* Connects to libvirt. 0; -ENOENT: its daemon does not run; -EIO: other, with the reason in fail.
 */
int vm_connect(struct vm *vm, struct vt_fail *fail);
/* The same with patience while the daemon is absent, and with keepalive: for start and stop. */
int vm_connect_patiently(struct vm *vm, struct vt_fail *fail);
/* True if a domain of this URI is a QEMU process of this host that can be looked for by pid file.
 */
bool vm_is_local_qemu(const struct vm *vm);
/* What the domain does. *dom is set (owned by the caller) unless VM_UNKNOWN, VM_NONE. */
enum vm_seen vm_look(struct vm *vm, virDomainPtr *dom, const char **note, struct vt_fail *fail);
/* The same for a domain handle. */
enum vm_seen vm_state(virDomainPtr dom, const char **note, struct vt_fail *fail);
/* Fills fail with libvirt's last error; returns -EIO. */
int vm_libvirt_error(struct vt_fail *fail);

/* The actions' bodies, run under guard_run. arg is struct vm. */
enum ocf_code vm_start(struct ocf_run *run, struct guard_note *note, void *arg);
enum ocf_code vm_stop(struct ocf_run *run, struct guard_note *note, void *arg);
/* Before create: snapshots known to the replicated directory become known to libvirt; only warns.
 */
void vm_redefine_snapshots(struct vm *vm, virDomainPtr dom);
/* Reads a file of at most 1 MiB. The text (free it), or NULL with errno. */
char *vm_read_file(const char *path);

#endif
