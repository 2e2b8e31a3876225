# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# A worker dies: of the secondary (the VM goes on), of the primary (its VM loses its disk and is started again).

kill_worker() { on "$1" bash -c 'kill -9 "$(head -n1 /run/vmtwin/vm1.pid)"'; }

need "vm1 is ready" vm1_ready
primary=$(vm_host)
second=$(other "$primary")
starts=$(boots)
stall_begin
check "kill -9 of the worker on $second, the secondary" kill_worker "$second"
check "the VM goes on" goes_on 50
stall_end
note "longest stall of the guest: $stall_ms ms"
check "PRIM and SECOND green" becomes_green
check "the VM never stopped" test "$starts $primary" = "$(boots) $(vm_host)"

reads=$(founds)
check "kill -9 of the worker on $primary, the primary" kill_worker "$primary"
check "the VM is started again and reads back" read_back $((reads + 1)) 120
check "$(verdict)" nothing_lost
check "PRIM and SECOND green" becomes_green
check "it runs on one host" vm_host
