// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's witnesses (vmtwind.conf(5)), asked by the prober (daemon/witness). In a cluster of two without a third vote
 * both sides of a split are quorate; a proof of that is worth nothing then. With witnesses, a unit whose other host is no member
 * has its lease renewed only as far as enough of them answered. While both hosts are members nobody is asked for more.
 */
#include "daemon/master/master.h"

#include <stdio.h>
#include <string.h>

static void names(const struct vt_witness_conf *conf, char *out, size_t cap)
{
	size_t at = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < conf->count && at < cap; i++)
		at += (size_t)snprintf(out + at, cap - at, "%s%s", i ? " " : "", conf->witness[i].text);
}

static bool reached_lately(const struct vm_witness *w, uint64_t now)
{
	return w->proof_ns && now - w->proof_ns < VM_WITNESS_STALE_MS * UINT64_C(1000000);
}

/* In the log once for each change. */
static void note_change(struct vm_master *m)
{
	struct vm_witness *w = &m->witness;
	char text[VT_WITNESSES_MAX * VT_WITNESS_TEXT];
	bool reached = reached_lately(w, vt_boottime_ns());
	if (w->told && reached == w->told_reached)
		return;
	names(&w->conf, text, sizeof text);
	w->told = true;
	w->told_reached = reached;
	if (reached)
		vt_log(VT_NOTICE, NULL, "witness reached (%s)", text);
	else
		vt_log(VT_WARN, NULL, "no witness answers as needed (%s of: %s): should the other host go as well, a unit that "
		       "is not alone by then takes its VM down", w->conf.all ? "all" : "any", text);
}

uint64_t vm_witness_proof(const struct vm_master *m, const struct vm_unit *unit, uint64_t sent_ns)
{
	const struct vm_witness *w = &m->witness;
	if ((w->conf.count == 0 && !w->trouble[0]) || vm_is_member(m, unit->peer_node))
		return sent_ns;
	if (w->trouble[0])
		return 0;
	return w->proof_ns < sent_ns ? w->proof_ns : sent_ns;
}

uint64_t vm_witness_host_proof(const struct vm_master *m, uint64_t sent_ns)
{
	const struct vm_witness *w = &m->witness;
	if ((w->conf.count == 0 && !w->trouble[0]) || m->member_nodes >= m->nodes.count)
		return sent_ns;
	if (w->trouble[0])
		return 0;
	return w->proof_ns < sent_ns ? w->proof_ns : sent_ns;
}

uint64_t vm_witness_since(const struct vm_master *m)
{
	const struct vm_witness *w = &m->witness;
	return !w->trouble[0] && reached_lately(w, vt_boottime_ns()) ? w->since_ns : 0;
}

void vm_witness_status(const struct vm_master *m, struct vt_kv *reply)
{
	const struct vm_witness *w = &m->witness;
	char text[VT_WITNESSES_MAX * VT_WITNESS_TEXT];
	uint64_t now = vt_boottime_ns();
	if (w->trouble[0]) {
		vt_kv_add(reply, "witness", "unknown");
		vt_kv_add(reply, "witness-text", "%s", w->trouble);
		return;
	}
	if (w->conf.count == 0)
		return;
	names(&w->conf, text, sizeof text);
	bool reached = reached_lately(w, now);
	vt_kv_add(reply, "witness", "%s", reached ? "reached" : "not-reached");
	if (reached)
		vt_kv_add(reply, "witness-text", "reached: %s", text);
	else if (w->proof_ns)
		vt_kv_add(reply, "witness-text", "not reached for %llu s (%s of: %s)",
			  (unsigned long long)((now - w->proof_ns) / 1000000000u), w->conf.all ? "all" : "any", text);
	else
		vt_kv_add(reply, "witness-text", "not reached since vmtwind started (%s of: %s)", w->conf.all ? "all" : "any",
			  text);
}

/* ---- the prober --------------------------------------------------------------------------------------- */

static int32_t on_prober(int32_t fd, int32_t events, void *data);

static void on_overdue(void *data)
{
	struct vm_master *m = data;
	struct vm_witness *w = &m->witness;
	w->timer = 0;
	if (w->prober.fd >= 0)
		on_prober(w->prober.fd, 0, m); /* what waits there was not silence */
	note_change(m);
	if (w->timer == 0)
		vm_helper_kill(&w->prober); /* goes on in vm_witness_child_ended */
}

static int32_t on_prober(int32_t fd, int32_t events, void *data)
{
	char line[VT_WITNESS_LINE_MAX];
	struct vm_master *m = data;
	struct vm_witness *w = &m->witness;
	struct vt_witness_report report;
	(void)fd;
	(void)events;
	ssize_t n = vm_helper_receive(m, &w->prober, line, sizeof line);
	if (n > 0 && vt_witness_report_parse(&report, line, (size_t)n) == 0) {
		if (vt_witness_reached(&w->conf, report.answered) && report.sent_ns > w->proof_ns && report.sent_ns <= vt_boottime_ns()) {
			if (w->proof_ns == 0 || report.sent_ns - w->proof_ns >= VM_WITNESS_STALE_MS * UINT64_C(1000000))
				w->since_ns = report.sent_ns;
			w->proof_ns = report.sent_ns;
		}
		note_change(m);
		vm_timer(m, &w->timer, VM_WITNESS_SILENCE_MS, m, on_overdue);
	}
	return 0;
}

static int start_prober(struct vm_master *m)
{
	struct vm_witness *w = &m->witness;
	const char *args[VT_WITNESSES_MAX + 1] = {NULL};
	for (unsigned i = 0; i < w->conf.count; i++)
		args[i] = w->conf.witness[i].text;
	return vm_helper_start(m, &w->prober, m->witness_path, args, on_prober);
}

static void on_start_due(void *data)
{
	struct vm_master *m = data;
	struct vm_witness *w = &m->witness;
	w->timer = 0;
	if (m->closing)
		return;
	int rc = start_prober(m);
	if (rc < 0)
		vt_log(VT_ERR, NULL, "%s can't be started (%s): no witness is asked, trying again", m->witness_path,
		       strerror(-rc));
	vm_timer(m, &w->timer, rc < 0 ? VM_RECONNECT_INTERVAL_MS : VM_WITNESS_SILENCE_MS, m, rc < 0 ? on_start_due : on_overdue);
}

void vm_witness_start(struct vm_master *m)
{
	struct vt_fail fail = {0};
	int rc = vt_hostconf_load(&m->host, m->host_conf, &fail);
	m->witness.conf = m->host.witness;
	if (rc < 0) {
		/* as if none answered: whoever wrote the file wanted one */
		snprintf(m->witness.trouble, sizeof m->witness.trouble, "%s", fail.text);
		vt_log(VT_ERR, NULL, "%s; until that is mended and vmtwind restarted, no witness counts, and this host does not end itself", fail.text);
		return;
	}
	if (m->witness.conf.count == 0)
		return;
	char text[VT_WITNESSES_MAX * VT_WITNESS_TEXT];
	names(&m->witness.conf, text, sizeof text);
	vt_log(VT_INFO, NULL, "witnesses, %s of: %s", m->witness.conf.all ? "all" : "any", text);
	on_start_due(m);
}

void vm_witness_check(struct vm_master *m)
{
	struct vm_witness *w = &m->witness;
	for (unsigned n = 0; n < m->nodes.count; n++)
		for (unsigned r = 0; r < m->nodes.node[n].rings; r++)
			for (unsigned i = 0; i < w->conf.count && !w->trouble[0]; i++)
				if (vt_witness_has_text(&w->conf.witness[i], m->nodes.node[n].addr[r]))
					snprintf(w->trouble, sizeof w->trouble,
						 "%s: %s is %s itself, a host of the cluster: it can be no witness; mend it and "
						 "restart vmtwind", m->host_conf, w->conf.witness[i].text,
						 m->nodes.node[n].name);
	if (w->trouble[0])
		vt_log(VT_ERR, NULL, "%s", w->trouble);
}

void vm_witness_child_ended(struct vm_master *m, int status)
{
	struct vm_witness *w = &m->witness;
	vm_helper_ended(m, &w->prober);
	if (m->closing)
		return;
	vt_log(VT_WARN, NULL, "the prober of the witnesses ended (wait status %d); starting it again", status);
	note_change(m);
	vm_timer(m, &w->timer, VM_FENCE_RESTART_MS, m, on_start_due);
}

void vm_witness_stop(struct vm_master *m)
{
	vm_helper_kill(&m->witness.prober);
}
