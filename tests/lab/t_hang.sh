# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# A worker hangs past all limits and then goes on, on either host, and with nobody who kills it. Whoever wakes up too late
# acknowledges nothing.

readonly past_all_s=45 # the lease, the agents' monitors, the link, fencing

alive() { quiet_on "$1" kill -0 "$2"; } # HOST PID

# hang HOST WHO WHAT PID: it stops, goes on when all limits are over (if nobody has killed it), and the VM is there.
hang() {
	local reads acks
	check "$2: $3 on $1 hangs" on "$1" kill -STOP "$4" || exit
	sleep "$past_all_s"
	if is_on "$1" && alive "$1" "$4"; then
		check "$2: $3 goes on after $past_all_s s" on "$1" kill -CONT "$4"
	else
		note "$2: $3 was ended, or its host fenced, before $past_all_s s were over"
	fi
	check "$2: the VM goes on" goes_on 30 120 || { tell_state; exit; }
	tidy # one hang may count as three failures, which keep the unit off the host for ten minutes
	check "$2: PRIM and SECOND green" becomes_green 180 || exit
	check "$2: $(verdict)" nothing_lost
}

need "vm1 is ready" vm1_ready
for who in secondary primary; do
	primary=$(vm_host) || exit
	[ $who = primary ] && host=$primary || host=$(other "$primary")
	hang "$host" "$who" "the worker" "$(worker_pid "$host")"
done

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
