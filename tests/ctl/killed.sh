# shellcheck shell=bash disable=SC2154 # variables of run.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# create and destroy killed at each single step. at_each_step serves others too. Sourced by run.sh.

# What changes something; killed at each single one of them.
steps=(mkdir rename renameat2 fsync fdatasync pwrite64 ioctl fchown fchmod chmod linkat unlink unlinkat rmdir openat)
step_max=60 # of one kind in one run, more than there are

# One copy of the disk, whole, in the directory or in the store.
whole() {
	local n
	n=$(find "$fs/images" -name disk.qcow2 | wc -l)
	[ "$n" = 1 ] && [ "$(cat "$vm_dir/disk.qcow2" "$data/disk.qcow2" 2>/dev/null)" = disk ]
}

# killed STEP N COMMAND...: runs it, killed with -9 at its Nth call of STEP. 0 if it was.
killed() {
	# strace passes on that its child was killed, and the shell would tell
	(strace -f -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" "${@:3}" >/dev/null
		exit $?) 2>/dev/null
	[ $? = 137 ]
}

# made HOST: create finishes it, unless it was finished
made() {
	[ -e "$units/vm1.conf" ] || expect 0 "is made on $1" create --host "$1"
}

# at_each_step PREPARE CHECK COMMAND...: for each step: PREPARE, COMMAND killed there, CHECK
at_each_step() {
	local step n kills=0
	for step in "${steps[@]}"; do
		for ((n = 1; n < step_max; n++)); do
			"$1"
			killed "$step" $n "${@:3}" || break
			kills=$((kills + 1))
			"$2" "$step $n"
		done
	done
	echo "$2: killed at $kills steps"
	[ $kills -gt 10 ] || fail "$2: killed at $kills steps only"
}

killed_on_good_host() {
	whole || fail "create killed at $1: the disk is not whole"
	# again, elsewhere: the way on may be interrupted too
	killed fsync 2 "${create_h1[@]}" && { whole || fail "killed at $1 and again: the disk is not whole"; }
	made h1
	same "disk after kill at $1" disk "$(cat "$data/disk.qcow2")"
}

prepare_other_host() {
	new_vm
	rm -rf "$vm_dir"
}
killed_on_other_host() { made h2; }

prepare_unit() {
	new_vm
	create --host h1 >/dev/null
}
killed_in_destroy() {
	whole || fail "destroy killed at $1: the disk is not whole"
	[ ! -e "$units/vm1.conf" ] || expect 0 "is gone" destroy
	same "disk after kill at $1" disk "$(cat "$vm_dir/disk.qcow2")"
}

test_killed() {
	command -v strace >/dev/null || { skip "killed at each step: no strace"; return; }
	local n
	create_h1=("$vmtwin" create vm1 --unit-dir "$units" --directory "$vm_dir" --hosts "h1,h2"
		--good-host h1 --host h1)
	at_each_step new_vm killed_on_good_host "${create_h1[@]}"
	at_each_step prepare_other_host killed_on_other_host "${create_h1[@]}" --host h2
	at_each_step prepare_unit killed_in_destroy "$vmtwin" destroy vm1 --unit-dir "$units" --keep-data
	for ((n = 1; n < 12; n++)); do # at any time, not only at a step
		new_vm
		"${create_h1[@]}" >/dev/null &
		sleep "0.00$((RANDOM % 10))"
		kill -9 $! 2>/dev/null
		wait $! 2>/dev/null
		whole || fail "create killed at some time: the disk is not whole"
		made h1
	done
}
