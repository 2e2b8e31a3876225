# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# The worst a power switch can do: it says "off" to both sides of a split, and neither is off. Under two_node both are quorate and
# both go on. Nothing can be done against it; but the fork is found when they meet, both branches are kept, nothing is
# started until the operator has decided, and what he decided for goes on.

both_write() { [ "$(watch_doubles)" -gt 2 ]; }
says_fork() { explains "$1" "both hosts wrote without the other"; }
both_say_fork() { says_fork host1 && says_fork host2; }
branch_of() { on "$1" bash -c 'sha256sum "$1"/data/*.qcow2 | cut -c1-64' - "$store"; }
both_may() { may_acknowledge host1 && may_acknowledge host2; }
runs_at_most_once() { not eval 'vm_runs_on host1 && vm_runs_on host2'; }

need "vm1 is ready" vm1_ready
lab fence-mode "$lab_name" lie
lab cut "$lab_name" all
check "both get a false yes: both may acknowledge" wait_for 120 both_write || exit
check "the oracle convicts two guests at once" wait_for 60 not nothing_lost
note "the named exception: seen by the watcher $(watch_doubles) times"
lab fence-mode "$lab_name" normal
lab mend "$lab_name" all
check "they meet: the fork is told on both hosts" wait_for 120 both_say_fork || { tell_state; exit; }
began=$(now_ms)
check "one of them is demoted" wait_for 120 not both_may || { tell_state; exit; }
note "it took $(($(now_ms) - began)) ms since the fork was told"
check "one VM is ended" wait_for 60 runs_at_most_once || { tell_state; exit; }
watch_anew

# Both off, so that what is kept can be compared. Then both are free to start.
check "disable the VM and the mirror" on host1 timeout 90 pcs resource disable vm1 vm1-mirror-clone
check "no VM runs" wait_for 90 domain_is_off || exit
check "the units are stopped" wait_for 60 eval 'unit_stopped host1 && unit_stopped host2'
sum1=$(branch_of host1)
sum2=$(branch_of host2)
check "the two branches differ" not test "$sum1" = "$sum2"
check "the oracle begins anew" new_console
check "enable both" on host1 timeout 60 pcs resource enable vm1-mirror-clone vm1
check "the fork is told again" wait_for 60 both_say_fork || tell_state
check "nothing starts by itself" not wait_for 20 eval 'vm_runs_on host1 || vm_runs_on host2'
check "both branches are kept" test "$sum1 $sum2" = "$(branch_of host1) $(branch_of host2)"

check "disable the VM" on host1 timeout 90 pcs resource disable vm1
check "no VM runs" wait_for 90 domain_is_off || exit
check "the oracle begins anew" new_console
check "the operator gives up host2's branch, and keeps it" give_up_copy host2 || { tell_state; exit; }
check "enable the VM" on host1 timeout 60 pcs resource enable vm1
check "it reads back on host1" read_back 1 120 || { tell_state; exit; }
check "PRIM and SECOND green" becomes_green || exit
check "the other branch is there, as it was" test "$sum2" = "$(on host2 sha256sum "${store%/*}/$(kept_branch host2)/data/vm1.qcow2" | cut -c1-64)"
check "it is deleted by name" delete_branch host2
tidy
check "$(verdict)" nothing_lost
check "PRIM and SECOND green" becomes_green
