# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# Both hosts lose power at once, and come back in either order.

both_off() { lab list | grep "^$lab_name " | grep -q 'host1=off host2=off'; }

need "vm1 is ready" vm1_ready
for order in "primary secondary" "secondary primary"; do
	primary=$(vm_host) || exit
	second=$(other "$primary")
	[ "${order%% *}" = primary ] && hosts="$primary $second" || hosts="$second $primary"
	reads=$(founds)
	random_pause 3
	check "both hosts lose power ($order)" cut_both
	check "both are off" both_off
	for host in $hosts; do
		check "$host boots" lab boot "$lab_name" "$host"
		# The second comes while the first is on its way or waits already.
		random_pause 10
	done
	check "the VM reads back" read_back $((reads + 1)) 150 || exit
	check "$(verdict)" nothing_lost
	check "PRIM and SECOND green" becomes_green || exit
done
