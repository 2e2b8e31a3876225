# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run
# What is done with the two machines. The commands are those of vmtwin-config(8), section DRBD, read out of it.

# A processor that is a program takes its time, and the VM's is one that runs on one.
readonly boot_s=300 member_s=300 sync_s=600 vm_s=1500 act_s=300

# block N: the section's N-th block of commands.
block() {
	awk -v want="$1" '/^# / { in_it = $2 == "DRBD" } in_it && /^```$/ { if (++fence % 2) n++; next } in_it && fence % 2 && n == want' \
		"$repo/docs/man/vmtwin-config.8.scd"
}
# Packages are this machine's and there is no systemd; the kernel's module knows one address a host, and there are two rings.
typed() { block "$1" | sed '/^apt-get /d; /^systemctl /d; s/generate drbd /generate drbd --drbd 8.4 /; s| old\.qcow2 | /run/world/guest/vm1.qcow2 |'; }
type_block() { # N HOST...
	local block=$1 host line count=0
	shift
	while read -r -u 4 line; do
		count=$((count + 1))
		for host in "$@"; do
			check "$host: $line" on "$host" bash -c "$line" || exit
		done
	done 4< <(typed "$block")
	need "block $block of the manual has commands" test $count -gt 0
}

# Agents that start forty programs, each on an emulated processor: short operations may take six times as long, and to fence takes three
# seconds to begin with, so two are no head start. Only after it has been seen that what is in force is what the files say.
give_time() {
	[ "$accel" = tcg ] || return 0
	on host1 crm_attribute --name priority-fencing-delay --update 30s || return 1
	on host1 bash -c 'cibadmin -Q --scope resources >/root/slow.xml && sed -i "s/timeout=\"20s\"/timeout=\"120s\"/; s/timeout=\"30s\"/timeout=\"180s\"/" /root/slow.xml &&
		cibadmin -R --scope resources --xml-file /root/slow.xml'
}

boot_both() { switch on host1 && switch on host2 && wait_for $boot_s answers host1 && wait_for $boot_s answers host2; }
online() { on "${1:-host1}" crm_mon -1 | grep -q 'Online: \[ host1 host2 \]'; }
drbd_is() { on "$1" drbdadm "$2" vm1 | grep -qx "$3"; } # HOST cstate|dstate|role VALUE
in_step() { drbd_is host1 dstate UpToDate/UpToDate && drbd_is host2 dstate UpToDate/UpToDate; }
primary_of() {
	local host
	for host in host1 host2; do
		! is_on $host || ! drbd_is $host role 'Primary/.*' || echo $host
	done
}
runs_on() { [ "$(on "$1" virsh -q domstate vm1 | head -n 1)" = running ]; }
no_fence_constraint() { ! on "$1" cibadmin -Q --scope constraints | grep -q drbd-fence-by-handler; }
tell_state() { # instead of lib/test.sh's: no vmtwind runs here
	local host
	for host in host1 host2; do
		is_on $host || { echo "$host is off"; continue; }
		on_seconds=60 on $host bash -c 'cat /proc/drbd; crm_mon -1rfA; virsh -q list --all; dmesg | tail -n 15'
	done
	tail -n 3 "$console"
	return 1
}
becomes() { local limit=$1; shift; wait_for "$limit" "$@" || tell_state; } # SECONDS CMD...

# all_is_well WHAT: in step, the VM's writes all there, no constraint of DRBD's left.
all_is_well() {
	check "$1: UpToDate/UpToDate on both" becomes $sync_s in_step || exit
	check "$1: DRBD's constraint is gone" becomes $act_s no_fence_constraint host1
	check "$1: one primary" test "$(primary_of | wc -l)" = 1
	check "$1: it acknowledges" goes_on 20 $act_s
	check "$1: $(verdict)" nothing_lost
}

power_cut() {
	local primary second reads began
	primary=$(primary_of)
	second=$(other "$primary")
	reads=$(founds)
	began=$EPOCHSECONDS
	check "power cut of $primary" switch off "$primary" || exit
	check "power cut: the VM reads back on $second" read_back $((reads + 1)) $vm_s || exit
	note "power cut: the VM on $second has read its disk $((EPOCHSECONDS - began)) s after the cut"
	check "power cut: $second is primary" drbd_is "$second" role 'Primary/.*'
	check "power cut: $(verdict)" nothing_lost
	check "power cut: it acknowledges" goes_on 20 $act_s
	check "$primary boots again" becomes $boot_s eval "switch on $primary && answers $primary"
	check "both are members" becomes $member_s online || exit
	all_is_well "after the power cut"
	check "the VM stayed on $second" runs_on "$second"
}

# The data's network breaks, the cluster's second ring lives: the secondary is known to be outdated, the VM goes on.
link_cut() {
	local primary starts
	primary=$(primary_of)
	starts=$(boots)
	cable 0 "$primary" down
	check "the data's network is cut: DRBD notices" becomes $act_s not drbd_is "$primary" cstate Connected || exit
	check "cut: it acknowledges" goes_on 20 $vm_s || exit
	check "cut: DRBD's constraint keeps the other host from the role" not no_fence_constraint "$primary"
	check "cut: still primary" drbd_is "$primary" role 'Primary/.*'
	cable 0 "$primary" up
	all_is_well "the network mended"
	check "the VM was not started anew" test "$starts" = "$(boots)"
}

# Everything is cut: the primary has the head start and shoots the other one.
split() {
	local primary starts shots
	primary=$(primary_of)
	starts=$(boots)
	shots=$(grep -c 'asks: reboot' "$world/power.log")
	cable 0 "$primary" down
	cable 1 "$primary" down
	check "all networks cut: one is shot" becomes $act_s eval '[ $(grep -c "asks: reboot" "$world/power.log") -gt '"$shots"' ]' || exit
	check "all networks cut: it is not the primary" test "$(sed -n 's/.* asks: reboot //p' "$world/power.log" | tail -n 1)" = "$(other "$primary")" || exit
	check "all networks cut: it acknowledges" goes_on 20 $vm_s || exit
	check "all networks cut: the VM was not started anew" test "$starts" = "$(boots)"
	cable 0 "$primary" up
	cable 1 "$primary" up
	check "both are members again" becomes $((boot_s + member_s)) online "$primary" || exit
	check "all networks cut: one was shot" test "$(grep -c 'asks: reboot' "$world/power.log")" = $((shots + 1))
	all_is_well "all networks mended"
}

switchover() {
	local primary second reads
	primary=$(primary_of)
	second=$(other "$primary")
	reads=$(founds)
	check "$primary to standby" on "$primary" crm_standby -v on || exit
	check "standby: the VM reads back on $second" read_back $((reads + 1)) $vm_s || exit
	check "$primary back" on "$primary" crm_standby -D
	all_is_well "after the switchover"
}

# At rest both disks hold the same, but for DRBD's own data at their end.
same_data() {
	local sectors
	sectors=$(on host1 cat /sys/block/drbd0/size) && [ "$sectors" -gt $((data_mib * 2000)) ] || return 1
	on host1 crm_resource --resource vm1 --meta -p target-role -v Stopped && wait_for $act_s not runs_on host1 && wait_for $act_s not runs_on host2 &&
		wait_for $act_s in_step && on host1 sync && on host2 sync && on host1 blockdev --flushbufs /dev/vdb && on host2 blockdev --flushbufs /dev/vdb &&
		cmp -n $((sectors * 512)) "$lab_dir/host1.data" "$lab_dir/host2.data"
}

# Out of the cluster: the data is where it was, and the VM starts from it by hand.
way_back() {
	local last reads
	last=$(primary_of)
	reads=$(founds)
	check "remove" says 0 "then on $last: drbdadm primary vm1" on host1 vmtwin-config remove vm1 || exit
	check "remove: nothing of it is left" not eval 'on host1 cibadmin -Q --scope resources | grep vm1'
	type_block 4 host1 host2
	check "removed: UpToDate/UpToDate on both" becomes $sync_s in_step || exit
	type_block 5 "$last"
	check "removed: the VM reads back on $last" read_back $((reads + 1)) $vm_s || exit
	check "removed: $(verdict)" nothing_lost
}

steps() {
	local step
	need "both machines boot" boot_both
	note "kernel $(on host1 uname -r), DRBD $(on host1 modinfo -F version drbd)"
	need "both are members" becomes $member_s online
	type_block 1 host1 host2
	type_block 2 host1
	need "the first copy is made" becomes $sync_s in_step
	type_block 3 host1
	check "apply once more: nothing to change" says 0 "Nothing to change" on host1 vmtwin-config apply
	need "slow machines are given time" give_time
	need "the VM starts and reads its disk" read_back 1 $vm_s
	all_is_well "after apply"
	for step in ${VMTWIN_DRBD_CUTS-power_cut switchover link_cut split}; do
		$step
	done
	check "at rest both disks hold the same" same_data
	way_back
}
