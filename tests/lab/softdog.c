// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stand-in for /dev/watchdog, preloaded into vmtwind of a lab host, where there is no such device: the file
 * /run/world/watchdog.HOST holds its time in seconds, and was fed when it was changed last. t_iso_other.sh looks at it from outside
 * the host and resets it. Closed with a 'V' written before, the file goes. The real device: tests/watchdog.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/watchdog.h>

static int dog = -1;
static bool harmless;
static char path[128];

static int take(void)
{
	char host[65] = "";
	static int (*real)(const char *, int, ...);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "open64");
	gethostname(host, sizeof host - 1);
	snprintf(path, sizeof path, "/run/world/watchdog.%s", host);
	harmless = false;
	dog = real(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	return dog;
}

int open64(const char *name, int flags, ...)
{
	static int (*real)(const char *, int, ...);
	va_list ap;
	va_start(ap, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(ap, int) : 0;
	va_end(ap);
	if (strcmp(name, "/dev/watchdog") == 0)
		return take();
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "open64");
	return real(name, flags, mode);
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*real)(int, unsigned long, ...);
	va_list ap;
	char text[16];
	va_start(ap, request);
	void *arg = va_arg(ap, void *);
	va_end(ap);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "ioctl");
	if (fd < 0 || fd != dog)
		return real(fd, request, arg);
	if (request == (unsigned long)WDIOC_SETTIMEOUT) {
		int n = snprintf(text, sizeof text, "%d\n", *(int *)arg);
		return pwrite(fd, text, (size_t)n, 0) == n ? 0 : -1;
	}
	return futimens(fd, NULL);
}

ssize_t write(int fd, const void *data, size_t len)
{
	static ssize_t (*real)(int, const void *, size_t);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "write");
	if (fd < 0 || fd != dog)
		return real(fd, data, len);
	harmless = len == 1 && *(const char *)data == 'V';
	return (ssize_t)len;
}

int close(int fd)
{
	static int (*real)(int);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "close");
	if (fd >= 0 && fd == dog) {
		dog = -1;
		if (harmless)
			unlink(path);
	}
	return real(fd);
}
