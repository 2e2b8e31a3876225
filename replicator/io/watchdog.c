// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/watchdog.h>

int vt_watchdog_open(const char *path, uint32_t timeout_ms, struct vt_fail *fail)
{
	int want_s = (int)(timeout_ms / 1000), set_s = want_s;
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return vt_fail(fail, -errno, "watchdog %s can't be opened: %s%s", path, strerror(errno),
			       errno == EBUSY ? " (another program has it: systemd, sbd, watchdog?)" : "");
	if (ioctl(fd, WDIOC_SETTIMEOUT, &set_s) < 0) {
		int err = errno;
		vt_watchdog_close(fd, true);
		return vt_fail(fail, -err, "watchdog %s does not take a time of %d s: %s", path, want_s, strerror(err));
	}
	if (set_s > want_s) {
		vt_watchdog_close(fd, true);
		return vt_fail(fail, -ERANGE, "watchdog %s bites after %d s at the soonest, not after %d s: too late; set "
			       "watchdog_timeout_s and a longer lease_ms, or take another device", path, set_s, want_s);
	}
	vt_watchdog_feed(fd);
	return fd;
}

bool vt_watchdog_feed(int fd)
{
	return ioctl(fd, WDIOC_KEEPALIVE, 0) == 0;
}

void vt_watchdog_close(int fd, bool disarm)
{
	if (disarm) {
		ssize_t ignored = write(fd, "V", 1);
		(void)ignored;
	}
	close(fd);
}
