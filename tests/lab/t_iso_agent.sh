# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Lab: --qdevice
# Fencing: vmtwin
# Lease: short
# fence_vmtwin's own bad days: asked for itself, for nobody, for a healthy member; killed midway, called twice; for a host whose
# vmtwind is dead while its VM runs.

agent_pid() { quiet_on "$1" pgrep -o -x fence_vmtwin; }
# One that waits, not a monitor, which is over at once.
agent_waits() { local pid; pid=$(agent_pid "$1") && [ -n "$pid" ] && sleep 2 && [ "$(agent_pid "$1")" = "$pid" ]; } # HOST
resets_of() { grep -c "request sysrq.* reset $1\$" "$world/power.log"; }
cut_off() { lab cut "$lab_name" all "$1"; }
times_done() { note "iso: $*"; }

both_online() { quiet_on "$1" timeout 15 crm_mon -1 | grep -q "Online: \[ host1 host2 \]"; }
# A Pacemaker that hears of its own fencing ends for good, and corosync with it, in a while: an operator starts them again.
stack_back() { # HOST
	local tries
	for tries in 1 2 3 4 5 6; do
		lab service "$lab_name" "$1" start corosync
		lab service "$lab_name" "$1" start pacemaker
		wait_for 12 both_online "$(other "$1")" && sleep 3 && both_online "$(other "$1")" && return
	done
	note "the cluster on $1 is not back ($tries tries)"
}

# Pacemaker is asked by the administrator to fence the healthy primary.
healthy_member() {
	sleep 21 # whoever came back less than 20 s ago is not ordered to end
	local what="order to a healthy primary" primary second before reads began
	primary=$(vm_host) || exit
	second=$(other "$primary")
	before=$(resets_of "$primary")
	reads=$(founds)
	began=$(now_ms)
	check "$what: the fencing succeeds" on "$second" timeout 90 stonith_admin --reboot "$primary" --timeout 80 || { tell_state; exit; }
	note "$what: confirmed after $(($(now_ms) - began)) ms"
	check "$what: it has reset itself, once" test "$(resets_of "$primary")" = $((before + 1))
	check "$what: the VM reads back on $second" read_back $((reads + 1)) 90 || exit
	took=$(($(now_ms) - began))
	stack_back "$primary" # as in failed_stop
	check "$what: PRIM and SECOND green" becomes_green 180 || exit
	check "$what: no second order" test "$(resets_of "$primary")" = $((before + 1))
	check "$what: $(verdict)" nothing_lost
	iso_times "$what" - "$took" "$(($(now_ms) - began))"
}

# Off is not reboot: it ends itself the other way, and stays off until somebody switches it on.
ordered_off() {
	local what="ordered off" primary second reads began
	primary=$(vm_host) || exit
	second=$(other "$primary")
	reads=$(founds)
	began=$(now_ms)
	check "$what: the fencing succeeds" on "$second" timeout 90 stonith_admin --fence "$primary" --timeout 80 || { tell_state; exit; }
	check "$what: $primary is off" wait_for 10 not is_on "$primary"
	check "$what: the VM reads back on $second" read_back $((reads + 1)) 90 || exit
	took=$(($(now_ms) - began))
	sleep 11 # one that was reset is back by then
	check "$what: it stays off" not is_on "$primary"
	check "$what: its status is off" says 2 "" on "$second" fence_vmtwin -o status -n "$primary"
	began=$(now_ms)
	check "$what: it is switched on" lab boot "$lab_name" "$primary"
	check "$what: PRIM and SECOND green" becomes_green 180 || exit
	check "$what: the VM stayed on $second" test "$(vm_host)" = "$second"
	check "$what: $(verdict)" nothing_lost
	iso_times "$what" - "$took" "$(($(now_ms) - began))"
	sleep 21
}

# A resource that does not stop: the commonest reason to fence a member.
failed_stop() {
	sleep 21
	local what="failed stop on the primary" primary second before reads began
	primary=$(vm_host) || exit
	second=$(other "$primary")
	before=$(resets_of "$primary")
	reads=$(founds)
	check "$what: a resource that will not stop" on host1 timeout 60 pcs resource create stubborn ocf:heartbeat:Dummy op stop interval=0s timeout=20s
	check "$what: it belongs on $primary" on host1 timeout 60 pcs constraint location stubborn prefers "$primary"
	wait_for 30 eval 'on host1 crm_mon -1 | grep -q "stubborn.*Started $primary"'
	on "$primary" bash -c 'for f in /usr/lib/ocf/resource.d/heartbeat/Dummy; do cp $f /run/lab/Dummy; sed "s/^dummy_stop() {/dummy_stop() { return 1/" /run/lab/Dummy >$f; done'
	on host1 timeout 60 pcs resource disable stubborn &
	check "$what: $primary resets itself" wait_for 90 eval '[ "$(resets_of "$primary")" -gt '"$before"' ]' || { tell_state; exit; }
	wait
	check "$what: the VM reads back on $second" read_back $((reads + 1)) 90 || exit
	stack_back "$primary" # it was back so soon that its Pacemaker still heard of the fencing
	check "$what: PRIM and SECOND green" becomes_green 180 || exit
	on "$primary" bash -c 'cp /run/lab/Dummy /usr/lib/ocf/resource.d/heartbeat/Dummy 2>/dev/null || sed -i "s/^dummy_stop() { return 1/dummy_stop() {/" /usr/lib/ocf/resource.d/heartbeat/Dummy'
	on host1 timeout 60 pcs resource delete stubborn --force >/dev/null 2>&1
	check "$what: $(verdict)" nothing_lost
	tidy
}

# The agent is killed twice while it waits; Pacemaker begins anew.
killed_midway() {
	local what="agent killed midway" primary second reads n pid
	primary=$(vm_host) || exit
	second=$(other "$primary")
	reads=$(founds)
	lab cut "$lab_name" all "$primary"
	for n in 1 2; do
		check "$what: it runs ($n)" wait_for 60 agent_waits "$second" || break
		pid=$(agent_pid "$second")
		check "$what: killed ($n)" on "$second" kill -KILL "$pid"
		sleep 1
	done
	check "$what: the VM reads back on $second all the same" read_back $((reads + 1)) $(($(wait_s) * 2 + takeover_more_s)) || exit
	mended "$what"
	tidy
}

called_twice() {
	local what="called twice" primary second pids=''
	primary=$(vm_host) || exit
	second=$(other "$primary")
	lab cut "$lab_name" all "$second"
	sleep 5
	on "$primary" timeout 200 fence_vmtwin -o reboot -n "$second" >/dev/null 2>&1 &
	pids=$!
	check "$what: one of them" on "$primary" timeout 200 fence_vmtwin -o off -n "$second"
	wait $pids
	check "$what: and the other" test $? = 0
	mended "$what"
	tidy
}

# Nobody passes proofs to the worker, whose VM runs: its lease ends, and it ends the VM itself.
vmtwind_dead() { # HOST
	local what="vmtwind dead on $1, its VM runs" second began reads
	second=$(other "$1")
	reads=$(founds)
	watch_vm "$1"
	began=$(now_ms)
	check "$what: it ends" lab service "$lab_name" "$1" stop vmtwind
	check "$what: the fencing succeeds" on "$second" timeout 200 stonith_admin --reboot "$1" --timeout 190 || { tell_state; exit; }
	took=$(($(now_ms) - began))
	check "$what: its VM had ended by itself before" test -s "$down_file"
	check "$what: within the lease" in_time "$(vm_down_ms "$1" "$began")" "$lease_ms"
	note "$what: VM down after $(vm_down_ms "$1" "$began") ms, fencing confirmed after $took ms"
	watch_vm_end
	# With a long lease the agents notice before it is over: Pacemaker stops the unit, and nobody knows any more who went on.
	if wait_for 60 vm_runs_on "$second"; then
		check "$what: the VM reads back on $second" read_back $((reads + 1)) 60 || exit
	else
		note "$what: Pacemaker had stopped it on both hosts meanwhile; it starts when $1 is back"
		check "$what: $second says why" explains "$second" "whether $1 went on alone"
	fi
	lab service "$lab_name" "$1" start vmtwind
	stack_back "$1"
	check "$what: PRIM and SECOND green" becomes_green 180 || exit
	check "$what: it goes on" goes_on 20 60
	check "$what: $(verdict)" nothing_lost
	iso_times "$what" - "$took" "$(($(now_ms) - began))"
	tidy
	sleep 21
}

# It is in the group and says nothing: as silent as one that is dead. When it wakes up it finds the order.
vmtwind_hangs() { # HOST
	sleep 21 # whoever came back less than 20 s ago is not ordered to end
	local what="vmtwind hangs on $1, its VM runs" second began reads pid
	second=$(other "$1")
	reads=$(founds)
	pid=$(service_pid "$1" vmtwind)
	watch_vm "$1"
	began=$(now_ms)
	check "$what: it stops" on "$1" kill -STOP "$pid"
	check "$what: the fencing succeeds" on "$second" timeout 200 stonith_admin --reboot "$1" --timeout 190 || { tell_state; exit; }
	took=$(($(now_ms) - began))
	check "$what: its VM had ended by itself before" test -s "$down_file"
	watch_vm_end
	check "$what: the VM reads back on $second" read_back $((reads + 1)) 120 || exit
	on "$1" kill -CONT "$pid"
	sleep 3
	check "$what: it wakes up: no VM there" qemu_gone "$1"
	stack_back "$1"
	check "$what: PRIM and SECOND green" becomes_green 180 || exit
	check "$what: $(verdict)" nothing_lost
	iso_times "$what" - "$took" "$(($(now_ms) - began))"
	tidy
}

# The line is back before the fencing is confirmed: whoever came back lives.
came_back() {
	local what="back before it is confirmed" primary second before
	primary=$(vm_host) || exit
	second=$(other "$primary")
	before="$(resets_of host1) $(resets_of host2) $(boots)"
	lab cut "$lab_name" all "$second"
	check "$what: the fencing has begun" wait_for 60 agent_waits "$primary" || exit
	sleep 2
	lab mend "$lab_name" all
	check "$what: PRIM and SECOND green" becomes_green || exit
	sleep 25
	check "$what: nobody was reset, the VM never stopped" test "$before" = "$(resets_of host1) $(resets_of host2) $(boots)"
	check "$what: PRIM and SECOND stay green" is_green
	check "$what: $(verdict)" nothing_lost
	tidy
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
second=$(other "$primary")
check "asked for itself: refused" says 1 "this host" on "$primary" fence_vmtwin -o reboot -n "$primary"
check "asked for an unknown node: refused" says 1 "no node 'nobody'" on "$primary" fence_vmtwin -o reboot -n nobody
check "status of a member: on" on "$primary" fence_vmtwin -o status -n "$second"
check "list" says 0 "host1,.*" on "$primary" fence_vmtwin -o list
check "monitor" on "$primary" fence_vmtwin -o monitor
check "pcs describes it" says 0 "fence_vmtwin" on "$primary" pcs stonith describe fence_vmtwin
healthy_member
vmtwind_hangs "$(vm_host)"
if [ "$VT_SOAK" = yes ]; then
	vmtwind_dead "$(vm_host)"
	healthy_member
	failed_stop
	killed_midway
	called_twice
	came_back
	ordered_off
	vmtwind_dead "$(vm_host)"
fi
check "PRIM and SECOND green" becomes_green
