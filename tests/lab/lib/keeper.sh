# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # lab_* variables are shared between the parts
# The keeper: one process a lab, outside the hosts. Its network namespace is the switch; it is the power switch that
# fence_lab talks to; and it takes the lab down when the owner is gone, however that died.

keeper_start() {
	setsid unshare --net bash "$lab_home/lab" __keeper "$lab_name" >>"$lab_dir/keeper.log" 2>&1 </dev/null 9<&- &
	disown
	wait_for 10 test -s "$lab_dir/keeper" || die "its keeper doesn't start: see $lab_dir/keeper.log"
}

owner_is_alive() {
	[ "$lab_owner" = none ] || [ "$(proc_start "$lab_owner")" = "$lab_owner_start" ]
}

keeper_main() {
	local from id action target bell line begun=''
	load_lab
	net_make_switch || exit 1
	exec {bell}<>"$lab_dir/bell"
	echo "$$ $(proc_start $$)" >"$lab_dir/keeper.new"
	mv "$lab_dir/keeper.new" "$lab_dir/keeper"
	while owner_is_alive; do
		[ -d "$lab_dir" ] && [ ! -e "$lab_dir/down" ] || return 0
		# Half a line may have come when the time is up: the rest is still to come.
		if ! read -r -t 0.5 -u "$bell" line; then
			begun=$begun$line
			continue
		fi
		read -r from id action target <<<"$begun$line"
		begun=''
		[[ $from,$id,$action,$target =~ ^[a-z0-9]+,[0-9A-Za-z.-]+,[a-z]+,[a-z0-9]+$ ]] || continue
		power_request "$from" "$id" "$action" "$target" &
	done
	say "owner $lab_owner is gone"
	teardown
}

answer() { # FROM ID TEXT
	local dir=$lab_dir/hosts/$1/power
	power_log "answer $2 to $1: $3"
	echo "$3" >"$dir/$2.new" && mv "$dir/$2.new" "$dir/$2.answer"
}

host_state() { host_pid "$1" >/dev/null && echo on || echo off; }

# A real machine tests itself before it boots. Here it must take at least as long as the cluster needs to notice that the
# host was gone: a host back before that hears of its own fencing, and its Pacemaker ends for good.
post_ms() { echo $((${lab_token:-3000} * 22 / 10 + 1500)); }
power_up_again() { # HOST
	local ms
	ms=$(post_ms)
	pause "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
	with_lock "$(host_dir "$1")" host_boot "$1"
}

# Carries out one request of the fence agent, in a process of its own.
power_request() {
	local from=$1 id=$2 action=$3 target=$4 mode seconds rc=0
	power_log "request $id from $from: $action $target"
	[[ " $lab_hosts " == *" $target "* ]] || { answer "$from" "$id" "fail no host $target on this switch"; return; }
	read -r mode seconds <"$lab_dir/fence-mode"
	case $action,$mode in
	status,*) answer "$from" "$id" "ok $(host_state "$target")"; return ;;
	reset,* | halt,*) ;; # the host's own, by sysrq: no switch is involved
	*,slow) pause "$seconds" ;;
	*,fail) answer "$from" "$id" "fail the switch refuses, as told by fence-mode"; return ;;
	*,lie) answer "$from" "$id" "ok done, says a liar"; return ;;
	esac
	case $action in
	off | halt) with_lock "$(host_dir "$target")" host_power_off "$target" "for-$from" || rc=1 ;;
	on) with_lock "$(host_dir "$target")" host_boot "$target" || rc=1 ;;
	reboot | reset)
		with_lock "$(host_dir "$target")" host_power_off "$target" "for-$from" || rc=1
		[ $rc = 0 ] && answer "$from" "$id" "ok off"
		[ $rc = 0 ] && [ "$lab_autoboot" = yes ] && power_up_again "$target"
		[ $rc = 0 ] && return
		;;
	*) rc=1 ;;
	esac
	if [ $rc = 0 ]; then
		answer "$from" "$id" "ok"
	else
		answer "$from" "$id" "fail $action did not work"
	fi
}

cmd_fence_mode() {
	case ${1:-} in
	normal | fail | lie) echo "$1 0" >"$lab_dir/fence-mode" ;;
	slow)
		[[ ${2:-} =~ ^[0-9]+$ ]] || die "slow by how many seconds?"
		echo "slow $2" >"$lab_dir/fence-mode"
		;;
	*) die "fence-mode: normal, slow SECONDS, fail or lie" ;;
	esac
	power_log "fence-mode $*"
}

# Takes everything away. Idempotent; safe while other commands run on the lab, which find the mark and give up.
teardown() {
	local host keeper instance
	[ -d "$lab_dir" ] || return 0
	instance=$(cat "$lab_dir/instance" 2>/dev/null)
	touch "$lab_dir/down"
	[ ! -e "$lab_dir/conf" ] || load_lab
	for host in ${lab_hosts:-}; do
		[ -d "$lab_dir/hosts/$host" ] || continue
		with_lock "$lab_dir/hosts/$host" host_power_off "$host" teardown || return 1
	done
	if keeper=$(is_alive "$lab_dir/keeper") && [ "$keeper" != $$ ]; then
		kill -KILL -- "-$keeper"
	fi
	[ "$instance" = "$(cat "$lab_dir/instance" 2>/dev/null)" ] || return 0
	rm -rf "$lab_dir"
	rmdir "$lab_base" 2>/dev/null || :
}

cmd_down() { teardown; }
