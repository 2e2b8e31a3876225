// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a unit's store is, or will be: its file system, its device, and what a small file there can do. The file has no name, so
 * that nothing is left whatever ends this process. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/conffile.h"
#include "crm-config/preflight_int.h"

#define BLOCK 4096
#define MOUNTS_MAX (1u << 20)
#define TREE_FDS 16
#define MEASURE_NS 2000000000ull /* a slow disk is known to be slow after fewer writes */

/* The deepest directory of the store's path that exists, links resolved. */
static void find_directory(struct pf_disk *d, const char *store)
{
	char path[VT_PATH_MAX], real[4096];
	snprintf(path, sizeof path, "%s", store);
	while (!realpath(path, real)) {
		char *slash = strrchr(path, '/');
		if (errno != ENOENT || !slash || slash == path) {
			d->error = errno;
			snprintf(d->path, sizeof d->path, "%s", path);
			return;
		}
		*slash = '\0';
	}
	if (strlen(real) >= sizeof d->path)
		d->error = ENAMETOOLONG;
	snprintf(d->path, sizeof d->path, "%.*s", VT_PATH_MAX - 1, real);
}

static void look_at_mount(struct pf_disk *d)
{
	struct statvfs v;
	char *text = malloc(MOUNTS_MAX);
	if (text && vt_conf_read("/proc/self/mountinfo", text, MOUNTS_MAX, NULL) == 0)
		pf_mount_of(text, d->path, d->type, &d->no_barrier);
	free(text);
	if (statvfs(d->path, &v) != 0) {
		d->error = errno;
		return;
	}
	d->total = (uint64_t)v.f_blocks * v.f_frsize;
	d->free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
}

/* queue/write_cache of the device, or of the disk that a partition is on. */
static void look_at_cache(struct pf_disk *d)
{
	static const char *const places[] = {"queue", "../queue"};
	struct stat st;
	char path[128], text[64];
	if (stat(d->path, &st) != 0)
		return;
	for (int i = 0; i < 2 && d->cache == PF_CACHE_UNKNOWN; i++) {
		snprintf(path, sizeof path, "/sys/dev/block/%u:%u/%s/write_cache", major(st.st_dev), minor(st.st_dev), places[i]);
		if (vt_conf_read(path, text, sizeof text, NULL) == 0)
			d->cache = strncmp(text, "write back", 10) == 0 ? PF_CACHE_VOLATILE : PF_CACHE_NONE;
	}
}

static void look_at_entries(struct pf_disk *d)
{
	DIR *dir = opendir(d->path);
	for (const struct dirent *e; dir && d->entry_types == PF_UNKNOWN && (e = readdir(dir));)
		d->entry_types = e->d_type == DT_UNKNOWN ? PF_NO : PF_YES; /* "." is one */
	if (dir)
		closedir(dir);
}

/* ---- a file ------------------------------------------------------------------------------------------------- */

/* A file without a name; where the file system has none such, one whose name is removed at once. */
static int make_file(const char *dir)
{
	char name[VT_PATH_MAX + 32];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	snprintf(name, sizeof name, "%s/.vmtwin-check-XXXXXX", dir);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	return fd;
}

static void measure(struct pf_disk *d, int fd, const void *block)
{
	uint32_t took_us[PF_FLUSHES];
	unsigned count = 0;
	uint64_t end_ns = vt_boottime_ns() + MEASURE_NS;
	for (; count < PF_FLUSHES && (count == 0 || vt_boottime_ns() < end_ns); count++) {
		uint64_t began = vt_boottime_ns();
		if (pwrite(fd, block, BLOCK, (off_t)count * BLOCK) != BLOCK || fdatasync(fd) != 0) {
			d->direct_error = errno;
			return;
		}
		took_us[count] = (uint32_t)((vt_boottime_ns() - began) / 1000);
	}
	d->flush_us = pf_median(took_us, count);
	d->flush_us += d->flush_us == 0;
}

static void try_file(struct pf_disk *d)
{
	void *block = NULL;
	int fd = make_file(d->path);
	if (fd < 0) {
		d->write_error = errno;
		return;
	}
	if (fsetxattr(fd, "user.vmtwin.check", "1", 1, 0) != 0)
		d->xattr_error = errno;
	if (fcntl(fd, F_SETFL, O_DIRECT) != 0)
		d->direct_error = errno;
	else if (posix_memalign(&block, BLOCK, BLOCK) == 0) {
		memset(block, 0, BLOCK);
		/* its blocks are there before it is measured, as a disk image's mostly are */
		if (posix_fallocate(fd, 0, PF_FLUSHES * BLOCK) == 0 && fsync(fd) == 0)
			measure(d, fd, block);
	}
	free(block);
	close(fd);
}

/* ---- the unit's files ------------------------------------------------------------------------------------------ */

static uint64_t sum; /* of one walk; nftw has no other way to hand it over */

static int add_file(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)path;
	(void)at;
	if (kind == FTW_F)
		sum += (uint64_t)st->st_blocks * 512;
	return 0;
}

static void look_at_data(struct pf_disk *d, const char *store)
{
	char path[VT_PATH_MAX + 8];
	snprintf(path, sizeof path, "%s/data", store);
	sum = 0;
	d->has_data = access(path, F_OK) == 0 && nftw(path, add_file, TREE_FDS, FTW_PHYS | FTW_MOUNT) == 0;
	d->data_bytes = d->has_data ? sum : 0;
}

void pf_ask_disk(const struct pf_ask *a, unsigned number)
{
	struct pf_disk *d = &a->host->disk[number];
	const char *store = a->f->unit[number].store;
	find_directory(d, store);
	if (d->error == 0)
		look_at_mount(d);
	if (d->error)
		return;
	look_at_cache(d);
	look_at_entries(d);
	look_at_data(d, store);
	try_file(d);
}
