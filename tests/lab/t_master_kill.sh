# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# vmtwind dies on either host: the worker goes on, the VM doesn't notice.

pid_of() { quiet_on "$1" cat /run/lab/vmtwind.pid; }
is_new() { local pid; pid=$(pid_of "$1") && [ -n "$pid" ] && [ "$pid" != "$2" ]; }

need "vm1 is ready" vm1_ready
primary=$(vm_host)
starts=$(boots)
stall_begin
for host in "$primary" "$(other "$primary")"; do
	worker=$(quiet_on "$host" cat /run/vmtwin/vm1.pid)
	pid=$(pid_of "$host")
	check "kill -9 of vmtwind on $host" on "$host" kill -9 "$pid"
	check "the VM goes on" goes_on 30
	check "vmtwind is there again" wait_for 15 is_new "$host" "$pid"
	check "PRIM and SECOND green" becomes_green
	check "the same worker" test "$worker" = "$(quiet_on "$host" cat /run/vmtwin/vm1.pid)"
done
stall_end
note "longest stall of the guest: $stall_ms ms"
check "the VM never stopped" test "$starts $primary" = "$(boots) $(vm_host)"
check "$(verdict)" nothing_lost
