# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Two networks. One of them breaks, whole or one way: nobody is fenced, the VM goes on where it is. Both break at once: as with
# one network, one side is shot.

ring_of_link() { quiet_on "$1" ss -Htn state established | awk '/:7790/ { print $3; exit }' | sed -E 's/10\.[0-9]+\.1([01])\..*/\1/'; }

# ring_cut RING WHAT: that ring alone.
ring_cut() {
	local what="$1 cut, $2" before primary began
	primary=$(vm_host) || exit
	before="$primary $(shots) $(boots)"
	stall_begin
	began=$(now_ms)
	lab cut "$lab_name" "$1" "$2"
	check "$what: the VM goes on" goes_on 40 60 || { tell_state; exit; }
	sleep 8 # what knet and the data link notice late
	check "$what: it still does" goes_on 40 60 || { tell_state; exit; }
	stall_end
	check "$what: both are members" quorate host1
	lab mend "$lab_name" "$1"
	began=$(now_ms)
	check "$what, mended: PRIM and SECOND green" becomes_green || exit
	green_ms=$(($(now_ms) - began))
	check "$what: same host, nobody shot, the VM never stopped" test "$before" = "$(vm_host) $(shots) $(boots)"
	check "$what: $(verdict)" nothing_lost
	note "$what: longest stall of the guest $stall_ms ms"
	iso_times "two networks, $what" - 0 "$green_ms"
}

both_rings() { # WHAT
	local what="both networks cut, $1" before
	before=$(shots)
	lab cut "$lab_name" all "$1"
	check "$what: one side is shot" wait_for 90 shot_more_than "$before"
	check "$what: the VM goes on" goes_on 20 120 || { tell_state; exit; }
	mended "$what"
	check "$what: one" test $(($(shots) - before)) = 1
	iso_times "two networks, $what" - - "$green_ms"
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
replication=ring$(ring_of_link "$primary")
check "the data link has a ring ($replication)" test "$replication" = ring0 -o "$replication" = ring1
production=ring0
[ "$replication" = ring1 ] || production=ring1
ring_cut "$replication" pair
ring_cut "$production" pair
if [ "$VT_SOAK" = yes ]; then
	for primary in host1 host2; do
		check "the VM is on $primary" vm_on "$primary" || exit
		for ring in "$replication" "$production"; do
			ring_cut "$ring" both
			ring_cut "$ring" "$primary"
			ring_cut "$ring" host1-to-host2
			ring_cut "$ring" host2-to-host1
		done
		both_rings pair
		both_rings host1-to-host2
		both_rings host2-to-host1
	done
fi
tidy
check "PRIM and SECOND green" becomes_green
