// SPDX-License-Identifier: GPL-2.0-or-later
/* off and reboot. What has been begun is vmtwind's matter: the agent may be killed at any time and holds nothing. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/log.h"
#include "stonith/actions.h"
#include "stonith/ask.h"
#include "stonith/say.h"

#define ASK_EVERY_MS 500
#define ASK_TIMEOUT_MS 2000
#define ASK_LEAST_MS 100 /* with less time than that no answer is expected */
#define ABSENT_MS 20000 /* longer than a restart of vmtwind takes; then the fencer may ask somebody else */

struct fencing {
	const char *node, *action;
	uint64_t id;	       /* of all questions of this run */
	uint64_t begun_ns;
	uint64_t end_ns;       /* 0: no limit */
	uint64_t heard_ns;     /* vmtwind answered last */
	bool self_known;
	char told[768];	       /* what people were told last; "": nothing yet */
	enum fa_state told_of;
};

static uint64_t ms_since(uint64_t then_ns)
{
	return (vt_boottime_ns() - then_ns) / 1000000;
}

static void sleep_ms(uint64_t ms)
{
	for (uint64_t begun_ns = vt_boottime_ns(), gone = 0; gone < ms; gone = ms_since(begun_ns))
		poll(NULL, 0, (int)(ms - gone));
}

/* Until wait_timeout is over, limit_ms at the most. */
static int ms_left(const struct fencing *f, int limit_ms)
{
	uint64_t now_ns = vt_boottime_ns();
	if (f->end_ns == 0 || f->end_ns >= now_ns + (uint64_t)limit_ms * 1000000)
		return limit_ms;
	return f->end_ns <= now_ns ? 0 : (int)((f->end_ns - now_ns + 999999) / 1000000);
}

/* The same words: seconds that run down are no news. */
static bool same_but_numbers(const char *a, const char *b)
{
	for (;;) {
		a += strspn(a, "0123456789");
		b += strspn(b, "0123456789");
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

static void tell(struct fencing *f, const struct fa_answer *a)
{
	bool first = !f->told[0];
	bool news = first || a->state != f->told_of || !same_but_numbers(a->text, f->told);
	char about[64] = "";
	if (a->left_ms > 0 && (news || strcmp(a->text, f->told) != 0))
		snprintf(about, sizeof about, "; about %llu s yet", (unsigned long long)(a->left_ms + 999) / 1000);
	if (first)
		fa_say(FA_INFO, "%s of %s begins: %s%s", f->action, f->node, a->text, about);
	else if (news || strcmp(a->text, f->told) != 0)
		fa_say(news ? FA_INFO : FA_DEBUG, "%s of %s: %s%s", f->action, f->node, a->text, about);
	snprintf(f->told, sizeof f->told, "%s", a->text);
	f->told_of = a->state;
	if (first && f->end_ns && a->left_ms > (uint64_t)ms_left(f, FA_SECONDS_MAX * 1000))
		fa_say(FA_ERROR, "wait_timeout is too short for that, this can't succeed: set it to more than %llu s",
		       (unsigned long long)(a->left_ms + 999) / 1000);
}

/* vmtwind tells who this host is. Before it does (it hangs, or is down) the kernel's name counts: the fencer may have chosen the
 * host to be fenced to do it, and the other one waits for that to fail. */
static bool is_this_host(struct fencing *f)
{
	struct fa_ready ready;
	struct utsname kernel;
	int timeout_ms = ms_left(f, ASK_TIMEOUT_MS);
	if (f->self_known || timeout_ms < ASK_LEAST_MS)
		return false;
	fa_ask_ready(timeout_ms, &ready);
	f->self_known = ready.answered && ready.self[0];
	if (f->self_known)
		return strcmp(ready.self, f->node) == 0;
	return uname(&kernel) == 0 && strcmp(kernel.nodename, f->node) == 0;
}

static int end(const struct fencing *f, const struct fa_answer *a)
{
	double s = (double)ms_since(f->begun_ns) / 1000;
	if (a->state == FA_DONE)
		fa_say(FA_INFO, "%s of %s is confirmed after %.1f s: %s", f->action, f->node, s, a->text);
	else
		fa_say(FA_ERROR, "%s of %s failed after %.1f s: %s", f->action, f->node, s, a->text);
	return a->state == FA_DONE ? FA_EXIT_OK : FA_EXIT_FAILED;
}

static int gave_up(const struct fencing *f, unsigned wait_timeout_s)
{
	fa_say(FA_ERROR, "%s of %s is not confirmed within %u s (wait_timeout): %s", f->action, f->node, wait_timeout_s,
	       f->told[0] ? f->told : "vmtwind did not answer");
	return FA_EXIT_FAILED;
}

static int nobody_answers(const struct fencing *f)
{
	fa_say(FA_ERROR, "%s of %s failed: no answer from vmtwind on this host for %u s: %s", f->action, f->node, ABSENT_MS / 1000,
	       f->told);
	return FA_EXIT_FAILED;
}

static int ask_until(struct fencing *f, unsigned wait_timeout_s)
{
	struct fa_answer a;
	for (;;) {
		uint64_t round_ns = vt_boottime_ns();
		if (is_this_host(f)) {
			fa_say(FA_ERROR, "%s of %s is refused: it is this host, which can't confirm its own end; ask the other one",
			       f->action, f->node);
			return FA_EXIT_FAILED;
		}
		int timeout_ms = ms_left(f, ASK_TIMEOUT_MS);
		if (timeout_ms < ASK_LEAST_MS)
			return gave_up(f, wait_timeout_s);
		fa_ask_fence(f->node, f->action, f->id, timeout_ms, &a);
		if (a.state != FA_WAITING && a.state != FA_ABSENT)
			return end(f, &a);
		tell(f, &a);
		if (a.state == FA_WAITING)
			f->heard_ns = vt_boottime_ns();
		else if (ms_since(f->heard_ns) >= ABSENT_MS)
			return nobody_answers(f);
		uint64_t gone_ms = ms_since(round_ns);
		if (gone_ms < ASK_EVERY_MS)
			sleep_ms((uint64_t)ms_left(f, (int)(ASK_EVERY_MS - gone_ms)));
	}
}

int fa_fence(const struct fa_options *o)
{
	struct fencing f = {.node = fa_options_node(o), .action = fa_action_name(o->action)};
	if (is_this_host(&f) || o->delay_s == 0) {
		f.self_known = false; /* told below */
	} else {
		fa_say(FA_INFO, "%s of %s: begins in %u s (delay)", f.action, f.node, o->delay_s);
		sleep_ms((uint64_t)o->delay_s * 1000);
	}
	f.id = vt_random_u64() >> 1 | 1;
	f.begun_ns = f.heard_ns = vt_boottime_ns();
	if (o->wait_timeout_s > 0)
		f.end_ns = f.begun_ns + (uint64_t)o->wait_timeout_s * 1000000000;
	return ask_until(&f, o->wait_timeout_s);
}
