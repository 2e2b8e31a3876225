// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwind: arguments, the lock that makes it one a host, signals, the loop. */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void vm_timer(struct vm_master *m, qb_loop_timer_handle *timer, unsigned ms, void *data,
	      qb_loop_timer_dispatch_fn fn)
{
	vm_timer_stop(m, timer);
	qb_loop_timer_add(m->loop, QB_LOOP_MED, (uint64_t)ms * 1000000, data, fn, timer);
}

void vm_timer_stop(struct vm_master *m, qb_loop_timer_handle *timer)
{
	if (*timer)
		qb_loop_timer_del(m->loop, *timer);
	*timer = 0;
}

void vm_exit(struct vm_master *m, int code)
{
	if (vm_end_holds(m))
		return;
	if (!m->closing)
		m->exit_code = code;
	m->closing = true;
	qb_loop_stop(m->loop);
}

void vm_queue_init(struct vm_queue *q)
{
	q->first = NULL;
	q->last = &q->first;
	q->count = 0;
}

int vm_queue_add(struct vm_queue *q, const void *data, size_t len)
{
	struct vm_packet *p = malloc(sizeof *p + len);
	if (!p)
		return -ENOMEM;
	p->next = NULL;
	p->len = len;
	memcpy(p->data, data, len);
	*q->last = p;
	q->last = &p->next;
	q->count++;
	return 0;
}

void vm_queue_pop(struct vm_queue *q)
{
	struct vm_packet *p = q->first;
	q->first = p->next;
	if (!q->first)
		q->last = &q->first;
	q->count--;
	free(p);
}

void vm_queue_clear(struct vm_queue *q)
{
	while (q->first)
		vm_queue_pop(q);
}

static int32_t on_child_signal(int32_t signal_number, void *data)
{
	(void)signal_number;
	vm_reap(data);
	return 0;
}

/*
 * The group is not left politely: to the peer the end of a master is the end of its token (docs/PROTOCOL.md),
 * and a clean leave is something that a unit says, not its master.
 */
static int32_t on_end_signal(int32_t signal_number, void *data)
{
	vt_log(VT_NOTICE, NULL, "ending on signal %d; workers go on", signal_number);
	vm_exit(data, 0);
	return 0;
}

static int take_lock(struct vm_master *m)
{
	char path[512], pid[32];
	if (mkdir(m->run_dir, 0700) != 0 && errno != EEXIST) {
		vt_log(VT_ERR, NULL, "%s can't be made: %s", m->run_dir, strerror(errno));
		return -1;
	}
	snprintf(path, sizeof path, "%s/vmtwind.pid", m->run_dir);
	m->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (m->lock_fd < 0) {
		vt_log(VT_ERR, NULL, "%s can't be opened: %s", path, strerror(errno));
		return -1;
	}
	if (flock(m->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		vt_log(VT_ERR, NULL, "another vmtwind runs on this host (it holds %s); "
		       "only one may", path);
		return -1;
	}
	int n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(m->lock_fd, 0) != 0 || write(m->lock_fd, pid, (size_t)n) != n)
		vt_log(VT_WARN, NULL, "%s can't be written: %s", path, strerror(errno));
	return 0;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: vmtwind [--foreground] [--run-dir DIR] [--unit-dir DIR] [--worker FILE]\n"
		"               [--host-conf FILE] [--fencewatch FILE] [--witness FILE] [--vmdown FILE] [--sysrq FILE] [--debug]\n"
		"The master of vmtwin, one a host. It stays in the foreground always; systemd starts\n"
		"it (vmtwind.service). The options after --foreground serve tests.\n");
	return 2;
}

static int parse(struct vm_master *m, int argc, char **argv)
{
	static const struct option options[] = {
	    {"foreground", no_argument, NULL, 'f'},	{"run-dir", required_argument, NULL, 'r'},
	    {"unit-dir", required_argument, NULL, 'u'}, {"worker", required_argument, NULL, 'w'},
	    {"fencewatch", required_argument, NULL, 'n'}, {"vmdown", required_argument, NULL, 'v'},
	    {"host-conf", required_argument, NULL, 'c'}, {"witness", required_argument, NULL, 'p'},
	    {"debug", no_argument, NULL, 'd'}, {"sysrq", required_argument, NULL, 's'}, {0},
	};
	enum vt_level level = VT_INFO;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'f':
			break;
		case 'r':
			m->run_dir = optarg;
			break;
		case 'u':
			m->unit_dir = optarg;
			break;
		case 'w':
			m->worker_path = optarg;
			break;
		case 'n':
			m->watcher_path = optarg;
			break;
		case 'c':
			m->host_conf = optarg;
			break;
		case 'p':
			m->witness_path = optarg;
			break;
		case 's':
			m->sysrq_path = optarg;
			break;
		case 'v':
			m->vmdown_path = optarg;
			break;
		case 'd':
			level = VT_DEBUG;
			break;
		default:
			return usage();
		}
	}
	vt_log_setup("vmtwind", level);
	return optind < argc ? usage() : 0;
}

static int run(struct vm_master *m)
{
	struct vt_fail fail = {0};
	signal(SIGPIPE, SIG_IGN);
	m->loop = qb_loop_create(); /* the first one: io/ipcs.c relies on libqb's default */
	if (!m->loop) {
		vt_log(VT_ERR, NULL, "no event loop: out of memory");
		return 1;
	}
	qb_loop_signal_add(m->loop, QB_LOOP_HIGH, SIGCHLD, m, on_child_signal, NULL);
	qb_loop_signal_add(m->loop, QB_LOOP_HIGH, SIGTERM, m, on_end_signal, NULL);
	qb_loop_signal_add(m->loop, QB_LOOP_HIGH, SIGINT, m, on_end_signal, NULL);
	if (vm_control_open(m, &fail) < 0) {
		vt_log(VT_ERR, NULL, "%s", fail.text);
		return 1;
	}
	vt_log(VT_NOTICE, NULL, "started");
	vm_units_scan(m);
	vm_fence_start(m);
	vm_witness_start(m);
	vm_end_start(m);
	vm_guard_start(m);
	vm_cluster_start(m);
	if (!m->closing)
		qb_loop_run(m->loop);
	vm_cluster_close(m);
	vm_fence_stop(m);
	vm_guard_stop(m);
	vm_witness_stop(m);
	vt_ipcs_close(m->ipcs);
	return m->exit_code;
}

int main(int argc, char **argv)
{
	static struct vm_master m = {
	    /* large */
	    .run_dir = VT_RUN_DIR,
	    .unit_dir = VT_UNIT_DIR,
	    .host_conf = VT_HOST_CONF,
	    .worker_path = VT_WORKER_PATH,
	    .watcher_path = VT_FENCEWATCH_PATH,
	    .witness_path = VT_WITNESS_PATH,
	    .vmdown_path = VT_VMDOWN_PATH,
	    .sysrq_path = "/proc/sysrq-trigger",
	    .watcher.helper.fd = -1,
	    .witness.prober.fd = -1,
	};
	vm_queue_init(&m.group_out);
	int rc = parse(&m, argc, argv);
	if (rc != 0)
		return rc;
	if (geteuid() != 0) {
		vt_log(VT_ERR, NULL, "must run as root");
		return 1;
	}
	return take_lock(&m) < 0 ? 1 : run(&m);
}
