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
