# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Two faults at once, those that a safety rule is there for.

kill_worker() { on "$1" bash -c 'kill -9 "$(head -n1 /run/vmtwin/vm1.pid)"'; }

# The link is gone, the primary alone; then it dies. The other copy is outdated.
link_then_primary() {
	local primary second reads
	primary=$(vm_host) || exit
	second=$(other "$primary")
	drop_ports "$data_ports"
	check "no data link: $primary is ALONE" wait_for 30 state_is "$primary" "ALONE green"
	check "it acknowledges alone" goes_on 50
	reads=$(founds)
	check "then power cut of $primary" lab power-cut "$lab_name" "$primary"
	check "the outdated copy on $second is refused" wait_for 60 shows "$second" "$second +WAIT +red"
	check "the VM reads back" read_back $((reads + 1)) 150 || { tell_state; exit; }
	check "on $primary" test "$(vm_host)" = "$primary"
	check "$(verdict)" nothing_lost
	mend_ports
	check "PRIM and SECOND green" becomes_green || exit
}

# The secondary is down, the primary alone; then it dies, and the other comes up first.
secondary_then_primary() {
	local primary second reads
	primary=$(vm_host) || exit
	second=$(other "$primary")
	check "standby of $second" on host1 timeout 60 pcs node standby "$second"
	check "$primary is ALONE" wait_for 60 state_is "$primary" "ALONE green"
	check "it acknowledges alone" goes_on 50
	reads=$(founds)
	check "both lose power" cut_both
	check "$second boots first" lab boot "$lab_name" "$second"
	check "no VM there" not wait_for 20 vm_runs_on "$second"
	check "$primary boots" lab boot "$lab_name" "$primary"
	check "end of standby" wait_for 90 on "$primary" timeout 60 pcs node unstandby "$second"
	check "the VM reads back" read_back $((reads + 1)) 150 || { tell_state; exit; }
	check "on $primary" test "$(vm_host)" = "$primary"
	check "$(verdict)" nothing_lost
	check "PRIM and SECOND green" becomes_green || exit
}

both_workers() {
	local reads host
	reads=$(founds)
	for host in host1 host2; do
		kill_worker "$host" &
	done
	wait
	check "both workers die: the VM reads back" read_back $((reads + 1)) 150 || { tell_state; exit; }
	check "$(verdict)" nothing_lost
	check "PRIM and SECOND green" becomes_green || exit
	tidy
}

# The primary's vmtwind dies and, before it is back, the link.
master_and_link() {
	local primary reads
	primary=$(vm_host) || exit
	on "$primary" kill -9 "$(service_pid "$primary" vmtwind)"
	drop_ports "$data_ports"
	check "vmtwind on the primary dies, and the link: the VM goes on" goes_on 20 150 || { tell_state; exit; }
	mend_ports
	check "PRIM and SECOND green" becomes_green 150 || exit
	check "$(verdict)" nothing_lost
	tidy
}

need "vm1 is ready" vm1_ready
link_then_primary
secondary_then_primary
both_workers
master_and_link
tidy
check "PRIM and SECOND green" becomes_green
