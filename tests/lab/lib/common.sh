# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # lab_* variables are shared between the parts
# Shared by all parts of the lab: names, locks, waits, process identity.

lab_base=${VMTWIN_LAB_DIR:-/var/tmp/vmtwin-lab}
readonly kill_limit_s=15 boot_limit_s=30 lock_limit_s=90 up_limit_s=60
lab_name='' lab_dir=''

say() { echo "lab${lab_name:+ $lab_name}: $*" >&2; }
die() { say "$*"; exit 1; }

set_lab() {
	[[ $1 =~ ^[a-z0-9][a-z0-9-]{0,20}$ ]] || die "bad name '$1': use up to 21 of a-z, 0-9 and -"
	lab_name=$1
	lab_dir=$lab_base/$1
}

# Reads what `lab up` wrote: lab_hosts, lab_fs, lab_net, lab_owner, lab_owner_start, lab_autoboot, lab_qdevice.
load_lab() {
	[ -e "$lab_dir/conf" ] || die "no such lab: bring it up with 'lab up $lab_name'"
	# shellcheck source=/dev/null
	. "$lab_dir/conf"
}

check_host() {
	local host
	for host in $lab_hosts; do
		[ "$host" = "${1:-}" ] && return 0
	done
	die "no host '${1:-}' in this lab: it has $lab_hosts"
}

# Start time of a process in clock ticks since boot: with the pid it names one process for good.
# Fails if there is no such process, or only its zombie.
proc_start() {
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	stat=${stat##*) }
	# shellcheck disable=SC2086 # fields
	set -- $stat
	[ "$1" != Z ] && [ "$1" != X ] || return 1
	echo "${20}"
}

# is_alive FILE: FILE holds "PID START"; prints the pid if that very process is alive.
is_alive() {
	local pid start
	read -r pid start 2>/dev/null <"$1" || return 1
	[ "$(proc_start "$pid")" = "$start" ] || return 1
	echo "$pid"
}

# A pause without a process of its own.
exec {pause_fd}<> <(:)
pause() { read -r -t "$1" -u "$pause_fd" _ || :; }

# wait_for SECONDS CMD...: until CMD succeeds, asked every 0.1 s; 1 when the time is up.
wait_for() {
	local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ] || return 1
		pause 0.1
	done
}

# with_lock DIR CMD...: the directory itself is the lock, so that none is left behind. Daemons started by CMD must
# close descriptor 9.
with_lock() {
	local dir=$1
	shift
	(
		exec 9<"$dir" || exit 1
		flock -w "$lock_limit_s" 9 || die "busy for ${lock_limit_s}s: another command holds $dir"
		[ "$dir" -ef /proc/self/fd/9 ] || exit 1
		"$@"
	)
}

# One line in the record that power cuts can't touch.
power_log() {
	local now=${EPOCHREALTIME/,/.}
	echo "${now%???} $*" >>"$lab_dir/world/power.log"
}
