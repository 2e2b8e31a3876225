# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# vmtwin-config check on a real host: what is broken there, one thing after the other, is named with its remedy, and is well again
# once it is mended. On the host without the VM, mostly on a unit of its own, vm2, which is never started; vm1's VM must not notice.

dir2=/srv/vm2 store2=/srv/.vmtwin/vm2
readonly ask_limit_s=40 notice_s=30
failures=0 # set-ups that were broken

config() { # HOST ARGUMENT...
	local host=$1
	shift
	on "$host" timeout "$ask_limit_s" vmtwin-config check "$@" 2>&1
}

# tells SEVERITY PATTERN [ARGUMENT...]: $host's verdict has such a line; the exit code is the one of its errors.
tells() {
	local severity=$1 pattern=$2 out rc=0
	shift 2
	out=$(config "$host" "$@") || rc=$?
	grep -E "^$severity " <<<"$out" | grep -qE -- "$pattern" || { echo "no '$severity $pattern' in:"; echo "$out"; return 1; }
	[ "$severity" != error ] || [ $rc = 1 ] || { echo "exit code $rc in spite of an error"; return 1; }
}
tells_not() {
	local out
	out=$(config "$host" "${@:3}")
	[ -n "$out" ] || { echo "it said nothing"; return 1; }
	! grep -E "^$1 " <<<"$out" | grep -E -- "$2"
}

# broken WHAT SEVERITY PATTERN BREAK MEND [ARGUMENT...]: BREAK and MEND are functions.
broken() {
	local what=$1 severity=$2 pattern=$3 break=$4 mend=$5
	shift 5
	failures=$((failures + 1))
	check "$what: it is not so before" tells_not "$severity" "$pattern" "$@"
	check "$what: broken" "$break"
	check "$what: told" wait_told "$notice_s" tells "$severity" "$pattern" "$@"
	check "$what: mended" "$mend"
	check "$what: well again" wait_told "$notice_s" tells_not "$severity" "$pattern" "$@"
}
# wait_for, but what was said last is shown.
wait_told() {
	local limit=$1
	shift
	wait_for "$limit" "$@" || "$@"
}

# The other host's facts, edited by a sed script, as vmtwin-config on $host takes them.
facts=/run/world/facts
take_facts() { config "$peer" --facts | sed "${1:-}" >"$world/facts"; }
same_facts() { take_facts; }

# ---- what is broken ------------------------------------------------------------------------------------------------

break_name() { on "$host" sed -i.good "s/^[0-9.]* $host\$/127.0.1.1 $host/" /etc/hosts; }
break_peer_name() { on "$host" sed -i.good "/ $peer\$/d" /etc/hosts; }
mend_hosts() { on "$host" mv /etc/hosts.good /etc/hosts; }

cut_ring() { lab cut "$lab_name" ring1 pair; }
unplug_ring() { lab cut "$lab_name" ring1 "$host"; }
mend_ring() { lab mend "$lab_name" ring1; }
lower_mtu() { on "$peer" ip link set ring1 mtu 1300; }
mend_mtu() { on "$peer" ip link set ring1 mtu 1500; }
# No netem everywhere: a narrow line, kept full.
slow_ring() {
	local to
	to=$(on "$peer" ip -4 -o addr show dev ring1 | awk '{ sub("/.*", "", $4); print $4; exit }')
	on "$host" bash -c 'tc qdisc add dev ring1 root tbf rate 1mbit burst 1600 latency 20ms &&
		{ ping -q -i 0.004 -s 1000 -w 120 "$1" >/dev/null 2>&1 & echo $! >/run/ping.pid; }' - "$to"
}
mend_slow() { on "$host" bash -c 'kill "$(cat /run/ping.pid)"; tc qdisc del dev ring1 root'; }
drop_address() {
	on "$host" bash -c 'ip -4 -o addr show dev ring1 | awk "{ print \$4; exit }" >/run/ring1 && ip addr del "$(cat /run/ring1)" dev ring1'
}
mend_address() { on "$host" bash -c 'ip addr add "$(cat /run/ring1)" dev ring1'; }

drop_corosync() { drop_ports 'iifname "ring1" udp dport 5404-5420 drop' "$peer"; }
drop_data() { drop_ports "tcp dport 7791 drop" "$peer"; }
filter_here() { drop_ports "tcp dport 9 drop" "$host"; }

stop_vmtwind() { lab service "$lab_name" "$host" stop vmtwind; }
start_vmtwind() { lab service "$lab_name" "$host" start vmtwind; }
stop_libvirtd() { lab service "$lab_name" "$host" stop libvirtd; }
start_libvirtd() { lab service "$lab_name" "$host" start libvirtd; }
hang_libvirtd() { on "$host" kill -STOP "$(service_pid "$host" libvirtd)"; }
wake_libvirtd() { on "$host" kill -CONT "$(service_pid "$host" libvirtd)"; }
hang_and_time() { hang_libvirtd && in_time; }

hide_fuse() { on "$host" bash -c ': >/run/no-fuse && mount --bind /run/no-fuse /dev/fuse'; }
mend_fuse() { on "$host" umount /dev/fuse; }
set_watchdog() { on "$host" bash -c 'echo "watchdog = /dev/no-such-watchdog" >/etc/vmtwin/vmtwind.conf'; }
mend_watchdog() { on "$host" rm /etc/vmtwin/vmtwind.conf; }

readonly wants=/etc/systemd/system/multi-user.target.wants
enable() { on "$host" bash -c 'mkdir -p "$1" && ln -sf "/lib/systemd/system/$2.service" "$1/$2.service"' - "$wants" "$1"; }
disable() { on "$host" rm -f "$wants/$1.service"; }
break_boot() { disable pacemaker; }
mend_boot() { enable pacemaker; }
break_guests() { enable libvirt-guests; }
mend_guests() { disable libvirt-guests; }
take_service() { on "$host" rm /etc/systemd/system/vmtwind.service; }
put_service() { on "$host" bash -c ': >/etc/systemd/system/vmtwind.service'; }

autostart_on() { on "$host" virsh -q autostart vm2; }
autostart_off() { on "$host" virsh -q autostart --disable vm2; }
redefine() { on "$host" bash -c 'sed "$1" "$2/data/vm2.xml" >/run/vm2.xml && virsh -q define /run/vm2.xml' - "$1" "$store2"; }
break_cache() { redefine "s/cache='none' io='native'/cache='writeback'/"; }
break_place() { redefine "s|$dir2/disk|/srv/elsewhere|"; }
copy_place() { on "$host" touch /srv/elsewhere && break_place; }
mend_place() { on "$host" rm -f /srv/elsewhere && mend_domain; }
break_nvram() { redefine "s|</os>|<loader readonly='yes' type='pflash'>/etc/hostname</loader><nvram>/srv/vars</nvram></os>|"; }
break_bridge() { redefine "s|<memballoon|<interface type='bridge'><source bridge='br-nowhere'/></interface>&|"; }
mend_domain() { redefine ''; }

unit_in_memory() {
	on "$host" bash -c 'mkdir -p /run/vm3 && printf "directory = /run/vm3/files\nhosts = host1 host2\nport = 7793\n" >/etc/vmtwin/units/vm3.conf'
}
mend_unit3() { on "$host" rm -f /etc/vmtwin/units/vm3.conf; }
fill_disk() { on "$host" bash -c 'fallocate -l $(($(df --output=avail -B1 /srv | tail -n1) - $(df --output=size -B1 /srv | tail -n1) * 8 / 100)) /srv/filler'; }
mend_disk() { on "$host" rm -f /srv/filler; }

crypto_off() { on "$host" sed -i.good 's/crypto_cipher: .*/crypto_cipher: none/; s/crypto_hash: .*/crypto_hash: none/' /etc/corosync/corosync.conf; }
mend_corosync_conf() { on "$host" mv /etc/corosync/corosync.conf.good /etc/corosync/corosync.conf; }

other_version() { take_facts 's/^version.vmtwin = .*/version.vmtwin = 0.0.9/'; }
other_qemu() { take_facts 's/^version.qemu = .*/version.qemu = 6.0.0/; s/^machines = .*/machines = pc-q35-6.0 pc-i440fx-6.0/'; }
other_clock() { take_facts 's/^clock = \(.*\)...$/clock = \1000/; s/^clock = 1/clock = 2/'; }
other_unit() { on "$peer" sed -i.good 's/^port = .*/port = 7792/' /etc/vmtwin/units/vm2.conf && take_facts; }
mend_unit() { on "$peer" mv /etc/vmtwin/units/vm2.conf.good /etc/vmtwin/units/vm2.conf && take_facts; }
no_unit() { on "$peer" mv /etc/vmtwin/units/vm2.conf /etc/vmtwin/vm2.away && take_facts; }
put_unit() { on "$peer" mv /etc/vmtwin/vm2.away /etc/vmtwin/units/vm2.conf && take_facts; }
big_copy() { take_facts '/^data.vm2/d' && echo "data.vm2 = 1000000000000" >>"$world/facts"; }

# ---- vm2 ---------------------------------------------------------------------------------------------------------------

make_vm2() {
	local h
	"$test_home/../guest/mkxml" vm2 "$(cat "$guest/type")" "$dir2/disk" /run/world/console/vm2.log >"$world/vm2.xml" || return 1
	on "$host" bash -c 'mkdir -p "$1" && cp /run/world/vm2.xml "$1/vm2.xml" && truncate -s 1M "$1/disk"' - "$dir2" || return 1
	for h in "$host" "$peer"; do
		on "$h" vmtwin create vm2 --directory "$dir2" --hosts host1,host2 --good-host "$host" --port 7791 || return 1
	done
	mend_domain
}
remove_vm2() {
	local h
	quiet_on "$host" virsh -q undefine vm2
	for h in "$host" "$peer"; do
		quiet_on "$h" bash -c 'rm -f /etc/vmtwin/units/vm2.conf; chattr -i "$1" 2>/dev/null; rm -rf "$1" "$2"' - "$dir2" "$store2"
	done
}

# No error, whatever is worth a warning in a lab.
clean() { # ARGUMENT...
	local out
	out=$(config "$host" "$@") || { echo "$out"; return 1; }
	grep -q '^0 errors' <<<"$out" || { echo "$out"; return 1; }
}
in_time() {
	local began=$SECONDS
	config "$host" >/dev/null
	[ $((SECONDS - began)) -lt 15 ]
}

need "vm1 is ready" vm1_ready
starts=$(boots)
primary=$(vm_host)
peer=$primary
host=$(other "$primary")
need "vm2" make_vm2
enable corosync && enable pacemaker && enable vmtwind && put_service && disable libvirt-guests
need "before anything is broken there is no error" clean
need "nor in comparison with the other host" same_facts
check "its facts" clean --peer-facts "$facts"
check "it takes less than 15 s" in_time

broken "own name on the loopback" error "name $host resolves to 127.0.1.1" break_name mend_hosts
broken "the other's name unknown" error "name $peer does not resolve" break_peer_name mend_hosts
broken "a ring's packets dropped" error "ring1 to $peer .*none of 20 pings was answered" cut_ring mend_ring
broken "a ring unplugged" error "ring1 has no link" unplug_ring mend_ring
broken "a ring's address gone" error "is not configured on any interface" drop_address mend_address
broken "the other's MTU smaller" warning "MTU of 1500 bytes don't get through whole, only 1280" lower_mtu mend_mtu
if quiet_on "$host" tc qdisc add dev lo root tbf rate 1gbit burst 64k latency 20ms; then
	quiet_on "$host" tc qdisc del dev lo root
	broken "a slow ring" warning "an answer takes [0-9.]* ms .median." slow_ring mend_slow
else
	skip "this kernel has no tbf: a slow ring"
fi
broken "corosync's port dropped" error "ring1 to .*corosync does not get through, though pings do" drop_corosync mend_ports
broken "the data port dropped" error "port 7791 of unit vm2: packets to the other host's are dropped" drop_data mend_ports
broken "a packet filter here" warning "nftables on this host drops.*7791" filter_here mend_ports
broken "vmtwind stopped" error "vmtwind on this host: " stop_vmtwind start_vmtwind
broken "libvirtd stopped" error "libvirt: .*systemctl enable --now libvirtd" stop_libvirtd start_libvirtd
broken "libvirtd hangs, and it takes less than 15 s" error "libvirt does not answer in time" hang_and_time wake_libvirtd
broken "/dev/fuse missing" error "FUSE: /dev/fuse can't be opened" hide_fuse mend_fuse
broken "a watchdog that isn't there" error "watchdog = /dev/no-such-watchdog .*No such file" set_watchdog mend_watchdog
broken "pacemaker not started at boot" warning "service pacemaker is not started at boot" break_boot mend_boot
broken "libvirt-guests started at boot" warning "service libvirt-guests is started at boot" break_guests mend_guests
broken "vmtwind not installed" error "service vmtwind is not installed" take_service put_service
broken "autostart on" error "autostart of domain vm2 is on" autostart_on autostart_off
broken "a cached disk" error "disk vda of domain vm2: cache='writeback'" break_cache mend_domain
broken "a disk elsewhere" warning "/srv/elsewhere is not in /srv/vm2 and not mirrored" copy_place mend_place
broken "a disk that isn't there" error "disk vda of domain vm2: /srv/elsewhere is not on this host" break_place mend_domain
broken "NVRAM elsewhere" warning "NVRAM of domain vm2: /srv/vars is not in /srv/vm2 and not mirrored" break_nvram mend_domain
broken "a bridge that isn't there" error "bridge of domain vm2: br-nowhere is not on this host" break_bridge mend_domain
broken "a unit in memory" error "store of unit vm3: .*tmpfs, in memory" unit_in_memory mend_unit3
broken "the disk nearly full" warning "store of unit vm2: only [0-9]* % of" fill_disk mend_disk
broken "corosync's crypto off" warning "corosync's messages are not signed" crypto_off mend_corosync_conf
broken "corosync.conf differs" error "corosync.conf: not the same on $peer" crypto_off mend_corosync_conf --peer-facts "$facts"
broken "another version there" error "version of vmtwin: .* here, 0.0.9 on $peer" other_version same_facts --peer-facts "$facts"
broken "an older QEMU there" error "machine type of domain vm2 = .*doesn't have" other_qemu same_facts --peer-facts "$facts"
broken "another clock there" warning "clock: $peer's is" other_clock same_facts --peer-facts "$facts"
broken "another unit file there" error "unit file of vm2: not the same on $peer, in port" other_unit mend_unit --peer-facts "$facts"
broken "no unit file there" error "unit file of vm2: $peer has none" no_unit put_unit --peer-facts "$facts"
broken "a copy that does not fit" error "store of unit vm2: .* the copy will not fit" big_copy same_facts --peer-facts "$facts"

check "all is well again" wait_told 30 clean --peer-facts "$facts"
check "nothing is left of its own file" says 1 '' on "$host" bash -c 'ls -A /srv/.vmtwin /srv | grep vmtwin-check'
note "$failures set-ups broken"
remove_vm2
check "vm1's VM did not notice" test "$starts $primary" = "$(boots) $(vm_host)"
check "PRIM and SECOND green" becomes_green
check "$(verdict)" nothing_lost
