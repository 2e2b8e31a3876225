# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# README's "Your first cluster", steps 3 to 6, typed as they stand there, on two hosts that know nothing of a unit and have no
# fencing: to PRIM and SECOND green. Steps 1 and 2, packages and corosync, are what the lab is made of. Of the commands one thing is
# put in the place of another: the lab's power switch for IPMI.

# steps: "HOST COMMAND" for each line of README that is typed; HOST is both or host1.
steps() {
	awk '/^\*\*[0-9]\. / { step = substr($0, 3, 1); host = $0 ~ /\(both/ ? "both" : "host1" }
		/^    / && step >= 3 && step <= 6 { sub(/^ +/, ""); if (sub(/ +# both.*/, "")) print "both", $0; else { sub(/ {3,}#.*/, ""); print host, $0 } }' "$repo/README.md" |
		sed 's/fence_ipmilan ip=[^ ]* username=[^ ]* password=[^ ]* lanplus=1 pcmk_host_list=\(host.\)/fence_lab port=\1 pcmk_host_list=\1/'
}
type_step() { # HOST COMMAND
	local host
	for host in $([ "$1" = both ] && echo host1 host2 || echo "$1"); do
		on "$host" timeout 120 bash -c "$2" </dev/null || return 1
	done
}
is_off() { [ "$(quiet_on "$1" timeout 10 virsh -q domstate vm1)" = "shut off" ]; }

need "vm1 is ready" vm1_ready
[ "$(vm_host)" = host1 ] || need "the VM is on host1" vm_on host1

# Bare hosts: no unit, no resources, no fencing, no domain; on host1 a VM that runs.
check "bare: the unit is taken out" on host1 timeout 300 vmtwin-config remove vm1
check "bare: the files are plain ones on host1" on host1 vmtwin destroy vm1 --keep-data
check "bare: and on host2" on host2 vmtwin destroy vm1 --keep-data --force
on host2 bash -c "rm -rf ${vm_dir:?} ${store:?}; virsh -q undefine vm1" >/dev/null 2>&1
on host1 bash -c "rm -rf ${store:?}"
check "bare: no fencing" on host1 bash -c 'for d in power-host1 power-host2; do timeout 60 pcs stonith delete $d || exit; done'
check "bare: nothing is configured" not grep -qE '<(primitive|clone|rsc_)' <<<"$(quiet_on host1 cibadmin -Q --scope configuration)"
reads=$(founds)
check "bare: a plain VM runs on host1" on host1 timeout 60 virsh start vm1
check "bare: it reads its disk" read_back $((reads + 1))

count=0
reads=$(founds)
while read -r -u 4 where command; do
	count=$((count + 1))
	check "typed ($where): $command" type_step "$where" "$command" || exit
	[[ $command != "virsh shutdown"* ]] || check "the VM shuts down" wait_for 60 is_off host1
done 4< <(steps)
check "all of the steps were found in README" test $count -ge 13
check "the VM starts on host1 and reads back" read_back $((reads + 1)) "$start_limit_s"
check "PRIM and SECOND green" becomes_green
check "it runs on host1" vm_runs_on host1
check "$(verdict)" nothing_lost
check "the unit file means the same" says 0 "Nothing to change" on host1 vmtwin-config apply
