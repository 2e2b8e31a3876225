# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# Lab: --witness
# Two hosts without a third vote, both quorate when they are apart, and a witness that answers pings. The one that doesn't reach it
# has no proof: it takes its VM down within its lease. The one that does may wait for fencing for as long as it takes.


witness="ping:10.$(sed -n "s/^lab_net=//p" "$lab_dir/conf").10.3"
conf=/etc/vmtwin/vmtwind.conf

# Both masters anew, with this file ("": none).
configure() { # TEXT
	local host
	for host in host1 host2; do
		if [ -n "$1" ]; then
			on "$host" bash -c 'echo "$1" >"$2"' _ "$1" $conf || return 1
		else
			on "$host" rm -f $conf || return 1
		fi
		lab service "$lab_name" "$host" stop vmtwind && lab service "$lab_name" "$host" start vmtwind || return 1
		becomes_green || return 1
	done
}
fact() { quiet_on "$1" timeout 15 vmtwin status --json | grep -q "\"witness\": *\"$2\""; } # HOST WORD
vm_gone() { ! vm_runs_on "$1"; }

need "vm1 is ready" vm1_ready
check "vmtwind takes the witness over" configure "witness = $witness"
check "both reach it" wait_for 10 fact host1 reached
check "both reach it" wait_for 10 fact host2 reached
primary=$(vm_host) || exit
second=$(other "$primary")

# The witness alone is gone: both hosts are there, nothing is needed of it.
lab cut "$lab_name" all witness
check "witness gone: told on $primary" wait_for 10 fact "$primary" not-reached
check "witness gone: told in words" says 0 "witness of this host: not reached for [0-9]+ s" on "$primary" vmtwin status
sleep $((lease_ms / 1000 + 5))
check "witness gone: the VM goes on" goes_on 20
check "witness gone: PRIM and SECOND stay" is_green
lab mend "$lab_name" all
check "witness back" wait_for 10 fact "$primary" reached

# Whatever becomes of the prober: silence is not an answer, and it is started again.
prober() { quiet_on "$1" pgrep -x vmtwin-witness; }
is_new_prober() { local now; now=$(prober "$1") && [ "$now" != "$2" ]; }
was=$(prober "$primary")
check "prober stopped" on "$primary" kill -STOP "$was"
check "prober stopped: told" wait_for 10 fact "$primary" not-reached
check "prober stopped: replaced" wait_for 10 is_new_prober "$primary" "$was"
check "prober stopped: the witness is reached again" wait_for 10 fact "$primary" reached
was=$(prober "$primary")
check "prober killed" on "$primary" kill -KILL "$was"
check "prober killed: replaced" wait_for 10 is_new_prober "$primary" "$was"
check "prober killed: the witness is reached again" wait_for 10 fact "$primary" reached

# The primary is cut off from everything. Both sides are quorate, fencing fails: only the witness tells them apart.
lab fence-mode "$lab_name" fail
began=$(now_ms)
lab cut "$lab_name" all "$primary"
check "cut off: $primary doesn't reach the witness" wait_for 10 fact "$primary" not-reached
check "cut off: its VM is down" wait_for 40 vm_gone "$primary"
down_ms=$(($(now_ms) - began))
check "cut off: within the lease" test "$down_ms" -le "$lease_ms"
check "cut off: its held writes have failed" has_said "$primary" "$began" "$said_failed"
note "cut to held writes failed $(took "$primary" "$began" "$said_failed") ms, to VM down $down_ms ms"
check "cut off: $second does not start it: the fencing fails" not vm_runs_on "$second"
sleep 12
check "cut off: past the lease $second holds its token" says 0 'token: held' on "$second" vmtwin explain vm1
reads=$(founds)
lab fence-mode "$lab_name" normal
# Pacemaker has given up trying on both sides; an administrator has it try again, on the side that reaches the witness.
check "cut off: the fencing works when asked for again" on "$second" stonith_admin --reboot "$primary" --timeout 60
check "cut off: once the fencing works, it runs on $second" read_back $((reads + 1)) 120
check "cut off: $(verdict)" nothing_lost
lab mend "$lab_name" all
check "mended: PRIM and SECOND green" becomes_green 180

# What can't be understood counts as one that doesn't answer, and is told.
on host1 bash -c "echo 'witness = router' >$conf"
lab service "$lab_name" host1 stop vmtwind && lab service "$lab_name" host1 start vmtwind
check "bad file: vmtwind runs and says so" wait_for 20 says 0 "witness of this host: $conf:1: 'router' is no witness" on host1 vmtwin status
check "bad file: the units serve" becomes_green
on host1 bash -c "echo 'witness = ${witness%.3}.2' >$conf"
lab service "$lab_name" host1 stop vmtwind && lab service "$lab_name" host1 start vmtwind
check "the other host as witness: refused" wait_for 20 says 0 "is host2 itself, a host of the cluster" on host1 vmtwin status
check "no file again" configure ""
check "no witness, nothing told" on host1 bash -c 'words=$(vmtwin status --json) && ! grep \"witness <<<"$words"'
check "PRIM and SECOND green" becomes_green
