# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# The power switch is slow, or refuses: nothing starts before it has answered, and all goes on when it does.

readonly slow_s=12
answers() { grep -c 'answer .* ok' "$world/power.log"; }
answered_more_than() { [ "$(answers)" -gt "$1" ]; }
refusals() { grep -c 'answer .* fail' "$world/power.log"; }
refused_more_than() { [ "$(refusals)" -gt "$1" ]; }

slow() {
	local victim survivor reads began
	victim=$(vm_host) || exit
	survivor=$(other "$victim")
	reads=$(founds)
	lab fence-mode "$lab_name" slow "$slow_s"
	check "slow fencing: power cut of $victim, the primary" lab power-cut "$lab_name" "$victim"
	began=$(now_ms)
	check "the VM reads back on $survivor" read_back $((reads + 1)) 120 || exit
	check "not before the switch had answered" test $(($(said_at "$survivor" "$began" "$said_alone") - began)) -gt $((slow_s * 1000))
	note "slow fencing ($slow_s s): alone $(took "$survivor" "$began" "$said_alone") ms after the cut"
	lab fence-mode "$lab_name" normal
	check "$(verdict)" nothing_lost
	check "PRIM and SECOND green" becomes_green || exit
}

# What an operator finds at night: the VM is down and the fencing has failed; repaired, it goes on by itself.
failing() {
	local victim survivor reads before
	victim=$(vm_host) || exit
	survivor=$(other "$victim")
	reads=$(founds)
	before=$(refusals)
	lab fence-mode "$lab_name" fail
	check "failing fencing: power cut of $victim, the primary" lab power-cut "$lab_name" "$victim"
	check "the switch refuses" wait_for 60 refused_more_than $((before + 1))
	check "$survivor does not start the VM" not vm_runs_on "$survivor"
	check "it waits, and says for what" wait_for 20 explains "$survivor" "state: WAIT"
	lab fence-mode "$lab_name" normal
	check "repaired: the VM reads back on $survivor" read_back $((reads + 1)) 180 || exit
	check "$(verdict)" nothing_lost
	is_on "$victim" || lab boot "$lab_name" "$victim"
	check "PRIM and SECOND green" becomes_green || exit
}

# Both live, neither is heard, nobody can be shot.
failing_split() {
	local primary second starts before began
	primary=$(vm_host) || exit
	second=$(other "$primary")
	starts=$(boots)
	before=$(refusals)
	lab fence-mode "$lab_name" fail
	began=$(now_ms)
	lab cut "$lab_name" all
	check "failing fencing, all networks cut: the switch refuses both" wait_for 60 refused_more_than $((before + 1))
	check "$primary holds its writes" wait_for 20 shows "$primary" "$primary +PRIM +orange"
	check "$second does not start the VM" not vm_runs_on "$second"
	note "frozen $(took "$primary" "$began" "$said_frozen") ms after the cut"
	if [ "$1" = shot ]; then
		before=$(shots)
		lab fence-mode "$lab_name" normal
		check "repaired: one side is shot" wait_for 120 shot_more_than "$before"
		check "the VM goes on" goes_on 20 120
		lab mend "$lab_name" all
	else
		lab mend "$lab_name" all
		lab fence-mode "$lab_name" normal
		check "mended without a shot: the VM goes on" goes_on 20 120
	fi
	check "PRIM and SECOND green" becomes_green || exit
	check "$(verdict)" nothing_lost
}

need "vm1 is ready" vm1_ready
failing
if [ "$VT_SOAK" = yes ]; then
	slow
	failing_split shot
	failing_split mended
fi
tidy
check "PRIM and SECOND green" becomes_green
