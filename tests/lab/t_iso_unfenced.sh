# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Fencing: vmtwin
# Lease: short
# One network, no witness, no power fencing. Refused, by the preflight and by the agent. With allow_unfenced both sides go on after
# a cut, and the fork is found, kept, and decided by the operator.

twin_state() { quiet_on host1 timeout 15 crm_mon -1; }
twin_runs() { twin_state | grep -q 'twin.*Started'; }
twin_refused() { twin_state | grep -q "twin start on host. returned 'error'"; }
allow() { # VALUE
	local host
	for host in host1 host2; do
		on "$host" bash -c 'sed -i /^allow_unfenced/d "$1" && echo "allow_unfenced = $2" >>"$1"' _ /etc/vmtwin/units/vm1.conf "$1" || return 1
	done
}

need "vm1 is ready" vm1_ready
check "the device does not start" wait_for 60 twin_refused
check "the reason is told" says 1 "neither a third vote nor a witness" on host1 fence_vmtwin -o monitor
check "fencing by hand is refused" says 1 "neither a third vote nor a witness" on host1 fence_vmtwin -o reboot -n host2
check "the preflight refuses it" says 1 "error.*witness" on host1 vmtwin-config check --no-host
primary=$(vm_host) || exit
second=$(other "$primary")

# A dead host is not fenced: the survivor waits, which is what the set-up is refused for.
check "the secondary loses power: the VM's writes wait" lab power-cut "$lab_name" "$second"
check "it does not go on alone" not wait_for $(($(wait_s) + 5)) alone "$primary"
check "it says that they wait" explains "$primary" "state: PRIM orange"
check "it boots" lab boot "$lab_name" "$second"
check "PRIM and SECOND green" becomes_green 180 || exit
tidy

check "both unit files allow it" allow yes
sleep 6 # vmtwind reads them every 5 s; after ten refusals Pacemaker gives up asking
check "cleaned up" on host1 timeout 60 pcs stonith cleanup twin
check "now the device starts" wait_for 60 twin_runs || { tell_state; exit; }
check "the preflight warns of a fork" says 0 "warning.*fork" on host1 vmtwin-config check --no-host
lab cut "$lab_name" all
check "both go on" wait_for $(($(wait_s) + takeover_more_s)) both_write || { tell_state; exit; }
check "the oracle convicts two guests at once" wait_for 60 two_guests
lab mend "$lab_name" all
fork_decided
