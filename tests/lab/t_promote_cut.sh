# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Power cuts while the VM moves from one host to the other: at random moments from its shutdown to its start, of the host that
# is left and of the one that takes over.

readonly said_demoted=' demoted$'
clear_move() { on host1 timeout 60 pcs resource clear vm1-mirror-clone || on host2 timeout 60 pcs resource clear vm1-mirror-clone; }
log_holds() { tail -c "+$2" "$lab_dir/hosts/$1/log/vmtwin/vm1.log" | grep -qE "$3"; } # HOST FROM TEXT
size_of_log() { echo $(($(stat -c %s "$lab_dir/hosts/$1/log/vmtwin/vm1.log") + 1)); }
halts() { grep -c '^HALT' "$console"; }

# wait_fast SECONDS CMD...: asked without a pause: the moments are short.
wait_fast() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}
halted_more_than() { [ "$(halts)" -gt "$1" ]; }

move_and_cut() { # WHEN VICTIM
	local from to victim reads mark halted what="$1, $2" ms
	from=$(vm_host) || exit
	to=$(other "$from")
	reads=$(founds)
	halted=$(halts)
	mark=$(size_of_log "$from")
	[ "$2" = from ] && victim=$from || victim=$to
	on "$to" timeout 60 pcs resource move vm1-mirror-clone "$to" --promoted >/dev/null 2>&1 &
	case $1 in
	demote) check "$what: the VM has shut down" wait_fast 60 halted_more_than "$halted" ;;
	promote) check "$what: $from is demoted" wait_fast 60 log_holds "$from" "$mark" "$said_demoted" ;;
	esac
	ms=$((RANDOM % 800))
	sleep "0.$(printf %03d $ms)"
	check "$what: power cut of $victim" lab power-cut "$lab_name" "$victim"
	wait $!
	clear_move >/dev/null 2>&1
	check "$what ($ms ms later): the VM reads back" read_back $((reads + 1)) 150 || { tell_state; exit; }
	check "$what: $(verdict)" nothing_lost
	check "$what: PRIM and SECOND green" becomes_green 150 || exit
	clear_move >/dev/null 2>&1
	check "$what: it goes on" goes_on 20
}

need "vm1 is ready" vm1_ready
[ "$VT_SOAK" = yes ] && rounds=5 || rounds=1
for ((i = 1; i <= rounds; i++)); do
	for when in demote promote; do
		move_and_cut $when from
		move_and_cut $when to
	done
done
tidy
check "PRIM and SECOND green" becomes_green
