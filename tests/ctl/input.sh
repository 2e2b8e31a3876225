# shellcheck shell=bash disable=SC2154 # variables of run.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the command refuses: wrong usage, names and directories that cannot be a unit's, bad unit files. Sourced by run.sh.

test_usage() {
	new_vm
	expect 64 "see vmtwin --help" "$vmtwin" frob
	expect 64 "did you mean 'status'" "$vmtwin" statsu
	expect 64 "See vmtwin --help" "$vmtwin"
	expect 0 "Usage: vmtwin COMMAND" "$vmtwin" --help
	expect 0 "vmtwin 0" "$vmtwin" --version
	for c in create status explain log force-primary discard-fork support destroy; do
		expect 0 "Usage: vmtwin $c" "$vmtwin" $c --help
		expect 64 "unknown option '--frobnicate'" "$vmtwin" $c --frobnicate
	done
	expect 64 "did you mean '--hosts'" "$vmtwin" create vm1 --hots a,b
	expect 64 "needs a value" "$vmtwin" create vm1 --port
	expect 64 "takes no value" "$vmtwin" status --json=1
	expect 64 "which unit?" "$vmtwin" create --directory /x
	expect 64 "which unit?" "$vmtwin" log
	expect 64 "one unit at a time" "$vmtwin" status a b
	expect 64 "is not a unit's name" "$vmtwin" log ../../etc/passwd
	expect 64 "is not a unit's name" "$vmtwin" status UPPER
	expect 64 "must be a number" "$vmtwin" log vm1 -n x
	expect 64 "add --keep-data" "$vmtwin" destroy vm1
	expect 1 "no unit 'vm1'" destroy
}

test_from_file() {
	new_vm
	local from=("$vmtwin" create vm1 --unit-dir "$units" --from "$fs/vm1.conf" --good-host h1)
	refused 64 "is not there" "${from[@]}" --host h1
	printf 'directory = %s\nhosts = h2 h1\nfrobnicate = 1\n' "$vm_dir" >"$fs/vm1.conf"
	refused 64 "vm1.conf:3: unknown key 'frobnicate'" "${from[@]}" --host h1
	printf 'directory = %s\nhosts = h2 h1\nstorage = drbd\n' "$vm_dir" >"$fs/vm1.conf"
	refused 64 "vm1.conf:3: storage = drbd: such a unit is not mirrored" "${from[@]}" --host h1
	printf 'directory = %s\nhosts = h2 h1\nfence.h1 = fence_x ip=1 Password=hunter2\n' "$vm_dir" >"$fs/vm1.conf"
	refused 64 "vm1.conf:3: fence.h1 has a secret in it (Password)" "${from[@]}" --host h1
	printf '# mine\ndirectory = %s\nhosts = h2 h1\nring0 = 10.0.0.2 10.0.0.1\nport = 7799\n' "$vm_dir" >"$fs/vm1.conf"
	refused 64 "says all of it" "${from[@]}" --host h1 --port 7800
	refused 64 "--good-host is needed" "$vmtwin" create vm1 --unit-dir "$units" --from "$fs/vm1.conf"
	expect 0 "is made on h1" "${from[@]}" --host h1
	expect 0 "" cmp "$fs/vm1.conf" "$units/vm1.conf"
	refused 1 "exists already" "${from[@]}" --host h1
	rm -f "$fs/vm1.conf"
}

test_bad_input() {
	new_vm
	local c=("$vmtwin" create vm1 --unit-dir "$units")
	local good=(--host h1 --hosts "h1,h2" --good-host h1)
	refused 64 "are needed" "${c[@]}"
	refused 64 "can't be a unit's name" "$vmtwin" create VM1 --directory "$vm_dir" "${good[@]}"
	refused 64 "can't be a unit's name" "$vmtwin" create ../x --directory "$vm_dir" "${good[@]}"
	refused 64 "the two hosts must differ" create --hosts h1,h1
	refused 64 "two cluster node names" create --hosts h1
	refused 64 "no more" create --hosts h1,h2,h3
	refused 64 "--good-host h9 is neither" create --good-host h9
	refused 64 "this host is called" create
	refused 64 "this host is called h9" create --host h9
	refused 64 "whole number from 1 to 65535" create --host h1 --port 0
	refused 64 "a domain's name has no '/'" create --host h1 --domain a/b
	refused 64 "absolute path" create --host h1 --directory images/vm1
	refused 64 "'.' or '..'" create --host h1 --directory "$fs/images/../images/vm1"
	refused 64 "root directory" create --host h1 --directory /
	refused 64 "one inside the other" create --host h1 --store "$vm_dir/store"
	refused 64 "too long" create --host h1 --directory "/$(printf 'a%.0s' {1..1100})"
	refused 1 "directory of the system" create --host h1 --directory /var/lib
	refused 1 "directory of the system" create --host h1 --directory /var/lib/libvirt/images
	refused 1 "does not exist" create --host h1 --directory "$fs/images/none"
	refused 1 "No such file" create --host h1 --directory "$fs/none/vm1"
	refused 1 "is not a directory" create --host h1 --directory "$vm_dir/disk.qcow2"
	mkdir "$fs/images/empty"
	refused 1 "is empty" create --host h1 --directory "$fs/images/empty"
	refused 1 "to hold the store, does not exist" create --host h1 --store "$fs/none/store"
	refused 1 "another file system" create --host h1 --store "$work/store"
	: >"$fs/file"
	refused 1 "not a directory" create --host h1 --store "$fs/file"
	ln -s "$fs/images" "$fs/link"
	refused 1 "symbolic link" create --host h1 --directory "$fs/link/vm1"
	ln -s "$vm_dir" "$fs/images/alias"
	refused 1 "symbolic link" create --host h1 --directory "$fs/images/alias"
	refused 1 "symbolic link" create --host h1 --store "$fs/link/store"
	rm -f "$fs/link" "$fs/images/alias" "$fs/file"
	ln "$vm_dir/disk.qcow2" "$fs/images/second-name"
	refused 1 "second name" create --host h1
	rm "$fs/images/second-name"
	ln "$vm_dir/disk.qcow2" "$vm_dir/second-name"
	expect 0 "is made on h1" create --host h1
	refused 1 "exists already" create --host h1
	refused 1 "exists already" create --host h2
	mkdir -p "$fs/images/vm2" && : >"$fs/images/vm2/disk"
	local two=("$vmtwin" create vm2 --unit-dir "$units" "${good[@]}")
	refused 1 "port 7790 is that of unit 'vm1'" "${two[@]}" --directory "$fs/images/vm2"
	refused 1 "one inside the other" "${two[@]}" --directory "$vm_dir/vm2" --port 7791
	refused 1 "one inside the other" "${two[@]}" --directory "$fs/images" --port 7791
	refused 1 "inside a store" "${two[@]}" --directory "$data/sub" --port 7791
	refused 1 "belongs to unit 'vm1'" "${two[@]}" --directory "$fs/images/vm2" --port 7791 --domain vm1
	echo "prot = 1" >>"$units/vm1.conf"
	refused 1 "did you mean 'port'" "${two[@]}" --directory "$fs/images/vm2" --port 7791
	refused 1 "did you mean 'port'" destroy
}
