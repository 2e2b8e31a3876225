# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# libvirt stops answering: the agent says so in time, never "stopped"; the VM doesn't notice.

by_hand() { agent "$primary" vm vm1 "$1" "$2" OCF_RESKEY_stop_tries=1 OCF_RESKEY_stop_interval=1; }
within() { # SECONDS CMD...
	local end=$((SECONDS + $1))
	shift
	"$@" && [ $SECONDS -le $end ]
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
check "maintenance mode" maintenance true
pid=$(quiet_on "$primary" cat /run/lab/libvirtd.pid)
check "libvirtd is stopped in its tracks" on "$primary" kill -STOP "$pid"
check "monitor: an error with its reason, in time" within 12 says 1 'libvirt' by_hand monitor 10000
check "stop: an error with its reason, in time" within 16 says 1 'libvirt' by_hand stop 15000
check "the VM goes on meanwhile" goes_on 20
check "libvirtd goes on" on "$primary" kill -CONT "$pid"
check "monitor: running" wait_for 20 by_hand monitor 10000
# What stop asked for while it could not be heard may be carried out now: then the VM is started again.
check "end of maintenance" maintenance false
check "PRIM and SECOND green" becomes_green
check "it goes on" goes_on 20 90
check "$(verdict)" nothing_lost
