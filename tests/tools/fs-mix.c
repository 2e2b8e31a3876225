// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A random mix of everything a directory can be asked for, by several threads on the same few
 * names: fs-mix DIR SEED SECONDS [THREADS] Errors that such a mix provokes by itself (no such file,
 * exists, not empty, no space, ...) are expected; anything else (an I/O error above all) ends the
 * run with status 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define NAMES 24
#define FILE_MAX (4u << 20)
#define WRITE_MAX (1u << 18)
#define THREADS_MAX 32

struct worker {
	pthread_t thread;
	unsigned seed;
	unsigned long done;
	uint8_t *buf;
};

static time_t until;
static int bad;

static unsigned rnd(struct worker *w, unsigned n)
{
	return (unsigned)rand_r(&w->seed) % n;
}

static char *name(struct worker *w, char *out)
{
	static const char *const dirs[] = {"", "d0/", "d1/", "d0/e/"};
	sprintf(out, "%sn%u", dirs[rnd(w, 4)], rnd(w, NAMES));
	return out;
}

static void check(const char *what, long rc)
{
	static const int fine[] = {ENOENT,  EEXIST, ENOTEMPTY,	ENOTDIR, EISDIR, EINVAL,
				   ENODATA, ELOOP,  ENOSPC,	EDQUOT,	 EXDEV,	 EPERM,
				   ENXIO,   EMLINK, EOPNOTSUPP, ESTALE,	 EBUSY,	 ESPIPE};
	if (rc >= 0)
		return;
	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
		if (errno == fine[i])
			return;
	fprintf(stderr, "fs-mix: %s: %s\n", what, strerror(errno));
	bad = 1;
}

static int open_one(struct worker *w)
{
	char path[64];
	int direct = rnd(w, 2) ? O_DIRECT : 0;
	int fd = open(name(w, path), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | direct, 0640);
	check("open", fd);
	return fd;
}

static void do_write(struct worker *w)
{
	int fd = open_one(w);
	if (fd < 0)
		return;
	for (unsigned n = 1 + rnd(w, 8); n > 0; n--) {
		int direct = fcntl(fd, F_GETFL) & O_DIRECT;
		size_t len = 1 + rnd(w, rnd(w, 4) ? 8192 : WRITE_MAX), off = rnd(w, FILE_MAX);
		if (direct || rnd(w, 2)) {
			len = (len + 511) & ~511u;
			off &= ~511u;
		}
		memset(w->buf, (int)rnd(w, 256), len);
		check("write", pwrite(fd, w->buf, len, (off_t)off));
		if (rnd(w, 4) == 0)
			check("read", pread(fd, w->buf, len & ~511u, (off_t)(off & ~511u)));
	}
	if (rnd(w, 8) == 0)
		check("fsync", rnd(w, 2) ? fsync(fd) : fdatasync(fd));
	close(fd);
}

static void do_space(struct worker *w)
{
	static const int modes[] = {
	    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
	    FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0, FALLOC_FL_KEEP_SIZE};
	int fd = open_one(w);
	if (fd < 0)
		return;
	if (rnd(w, 3) == 0)
		check("truncate", ftruncate(fd, rnd(w, FILE_MAX)));
	else
		check("fallocate",
		      fallocate(fd, modes[rnd(w, 5)], rnd(w, FILE_MAX), 1 + rnd(w, 300000)));
	close(fd);
}

static void do_names(struct worker *w)
{
	char a[64], b[64];
	name(w, a);
	name(w, b);
	switch (rnd(w, 8)) {
	case 0:
		check("unlink", unlink(a));
		break;
	case 1:
		check("rename", rename(a, b));
		break;
	case 2:
		check("exchange", syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2));
		break;
	case 3:
		check("link", link(a, b));
		break;
	case 4:
		check("symlink", symlink(b, a));
		break;
	case 5:
		check("mkdir", mkdir(a, 0750));
		break;
	case 6:
		check("rmdir", rmdir(a));
		break;
	default:
		check("mkfifo", mkfifo(a, 0600));
		break;
	}
}

static void do_attrs(struct worker *w)
{
	char path[64], attr[32];
	struct timespec ts[2] = {{1600000000 + (long)rnd(w, 1000), 5}, {0, UTIME_NOW}};
	name(w, path);
	sprintf(attr, "trusted.x%u", rnd(w, 4));
	switch (rnd(w, 5)) {
	case 0:
		check("chmod", chmod(path, rnd(w, 01000)));
		break;
	case 1:
		check("chown", lchown(path, rnd(w, 3), rnd(w, 3)));
		break;
	case 2:
		check("utimens", utimensat(AT_FDCWD, path, ts, AT_SYMLINK_NOFOLLOW));
		break;
	case 3:
		check("setxattr", lsetxattr(path, attr, attr, rnd(w, 10), 0));
		break;
	default:
		check("removexattr", lremovexattr(path, attr));
		break;
	}
}

static void *run(void *arg)
{
	struct worker *w = arg;
	while (!bad && time(NULL) < until) {
		unsigned what = rnd(w, 10);
		if (what < 5)
			do_write(w);
		else if (what < 7)
			do_space(w);
		else if (what < 9)
			do_names(w);
		else
			do_attrs(w);
		w->done++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS_MAX];
	unsigned threads = argc > 4 ? (unsigned)atoi(argv[4]) : 4;
	unsigned long done = 0;
	if (argc < 4 || threads < 1 || threads > THREADS_MAX || chdir(argv[1]) < 0) {
		fprintf(stderr, "usage: fs-mix DIR SEED SECONDS [THREADS]\n");
		return 2;
	}
	until = time(NULL) + atoi(argv[3]);
	(void)mkdir("d0", 0755);
	(void)mkdir("d0/e", 0755);
	(void)mkdir("d1", 0755);
	for (unsigned i = 0; i < threads; i++) {
		workers[i].seed = (unsigned)atoi(argv[2]) * 100 + i;
		if (posix_memalign((void **)&workers[i].buf, 4096, WRITE_MAX + 4096))
			return 2;
		if (pthread_create(&workers[i].thread, NULL, run, &workers[i]))
			return 2;
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		done += workers[i].done;
		free(workers[i].buf);
	}
	printf("%lu operations\n", done);
	return bad;
}
