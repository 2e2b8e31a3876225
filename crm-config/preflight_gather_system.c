// SPDX-License-Identifier: GPL-2.0-or-later
/* This host: kernel, FUSE, io_uring, clock, services, security modules, packet filters; versions and digests. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/conffile.h"
#include "base/spawn.h"
#include "crm-config/preflight_int.h"

#define PROGRAM_LIMIT_MS 1500
#define FUSE_DEVICE makedev(10, 229) /* of the kernel's list of devices */
#define RULES_MAX (4u << 20) /* bytes of `nft list ruleset` that are looked at */

static bool read_text(const char *path, char *out, size_t cap)
{
	return vt_conf_read(path, out, cap, NULL) == 0;
}

/* ---- kernel ------------------------------------------------------------------------------------------------ */

static void look_at_fuse(struct pf_system *s)
{
	static char text[16384];
	struct stat st;
	if (read_text("/proc/filesystems", text, sizeof text))
		s->fuse_known = strstr(text, "\tfuse\n") ? PF_YES : PF_NO;
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		s->fuse_error = errno;
	else if (fstat(fd, &st) != 0 || !S_ISCHR(st.st_mode) || st.st_rdev != FUSE_DEVICE)
		s->fuse_error = ENODEV;
	if (fd >= 0)
		close(fd);
}

static void look_at_uring(struct pf_system *s)
{
	struct io_uring_params params = {0};
	long fd = syscall(SYS_io_uring_setup, 1, &params);
	if (fd < 0)
		s->uring_error = errno;
	else
		close((int)fd);
}

static void look_at_clock(struct pf_system *s)
{
	struct timex t = {.modes = 0}; /* reads only */
	int state = adjtimex(&t);
	if (state >= 0)
		s->synchronised = state == TIME_ERROR || (t.status & STA_UNSYNC) ? PF_NO : PF_YES;
}

/* Not opened: that would arm it. */
static void look_at_watchdog(const struct pf_ask *a)
{
	struct stat st;
	const char *path = a->f->host->watchdog;
	if (!path[0])
		return;
	if (stat(path, &st) != 0)
		a->host->system.watchdog_error = errno;
	else if (!S_ISCHR(st.st_mode))
		a->host->system.watchdog_error = ENODEV;
}

/* ---- services at boot: by the links that `systemctl enable` makes, since systemd itself may not answer ----------- */

static bool installed(const char *name)
{
	static const char *const dirs[] = {"/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"};
	char path[256];
	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
		snprintf(path, sizeof path, "%s/%s.service", dirs[i], name);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n > m && strcmp(s + n - m, end) == 0;
}

bool pf_wanted_at_boot(const char *name)
{
	char path[512];
	bool found = false;
	struct stat st;
	DIR *dir = opendir("/etc/systemd/system");
	for (const struct dirent *e; dir && !found && (e = readdir(dir));) {
		if (!ends_with(e->d_name, ".wants") && !ends_with(e->d_name, ".requires"))
			continue;
		snprintf(path, sizeof path, "/etc/systemd/system/%s/%s", e->d_name, name);
		found = lstat(path, &st) == 0;
	}
	if (dir)
		closedir(dir);
	return found;
}

static void look_at_services(struct pf_system *s)
{
	static const char *const names[PF_SERVICES] = {"corosync", "pacemaker", "vmtwind", "libvirt-guests", "drbd"};
	char name[32];
	for (int i = 0; i < PF_SERVICES; i++) {
		snprintf(name, sizeof name, "%s.service", names[i]);
		s->boot[i] = !installed(names[i]) ? PF_BOOT_ABSENT : pf_wanted_at_boot(name) ? PF_BOOT_ON : PF_BOOT_OFF;
	}
}

/* ---- security modules, packet filters ------------------------------------------------------------------------------ */

static void look_at_security(struct pf_system *s)
{
	char text[64];
	s->selinux = read_text("/sys/fs/selinux/enforce", text, sizeof text) && text[0] == '1' ? PF_YES : PF_NO;
	if (s->selinux == PF_YES && read_text("/sys/fs/selinux/booleans/virt_use_fusefs", text, sizeof text))
		s->selinux_fuse = text[0] == '1' ? PF_YES : PF_NO;
	s->apparmor = read_text("/sys/module/apparmor/parameters/enabled", text, sizeof text) && text[0] == 'Y' ? PF_YES : PF_NO;
	if (!read_text("/etc/apparmor.d/local/usr.lib.libvirt.virt-aa-helper", s->apparmor_local, sizeof s->apparmor_local))
		s->apparmor_local[0] = '\0';
}

int pf_run(const char *program, const char *word1, const char *word2, char *out, size_t cap)
{
	char *const argv[] = {(char *)program, (char *)word1, (char *)word2, NULL};
	if (access(program, X_OK) != 0)
		return -errno;
	return vt_run(argv, PROGRAM_LIMIT_MS, out, cap);
}

static void look_at_filters(struct pf_system *s)
{
	char state[64] = "";
	char *rules = malloc(RULES_MAX);
	if (access("/usr/sbin/firewalld", X_OK) == 0)
		s->firewalld = pf_run("/usr/bin/systemctl", "is-active", "firewalld", state, sizeof state) == 0 ? PF_YES : PF_NO;
	if (rules && pf_run("/usr/sbin/nft", "list", "ruleset", rules, RULES_MAX) == 0)
		s->nft_filters = pf_nft_filters(rules) ? PF_YES : PF_NO;
	free(rules);
}

/* ---- versions and digests --------------------------------------------------------------------------------------------- */

static void look_at_versions(struct pf_facts *own)
{
	char text[1024];
	struct utsname u;
	if (uname(&u) == 0)
		snprintf(own->version[PF_KERNEL], PF_VERSION_MAX, "%.*s", PF_VERSION_MAX - 1, u.release);
	if (pf_run("/usr/sbin/pacemakerd", "--version", NULL, text, sizeof text) == 0)
		pf_version_of(text, own->version[PF_PACEMAKER]);
	if (pf_run("/usr/sbin/corosync", "-v", NULL, text, sizeof text) == 0)
		pf_version_of(text, own->version[PF_COROSYNC]);
}

void pf_ask_system(const struct pf_ask *a, unsigned number)
{
	struct pf_system *s = &a->host->system;
	(void)number;
	s->root = geteuid() == 0;
	look_at_fuse(s);
	look_at_uring(s);
	look_at_clock(s);
	look_at_watchdog(a);
	look_at_services(s);
	look_at_security(s);
	look_at_versions(&a->host->own);
	look_at_filters(s);
}

static void digest_of(const char *path, char *text, size_t cap, char out[PF_DIGEST_MAX])
{
	if (!read_text(path, text, cap) || pf_digest_conf(text, path, out, NULL) < 0)
		out[0] = '\0';
}

void pf_ask_digests(const struct pf_ask *a)
{
	struct pf_facts *own = &a->host->own;
	char path[VT_PATH_MAX + VT_UNIT_NAME_MAX + 8];
	char *text = malloc(VT_CONF_FILE_MAX);
	if (!text)
		return;
	if (read_text(a->corosync_path, text, VT_CONF_FILE_MAX))
		pf_digest_text(text, own->corosync_conf);
	digest_of(a->host_path, text, VT_CONF_FILE_MAX, own->vmtwind_conf);
	for (unsigned i = 0; i < pf_units(a->f); i++) {
		struct pf_unit_facts *u = pf_facts_add_unit(own, a->f->unit[i].name);
		snprintf(path, sizeof path, "%s/%s.conf", a->unit_dir, a->f->unit[i].name);
		if (u)
			digest_of(path, text, VT_CONF_FILE_MAX, u->digest);
	}
	free(text);
}
