# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# The upstream ocf-tester on both agents, against the real vmtwind and libvirt.

is_stopped() { not vm_runs_on host1 && not vm_runs_on host2; }

need "vm1 is ready" vm1_ready
reads=$(founds)
host=$(vm_host)
check "disable the VM" on host1 timeout 60 pcs resource disable vm1
check "it stops" wait_for 60 is_stopped
check "maintenance mode" maintenance true
# The other host first: then the data here may be used alone, and promoting needs nobody.
check "stop by hand on $(other "$host")" agent "$(other "$host")" mirror vm1 stop
check "demote by hand" agent "$host" mirror vm1 demote
check "stop by hand" agent "$host" mirror vm1 stop
mkdir -p "$build/lab-logs"
# The tree may be where a host has something of its own (/tmp): the hosts get a copy.
cp -r "$repo/ocf-tester" "$world/"
out=$(on "$host" timeout 400 /run/world/ocf-tester/in-host vm1 vm1 2>&1)
rc=$?
echo "$out" >"$build/lab-logs/ocf-tester.txt"
while read -r verb what; do
	case $verb in
	ok | passed) echo "ok     ocf: $what"; record passed ;;
	FAILED | failed) echo "FAILED ocf: $what"; record failed ;;
	skip | skipped) skip "$what" ;;
	esac
done <<<"$out"
check "in-host ends well (build/lab-logs/ocf-tester.txt)" test $rc = 0
for at in "$host" "$(other "$host")"; do
	check "start by hand on $at" agent "$at" mirror vm1 start
done
check "end of maintenance" maintenance false
on host1 timeout 60 crm_resource --refresh >/dev/null 2>&1
check "enable the VM" on host1 timeout 60 pcs resource enable vm1
check "the VM reads back" read_back $((reads + 1)) 120
check "PRIM and SECOND green" becomes_green
check "$(verdict)" nothing_lost
