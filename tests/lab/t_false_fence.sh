# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# The worst a power switch can do: it says "off" to both sides of a split, and neither is off. Under two_node both are quorate and
# both go on. Nothing can be done against it; but the fork is found when they meet, both branches are kept, nothing starts until
# the operator has decided, and what he decided for goes on.

both_write() { [ "$(watch_doubles)" -gt 2 ]; }
says_fork() { explains "$1" "both hosts wrote without the other"; }
both_say_fork() { says_fork host1 && says_fork host2; }
vm_off() { on host1 timeout 60 pcs resource disable vm1; }
branch_of() { on "$1" bash -c 'sha256sum "$1"/data/*.qcow2 | cut -c1-64' - "$store"; }

need "vm1 is ready" vm1_ready
primary=$(vm_host)
second=$(other "$primary")
reads=$(founds)
lab fence-mode "$lab_name" lie
lab cut "$lab_name" all
check "both get a false yes: both acknowledge" wait_for 120 both_write || exit
check "the oracle convicts two guests at once" not nothing_lost
note "the named exception: seen by the watcher $(watch_doubles) times"
# Both branches are stopped where they are, before the hosts meet: what they hold is compared later.
for host in host1 host2; do
	check "$host: its cluster stops" on "$host" timeout 90 pcs resource disable vm1
done
check "both VMs are down" wait_for 90 domain_is_off || exit
lab fence-mode "$lab_name" normal
lab mend "$lab_name" all
check "the fork is told on both hosts" wait_for 120 both_say_fork || { tell_state; exit; }
sum1=$(branch_of host1)
sum2=$(branch_of host2)
check "the two branches differ" not test "$sum1" = "$sum2"
on host1 timeout 60 pcs resource enable vm1
check "nothing starts by itself" not wait_for 20 eval 'vm_runs_on host1 || vm_runs_on host2'
check "both branches are kept" test "$sum1 $sum2" = "$(branch_of host1) $(branch_of host2)"
check "the oracle begins anew" new_console
check "the operator gives up $second's branch, and keeps it" give_up_copy "$second" "$primary" || { tell_state; exit; }
check "the VM reads back on $primary" read_back 1 120 || exit
watch_anew
check "PRIM and SECOND green" becomes_green || exit
check "the other branch is there" on "$second" test -s "$vm_dir.fork/vm1.qcow2"
on "$second" rm -rf "$vm_dir.fork"
tidy
check "$(verdict)" nothing_lost
check "PRIM and SECOND green" becomes_green
