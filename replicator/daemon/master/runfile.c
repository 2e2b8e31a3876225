// SPDX-License-Identifier: GPL-2.0-or-later
/* Small files in the run directory: what one life of vmtwind leaves to the next one of this boot. */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void path_of(const struct vm_master *m, const char *name, char *out, size_t cap)
{
	snprintf(out, cap, "%s/vmtwind.%s", m->run_dir, name);
}

/* Written over, not renamed: a tmpfs, and whoever reads it half gets no good line. */
void vm_run_write(const struct vm_master *m, const char *name, const char *text)
{
	char path[512];
	size_t size = strlen(text);
	path_of(m, name, path, sizeof path);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, text, size) != (ssize_t)size || ftruncate(fd, (off_t)size) < 0)
		vt_log(VT_WARN, NULL, "%s can't be written: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

bool vm_run_read(const struct vm_master *m, const char *name, char *text, size_t cap)
{
	char path[512];
	path_of(m, name, path, sizeof path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, cap - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

bool vm_run_first(const struct vm_master *m, const char *name)
{
	char path[512];
	path_of(m, name, path, sizeof path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void vm_run_remove(const struct vm_master *m, const char *name)
{
	char path[512];
	path_of(m, name, path, sizeof path);
	unlink(path);
}
