# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Lab: --qdevice
# Fencing: vmtwin
# Lease: short
# A cluster that runs more than vmtwin's VMs: its hosts must end themselves. By self_fence when they are cut off; by the watchdog
# (a stand-in here; tests/watchdog has the real one) when they hang. Not when corosync is shut down in order.

conf=/etc/vmtwin/vmtwind.conf
shim=/usr/lib/vmtwin-softdog.so
resets_of() { grep -c "request sysrq.* reset $1\$" "$world/power.log"; }
bites_of() { grep -c "watchdog of $1 bites" "$world/power.log"; }
other_runs_on() { quiet_on "$1" timeout 15 crm_mon -1 | grep -q "other.*Started $1"; }
anew() { lab service "$lab_name" "$1" stop vmtwind && lab service "$lab_name" "$1" start vmtwind; }
configure() { # TEXT
	local host
	for host in host1 host2; do
		on "$host" bash -c 'printf "$1" >"$2" && sync -f "$2"' _ "$1" $conf && anew "$host" || return 1
		becomes_green || return 1
	done
}

# From outside: a host whose watchdog was not fed in time loses power, and boots again.
watchdogs() {
	local host file age
	while :; do
		for host in host1 host2; do
			file=$world/watchdog.$host
			[ -s "$file" ] || continue
			age=$(($(date +%s%3N) - $(date -r "$file" +%s%3N)))
			[ $age -gt $(($(cat "$file") * 1000)) ] || continue
			rm -f "$file"
			power_log "watchdog of $host bites after $age ms"
			power_cycle "$host"
		done
		sleep 0.2
	done
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
second=$(other "$primary")
check "another resource" wait_for 30 on host1 timeout 60 pcs resource create other ocf:heartbeat:Dummy
check "on the VM's host" on host1 timeout 60 pcs constraint colocation add other with vm1 INFINITY
check "it runs" wait_for 60 other_runs_on "$primary"
check "the preflight refuses it" says 1 "error.*self_fence" on host1 vmtwin-config check --no-host
check "self_fence on both" configure "self_fence = yes\n" || { tell_state; exit; }
check "the preflight accepts it" says 0 "self_fence" on host1 vmtwin-config check --no-host

before=$(resets_of "$primary")
reads=$(founds)
began=$(now_ms)
lab cut "$lab_name" all "$primary"
check "cut off: it resets itself" wait_for $((lease_ms / 1000 + 5)) eval '[ $(resets_of $primary) -gt '"$before"' ]' || { tell_state; exit; }
reset_ms=$(($(now_ms) - began))
check "cut off: within its lease" in_time "$reset_ms" "$lease_ms"
check "cut off: the VM reads back on $second" read_back $((reads + 1)) $(($(wait_s) + takeover_more_s)) || exit
alone_ms=$(took "$second" "$began" "$said_alone")
check "cut off: before the other one was told so" test "$reset_ms" -lt "$alone_ms"
check "cut off: the other resource runs there" wait_for 30 other_runs_on "$second"
note "reset $reset_ms ms, alone $alone_ms ms after the cut"
mended "cut off, self_fence"
iso_times "self_fence, primary cut off" "$reset_ms" "$alone_ms" "$green_ms"

# Shut down in order: nothing is reset. It comes back.
primary=$(vm_host) || exit
second=$(other "$primary")
before="$(resets_of host1) $(resets_of host2)"
check "Pacemaker on $second stops" lab service "$lab_name" "$second" stop pacemaker
check "corosync is shut down" on "$second" corosync-cfgtool -H --force
sleep $((lease_ms / 1000 + 3))
check "nobody is reset for that" test "$before" = "$(resets_of host1) $(resets_of host2)"
check "it is told" says 0 "shut down in order" tail -n 20 "$lab_dir/hosts/$second/log/vmtwind.out"
lab service "$lab_name" "$second" start corosync
sleep 2
lab service "$lab_name" "$second" start pacemaker
check "PRIM and SECOND green" becomes_green || exit

# Asked for while Pacemaker runs, which refuses it: nothing is disarmed by that.
check "corosync's shutdown is refused by Pacemaker" says 0 "Could not shutdown" on "$second" corosync-cfgtool -H
check "it is still armed" on "$second" test -s /run/vmtwin/vmtwind.proof
# A vmtwind that was away for longer than the lease, all units stopped meanwhile: it was stopped in order.
check "standby of $second" on host1 timeout 60 pcs node standby "$second"
check "$second runs no unit" wait_for 60 eval '! on "$second" pgrep -x vmtwin-worker'
check "vmtwind there is stopped" lab service "$lab_name" "$second" stop vmtwind
sleep $((lease_ms / 1000 + 2))
check "and started" lab service "$lab_name" "$second" start vmtwind
sleep 7
check "it is not reset for that" test "$before" = "$(resets_of host1) $(resets_of host2)"
check "end of standby" on host1 timeout 60 pcs node unstandby "$second"
check "PRIM and SECOND green" becomes_green || exit

if [ "$VT_SOAK" = yes ]; then
	check "the stand-in of a watchdog" eval 'for h in host1 host2; do cp "$build/lab-tools/softdog.so" "$world/" && on $h bash -c "cp /run/world/softdog.so $shim && echo $shim >/etc/ld.so.preload && sync -f /etc/ld.so.preload" || exit; done'
	watchdogs &
	watchdogs_pid=$!
	trap 'kill $watchdogs_pid' EXIT
	check "a watchdog on both" configure "self_fence = yes\nwatchdog = /dev/watchdog\nwatchdog_timeout_s = 3\n" || { tell_state; exit; }
	check "it is armed" wait_for 20 test -s "$world/watchdog.$primary"
	check "and fed" eval 'sleep 6; test -s "$world/watchdog.$primary"'
	check "vmtwind restarted: it goes on" eval 'anew $primary; sleep 8; test $(bites_of $primary) = 0'
	reads=$(founds)
	check "all of $primary hangs" signal_host "$primary" STOP
	began=$(now_ms)
	check "hung: it bites" wait_for 20 eval '[ $(bites_of $primary) -gt 0 ]'
	check "hung: before the lease is over" in_time $(($(now_ms) - began)) "$lease_ms"
	check "hung: the VM reads back on $second" read_back $((reads + 1)) $(($(wait_s) + takeover_more_s)) || exit
	check "PRIM and SECOND green" becomes_green 180
	check "$(verdict)" nothing_lost
	primary=$(vm_host) || exit
	check "the watchdog is taken out of the file: disarmed, nobody is reset" eval 'configure "self_fence = yes\n"; sleep 8; test ! -e "$world/watchdog.host1" && test ! -e "$world/watchdog.host2" && test "$(vm_host)" = "$primary"'
	kill $watchdogs_pid
	trap - EXIT
	for host in host1 host2; do on $host rm -f /etc/ld.so.preload; done
fi
check "no file again" configure ""
check "the other resource goes" on host1 timeout 60 pcs resource delete other
check "PRIM and SECOND green" becomes_green
check "$(verdict)" nothing_lost
