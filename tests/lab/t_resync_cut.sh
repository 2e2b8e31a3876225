# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Power cuts in the middle of a resync: of the target (the VM goes on, the resync begins anew) and of the source (the
# other copy is incomplete and is not used; the VM is back with its host).

readonly mib=1200

standby() { on host1 timeout 60 pcs node standby "$1"; }
unstandby() { on host1 timeout 60 pcs node unstandby "$1"; }
differ() { on "$1" dd if=/dev/urandom of="$vm_dir/extra" bs=1M count="$mib" oflag=direct conv=fsync status=none; }
resyncs() { explains "$primary" 'connection: SOURCE'; }

# Until the resync of $second from $primary is under way.
begin_resync() { # WHAT
	primary=$(vm_host) || exit
	second=$(other "$primary")
	check "$1: standby of $second" standby "$second"
	check "$1: $primary goes on alone" wait_for 60 state_is "$primary" "ALONE green"
	check "$1: $mib MiB are written meanwhile" differ "$primary"
	check "$1: end of standby" unstandby "$second"
	check "$1: a resync is under way" wait_for 60 resyncs || exit
	check "$1: status shows how far it is" wait_for 5 shows "$primary" "$second +SECOND +orange .*resync [0-9]+%"
}

need "vm1 is ready" vm1_ready
[ "$VT_SOAK" = yes ] && rounds=3 || rounds=1
for ((i = 1; i <= rounds; i++)); do
	begin_resync "target $i"
	starts=$(boots)
	random_pause 2
	check "target $i: power cut of $second" lab power-cut "$lab_name" "$second"
	check "target $i: the VM goes on" goes_on 50
	check "target $i: PRIM and SECOND green" becomes_green 180 || exit
	check "target $i: the VM never stopped" test "$starts $primary" = "$(boots) $(vm_host)"
	check "target $i: $(verdict)" nothing_lost

	begin_resync "source $i"
	reads=$(founds)
	random_pause 2
	check "source $i: power cut of $primary" lab power-cut "$lab_name" "$primary"
	check "source $i: $second is not usable, and says so" wait_for 60 shows "$second" "$second +(SECOND|WAIT) .*not uptodate"
	check "source $i: the VM reads back" read_back $((reads + 1)) 180 || { tell_state; exit; }
	check "source $i: on $primary" test "$(vm_host)" = "$primary"
	check "source $i: $(verdict)" nothing_lost
	check "source $i: PRIM and SECOND green" becomes_green 180 || exit
done
on "$(vm_host)" rm -f "$vm_dir/extra"
tidy
check "PRIM and SECOND green" becomes_green
