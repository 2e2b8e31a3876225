# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# One network, power fencing. The network breaks between the hosts: both are quorate (two_node), both want to shoot, one does: the
# one that runs the VM has a head start (priority-fencing-delay). Nobody is shot twice, and never both.

one_is_shot() { # PRIMARY
	local what="power fencing, primary $1" second before boots began took
	second=$(other "$1")
	check "$what: the VM is there" vm_on "$1" || exit
	before=$(shots)
	boots=$(boots)
	began=$(now_ms)
	lab cut "$lab_name" all pair
	check "$what: $1 goes ALONE" wait_for 90 alone "$1" || { tell_state; exit; }
	check "$what: it acknowledges" goes_on 20
	took=$(($(now_ms) - began))
	check "$what: one shot, at $second" test "$(($(shots) - before)) $(tail -n 20 "$world/power.log" | grep -c "power-off $second for-$1")" = "1 1"
	sleep 8 # back up, and still cut off: it must not shoot
	check "$what: still one" test $(($(shots) - before)) = 1
	check "$what: the VM never stopped" test "$boots" = "$(boots)"
	mended "$what"
	iso_times "$what, its secondary shot" - "$took" "$green_ms"
}

# No host hears anything any more, both want to shoot at the same moment, and either could: the head start decides, every time.
both_shoot() {
	local what="power fencing, both at once" before boots primary second
	primary=$(vm_host) || exit
	second=$(other "$primary")
	before=$(shots)
	boots=$(boots)
	lab cut "$lab_name" all
	check "$what: somebody is shot" wait_for 90 shot_more_than "$before"
	sleep 5
	lab mend "$lab_name" all
	check "$what: PRIM and SECOND green" becomes_green 180 || exit
	check "$what: one, never both" test $(($(shots) - before)) = 1
	check "$what: it was $second, by $primary" eval '[[ "$(grep "power-off host[12] for-" "$world/power.log" | tail -n 1)" == *"power-off $second for-$primary" ]]'
	check "$what: the VM never stopped" test "$boots" = "$(boots)"
	check "$what: $(verdict)" nothing_lost
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
one_is_shot "$primary"
both_shoot
if [ "$VT_SOAK" = yes ]; then
	one_is_shot "$(other "$primary")"
	for round in 1 2 3 4; do
		both_shoot
	done
fi
tidy
check "PRIM and SECOND green" becomes_green
