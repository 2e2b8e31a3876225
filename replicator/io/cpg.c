// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/cpg.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <corosync/cpg.h>

struct vt_cpg {
	cpg_handle_t handle;
	int fd;
	uint32_t self_node;
	const struct vt_cpg_ops *ops;
	void *ctx;
	unsigned members;
	uint64_t member[CPG_MEMBERS_MAX];
};

static uint64_t member_id(uint32_t node, uint32_t pid)
{
	return (uint64_t)node << 32 | pid;
}

static void forget(struct vt_cpg *cpg, uint64_t id)
{
	for (unsigned i = 0; i < cpg->members; i++)
		if (cpg->member[i] == id) {
			cpg->member[i] = cpg->member[--cpg->members];
			return;
		}
}

/* True if id is new to us. */
static bool learn(struct vt_cpg *cpg, uint64_t id)
{
	for (unsigned i = 0; i < cpg->members; i++)
		if (cpg->member[i] == id)
			return false;
	if (cpg->members == CPG_MEMBERS_MAX)
		return false; /* corosync's own limit: cannot happen */
	cpg->member[cpg->members++] = id;
	return true;
}

static enum vt_cpg_change change_of(uint32_t reason)
{
	switch (reason) {
	case CPG_REASON_LEAVE:
		return VT_CPG_LEFT;
	case CPG_REASON_NODEDOWN:
		return VT_CPG_NODEDOWN;
	default:
		return VT_CPG_PROCDOWN;
	}
}

static void on_deliver(cpg_handle_t handle, const struct cpg_name *group, uint32_t node,
		       uint32_t pid, void *msg, size_t len)
{
	void *context = NULL;
	(void)group;
	if (cpg_context_get(handle, &context) != CS_OK || !context)
		return;
	struct vt_cpg *cpg = context;
	cpg->ops->message(cpg->ctx, member_id(node, pid), msg, len);
}

static void on_confchg(cpg_handle_t handle, const struct cpg_name *group,
		       const struct cpg_address *member, size_t members,
		       const struct cpg_address *left, size_t lefts,
		       const struct cpg_address *joined, size_t joins)
{
	void *context = NULL;
	(void)group;
	(void)joined; /* the member list has them, and those who were there before us */
	(void)joins;
	if (cpg_context_get(handle, &context) != CS_OK || !context)
		return;
	struct vt_cpg *cpg = context;
	for (size_t i = 0; i < lefts; i++) {
		uint64_t id = member_id(left[i].nodeid, left[i].pid);
		forget(cpg, id);
		cpg->ops->change(cpg->ctx, id, change_of(left[i].reason));
	}
	for (size_t i = 0; i < members; i++) {
		uint64_t id = member_id(member[i].nodeid, member[i].pid);
		if (learn(cpg, id))
			cpg->ops->change(cpg->ctx, id, VT_CPG_JOINED);
	}
}

static int join(struct vt_cpg *cpg, const char *group, struct vt_fail *fail)
{
	struct cpg_name name = {.length = (uint32_t)strlen(group)};
	if (name.length >= sizeof name.value)
		return vt_fail(fail, -EINVAL, "CPG group name %s is too long", group);
	memcpy(name.value, group, name.length);
	cs_error_t rc = cpg_fd_get(cpg->handle, &cpg->fd);
	if (rc == CS_OK)
		rc = cpg_local_get(cpg->handle, &cpg->self_node);
	if (rc == CS_OK)
		rc = cpg_join(cpg->handle, &name);
	if (rc != CS_OK)
		return vt_fail(fail, -EAGAIN, "corosync does not let us join group %s: %s", group,
			       cs_strerror(rc));
	return 0;
}

int vt_cpg_open(struct vt_cpg **out, const char *group, const struct vt_cpg_ops *ops, void *ctx,
		struct vt_fail *fail)
{
	cpg_model_v1_data_t model = {
	    .model = CPG_MODEL_V1,
	    .cpg_deliver_fn = on_deliver,
	    .cpg_confchg_fn = on_confchg,
	};
	struct vt_cpg *cpg = calloc(1, sizeof *cpg);
	if (!cpg)
		return vt_fail(fail, -ENOMEM, "out of memory");
	cpg->ops = ops;
	cpg->ctx = ctx;
	cs_error_t rc = cpg_model_initialize(&cpg->handle, CPG_MODEL_V1,
					     (cpg_model_data_t *)&model, cpg);
	if (rc != CS_OK) {
		free(cpg);
		return vt_fail(fail, -EAGAIN, "corosync's CPG service does not answer: %s",
			       cs_strerror(rc));
	}
	int err = join(cpg, group, fail);
	if (err < 0) {
		vt_cpg_close(cpg);
		return err;
	}
	*out = cpg;
	return 0;
}

void vt_cpg_close(struct vt_cpg *cpg)
{
	if (!cpg)
		return;
	cpg_finalize(cpg->handle);
	free(cpg);
}

int vt_cpg_fd(const struct vt_cpg *cpg)
{
	return cpg->fd;
}

uint32_t vt_cpg_self_node(const struct vt_cpg *cpg)
{
	return cpg->self_node;
}

int vt_cpg_dispatch(struct vt_cpg *cpg)
{
	cs_error_t rc = cpg_dispatch(cpg->handle, CS_DISPATCH_ALL);
	return rc == CS_OK || rc == CS_ERR_TRY_AGAIN ? 0 : -ECONNRESET;
}

int vt_cpg_send(struct vt_cpg *cpg, const void *data, size_t len)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
	cs_error_t rc = cpg_mcast_joined(cpg->handle, CPG_TYPE_AGREED, &iov, 1);
	if (rc == CS_OK)
		return 0;
	return rc == CS_ERR_TRY_AGAIN ? -EAGAIN : -ECONNRESET;
}
