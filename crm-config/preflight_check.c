// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict on the host itself: programs, FUSE, io_uring, clock, services, security modules. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crm-config/preflight_int.h"

#define CLOCK_APART_MS 5000

unsigned pf_units(const struct cf_facts *f)
{
	return f->named < PF_UNITS_MAX ? f->named : PF_UNITS_MAX;
}

static const struct need {
	enum pf_program program;
	unsigned major, minor;
	const char *what; /* to do */
} needs[] = {
    {PF_PACEMAKER, 2, 1, "install a newer one (Debian 12 has 2.1.5)"},
    {PF_COROSYNC, 3, 1, "install a newer one (Debian 12 has 3.1.7)"},
    {PF_LIBVIRT, 7, 0, "install a newer one (Debian 12 has 9.0)"},
    {PF_QEMU, 5, 2, "install a newer one (Debian 12 has 7.2)"},
    {PF_KERNEL, 5, 10, "FUSE and io_uring of older ones are not enough; boot a newer one"},
};

static void check_own_versions(const struct pf_judge *j)
{
	char fine[400] = "";
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
		const struct need *n = &needs[i];
		const char *version = j->host->own.version[n->program], *name = pf_program_name(n->program);
		size_t len = strlen(fine);
		if (!version[0] && n->program != PF_LIBVIRT && n->program != PF_QEMU)
			cf_say(j->out, CF_ERROR, "version of %s: none was found; install it", name);
		if (!version[0])
			continue; /* that libvirt can't be asked is told with its VMs */
		if (!pf_version_at_least(version, n->major, n->minor))
			cf_say(j->out, CF_ERROR, "version of %s = %s, at least %u.%u is needed; %s", name, version, n->major, n->minor,
			       n->what);
		else
			snprintf(fine + len, sizeof fine - len, "%s%s %s", len ? ", " : "", name, version);
	}
	if (fine[0])
		cf_say(j->out, CF_OK, "versions: %s", fine);
}

static void check_vmtwind(const struct pf_judge *j)
{
	const struct pf_cluster *c = &j->host->cluster;
	const char *own = j->host->own.version[PF_VMTWIN], *running = j->host->own.version[PF_VMTWIND];
	if (c->told != PF_TOLD)
		return;
	if (c->vmtwind != PF_YES)
		cf_say(j->out, CF_ERROR, "vmtwind on this host: %s; its log: `journalctl -u vmtwind`", c->vmtwind_trouble);
	else if (!running[0])
		cf_say(j->out, CF_WARNING, "vmtwind that runs is older than this command (%s) and doesn't tell its version; restart it: "
					   "`systemctl restart vmtwind` (VMs go on)",
		       own);
	else if (strcmp(own, running) != 0)
		cf_say(j->out, CF_ERROR,
		       "vmtwind that runs is of version %s, but %s is installed; restart it: `systemctl restart vmtwind` (VMs go on)", running,
		       own);
	else
		cf_say(j->out, CF_OK, "vmtwind runs, version %s as installed", running);
}

static void check_corosync(const struct pf_judge *j)
{
	const struct pf_cluster *c = &j->host->cluster;
	if (c->told == PF_TOLD && c->corosync == PF_NO)
		cf_say(j->out, CF_ERROR, "corosync on this host does not run; `pcs cluster start`; its log: `journalctl -u corosync`");
}

static void compare_versions(const struct pf_judge *j)
{
	const struct pf_facts *own = &j->host->own, *other = j->peer->facts;
	unsigned differ = 0;
	for (unsigned p = 0; other && p < PF_PROGRAMS; p++) {
		bool ours = p == PF_VMTWIN || p == PF_VMTWIND;
		if (!own->version[p][0] || !other->version[p][0] || strcmp(own->version[p], other->version[p]) == 0)
			continue;
		differ++;
		cf_say(j->out, ours ? CF_ERROR : CF_WARNING, "version of %s: %s here, %s on %s; install the same on both hosts",
		       pf_program_name(p), own->version[p], other->version[p], other->host);
	}
	if (other && differ == 0)
		cf_say(j->out, CF_OK, "versions are the same on %s", other->host);
}

static void check_fuse(const struct pf_judge *j)
{
	const struct pf_system *s = &j->host->system;
	if (s->fuse_known == PF_NO)
		cf_say(j->out, CF_ERROR, "FUSE: the kernel doesn't know it; `modprobe fuse`, and `echo fuse >/etc/modules-load.d/fuse.conf`");
	else if (s->fuse_error)
		cf_say(j->out, CF_ERROR, "FUSE: /dev/fuse can't be opened: %s; %s", strerror(s->fuse_error),
		       s->fuse_error == ENOENT ? "`modprobe fuse`, or mknod -m 666 /dev/fuse c 10 229"
					       : "it must be a device that root may read and write");
	else
		cf_say(j->out, CF_OK, "FUSE: /dev/fuse opens");
	if (s->uring_error)
		cf_say(j->out, CF_ERROR, "io_uring: %s; vmtwin writes through it: `sysctl -w kernel.io_uring_disabled=0`, and no seccomp filter "
					 "may forbid it",
		       strerror(s->uring_error));
}

void pf_check_programs(const struct pf_judge *j)
{
	bool mirror = pf_has_mirror(j->f);
	check_own_versions(j);
	if (mirror)
		check_vmtwind(j);
	check_corosync(j);
	compare_versions(j);
	if (mirror && j->host->system.told == PF_TOLD)
		check_fuse(j);
}

void pf_check_clock(const struct pf_judge *j)
{
	const struct pf_facts *other = j->peer->facts;
	if (j->host->system.synchronised == PF_NO)
		cf_say(j->out, CF_WARNING, "clock: not synchronised; leases don't need it, but logs and certificates do: `apt-get install chrony`");
	else if (j->host->system.synchronised == PF_YES)
		cf_say(j->out, CF_OK, "clock: synchronised");
	if (!other || !other->has_clock)
		return;
	long long apart = (long long)j->peer->here_ms - other->clock_ms;
	if (llabs(apart) > CLOCK_APART_MS)
		cf_say(j->out, CF_WARNING,
		       "clock: %s's is %lld s %s this host's (or its facts are that old); logs can't be compared: let both follow the same NTP "
		       "servers",
		       other->host, llabs(apart) / 1000, apart > 0 ? "behind" : "ahead of");
	else
		cf_say(j->out, CF_OK, "clock: as on %s", other->host);
}

/* ---- at boot -------------------------------------------------------------------------------------------------- */

static void check_started(const struct pf_judge *j)
{
	static const char *const names[] = {[PF_S_COROSYNC] = "corosync", [PF_S_PACEMAKER] = "pacemaker", [PF_S_VMTWIND] = "vmtwind"};
	char fine[100] = "";
	int last = pf_has_mirror(j->f) ? PF_S_VMTWIND : PF_S_PACEMAKER;
	for (int i = PF_S_COROSYNC; i <= last; i++) {
		size_t len = strlen(fine);
		switch (j->host->system.boot[i]) {
		case PF_BOOT_ABSENT:
			cf_say(j->out, CF_ERROR, "service %s is not installed on this host; install its package", names[i]);
			break;
		case PF_BOOT_OFF:
			cf_say(j->out, CF_WARNING, "service %s is not started at boot: after a power cut this host stays out of the cluster; "
						   "`systemctl enable %s`, unless that is meant",
			       names[i], names[i]);
			break;
		case PF_BOOT_ON:
			snprintf(fine + len, sizeof fine - len, "%s%s", len ? ", " : "", names[i]);
			break;
		case PF_BOOT_UNKNOWN:
			break;
		}
	}
	if (fine[0])
		cf_say(j->out, CF_OK, "started at boot: %s", fine);
}

void pf_check_boot(const struct pf_judge *j)
{
	const struct pf_system *s = &j->host->system;
	if (s->told != PF_TOLD)
		return;
	check_started(j);
	if (s->boot[PF_S_GUESTS] == PF_BOOT_ON)
		cf_say(j->out, CF_WARNING, "service libvirt-guests is started at boot: it suspends and starts VMs without asking the cluster; "
					   "`systemctl disable --now libvirt-guests`");
	if (j->f->host->watchdog[0] && s->watchdog_error)
		cf_say(j->out, CF_ERROR, "watchdog = %s of vmtwind.conf: %s; load its driver (`modprobe softdog` where there is no hardware), or remove "
					 "the line",
		       j->f->host->watchdog, s->watchdog_error == ENODEV ? "no watchdog device" : strerror(s->watchdog_error));
	else if (j->f->host->watchdog[0])
		cf_say(j->out, CF_OK, "watchdog = %s of vmtwind.conf: there is such a device", j->f->host->watchdog);
}

/* ---- security modules --------------------------------------------------------------------------------------------- */

static void check_apparmor(const struct pf_judge *j)
{
	static const char images[] = "/var/lib/libvirt/images/";
	for (unsigned i = 0; i < pf_units(j->f); i++) {
		const struct vt_unitconf *u = &j->f->unit[i];
		if (u->drbd || strncmp(u->directory, images, sizeof images - 1) == 0)
			continue;
		if (strstr(j->host->system.apparmor_local, u->directory))
			cf_say(j->out, CF_OK, "AppArmor: the site's profile of virt-aa-helper names %s", u->directory);
		else
			cf_say(j->out, CF_WARNING,
			       "AppArmor: directory of unit %s = %s is outside /var/lib/libvirt/images, where virt-aa-helper may not look at disk "
			       "images; put the line `%s/** r,` into /etc/apparmor.d/local/usr.lib.libvirt.virt-aa-helper, and `systemctl reload "
			       "apparmor`",
			       u->name, u->directory, u->directory);
	}
}

void pf_check_security(const struct pf_judge *j)
{
	const struct pf_system *s = &j->host->system;
	bool fuse = s->selinux == PF_YES && pf_has_mirror(j->f);
	if (fuse && s->selinux_fuse == PF_YES)
		cf_say(j->out, CF_OK, "SELinux: VMs may use FUSE (virt_use_fusefs)");
	else if (fuse)
		cf_say(j->out, CF_ERROR, "SELinux: it keeps VMs from files on FUSE; `setsebool -P virt_use_fusefs on`");
	if (s->apparmor == PF_YES)
		check_apparmor(j);
}

/* ---- the same on both hosts ------------------------------------------------------------------------------------------ */

static void compare_unit(const struct pf_judge *j, const struct pf_unit_facts *own)
{
	const struct pf_facts *facts = j->peer->facts;
	const struct pf_unit_facts *other = pf_facts_unit((struct pf_facts *)facts, own->name);
	char keys[300];
	if (!other || !other->digest[0])
		cf_say(j->out, CF_ERROR, "unit file of %s: %s has none; copy /etc/vmtwin/units/%s.conf there", own->name, facts->host, own->name);
	else if (pf_digest_differ(own->digest, other->digest, keys, sizeof keys) > 0)
		cf_say(j->out, CF_ERROR, "unit file of %s: not the same on %s, in %s; copy the right one to the other host", own->name,
		       facts->host, keys);
	else
		cf_say(j->out, CF_OK, "unit file of %s: the same on %s", own->name, facts->host);
}

void pf_check_same(const struct pf_judge *j)
{
	const struct pf_facts *own = &j->host->own, *other = j->peer->facts;
	char keys[300];
	if (!other)
		return;
	for (unsigned i = 0; i < own->units; i++)
		if (own->unit[i].digest[0])
			compare_unit(j, &own->unit[i]);
	if (own->corosync_conf[0] && other->corosync_conf[0] && strcmp(own->corosync_conf, other->corosync_conf) != 0)
		cf_say(j->out, CF_ERROR, "corosync.conf: not the same on %s; `pcs cluster sync`, then `pcs cluster reload corosync`", other->host);
	if (pf_digest_differ(own->vmtwind_conf, other->vmtwind_conf, keys, sizeof keys) > 0)
		cf_say(j->out, CF_WARNING, "vmtwind.conf: not the same on %s, in %s; both hosts should end themselves alike and ask the same witnesses",
		       other->host, keys);
	if (own->host[0] && strcmp(own->host, other->host) == 0)
		cf_say(j->out, CF_ERROR, "facts: they are of this host, %s; take them on the other one", own->host);
}

void pf_check_crypto(const struct pf_judge *j)
{
	const struct cf_corosync *c = j->f->corosync;
	if (c->node_count == 0)
		return;
	bool cipher = c->cipher[0] && strcmp(c->cipher, "none") != 0, hash = c->hash[0] && strcmp(c->hash, "none") != 0;
	if (strcmp(c->secauth, "on") == 0 || (cipher && hash))
		cf_say(j->out, CF_OK, "corosync's messages are encrypted and signed");
	else
		cf_say(j->out, CF_WARNING,
		       "corosync's messages are not %s: whoever is in its network can speak for a host; `pcs cluster config update crypto "
		       "cipher=aes256 hash=sha256`",
		       hash ? "encrypted" : "signed");
}

static void check_parts(const struct pf_judge *j)
{
	const struct pf_host *h = j->host;
	if (h->system.told == PF_LATE)
		cf_say(j->out, CF_ERROR, "this host: services, FUSE and packet filters could not be looked at in time; something hangs: `ps axo "
					 "pid,stat,wchan,args | grep ' D'`");
	if (h->system.told == PF_TOLD && !h->system.root)
		cf_say(j->out, CF_WARNING, "this host: not root, so much of it can't be looked at; run this command as root, or with --no-host");
	if (h->cluster.told == PF_LATE)
		cf_say(j->out, CF_ERROR, "corosync or vmtwind on this host does not answer in time: one of them hangs; look at `systemctl status "
					 "corosync vmtwind`");
	if (h->more_units)
		cf_say(j->out, CF_WARNING, "more than %d units: the rest was not looked at; name units", PF_UNITS_MAX);
	if (h->more_paths)
		cf_say(j->out, CF_WARNING, "more than %d paths to other hosts: the rest was not looked at; use --peer HOST", PF_PATHS_MAX);
}

void pf_check(const struct cf_facts *f, const struct pf_host *host, const struct pf_peer *peer, struct cf_findings *out)
{
	struct pf_judge j = {.f = f, .host = host, .peer = peer, .out = out};
	check_parts(&j);
	pf_check_programs(&j);
	pf_check_clock(&j);
	pf_check_boot(&j);
	pf_check_security(&j);
	pf_check_names(&j);
	pf_check_paths(&j);
	pf_check_ports(&j);
	pf_check_crypto(&j);
	pf_check_disks(&j);
	pf_check_drbd(&j);
	pf_check_domains(&j);
	pf_check_same(&j);
}
