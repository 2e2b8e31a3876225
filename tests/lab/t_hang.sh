# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# A worker hangs past all limits and then goes on, on either host, and with nobody who kills it. Whoever wakes up too late
# acknowledges nothing.

need "vm1 is ready" vm1_ready
hang_each "the worker" worker_pid

# The same with Pacemaker told to keep its hands off: nobody kills what hangs, and it does wake up.
check "maintenance mode" maintenance true
primary=$(vm_host) || exit
pid=$(worker_pid "$primary")
check "maintenance: the worker on $primary, the primary, hangs" on "$primary" kill -STOP "$pid"
sleep "$past_all_s"
check "maintenance: it goes on after $past_all_s s" on "$primary" kill -CONT "$pid"
check "end of maintenance" maintenance false
check "the VM goes on" goes_on 30 150 || { tell_state; exit; }
tidy
check "PRIM and SECOND green" becomes_green 180
check "$(verdict)" nothing_lost
