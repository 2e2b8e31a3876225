// SPDX-License-Identifier: GPL-2.0-or-later
/* The reply to status: the master's facts, then each unit as both hosts see it. */
#include "daemon/master/master.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"

#define KEY_MAX 31	   /* bytes of a key, see base/kv.h */
#define NEXT_RESERVE 64    /* bytes kept for the keys after the last unit */

/* Makes entries for the units that are configured but were never started here. */
void vm_units_configured(struct vm_master *m)
{
	DIR *dir = opendir(m->unit_dir);
	if (!dir)
		return;
	for (const struct dirent *entry; (entry = readdir(dir));) {
		char name[VT_UNIT_NAME_MAX + 1];
		const char *dot = strrchr(entry->d_name, '.');
		if (!dot || strcmp(dot, ".conf") != 0 || (size_t)(dot - entry->d_name) >= sizeof name)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)(dot - entry->d_name), entry->d_name);
		if (vt_unit_name_ok(name))
			vm_unit_get(m, name);
	}
	closedir(dir);
}

static const char *worker_word(const struct vm_unit *unit)
{
	static const char *const words[] = {
	    [VM_DOWN] = "none",		[VM_STARTING] = "starting", [VM_SEEKING] = "unreachable",
	    [VM_CONNECTED] = "silent",	[VM_GREETED] = "waiting",   [VM_ATTACHED] = "attached",
	    [VM_DYING] = "ending",
	};
	return words[unit->state];
}

/* Adds "unitN.[peer.]KEY"; keys that don't fit a key's length are left out. */
static void add(struct vt_kv *kv, unsigned n, const char *sub, const char *key, const char *value)
{
	char full[64];
	int len = snprintf(full, sizeof full, "unit%u.%s%s", n, sub, key);
	if (len > 0 && len <= KEY_MAX)
		vt_kv_add(kv, full, "%s", value);
}

static void add_all(struct vt_kv *kv, unsigned n, const char *sub, const struct vt_kv *from)
{
	const char *key, *value;
	for (size_t pos = 0; vt_kv_next(from, &pos, &key, &value);)
		add(kv, n, sub, key, value);
}

/* The other host's words, while its master is heard: a silent one may have ended with a state that is no more. */
static void add_peer_words(struct vt_kv *kv, unsigned n, const struct vm_unit *unit,
			   const struct vt_node *node)
{
	const struct vm_master *m = unit->m;
	uint64_t heard_ns = node ? m->heard_ns[node - m->nodes.node] : 0, now = vt_boottime_ns();
	char text[160];
	if (unit->has_peer_status && (!m->quorate || now - heard_ns < VM_PEER_SILENCE_MS * 1000000ull)) {
		add_all(kv, n, "peer.", &unit->peer_status);
		return;
	}
	add(kv, n, "peer.", "state", "unknown");
	if (!unit->has_peer_status)
		return;
	snprintf(text, sizeof text,
		 "its vmtwind has been silent for %llu s; look at it there: systemctl status vmtwind",
		 (unsigned long long)((now - heard_ns) / 1000000000u));
	add(kv, n, "peer.", "text", text);
}

static void add_peer(struct vt_kv *kv, unsigned n, const struct vm_unit *unit, const char *peer)
{
	const struct vm_master *m = unit->m;
	const struct vt_node *node = vt_nodes_by_name(&m->nodes, peer);
	const struct vt_fence_node *fence = vt_fence_find(&m->watcher.snap, peer);
	add(kv, n, "peer.", "host", peer);
	add(kv, n, "peer.", "member", m->ready && node && vm_is_member(m, node->id) ? "yes" : "no");
	if (m->watcher.snap.known)
		add(kv, n, "peer.", "fencing", fence && fence->pending ? "pending" : "none");
	add_peer_words(kv, n, unit, node);
}

static void add_unit(struct vt_kv *kv, unsigned n, struct vm_unit *unit)
{
	const struct vm_master *m = unit->m;
	char number[32];
	add(kv, n, "", "name", unit->name);
	add(kv, n, "", "host", m->self_name);
	add(kv, n, "", "worker", worker_word(unit));
	if (unit->pid > 0) {
		snprintf(number, sizeof number, "%d", (int)unit->pid);
		add(kv, n, "", "pid", number);
	}
	if (unit->rsc[0])
		add(kv, n, "", "rsc", unit->rsc);
	if (unit->trouble[0])
		add(kv, n, "", "trouble", unit->trouble);
	if (unit->has_status) {
		snprintf(number, sizeof number, "%d", unit->status.score);
		add(kv, n, "", "score", number);
		if (unit->silent) { /* of equal keys the first counts */
			add(kv, n, "", "colour", "red");
			add(kv, n, "", "text", unit->trouble);
		}
		add_all(kv, n, "", &unit->status.kv);
	} else {
		add(kv, n, "", "state", unit->state == VM_DOWN ? "STOP" : "WAIT");
		add(kv, n, "", "colour", "red");
	}
	if (unit->has_conf) {
		add(kv, n, "", "directory", unit->conf.directory);
		add(kv, n, "", "domain", unit->conf.domain);
		bool first = strcmp(unit->conf.hosts[0], m->self_name) == 0;
		add_peer(kv, n, unit, unit->conf.hosts[first ? 1 : 0]);
	}
}

static void add_master(const struct vm_master *m, struct vt_kv *reply)
{
	vt_kv_add(reply, "rc", "0");
	vt_kv_add(reply, "version", "%s", VT_VERSION);
	vt_kv_add(reply, "cluster", "%s", m->ready ? "joined" : "waiting");
	if (!m->ready)
		vt_kv_add(reply, "cluster-text", "%s", m->waiting);
	vt_kv_add(reply, "node", "%s", m->self_name);
	vt_kv_add(reply, "quorate", "%s", m->quorate ? "yes" : "no");
	vt_kv_add(reply, "masters", "%u", m->group_size);
	vm_witness_status(m, reply);
	vt_kv_add(reply, "fencing", "%s", m->watcher.snap.known ? "known" : "unknown");
}

static void append(struct vt_kv *reply, const struct vt_kv *one)
{
	const char *key, *value;
	for (size_t pos = 0; vt_kv_next(one, &pos, &key, &value);)
		vt_kv_add(reply, key, "%s", value);
}

/*
 * Units are numbered from 0 in the order of their names. `units` is how many this reply holds; if not
 * all fit, `next` is the number to give as `from` in the next request.
 */
void vm_status_reply(struct vm_master *m, const struct vt_kv *request, struct vt_kv *reply)
{
	const char *only = vt_kv_get(request, "unit");
	long from = vt_kv_long(request, "from", 0);
	unsigned n = 0, held = 0;
	vt_kv_init(reply);
	add_master(m, reply);
	vm_units_configured(m);
	for (struct vm_unit *unit = m->units; unit; unit = unit->next) {
		struct vt_kv one;
		if (only && strcmp(only, unit->name) != 0)
			continue;
		if (unit->state == VM_DOWN)
			vm_unit_load_conf(unit); /* says what is wrong with the file, if anything */
		if (unit->state == VM_DOWN && unit->conf_error == -ENOENT)
			continue; /* somebody only asked for it */
		if ((long)n++ < from)
			continue;
		vt_kv_init(&one);
		add_unit(&one, n - 1, unit);
		if (reply->len + one.len + NEXT_RESERVE > VT_KV_MAX) {
			vt_kv_add(reply, "next", "%u", n - 1);
			break;
		}
		append(reply, &one);
		held++;
	}
	vt_kv_add(reply, "units", "%u", held);
	if (only && held == 0) {
		vt_kv_init(reply);
		vt_kv_add(reply, "rc", "%d", -ENOENT);
		vt_kv_add(reply, "text", "unit %.63s is not configured on this host: there is no "
			  "%s/%.63s.conf", only, m->unit_dir, only);
	}
}
