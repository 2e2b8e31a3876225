# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# Hand-over while both hosts are up: by moving the promoted role (no resync: both stay in step) and by standby.

move_to() { on host1 timeout 60 pcs resource move vm1-mirror-clone "$1" --promoted; }
clear_move() { on host1 timeout 60 pcs resource clear vm1-mirror-clone; }
resyncs() { quiet_on "$1" grep -ciE 'resync|catching up' /var/log/vmtwin/vm1.log; }

need "vm1 is ready" vm1_ready
from=$(vm_host)
to=$(other "$from")
reads=$(founds)
before="$(resyncs host1) $(resyncs host2)"
check "move from $from to $to" move_to "$to"
check "the VM reads back on $to" read_back $((reads + 1))
clear_move >/dev/null 2>&1
check "$(verdict)" nothing_lost
check "PRIM and SECOND green" becomes_green
check "it runs on $to" test "$(vm_host)" = "$to"
check "no resync was needed" test "$before" = "$(resyncs host1) $(resyncs host2)"

reads=$(founds)
check "standby of $to" on host1 timeout 60 pcs node standby "$to"
check "the VM reads back on $from" read_back $((reads + 1))
check "it goes on alone" goes_on 50
check "$(verdict)" nothing_lost
check "end of standby" on host1 timeout 60 pcs node unstandby "$to"
check "$to is back as SECOND green" becomes_green
check "it still runs on $from" test "$(vm_host)" = "$from"
