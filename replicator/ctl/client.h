/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's side of the master's control socket (libqb IPC). Used by the agents and by the
 * command. Requests (key cmd, and unit where it concerns one), replies: rc (0 or negative errno),
 * text (for people, when rc is not 0), and what is listed:
 *
 *   start    unit, rsc (the resource's name, for scores), timeout_ms
 *            -> worker runs, store checked, mount there (read-only), instance WAIT or SECOND
 *   stop     unit, timeout_ms        -> demoted if need be, left the pair, unmounted, worker gone
 *   promote  unit, timeout_ms        -> mount read-write; -EAGAIN: evidence lacking, may come;
 *                                       -EPERM: data must not be used here (text says why)
 *   demote   unit, timeout_ms        -> mount read-only
 *   fail-held unit                   -> held writes answered with EIO, none held until promoted again
 *   monitor  unit                    -> role=stopped|secondary|primary, failed=0|1, reason
 *   status   [unit]                  -> per unit N (from 0): unitN.name, unitN.state, ... see
 *                                       docs/CONTROL.md
 *   fence    node, action (off, reboot), id (a number, not 0, the same for as long as the caller asks)
 *            -> at once; to be asked again within 2 s, until state is not "waiting":
 *               state=waiting  text (what for), left_ms (at least so long yet, if nothing breaks)
 *               state=done     the node has surely ended its VMs (and, in an order, itself); text
 *               state=refused  this request is never fulfilled; text says why and what to do
 *            Not asked for 5 s it is forgotten; what was begun (an order to a member) is not taken back.
 *   fence-status node   -> state=on (a member), off (surely ended), unknown; text
 *   fence-ready         -> rc 0: fence_vmtwin can work here; else text says why not.
 *                          nodes="NAME NAME", self, need_ms (silence that success takes at least)
 * A request for a unit that is not started answers rc -ENOENT (monitor: rc 0, role=stopped).
 */
#ifndef VMTWIN_CTL_CLIENT_H
#define VMTWIN_CTL_CLIENT_H

#include "base/kv.h"
#include "base/log.h"

/*
 * Sends request to this host's vmtwind and waits for the reply, timeout_ms at the most (1..600000).
 * 0: reply is filled (look at its rc). -ECONNREFUSED: vmtwind does not run. -ETIMEDOUT: no answer.
 * -EACCES: not root. Other negative errno. fail tells it to people.
 */
int vt_ctl_call(const struct vt_kv *request, struct vt_kv *reply, int timeout_ms,
		struct vt_fail *fail);

#endif
