# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# A host's disk fails as a whole while the host lives (every operation on it gives EIO): of the secondary (the VM never stops)
# and of the primary (the VM is started on the other host). And no space for anything: what must be recorded has its place.

fail_disk() { on "$1" xfs_io -x -c shutdown /run/disk; }
fill_all() { on "$1" bash -c 'dd if=/dev/zero of=/srv/ballast bs=1M 2>/dev/null; dd if=/dev/zero of=/srv/ballast2 bs=512 2>/dev/null; sync -f /srv; :'; }
empty() { quiet_on "$1" rm -f /srv/ballast /srv/ballast2; }

# A host whose disk is gone may not even die properly: fenced or not, the operator switches it off and on.
revive() { # HOST BOOTS
	wait_for 45 booted_more_than "$1" "$2" || power_cycle "$1"
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
second=$(other "$primary")
before="$(boots) $(shots)"
for host in "$second" "$primary"; do
	check "$host has no space left for anything" fill_all "$host"
done
drop_ports "$data_ports"
check "no space on both: $primary records that it is ALONE" wait_for 30 state_is "$primary" "ALONE green"
check "$second records that its copy is outdated" wait_for 10 explains "$second" "standing on disk: outdated"
mend_ports
for host in "$second" "$primary"; do
	empty "$host"
done
check "mended: PRIM and SECOND green" becomes_green || exit
check "the VM never stopped, nobody was fenced" test "$before $primary" = "$(boots) $(shots) $(vm_host)"
# The guest may have met the full disk and given up writing: it starts afresh.
reads=$(founds)
check "restart of the VM" on host1 timeout 120 crm_resource --restart --resource vm1
check "it reads back" read_back $((reads + 1)) || exit
check "it goes on" goes_on 20 || exit
check "$(verdict)" nothing_lost

starts=$(boots)
began=$(boots_of "$second")
stall_begin
check "the disk of $second, the secondary, fails" fail_disk "$second"
check "the VM goes on" goes_on 50 60
stall_end
note "longest stall of the guest: $stall_ms ms"
check "$primary is ALONE" wait_for 30 state_is "$primary" "ALONE green"
revive "$second" "$began"
check "PRIM and SECOND green" becomes_green 150 || exit
check "the VM never stopped" test "$starts $primary" = "$(boots) $(vm_host)"
check "$(verdict)" nothing_lost

reads=$(founds)
began=$(boots_of "$primary")
check "the disk of $primary, the primary, fails" fail_disk "$primary"
failed_at=$(now_ms)
if ! check "the VM reads back on $second" read_back $((reads + 1)) 120; then
	tell_state
	note "the operator switches $primary off and on"
	power_cycle "$primary"
	check "the VM reads back" read_back $((reads + 1)) 120 || exit
fi
note "$second went alone $(took "$second" "$failed_at" "$said_alone") ms after the failure"
check "$(verdict)" nothing_lost
revive "$primary" "$began"
check "PRIM and SECOND green" becomes_green 150 || exit
tidy
check "PRIM and SECOND green" becomes_green
