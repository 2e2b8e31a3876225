# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # lab_dir and others are lib/test.sh's
# Two machines of QEMU: disks, cables, the power switch, commands. Sourced by run, in a network and pid namespace of its own.
#
# What of the machine's files they see is read only; what they change lies on a disk of theirs. A power cut ends QEMU at once: what the
# guest's kernel had not given to its disks is gone.

tree=$lab_dir/tree
accel=tcg
[ "$(cat "$guest/type")" != kvm ] || accel=kvm
readonly data_mib=320
kernel_modules="virtio_pci virtio-rng virtio_blk virtio_net virtiofs overlay"

die() { echo "drbd: $*" >&2; exit 1; }

# ---- what they boot -------------------------------------------------------------------------------------------------

# The product, the test's own files, the kernel's modules: below the machines' own changes, above this machine's files.
make_tree() {
	local kernel=$guest/cache/kernel version
	version=$(ls "$kernel/lib/modules") || return 1
	mkdir -p "$tree/usr/lib/vmtwin-test/lab" "$tree/usr/lib/modules" "$tree/usr/sbin" "$tree/etc"
	cp -a "$build/tree/usr/." "$tree/usr/" && cp -a "$build/tree/etc/." "$tree/etc/" &&
		cp -a "$here" "$tree/usr/lib/vmtwin-test/drbd" && cp -a "$test_home/lib" "$tree/usr/lib/vmtwin-test/lab/" &&
		install -m 755 "$test_home/fence_lab" "$tree/usr/sbin/fence_lab" || return 1
	ln -sfn usr/lib "$tree/lib"
	cp -a "$kernel/lib/modules/$version" "$tree/usr/lib/modules/" && depmod -b "$tree" "$version"
}

make_initrd() {
	local root=$lab_dir/initrd.d module version
	version=$(ls "$tree/usr/lib/modules")
	mkdir -p "$root/bin" "$root/modules" "$root/dev"
	install "$(command -v busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/poweroff"
	install "$here/init" "$root/init"
	for module in $kernel_modules; do
		modprobe -d "$tree" -S "$version" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$lab_dir/modules"
	while read -r module; do
		cp "$module" "$root/modules/" && echo "${module##*/}"
	done <"$lab_dir/modules" >"$root/modules/order"
	mknod "$root/dev/console" c 5 1
	(cd "$root" && find . -print0 | cpio --null -o -H newc --quiet | gzip -1) >"$lab_dir/initrd"
}

unit_file() {
	cat <<-'TEXT'
		directory = /srv/vm1
		hosts = host1 host2
		ring0 = 10.0.0.1 10.0.0.2
		ring1 = 10.0.1.1 10.0.1.2
		fence.host1 = fence_lab port=host1
		fence.host2 = fence_lab port=host2
		storage = drbd
		drbd_device = /dev/drbd0
		drbd_disk = /dev/vdb
	TEXT
}

make_etc() { # HOST
	local etc=$world/etc/$1
	mkdir -p "$etc/corosync" "$etc/libvirt" "$etc/vmtwin/units" "$etc/vmtwin/domains" "$etc/drbd.d"
	unit_file >"$etc/vmtwin/units/vm1.conf"
	"$build/vmtwin-config" generate corosync --unit-dir "$etc/vmtwin/units" >"$etc/corosync/corosync.conf" || return 1
	sed -i 's/to_syslog: yes/to_syslog: no/; s/timestamp: on/timestamp: hires/' "$etc/corosync/corosync.conf"
	# A processor that is a program is late, often.
	[ $accel = kvm ] || sed -i 's/token: [0-9]*/token: 10000/' "$etc/corosync/corosync.conf"
	install -m 400 "$lab_dir/authkey" "$etc/corosync/authkey"
	printf '127.0.0.1 localhost\n10.0.0.1 host1\n10.0.0.2 host2\n' >"$etc/hosts"
	echo "$1" >"$etc/hostname"
	printf 'drbd %s\n' "$1" | md5sum | cut -c1-32 >"$etc/machine-id"
	: >"$etc/resolv.conf"
	libvirt_conf "$etc/libvirt"
	"$here/../guest/mkxml" vm1 qemu /dev/drbd0 /run/world/console/vm1.log /run/world/guest |
		sed "s/type='file' device='disk'/type='block' device='disk'/; s/type='qcow2'/type='raw'/; s/source file=/source dev=/; s/ discard='unmap'//" \
			>"$etc/vmtwin/domains/vm1.xml"
}

make_disks() { # HOST
	truncate -s 2G "$lab_dir/$1.root" && mkfs.ext4 -q -F "$lab_dir/$1.root" && truncate -s "${data_mib}M" "$lab_dir/$1.data"
}

make_cables() {
	local ring host
	ip link set lo up
	for ring in 0 1; do
		ip link add "br$ring" type bridge forward_delay 0 stp_state 0 mcast_snooping 0 && ip link set "br$ring" up || return 1
		for host in host1 host2; do
			ip tuntap add dev "${host}r$ring" mode tap && ip link set "${host}r$ring" master "br$ring" up || return 1
		done
	done
}

make_machines() {
	local host
	rm -rf --one-file-system "$lab_dir"
	mkdir -p "$world"/{bell,console,guest} "$lab_dir/machine"
	chmod 1777 "$world/console"
	: >"$console"
	chmod 666 "$console"
	cp "$guest/vmlinuz" "$guest/initrd" "$guest/vm1.qcow2" "$world/guest/"
	corosync-keygen -k "$lab_dir/authkey" >/dev/null || die "corosync-keygen failed"
	make_tree || die "can't make the machines' files"
	make_initrd || die "can't make the initrd"
	for host in host1 host2; do
		mkdir -p "$world"/{power,door,log}/"$host"
		make_etc "$host" || die "can't make $host's configuration"
		make_disks "$host" || die "can't make $host's disks"
	done
	make_cables || die "can't lay the cables"
	power_switch &
}

# ---- power ----------------------------------------------------------------------------------------------------------

is_on() { [ -s "$lab_dir/$1.pid" ] && kill -0 "$(cat "$lab_dir/$1.pid")" 2>/dev/null; }
power_log() { echo "${EPOCHREALTIME%???} $*" >>"$world/power.log"; }

# share HOST TAG CACHE COMMAND...: by a process that ends with the machine.
share() {
	local socket=$lab_dir/$1.$2.socket log=$lab_dir/$1.$2.log cache=$3
	rm -f "$socket"
	shift 3
	"$@" --socket-path="$socket" -o cache="$cache" >>"$log" 2>&1 </dev/null &
	wait_for 10 test -S "$socket"
}
share_directory() { # DIRECTORY OPTION...
	local directory=$1
	shift
	exec /usr/lib/qemu/virtiofsd -o source="$directory" "$@"
}
# This machine's root file system, read only, and nothing that is mounted on it. In a mount namespace of its own: where it would be
# removed with the test's directory it is not seen.
share_machine() { # OPTION...
	# shellcheck disable=SC2016 # expanded inside
	exec unshare --mount bash -c 'mount --make-rprivate / && mount --bind / "$1" && mount -o remount,bind,ro "$1" || exit
		shift
		exec "$@"' - "$lab_dir/machine" /usr/lib/qemu/virtiofsd -o source="$lab_dir/machine" "$@"
}

power_on() { # HOST
	local host=$1 tag ring options=''
	! is_on "$host" || return 0
	share "$host" machine always share_machine && share "$host" tree always share_directory "$tree" &&
		share "$host" world none share_directory "$world" || return 1
	for tag in machine tree world; do
		options="$options -chardev socket,id=$tag,path=$lab_dir/$host.$tag.socket -device vhost-user-fs-pci,chardev=$tag,tag=$tag"
	done
	for ring in 0 1; do
		options="$options -netdev tap,id=n$ring,ifname=${host}r$ring,script=no,downscript=no
			-device virtio-net-pci,netdev=n$ring,mac=52:54:00:00:0$ring:0${host#host}"
	done
	power_log "on $host"
	# shellcheck disable=SC2086 # words
	qemu-system-x86_64 -accel $accel -cpu max -smp 2 -m 3072 -object memory-backend-memfd,id=mem,size=3072M,share=on -numa node,memdev=mem \
		-nodefaults -display none -no-reboot -kernel "$guest/vmlinuz" -initrd "$lab_dir/initrd" \
		-append "console=ttyS0 quiet panic=-1 no_timer_check vmtwin.host=$host" -serial "file:$world/log/$host.console" -device virtio-rng-pci \
		-drive "file=$lab_dir/$host.root,if=virtio,format=raw" -drive "file=$lab_dir/$host.data,if=virtio,format=raw" \
		$options >>"$lab_dir/$host.qemu.log" 2>&1 </dev/null &
	echo $! >"$lab_dir/$host.pid"
	disown
}

power_off() { # HOST
	! is_on "$1" || kill -KILL "$(cat "$lab_dir/$1.pid")"
	power_log "off $1"
	wait_for 10 not is_on "$1"
}

# The one fence_lab asks. It alone switches machines, so it alone is the parent of their processes.
power_switch() {
	local ring from id action target reply
	while :; do
		for ring in "$world"/bell/*.ring; do
			[ -e "$ring" ] || continue
			read -r from id action target <"$ring"
			rm -f "$ring"
			power_log "$from asks: $action $target"
			reply="ok"
			case $action,$target in
			off,host[12]) power_off "$target" || reply="fail it is on" ;;
			on,host[12]) power_on "$target" || reply="fail it is off" ;;
			reboot,host[12]) power_off "$target" || reply="fail it is on"; : >"$lab_dir/$target.again" ;;
			status,host[12]) if is_on "$target"; then reply="ok on"; else reply="ok off"; fi ;;
			*) reply="fail no $action of $target" ;;
			esac
			[ ! -d "$world/power/$from" ] || { echo "$reply" >"$world/power/$from/$id.new"; mv "$world/power/$from/$id.new" "$world/power/$from/$id.answer"; }
			power_log "answer to $from: $reply"
		done
		for target in host1 host2; do # after the time that a real one takes to test itself
			[ -n "$(find "$lab_dir/$target.again" -not -newermt '30 seconds ago' 2>/dev/null)" ] || continue
			rm -f "$lab_dir/$target.again"
			power_on "$target"
		done
		sleep 0.2
	done
}

# switch ACTION HOST: by hand, at the same switch.
switch() {
	local id=hand.$EPOCHREALTIME reply
	mkdir -p "$world/power/hand"
	echo "hand $id $1 $2" >"$world/bell/$id.new"
	mv "$world/bell/$id.new" "$world/bell/$id.ring"
	wait_for 30 test -e "$world/power/hand/$id.answer" || { echo "the switch does not answer"; return 1; }
	reply=$(cat "$world/power/hand/$id.answer")
	[[ $reply == ok* ]] || { echo "$reply"; return 1; }
}

cable() { ip link set "$2r$1" "$3"; } # RING HOST up|down

# ---- commands -------------------------------------------------------------------------------------------------------

# on HOST CMD...: runs it there; its output, its end. 125: the machine is off or does not answer.
on() {
	local door=$world/door/$1 id=$BASHPID.$EPOCHREALTIME deadline=$((SECONDS + ${on_seconds:-600})) rc
	shift
	printf '%q ' "$@" >"$door/$id.new"
	mv "$door/$id.new" "$door/$id.cmd"
	until [ -e "$door/$id.rc" ]; do
		is_on "${door##*/}" || { echo "${door##*/} is off"; return 125; }
		[ $SECONDS -lt $deadline ] || { echo "no answer of ${door##*/} in ${on_seconds:-600} s"; rm -f "$door/$id.cmd"; return 125; }
		sleep 0.1
	done
	cat "$door/$id.out"
	rc=$(cat "$door/$id.rc")
	rm -f "$door/$id".*
	return "$rc"
}
answers() { on_seconds=10 on "$1" true; }
