// SPDX-License-Identifier: GPL-2.0-or-later
#include "stonith/actions.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "stonith/ask.h"
#include "stonith/say.h"

#define ASK_TIMEOUT_MS 5000
/* A device that can't be started once is not tried again by Pacemaker, and at boot or after a crash vmtwind may be about to come. */
#define MONITOR_LIMIT_MS 8000
#define MONITOR_PAUSE_MS 200

static bool too_short(const struct fa_options *o, const struct fa_ready *r)
{
	if (o->wait_timeout_s == 0 || (uint64_t)o->wait_timeout_s * 1000 > r->need_ms)
		return false;
	fa_say(FA_ERROR, "wait_timeout is %u s, but it takes %llu s at least until a silent host has surely ended: make it longer",
	       o->wait_timeout_s, (unsigned long long)(r->need_ms + 999) / 1000);
	return true;
}

int fa_monitor(const struct fa_options *o)
{
	struct fa_ready r = {.again = true};
	uint64_t end_ns = vt_boottime_ns() + MONITOR_LIMIT_MS * UINT64_C(1000000);
	for (uint64_t now_ns = vt_boottime_ns(); now_ns + MONITOR_PAUSE_MS * UINT64_C(1000000) < end_ns; now_ns = vt_boottime_ns()) {
		uint64_t left_ms = (end_ns - now_ns + 999999) / 1000000;
		fa_ask_ready(left_ms < ASK_TIMEOUT_MS ? (int)left_ms : ASK_TIMEOUT_MS, &r);
		if (!r.again)
			break;
		fa_say(FA_DEBUG, "monitor: %s", r.text);
		poll(NULL, 0, MONITOR_PAUSE_MS);
	}
	if (!r.ready) {
		fa_say(FA_ERROR, "fencing does not work here: %s", r.text);
		return FA_EXIT_FAILED;
	}
	return too_short(o, &r) ? FA_EXIT_FAILED : FA_EXIT_OK;
}

/* The options have been looked at already; vmtwind is not needed, only listened to. */
int fa_validate(const struct fa_options *o)
{
	struct fa_ready r;
	fa_ask_ready(ASK_TIMEOUT_MS, &r);
	return r.answered && too_short(o, &r) ? FA_EXIT_FAILED : FA_EXIT_OK;
}

static const char *power_name(enum fa_power power)
{
	return power == FA_POWER_ON ? "ON" : power == FA_POWER_OFF ? "OFF" : "UNKNOWN";
}

int fa_status(const struct fa_options *o)
{
	char text[768];
	const char *node = fa_options_node(o);
	enum fa_power power = fa_ask_status(node, ASK_TIMEOUT_MS, text, sizeof text);
	printf("Status: %s\n", power_name(power));
	fa_say(power == FA_POWER_UNKNOWN ? FA_ERROR : FA_DEBUG, "status of %s: %s", node, text);
	return power == FA_POWER_ON ? FA_EXIT_OK : power == FA_POWER_OFF ? FA_EXIT_OFF : FA_EXIT_FAILED;
}

int fa_on(const struct fa_options *o)
{
	char text[768];
	const char *node = fa_options_node(o);
	if (fa_ask_status(node, ASK_TIMEOUT_MS, text, sizeof text) == FA_POWER_ON) {
		fa_say(FA_INFO, "on of %s: it is on", node);
		return FA_EXIT_OK;
	}
	fa_say(FA_ERROR, "on of %s failed: %s; this agent can't switch a host on, do it by hand", node, text);
	return FA_EXIT_FAILED;
}

int fa_list(const struct fa_options *o, bool with_status)
{
	struct fa_ready r;
	char text[768], *rest = NULL;
	fa_ask_ready(ASK_TIMEOUT_MS, &r);
	if (!r.ready || !r.nodes[0]) {
		fa_say(FA_ERROR, "%s failed: %s", fa_action_name(o->action), r.ready ? "vmtwind names no hosts" : r.text);
		return FA_EXIT_FAILED;
	}
	for (char *node = strtok_r(r.nodes, " ", &rest); node; node = strtok_r(NULL, " ", &rest)) {
		if (with_status)
			printf("%s,,%s\n", node, power_name(fa_ask_status(node, ASK_TIMEOUT_MS, text, sizeof text)));
		else
			printf("%s,\n", node);
	}
	return FA_EXIT_OK;
}
