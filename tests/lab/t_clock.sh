# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# A host's wall clock jumps, forward and back, by hours: nobody notices but the logs; and who was fenced when is told right
# after it, although fencing records carry wall-clock times. Leases run on another clock.

readonly shim=/usr/local/lib/clockshift.so

set_clock() { echo "$2" >"$world/clock.$1"; } # HOST SECONDS
clock_is_off() { # HOST SECONDS
	local off=$(($(on "$1" date +%s) - EPOCHSECONDS - $2))
	[ "${off#-}" -le 2 ]
}
# Every process of the host that starts from now on has the shim; a boot gives it to all.
give_shim() { on "$1" bash -c 'mkdir -p "${1%/*}" && cp /run/world/clockshift.so "$1" && echo "$1" >/etc/ld.so.preload && sync -f /etc/ld.so.preload' - "$shim"; }
take_shim() { quiet_on "$1" rm -f /etc/ld.so.preload; }

jump() { # HOST SECONDS
	local starts primary
	primary=$(vm_host) || exit
	starts=$(boots)
	set_clock "$1" "$2"
	check "$1's clock jumps to $2 s: it does" wait_for 5 clock_is_off "$1" "$2"
	sleep 32 # a lease and more
	check "$1 $2 s: the VM goes on" goes_on 20
	check "$1 $2 s: PRIM and SECOND green" becomes_green || exit
	check "$1 $2 s: the VM never stopped" test "$starts $primary" = "$(boots) $(vm_host)"
}

fail_over() { # WHAT
	local victim reads
	victim=$(vm_host) || exit
	reads=$(founds)
	check "$1: power cut of $victim" lab power-cut "$lab_name" "$victim"
	check "$1: the VM reads back on $(other "$victim")" read_back $((reads + 1)) || { tell_state; exit; }
	check "$1: $(verdict)" nothing_lost
	check "$1: PRIM and SECOND green" becomes_green || exit
}

need "vm1 is ready" vm1_ready
cp "$build/lab-tools/clockshift.so" "$world/"
for host in "$(other "$(vm_host)")" "$(vm_host)"; do
	give_shim "$host"
	before=$(boots_of "$host")
	check "$host boots with a clock of its own" lab power-cut "$lab_name" "$host"
	check "$host is back" wait_for 60 booted_more_than "$host" "$before"
	check "PRIM and SECOND green" becomes_green || exit
	goes_on 20 >/dev/null
done
primary=$(vm_host)
jump "$(other "$primary")" -86400
fail_over "the survivor's clock a day back"
primary=$(vm_host)
jump "$primary" 7200
jump "$(other "$primary")" 3600
fail_over "clocks ahead"
primary=$(vm_host)
jump "$(other "$primary")" -7200
fail_over "the survivor's clock back again"
# Pacemaker judges failures by wall clock: after an hour back it may leave one alone. So no process that has lived through this stays.
for host in host1 host2; do
	take_shim "$host"
	set_clock "$host" 0
done
for host in "$(other "$(vm_host)")" "$(vm_host)"; do
	before=$(boots_of "$host")
	check "$host boots with the clock of all" lab power-cut "$lab_name" "$host"
	check "$host is back" wait_for 60 booted_more_than "$host" "$before"
	check "PRIM and SECOND green" becomes_green || exit
	tidy
done
check "PRIM and SECOND green" becomes_green
