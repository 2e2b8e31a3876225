# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # lab_* variables are shared between the parts
# The lab as a whole: up, list, logs.

up_options() {
	local option
	lab_fs=ext4 lab_token='' lab_device_ms='' lab_qdevice=no lab_witness=no lab_owner=$PPID lab_autoboot=yes lab_wait=yes
	lab_kvm=yes lab_destdir=''
	while [ $# -gt 0 ]; do
		case $1 in
		--qdevice) lab_qdevice=yes ;;
		--witness) lab_witness=yes ;;
		--no-autoboot) lab_autoboot=no ;;
		--no-wait) lab_wait=no ;;
		--no-kvm) lab_kvm=no ;;
		--token | --fs | --destdir | --owner | --device-ms)
			[ $# -ge 2 ] || die "$1 needs a value"
			option=${1#--}
			declare -g "lab_${option//-/_}=$2"
			shift
			;;
		*) die "unknown option $1: see 'lab' without arguments" ;;
		esac
		shift
	done
	[[ $lab_fs =~ ^(ext4|xfs)$ ]] || die "--fs: ext4 or xfs"
	[[ $lab_token =~ ^[0-9]*$ ]] || die "--token: milliseconds"
	[[ $lab_device_ms =~ ^[0-9]*$ ]] || die "--device-ms: milliseconds"
	[ -z "$lab_destdir" ] || [ -d "$lab_destdir/usr" ] || die "--destdir: no usr in $lab_destdir; make install first"
	if [ "$lab_owner" = none ]; then
		lab_owner_start=0
	else
		lab_owner_start=$(proc_start "$lab_owner") || die "--owner: no process $lab_owner"
	fi
}

write_conf() {
	local name
	lab_instance=$(cat /proc/sys/kernel/random/uuid)
	lab_net=$((16 + 0x$(printf '%s' "$lab_name" | md5sum | cut -c1-4) % 200))
	lab_hosts="host1 host2"
	[ "$lab_qdevice$lab_witness" = nono ] || lab_hosts="$lab_hosts witness"
	echo "$lab_instance" >"$lab_dir/instance"
	echo "normal 0" >"$lab_dir/fence-mode"
	for name in instance hosts fs net token device_ms qdevice owner owner_start autoboot kvm; do
		declare -n value="lab_$name"
		printf 'lab_%s=%q\n' "$name" "$value"
	done >"$lab_dir/conf"
}

make_lab() {
	local host
	mkdir -p "$lab_base"
	mkdir "$lab_dir" 2>/dev/null || die "there is such a lab already: 'lab down $lab_name' first"
	chmod 755 "$lab_base" "$lab_dir"
	write_conf
	mkdir -p "$lab_dir/net" "$lab_dir/world/console" "$lab_dir/tools/usr/sbin" "$lab_dir/product/usr" "$lab_dir/product/etc"
	chmod 1777 "$lab_dir/world/console"
	mkfifo -m 600 "$lab_dir/bell"
	install -m 755 "$lab_home/fence_lab" "$lab_dir/tools/usr/sbin/fence_lab"
	if [ -n "$lab_destdir" ]; then
		cp -a "$lab_destdir/usr/." "$lab_dir/product/usr/"
		[ ! -d "$lab_destdir/etc" ] || cp -a "$lab_destdir/etc/." "$lab_dir/product/etc/"
	fi
	corosync-keygen -k "$lab_dir/authkey" >/dev/null || die "corosync-keygen failed"
	for host in $lab_hosts; do
		mkdir -p "$lab_dir/hosts/$host/power" "$lab_dir/hosts/$host/log"
		chmod 700 "$lab_dir/hosts/$host/power"
		config_write "$host"
		host_make_disk "$host" || die "can't make $host's file system"
	done
}

# Asked from outside, in short-lived processes of the host.
host_is_up() { # HOST
	local status
	lab_goes_on || return 0
	[ -n "$(cmd_run_quiet "$1" virsh -q -c qemu:///system version)" ] || return 1
	cmd_run_quiet "$1" corosync-quorumtool -s | grep -q '^Quorate: *Yes' || return 1
	status=$(cmd_run_quiet "$1" crm_mon -1 --output-as=xml) || return 1
	grep -q '<current_dc present="true".* with_quorum="true"' <<<"$status" &&
		[ "$(grep -c '<node name="host[12]".* online="true".* pending="false"' <<<"$status")" = 2 ]
}

cmd_run_quiet() { (cmd_run "$@") 2>/dev/null </dev/null; }
lab_goes_on() { [ -d "$lab_dir" ] && [ ! -e "$lab_dir/down" ]; }

cmd_up() {
	local host pids='' pid began=${EPOCHREALTIME/[.,]/}
	up_options "$@"
	make_lab
	keeper_start
	for host in $lab_hosts; do
		with_lock "$(host_dir "$host")" host_boot "$host" &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || { say "not up; 'lab logs' collects what there is, 'lab down $lab_name' takes it away"; exit 1; }
	done
	[ "$lab_wait" = yes ] || return 0
	for host in host1 host2; do
		wait_for "$up_limit_s" host_is_up "$host" ||
			die "$host isn't a quorate member with a DC and libvirt in ${up_limit_s}s: see $lab_dir/hosts/$host/log"
	done
	lab_goes_on || die "went down while coming up: its owner is gone"
	say "up in $(((${EPOCHREALTIME/[.,]/} - began) / 1000)) ms"
}

cmd_list() {
	local host line
	for lab_dir in "$lab_base"/*/; do
		lab_dir=${lab_dir%/}
		[ -e "$lab_dir/conf" ] || continue
		lab_name=${lab_dir##*/}
		load_lab
		line="$lab_name fs=$lab_fs owner=$lab_owner"
		for host in $lab_hosts; do
			line="$line $host=$(host_state "$host")"
		done
		echo "$line"
	done
}

cmd_logs() {
	local host to
	[ $# -eq 1 ] || die "logs: into which directory?"
	mkdir -p "$1" || exit 1
	cp -a "$lab_dir/world/power.log" "$lab_dir/keeper.log" "$1/" 2>/dev/null
	cp -a "$lab_dir/world/console" "$1/" 2>/dev/null
	for host in $lab_hosts; do
		to=$1/$host
		mkdir -p "$to"
		cp -a "$lab_dir/hosts/$host/log/." "$to/"
		cp "$lab_dir/hosts/$host/console.log" "$to/init-console.log" 2>/dev/null
		cp "$lab_dir/hosts/$host/etc/corosync/corosync.conf" "$to/"
		host_pid "$host" >/dev/null || continue
		cmd_run_quiet "$host" timeout 10 cibadmin -Q >"$to/cib.xml"
		cmd_run_quiet "$host" timeout 10 crm_mon -1rfA >"$to/crm_mon.txt"
		cmd_run_quiet "$host" cat /proc/self/mountinfo >"$to/mountinfo.txt"
		cmd_run_quiet "$host" ps axfww -o pid,ppid,stat,lstart,args >"$to/ps.txt"
	done
	:
}
