// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mount and its request loop. A request is read into a pool buffer placed so that a write's
 * payload is page-aligned; whoever needs the bytes longer keeps a reference to the buffer (S3).
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>
#include <linux/fs.h>

#include "base/mount.h"
#include "io/dp_int.h"

#define MAX_WRITE (1u << 20)
#define MAX_BACKGROUND 512u
#define HEADERS 80 /* fuse_in_header and fuse_write_in: what lies before a write's payload */
#define PAGE 4096u
/* Requests taken before completions get their turn. */
#define BURST 64
/* Interrupted or withdrawn requests in a row before the loop looks again later. */
#define MISSES 64

struct vd_path *vd_req_path(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

struct vs_inode *vd_req_inode(fuse_req_t req, fuse_ino_t ino)
{
	if (ino == FUSE_ROOT_ID)
		return vs_root(vd_req_path(req)->store);
	return (struct vs_inode *)ino;
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	conn->max_write = MAX_WRITE;
	conn->max_background = MAX_BACKGROUND;
	conn->congestion_threshold = MAX_BACKGROUND;
	conn->time_gran = 1;
	/* Truncation on open and dropping of suid bits come as changes of their own, replicated. */
	conn->want &=
	    ~(unsigned)(FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_HANDLE_KILLPRIV |
			FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS |
			FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
			FUSE_CAP_SPLICE_MOVE | FUSE_CAP_WRITEBACK_CACHE);
	conn->want |=
	    conn->capable & (FUSE_CAP_ASYNC_DIO | FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS);
}

static void gone(struct vd_path *path)
{
	if (path->front.gone || path->closing)
		return;
	path->front.gone = true;
	vd_defer(path, VD_EV_GONE);
}

/* 1: dispatched; 0: nothing there; -1: the mount is gone. */
static int take_one(struct vd_path *path, struct vp_buf *buf)
{
	struct vd_front *front = &path->front;
	ssize_t n = -1;
	buf->data = buf->mem + PAGE - HEADERS;
	for (int i = 0; i < MISSES && n < 0; i++) {
		n = read(front->fd, buf->data, VP_SIZE - PAGE + HEADERS);
		if (n < 0 && errno != EINTR && errno != ENOENT)
			break;
	}
	if (n < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENOENT ? 0 : -1;
	struct fuse_buf fbuf = {.size = (size_t)n, .mem = buf->data};
	front->current = buf;
	fuse_session_process_buf(front->se, &fbuf);
	front->current = NULL;
	return 1;
}

static struct vp_buf *request_buf(struct vd_path *path)
{
	struct vp_buf *buf = vp_get(path->pool, false);
	if (!buf) {
		path->front.stalled = true;
		vp_wait(path->pool, vd_front_resume, path);
	}
	return buf;
}

void vd_front_resume(void *ctx)
{
	struct vd_path *path = ctx;
	struct vd_front *front = &path->front;
	if (front->gone || !front->mounted || front->reading)
		return;
	front->stalled = false;
	front->reading = true;
	struct vp_buf *buf = NULL;
	int rc = 1;
	for (int i = 0; i < BURST && rc > 0; i++) {
		if (buf && buf->refs > 1) {
			vp_put(buf); /* somebody keeps the request's bytes */
			buf = NULL;
		}
		if (!buf)
			buf = request_buf(path);
		if (!buf)
			break;
		rc = take_one(path, buf);
	}
	vp_put(buf);
	front->reading = false;
	if (rc < 0)
		gone(path);
	else if (rc > 0 && !front->stalled)
		vd_defer(path, VD_EV_READ); /* there may be more */
}

static void poll_start(struct vd_path *path);

static void polled(struct vr_op *op, int res, bool more)
{
	struct vd_path *path =
	    (struct vd_path *)((char *)op - offsetof(struct vd_path, front.poll));
	if (!more)
		path->front.polling = false;
	if (path->closing || !path->front.mounted)
		return;
	if (res < 0 || (res & (POLLERR | POLLHUP))) {
		gone(path);
		return;
	}
	if (!path->front.stalled)
		vd_front_resume(path);
	if (!more && !path->front.gone)
		poll_start(path);
}

static void poll_start(struct vd_path *path)
{
	struct io_uring_sqe *sqe = vr_sqe(path->ring);
	io_uring_prep_poll_multishot(sqe, path->front.fd, POLLIN);
	path->front.poll.done = polled;
	path->front.polling = true;
	vr_attach(sqe, &path->front.poll);
}

/* The bare directory is immutable, so that nothing is written under a mount that isn't there. */
static void guard_dir(const char *dir)
{
	int flags = 0;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && !(flags & FS_IMMUTABLE_FL)) {
		flags |= FS_IMMUTABLE_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags); /* not every file system has it */
	}
	close(fd);
}

static int check_empty(struct vd_path *path, struct vt_fail *fail)
{
	DIR *dir = opendir(path->mount_dir);
	if (!dir) {
		int err = errno;
		return vt_fail(fail, -err,
			       "unit %s: can't open the mount directory %s: %s; create it",
			       path->unit, path->mount_dir, strerror(err));
	}
	int rc = 0;
	for (struct dirent *e = readdir(dir); e && rc == 0; e = readdir(dir))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = vt_fail(
			    fail, -ENOTEMPTY,
			    "unit %s: the mount directory %s isn't empty ('%.64s'); move what "
			    "is in it to the store or away",
			    path->unit, path->mount_dir, e->d_name);
	closedir(dir);
	return rc;
}

static int check_mount_dir(struct vd_path *path, struct vt_fail *fail)
{
	char type[64];
	int rc = vt_mount_at(path->mount_dir, type, sizeof type, NULL);
	if (rc > 0 && strcmp(type, VT_FUSE_SUBTYPE) != 0)
		return vt_fail(fail, -EBUSY,
			       "unit %s: a %s file system is mounted at %s; unmount it or choose "
			       "another directory for the unit",
			       path->unit, type, path->mount_dir);
	if (rc > 0)
		rc = vt_mount_detach(path->mount_dir, fail); /* left by a worker that died */
	if (rc < 0)
		return rc;
	rc = check_empty(path, fail);
	if (rc == 0)
		guard_dir(path->mount_dir);
	return rc;
}

static int mount_session(struct vd_path *path, struct vt_fail *fail)
{
	struct vd_front *front = &path->front;
	char options[256];
	snprintf(options, sizeof options,
		 "allow_other,default_permissions,subtype=vmtwin,fsname=%s", path->unit);
	char name[] = "vmtwin", flag[] = "-o";
	char *argv[] = {name, flag, options, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct fuse_lowlevel_ops ops = {.init = op_init};
	vd_front_read_ops(&ops);
	vd_front_change_ops(&ops);
	vd_front_name_ops(&ops);
	front->se = fuse_session_new(&args, &ops, sizeof ops, path);
	fuse_opt_free_args(&args);
	if (!front->se)
		return vt_fail(fail, -EIO,
			       "unit %s: can't set up FUSE; is the unit's name plain text?",
			       path->unit);
	if (fuse_session_mount(front->se, path->mount_dir) < 0) {
		int err = errno ? errno : EIO;
		return vt_fail(
		    fail, -err,
		    "unit %s: can't mount at %s: %s; is the fuse module loaded (modprobe "
		    "fuse) and are we root?",
		    path->unit, path->mount_dir, strerror(err));
	}
	front->fd = fuse_session_fd(front->se);
	int flags = fcntl(front->fd, F_GETFL);
	if (flags < 0 || fcntl(front->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return vt_fail(fail, -errno, "unit %s: can't set up the FUSE descriptor: %s",
			       path->unit, strerror(errno));
	return 0;
}

int vd_front_open(struct vd_path *path, struct vt_fail *fail)
{
	int rc = check_mount_dir(path, fail);
	if (rc < 0)
		return rc;
	rc = mount_session(path, fail);
	if (rc < 0) {
		if (path->front.se) {
			fuse_session_unmount(path->front.se);
			fuse_session_destroy(path->front.se);
		}
		return rc;
	}
	path->front.mounted = true;
	poll_start(path);
	return 0;
}

void vd_front_close(struct vd_path *path)
{
	struct vd_front *front = &path->front;
	if (!front->mounted)
		return;
	front->mounted = false;
	vp_unwait(path->pool, vd_front_resume, path);
	/* Busy: abort, so that nobody hangs in it, and detach. */
	if (umount2(path->mount_dir, UMOUNT_NOFOLLOW) < 0 && errno == EBUSY)
		(void)vt_mount_detach(path->mount_dir, NULL);
	if (front->polling)
		vr_cancel(path->ring, &front->poll);
	for (int i = 0; i < 100 && front->polling; i++)
		if (vr_step(path->ring, vt_boottime_ns() + 10000000u) < 0)
			break;
}

void vd_front_destroy(struct vd_path *path)
{
	if (!path->front.se)
		return;
	fuse_session_unmount(path->front.se); /* has been done; frees what mounting allocated */
	fuse_session_destroy(path->front.se);
	path->front.se = NULL;
}
