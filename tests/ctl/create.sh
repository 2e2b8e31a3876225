# shellcheck shell=bash disable=SC2154 # variables of run.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# create and destroy: nothing in use is taken, what each host gets, what half-made states lead to. Sourced by run.sh.

# hold COMMAND...: a process that must not survive the test; its pid is in $held
hold() {
	"$@" &
	held=$!
	holders+=("$held")
	sleep 0.2
}
let_go() {
	kill -9 "$held" 2>/dev/null
	wait "$held" 2>/dev/null
}

test_in_use() {
	new_vm
	hold bash -c "exec sleep 60 <'$vm_dir/disk.qcow2'"
	refused 1 "process $held (sleep) has open: $vm_dir/disk.qcow2" create --host h1
	let_go
	hold bash -c "cd '$vm_dir/sub' && exec sleep 60"
	refused 1 "process $held (sleep) has its working directory there" create --host h1
	let_go
	mkdir "$work/other"
	hold unshare --mount bash -c "mount --bind '$vm_dir' '$work/other' && exec sleep 60 <'$work/other/disk.qcow2'"
	refused 1 "process $held (sleep) has open" create --host h1
	let_go
	truncate -s 1M "$vm_dir/raw"
	local loop
	if loop=$(losetup -f --show "$vm_dir/raw" 2>/dev/null); then
		refused 1 "losetup -d $loop" create --host h1
		losetup -d "$loop"
	else
		skip "no loop device"
	fi
	mount -t tmpfs none "$vm_dir/sub"
	refused 1 "is mounted inside" create --host h1
	umount "$vm_dir/sub"
	mount --bind "$vm_dir" "$vm_dir"
	refused 1 "is a mount point" create --host h1
	umount "$vm_dir"
	expect 0 "is made on h1" create --host h1
}

test_good_host() {
	new_vm
	local before
	before=$(cd "$vm_dir" && find . -printf '%p %y %u %g %m %s\n' | sort)
	expect 0 "the VM's files are in $data now" create --host h1
	same "files in the store" "$before" "$(cd "$data" && find . -printf '%p %y %u %g %m %s\n' | sort)"
	same "directory is empty" "" "$(ls -A "$vm_dir")"
	same "owner and mode kept" "12:34 751" "$(stat -c '%u:%g %a' "$vm_dir")"
	same "the store is root's" "700 700" "$(stat -c %a "$fs/images/.vmtwin" "$fs/images/.vmtwin/vm1" | xargs)"
	if lsattr -d "$vm_dir" 2>/dev/null | cut -d' ' -f1 | grep -q i; then
		expect 1 "" touch "$vm_dir/stray"
	else
		skip "no immutable directories here"
	fi
	local slot=$fs/images/.vmtwin/vm1/meta/slot1
	same "metadata slots" "4096 4096" "$(stat -c %s "$fs"/images/.vmtwin/vm1/meta/slot? | xargs)"
	same "standing solo" 4 "$(byte_at "$slot" 52)"
	same "one era" 1 "$(byte_at "$slot" 74)"
	same "era 1" 1 "$(byte_at "$slot" 78)"
	same "writer is slot 0, h1" 0 "$(byte_at "$slot" 102)"
	same "member is h1 alone" 1 "$(byte_at "$slot" 103)"
	same "unit file" "hosts = h2 h1" "$(grep ^hosts "$units/vm1.conf")"
	expect 0 "is gone from this host" destroy
	same "all is back" "$before" "$(cd "$vm_dir" && find . -printf '%p %y %u %g %m %s\n' | sort)"
	same "no unit file" "" "$(ls -A "$units")"
	same "metadata kept" 1 "$(find "$fs/images/.vmtwin/vm1" -name 'meta.old-*' | wc -l)"
	expect 0 "is made on h1" create --host h1 --port 7791
	same "other port" "port = 7791" "$(grep ^port "$units/vm1.conf")"
}

test_second_host() {
	new_vm
	refused 1 "holds 3 files" create --host h2
	rm -rf "$vm_dir"
	expect 0 "until the files have come from h1" create --host h2
	local slot=$fs/images/.vmtwin/vm1/meta/slot1
	same "standing syncing" 1 "$(byte_at "$slot" 52)"
	same "no era" 0 "$(byte_at "$slot" 74)"
	same "unit not known" 0 "$(byte_at "$slot" 20)"
	same "store empty" "" "$(ls -A "$data")"
	same "directory made" "" "$(ls -A "$vm_dir")"
	expect 0 "is gone" destroy
	expect 0 "is made on h2" create --host h2
	mkdir "$data/x" && chattr -i "$vm_dir"
	refused 1 "an unfinished copy" destroy
	mkdir "$vm_dir/y"
	refused 1 "holds files, though the VM's are in" destroy
	rmdir "$vm_dir/y"
	flock -F -n "$fs/images/.vmtwin/vm1/meta" sleep 60 &
	holders+=($!)
	sleep 0.2
	refused 1 "a worker of this unit is still running" destroy --force
	kill "$!" && wait "$!" 2>/dev/null
	expect 0 "is gone" destroy --force
	mkdir "$fs/big"
	rmdir "$vm_dir/x" "$vm_dir"
	expect 0 "is made on h2" create --host h2 --store "$fs/big/store"
	same "given store" "data meta" "$(cd "$fs/big/store" && echo *)"
}

test_strange_states() {
	new_vm
	mkdir -p "$data"
	refused 1 "is there without metadata" create --host h1
	rm -rf "$fs/images/.vmtwin"
	expect 0 "is made on h1" create --host h1
	mv "$units/vm1.conf" "$work/conf"
	refused 1 "files are in $data; finish it: repeat it with --good-host h2" create --host h2
	chattr -i "$vm_dir" 2>/dev/null
	: >"$vm_dir/stray"
	refused 1 "holds files again" create --host h1
	rm "$vm_dir/stray"
	cp "$fs/images/.vmtwin/vm1/meta/slot1" "$work/slot1"
	printf 'x' | dd of="$fs/images/.vmtwin/vm1/meta/slot1" bs=1 seek=60 conv=notrunc status=none
	refused 1 "in use, but its unit file is missing" create --host h1
	printf 'x' | dd of="$fs/images/.vmtwin/vm1/meta/slot0" bs=1 seek=60 conv=notrunc status=none
	refused 1 "both metadata slots" create --host h1
	mv "$work/conf" "$units/vm1.conf"
	refused 1 "both metadata slots" destroy
	expect 0 "is gone" destroy --force
	same "files back" "disk" "$(cat "$vm_dir/disk.qcow2")"
}
