# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # lab_* variables are shared between the parts
# A host's life: disk, boot, power cut.

host_dir() { echo "$lab_dir/hosts/$1"; }

# Pid (outside) of the host's pid 1; fails if the host is off.
host_pid() { is_alive "$lab_dir/hosts/$1/init"; }

host_make_disk() { # HOST
	local disk
	disk=$(host_dir "$1")/disk
	truncate -s 4G "$disk"
	case $lab_fs in
	ext4) mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0,nodiscard "$disk" ;;
	xfs) mkfs.xfs -q -f -K "$disk" ;;
	esac
}

host_booted() {
	[ -e "$1/power/booted" ] || [ -e "$lab_dir/down" ] || [ ! -d "$lab_dir" ] || ! is_alive "$1/init" >/dev/null
}

# Under the host's lock. Ends when the host has its disk, network and services starting.
host_boot() { # HOST
	local dir pid loop
	dir=$(host_dir "$1")
	[ ! -e "$lab_dir/down" ] || { say "$1 isn't booted: the lab is going down"; return 1; }
	if host_pid "$1" >/dev/null; then
		return 0
	fi
	rm -f "$dir/init" "$dir/power/booted" "$dir/namespaces"
	loop=$(losetup --find --show "$dir/disk") || { say "no loop device for $1's disk"; return 1; }
	echo "$loop" >"$dir/loop"
	power_log "boot $1"
	# Rebooting and setting the clock are not a host's to do: both would reach the machine it lives in.
	setsid unshare --net --mount --ipc --uts --pid --fork \
		setpriv --bounding-set=-sys_boot,-sys_time,-sys_module \
		bash "$lab_home/hostinit" "$lab_dir" "$1" >>"$dir/console.log" 2>&1 </dev/null 9<&- &
	disown
	wait_for 5 test -s "$dir/init" || { say "$1 doesn't come up: see $dir/console.log"; return 1; }
	pid=$(host_pid "$1") || { say "$1 died at once: see $dir/console.log"; return 1; }
	readlink "/proc/$pid/ns/mnt" "/proc/$pid/ns/net" "/proc/$pid/ns/pid" "/proc/$pid/ns/ipc" >"$dir/namespaces"
	with_lock "$lab_dir/net" net_plug "$1" "$pid" || { say "can't plug in $1"; return 1; }
	if ! wait_for "$boot_limit_s" host_booted "$dir" || [ ! -e "$dir/power/booted" ]; then
		say "$1 doesn't finish booting: $(tail -n1 "$dir/console.log" 2>/dev/null)"
		return 1
	fi
}

# By inode, since a pid says nothing about what else lives in there. Numbers return: a host of another lab that has just booted may have
# the same; its mounts tell.
host_has_no_process() { # NAMESPACES
	local link pid
	while read -r link; do
		pid=${link#/proc/}
		grep -qF "/$lab_name/" "/proc/${pid%%/*}/mountinfo" 2>/dev/null && return 1
	done < <(find /proc/[0-9]*/ns/{mnt,net,pid,ipc} -printf '%p %l\n' 2>/dev/null |
		awk 'NR == FNR { gone[$0]; next } $2 in gone { print $1 }' "$1" -)
	return 0
}

loop_is_free() { [ -z "$(losetup -j "$1")" ]; }

loop_detach() { # DISK
	local loop
	for loop in $(losetup -n -O NAME -j "$1"); do
		losetup -d "$loop" 2>/dev/null
	done
}

# Under the host's lock. The order is the point: links first (no goodbye reaches anybody), then the file system
# without flushing its log (what wasn't synced is gone), then every process at once.
host_power_off() { # HOST REASON
	local dir pid
	dir=$(host_dir "$1")
	if pid=$(host_pid "$1"); then
		net_unplug "$1"
		timeout 5 nsenter -t "$pid" -m xfs_io -x -c shutdown /run/disk 2>/dev/null ||
			say "$1's disk could not be shut down: unsynced data may survive this cut"
		kill -KILL "$pid"
		power_log "power-off $1 $2"
	fi
	if [ -s "$dir/namespaces" ] && ! wait_for "$kill_limit_s" host_has_no_process "$dir/namespaces"; then
		say "processes of $1 survive its power cut: compare /proc/*/ns with $dir/namespaces"
		return 1
	fi
	net_remove "$1"
	loop_detach "$dir/disk"
	if ! wait_for "$kill_limit_s" loop_is_free "$dir/disk"; then
		say "$1's disk stays attached: something still has it mounted; see losetup -j $dir/disk"
		return 1
	fi
	rm -f "$dir/init" "$dir/power/booted" "$dir/loop"
}

cmd_power_cut() {
	check_host "${1:-}"
	with_lock "$(host_dir "$1")" host_power_off "$1" by-hand
}

cmd_boot() {
	check_host "${1:-}"
	with_lock "$(host_dir "$1")" host_boot "$1"
}

cmd_run() {
	local pid
	check_host "${1:-}"
	[ $# -ge 2 ] || die "run what?"
	pid=$(host_pid "$1") || die "$1 is off: 'lab boot $lab_name $1' boots it"
	shift
	exec nsenter -t "$pid" -m -n -p -i -u setpriv --bounding-set=-sys_boot,-sys_time,-sys_module \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8 \
		TERM="${TERM:-dumb}" "$@"
}

# stop and kill leave the service down until it is started again.
cmd_service() {
	local host=${1:-} verb=${2:-} service=${3:-}
	check_host "$host"
	[[ $service =~ ^(corosync|qnetd|qdevice|pacemaker|virtlogd|libvirtd|vmtwind)$ ]] || die "no service '$service'"
	case $verb in
	start) cmd_run "$host" rm -f "/run/lab/$service.down" ;;
	stop | kill)
		# shellcheck disable=SC2016 # expanded on the host
		cmd_run "$host" bash -c 'touch "/run/lab/$1.down"; pid=$(cat "/run/lab/$1.pid" 2>/dev/null) || exit 0
			if [ "$2" = stop ]; then
				kill -TERM "$pid" 2>/dev/null
				timeout 30 tail --pid="$pid" -s 0.1 -f /dev/null
			fi
			kill -KILL "$pid" 2>/dev/null; :' - "$service" "$verb"
		;;
	*) die "service: start, stop or kill" ;;
	esac
}
