// SPDX-License-Identifier: GPL-2.0-or-later
/* DRBD on this host: its programs, its module, what runs; and each unit's file and volume. Nothing is changed, no volume is claimed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/conffile.h"
#include "base/spawn.h"
#include "crm-config/emit.h"
#include "crm-config/preflight_int.h"

#define AGENT "/usr/lib/ocf/resource.d/linbit/drbd"
#define DRBDADM "/usr/sbin/drbdadm"
#define DRBDSETUP "/usr/sbin/drbdsetup"
#define RES_DIR "/etc/drbd.d"
#define RUN_MS 1500
#define TEXT_BYTES 65536
#define XML_BYTES_MAX (1u << 20)
#define FILE_MAX (VT_UNIT_NAME_MAX + 64)

static enum pf_truth is_program(const char *path)
{
	return access(path, X_OK) == 0 ? PF_YES : PF_NO;
}

/* ---- the host's ------------------------------------------------------------------------------------------------- */

/* The module's version: of the one that is loaded, else of the one that would be. */
static void look_at_module(char version[PF_VERSION_MAX])
{
	static const char *const modinfo[] = {"/usr/sbin/modinfo", "/sbin/modinfo"};
	char text[TEXT_BYTES];
	if (vt_conf_read("/proc/drbd", text, sizeof text, NULL) == 0) {
		pf_version_of(text, version);
		return;
	}
	for (int i = 0; i < 2 && !version[0]; i++) {
		int rc = pf_run(modinfo[i], "--field=version", "drbd", text, sizeof text);
		if (rc == 0)
			pf_version_of(text, version);
		else if (rc > 0)
			snprintf(version, PF_VERSION_MAX, "none");
	}
}

static void look_at_programs(struct pf_host *h)
{
	struct pf_drbd *d = &h->drbd;
	char text[4096];
	if (pf_run(DRBDADM, "--version", NULL, text, sizeof text) == 0) {
		const char *at = strstr(text, "DRBDADM_VERSION=");
		pf_version_of(at ? at : text, h->own.version[PF_DRBD_UTILS]);
	}
	d->agent = is_program(AGENT);
	for (int m = CF_DRBD_8_4; m <= CF_DRBD_9; m++)
		d->scripts[m] = is_program(cf_drbd_script(m, false)) == PF_YES ? is_program(cf_drbd_script(m, true)) : PF_NO;
}

static void mark_links(const struct pf_ask *a)
{
	struct pf_host *h = a->host;
	for (unsigned i = 0; i < pf_units(a->f); i++)
		for (unsigned k = 0; a->f->unit[i].drbd && k < h->drbd.resources; k++)
			if (strcmp(h->drbd.resource[k].name, a->f->unit[i].name) == 0 && strcmp(h->drbd.resource[k].connection, "Connected") == 0)
				h->cluster.link_up[i] = PF_YES;
}

void pf_ask_drbd(const struct pf_ask *a, unsigned number)
{
	struct pf_drbd *d = &a->host->drbd;
	struct utsname u;
	char text[TEXT_BYTES];
	(void)number;
	if (uname(&u) == 0)
		snprintf(d->uname, sizeof d->uname, "%.*s", VT_HOST_NAME_MAX, u.nodename);
	look_at_module(a->host->own.version[PF_DRBD]);
	look_at_programs(a->host);
	/* without a module loaded drbdsetup would load one */
	if (access("/proc/drbd", F_OK) == 0 && pf_run(DRBDSETUP, "status", "--verbose", text, sizeof text) == 0)
		pf_status_parse(d, text);
	mark_links(a);
}

/* ---- a unit's file ---------------------------------------------------------------------------------------------- */

/* Whether drbdadm takes the file, and all others beside it. */
static void ask_drbdadm(struct pf_volume *v, const char *unit)
{
	char *const argv[] = {(char[]){DRBDADM}, (char[]){"dump"}, (char *)unit, NULL};
	char text[4096];
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC), said = memfd_create("said", MFD_CLOEXEC);
	if (out >= 0 && said >= 0 && access(DRBDADM, X_OK) == 0 && vt_run_to(argv, RUN_MS, out, said) > 0) {
		ssize_t n = pread(said, text, sizeof text - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		pf_complaint(text, v->refused, sizeof v->refused);
	}
	if (out >= 0)
		close(out);
	if (said >= 0)
		close(said);
}

/* errno of reading it; 0, and its hash. */
static int hash_file(const char *path, size_t cap, char out[PF_HASH_MAX])
{
	char *text = malloc(cap);
	struct vt_fail fail = {.code = 0};
	int rc = text ? vt_conf_read(path, text, cap, &fail) : -ENOMEM;
	if (rc == 0)
		pf_digest_text(text, out);
	free(text);
	return -rc;
}

static void look_at_files(const struct pf_ask *a, struct pf_volume *v, const struct vt_unitconf *u)
{
	char path[PF_DEFINITION_MAX];
	struct pf_unit_facts *told = pf_facts_unit(&a->host->own, u->name);
	char hash[PF_HASH_MAX];
	v->definition_error = hash_file(pf_definition(u, path), XML_BYTES_MAX, told ? told->definition : hash);
	snprintf(path, FILE_MAX, RES_DIR "/%s.res", u->name);
	v->res_error = hash_file(path, TEXT_BYTES, v->res);
	if (v->res_error == 0)
		ask_drbdadm(v, u->name);
	snprintf(path, FILE_MAX, "drbd@%s.service", u->name);
	v->boot = pf_wanted_at_boot(path) ? PF_YES : PF_NO;
	snprintf(path, FILE_MAX, "drbd@%s.target", u->name);
	if (pf_wanted_at_boot(path))
		v->boot = PF_YES;
}

/* ---- its volume --------------------------------------------------------------------------------------------------- */

/* Another device made of it: LVM's, RAID's. */
static bool find_holder(dev_t device, char *out, size_t cap)
{
	char path[128];
	snprintf(path, sizeof path, "/sys/dev/block/%u:%u/holders", major(device), minor(device));
	DIR *dir = opendir(path);
	bool found = false;
	for (const struct dirent *e; dir && !found && (e = readdir(dir));) {
		found = e->d_name[0] != '.' && strncmp(e->d_name, "drbd", 4) != 0;
		if (found)
			snprintf(out, cap, "part of %.64s", e->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void look_at_use(struct pf_volume *v, const char *path, dev_t device)
{
	char *text = malloc(XML_BYTES_MAX), real[4096], dir[128];
	if (!text)
		return;
	if (vt_conf_read("/proc/self/mountinfo", text, XML_BYTES_MAX, NULL) == 0 &&
	    pf_mounted_at(text, major(device), minor(device), dir, sizeof dir))
		snprintf(v->used, sizeof v->used, "mounted at %s", dir);
	else if (realpath(path, real) && vt_conf_read("/proc/swaps", text, XML_BYTES_MAX, NULL) == 0 && pf_is_swap(text, real))
		snprintf(v->used, sizeof v->used, "swap");
	else
		find_holder(device, v->used, sizeof v->used);
	free(text);
}

static void look_at_meta(struct pf_volume *v, int fd)
{
	void *block = NULL;
	if (v->bytes < PF_META_BYTES || posix_memalign(&block, PF_META_BYTES, PF_META_BYTES) != 0)
		return;
	off_t at = (off_t)(v->bytes / PF_META_BYTES * PF_META_BYTES - PF_META_BYTES);
	if (pread(fd, block, PF_META_BYTES, at) == PF_META_BYTES)
		v->meta = pf_meta_of(block);
	free(block);
}

static void look_at_disk(struct pf_volume *v, const char *path)
{
	struct stat st;
	/* O_DIRECT: what DRBD writes passes by the page cache, which must not keep an old head */
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		v->disk_error = errno == EINVAL ? ENOTBLK : errno;
		return;
	}
	if (fstat(fd, &st) != 0 || !S_ISBLK(st.st_mode))
		v->disk_error = ENOTBLK;
	else if (ioctl(fd, BLKGETSIZE64, &v->bytes) != 0)
		v->disk_error = errno;
	if (v->disk_error == 0) {
		look_at_meta(v, fd);
		look_at_use(v, path, st.st_rdev);
	}
	close(fd);
}

void pf_ask_volume(const struct pf_ask *a, unsigned number)
{
	struct pf_volume *v = &a->host->volume[number];
	const struct cf_unit *u = pf_model_unit(a->f, number);
	look_at_files(a, v, &a->f->unit[number]);
	if (u)
		look_at_disk(v, u->drbd_disk);
}
