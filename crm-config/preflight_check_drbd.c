// SPDX-License-Identifier: GPL-2.0-or-later
/* The preflight's verdict on DRBD, where a unit is on it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/paths.h"
#include "crm-config/emit.h"
#include "crm-config/preflight_int.h"

#define MIB (1024 * 1024)

bool pf_has_mirror(const struct cf_facts *f)
{
	for (unsigned i = 0; i < pf_units(f); i++)
		if (!f->unit[i].drbd)
			return true;
	return f->named == 0;
}

bool pf_has_drbd(const struct cf_facts *f)
{
	for (unsigned i = 0; i < pf_units(f); i++)
		if (f->unit[i].drbd)
			return true;
	return false;
}

const struct cf_unit *pf_model_unit(const struct cf_facts *f, unsigned number)
{
	for (unsigned i = 0; f->model && i < f->model->units; i++)
		if (strcmp(f->model->unit[i].conf.name, f->unit[number].name) == 0)
			return &f->model->unit[i];
	return NULL;
}

const char *pf_definition(const struct vt_unitconf *u, char out[PF_DEFINITION_MAX])
{
	if (u->drbd)
		snprintf(out, PF_DEFINITION_MAX, VT_DOMAIN_DIR "/%s.xml", u->name);
	else
		snprintf(out, PF_DEFINITION_MAX, "%s/%s.xml", u->directory, u->domain);
	return out;
}

/* ---- the host's ------------------------------------------------------------------------------------------------- */

/* BY_RINGS: there is none that is known. */
static enum cf_drbd module_here(const struct pf_judge *j)
{
	const char *version = j->host->own.version[PF_DRBD];
	if (!version[0] || strcmp(version, "none") == 0 || !pf_version_at_least(version, 8, 4))
		return CF_DRBD_BY_RINGS;
	return pf_version_at_least(version, 9, 0) ? CF_DRBD_9 : CF_DRBD_8_4;
}

static const char *module_name(enum cf_drbd module)
{
	return module == CF_DRBD_9 ? "9" : "8.4";
}

static void check_module(const struct pf_judge *j)
{
	const char *version = j->host->own.version[PF_DRBD];
	const struct cf_model *m = j->f->model;
	enum cf_drbd here = module_here(j);
	if (strcmp(version, "none") == 0)
		cf_say(j->out, CF_ERROR, "DRBD's module: the kernel that runs has none; boot one that has it (Debian's has 8.4), or install LINBIT's 9");
	else if (version[0] && here == CF_DRBD_BY_RINGS)
		cf_say(j->out, CF_ERROR, "DRBD's module = %s, at least 8.4 is needed; boot a newer kernel", version);
	else if (here == CF_DRBD_8_4 && m && m->site.rings > 1)
		cf_say(j->out, CF_WARNING, "DRBD's module = %s knows one address a host: without ring0 the units on it are not replicated, though there are %u "
					   "rings; LINBIT's module 9 uses them all",
		       version, m->site.rings);
	else if (version[0])
		cf_say(j->out, CF_OK, "DRBD's module = %s", version);
}

/* False: nothing of DRBD is here. */
static bool check_utils(const struct pf_judge *j)
{
	const char *version = j->host->own.version[PF_DRBD_UTILS];
	if (!version[0])
		cf_say(j->out, CF_ERROR, "drbd-utils are not installed on this host (no drbdadm that answers); `apt-get install drbd-utils`");
	else if (j->host->drbd.agent == PF_NO)
		cf_say(j->out, CF_ERROR, "drbd-utils %s: their agent ocf:linbit:drbd is not in /usr/lib/ocf/resource.d; `apt-get install --reinstall "
					 "drbd-utils`",
		       version);
	else
		cf_say(j->out, CF_OK, "drbd-utils %s, with the agent ocf:linbit:drbd", version);
	return version[0] != '\0';
}

static bool check_uname(const struct pf_judge *j)
{
	const char *own = j->host->own.host, *name = j->host->drbd.uname;
	if (!own[0] || !name[0] || strcmp(own, name) == 0)
		return true;
	cf_say(j->out, CF_ERROR, "`uname -n` = %s, but the cluster calls this host %s: drbdadm finds it in no file; `hostnamectl set-hostname %s`", name, own,
	       own);
	return false;
}

/* ---- a unit's file ------------------------------------------------------------------------------------------------ */

static void hash_of(const struct pf_judge *j, const struct cf_unit *u, enum cf_drbd module, char out[PF_HASH_MAX])
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	out[0] = '\0';
	if (!to)
		return;
	cf_emit_drbd(to, &j->f->model->site, u, module);
	if (fclose(to) == 0)
		pf_digest_text(text, out);
	free(text);
}

/* For which module the file is as it should be; BY_RINGS: for none. */
static enum cf_drbd file_is_for(const struct pf_judge *j, const struct cf_unit *u, const struct pf_volume *v)
{
	char hash[PF_HASH_MAX];
	for (int m = CF_DRBD_8_4; m <= CF_DRBD_9; m++) {
		hash_of(j, u, m, hash);
		if (hash[0] && strcmp(hash, v->res) == 0)
			return m;
	}
	return CF_DRBD_BY_RINGS;
}

static void check_file(const struct pf_judge *j, const struct cf_unit *u, const struct pf_volume *v, bool named)
{
	const char *name = u->conf.name;
	enum cf_drbd here = module_here(j), is = file_is_for(j, u, v), wanted = cf_drbd_module(&j->f->model->site, here);
	char make[2 * VT_UNIT_NAME_MAX + 100], what[VT_UNIT_NAME_MAX + 32];
	snprintf(what, sizeof what, "/etc/drbd.d/%s.res", name);
	snprintf(make, sizeof make, "`vmtwin-config generate drbd --drbd %s %s >%s`", module_name(wanted), name, what);
	if (v->res_error)
		cf_say(j->out, CF_ERROR, "%s: %s; %s", what, strerror(v->res_error), make);
	else if (is == CF_DRBD_BY_RINGS)
		cf_say(j->out, CF_ERROR, "%s is not what the units' files say, for neither module: fencing or addresses may be missing; %s, and if it runs, "
					 "`drbdadm adjust %s`, on both hosts",
		       what, make, name);
	else if (here != CF_DRBD_BY_RINGS && is != here)
		cf_say(j->out, CF_ERROR, "%s is for DRBD's module %s, but the module here is %s, which refuses it; %s", what, module_name(is),
		       j->host->own.version[PF_DRBD], make);
	else if (v->refused[0] && named && here != CF_DRBD_BY_RINGS)
		cf_say(j->out, CF_ERROR, "%s: drbdadm refuses it, or a file beside it: %s; correct that, then `drbdadm dump %s`", what, v->refused, name);
	else
		cf_say(j->out, CF_OK, "%s is as the units' files say, for DRBD's module %s", what, module_name(is));
	if (is != CF_DRBD_BY_RINGS && j->host->drbd.scripts[is] == PF_NO)
		cf_say(j->out, CF_ERROR, "%s: its handlers %s and %s are not both there and executable: I/O would wait for ever when the other host is lost; "
					 "`apt-get install --reinstall drbd-utils`",
		       what, cf_drbd_script(is, false), cf_drbd_script(is, true));
}

static void check_boot(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_volume *v)
{
	if (v->boot == PF_YES)
		cf_say(j->out, CF_WARNING, "service drbd@%s is started at boot, but Pacemaker starts DRBD; `systemctl disable drbd@%s.service drbd@%s.target`",
		       u->name, u->name, u->name);
}

/* ---- its volume --------------------------------------------------------------------------------------------------- */

static const struct pf_resource *resource_of(const struct pf_judge *j, const char *name)
{
	for (unsigned i = 0; i < j->host->drbd.resources; i++)
		if (strcmp(j->host->drbd.resource[i].name, name) == 0)
			return &j->host->drbd.resource[i];
	return NULL;
}

/* Its metadata, while it doesn't run. True: nothing is wrong with it. */
static bool check_meta(const struct pf_judge *j, const struct cf_unit *u, const struct pf_volume *v)
{
	enum cf_drbd here = module_here(j);
	const char *name = u->conf.name;
	if (v->meta == PF_META_NONE)
		cf_say(j->out, CF_ERROR, "drbd_disk of unit %s = %s has no metadata of DRBD at its end; `drbdadm create-md %s` (it overwrites the volume's end)",
		       name, u->drbd_disk, name);
	else if ((v->meta == PF_META_9 && here == CF_DRBD_8_4) || (v->meta == PF_META_8 && here == CF_DRBD_9))
		cf_say(j->out, CF_ERROR, "drbd_disk of unit %s = %s has metadata of DRBD %s, but the module here is %s; `drbdadm create-md %s` offers to "
					 "convert them",
		       name, u->drbd_disk, v->meta == PF_META_9 ? "9" : "8.4", j->host->own.version[PF_DRBD], name);
	else
		return true;
	return false;
}

static void check_size(const struct pf_judge *j, const struct cf_unit *u, const struct pf_volume *v)
{
	const struct pf_unit_facts *other = j->peer->facts ? pf_facts_unit((struct pf_facts *)j->peer->facts, u->conf.name) : NULL;
	if (!other || !other->has_disk || v->bytes == 0)
		return;
	if (other->disk_bytes != v->bytes)
		cf_say(j->out, CF_WARNING, "drbd_disk of unit %s has %llu bytes here and %llu on %s: DRBD uses no more than the smaller one has; give both the "
					   "same (`lvextend`, then `drbdadm resize %s`)",
		       u->conf.name, (unsigned long long)v->bytes, (unsigned long long)other->disk_bytes, j->peer->facts->host, u->conf.name);
	else
		cf_say(j->out, CF_OK, "drbd_disk of unit %s: as large on %s", u->conf.name, j->peer->facts->host);
}

static void check_volume(const struct pf_judge *j, const struct cf_unit *u, const struct pf_volume *v)
{
	const char *name = u->conf.name;
	if (v->disk_error == ENOTBLK)
		cf_say(j->out, CF_ERROR, "drbd_disk of unit %s = %s is no block device; name one, as in /dev/vg0/%s", name, u->drbd_disk, name);
	else if (v->disk_error)
		cf_say(j->out, CF_ERROR, "drbd_disk of unit %s = %s: %s; make it, as large as on the other host (`lvcreate -L SIZE -n NAME VG`)", name,
		       u->drbd_disk, strerror(v->disk_error));
	if (v->disk_error)
		return;
	if (v->used[0])
		cf_say(j->out, CF_ERROR, "drbd_disk of unit %s = %s is %s: DRBD needs it for itself; give it up there, or name another volume", name,
		       u->drbd_disk, v->used);
	else if (resource_of(j, name) || check_meta(j, u, v))
		cf_say(j->out, CF_OK, "drbd_disk of unit %s = %s: %llu MiB", name, u->drbd_disk, (unsigned long long)(v->bytes / MIB));
	check_size(j, u, v);
}

/* ---- what runs ---------------------------------------------------------------------------------------------------- */

static void check_minor(const struct pf_judge *j, const struct cf_unit *u)
{
	unsigned minor = (unsigned)strtoul(u->drbd_device + sizeof "/dev/drbd" - 1, NULL, 10);
	for (unsigned i = 0; i < j->host->drbd.resources; i++) {
		const struct pf_resource *r = &j->host->drbd.resource[i];
		if (r->has_minor && r->minor == minor && strcmp(r->name, u->conf.name) != 0)
			cf_say(j->out, CF_ERROR, "drbd_device of unit %s = %s is that of DRBD's resource %s, which runs; give the unit another one, in both hosts' "
						 "files",
			       u->conf.name, u->drbd_device, r->name);
	}
}

static bool is(const char *state, const char *what)
{
	return strcmp(state, what) == 0;
}

static bool resynchronises(const char *replication)
{
	return replication[0] && !is(replication, "Established") && !is(replication, "Off") && !is(replication, "VerifyS") &&
	       !is(replication, "VerifyT");
}

/* Both know each other's disk. */
static void check_disks(const struct pf_judge *j, const char *name, const struct pf_resource *r)
{
	if (is(r->disk, "UpToDate") && is(r->peer_disk, "UpToDate"))
		cf_say(j->out, CF_OK, "DRBD of unit %s: Connected, UpToDate on both hosts", name);
	else if (resynchronises(r->replication))
		cf_say(j->out, CF_WARNING, "DRBD of unit %s: %s, %s here and %s on the other host: not both copies can take over yet; `drbdadm status %s` shows how "
					   "far it is",
		       name, r->replication, r->disk, r->peer_disk, name);
	else if (is(r->disk, "Inconsistent") && is(r->peer_disk, "Inconsistent"))
		cf_say(j->out, CF_WARNING, "DRBD of unit %s: Inconsistent on both hosts, as after create-md: neither copy counts; on the host whose content is to "
					   "be kept, once: `drbdadm primary --force %s`, then `drbdadm secondary %s`",
		       name, name, name);
	else
		cf_say(j->out, CF_WARNING, "DRBD of unit %s: %s here and %s on the other host: one copy can't take over; look at `dmesg` and `drbdadm status %s`, "
					   "on both hosts",
		       name, r->disk, r->peer_disk[0] ? r->peer_disk : "unknown", name);
}

static void check_connection(const struct pf_judge *j, const char *name, const struct pf_resource *r)
{
	if (is(r->connection, "StandAlone"))
		cf_say(j->out, CF_ERROR, "DRBD of unit %s: StandAlone: it doesn't connect any more, as after a split, when both copies have writes of their own. "
					 "Choose which copy to lose; there, with the VM not running: `drbdadm disconnect %s`, `drbdadm secondary %s`, `drbdadm "
					 "connect --discard-my-data %s`; on the other host `drbdadm connect %s`",
		       name, name, name, name, name);
	else if (r->connection[0] && !is(r->connection, "Connected"))
		cf_say(j->out, CF_WARNING, "DRBD of unit %s: %s: the other host isn't reached, and gets no writes; if DRBD runs there, look at the rings and the "
					   "port above",
		       name, r->connection);
	else if (!is(r->disk, "Diskless") && !is(r->disk, "Failed"))
		check_disks(j, name, r);
}

static void check_state(const struct pf_judge *j, const struct cf_unit *u)
{
	const char *name = u->conf.name;
	const struct pf_resource *r = resource_of(j, name);
	check_minor(j, u);
	if (!r) {
		cf_say(j->out, CF_OK, "DRBD of unit %s doesn't run on this host: Pacemaker starts it", name);
		return;
	}
	if (is(r->disk, "Diskless") || is(r->disk, "Failed"))
		cf_say(j->out, CF_ERROR, "DRBD of unit %s: %s: it goes on without %s; look at `dmesg`, mend or replace the disk, then `drbdadm attach %s` (a new "
					 "one: `drbdadm create-md %s` before)",
		       name, r->disk, u->drbd_disk, name, name);
	if (r->suspended[0] && !is(r->suspended, "no"))
		cf_say(j->out, CF_ERROR, "DRBD of unit %s: its I/O is suspended (%s), until the other host is fenced; look at `crm_mon -1` and `stonith_admin "
					 "--history '*'`",
		       name, r->suspended);
	check_connection(j, name, r);
}

/* ---- all of it ---------------------------------------------------------------------------------------------------- */

/* It isn't mirrored: each host has its own. */
static void check_definition(const struct pf_judge *j, const struct vt_unitconf *u, const struct pf_volume *v)
{
	char path[PF_DEFINITION_MAX];
	const struct pf_unit_facts *own = pf_facts_unit((struct pf_facts *)&j->host->own, u->name);
	const struct pf_unit_facts *other = j->peer->facts ? pf_facts_unit((struct pf_facts *)j->peer->facts, u->name) : NULL;
	pf_definition(u, path);
	if (v->definition_error)
		cf_say(j->out, CF_ERROR, "%s, the definition of unit %s's domain: %s: the VM can't start here; copy it from the other host, or `virsh dumpxml "
					 "--inactive --security-info %s >%s`",
		       path, u->name, strerror(v->definition_error), u->domain, path);
	else if (own && other && own->definition[0] && strcmp(own->definition, other->definition) != 0)
		cf_say(j->out, CF_ERROR, "%s is %s %s; copy the right one to the other host", path, other->definition[0] ? "not the same on" : "not there on",
		       j->peer->facts->host);
	else if (own && other && own->definition[0])
		cf_say(j->out, CF_OK, "%s: the same on %s", path, j->peer->facts->host);
}

static void check_unit(const struct pf_judge *j, unsigned i, bool named)
{
	const struct cf_unit *u = pf_model_unit(j->f, i);
	const struct pf_volume *v = &j->host->volume[i];
	struct vt_fail fail = {.code = 0};
	if (v->told == PF_LATE)
		cf_say(j->out, CF_ERROR, "DRBD of unit %s: its files and volume could not be looked at in time; look at `dmesg` and at the disk", j->f->unit[i].name);
	if (v->told != PF_TOLD || !u)
		return;
	if (cf_drbd_fits(&j->f->model->site, u, &fail) < 0)
		cf_say(j->out, CF_ERROR, "%s", fail.text);
	else
		check_file(j, u, v, named);
	check_boot(j, &u->conf, v);
	check_volume(j, u, v);
	check_definition(j, &u->conf, v);
	check_state(j, u);
}

void pf_check_drbd(const struct pf_judge *j)
{
	const struct pf_drbd *d = &j->host->drbd;
	bool named = true;
	if (!pf_has_drbd(j->f))
		return;
	if (d->told == PF_LATE)
		cf_say(j->out, CF_ERROR, "DRBD: its programs or its module don't answer in time; look at `dmesg`");
	if (d->told != PF_TOLD)
		return;
	if (!j->f->model && j->f->model_trouble)
		cf_say(j->out, CF_ERROR, "DRBD: what the units' files mean together can't be told: %s", j->f->model_trouble);
	if (j->host->system.boot[PF_S_DRBD] == PF_BOOT_ON)
		cf_say(j->out, CF_WARNING, "service drbd is started at boot, but Pacemaker starts DRBD; `systemctl disable drbd.service`");
	check_module(j);
	if (!check_utils(j))
		return;
	named = check_uname(j);
	for (unsigned i = 0; i < pf_units(j->f); i++)
		if (j->f->unit[i].drbd)
			check_unit(j, i, named);
}
