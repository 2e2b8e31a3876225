// SPDX-License-Identifier: GPL-2.0-or-later
/* vmtwin-worker UNIT: started by vmtwind, serves one unit until it is stopped. */
#include "daemon/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mount.h"
#include "base/paths.h"

/* Room for all requests that FUSE has under way (512 held writes must not stall reads) and for the
 * stream; memory is used only as far as it is touched. */
#define POOL_BUFFERS 768
#define OPEN_FILES 65536
#define RING_ENTRIES 1024

static void leave_error(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return; /* the log has it */
	ssize_t ignored = write(fd, text, strlen(text));
	(void)ignored;
	close(fd);
}

void wk_die(struct worker *w, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	vt_log(VT_ERR, w->conf.name, "%s", text);
	leave_error(w->paths.error, text);
	/* Held writes are never left hanging (TRAPS 19): the end of the process ends the FUSE
	 * connection, and a mount without one helps nobody. */
	if (w->path)
		vt_mount_detach(w->conf.directory, NULL);
	unlink(w->paths.sock);
	exit(1);
}

static void set_paths(struct worker *w, const char *run_dir, const char *log_dir)
{
	struct wk_paths *p = &w->paths;
	const char *name = w->conf.name;
	snprintf(p->sock, sizeof p->sock, "%s/%s.sock", run_dir, name);
	snprintf(p->pid, sizeof p->pid, "%s/%s.pid", run_dir, name);
	snprintf(p->error, sizeof p->error, "%s/%s.error", run_dir, name);
	snprintf(p->story, sizeof p->story, "%s/%s.log", log_dir, name);
	snprintf(p->data, sizeof p->data, "%s/data", w->conf.store);
	snprintf(p->meta, sizeof p->meta, "%s/meta", w->conf.store);
}

/* The pid file's lock is held for life: a free lock proves that the worker is dead. */
static void take_pid_file(struct worker *w)
{
	char text[16];
	int fd = open(w->paths.pid, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		wk_die(w, "unit %s: cannot open %s: %s", w->conf.name, w->paths.pid,
		       strerror(errno));
	/* An agent that asks whether a worker lives holds the lock for an instant. */
	int tries = 20;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0 && --tries > 0)
		usleep(50000);
	if (tries == 0)
		wk_die(w, "unit %s: another worker of this unit is running on this host (%s is "
			  "locked); stop the unit before starting it again",
		       w->conf.name, w->paths.pid);
	int n = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
		wk_die(w, "unit %s: cannot write %s: %s", w->conf.name, w->paths.pid,
		       strerror(errno));
}

static void open_metadata(struct worker *w)
{
	struct vt_fail fail = {0};
	int damaged = 0;
	if (vm_file_open(&w->meta, w->paths.meta, &w->first, &damaged, &fail) < 0)
		wk_die(w, "unit %s: %s", w->conf.name, fail.text);
	if (!damaged)
		return;
	vm_distrust(&w->first);
	vt_log(VT_WARN, w->conf.name,
	       "one metadata slot in %s was damaged, or a write to it was lost; the newest whole one "
	       "is used, and the other is written anew at the next change. This host waits for the "
	       "other host before its data is used. Check the disk",
	       w->paths.meta);
}

static void read_boot_id(struct worker *w, uint8_t boot_id[16])
{
	char text[64] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	unsigned digits = 0;
	for (ssize_t i = 0; i < n && digits < 32; i++) {
		char digit[2] = {text[i], 0};
		if (!strchr("0123456789abcdef", text[i]))
			continue;
		unsigned v = (unsigned)strtoul(digit, NULL, 16);
		boot_id[digits / 2] = (uint8_t)(digits % 2 ? boot_id[digits / 2] | v : v << 4);
		digits++;
	}
	if (digits != 32)
		wk_die(w, "unit %s: cannot read this boot's id from /proc", w->conf.name);
}

/* A promotion waits until fencing could have been asked for: that clock starts anew with each. */
static uint32_t promote_wait_ms(uint32_t outdate_timeout_ms)
{
	uint32_t asked_ms = VC_RECONNECT_MS + outdate_timeout_ms + 1500;
	return asked_ms > WK_PROMOTE_WAIT_MS ? asked_ms : WK_PROMOTE_WAIT_MS;
}

static void begin_core(struct worker *w)
{
	int slot = vt_unitconf_slot(&w->conf, w->who.self_name);
	if (slot < 0)
		wk_die(w, "unit %s: this host is %s in the cluster, but the unit's file names %s and "
			  "%s; correct `hosts` there",
		       w->conf.name, w->who.self_name, w->conf.hosts[0], w->conf.hosts[1]);
	struct vc_config config = {
	    .slot = (unsigned)slot,
	    .incarnation = w->core.config.incarnation,
	    .port = w->conf.port,
	    .lease_ms = w->conf.lease_ms,
	    .manual_failover = w->conf.manual_failover,
	    .outdate_timeout_ms = w->conf.outdate_timeout_ms,
	    .promote_wait_ms = promote_wait_ms(w->conf.outdate_timeout_ms),
	};
	read_boot_id(w, config.boot_id);
	vc_init(&w->core, &config, &w->first);
}

void wk_open(struct worker *w)
{
	struct vt_fail fail = {0};
	begin_core(w);
	wk_link_open(w);
	struct vd_config config = {
	    .unit = w->conf.name,
	    .data_dir = w->paths.data,
	    .mount_dir = w->conf.directory,
	};
	struct vd_events events = wk_path_events(w);
	if (vd_open(&w->path, w->ring, w->pool, &config, &events, &fail) < 0)
		wk_die(w, "%s", fail.text);
	vd_set_link(w->path, w->link);
	w->opened = true;
	wk_story(w, w->first.standing == VC_SOLO ? VC_R_STARTED_SOLO : VC_R_STARTED);
	wk_tick_start(w);
}

static void usage(void)
{
	fprintf(stderr, "usage: vmtwin-worker [--conf-dir DIR] [--run-dir DIR] [--log-dir DIR] UNIT\n"
			"Started by vmtwind; see vmtwin(8).\n");
	exit(64);
}

static void start(struct worker *w, const char *conf_dir, const char *run_dir, const char *log_dir,
		  const char *unit)
{
	struct vt_fail fail = {0};
	snprintf(w->conf.name, sizeof w->conf.name, "%s", unit);
	set_paths(w, run_dir, log_dir);
	if (vt_unitconf_load(&w->conf, conf_dir, unit, &fail) < 0)
		wk_die(w, "unit %s: %s", unit, fail.text);
	set_paths(w, run_dir, log_dir);
	mkdir(log_dir, 0750);
	take_pid_file(w);
	unlink(w->paths.error);
	open_metadata(w);
	int res = vr_open(&w->ring, RING_ENTRIES);
	if (res < 0)
		wk_die(w, "unit %s: io_uring is not available: %s (Linux 5.19 or newer is needed, and "
			  "kernel.io_uring_disabled must be 0)",
		       unit, strerror(-res));
	w->pool = vp_create(POOL_BUFFERS);
	if (!w->pool)
		wk_die(w, "unit %s: out of memory", unit);
	w->core.config.incarnation = vt_random_u64() | 1;
	w->started_ns = vt_boottime_ns();
	wk_master_listen(w);
}

int main(int argc, char **argv)
{
	static struct worker w; /* large, and there is one */
	static const struct option options[] = {
	    {"conf-dir", required_argument, NULL, 'c'},
	    {"run-dir", required_argument, NULL, 'r'},
	    {"log-dir", required_argument, NULL, 'l'},
	    {"vmdown", required_argument, NULL, 'v'},
	    {0},
	};
	const char *conf_dir = VT_UNIT_DIR, *run_dir = VT_RUN_DIR, *log_dir = VT_LOG_DIR;
	int c;
	w.vmdown_path = VT_VMDOWN_PATH;
	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (c == 'c')
			conf_dir = optarg;
		else if (c == 'r')
			run_dir = optarg;
		else if (c == 'l')
			log_dir = optarg;
		else if (c == 'v')
			w.vmdown_path = optarg;
		else
			usage();
	}
	if (argc - optind != 1 || !vt_unit_name_ok(argv[optind]))
		usage();
	vt_log_setup("vmtwin-worker", VT_INFO);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* nobody waits for who ends the domain */
	struct rlimit files = {.rlim_cur = OPEN_FILES, .rlim_max = OPEN_FILES};
	setrlimit(RLIMIT_NOFILE, &files); /* a descriptor a file of the unit; refused: fewer files */
	umask(077);
	prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0); /* we are below the page cache of our own mount */
	start(&w, conf_dir, run_dir, log_dir, argv[optind]);
	int res = vr_run(w.ring);
	if (res < 0)
		wk_die(&w, "unit %s: the I/O ring failed: %s", w.conf.name, strerror(-res));
	vl_close(w.link);
	vd_close(w.path);
	vm_file_close(&w.meta);
	unlink(w.paths.sock);
	vt_log(VT_NOTICE, w.conf.name, "worker ends");
	return 0;
}
