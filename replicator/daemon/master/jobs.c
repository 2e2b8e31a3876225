// SPDX-License-Identifier: GPL-2.0-or-later
/* Short-lived children, each with a time limit after which it is killed. */
#include "daemon/master/master.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/spawn.h"

struct vm_job {
	struct vm_job *next;
	struct vm_master *m;
	pid_t pid;
	bool timed_out;
	qb_loop_timer_handle timer;
	vm_job_done done;
	void *arg;
};

static void on_overdue(void *data)
{
	struct vm_job *job = data;
	job->timer = 0;
	job->timed_out = true;
	kill(-job->pid, SIGKILL); /* its whole session; not reaped yet, so the pid is still its own */
}

int vm_job_start(struct vm_master *m, char *const argv[], unsigned timeout_ms, vm_job_done done,
		 void *arg)
{
	if (m->job_count == VM_JOBS_MAX)
		return -EBUSY;
	struct vm_job *job = calloc(1, sizeof *job);
	if (!job)
		return -ENOMEM;
	pid_t pid = vt_spawn(argv, -1, 1);
	if (pid < 0) {
		free(job);
		return pid;
	}
	job->m = m;
	job->pid = pid;
	job->done = done;
	job->arg = arg;
	job->next = m->jobs;
	m->jobs = job;
	m->job_count++;
	vm_timer(m, &job->timer, timeout_ms, job, on_overdue);
	return 0;
}

static int result_of(const struct vm_job *job, int status)
{
	if (job->timed_out)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

static bool end_job(struct vm_master *m, pid_t pid, int status)
{
	for (struct vm_job **at = &m->jobs; *at; at = &(*at)->next) {
		struct vm_job *job = *at;
		if (job->pid != pid)
			continue;
		*at = job->next;
		m->job_count--;
		vm_timer_stop(m, &job->timer);
		job->done(m, job->arg, result_of(job, status));
		free(job);
		return true;
	}
	return false;
}

void vm_reap(struct vm_master *m)
{
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (end_job(m, pid, status))
			continue;
		if (pid == m->watcher.helper.pid) {
			vm_fence_child_ended(m, status);
			continue;
		}
		if (pid == m->witness.prober.pid) {
			vm_witness_child_ended(m, status);
			continue;
		}
		for (struct vm_unit *unit = m->units; unit; unit = unit->next)
			if (unit->child == pid)
				vm_unit_child_ended(unit, status);
	}
}
