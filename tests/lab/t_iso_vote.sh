# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Lab: --qdevice
# Fencing: vmtwin
# Lease: short
# The vote itself: its server dead before the cut, or after it; and the vote moves from one host to the other in the middle.

qnetd() { lab service "$lab_name" witness "$1" qnetd; }
device_votes() { quiet_on "$1" corosync-quorumtool -s | grep -Eq 'Qdevice *$|A,V,'; }
cut_off() { lab cut "$lab_name" all "$1"; }

# Nobody has two votes of three: no side goes on, and nothing is lost by that but time.
dead_before() { # CUT...
	local what="qnetd dead before, cut: $*" began reads
	reads=$(founds)
	check "$what: qnetd ends" qnetd stop
	sleep 5
	check "$what: the VM goes on" goes_on 20
	began=$(now_ms)
	lab cut "$lab_name" all "$@"
	nobody "$what" $(($(wait_s) + 5))
	lab mend "$lab_name" all
	began=$(now_ms)
	check "$what, mended: it starts again and reads back" read_back $((reads + 1)) 150 || exit
	check "$what, mended: PRIM and SECOND green" becomes_green || exit
	green_ms=$(($(now_ms) - began))
	check "$what: $(verdict)" nothing_lost
	qnetd start
	check "$what: qnetd is back" wait_for 60 eval 'device_votes host1 && device_votes host2'
	tidy
	iso_times "$what" - - "$green_ms"
}

# The side that had the vote is alone with one of three when qnetd ends: its cluster stops it. It starts again with qnetd.
dead_after() { # LOSER
	local what="qnetd dead after $1 was cut off" winner reads began
	winner=$(other "$1")
	mend=no loses "$what" "$1" cut_off "$1"
	reads=$(founds)
	check "$what: qnetd ends" qnetd stop
	check "$what: $winner loses quorum" wait_for 60 not quorate "$winner" || exit
	check "$what: no VM runs" wait_for 60 runs_nowhere || { tell_state; exit; }
	qnetd start
	began=$(now_ms)
	check "$what, qnetd is back: it reads back on $winner" read_back $((reads + 1)) 150 || { tell_state; exit; }
	check "$what: on $winner" test "$(vm_host)" = "$winner"
	mended "$what"
	iso_times "$what" - - "$green_ms"
	tidy
}

# Only the line between the hosts is cut: one keeps the vote, the other ends its VM and all that it could go on by. Then the one
# with the vote is cut off from qnetd as well, before its fencing is confirmed, and the other one gets the vote. If that one's cluster has
# stopped it meanwhile, or its lease is over, it can't know whether the first one went on alone: neither starts, until they are in step
# again. Else it goes on, when it has had the vote for the whole time.
moves() { # PRIMARY
	local what="vote moves, primary $1" voter=host1 other reads began moved up=-
	check "$what: the VM is there" vm_on "$1" || exit
	reads=$(founds)
	began=$(now_ms)
	lab cut "$lab_name" all pair
	check "$what: one of them has the vote" wait_for 60 eval 'not quorate host1 || not quorate host2' || exit
	quorate host1 || voter=host2
	other=$(other $voter)
	check "$what: $voter has it" quorate $voter
	sleep 3
	lab cut "$lab_name" all $voter
	check "$what: $voter loses it" wait_for 90 not quorate $voter || exit
	check "$what: $other gets it" wait_for 90 quorate "$other" || exit
	moved=$(said_at "$other" "$began" "quorum gained")
	if wait_for $(($(wait_s) + 20)) alone "$other"; then
		up=$(took "$other" "$moved" "$said_alone")
		check "$what: $other goes on, not before it had the vote for the whole time" test "$up" -gt $((($(wait_s) - 1) * 1000 - 2000))
		note "$what: $voter had the vote first; $other alone $up ms after it moved"
	else
		nobody "$what" 3
		check "$what: $other says why" explains "$other" "state: WAIT"
		note "$what: $voter had the vote first; nobody goes on"
	fi
	check "$what: $voter says that it does not write" comes_to_rest $voter
	mended "$what"
	check "$what, mended: it reads back" read_back $((reads + 1)) 60 || exit
	iso_times "$what" - "$up" "$green_ms"
	tidy
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
dead_before "$primary"
moves "$(vm_host)"
if [ "$VT_SOAK" = yes ]; then
	dead_before "$(other "$(vm_host)")"
	dead_before pair
	moves host1
	moves host2
	primary=$(vm_host) || exit
	dead_after "$primary"
	primary=$(vm_host) || exit
	dead_after "$(other "$primary")"
fi
check "PRIM and SECOND green" becomes_green
