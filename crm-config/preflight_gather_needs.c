// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether what a domain needs is on this host. A path inside the unit's directory is looked up in the store, since the directory may
 * not be mounted here now. Reads only. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crm-config/preflight_int.h"

#define NET_DIR "/sys/class/net"
#define REAL_MAX (2 * VT_PATH_MAX)

static enum pf_truth exists(const char *path)
{
	if (access(path, F_OK) == 0)
		return PF_YES;
	return errno == ENOENT || errno == ENOTDIR ? PF_NO : PF_UNKNOWN;
}

/* A name below a directory, and what is below that. */
static enum pf_truth in_sys(const char *dir, const char *name, const char *below)
{
	char path[VT_PATH_MAX + 64];
	if (strchr(name, '/') || name[0] == '.')
		return PF_NO;
	snprintf(path, sizeof path, "%s/%s%s", dir, name, below);
	return exists(path);
}

static void look_at(struct pf_need *n)
{
	switch (n->kind) {
	case PF_N_BRIDGE:
		n->here = in_sys(NET_DIR, n->name, "/bridge");
		break;
	case PF_N_LINK:
		n->here = in_sys(NET_DIR, n->name, "");
		break;
	case PF_N_PCI:
		n->here = in_sys("/sys/bus/pci/devices", n->name, "");
		break;
	default: /* a network is asked for; what has no path can't be looked up */
		if (n->name[0] == '/')
			n->here = exists(n->name);
		break;
	}
}

/* The name in the head of an image, which is open; "": none. What can't be shown is shown as '?'. */
static void read_head(int fd, char name[VT_PATH_MAX])
{
	uint8_t head[PF_QCOW2_HEAD];
	struct stat st;
	uint64_t offset;
	uint32_t len;
	name[0] = '\0';
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head)
		return;
	if (!pf_qcow2_backing(head, &offset, &len) || offset >= (uint64_t)st.st_size || pread(fd, name, len, (off_t)offset) != (ssize_t)len)
		len = 0;
	name[len] = '\0';
	for (uint32_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			name[i] = '?';
}

/* Of an image in the unit's directory. */
static void read_backing(const struct vt_unitconf *u, const char *image, char name[VT_PATH_MAX])
{
	char real[REAL_MAX];
	name[0] = '\0';
	snprintf(real, sizeof real, "%s/data%s", u->store, image + strlen(u->directory));
	int fd = open(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return;
	read_head(fd, name);
	close(fd);
}

/* What an image of the directory is based on, and that, as long as it is in the directory. The guest can't write this into its image:
 * it doesn't see qcow2's head. */
static void follow_chain(const struct vt_unitconf *u, struct pf_domain *d, const struct pf_vdisk *v)
{
	char image[VT_PATH_MAX], name[VT_PATH_MAX], next[VT_PATH_MAX];
	snprintf(image, sizeof image, "%s", v->source);
	for (int i = 0; i < PF_CHAIN_MAX && pf_inside(image, u->directory); i++) {
		read_backing(u, image, name);
		if (!name[0])
			return;
		bool path = pf_beside(image, name, next);
		pf_need_add(d, PF_N_BACKING, v->target, path ? next : name);
		snprintf(image, sizeof image, "%s", path ? next : "");
	}
}

void pf_look_at_needs(const struct vt_unitconf *u, struct pf_domain *d)
{
	for (unsigned i = 0; i < d->disks; i++) {
		struct pf_vdisk *v = &d->disk[i];
		bool ours = !u->drbd && pf_inside(v->source, u->directory);
		if (ours && v->file && !v->chain && strcmp(v->format, "qcow2") == 0)
			follow_chain(u, d, v);
		else if (!ours && v->source[0] == '/')
			v->here = exists(v->source);
	}
	for (unsigned i = 0; i < d->needs; i++)
		if (u->drbd || !pf_inside(d->need[i].name, u->directory))
			look_at(&d->need[i]);
}

void pf_list_interfaces(char *out, size_t cap)
{
	/* those that come and go with VMs */
	static const char *const passing[] = {"lo", "vnet", "macvtap"};
	DIR *dir = opendir(NET_DIR);
	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		bool pass = e->d_name[0] == '.' || strcmp(e->d_name, passing[0]) == 0;
		for (size_t i = 1; i < sizeof passing / sizeof passing[0]; i++)
			pass = pass || strncmp(e->d_name, passing[i], strlen(passing[i])) == 0;
		if (!pass)
			pf_word_add(out, cap, e->d_name);
	}
	if (dir && !out[0])
		snprintf(out, cap, "none");
	if (dir)
		closedir(dir);
}
