# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # variables are the tests'; bash -c gets its own
# Faults that more than one test makes, and when what happened. Sourced by test.sh.

# ---- parts of the network: ports, whatever the ring ----------------------------------------------------------------

readonly data_ports="tcp sport 7790 drop; tcp dport 7790 drop" cluster_ports="udp dport 5404-5420 drop"

# drop_ports RULES [HOST...]: packets that arrive there (default: both hosts) are dropped until mend_ports.
drop_ports() {
	local rules=$1 host
	shift
	[ $# -gt 0 ] || set -- host1 host2
	for host in "$@"; do
		on "$host" nft "table inet fault { chain input { type filter hook input priority -290; policy accept; $rules; }; }" || return 1
	done
	power_log "dropped on $*: $rules"
}
mend_ports() {
	local host
	for host in host1 host2; do
		quiet_on "$host" nft delete table inet fault
	done
	:
}

# ---- power ---------------------------------------------------------------------------------------------------------

power_log() {
	local now=${EPOCHREALTIME/,/.}
	echo "${now%???} $*" >>"$world/power.log"
}
shots() { grep -c 'power-off host[12] for-' "$world/power.log"; }
shot_more_than() { [ "$(shots)" -gt "$1" ]; }
boots_of() { grep -c " boot $1\$" "$world/power.log"; }
booted_more_than() { [ "$(boots_of "$1")" -gt "$2" ]; } # HOST COUNT
is_on() { lab list | grep "^$lab_name " | grep -q "$1=on"; }
# A host that nobody fenced is switched off by the operator. It is on again after this.
power_cycle() {
	lab power-cut "$lab_name" "$1" && lab boot "$lab_name" "$1"
}
cut_both() {
	lab power-cut "$lab_name" host1 &
	lab power-cut "$lab_name" host2 || return 1
	wait $!
}

# Every process of a host but its pid 1, which is not part of what is tested: a host that hangs.
signal_host() { # HOST SIGNAL
	local init pid ns
	init=$(cut -d' ' -f1 "$lab_dir/hosts/$1/init")
	ns=$(readlink "/proc/$init/ns/pid") || return 1
	for pid in /proc/[0-9]*; do
		pid=${pid#/proc/}
		[ "$pid" != "$init" ] && [ "$(readlink "/proc/$pid/ns/pid" 2>/dev/null)" = "$ns" ] && kill "-$2" "$pid"
	done
	:
}

# ---- processes ---------------------------------------------------------------------------------------------------------

worker_pid() { quiet_on "$1" head -n1 /run/vmtwin/vm1.pid; }
service_pid() { quiet_on "$1" cat "/run/lab/$2.pid"; } # HOST SERVICE
is_new_pid() { local pid; pid=$(service_pid "$1" "$2") && [ -n "$pid" ] && [ "$pid" != "$3" ]; } # HOST SERVICE OLD

# ---- hangs -------------------------------------------------------------------------------------------------------------

readonly past_all_s=45 # the lease, the agents' monitors, the link, fencing

alive() { quiet_on "$1" kill -0 "$2"; } # HOST PID
# What Pacemaker counts against RESOURCE on HOST; 0 also when the host was restarted meanwhile.
failcount() { quiet_on "$(other "$1")" timeout 15 crm_failcount -q -G -r "$2" -N "$1" | sed 's/.*=//'; } # HOST RESOURCE

# hang HOST WHO WHAT PID: it stops, goes on when all limits are over (if nobody has killed it), and the VM is there.
hang() {
	check "$2: $3 on $1 hangs" on "$1" kill -STOP "$4" || exit
	sleep "$past_all_s"
	if is_on "$1" && alive "$1" "$4"; then
		check "$2: $3 goes on after $past_all_s s" on "$1" kill -CONT "$4"
	else
		note "$2: $3 was ended, or its host fenced, before $past_all_s s were over"
	fi
	check "$2: the VM goes on" goes_on 30 120 || { tell_state; exit; }
	note "$2: failures counted on $1: mirror $(failcount "$1" vm1-mirror), VM $(failcount "$1" vm1)"
	tidy # one hang may count as three failures, which keep the unit off the host for ten minutes
	check "$2: PRIM and SECOND green" becomes_green 180 || exit
	check "$2: $(verdict)" nothing_lost
}

# hang_each WHAT PID_OF: on the secondary, then on the primary; PID_OF HOST tells the process.
hang_each() {
	local who host primary
	for who in secondary primary; do
		primary=$(vm_host) || exit
		[ $who = primary ] && host=$primary || host=$(other "$primary")
		hang "$host" "$who" "$1" "$("$2" "$host")"
	done
}

# ---- what an operator does after a bad night ----------------------------------------------------------------------------

# Pacemaker may restart the VM for it: what it has forgotten about the promoted mirror it asks anew.
tidy() {
	quiet_on host1 timeout 60 pcs resource cleanup >/dev/null
	quiet_on host1 timeout 60 crm_resource --wait
	check "once failures are cleaned up it goes on" goes_on 20 90
}

# HOST's branch is given up: it is kept beside the store, and the other host's is fetched.
give_up_copy() { on "$1" timeout 60 vmtwin discard-fork vm1 --yes; }
kept_branch() { quiet_on "$1" bash -c 'cd "$1" && ls -d vm1.fork-*' - "${store%/*}"; }
delete_branch() { on "$1" vmtwin discard-fork vm1 --yes --delete "$(kept_branch "$1")"; }
unit_stopped() { ! quiet_on "$1" test -e /run/vmtwin/vm1.pid || ! quiet_on "$1" bash -c 'kill -0 "$(head -n1 /run/vmtwin/vm1.pid)"'; }
domain_is_off() { not vm_runs_on host1 && not vm_runs_on host2; }

# The console is begun anew, after what the oracle must convict. Only while no VM runs: QEMU appends to it.
new_console() { domain_is_off && : >"$console"; }

# ---- what is shown, what was said, when ------------------------------------------------------------------------------------

# shows HOST PATTERN: vmtwin status there has such a line.
shows() { quiet_on "$1" timeout 15 vmtwin status vm1 | grep -qE -- "$2"; }
explains() { quiet_on "$1" timeout 15 vmtwin explain vm1 | grep -qE -- "$2"; }

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# said_at HOST SINCE_MS TEXT: when a line with TEXT came first since then, in the unit's story or vmtwind's log.
said_at() {
	local stamp _ ms
	cat "$lab_dir/hosts/$1/log/vmtwin/vm1.log" "$lab_dir/hosts/$1/log/vmtwind.out" 2>/dev/null | grep -E -- "$3" | sort |
		while read -r stamp _; do
			ms=$(date -d "$stamp" +%s%3N 2>/dev/null) || continue
			[ "$ms" -ge "$2" ] || continue
			echo "$ms"
			break
		done
}
has_said() { [ -n "$(said_at "$@")" ]; }

# took HOST SINCE_MS TEXT: milliseconds from then to the line, or "-".
took() {
	local at
	at=$(said_at "$@")
	[ -n "$at" ] && echo $((at - $2)) || echo "-"
}

# The time of an event in the power switch's record: the last line with TEXT.
power_ms() { awk -v text="$1" 'index($0, text) { at = $1 } END { sub(/\./, "", at); print at }' "$world/power.log"; }

# What times are measured by. A primary holds its writes from the moment that it tells that it lost link or peer.
readonly said_frozen="writes are held|left the cluster membership" said_alone="going on alone|promoted alone" \
	said_failed="held writes were (failed|answered with an I/O error)"
