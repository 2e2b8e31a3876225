// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmtwin-fencewatch: asks Pacemaker's fencer what it has fenced, and says it in lines (see
 * core/fence_history.h). A process of its own because the fencer's calls block; whoever reads kills
 * and restarts it when an answer is overdue. Must run as root: to others the fencer tells nothing.
 *
 *   vmtwin-fencewatch [--fd N]     N: one socket instead of standard input and output
 *
 * A line comes at start, at each fencing notification, for each byte read, and every 5 s. End of
 * input ends it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include <crm/stonith-ng.h>

#include "base/log.h"
#include "core/fence_history.h"

/* The protocol's own words, for Pacemakers whose headers no longer name them. */
#ifndef T_STONITH_NOTIFY_FENCE
#define T_STONITH_NOTIFY_FENCE "st_notify_fence"
#endif
#ifndef T_STONITH_NOTIFY_HISTORY
#define T_STONITH_NOTIFY_HISTORY "st_notify_history"
#endif
#ifndef T_STONITH_NOTIFY_HISTORY_SYNCED
#define T_STONITH_NOTIFY_HISTORY_SYNCED "st_notify_history_synced"
#endif

enum {
	SNAPSHOT_INTERVAL_MS = 5000,
	CONNECT_INTERVAL_MS = 1000,
	CALL_TIMEOUT_S = 4,
	SETTLE_MS = 2000,
	DISPATCH_LIMIT_S = 4,
	EVENTS_MAX = 1000, /* taken between two lines; the rest comes with the next one */
};

struct watch {
	stonith_t *st; /* NULL: not connected */
	int fd;
	bool told_down; /* the log has it that the fencer does not answer */
	bool due;	/* a line is to be written */
	uint64_t settled_ns; /* the history may be believed from then on */
	struct vt_fence_snapshot snap;
	char line[VT_FENCE_LINE_MAX];
};

static uint64_t later_ns(unsigned ms)
{
	return vt_boottime_ns() + (uint64_t)ms * 1000000;
}

/* Most notifications only wake us: the history is read afresh whatever they say. The library gives its
 * callbacks no context; each dispatch is followed by a line. */
static void on_notify(stonith_t *st, stonith_event_t *event)
{
	(void)st;
	(void)event;
}

static void disconnect(struct watch *w)
{
	if (!w->st)
		return;
	w->st->cmds->disconnect(w->st);
	stonith_api_delete(w->st);
	w->st = NULL;
	w->fd = -1;
}

static void lost(struct watch *w)
{
	vt_log(VT_WARN, NULL, "the connection to Pacemaker's fencer is lost; connecting again");
	disconnect(w);
}

/* Static for the same reason. */
static struct vt_fence_live live;

static void on_fence(stonith_t *st, stonith_event_t *event)
{
	(void)st;
	if (event && event->result == 0 && vt_fence_heard(&live, event->target, event->action) < 0)
		vt_log(VT_ERR, NULL, "the fencing of %s can't be kept in mind: more than %d nodes were fenced", event->target,
		       VT_FENCE_NODES);
}

/*
 * The library's dispatch spins for ever on a connection that was hung up: it is never called on one,
 * and since the fencer may die in the middle of it, an alarm ends us then (we are started again).
 */
static void dispatch(struct watch *w, int events)
{
	w->due = true;
	if (events & (POLLHUP | POLLERR | POLLNVAL)) {
		lost(w);
		return;
	}
	alarm(DISPATCH_LIMIT_S);
	if (!stonith_dispatch(w->st))
		lost(w);
	alarm(0);
}

static int sign_on(struct watch *w)
{
	static const char *const events[] = {T_STONITH_NOTIFY_HISTORY, T_STONITH_NOTIFY_HISTORY_SYNCED};
	stonith_t *st = stonith_api_new();
	if (!st)
		return -ENOMEM;
	w->st = st;
	int rc = st->cmds->connect(st, "vmtwin-fencewatch", &w->fd);
	if (rc >= 0)
		rc = st->cmds->register_notification(st, T_STONITH_NOTIFY_FENCE, on_fence);
	for (size_t i = 0; rc >= 0 && i < sizeof events / sizeof events[0]; i++)
		rc = st->cmds->register_notification(st, events[i], on_notify);
	if (rc < 0) {
		stonith_api_delete(st);
		w->st = NULL;
		w->fd = -1;
	}
	return rc;
}

/*
 * A fencer that has just started gets its history from its peers a moment later: old fencings would
 * look new. What it says is not believed before it had time for that.
 */
static void connect_fencer(struct watch *w)
{
	int rc = sign_on(w);
	if (rc < 0) {
		if (!w->told_down)
			vt_log(VT_WARN, NULL,
			       "Pacemaker's fencer does not answer (%s): is Pacemaker running? Trying "
			       "again every second; meanwhile no fencing is known to vmtwin",
			       strerror(-rc));
		w->told_down = true;
		return;
	}
	vt_log(VT_INFO, NULL, "connected to Pacemaker's fencer");
	w->told_down = false;
	w->settled_ns = later_ns(SETTLE_MS);
}

static enum vt_fence_state state_of(int state)
{
	switch (state) {
	case st_query:
	case st_exec:
		return VT_FENCE_PENDING;
	case st_done:
		return VT_FENCE_DONE;
	case st_failed:
	case st_duplicate: /* a copy of a request that is in the history itself */
		return VT_FENCE_OTHER;
	default: /* a state of a newer Pacemaker: not ended as far as we know */
		return VT_FENCE_PENDING;
	}
}

static int read_history(struct watch *w, struct vt_fence_snapshot *snap)
{
	stonith_history_t *history = NULL;
	int rc = w->st->cmds->history(w->st, st_opt_sync_call, NULL, &history, CALL_TIMEOUT_S);
	if (rc < 0)
		return rc;
	rc = 0;
	for (stonith_history_t *h = history; h && rc == 0; h = h->next) {
		struct vt_fence_entry entry = {
		    .target = h->target,
		    .action = h->action,
		    .origin = h->origin,
		    .state = state_of(h->state),
		    .completed_s = h->completed,
		    .completed_ns = h->completed_nsec,
		};
		rc = vt_fence_add(snap, &entry);
	}
	stonith_history_free(history);
	return rc;
}

static void take_snapshot(struct watch *w, struct vt_fence_snapshot *snap)
{
	memset(snap, 0, sizeof *snap);
	snap->read_ns = vt_boottime_ns();
	if (!w->st || snap->read_ns < w->settled_ns)
		return;
	int rc = read_history(w, snap);
	/* A fencing that the history calls done, and not pending any more, was told before it was read. */
	struct pollfd told = {.fd = w->fd, .events = POLLIN};
	for (int i = 0; rc == 0 && w->st && i < EVENTS_MAX && poll(&told, 1, 0) > 0; i++)
		dispatch(w, told.revents);
	if (!w->st)
		return;
	if (rc == 0)
		rc = vt_fence_apply(&live, snap);
	snap->known = rc == 0;
	if (rc == 0)
		return;
	vt_log(VT_WARN, NULL, "the fencing history can't be read (%s); connecting again",
	       strerror(-rc));
	disconnect(w);
}

static int write_snapshot(struct watch *w)
{
	take_snapshot(w, &w->snap);
	int len = vt_fence_format(&w->snap, w->line, sizeof w->line);
	if (len < 0) { /* cannot happen: sized for the largest snapshot */
		vt_log(VT_ERR, NULL, "the fencing history does not fit into one line");
		return len;
	}
	ssize_t n = write(STDOUT_FILENO, w->line, (size_t)len); /* one packet if it is a socket */
	return n == len ? 0 : -EPIPE;
}

/* False at the end of input. */
static bool take_requests(struct watch *w)
{
	char bytes[64];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		return false;
	w->due = true;
	return true;
}

static int wait_ms(const struct watch *w, uint64_t next_ns)
{
	uint64_t now = vt_boottime_ns();
	uint64_t until = w->st && w->settled_ns > now && w->settled_ns < next_ns ? w->settled_ns
										: next_ns;
	return until <= now ? 0 : (int)((until - now) / 1000000 + 1);
}

static int run(struct watch *w)
{
	uint64_t next_ns = 0;
	for (;;) {
		bool unsettled = vt_boottime_ns() < w->settled_ns;
		struct pollfd p[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
				      {.fd = w->st ? w->fd : -1, .events = POLLIN}};
		if (poll(p, 2, wait_ms(w, next_ns)) < 0 && errno != EINTR)
			return -errno;
		if (p[0].revents && !take_requests(w))
			return 0;
		if (p[1].revents)
			dispatch(w, p[1].revents);
		bool timer = vt_boottime_ns() >= next_ns;
		if (!w->st && timer)
			connect_fencer(w);
		if (timer || (unsettled && vt_boottime_ns() >= w->settled_ns))
			w->due = true;
		if (timer)
			next_ns = later_ns(w->st ? SNAPSHOT_INTERVAL_MS : CONNECT_INTERVAL_MS);
		if (!w->st && next_ns > later_ns(CONNECT_INTERVAL_MS))
			next_ns = later_ns(CONNECT_INTERVAL_MS);
		if (w->due && write_snapshot(w) < 0)
			return -EPIPE;
		w->due = false;
	}
}

int main(int argc, char **argv)
{
	static struct watch w = {.fd = -1}; /* large */
	vt_log_setup("vmtwin-fencewatch", VT_INFO);
	signal(SIGPIPE, SIG_IGN);
	live.nonce = vt_random_u64() | 1;
	if (argc == 3 && strcmp(argv[1], "--fd") == 0) {
		int fd = atoi(argv[2]);
		if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0) {
			vt_log(VT_ERR, NULL, "--fd %s is not an open descriptor: %s", argv[2],
			       strerror(errno));
			return 2;
		}
		if (fd > STDERR_FILENO)
			close(fd);
	} else if (argc != 1) {
		vt_log(VT_ERR, NULL, "usage: vmtwin-fencewatch [--fd N]");
		return 2;
	}
	if (geteuid() != 0) {
		vt_log(VT_ERR, NULL, "must run as root: the fencer tells others nothing");
		return 1;
	}
	int rc = run(&w);
	disconnect(&w);
	return rc < 0 ? 1 : 0;
}
