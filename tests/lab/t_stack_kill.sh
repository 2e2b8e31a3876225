# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Parts of the cluster stack die on either host: corosync (its host is fenced), pacemakerd, libvirtd, and both
# hosts' vmtwind at once.

corosync_dies() { # HOST WHO
	local before
	before=$(shots)
	check "$2: kill -9 of corosync on $1" lab service "$lab_name" "$1" kill corosync
	check "$2: $1 is fenced" wait_for 60 shot_more_than "$before"
	check "$2: the VM goes on" goes_on 20 120 || exit
	check "$2: PRIM and SECOND green" becomes_green || exit
	check "$2: $(verdict)" nothing_lost
}

# Pacemaker's daemons outlive pacemakerd, which takes them over when it is started again (as systemd does).
pacemakerd_dies() { # HOST WHO
	local starts
	starts=$(boots)
	check "$2: kill -9 of pacemakerd on $1" lab service "$lab_name" "$1" kill pacemaker
	check "$2: the VM goes on" goes_on 50
	lab service "$lab_name" "$1" start pacemaker
	check "$2: PRIM and SECOND green" becomes_green
	check "$2: the VM never stopped" test "$starts" = "$(boots)"
}

libvirtd_dies() { # HOST WHO
	local starts pid
	starts=$(boots)
	pid=$(service_pid "$1" libvirtd)
	check "$2: kill -9 of libvirtd on $1" on "$1" kill -9 "$pid"
	check "$2: the VM goes on" goes_on 50
	check "$2: libvirtd is there again" wait_for 15 is_new_pid "$1" libvirtd "$pid"
	check "$2: PRIM and SECOND green" becomes_green
	check "$2: the VM never stopped" test "$starts" = "$(boots)"
}

need "vm1 is ready" vm1_ready
for who in primary secondary; do
	for what in libvirtd_dies pacemakerd_dies corosync_dies; do
		primary=$(vm_host) || exit
		[ $who = primary ] && host=$primary || host=$(other "$primary")
		$what "$host" "$who"
	done
	tidy
done

primary=$(vm_host)
starts=$(boots)
for host in host1 host2; do
	on "$host" kill -9 "$(service_pid "$host" vmtwind)" &
done
wait
check "vmtwind dies on both hosts at once: the VM goes on" goes_on 50
check "PRIM and SECOND green" becomes_green
check "the VM never stopped" test "$starts $primary" = "$(boots) $(vm_host)"
check "$(verdict)" nothing_lost
