# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Lab: --witness
# Fencing: vmtwin
# Lease: short
# One network, plain two_node, and a witness that answers pings: both hosts are always quorate, only the witness tells them apart.

witness="ping:10.$(sed -n "s/^lab_net=//p" "$lab_dir/conf").10.3"
conf=/etc/vmtwin/vmtwind.conf

configure() {
	local host
	for host in host1 host2; do
		on "$host" bash -c 'echo "witness = $1" >"$2"' _ "$witness" $conf || return 1
		lab service "$lab_name" "$host" stop vmtwind && lab service "$lab_name" "$host" start vmtwind || return 1
		becomes_green || return 1
	done
	on host1 timeout 60 pcs stonith cleanup twin
	wait_for 60 device_runs
}
device_runs() { quiet_on host1 timeout 15 crm_mon -1 | grep -q 'twin.*Started'; }
device_refused() { quiet_on host1 timeout 15 crm_mon -1 | grep -q "twin start on host. returned 'error'"; }
fact() { quiet_on "$1" timeout 15 vmtwin status --json | grep -q "\"witness\": *\"$2\""; } # HOST WORD
cut_off() { lab cut "$lab_name" all "$1"; }

# Neither reaches it.
neither() {
	local what="neither reaches the witness" reads began
	reads=$(founds)
	began=$(now_ms)
	lab cut "$lab_name" all witness
	lab cut "$lab_name" all pair
	nobody "$what" $(($(wait_s) + 5))
	mended "$what"
	check "$what, mended: it reads back" read_back $((reads + 1)) 60 || exit
	iso_times "$what" - - "$green_ms"
	tidy
}

# It comes and goes: never long enough.
flaps() {
	local what="the witness flaps" loser winner reads until began
	loser=$(vm_host) || exit
	winner=$(other "$loser")
	reads=$(founds)
	lab cut "$lab_name" all "$loser"
	until=$((SECONDS + $(wait_s) + 15))
	while [ $SECONDS -lt $until ]; do
		sleep 2
		lab cut "$lab_name" all witness
		sleep 4.5
		lab mend "$lab_name" all witness # this cable alone: the host that is cut off gets no moment with the witness
	done
	check "$what: the VM was not started" test "$reads" = "$(founds)"
	check "$what: nor does it run" runs_nowhere
	began=$(now_ms)
	check "$what no more: the VM reads back on $winner" read_back $((reads + 1)) $(($(wait_s) + takeover_more_s)) || exit
	took=$(($(now_ms) - began))
	mended "$what"
	iso_times "$what" - "$took" "$green_ms"
	tidy
}

need "vm1 is ready" vm1_ready
check "without a witness the device does not start" wait_for 60 device_refused
check "both get a witness" configure || { tell_state; exit; }
check "both reach it" wait_for 10 eval 'fact host1 reached && fact host2 reached'
primary=$(vm_host)
loses "witness, primary cut off" "$primary" cut_off "$primary"
neither
if [ "$VT_SOAK" = yes ]; then
	primary=$(vm_host) || exit
	loses "witness, secondary cut off" "$(other "$primary")" cut_off "$(other "$primary")"
	primary=$(other "$(vm_host)")
	check "the other way round" vm_on "$primary" || exit
	loses "witness, primary ($primary) cut off" "$primary" cut_off "$primary"
	primary=$(other "$(vm_host)")
	check "the other way round" vm_on "$primary" || exit
	loses "witness, secondary ($(other "$primary")) cut off" "$(other "$primary")" cut_off "$(other "$primary")"
	flaps
	neither
	# Both reach it, but not each other: the documented limit.
	lab cut "$lab_name" all pair
	check "both reach the witness: both go on" wait_for $(($(wait_s) + takeover_more_s)) both_write || { tell_state; exit; }
	check "the oracle convicts two guests at once" wait_for 60 two_guests
	lab mend "$lab_name" all
	fork_decided
fi
check "PRIM and SECOND green" becomes_green
