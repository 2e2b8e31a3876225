// SPDX-License-Identifier: GPL-2.0-or-later
#include "stonith/ask.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ctl/client.h"

static const char makes_no_sense[] = "vmtwind's answer makes no sense: do vmtwind and fence_vmtwin come from the same version? "
				     "Then restart it: systemctl restart vmtwind";

/* Sends; 0 and the reply's rc in *rc, or the negative errno of a call that came to nothing, with fail. */
static int ask(const struct vt_kv *request, struct vt_kv *reply, int timeout_ms, long *rc, struct vt_fail *fail)
{
	int called = vt_ctl_call(request, reply, timeout_ms, fail);
	if (called != 0)
		return called;
	*rc = vt_kv_long(reply, "rc", LONG_MIN);
	return *rc != LONG_MIN ? 0 : vt_fail(fail, -EBADMSG, "%s", makes_no_sense);
}

/* No answer, but one may come: vmtwind is started again, or has too much to do. */
static bool may_come(int called)
{
	return called != -EACCES && called != -EBADMSG && called != -EMSGSIZE;
}

static bool not_yet(long rc)
{
	return rc == -EAGAIN || rc == -EBUSY;
}

static const char *text_of(const struct vt_kv *reply, const char *fallback)
{
	const char *text = vt_kv_get(reply, "text");
	return text && text[0] ? text : fallback;
}

static void set(struct fa_answer *a, enum fa_state state, const char *text)
{
	a->state = state;
	snprintf(a->text, sizeof a->text, "%s", text);
}

static void read_state(const struct vt_kv *reply, struct fa_answer *a)
{
	const char *state = vt_kv_get(reply, "state");
	long left_ms = vt_kv_long(reply, "left_ms", 0);
	if (state && strcmp(state, "done") == 0) {
		set(a, FA_DONE, text_of(reply, "it has ended"));
	} else if (state && strcmp(state, "refused") == 0) {
		set(a, FA_REFUSED, text_of(reply, "vmtwind refuses it without a reason"));
	} else if (state && strcmp(state, "waiting") == 0) {
		set(a, FA_WAITING, text_of(reply, "vmtwind is not sure yet"));
		a->left_ms = left_ms > 0 ? (uint64_t)left_ms : 0;
	} else {
		set(a, FA_BROKEN, makes_no_sense);
	}
}

void fa_ask_fence(const char *node, const char *action, uint64_t id, int timeout_ms, struct fa_answer *a)
{
	struct vt_kv request, reply;
	struct vt_fail fail = {0};
	long rc = 0;
	*a = (struct fa_answer){.state = FA_BROKEN};
	vt_kv_init(&request);
	vt_kv_add(&request, "cmd", "fence");
	vt_kv_add(&request, "node", "%s", node);
	vt_kv_add(&request, "action", "%s", action);
	vt_kv_add(&request, "id", "%llu", (unsigned long long)id);
	int called = ask(&request, &reply, timeout_ms, &rc, &fail);
	if (called != 0)
		set(a, may_come(called) ? FA_ABSENT : FA_BROKEN, fail.text);
	else if (not_yet(rc))
		set(a, FA_ABSENT, text_of(&reply, "vmtwind is not ready yet"));
	else if (rc != 0)
		set(a, FA_REFUSED, text_of(&reply, "vmtwind refuses it without a reason"));
	else
		read_state(&reply, a);
}

static void copy(char *out, size_t cap, const struct vt_kv *reply, const char *key)
{
	const char *value = vt_kv_get(reply, key);
	snprintf(out, cap, "%s", value ? value : "");
}

void fa_ask_ready(int timeout_ms, struct fa_ready *r)
{
	struct vt_kv request, reply;
	struct vt_fail fail = {0};
	long rc = 0;
	*r = (struct fa_ready){.answered = false};
	vt_kv_init(&request);
	vt_kv_add(&request, "cmd", "fence-ready");
	int called = ask(&request, &reply, timeout_ms, &rc, &fail);
	if (called != 0) {
		r->again = may_come(called);
		snprintf(r->text, sizeof r->text, "%s", fail.text);
		return;
	}
	long need_ms = vt_kv_long(&reply, "need_ms", 0);
	r->answered = true;
	r->ready = rc == 0;
	r->again = not_yet(rc);
	r->need_ms = need_ms > 0 ? (uint64_t)need_ms : 0;
	copy(r->self, sizeof r->self, &reply, "self");
	copy(r->nodes, sizeof r->nodes, &reply, "nodes");
	if (rc != 0)
		snprintf(r->text, sizeof r->text, "%s", text_of(&reply, "vmtwind says that fencing can't work here, without a reason"));
}

enum fa_power fa_ask_status(const char *node, int timeout_ms, char *text, size_t cap)
{
	struct vt_kv request, reply;
	struct vt_fail fail = {0};
	long rc = 0;
	vt_kv_init(&request);
	vt_kv_add(&request, "cmd", "fence-status");
	vt_kv_add(&request, "node", "%s", node);
	int called = ask(&request, &reply, timeout_ms, &rc, &fail);
	if (called != 0) {
		snprintf(text, cap, "%s", fail.text);
		return FA_POWER_UNKNOWN;
	}
	const char *state = rc == 0 ? vt_kv_get(&reply, "state") : "unknown";
	snprintf(text, cap, "%s", text_of(&reply, "vmtwind does not know"));
	if (state && strcmp(state, "on") == 0)
		return FA_POWER_ON;
	if (state && strcmp(state, "off") == 0)
		return FA_POWER_OFF;
	if (!state || strcmp(state, "unknown") != 0)
		snprintf(text, cap, "%s", makes_no_sense);
	return FA_POWER_UNKNOWN;
}
