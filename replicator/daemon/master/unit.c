// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Units and their workers' lives. A worker holds an exclusive lock on RUN/UNIT.pid as long as it
 * lives; only when that lock is free does it count as dead, and only then is the peer told so: the
 * peer may go on alone on this word (docs/PROTOCOL.mdb).
 */
#include "daemon/master/master.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"

#define RUN_PATH_MAX 512

static void run_path(const struct vm_unit *unit, const char *suffix, char *out)
{
	snprintf(out, RUN_PATH_MAX, "%s/%s.%s", unit->m->run_dir, unit->name, suffix);
}

static void remove_run_file(const struct vm_unit *unit, const char *suffix)
{
	char path[RUN_PATH_MAX];
	run_path(unit, suffix, path);
	unlink(path);
}

/* Reads a small file's text without trailing white space; empty if there is none. A leading "unit NAME: "
 * is left out: whoever shows the text says it. */
static void read_run_file(const struct vm_unit *unit, const char *suffix, char *out, size_t cap)
{
	char path[RUN_PATH_MAX];
	run_path(unit, suffix, path);
	out[0] = '\0';
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	ssize_t n = read(fd, out, cap - 1);
	close(fd);
	size_t len = n > 0 ? (size_t)n : 0;
	while (len > 0 && (unsigned char)out[len - 1] <= ' ')
		len--;
	out[len] = '\0';
	char prefix[VT_UNIT_NAME_MAX + 16];
	int n_prefix = snprintf(prefix, sizeof prefix, "unit %s: ", unit->name);
	if (strncmp(out, prefix, (size_t)n_prefix) == 0)
		memmove(out, out + n_prefix, len + 1 - (size_t)n_prefix);
}

/* A master started later must know the resource's name to go on publishing scores. */
static void keep_rsc(const struct vm_unit *unit)
{
	char path[RUN_PATH_MAX], temp[RUN_PATH_MAX];
	run_path(unit, "rsc", path);
	run_path(unit, "rsc-new", temp);
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t n = fd < 0 ? -1 : write(fd, unit->rsc, strlen(unit->rsc));
	if (fd >= 0)
		close(fd);
	if (n != (ssize_t)strlen(unit->rsc) || rename(temp, path) != 0)
		vt_log(VT_WARN, unit->name, "%s can't be written (%s): after a restart of vmtwind "
		       "scores stay as they are until the resource is started again", path,
		       strerror(errno));
}

struct vm_unit *vm_unit_find(struct vm_master *m, const char *name)
{
	for (struct vm_unit *unit = m->units; unit; unit = unit->next)
		if (strcmp(unit->name, name) == 0)
			return unit;
	return NULL;
}

struct vm_unit *vm_unit_get(struct vm_master *m, const char *name)
{
	struct vm_unit **at = &m->units; /* kept in the order of names: status is read by people */
	while (*at && strcmp((*at)->name, name) < 0)
		at = &(*at)->next;
	if (*at && strcmp((*at)->name, name) == 0)
		return *at;
	if (m->unit_count == VM_UNITS_MAX)
		return NULL;
	struct vm_unit *unit = calloc(1, sizeof *unit);
	if (!unit)
		return NULL;
	unit->m = m;
	unit->fd = unit->pidfd = -1;
	snprintf(unit->name, sizeof unit->name, "%s", name);
	vm_queue_init(&unit->out);
	read_run_file(unit, "rsc", unit->rsc, sizeof unit->rsc);
	unit->next = *at;
	*at = unit;
	m->unit_count++;
	return unit;
}

bool vm_unit_alive(struct vm_unit *unit)
{
	char path[RUN_PATH_MAX];
	run_path(unit, "pid", path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT; /* unreadable: never take it for dead */
	bool held = flock(fd, LOCK_SH | LOCK_NB) != 0;
	close(fd);
	return held;
}

void vm_unit_load_conf(struct vm_unit *unit)
{
	struct vt_fail fail = {0};
	int rc = vt_unitconf_load(&unit->conf, unit->m->unit_dir, unit->name, &fail);
	unit->has_conf = rc == 0;
	if (rc == 0 && unit->conf_error != 0)
		unit->trouble[0] = '\0'; /* it was that */
	unit->conf_error = rc;
	if (rc < 0)
		snprintf(unit->trouble, sizeof unit->trouble, "%s",
			 fail.text[0] ? fail.text : strerror(-rc));
}

static void gone(struct vm_unit *unit)
{
	char last_words[256];
	read_run_file(unit, "error", last_words, sizeof last_words);
	if (unit->stopping)
		vt_log(VT_INFO, unit->name, "the worker (pid %d) has stopped", (int)unit->pid);
	else
		vt_log(VT_ERR, unit->name, "the worker (pid %d) died%s%s; see %s/%s.log",
		       (int)unit->pid, last_words[0] ? ": " : "", last_words, VT_LOG_DIR, unit->name);
	if (unit->incarnation != 0) {
		struct vg_msg msg = {.kind = VG_UNIT_DOWN, .u.incarnation = unit->incarnation};
		memcpy(msg.unit, unit->name, sizeof msg.unit);
		vm_group_send(unit->m, &msg);
	}
	remove_run_file(unit, "sock");
	if (unit->pidfd >= 0)
		close(unit->pidfd);
	unit->pidfd = -1;
	unit->pid = 0;
	unit->incarnation = 0;
	unit->peer_node = 0;
	unit->has_status = unit->silent = false;
	unit->state = VM_DOWN;
	if (!unit->stopping)
		snprintf(unit->trouble, sizeof unit->trouble, "the worker died%s%s",
			 last_words[0] ? ": " : "", last_words);
	vm_control_gone(unit, unit->trouble);
	unit->stopping = false;
	vm_publish(unit);
	vm_send_status(unit);
}

static bool process_ended(const struct vm_unit *unit)
{
	struct pollfd p = {.fd = unit->pidfd, .events = POLLIN};
	return unit->pidfd < 0 || (poll(&p, 1, 0) == 1 && p.revents);
}

/* Dead or only disconnected? Its lock may outlive the process by a moment (closing of files). */
static void on_look(void *data)
{
	struct vm_unit *unit = data;
	unit->timer = 0;
	/* A pid file that somebody removed is no lock that was released. */
	if (!vm_unit_alive(unit) && process_ended(unit)) {
		gone(unit);
		return;
	}
	if (!process_ended(unit)) {
		unit->state = VM_SEEKING;
		vm_worker_seek(unit, VM_CONNECT_INTERVAL_MS);
		return;
	}
	if (++unit->tries == VM_DEATH_TRIES) {
		snprintf(unit->trouble, sizeof unit->trouble,
			 "the worker's process %d ended but something still holds the lock on "
			 "%s/%s.pid: find it with fuser and end it",
			 (int)unit->pid, unit->m->run_dir, unit->name);
		vt_log(VT_ERR, unit->name, "%s", unit->trouble);
		vm_control_gone(unit, unit->trouble);
	}
	vm_timer(unit->m, &unit->timer,
		 unit->tries < VM_DEATH_TRIES ? VM_DEATH_INTERVAL_MS : VM_RECONNECT_INTERVAL_MS,
		 unit, on_look);
}

void vm_unit_silent(struct vm_unit *unit)
{
	if (unit->silent || unit->state != VM_ATTACHED)
		return;
	unit->silent = true;
	snprintf(unit->trouble, sizeof unit->trouble,
		 "the worker (pid %d) does not answer: it hangs, or its disk does; Pacemaker stops the "
		 "unit here, or end it by hand: kill -9 %d",
		 (int)unit->pid, (int)unit->pid);
	vt_log(VT_ERR, unit->name, "%s", unit->trouble);
	vm_publish(unit);
	vm_send_status(unit);
}

static void no_longer_silent(struct vm_unit *unit)
{
	unit->silent = false;
	unit->trouble[0] = '\0';
	vt_log(VT_NOTICE, unit->name, "the worker (pid %d) answers again", (int)unit->pid);
	vm_publish(unit);
	vm_send_status(unit);
}

void vm_unit_disconnected(struct vm_unit *unit)
{
	vm_worker_close(unit);
	unit->state = VM_DYING;
	unit->tries = 0;
	on_look(unit);
}

void vm_unit_child_ended(struct vm_unit *unit, int status)
{
	char text[256];
	pid_t pid = unit->child;
	unit->child = 0;
	if (unit->state != VM_STARTING) {
		/* Connected: the socket's end says it, after its last words. Seeking: look. */
		if (unit->state == VM_SEEKING)
			vm_unit_disconnected(unit);
		return;
	}
	vm_worker_close(unit);
	unit->state = VM_DOWN;
	remove_run_file(unit, "sock");
	read_run_file(unit, "error", text, sizeof text);
	if (text[0])
		snprintf(unit->trouble, sizeof unit->trouble, "%s", text);
	else
		snprintf(unit->trouble, sizeof unit->trouble,
			 "the worker (pid %d) ended with %s %d before it was ready; see %s/%s.log",
			 (int)pid, WIFSIGNALED(status) ? "signal" : "status",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), VT_LOG_DIR,
			 unit->name);
	vt_log(VT_ERR, unit->name, "the worker did not start: %s", unit->trouble);
	vm_control_refuse(unit, -EIO, unit->trouble);
	vm_control_gone(unit, unit->trouble);
	vm_publish(unit);
}

static int spawn_worker(struct vm_unit *unit, struct vt_fail *fail)
{
	struct vm_master *m = unit->m;
	char *argv[10];
	int n = 0;
	argv[n++] = (char *)(uintptr_t)m->worker_path;
	if (strcmp(m->run_dir, VT_RUN_DIR) != 0) { /* tests */
		argv[n++] = (char *)(uintptr_t)"--run-dir";
		argv[n++] = (char *)(uintptr_t)m->run_dir;
		argv[n++] = (char *)(uintptr_t)"--conf-dir";
		argv[n++] = (char *)(uintptr_t)m->unit_dir;
	}
	if (strcmp(m->vmdown_path, VT_VMDOWN_PATH) != 0) {
		argv[n++] = (char *)(uintptr_t)"--vmdown";
		argv[n++] = (char *)(uintptr_t)m->vmdown_path;
	}
	argv[n++] = unit->name; /* last: by that the agents know whose worker it is (ra/worker.h) */
	argv[n] = NULL;
	remove_run_file(unit, "sock");
	remove_run_file(unit, "error");
	pid_t pid = vt_spawn(argv, -1, 1);
	if (pid < 0)
		return vt_fail(fail, pid, "unit %s: the worker %s can't be started: %s", unit->name,
			       m->worker_path, strerror(-pid));
	unit->child = pid;
	unit->pid = pid;
	unit->stopping = false;
	unit->incarnation = 0;
	unit->state = VM_STARTING;
	vt_log(VT_INFO, unit->name, "worker started (pid %d)", (int)pid);
	vm_worker_seek(unit, VM_CONNECT_INTERVAL_MS);
	return 0;
}

int vm_unit_start(struct vm_unit *unit, const char *rsc, struct vt_fail *fail)
{
	if (rsc && *rsc && strlen(rsc) < sizeof unit->rsc && strcmp(rsc, unit->rsc) != 0) {
		snprintf(unit->rsc, sizeof unit->rsc, "%s", rsc);
		unit->score.valid = false;
		keep_rsc(unit);
	}
	if (unit->state != VM_DOWN)
		return 0;
	unit->trouble[0] = '\0';
	vm_unit_load_conf(unit);
	if (!unit->has_conf || vm_check_hosts(unit) < 0)
		return vt_fail(fail, -EINVAL, "unit %s: %s", unit->name, unit->trouble);
	if (vm_unit_alive(unit)) {
		unit->state = VM_SEEKING;
		vm_worker_seek(unit, 0);
		return 0;
	}
	return spawn_worker(unit, fail);
}

static void greet(struct vm_unit *unit, const struct vw_hello *hello)
{
	if (unit->state != VM_CONNECTED)
		return; /* a second greeting says nothing new */
	if (strcmp(hello->unit, unit->name) != 0) {
		vt_log(VT_ERR, unit->name, "the worker at this unit's socket serves unit %s",
		       hello->unit);
		return; /* the greeting stays overdue: the connection is closed */
	}
	if (unit->pid != (pid_t)hello->pid)
		vt_log(VT_WARN, unit->name, "the worker calls itself pid %u, the kernel says %d",
		       hello->pid, (int)unit->pid);
	vm_timer_stop(unit->m, &unit->timer);
	unit->incarnation = hello->incarnation;
	unit->state = VM_GREETED;
	vt_log(VT_INFO, unit->name, "connected to the worker (pid %d, incarnation %016llx)",
	       (int)unit->pid, (unsigned long long)unit->incarnation);
	vm_attach(unit);
}

static void multicast(struct vm_unit *unit, const struct vw_cpg *send)
{
	struct vg_msg msg = {.kind = VG_UNIT_MESSAGE};
	memcpy(msg.unit, unit->name, sizeof msg.unit);
	msg.u.message.len = send->len;
	memcpy(msg.u.message.payload, send->payload, send->len);
	vm_group_send(unit->m, &msg);
}

void vm_unit_message(struct vm_unit *unit, struct vw_msg *msg)
{
	if (unit->silent)
		no_longer_silent(unit);
	switch (msg->type) {
	case VW_HELLO:
		greet(unit, &msg->u.hello);
		break;
	case VW_SEND:
		multicast(unit, &msg->u.cpg);
		break;
	case VW_REPLY:
		vm_control_reply(unit, &msg->u.request);
		break;
	case VW_STATUS:
		unit->status = msg->u.status;
		unit->has_status = true;
		vm_publish(unit);
		vm_send_status(unit);
		break;
	case VW_ASK_FENCE_STATE:
		vm_fence_ask(unit->m);
		break;
	case VW_FENCE_PEER:
		vm_fence_peer(unit, msg->u.text.text);
		break;
	default:
		vt_log(VT_WARN, unit->name, "the worker sent message %d, which is for workers",
		       (int)msg->type);
	}
}

/* The unit named by a file NAME.suffix of the run directory, or NULL. */
static struct vm_unit *unit_of_file(struct vm_master *m, const char *file)
{
	static const char *const suffixes[] = {".sock", ".pid", ".rsc"};
	char name[VT_UNIT_NAME_MAX + 1];
	const char *dot = strrchr(file, '.');
	if (!dot || dot == file || (size_t)(dot - file) >= sizeof name)
		return NULL;
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		if (strcmp(dot, suffixes[i]) != 0)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)(dot - file), file);
		return vt_unit_name_ok(name) && strcmp(file, "vmtwind.pid") != 0
			   ? vm_unit_get(m, name)
			   : NULL;
	}
	return NULL;
}

void vm_units_scan(struct vm_master *m)
{
	DIR *dir = opendir(m->run_dir);
	if (!dir)
		return;
	for (const struct dirent *entry; (entry = readdir(dir));) {
		struct vm_unit *unit = unit_of_file(m, entry->d_name);
		if (!unit || unit->state != VM_DOWN)
			continue;
		if (vm_unit_alive(unit)) {
			unit->state = VM_SEEKING;
			vm_worker_seek(unit, 0);
		} else {
			remove_run_file(unit, "sock");
			vm_publish(unit); /* what an earlier master published is no longer true */
		}
	}
	closedir(dir);
}
