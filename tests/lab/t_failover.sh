# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# Power cuts at random moments, unsynced data gone: of the primary (the VM comes up on the other host with every
# acknowledged write) and of the secondary (the VM never stops). 3 of each; 20 and 10 in the soak.

cut_primary() { # WHICH
	local victim survivor reads began
	victim=$(vm_host) || { check "$1: one host runs the VM" false; return; }
	survivor=$(other "$victim")
	reads=$(founds)
	random_pause 4
	began=$(now_ms)
	check "$1: power cut of $victim" lab power-cut "$lab_name" "$victim" || return
	check "$1: the VM reads back on $survivor" read_back $((reads + 1)) || return
	check "$1: $(verdict)" nothing_lost || return
	check "$1: it goes on alone" goes_on 20 || return
	note "$1: $survivor ALONE $(took "$survivor" "$began" "$said_alone") ms after the cut"
	check "$1: it runs on $survivor only" test "$(vm_host)" = "$survivor" || return
	check "$1: $victim is back as SECOND green" becomes_green
}

cut_secondary() { # WHICH
	local host victim starts began
	host=$(vm_host) || { check "$1: one host runs the VM" false; return; }
	victim=$(other "$host")
	starts=$(boots)
	stall_begin
	random_pause 4
	began=$(now_ms)
	check "$1: power cut of $victim" lab power-cut "$lab_name" "$victim"
	check "$1: the VM goes on" goes_on 50 || return
	stall_end
	note "$1: frozen $(took "$host" "$began" "$said_frozen") ms, ALONE $(took "$host" "$began" "$said_alone") ms after the cut; longest stall of the guest: $stall_ms ms"
	check "$1: $victim is back as SECOND green" becomes_green || return
	check "$1: the VM never stopped" test "$starts $host" = "$(boots) $(vm_host)" || return
	check "$1: $(verdict)" nothing_lost
}

need "vm1 is ready" vm1_ready
[ "$VT_SOAK" = yes ] && primaries=20 secondaries=10 || primaries=3 secondaries=3
failed=0
for ((i = 1; i <= primaries && failed == 0; i++)); do
	cut_primary "primary cut $i/$primaries" || failed=1
done
for ((i = 1; i <= secondaries && failed == 0; i++)); do
	cut_secondary "secondary cut $i/$secondaries" || failed=1
done
