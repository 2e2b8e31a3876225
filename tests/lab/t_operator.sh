# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# What an operator meets at night: a worker that hangs on either host, vmtwind that hangs, the mount taken away, virsh
# behind the cluster's back. The VM comes back, nobody is fenced for a hung worker of the primary, and what is shown
# is true meanwhile.

libvirt_answers() { on "$1" timeout 5 virsh -q list --all; }

need "vm1 is ready" vm1_ready
primary=$(vm_host)
second=$(other "$primary")
before=$(shots)
reads=$(founds)
check "the worker on $primary, the primary, hangs" on "$primary" kill -STOP "$(worker_pid "$primary")"
check "status there turns red and says so" wait_for 30 shows "$primary" "$primary +PRIM +red .*does not answer"
check "libvirt answers" libvirt_answers "$primary"
check "the VM reads back" read_back $((reads + 1)) 60
check "nobody was fenced" test "$before" = "$(shots)"
check "$(verdict)" nothing_lost
tidy
check "PRIM and SECOND green" becomes_green || exit

primary=$(vm_host)
second=$(other "$primary")
starts=$(boots)
pid=$(quiet_on "$second" cat /run/lab/vmtwind.pid)
check "vmtwind on $second hangs" on "$second" kill -STOP "$pid"
check "$primary doesn't show its last words any more" wait_for 15 shows "$primary" "$second +unknown .*silent for"
check "status on $second says so, and ends" says 4 'did not answer' on "$second" timeout 15 vmtwin status vm1
check "vmtwind goes on" on "$second" kill -CONT "$pid"
check "PRIM and SECOND green" becomes_green || exit
check "the VM never stopped" test "$starts $primary" = "$(boots) $(vm_host)"

for host in "$second" "$primary"; do
	reads=$(founds)
	check "the mount on $host is taken away" on "$host" umount -l "$vm_dir"
	[ "$host" = "$second" ] || check "the VM reads back" read_back $((reads + 1)) 90
	check "PRIM and SECOND green" becomes_green || exit
	tidy
done
check "$(verdict)" nothing_lost

host=$(vm_host)
reads=$(founds)
check "the saved VM ($host) is started afresh" on "$host" timeout 60 virsh managedsave vm1
check "it reads back" read_back $((reads + 1)) 60
reads=$(founds)
check "the undefined VM ends" on "$(vm_host)" bash -c 'virsh undefine vm1 && virsh destroy vm1'
check "it is started again and reads back" read_back $((reads + 1)) 60
second=$(other "$(vm_host)")
check "it can't be started on $second" says fail 'read-only' on "$second" \
	bash -c 'virsh define "$1" >/dev/null && virsh start vm1; rc=$?; virsh undefine vm1 >/dev/null; exit $rc' - "$vm_dir/vm1.xml"
tidy
check "$(verdict)" nothing_lost
check "PRIM and SECOND green" becomes_green
