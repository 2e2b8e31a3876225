// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copying worlds without the unused ends of era logs (those are zero, and stay so), and the canonical
 * hash. Ids (nonces, pairings, eras, incarnations, masters, boots, fence records) are random words that
 * the core only compares for being equal; each is replaced by the number of its first occurrence.
 * The walk doesn't know the core's fields by name: a word is an id if its two upper bytes can't be those
 * of flags or small numbers. An id that looks like a small number (1 in 256) is taken as it is: then
 * two equal states may count as two, never two different ones as one.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "tests/model/world.h"

#define ERA_AT offsetof(struct vc_eralog, era)

/* A new log in one of these needs its place in copy_state and walk_state. */
static_assert(sizeof(struct vc_state) < 4 * sizeof(struct vc_eralog), "logs of a state");
static_assert(offsetof(struct vc_durable, log) + sizeof(struct vc_eralog) == sizeof(struct vc_durable),
	      "the log is the last member");
static_assert(offsetof(struct vc_hello, log) + sizeof(struct vc_eralog) == sizeof(struct vc_hello),
	      "the log is the last member");
static_assert(sizeof(struct m_shell) % 8 == 0 && sizeof(struct m_env) % 8 == 0, "whole words");

static uint32_t eras(const struct vc_eralog *log)
{
	return log->count <= VC_ERAS ? log->count : VC_ERAS;
}

/* The bytes of a structure that ends with this log. */
static size_t used(const void *start, const struct vc_eralog *log)
{
	return (size_t)((const char *)log - (const char *)start) + ERA_AT +
	       eras(log) * sizeof(struct vc_era);
}

static void copy_log(struct vc_eralog *to, const struct vc_eralog *from)
{
	uint32_t n = eras(to) > eras(from) ? eras(to) : eras(from); /* what is beyond is zero in both */
	memcpy(to, from, ERA_AT + n * sizeof(struct vc_era));
}

#define LOG_END(member) (offsetof(struct vc_state, member) + sizeof(struct vc_eralog))

static void copy_state(struct vc_state *to, const struct vc_state *from)
{
	const char *src = (const char *)from;
	char *dst = (char *)to;
	size_t d = offsetof(struct vc_state, d.log), mine = offsetof(struct vc_state, mine.log);
	size_t theirs = offsetof(struct vc_state, theirs.log);
	memcpy(dst, src, d);
	copy_log(&to->d.log, &from->d.log);
	memcpy(dst + LOG_END(d.log), src + LOG_END(d.log), mine - LOG_END(d.log));
	copy_log(&to->mine.log, &from->mine.log);
	memcpy(dst + LOG_END(mine.log), src + LOG_END(mine.log), theirs - LOG_END(mine.log));
	copy_log(&to->theirs.log, &from->theirs.log);
	memcpy(dst + LOG_END(theirs.log), src + LOG_END(theirs.log), sizeof *to - LOG_END(theirs.log));
}

static size_t msg_size(const struct vc_msg *m)
{
	switch (m->type) {
	case VC_M_HELLO:
		return used(m, &m->u.hello.log);
	case VC_M_PAIR:
	case VC_M_ERA:
		return used(m, &m->u.log);
	case VC_M_OUTDATE:
	case VC_M_OUTDATED:
	case VC_M_REFUSED:
	case VC_M_LEAVE:
	case VC_M_PING:
	case VC_M_GO:
	case VC_M_READY:
	case VC_M_PAIRED:
	case VC_M_ERA_OK:
	case VC_M_ERA_NO:
	case VC_M_RESUME:
		return offsetof(struct vc_msg, u);
	}
	return sizeof *m;
}

static size_t event_size(const struct vc_event *e)
{
	if (e->type == VC_E_MSG || e->type == VC_E_LINK_MSG)
		return offsetof(struct vc_event, u.msg.msg) + msg_size(&e->u.msg.msg);
	return offsetof(struct vc_event, u) + 32;
}

static size_t action_size(const struct vc_action *a)
{
	switch (a->type) {
	case VC_A_PERSIST:
		return offsetof(struct vc_action, u) + used(&a->u.durable, &a->u.durable.log);
	case VC_A_CPG_SEND:
	case VC_A_LINK_SEND:
		return offsetof(struct vc_action, u) + msg_size(&a->u.msg);
	default:
		return offsetof(struct vc_action, u) + 32;
	}
}

static size_t item_size(const struct m_item *i)
{
	return i->what == M_MESSAGE ? offsetof(struct m_item, msg) + msg_size(&i->msg)
				    : offsetof(struct m_item, msg);
}

/* These leave what is beyond zero: the core compares and copies whole structures. */
void m_copy_event(struct vc_event *to, const struct vc_event *from)
{
	memset(to, 0, sizeof *to);
	memcpy(to, from, event_size(from));
}

void m_copy_msg(struct vc_msg *to, const struct vc_msg *from)
{
	memset(to, 0, sizeof *to);
	memcpy(to, from, msg_size(from));
}

void m_copy_action(struct vc_action *to, const struct vc_action *from)
{
	memset(to, 0, sizeof *to);
	memcpy(to, from, action_size(from));
}

void m_copy_durable(struct vc_durable *to, const struct vc_durable *from)
{
	memcpy(to, from, offsetof(struct vc_durable, log));
	copy_log(&to->log, &from->log);
}

static void copy_host(struct m_host *to, const struct m_host *from)
{
	copy_state(&to->core, &from->core);
	m_copy_durable(&to->disk, &from->disk);
	to->s = from->s;
	if (from->s.copied)
		m_copy_durable(&to->copy, &from->copy);
	for (unsigned i = 0; i < from->s.in_n; i++)
		memcpy(&to->in[i], &from->in[i], item_size(&from->in[i]));
	for (unsigned i = 0; i < from->s.ev_n; i++)
		memcpy(&to->ev[i], &from->ev[i], item_size(&from->ev[i]));
	for (unsigned i = 0; i < from->s.heard_n; i++)
		memcpy(&to->heard[i], &from->heard[i], event_size(&from->heard[i]));
	for (unsigned i = 0; i < from->s.acts_n; i++)
		memcpy(&to->acts[i], &from->acts[i], action_size(&from->acts[i]));
}

void m_copy(struct m_world *to, const struct m_world *from)
{
	for (unsigned h = 0; h < 2; h++)
		copy_host(&to->host[h], &from->host[h]);
	memcpy(&to->env, &from->env, sizeof *to - offsetof(struct m_world, env));
}

/* ---- the hash -------------------------------------------------------------------------------------- */

#define NAMES 256 /* places, a power of two; half of them are used at most */
#define WORDS 8192

/* One walk at a time; a place of `name` is taken if its stamp is this walk's. */
struct walk {
	unsigned n, names;
	uint32_t stamp, stamps[NAMES];
	uint16_t number[NAMES];
	uint64_t name[NAMES], out[WORDS];
};

static bool is_id(uint64_t v)
{
	return (v >> 56) > 0x0f || (v >> 48 & 0xff) > 0x0f;
}

static void mix(struct walk *k, uint64_t v)
{
	assert(k->n < WORDS);
	k->out[k->n++] = v;
}

static uint64_t renamed(struct walk *k, uint64_t v)
{
	unsigned i = (unsigned)(v >> 20) % NAMES;
	for (; k->stamps[i] == k->stamp; i = (i + 1) % NAMES)
		if (k->name[i] == v)
			return 0xf000000000000000ull + k->number[i];
	if (k->names == NAMES / 2)
		return v;
	k->stamps[i] = k->stamp;
	k->name[i] = v;
	k->number[i] = (uint16_t)k->names++;
	return 0xf000000000000000ull + k->number[i];
}

static void word(struct walk *k, uint64_t v)
{
	mix(k, is_id(v) ? renamed(k, v) : v);
}

static uint64_t mum(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 p = (unsigned __int128)a * b;
	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* 128 bits of all words; four chains side by side. */
static struct m_key digest(struct walk *k)
{
	static const uint64_t odd[4] = {0x9fb21c651e98df25ull, 0xd6e8feb86659fd93ull,
					0xa0761d6478bd642full, 0xe7037ed1a0b428dbull};
	uint64_t c[4] = {k->n, 0x243f6a8885a308d3ull, 0x13198a2e03707344ull, 0xa4093822299f31d0ull};
	while (k->n % 4)
		mix(k, 0);
	for (unsigned i = 0; i < k->n; i += 4)
		for (unsigned j = 0; j < 4; j++)
			c[j] = mum(c[j] ^ k->out[i + j] ^ odd[j], odd[(j + 1) % 4] + i) ^ c[j] << 1;
	uint64_t x = mum(c[0] ^ c[2], c[1] + odd[0]) + mum(c[1] ^ odd[1], c[3] ^ odd[2]);
	uint64_t y = mum(c[3] + odd[3], c[2] ^ odd[0]) ^ mum(c[0] ^ odd[2], x ^ odd[1]);
	return (struct m_key){x, y | 1}; /* 0 marks a free place */
}

static void words(struct walk *k, const void *start, size_t bytes)
{
	const char *p = start;
	for (size_t i = 0; i + 8 <= bytes; i += 8) {
		uint64_t v;
		memcpy(&v, p + i, 8);
		word(k, v);
	}
	if (bytes % 8) {
		uint64_t v = 0;
		memcpy(&v, p + bytes - bytes % 8, bytes % 8);
		word(k, v);
	}
}

/* Words of flags and counts, none of them an id, whatever they look like. */
static void plain(struct walk *k, const void *start, size_t bytes)
{
	const char *p = start;
	for (size_t i = 0; i + 8 <= bytes; i += 8) {
		uint64_t v;
		memcpy(&v, p + i, 8);
		mix(k, v);
	}
}

static void walk_state(struct walk *k, const struct vc_state *s)
{
	const char *p = (const char *)s;
	words(k, p, used(s, &s->d.log));
	words(k, p + LOG_END(d.log), used(p + LOG_END(d.log), &s->mine.log));
	words(k, p + LOG_END(mine.log), used(p + LOG_END(mine.log), &s->theirs.log));
	words(k, p + LOG_END(theirs.log), sizeof *s - LOG_END(theirs.log));
}

static void walk_item(struct walk *k, const struct m_item *i)
{
	word(k, (uint64_t)i->what | (uint64_t)i->write << 8 | (uint64_t)i->seq << 16 |
		    (uint64_t)i->live << 24);
	if (i->what == M_MESSAGE)
		words(k, &i->msg, msg_size(&i->msg));
}

static void walk_host(struct walk *k, const struct m_host *me)
{
	words(k, &me->s, offsetof(struct m_shell, powered));
	plain(k, (const char *)&me->s + offsetof(struct m_shell, powered),
	      sizeof me->s - offsetof(struct m_shell, powered));
	words(k, &me->disk, used(&me->disk, &me->disk.log));
	if (me->s.copied)
		words(k, &me->copy, used(&me->copy, &me->copy.log));
	if (!me->s.worker)
		return;
	walk_state(k, &me->core);
	for (unsigned i = 0; i < me->s.in_n; i++)
		walk_item(k, &me->in[i]);
	for (unsigned i = 0; i < me->s.ev_n; i++)
		walk_item(k, &me->ev[i]);
	for (unsigned i = 0; i < me->s.heard_n; i++)
		words(k, &me->heard[i], event_size(&me->heard[i]));
	for (unsigned i = 0; i < me->s.acts_n; i++)
		words(k, &me->acts[i], action_size(&me->acts[i]));
}

struct m_key m_hash(const struct m_world *w)
{
	static struct walk k;
	k.n = k.names = 0;
	k.stamp++;
	plain(&k, &w->env, sizeof w->env);
	walk_host(&k, &w->host[0]);
	walk_host(&k, &w->host[1]);
	return digest(&k);
}
