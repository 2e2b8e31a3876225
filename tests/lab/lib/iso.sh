# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # variables are the tests'; bash -c gets its own
# Isolation: what its tests share. Sourced by test.sh.
#
# A scenario begins and ends with PRIM and SECOND green and notes one line of times:
#	iso: SCENARIO: vm-down MS takeover MS green MS
# vm-down: from the cut to the end of QEMU on the host that loses; takeover: to the next acknowledgement of the other one (its
# read-back, if the VM has moved); green: from the repair.

quorate() { quiet_on "$1" corosync-quorumtool -s | grep -q '^Quorate: *Yes'; }

# The VM's process, seen from outside.
qemu_of() { # HOST
	local init ns pid
	init=$(cut -d' ' -f1 "$lab_dir/hosts/$1/init" 2>/dev/null) && ns=$(readlink "/proc/$init/ns/pid") || return 1
	for pid in $(pgrep -f 'qemu-system.*guest=vm1,'); do
		[ "$(readlink "/proc/$pid/ns/pid")" != "$ns" ] || { echo "$pid"; return; }
	done
	return 1
}
qemu_gone() { ! qemu_of "$1" >/dev/null; }
# watch_vm HOST: writes to $down_file when its QEMU ended.
watch_vm() {
	down_file=$(mktemp)
	(while ! qemu_gone "$1"; do sleep 0.1; done; now_ms >"$down_file") &
	down_pid=$!
}
watch_vm_end() {
	kill "$down_pid" 2>/dev/null
	wait "$down_pid" 2>/dev/null
	rm -f "$down_file"
}
vm_down_ms() { # HOST SINCE
	local at
	at=$(cat "$down_file")
	[ -n "$at" ] && echo $((at - $2)) || echo "-"
}
in_time() { # MS LIMIT_MS
	if [ "$1" = - ] || [ "$1" -gt "$2" ]; then
		echo "$1 ms, not $2"
		return 1
	fi
}

# What fence_vmtwin waits for, in seconds, and what a takeover may take beside it.
wait_s() {
	local token device=0
	token=$(sed -n "s/^lab_token=//p" "$lab_dir/conf" | tr -dc 0-9)
	if grep -q "^lab_qdevice=yes" "$lab_dir/conf"; then
		device=$(sed -n "s/^lab_device_ms=//p" "$lab_dir/conf" | tr -dc 0-9)
		device=${device:-30000}
	fi
	echo $(((lease_ms + ${token:-3000} * 22 / 10 + device + lease_ms / 500 + 1000) / 1000 + 1))
}
readonly takeover_more_s=75

# It says itself that it doesn't write. PRIM or ALONE, red: promoted, but its writes fail (with two_node its cluster leaves it so).
# Silence is no answer: a host that is cut off can be asked.
at_rest() { # HOST
	local state
	state=$(state_of "$1")
	[[ "$state" =~ ^(WAIT|STOP|(PRIM|ALONE)\ red) ]] || { echo "$1 says '$state'"; return 1; }
}
comes_to_rest() { wait_for 20 at_rest "$1" || at_rest "$1"; } # HOST
alone() { [[ "$(state_of "$1")" == "ALONE green"* ]]; }
runs_nowhere() { qemu_gone host1 && qemu_gone host2; }

# Takes the role asked for: the VM is on HOST.
vm_on() { # HOST
	[ "$(vm_host)" = "$1" ] && return
	quiet_on host1 timeout 60 pcs resource move-with-constraint vm1-mirror-clone "$1" --promoted
	wait_for 90 vm_runs_on "$1" || { tell_state; return 1; }
	quiet_on host1 timeout 60 pcs resource clear vm1-mirror-clone
	becomes_green && goes_on 10
}

iso_times() { note "iso: $1: vm-down $2 takeover $3 green $4"; }

# mended SCENARIO: after the repair, by itself. Sets green_ms.
mended() {
	local began
	lab mend "$lab_name" all
	mend_ports
	began=$(now_ms)
	check "$1, mended: PRIM and SECOND green" becomes_green 180 || exit
	green_ms=$(($(now_ms) - began))
	check "$1: it runs on one host" vm_host
	check "$1: $(verdict)" nothing_lost
}

# loses SCENARIO LOSER CUT...: CUT isolates LOSER; the other host goes on, with the VM or without having been the primary.
loses() {
	local what=$1 loser=$2 winner primary reads began limit down=- take
	shift 2
	winner=$(other "$loser")
	primary=$(vm_host) || exit
	limit=$(($(wait_s) + takeover_more_s))
	reads=$(founds)
	watch_vm "$loser"
	began=$(now_ms)
	"$@"
	if [ "$loser" = "$primary" ]; then
		check "$what: the VM on $loser is down" wait_for $((lease_ms / 1000 + 5)) test -s "$down_file" || tell_state
		down=$(vm_down_ms "$loser" "$began")
		check "$what: within the lease" in_time "$down" "$lease_ms"
		check "$what: the VM reads back on $winner" read_back $((reads + 1)) $limit || exit
	else
		check "$what: $winner goes ALONE" wait_for $limit alone "$winner" || { tell_state; exit; }
		check "$what: the VM never stopped" test "$reads" = "$(founds)"
	fi
	check "$what: it acknowledges" goes_on 20
	take=$(($(now_ms) - began))
	check "$what: $winner is ALONE" alone "$winner"
	check "$what: $loser says that it does not write" comes_to_rest "$loser"
	check "$what: no VM on $loser" qemu_gone "$loser"
	note "$what: $winner is $(state_of "$winner"); $loser is $(state_of "$loser")"
	watch_vm_end
	if [ "${mend:-yes}" = yes ]; then
		mended "$what"
		check "$what: the VM stayed on $winner" test "$(vm_host)" = "$winner"
		iso_times "$what" "$down" "$take" "$green_ms"
		tidy # what has failed meanwhile counts: three times, and the unit is kept off the host for ten minutes
	fi
}

# nobody SCENARIO SECONDS: no VM anywhere, and none is started for so long; nobody may write.
nobody() {
	local what=$1 seconds=$2
	check "$what: no VM runs" wait_for $((lease_ms / 1000 + 15)) runs_nowhere || tell_state
	check "$what: none is started" not wait_for "$seconds" not runs_nowhere
	check "$what: host1 says that it does not write" comes_to_rest host1
	check "$what: host2 says that it does not write" comes_to_rest host2
	note "$what: host1 is $(state_of host1); host2 is $(state_of host2)"
}

# A fork that nothing could prevent: told on both hosts, kept, decided by the operator. After it PRIM and SECOND are green.
both_write() { [ "$(watch_doubles)" -gt 2 ]; }
# By whose acknowledgement it is, not by numbers that don't grow: lost writes would give these too.
two_guests() { grep -q "an older one acknowledged after a newer one had started" <<<"$(oracle "$console")"; }
says_fork() { explains "$1" "both hosts wrote without the other"; }
both_say_fork() { says_fork host1 && says_fork host2; }
branch_of() { on "$1" bash -c 'sha256sum "$1"/data/*.qcow2 | cut -c1-64' - "$store"; }
both_may() { may_acknowledge host1 && may_acknowledge host2; }
runs_at_most_once() { not eval 'vm_runs_on host1 && vm_runs_on host2'; }

fork_decided() {
	local sum1 sum2 began
	check "they meet: the fork is told on both hosts" wait_for 120 both_say_fork || { tell_state; exit; }
	began=$(now_ms)
	check "one of them is demoted" wait_for 120 not both_may || { tell_state; exit; }
	note "it took $(($(now_ms) - began)) ms since the fork was told"
	check "one VM is ended" wait_for 60 runs_at_most_once || { tell_state; exit; }
	watch_anew

	# Both off, so that what is kept can be compared. Then both are free to start.
	check "disable the VM and the mirror" on host1 timeout 90 pcs resource disable vm1 vm1-mirror-clone
	check "no VM runs" wait_for 90 domain_is_off || exit
	check "the units are stopped" wait_for 60 eval 'unit_stopped host1 && unit_stopped host2'
	sum1=$(branch_of host1)
	sum2=$(branch_of host2)
	check "the two branches differ" not test "$sum1" = "$sum2"
	check "the oracle begins anew" new_console
	check "enable both" on host1 timeout 60 pcs resource enable vm1-mirror-clone vm1
	check "the fork is told again" wait_for 60 both_say_fork || tell_state
	check "nothing starts by itself" not wait_for 20 eval 'vm_runs_on host1 || vm_runs_on host2'
	check "both branches are kept" test "$sum1 $sum2" = "$(branch_of host1) $(branch_of host2)"

	check "disable the VM" on host1 timeout 90 pcs resource disable vm1
	check "no VM runs" wait_for 90 domain_is_off || exit
	check "the oracle begins anew" new_console
	check "the operator gives up host2's branch, and keeps it" give_up_copy host2 || { tell_state; exit; }
	check "enable the VM" on host1 timeout 60 pcs resource enable vm1
	check "it reads back on host1" read_back 1 120 || { tell_state; exit; }
	check "PRIM and SECOND green" becomes_green || exit
	check "the other branch is there, as it was" test "$sum2" = "$(on host2 sha256sum "${store%/*}/$(kept_branch host2)/data/vm1.qcow2" | cut -c1-64)"
	check "it is deleted by name" delete_branch host2
	tidy
	check "$(verdict)" nothing_lost
	check "PRIM and SECOND green" becomes_green
}
