// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl-standin DIR: answers the control protocol in vmtwind's place, for the agents' contract tests.
 * Its workers are processes called as workers are, that hold the pid file's lock and a FUSE mount
 * which nobody serves; they outlive it, as the real ones do. Requests are written to
 * DIR/log; DIR/fault, read at each request, holds lines of "COMMAND FAULT":
 *
 *	hang		no answer, ever
 *	slow MS		the answer comes late
 *	again N		-EAGAIN, N times
 *	refuse RC TEXT	that rc with that text
 *	failed TEXT	(monitor) the unit failed
 *	waiting N	(fence) state=waiting N times for one id, then done
 *	state WORD TEXT	that state with that text
 *	nostate		no state in the answer
 *	norc		no rc, but state=done
 *	need MS		(fence-ready) that need_ms
 *
 * Its cluster has the nodes one, which it is itself, and two; fencing is done at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <qb/qbloop.h>

#include "base/mount.h"
#include "base/paths.h"
#include "base/unitconf.h"
#include "io/ipcs.h"

#define UNITS_MAX 8

struct unit {
	char name[VT_UNIT_NAME_MAX + 1];
	pid_t worker; /* 0: none */
	bool primary;
	struct vt_unitconf conf;
};

struct standin {
	const char *dir;
	long again; /* how often -EAGAIN was answered in a row */
	long waited; /* how often "waiting" was answered for fence_id */
	char fence_id[24];
	struct unit units[UNITS_MAX];
};

static void log_request(const struct standin *s, const struct vt_kv *kv)
{
	char path[PATH_MAX];
	const char *key, *value;
	snprintf(path, sizeof path, "%s/log", s->dir);
	FILE *f = fopen(path, "a");
	if (!f)
		return;
	for (size_t pos = 0; vt_kv_next(kv, &pos, &key, &value);)
		fprintf(f, "%s=%s ", key, value);
	fputc('\n', f);
	fclose(f);
}

/* The fault for cmd: its words after the command in out, or false. */
static bool find_fault(const struct standin *s, const char *cmd, char *out, size_t cap)
{
	char path[PATH_MAX], line[256];
	bool found = false;
	snprintf(path, sizeof path, "%s/fault", s->dir);
	FILE *f = fopen(path, "r");
	while (f && !found && fgets(line, sizeof line, f)) {
		size_t n = strlen(cmd);
		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, cmd, n) == 0 && line[n] == ' ';
		if (found)
			snprintf(out, cap, "%s", line + n + 1);
	}
	if (f)
		fclose(f);
	return found;
}

static struct unit *find_unit(struct standin *s, const char *name)
{
	for (int i = 0; i < UNITS_MAX; i++)
		if (strcmp(s->units[i].name, name) == 0)
			return &s->units[i];
	return NULL;
}

/* Runs in the worker: the lock, the pid, the mount; then nothing until SIGTERM. */
static char *last_argument; /* of this program: DIR, longer than any unit's name in the tests */

static void be_worker(const struct unit *u, int ready_fd)
{
	char path[PATH_MAX], opts[128];
	sigset_t term;
	int sig;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	/* the server's sockets must not live on here: they would look like a server that hangs */
	ready_fd = dup2(ready_fd, 3);
	if (ready_fd != 3 || close_range(4, ~0U, 0) != 0)
		_exit(1);
	prctl(PR_SET_NAME, "vmtwin-worker");
	size_t room = strlen(last_argument) + 1; /* as it is seen from outside */
	memset(last_argument, 0, room);
	snprintf(last_argument, room, "%s", u->name);
	snprintf(path, sizeof path, "%s/%s.pid", VT_RUN_DIR, u->name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0 || fuse < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || ftruncate(fd, 0) != 0 ||
	    dprintf(fd, "%d\n", (int)getpid()) < 0)
		_exit(1);
	snprintf(opts, sizeof opts, "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (mount("vmtwin", u->conf.directory, VT_FUSE_SUBTYPE, MS_NOSUID | MS_NODEV, opts) != 0)
		_exit(1);
	if (write(ready_fd, "r", 1) != 1)
		_exit(1);
	close(ready_fd);
	sigwait(&term, &sig);
	umount2(u->conf.directory, MNT_DETACH);
	_exit(0);
}

static int start_worker(struct unit *u)
{
	char byte;
	int ready[2];
	if (pipe2(ready, O_CLOEXEC) != 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0)
		be_worker(u, ready[1]);
	close(ready[1]);
	ssize_t n = read(ready[0], &byte, 1);
	close(ready[0]);
	if (pid < 0 || n != 1)
		return -EIO;
	u->worker = pid;
	return 0;
}

static int do_start(struct standin *s, const char *name)
{
	struct unit *u = find_unit(s, name);
	if (!u)
		u = find_unit(s, "");
	if (!u)
		return -ENOSPC;
	if (u->worker && waitpid(u->worker, NULL, WNOHANG) == 0)
		return 0;
	u->worker = 0;
	u->primary = false;
	int rc = vt_unitconf_load(&u->conf, VT_UNIT_DIR, name, NULL);
	if (rc == 0) {
		snprintf(u->name, sizeof u->name, "%s", name);
		rc = start_worker(u);
	}
	return rc;
}

static int do_stop(struct unit *u)
{
	if (u->worker) {
		kill(u->worker, SIGTERM);
		waitpid(u->worker, NULL, 0);
	}
	u->worker = 0;
	u->primary = false;
	u->name[0] = '\0';
	return 0;
}

static int handle(struct standin *s, const char *cmd, const char *name, struct vt_kv *reply)
{
	struct unit *u = name[0] ? find_unit(s, name) : NULL;
	if (u && u->worker && waitpid(u->worker, NULL, WNOHANG) != 0)
		u->worker = 0;
	bool runs = u && u->worker;
	if (strcmp(cmd, "start") == 0)
		return do_start(s, name);
	if (strcmp(cmd, "monitor") == 0) {
		vt_kv_add(reply, "role", "%s",
			  !runs	       ? "stopped"
			  : u->primary ? "primary"
				       : "secondary");
		return 0;
	}
	if (strcmp(cmd, "stop") == 0)
		return u ? do_stop(u) : -ENOENT;
	if (!runs)
		return -ENOENT;
	if (strcmp(cmd, "promote") == 0)
		u->primary = true;
	else if (strcmp(cmd, "demote") == 0)
		u->primary = false;
	else if (strcmp(cmd, "fail-held") != 0)
		return -EINVAL;
	return 0;
}

/* The answers about fencing; fault as it was found, or "". The rc, or -1: an answer without one. */
static int fencing(struct standin *s, const char *cmd, const struct vt_kv *kv, char *fault, struct vt_kv *reply)
{
	const char *id = vt_kv_get(kv, "id");
	char *arg = strchr(fault, ' ');
	if (arg)
		*arg++ = '\0';
	if (strcmp(cmd, "fence-ready") == 0) {
		vt_kv_add(reply, "nodes", "one two");
		vt_kv_add(reply, "self", "one");
		vt_kv_add(reply, "need_ms", "%s", strcmp(fault, "need") == 0 && arg ? arg : "2000");
		return 0;
	}
	if (id && strcmp(id, s->fence_id) != 0) {
		snprintf(s->fence_id, sizeof s->fence_id, "%s", id);
		s->waited = 0;
	}
	long left = strcmp(fault, "waiting") == 0 ? atol(arg ? arg : "0") - s->waited++ : 0;
	if (left > 0) {
		vt_kv_add(reply, "state", "waiting");
		vt_kv_add(reply, "text", "two is not heard, %ld s more", left);
		vt_kv_add(reply, "left_ms", "%ld", left * 500);
	} else if (strcmp(fault, "state") == 0) {
		char *text = arg ? strchr(arg, ' ') : NULL;
		vt_kv_add(reply, "state", "%.*s", arg ? (int)strcspn(arg, " ") : 0, arg ? arg : "");
		vt_kv_add(reply, "text", "%s", text ? text + 1 : "");
	} else if (strcmp(fault, "nostate") != 0) {
		vt_kv_add(reply, "state", strcmp(cmd, "fence") == 0 ? "done" : "on");
		vt_kv_add(reply, "text", "two is as it is");
	}
	return strcmp(fault, "norc") == 0 ? -1 : 0;
}

static void answer(struct vt_ipcs_conn *conn, struct vt_kv *reply, int rc, const char *text)
{
	vt_kv_add(reply, "rc", "%d", rc);
	if (rc != 0)
		vt_kv_add(reply, "text", "%s", text ? text : strerror(-rc));
	vt_ipcs_reply(conn, reply);
}

/* Applies the fault; true if the request has been dealt with. */
static bool apply_fault(struct standin *s, struct vt_ipcs_conn *conn, char *fault,
			struct vt_kv *reply)
{
	char *arg = strchr(fault, ' ');
	if (arg)
		*arg++ = '\0';
	if (strcmp(fault, "hang") == 0)
		return true;
	if (strcmp(fault, "slow") == 0)
		poll(NULL, 0, atoi(arg ? arg : "0"));
	if (strcmp(fault, "again") == 0 && s->again < atol(arg ? arg : "0")) {
		s->again++;
		answer(conn, reply, -EAGAIN, "evidence is lacking that the peer is down");
		return true;
	}
	if (strcmp(fault, "refuse") == 0) {
		char *text = arg ? strchr(arg, ' ') : NULL;
		answer(conn, reply, atoi(arg ? arg : "0"), text ? text + 1 : NULL);
		return true;
	}
	if (strcmp(fault, "failed") == 0) {
		vt_kv_add(reply, "failed", "1");
		vt_kv_add(reply, "reason", "%s", arg ? arg : "");
	}
	return false;
}

static void on_request(void *ctx, struct vt_ipcs_conn *conn, const struct vt_kv *kv)
{
	struct standin *s = ctx;
	struct vt_kv reply;
	char fault[256] = "", words[256];
	const char *cmd = vt_kv_get(kv, "cmd");
	const char *unit = vt_kv_get(kv, "unit");
	vt_kv_init(&reply);
	log_request(s, kv);
	bool faulty = cmd && find_fault(s, cmd, fault, sizeof fault);
	snprintf(words, sizeof words, "%s", fault);
	if (faulty && apply_fault(s, conn, words, &reply))
		return;
	if (cmd && strncmp(cmd, "fence", 5) == 0) {
		if (fencing(s, cmd, kv, fault, &reply) == 0)
			vt_kv_add(&reply, "rc", "0");
		vt_ipcs_reply(conn, &reply);
		return;
	}
	s->again = 0;
	answer(conn, &reply, handle(s, cmd ? cmd : "", unit ? unit : "", &reply), NULL);
}

static void on_closed(void *ctx, struct vt_ipcs_conn *conn)
{
	(void)ctx;
	(void)conn;
}

int main(int argc, char **argv)
{
	const struct vt_ipcs_ops ops = {.request = on_request, .closed = on_closed};
	struct standin s = {.dir = argc == 2 ? argv[1] : NULL};
	struct vt_fail fail = {.code = 0};
	struct vt_ipcs *ipcs;
	if (!s.dir) {
		fprintf(stderr, "usage: ctl-standin DIR\n");
		return 2;
	}
	last_argument = argv[1];
	mkdir(VT_RUN_DIR, 0700);
	qb_loop_t *loop = qb_loop_create();
	if (!loop || vt_ipcs_open(&ipcs, VT_IPC_NAME, &ops, &s, &fail) != 0) {
		fprintf(stderr, "ctl-standin: %s\n", fail.text);
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	qb_loop_run(loop);
	vt_ipcs_close(ipcs);
	return 0;
}
