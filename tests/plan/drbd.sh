# shellcheck shell=bash disable=SC2154 # variables of run.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vmtwin-config generate drbd: the real drbdadm of both hosts understands what is printed, for the kernel module that it is meant
# for, and would do with it what is meant. Sourced by run.sh. No DRBD runs here.

# drbdadm asks modinfo which module there is, and for 8.4 it is another program.
for module in 8.4 9; do
	mkdir -p "$work/module-$module"
	printf '#!/bin/sh\necho %s.11\n' "$module" >"$work/module-$module/modinfo"
	chmod 755 "$work/module-$module/modinfo"
done
drbdadm_of() { # MODULE ARGUMENT...
	local module=$1
	shift
	PATH=$work/module-$module:$PATH drbdadm "$@"
}

# drbdadm takes this for one of the two hosts: by its name, and by the addresses that the file gives it.
be_host() { # NAME 1|2
	local address
	echo "$1" >/proc/sys/kernel/hostname
	ip address flush dev lo scope global
	for address in "10.0.0.$2/24" "10.1.0.$2/24" "fd00::$2/64"; do
		ip address add "$address" dev lo
	done
}

printed() { # NAME DIR ARGUMENT...: to $work/res
	local name=$1 dir=$2
	shift 2
	if $config generate drbd --unit-dir "$dir" "$@" >"$work/res" 2>"$work/said"; then return 0; fi
	fail "$name: generate drbd: $(cat "$work/said")"
	return 1
}
accepted() { # NAME MODULE HOST...: $work/res, on each of the hosts
	local name=$1 module=$2 place=0 said
	shift 2
	if [ -e /proc/drbd ]; then # a real module: drbdadm goes by that
		skipped=$((skipped + 1))
		return 1
	fi
	for host in "$@"; do
		place=$((place + 1))
		be_host "$host" $place
		if said=$(drbdadm_of "$module" --config-file "$work/res" dump 2>&1) && [[ $said != *": ignored"* ]]; then
			pass
		else
			fail "$name: drbdadm for $module on $host: $said"
		fi
	done
}
would() { # NAME MODULE UNIT TEXT...: each is in what `drbdadm up` would do on this host
	local name=$1 did text
	did=$(drbdadm_of "$2" --dry-run --config-file "$work/res" up "$3" 2>&1)
	shift 3
	for text in "$@"; do
		if [[ $did == *"$text"* ]]; then pass; else fail "$name: up would not do '$text', but: $did"; fi
	done
}

# A unit file of DRBD in $units, and with the first one the hosts'.
drbd_unit() { # NAME HOST1 HOST2 KEY=VALUE...: what is given comes instead of what else is written
	local name=$1 hosts="$2 $3" key
	local -A keys=([directory]="/srv/$1" [hosts]="$hosts" [storage]=drbd [drbd_device]=/dev/drbd0 [drbd_disk]=/dev/vg0/vm1
		[ring0]="10.0.0.1 10.0.0.2" ["fence.$2"]="fence_ipmilan ip=10.0.0.101" ["fence.$3"]="fence_ipmilan ip=10.0.0.102")
	shift 3
	for key in "$@"; do
		keys["${key%%=*}"]=${key#*=}
	done
	mkdir -p "$units"
	for key in "${!keys[@]}"; do
		[ -z "${keys[$key]}" ] || echo "$key = ${keys[$key]}"
	done >"$units/$name.conf"
}
new_units() { rm -rf "$units" && mkdir -p "$units"; }

# ---- what is kept, and the module that a site has ----------------------------------------------------------------
for case in drbd drbd-rings; do
	golden $case drbd
	for module in 8.4 9; do
		printed "$case for $module" "$here/cases/$case/units" --drbd $module && accepted "$case for $module" $module host1 host2
	done
done

# Neither leases nor links of vmtwin's, and the VM's resource, which names no unit, has one.
for case in drbd drbd-rings; do
	says "$case: sums" 0 "0 errors, 0 warnings" "$config" check --corosync-conf "$work/$case.corosync" --cib "$work/$case.cib" \
		--host-conf "$work/$case.vmtwind" --unit-dir "$here/cases/$case/units"
	if [[ $said == *"lease"* || $said == *"link_timeout"* ]]; then fail "$case: sums of vmtwin's: $said"; else pass; fi
done

printed "one ring" "$here/cases/drbd/units" vm1 && accepted "one ring" 8.4 host1 host2 &&
	would "one ring" 8.4 vm1 "new-minor vm1 0 0" "connect vm1 ipv4:10.0.0.2:7790 ipv4:10.0.0.1:7790 --protocol=C" \
		--fencing=resource-and-stonith --disk-flushes=yes --after-sb-2pri=disconnect
printed "one ring, module 9" "$here/cases/drbd/units" --drbd 9 vm1 && accepted "one ring, module 9" 9 host1 host2 &&
	would "one ring, module 9" 9 vm1 "new-path vm1 0 ipv4:10.0.0.2:7790 ipv4:10.0.0.1:7790" --fencing=resource-and-stonith
printed "two rings" "$here/cases/drbd-rings/units" vm2 && accepted "two rings" 9 host1 host2 &&
	would "two rings" 9 vm2 "new-resource vm2 1 --quorum=off --auto-promote=no" "new-minor vm2 17 0" \
		"new-path vm2 0 ipv4:10.0.0.2:7791 ipv4:10.0.0.1:7791" 'new-path vm2 0 ipv6:\[fd00::2\]:7791 ipv6:\[fd00::1\]:7791' --timeout=125
printed "two rings, module 8.4" "$here/cases/drbd-rings/units" --drbd 8.4 && accepted "two rings, module 8.4" 8.4 host1 host2 &&
	would "two rings, module 8.4" 8.4 vm2 "connect vm2 ipv4:10.0.0.2:7791 ipv4:10.0.0.1:7791"

# The one's file is none of the other's: what the first lines say is needed.
printed "the wrong module" "$here/cases/drbd-rings/units"
[ -e /proc/drbd ] || says "the wrong module" 10 "Parse error" eval "drbdadm_of 8.4 --config-file $work/res dump 2>&1"

# ---- times: DRBD wants its timeout below both intervals ----------------------------------------------------------
for ms in 1000 9999 10000 60000; do
	new_units
	drbd_unit vm1 host1 host2 link_timeout_ms=$ms ring1="10.1.0.1 10.1.0.2"
	for module in 8.4 9; do
		printed "link_timeout_ms $ms" "$units" --drbd $module && accepted "link_timeout_ms $ms" $module host1 host2 &&
			would "link_timeout_ms $ms" $module vm1 --timeout=$((ms / 100))
	done
done

# ---- names that mean something in drbd.conf ----------------------------------------------------------------------
long=$(printf 'u%.0s' {1..63})
for name in resource common global include on net disk none ignore v9 v0.0 v1.2-3_ "$long"; do
	new_units
	drbd_unit "$name" host1 host2 ring1="10.1.0.1 10.1.0.2"
	for module in 8.4 9; do
		printed "unit $name" "$units" --drbd $module "$name" && accepted "unit $name" $module host1 host2 &&
			would "unit $name" $module "$name" "new-minor $name 0 0"
	done
done
for hosts in "resource on" "path host" "10.0.0.7 8" "all none" "a.example.org b.example.org" "connection connection-mesh"; do
	new_units
	# shellcheck disable=SC2086 # two words
	drbd_unit vm1 $hosts ring1="10.1.0.1 10.1.0.2"
	for module in 8.4 9; do
		# shellcheck disable=SC2086
		printed "hosts $hosts" "$units" --drbd $module && accepted "hosts $hosts" $module $hosts
	done
done
longest=/dev/$(printf 'd%.0s' {1..122})
# shellcheck disable=SC2016 # as it stands
for disk in "/dev/vg0/a'b" '/dev/#x' '/dev/$(id)' '/dev/`id`' '/dev/%s%n' /dev/ä '/dev/a|b&c<d>' '/dev/[0]:7790' "$longest"; do
	new_units
	drbd_unit vm1 host1 host2 "drbd_disk=$disk" drbd_device=/dev/drbd1048575
	for module in 8.4 9; do
		printed "disk $disk" "$units" --drbd $module && grep -qF "	disk \"$disk\";" "$work/res" && accepted "disk $disk" $module host1 host2 &&
			would "disk $disk" $module vm1 "new-minor vm1 1048575 0"
	done
done

# ---- refusals: nothing is printed --------------------------------------------------------------------------------
refuses() { # NAME CODE TEXT ARGUMENT...
	local name=$1 code=$2 text=$3
	shift 3
	says "$name" "$code" "$text" eval "$config generate drbd --unit-dir $units $* 2>&1 >$work/printed"
	[ ! -s "$work/printed" ] || fail "$name: something was printed: $(cat "$work/printed")"
}
for value in 'drbd_disk=/dev/a"b' 'drbd_disk=/dev/a b' 'drbd_disk=/dev/a;b' 'drbd_disk=/dev/a{b' 'drbd_disk=/dev/a\b' drbd_disk=vg0/vm1 \
	drbd_disk=/dev/../etc/passwd "drbd_disk=${longest}d" drbd_device=/dev/drbd drbd_device=/dev/drbd01 drbd_device=/dev/drbd1048576 \
	drbd_device=/dev/drbd4294967296 drbd_device=/dev/drbd0x drbd_device=/dev/vg0/vm1 drbd_device=/dev/dr; do
	new_units
	drbd_unit vm1 host1 host2 "$value"
	refuses "$value" 2 "${value%%=*} = "
done
for name in all minor-0; do
	new_units
	drbd_unit $name host1 host2
	refuses "unit $name" 2 "another one"
done
new_units
drbd_unit vm1 host1 host2 ring0=
refuses "no address" 2 "ring0"
new_units
drbd_unit vm1 host1 host2 fence.host2=
refuses "no fencing" 1 "host2 can't be fenced: unit vm1"
new_units
drbd_unit vm1 host1 host2
drbd_unit vm2 host1 host2 storage= drbd_device= drbd_disk= port=7791
refuses "a unit of vmtwin" 2 "unit vm2 has no DRBD" vm2
refuses "a unit of vmtwin among others" 2 "unit vm2 has no DRBD" vm1 vm2
refuses "an unknown unit" 2 "no unit 'vm3'" vm3
refuses "an unknown module" 2 "must be 8.4 or 9" --drbd 8
says "a module of another format" 2 "only" eval "$config generate cib --drbd 9 --unit-dir $units 2>&1"
printed "those of DRBD" "$units" && accepted "those of DRBD" 8.4 host1 host2
if [ "$(grep -c ^resource "$work/res")" = 1 ]; then pass; else fail "those of DRBD: $(cat "$work/res")"; fi
rm "$units/vm1.conf"
refuses "no unit of DRBD" 2 "no unit has storage = drbd"

# Node ids are in DRBD's metadata: the same, in whatever order the files name the hosts.
new_units
drbd_unit vm2 host1 host2 port=7791 ring1="10.1.0.1 10.1.0.2"
printed "node ids" "$units" vm2 && cp "$work/res" "$work/before"
drbd_unit vm1 host2 host1 ring0= fence.host1= fence.host2= drbd_device=/dev/drbd1 drbd_disk=/dev/vg0/other
printed "node ids" "$units" vm2
if cmp -s "$work/before" "$work/res"; then pass; else fail "node ids: $(diff "$work/before" "$work/res")"; fi

# ---- vmtwin-config check on such a host ----------------------------------------------------------------------------
looks() { # ARGUMENT...: what check says of this host, to $said. The other one is not there and not asked for
	said=$("$config" check --host --peer nobody --corosync-conf "$work/vm1.corosync" --cib "$work/vm1.cib" --host-conf "$work/none" \
		--unit-dir "$units" "$@" 2>&1)
}
tells_of() { # NAME TEXT...: in $said
	local name=$1 text
	shift
	for text; do
		if [[ $said == *"$text"* ]]; then pass; else fail "$name: does not say '$text': $said"; fi
	done
}
module_is() { # VERSION: modinfo's answer; none: there is no such module. The machine's own modinfo must not be written to: it is kmod.
	printf '#!/bin/sh\n[ %s != none ] && echo %s\n' "$1" "$1" >"$work/modinfo"
	chmod 755 "$work/modinfo"
	[ "$work/modinfo" -ef /usr/sbin/modinfo ] || mount --bind "$work/modinfo" /usr/sbin/modinfo
}
checked_host() {
	local volume=$1
	new_units
	drbd_unit vm1 host1 host2 "drbd_disk=$volume"
	$config generate corosync --unit-dir "$units" >"$work/vm1.corosync"
	$config generate cib --unit-dir "$units" >"$work/vm1.cib"
	be_host host1 1
	module_is none
	looks
	tells_of "an empty host" "error    DRBD's module: the kernel that runs has none" "error    /etc/drbd.d/vm1.res: No such file" \
		"error    drbd_disk of unit vm1 = $volume has no metadata of DRBD" "error    /etc/vmtwin/domains/vm1.xml, the definition" \
		"ok       drbd-utils 9" "ok       DRBD of unit vm1 doesn't run"
	if [[ $said == *FUSE* || $said == *"store of"* || $said == *io_uring* ]]; then fail "a host with DRBD only: $said"; else pass; fi

	module_is 8.4.11
	$config generate drbd --unit-dir "$units" vm1 >/etc/drbd.d/vm1.res
	mkdir -p /run/lock
	said=$(drbdmeta --force 0 v08 "$volume" internal create-md 2>&1) || fail "create-md: $said"
	mkdir -p /etc/vmtwin/domains
	echo '<domain/>' >/etc/vmtwin/domains/vm1.xml
	looks
	tells_of "a prepared host" "ok       DRBD's module = 8.4.11" "ok       /etc/drbd.d/vm1.res is as the units' files say, for DRBD's module 8.4" \
		"ok       drbd_disk of unit vm1 = $volume: 32 MiB"
	"$config" check --facts --unit-dir "$units" --corosync-conf "$work/vm1.corosync" --host-conf "$work/none" >"$work/facts" 2>&1
	said=$(cat "$work/facts")
	tells_of "its facts" "version.drbd = 8.4.11" "version.drbd-utils = 9" "disk.vm1 = 33554432" "definition.vm1 = "
	sed -i 's/^host = .*/host = host2/; s/33554432/33550336/; s/^definition.vm1 = ./&x/' "$work/facts"
	looks --peer-facts "$work/facts"
	tells_of "against others" "warning  drbd_disk of unit vm1 has 33554432 bytes here and 33550336 on host2" \
		"error    /etc/vmtwin/domains/vm1.xml is not the same on host2" "ok       unit file of vm1: the same on host2"

	sed 's/"vm1"/"other"/; s/:7790/:7791/; s|/dev/loop[0-9]*|/dev/vg0/other|' /etc/drbd.d/vm1.res >/etc/drbd.d/other.res
	systemctl_enable drbd.service drbd@vm1.target
	looks
	tells_of "a minor number twice" "drbdadm refuses it, or a file beside it: " "conflicting use of device-minor" \
		"warning  service drbd is started at boot" "warning  service drbd@vm1 is started at boot"
	rm /etc/drbd.d/other.res /etc/systemd/system/multi-user.target.wants/drbd*
	sed -i '/fencing/d' /etc/drbd.d/vm1.res
	mkfs.ext4 -q -F "$volume" && mkdir -p "$work/mounted" && mount "$volume" "$work/mounted"
	looks
	tells_of "what is not as it should be" "error    /etc/drbd.d/vm1.res is not what the units' files say" "is mounted at $work/mounted"
	umount "$work/mounted"
	module_is 9.1.7
	$config generate drbd --unit-dir "$units" vm1 >/etc/drbd.d/vm1.res
	be_host host7 1
	looks
	tells_of "another module, another name" "vm1.res is for DRBD's module 8.4, but the module here is 9.1.7" "\`uname -n\` = host7"
	drbd_unit vm2 host3 host4 port=7791
	looks vm1
	tells_of "files that contradict each other" "DRBD: what the units' files mean together can't be told: "
}
systemctl_enable() { # UNIT...: as systemctl makes the links; no systemd runs here
	mkdir -p /etc/systemd/system/multi-user.target.wants
	for unit; do
		ln -s "/lib/systemd/system/$unit" "/etc/systemd/system/multi-user.target.wants/$unit"
	done
}
truncate -s 32M "$work/volume"
if [ -e /proc/drbd ] || ! volume=$(losetup -f --show "$work/volume" 2>/dev/null); then
	skipped=$((skipped + 1))
else
	checked_host "$volume"
	losetup -d "$volume"
fi
