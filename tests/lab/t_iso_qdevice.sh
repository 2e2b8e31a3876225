# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Lab: --qdevice
# Fencing: vmtwin
# Lease: short
# One network, a quorum device, no power fencing. Who is cut off ends its VM by itself; the other goes on when that is certain.

cut_off() { lab cut "$lab_name" all "$1"; }

# All processes of a host stop for two minutes, then go on.
hung() { # HOST
	local what="$1 hangs" winner reads began limit hang_s=120 primary
	primary=$(vm_host) || exit
	winner=$(other "$1")
	limit=$(($(wait_s) + takeover_more_s))
	[ "$VT_SOAK" = yes ] || hang_s=45
	reads=$(founds)
	began=$(now_ms)
	check "$what: all of its processes stop" signal_host "$1" STOP
	if [ "$1" = "$primary" ]; then
		check "$what: the VM reads back on $winner" read_back $((reads + 1)) $limit || exit
	else
		check "$what: $winner goes ALONE" wait_for $limit alone "$winner" || exit
	fi
	check "$what: it acknowledges" goes_on 20
	took=$(($(now_ms) - began))
	while [ $(($(now_ms) - began)) -lt $((hang_s * 1000)) ]; do sleep 1; done
	began=$(now_ms)
	check "$what: they go on" signal_host "$1" CONT
	check "$what: its VM ends" wait_for 40 qemu_gone "$1"
	check "$what: it rejoins: PRIM and SECOND green" becomes_green 240 || exit
	green_ms=$(($(now_ms) - began))
	check "$what: the VM stayed on $winner" test "$(vm_host)" = "$winner"
	check "$what: $(verdict)" nothing_lost
	tidy
	iso_times "quorum device, ${what/$1/the $2}" - "$took" "$green_ms"
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
loses "quorum device, primary cut off" "$primary" cut_off "$primary"
primary=$(vm_host) || exit
loses "quorum device, secondary cut off" "$(other "$primary")" cut_off "$(other "$primary")"
hung "$(vm_host)" primary
if [ "$VT_SOAK" = yes ]; then
	primary=$(other "$(vm_host)")
	check "the other way round" vm_on "$primary" || exit
	loses "quorum device, primary ($primary) cut off" "$primary" cut_off "$primary"
	check "the other way round" vm_on "$primary" || exit
	loses "quorum device, secondary ($(other "$primary")) cut off" "$(other "$primary")" cut_off "$(other "$primary")"
	hung "$(other "$(vm_host)")" secondary
	hung "$(vm_host)" primary
fi
check "PRIM and SECOND green" becomes_green
