# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# Clean stops: of the resources, and of the whole cluster in either order; then both start again.

stop_host() { lab service "$lab_name" "$1" stop pacemaker && lab service "$lab_name" "$1" stop corosync; }
start_host() { lab service "$lab_name" "$1" start corosync && lab service "$lab_name" "$1" start pacemaker; }
is_stopped() { not vm_runs_on host1 && not vm_runs_on host2; }
mounts_of() { on "$1" grep -c " $vm_dir fuse" /proc/self/mounts; }
unmounted() { [ "$(mounts_of host1) $(mounts_of host2)" = "0 0" ]; }

need "vm1 is ready" vm1_ready
reads=$(founds)
check "disable the VM" on host1 timeout 60 pcs resource disable vm1
check "it stops" wait_for 60 is_stopped
check "PRIM and SECOND stay green" becomes_green
check "both hosts hold the same bytes" stores_equal
check "disable the mirror" on host1 timeout 60 pcs resource disable vm1-mirror-clone
check "nothing is mounted any more" wait_for 60 unmounted
check "the empty directory can't be written" says fail 'not permitted|read-only' on host1 touch "$vm_dir/stray"
check "enable both" on host1 timeout 60 pcs resource enable vm1-mirror-clone vm1
check "the VM reads back" read_back $((reads + 1)) || exit
check "$(verdict)" nothing_lost
check "PRIM and SECOND green" becomes_green || exit

for order in "secondary primary" "primary secondary"; do
	reads=$(founds)
	primary=$(vm_host) || exit
	second=$(other "$primary")
	[ "${order%% *}" = primary ] && hosts="$primary $second" || hosts="$second $primary"
	for host in $hosts; do
		check "the cluster on $host stops ($order)" stop_host "$host"
	done
	for host in $hosts; do
		start_host "$host"
	done
	check "both started: the VM reads back" read_back $((reads + 1)) 120 || exit
	check "$(verdict)" nothing_lost
	check "PRIM and SECOND green" becomes_green || exit
done
