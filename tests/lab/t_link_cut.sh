# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# One of two networks is cut, then the other: no failover, no stop of the VM; in step again after repair.

need "vm1 is ready" vm1_ready
primary=$(vm_host)
starts=$(boots)
for ring in ring1 ring0; do
	for what in both pair "$primary-to-$(other "$primary")"; do
		stall_begin
		lab cut "$lab_name" "$ring" "$what"
		check "$ring cut ($what): the VM goes on" goes_on 100 60
		check "$ring cut ($what): $primary is PRIM or ALONE" says 0 '^(PRIM|ALONE)' state_of "$primary"
		stall_end
		note "longest stall of the guest: $stall_ms ms"
		lab mend "$lab_name" all
		check "$ring mended: PRIM and SECOND green" becomes_green || exit
	done
done
check "the VM never stopped, nobody was fenced" test "$starts $primary" = "$(boots) $(vm_host)"
check "$(verdict)" nothing_lost
