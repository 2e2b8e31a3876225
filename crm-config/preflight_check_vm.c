// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict on disks and VMs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crm-config/preflight_int.h"

#define FREE_MIN_PERCENT 10
#define FLUSH_SLOW_US 20000
#define FLUSH_QUICK_US 50 /* no device with a cache that loses its contents writes it to its medium in less */
#define MIB (1024 * 1024)

static bool one_of(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}
#define ONE_OF(word, list) one_of(word, list, sizeof(list) / sizeof((list)[0]))

static void check_type(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_disk *d)
{
	static const char *const good[] = {"ext4", "xfs"};
	static const char *const memory[] = {"tmpfs", "ramfs", "hugetlbfs"};
	static const char *const remote[] = {"nfs", "nfs4", "cifs", "smb3", "ceph", "gfs2", "ocfs2", "9p", "virtiofs", "fuse.glusterfs", "fuse.sshfs",
					     "lustre", "afs"};
	if (ONE_OF(d->type, good))
		cf_say(j->out, CF_OK, "store of unit %s: %s is on %s", u->name, d->path, d->type);
	else if (ONE_OF(d->type, memory))
		cf_say(j->out, CF_ERROR, "store of unit %s: %s is on %s, in memory: a power cut takes it; put it on a disk with ext4 or xfs", u->name,
		       d->path, d->type);
	else if (ONE_OF(d->type, remote))
		cf_say(j->out, CF_ERROR, "store of unit %s: %s is on %s, a network file system: each host needs a disk of its own, with ext4 or xfs",
		       u->name, d->path, d->type);
	else
		cf_say(j->out, CF_WARNING, "store of unit %s: %s is on %s, which vmtwin is not tested with; ext4 and xfs are", u->name, d->path,
		       d->type[0] ? d->type : "an unknown file system");
	if (d->no_barrier)
		cf_say(j->out, CF_ERROR, "store of unit %s: %s is mounted without barriers: a power cut loses what the VM was told is safe; remove "
					 "nobarrier or barrier=0 from /etc/fstab, and mount it again",
		       u->name, d->path);
}

static void check_space(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_disk *d)
{
	const struct pf_unit_facts *other = j->peer->facts ? pf_facts_unit((struct pf_facts *)j->peer->facts, u->name) : NULL;
	unsigned percent = d->total ? (unsigned)(d->free_bytes * 100 / d->total) : 100;
	if (percent < FREE_MIN_PERCENT)
		cf_say(j->out, CF_WARNING, "store of unit %s: only %u %% of %s's file system is free (%llu MiB); when it is full the VM's writes fail on "
					   "this host: make room",
		       u->name, percent, d->path, (unsigned long long)(d->free_bytes / MIB));
	else
		cf_say(j->out, CF_OK, "store of unit %s: %u %% free", u->name, percent);
	if (other && other->has_data && other->data_bytes > d->data_bytes + d->free_bytes)
		cf_say(j->out, CF_ERROR, "store of unit %s: %s has %llu MiB of it, more than the %llu MiB that are free or its own here: the copy will "
					 "not fit; make room",
		       u->name, j->peer->facts->host, (unsigned long long)(other->data_bytes / MIB),
		       (unsigned long long)((d->data_bytes + d->free_bytes) / MIB));
}

static void check_flush(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_disk *d)
{
	if (d->flush_us == 0)
		return;
	if (d->flush_us > FLUSH_SLOW_US)
		cf_say(j->out, CF_WARNING, "store of unit %s: a write of 4 KiB takes %u ms until it is safe (median); databases in the VM wait as "
					   "long each time: a faster disk, or a controller with a protected cache",
		       u->name, d->flush_us / 1000);
	else if (d->flush_us < FLUSH_QUICK_US && d->cache == PF_CACHE_VOLATILE)
		cf_say(j->out, CF_WARNING, "store of unit %s: a write of 4 KiB is said to be safe after %u us, though the disk has a volatile cache; it "
					   "may lie about flushes, unless that cache is protected against power cuts: look at its data sheet",
		       u->name, d->flush_us);
	else
		cf_say(j->out, CF_OK, "store of unit %s: a write of 4 KiB is safe after %u.%02u ms (median)", u->name, d->flush_us / 1000,
		       d->flush_us / 10 % 100);
}

static void check_abilities(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_disk *d)
{
	if (d->write_error) {
		cf_say(j->out, CF_ERROR, "store of unit %s: no file can be made in %s: %s", u->name, d->path, strerror(d->write_error));
		return;
	}
	if (d->direct_error)
		cf_say(j->out, CF_ERROR, "store of unit %s: %s has no direct I/O (O_DIRECT: %s), which a VM with cache='none' needs; use ext4 or xfs",
		       u->name, d->path, strerror(d->direct_error));
	if (d->xattr_error)
		cf_say(j->out, CF_WARNING, "store of unit %s: %s takes no extended attributes (%s): those of the VM's files are lost; mount it with "
					   "user_xattr, or use ext4 or xfs",
		       u->name, d->path, strerror(d->xattr_error));
	if (d->entry_types == PF_NO)
		cf_say(j->out, CF_ERROR, "store of unit %s: %s does not tell the types of directory entries (an xfs made with ftype=0); make it anew",
		       u->name, d->path);
	check_flush(j, u, d);
}

void pf_check_disks(const struct pf_judge *j)
{
	for (unsigned i = 0; i < pf_units(j->f); i++) {
		const struct vt_unitconf *u = &j->f->unit[i];
		const struct pf_disk *d = &j->host->disk[i];
		if (d->told == PF_LATE)
			cf_say(j->out, CF_ERROR, "store of unit %s: its disk does not answer in time; look at `dmesg` and at the disk", u->name);
		if (d->told != PF_TOLD)
			continue;
		if (d->error) {
			cf_say(j->out, CF_ERROR, "store of unit %s: %s: %s", u->name, d->path, strerror(d->error));
			continue;
		}
		check_type(j, u, d);
		check_space(j, u, d);
		check_abilities(j, u, d);
	}
}

/* ---- VMs ------------------------------------------------------------------------------------------------------------- */

/* What is written past the page cache of one host alone, is on the other one. */
static bool check_cache(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_vdisk *d)
{
	char definition[PF_DEFINITION_MAX];
	bool safe = strcmp(d->cache, "none") == 0 || strcmp(d->cache, "directsync") == 0;
	if (d->writable && !safe)
		cf_say(j->out, CF_ERROR, "disk %s of domain %s: cache='%s': what this host's memory holds isn't on the other one; set cache='none' (`virsh "
					 "edit %s`, and in %s)",
		       d->target, u->domain, d->cache[0] ? d->cache : "default", u->domain, pf_definition(u, definition));
	return safe;
}

/* True: it was told. */
static bool check_missing(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_vdisk *d)
{
	char definition[PF_DEFINITION_MAX];
	bool missing = d->here == PF_NO && !d->optional;
	if (missing)
		cf_say(j->out, CF_ERROR, "disk %s of domain %s: %s is not on this host: the VM can't start here; put it there, or take it out (`virsh edit "
					 "%s`, and in %s)",
		       d->target, u->domain, d->source, u->domain, pf_definition(u, definition));
	return missing;
}

static void check_vdisk(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_vdisk *d)
{
	bool safe = check_cache(j, u, d);
	if (check_missing(j, u, d))
		return;
	if (!d->file || (d->source[0] && !pf_inside(d->source, u->directory)))
		cf_say(j->out, CF_WARNING, "disk %s of domain %s: %s is not in %s and not mirrored: after a failover it is missing, or another one; move "
					   "it there, or take it out",
		       d->target, u->domain, d->file ? d->source : "it is no file, so it", u->directory);
	else if (d->writable && safe)
		cf_say(j->out, CF_OK, "disk %s of domain %s: cache='%s', in the unit's directory", d->target, u->domain, d->cache);
}

/* True: it is the unit's device. */
static bool check_drbd_vdisk(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_vdisk *d, const char *device)
{
	bool safe = check_cache(j, u, d), ours = strcmp(d->source, device) == 0;
	char definition[PF_DEFINITION_MAX];
	pf_definition(u, definition);
	if (ours && (d->file || (d->format[0] && strcmp(d->format, "raw") != 0)))
		cf_say(j->out, CF_ERROR, "disk %s of domain %s is %s with type='%s %s': DRBD's device is a raw one; <disk type='block'> with <driver name='qemu' "
					 "type='raw' cache='none'/> (`virsh edit %s`, and in %s)",
		       d->target, u->domain, device, d->file ? "file" : "block", d->format[0] ? d->format : "raw", u->domain, definition);
	else if (!ours && d->source[0] && !check_missing(j, u, d))
		cf_say(j->out, CF_WARNING, "disk %s of domain %s: %s is not on DRBD: after a failover it is missing, or another one; have it on %s, or take it "
					   "out",
		       d->target, u->domain, d->source, device);
	else if (ours && safe)
		cf_say(j->out, CF_OK, "disk %s of domain %s: cache='%s', on %s", d->target, u->domain, d->cache, device);
	return ours;
}

static void check_drbd_vdisks(const struct pf_judge *j, const struct cf_unit *u, const struct pf_domain *d)
{
	bool found = false;
	for (unsigned i = 0; i < d->disks; i++)
		found |= check_drbd_vdisk(j, &u->conf, &d->disk[i], u->drbd_device);
	if (!found && !d->more_disks)
		cf_say(j->out, CF_ERROR, "domain %s has no disk on %s, the unit's drbd_device: what it writes is on this host alone; `virsh edit %s`", u->conf.domain,
		       u->drbd_device, u->conf.domain);
}

static void check_vdisks(const struct pf_judge *j, unsigned number, const struct pf_domain *d)
{
	const struct vt_unitconf *u = &j->f->unit[number];
	const struct cf_unit *drbd = u->drbd ? pf_model_unit(j->f, number) : NULL;
	if (drbd)
		check_drbd_vdisks(j, drbd, d);
	for (unsigned i = 0; !u->drbd && i < d->disks; i++)
		check_vdisk(j, u, &d->disk[i]);
	if (d->more_disks)
		cf_say(j->out, CF_WARNING, "domain %s has more than %d disks: the rest was not looked at", u->domain, PF_DISKS_MAX);
}

static void check_machine(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_domain *d)
{
	const struct pf_facts *own = &j->host->own, *other = j->peer->facts;
	bool passthrough = strcmp(d->cpu_mode, "host-passthrough") == 0 || strcmp(d->cpu_mode, "maximum") == 0;
	if (passthrough && other && own->cpu[0] && other->cpu[0] && strcmp(own->cpu, other->cpu) != 0)
		cf_say(j->out, CF_WARNING, "CPU of domain %s is the host's own (%s), and that is %s here but %s on %s: after a failover the guest finds "
					   "another one; name a model both have (<cpu mode='custom'>), or accept that",
		       u->domain, d->cpu_mode, own->cpu, other->cpu, other->host);
	else if (passthrough && !other)
		cf_say(j->out, CF_WARNING, "CPU of domain %s is the host's own (%s): both hosts should have the same; compare them by --peer-facts", u->domain,
		       d->cpu_mode);
	if (!d->machine[0] || !other || !other->machines[0])
		return;
	if (!pf_word_in(other->machines, d->machine))
		cf_say(j->out, CF_ERROR, "machine type of domain %s = %s, which QEMU on %s (%s) doesn't have: the VM can't start there; install the same "
					 "QEMU, or set an older type",
		       u->domain, d->machine, other->host, other->version[PF_QEMU][0] ? other->version[PF_QEMU] : "unknown version");
	else
		cf_say(j->out, CF_OK, "machine type of domain %s = %s, which %s has too", u->domain, d->machine, other->host);
}

static void check_domain(const struct pf_judge *j, unsigned number, const struct pf_domain *d)
{
	const struct vt_unitconf *u = &j->f->unit[number];
	char definition[PF_DEFINITION_MAX];
	if (d->autostart == PF_YES)
		cf_say(j->out, CF_ERROR, "autostart of domain %s is on: libvirt would start it without asking the cluster; `virsh autostart --disable %s`",
		       u->domain, u->domain);
	else if (d->autostart == PF_NO)
		cf_say(j->out, CF_OK, "autostart of domain %s is off", u->domain);
	if (d->source == PF_S_NONE && u->drbd)
		return; /* told with DRBD's */
	if (d->source == PF_S_NONE) {
		cf_say(j->out, CF_WARNING, "domain %s: libvirt here doesn't know it, and %s can't be read (%s); save its definition there: `virsh "
					   "dumpxml --inactive --security-info %s`",
		       u->domain, pf_definition(u, definition), d->trouble, u->domain);
		return;
	}
	check_vdisks(j, number, d);
	pf_check_needs(j, u, d);
	check_machine(j, u, d);
}

void pf_check_domains(const struct pf_judge *j)
{
	const struct pf_vms *v = &j->host->vms;
	if (v->told == PF_LATE && v->asked)
		cf_say(j->out, CF_ERROR, "files that the VMs need (images, kernels, shared directories) can't be looked at in time: a disk or a network file system "
					 "hangs; look at `dmesg`");
	else if (v->told == PF_LATE)
		cf_say(j->out, CF_ERROR, "libvirt does not answer in time: its daemon hangs; `systemctl restart libvirtd` (VMs go on)");
	else if (v->told == PF_TOLD && v->trouble[0])
		cf_say(j->out, CF_ERROR, "libvirt: %s; `systemctl enable --now libvirtd` (or virtqemud.socket)", v->trouble);
	else if (v->told == PF_TOLD)
		cf_say(j->out, CF_OK, "libvirt answers");
	for (unsigned i = 0; v->told == PF_TOLD && i < pf_units(j->f); i++)
		if (!v->trouble[0] || v->domain[i].source != PF_S_NONE)
			check_domain(j, i, &v->domain[i]);
}
