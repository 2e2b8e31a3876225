// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A host's wall clock, wrong by what is in /run/world/clock.HOST (seconds, may be negative; read anew at most ten times
 * a second). Preloaded into every process of a lab host: hosts share one kernel, and its clock is the machine's.
 * CLOCK_REALTIME and all that shows it is shifted; waits until a moment of it are shifted back.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define READ_INTERVAL_NS 100000000ll

static _Atomic long long shift_s, next_read_ns;

static long long kernel_clock(clockid_t id, struct timespec *ts)
{
	struct timespec here;
	if (!ts)
		ts = &here;
	if (syscall(SYS_clock_gettime, id, ts) != 0)
		return -1;
	return ts->tv_sec * 1000000000ll + ts->tv_nsec;
}

static long long shift(void)
{
	char path[128] = "/run/world/clock.", text[32];
	long long now = kernel_clock(CLOCK_MONOTONIC, NULL);
	if (now < atomic_load(&next_read_ns))
		return atomic_load(&shift_s);
	atomic_store(&next_read_ns, now + READ_INTERVAL_NS);
	size_t at = strlen(path);
	if (gethostname(path + at, sizeof path - at - 1) != 0)
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	atomic_store(&shift_s, atoll(text));
	return atomic_load(&shift_s);
}

static int is_wall(clockid_t id)
{
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_TAI;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	if (kernel_clock(id, ts) < 0)
		return -1;
	if (is_wall(id))
		ts->tv_sec += shift();
	return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	*tv = (struct timeval){.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *out)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	if (out)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

int timespec_get(struct timespec *ts, int base)
{
	if (base != TIME_UTC)
		return 0;
	clock_gettime(CLOCK_REALTIME, ts);
	return base;
}

/* A condition waits by the clock that it was made with: a small number is no wall clock's. */
static struct timespec kernel_time(const struct timespec *at)
{
	struct timespec out = *at;
	if (at->tv_sec > 1000000000)
		out.tv_sec -= shift();
	return out;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
			   const struct timespec *restrict at)
{
	static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
	struct timespec when = kernel_time(at);
	if (!next) /* the version that pthread_cond_init made it for */
		*(void **)&next = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
	return next(cond, mutex, &when);
}

int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict at)
{
	static int (*next)(sem_t *, const struct timespec *);
	struct timespec when = *at;
	when.tv_sec -= shift();
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "sem_timedwait");
	return next(sem, &when);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict at)
{
	static int (*next)(pthread_mutex_t *, const struct timespec *);
	struct timespec when = *at;
	when.tv_sec -= shift();
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "pthread_mutex_timedlock");
	return next(mutex, &when);
}
