# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# The network that carries the data is cut, in every way: no failover, no stop of the VM; in step again after repair.

# The ring that carries the data link now: its addresses' third number ends in the ring's.
link_ring() {
	local local_end
	local_end=$(quiet_on "$1" ss -Htn state established '( sport = :7790 or dport = :7790 )' | awk '{ print $3; exit }')
	[[ $local_end =~ ^10\.[0-9]+\.1([01])\. ]] && echo "ring${BASH_REMATCH[1]}"
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
second=$(other "$primary")
starts=$(boots)
for what in both pair "$primary-to-$second" "$second-to-$primary"; do
	ring=$(link_ring "$primary")
	check "$what: the data goes by ${ring:-?}" test -n "$ring" || exit
	stall_begin
	lab cut "$lab_name" "$ring" "$what"
	check "$what: the VM goes on" goes_on 200 60
	check "$what: $primary is PRIM or ALONE" says 0 '^(PRIM|ALONE)' state_of "$primary"
	stall_end
	note "$ring cut ($what): longest stall of the guest: $stall_ms ms"
	lab mend "$lab_name" all
	check "$what, mended: PRIM and SECOND green" becomes_green || exit
done
check "the VM never stopped, nobody was fenced" test "$starts $primary" = "$(boots) $(vm_host)"
check "$(verdict)" nothing_lost
