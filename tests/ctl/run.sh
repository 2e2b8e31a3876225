#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command vmtwin: what it refuses, that a refusal changes nothing, that it may be killed anywhere,
# and what status shows. Needs root; works in a mount and network namespace of its own.
# usage: tests/ctl/run.sh [BUILD]
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ "${1:-}" != --inside ]; then
	[ "$(id -u)" = 0 ] || { echo "tests/ctl/run.sh needs root" >&2; exit 1; }
	build=$(realpath "${1:-build}")
	exec timeout 600 unshare --mount --net --propagation private "$0" --inside "$build"
fi
build=$2
only=${VT_CTL_TESTS:-} # some of the tests
vmtwin=$build/vmtwin
passed=0 failed=0 skipped=0
work=$(mktemp -d /tmp/vmtwin-ctl-XXXXXX)
holders=()

cleanup() {
	for pid in "${holders[@]}"; do kill -9 "$pid" 2>/dev/null; done
	cd / || exit 1
	wait 2>/dev/null
	umount "$work/inner" 2>/dev/null
	umount "$work/fs" 2>/dev/null
	chattr -R -i "$work" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAILED: $*"; }
skip() { skipped=$((skipped + 1)); echo "skipped: $*"; }

# All that could change: names, types, owners, modes, sizes, link targets, contents, attributes.
snapshot() {
	find "$fs" -printf '%P %y %u %g %m %s %l %n\n' | grep -v '^lost+found' | sort
	find "$fs" -type f -exec sha256sum {} + | sort
	find "$fs" -type d -exec lsattr -d {} + 2>/dev/null | awk '{print substr($1, 1, 6), $2}' | sort
}

# expect CODE TEXT COMMAND...: that exit code, and TEXT in what is printed.
expect() {
	local code=$1 text=$2 out rc
	shift 2
	out=$("$@" 2>&1 </dev/null)
	rc=$?
	if [ "$rc" != "$code" ]; then
		fail "$*: exit code $rc instead of $code: $out"
	elif [[ $out != *"$text"* ]]; then
		fail "$*: said '$out', expected '$text'"
	else
		pass
	fi
}

# refused CODE TEXT COMMAND...: like expect, and nothing is changed.
refused() {
	local before after
	before=$(snapshot)
	expect "$@"
	after=$(snapshot)
	if [ "$before" != "$after" ]; then
		fail "$3 ${*:4}: refused, but changed something:"
		diff <(echo "$before") <(echo "$after")
	fi
}

same() { # same NAME EXPECTED FOUND
	if [ "$2" = "$3" ]; then pass; else fail "$1: expected '$2', found '$3'"; fi
}

byte_at() { od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' '; }

fs=$work/fs
mkdir "$fs"
truncate -s 48M "$work/img"
if ! { mkfs.ext4 -q "$work/img" && mount -o loop "$work/img" "$fs"; } 2>/dev/null; then
	skip "no loop device: on a directory instead of a file system of its own"
fi
vm_dir=$fs/images/vm1
data=$fs/images/.vmtwin/vm1/data
units=$fs/etc/units

new_vm() {
	chattr -R -i "$fs/images" 2>/dev/null
	rm -rf "${fs:?}/images" "${fs:?}/etc" "${fs:?}/big"
	mkdir -p "$vm_dir/sub"
	printf 'disk' >"$vm_dir/disk.qcow2"
	truncate -s 1M "$vm_dir/sub/sparse"
	printf '<domain/>' >"$vm_dir/vm1.xml"
	chown 64055:64055 "$vm_dir/disk.qcow2"
	chmod 751 "$vm_dir"
	chown 12:34 "$vm_dir"
}

create() { "$vmtwin" create vm1 --unit-dir "$units" --directory "$vm_dir" --hosts h2,h1 --good-host h1 "$@"; }
destroy() { "$vmtwin" destroy vm1 --unit-dir "$units" --keep-data "$@"; }

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

test_status() {
	local dir=$work/replies
	mkdir "$dir"
	ip link set lo up 2>/dev/null
	expect 3 "systemctl start vmtwind" "$vmtwin" status
	expect 3 "systemctl start vmtwind" "$vmtwin" explain vm1
	coproc REPLAY { exec "$build/tests/ctl-replay" "$dir"; }
	holders+=("$REPLAY_PID")
	read -r -t 10 _ <&"${REPLAY[0]}" || { fail "ctl-replay does not start"; return; }
	printf '%s\n' rc=0 quorate=yes unit0.name=vm1 unit0.host=host1 unit0.state=PRIM \
		unit0.colour=green unit0.uptodate=1 unit0.held=0 unit0.peer.host=host2 \
		unit0.peer.state=SECOND unit0.peer.colour=green unit0.peer.uptodate=1 >"$dir/status"
	expect 0 "vm1   host1  PRIM     green    uptodate" "$vmtwin" status
	expect 0 "      host2  SECOND   green    uptodate" "$vmtwin" status vm1
	expect 4 "no unit 'vm2'" "$vmtwin" status vm2
	sed -i 's/peer.colour=green/peer.colour=orange/; s/peer.uptodate=1/peer.uptodate=0/' "$dir/status"
	printf '%s\n' unit0.peer.progress=43 unit0.peer.eta_s=12 >>"$dir/status"
	expect 1 "host2  SECOND   orange   not uptodate  resync 43%, ETA 12 s" "$vmtwin" status
	same "no escapes in a pipe" "" "$("$vmtwin" status | tr -cd '\033')"
	printf '%s\n' next=1 >>"$dir/status"
	printf '%s\n' rc=0 unit1.name=vm2 unit1.host=host1 unit1.state=WAIT unit1.colour=red \
		'unit1.text=says "no" \ and	why'$'\v''twice '$'\303\244\377' unit1.peer.host=host2 \
		unit1.peer.state=unknown >"$dir/status.1"
	expect 2 "vm2   host1  WAIT     red" "$vmtwin" status
	expect 2 "host2  unknown  unknown  -" "$vmtwin" status vm2
	local json
	json=$("$vmtwin" status --json)
	same "json's exit code" 2 $?
	if command -v jq >/dev/null; then
		same "json" "vm1 PRIM SECOND 43 vm2 red null" "$(jq -r '[.units[0].unit, .units[0].hosts[0].state,
			.units[0].hosts[1].state, .units[0].hosts[1].progress, .units[1].unit,
			.units[1].hosts[0].colour, .units[1].hosts[1].uptodate] | map(tostring) | join(" ")' <<<"$json")"
		same "json text" $'says "no" \\ and\twhy\ntwice \303\244\357\277\275' \
			"$(jq -r '.units[1].hosts[0].text' <<<"$json")"
		same "json facts" yes "$(jq -r .facts.quorate <<<"$json")"
	elif python3 -c 'import json' 2>/dev/null; then
		expect 0 "vm1" python3 -c 'import json, sys; print(json.loads(sys.argv[1])["units"][0]["unit"])' "$json"
	else
		skip "nothing here that reads JSON"
	fi
	printf 'rc=0\n' >"$dir/status"
	expect 0 "no units on this host" "$vmtwin" status
	printf 'rc=-5\ntext=the reason\n' >"$dir/status"
	expect 4 "the reason" "$vmtwin" status
	printf 'rc=0\ntext=one\vtwo\n' >"$dir/explain"
	expect 0 $'one\ntwo' "$vmtwin" explain vm1
	printf 'rc=-2\ntext=not started\n' >"$dir/explain"
	expect 4 "in standby or has failed" "$vmtwin" explain vm1
	kill "$REPLAY_PID" && wait "$REPLAY_PID" 2>/dev/null
}

test_log() {
	local dir=/var/log/vmtwin
	mkdir -p "$work/log"
	mount --bind "$work/log" /var/log || { skip "no bind mounts"; return; }
	expect 1 "no story of 'vm1'" "$vmtwin" log vm1
	mkdir "$dir"
	seq 1 30000 >"$dir/vm1.log"
	same "last lines" "29999 30000" "$("$vmtwin" log vm1 -n 2 | xargs)"
	same "fifty by default" "50 29951" "$("$vmtwin" log vm1 | wc -l) $("$vmtwin" log vm1 | head -1)"
	same "more than there are" 30000 "$("$vmtwin" log vm1 -n 40000 | wc -l)"
	same "none" "" "$("$vmtwin" log vm1 -n 0)"
	printf 'half' >>"$dir/vm1.log"
	same "an unfinished line" "30000 half" "$("$vmtwin" log vm1 -n 2 | xargs)"
	: >"$dir/vm2.log"
	same "empty" "" "$("$vmtwin" log vm2)"
	: >"$work/followed"
	"$vmtwin" log vm2 -f >"$work/followed" &
	holders+=($!)
	echo first >>"$dir/vm2.log"
	wait_for first
	mv "$dir/vm2.log" "$dir/vm2.log.1" && echo second >"$dir/vm2.log"
	wait_for second
	kill $! && wait $! 2>/dev/null
	umount /var/log
}

wait_for() { # until TEXT is in the followed output
	for ((i = 0; i < 50; i++)); do
		grep -q "$1" "$work/followed" && { pass; return; }
		sleep 0.1
	done
	fail "log -f did not show '$1'"
}

# ---- the operator's way out: a stand-in answers for vmtwind ----------------------------------------

replay_dir=$work/daemon

replay_start() {
	rm -rf "$replay_dir" && mkdir "$replay_dir"
	ip link set lo up 2>/dev/null
	coproc DAEMON { exec "$build/tests/ctl-replay" "$replay_dir"; }
	holders+=("$DAEMON_PID")
	read -r -t 10 _ <&"${DAEMON[0]}" || { fail "ctl-replay does not start"; return 1; }
	printf 'rc=0\n' | tee "$replay_dir/start" "$replay_dir/stop" >"$replay_dir/force"
}
replay_stop() { kill "$DAEMON_PID" && wait "$DAEMON_PID" 2>/dev/null; }
asked() { sed -n 's/^cmd=\([a-z-]*\) .*/\1/p' "$replay_dir/log" 2>/dev/null | xargs; }
forget_asked() { rm -f "$replay_dir/log"; }

# facts KEY=VALUE...: what explain answers, with what it says else.
facts() {
	printf '%s\n' "$@" rc=0 text=facts host=h1 peer=h2 peer-member=0 role=secondary usable=no \
		'rule=standing outdated' standing=outdated fork=0 force-rc=0 \
		'loses=all that h2 has acknowledged since it went on alone' >"$replay_dir/explain"
}

# typed TEXT COMMAND...: the command on a terminal where TEXT is typed, and its exit code
typed() {
	local text=$1 out
	shift
	out=$(script -qc "$(printf '%q ' "$@"); echo \"exit \$?\"" /dev/null < <(echo "$text"; sleep 0.3))
	echo "$out"
	out=${out##*exit }
	return "${out%%[!0-9]*}"
}

test_force() {
	local force=("$vmtwin" force-primary vm1)
	new_vm
	ip link set lo up 2>/dev/null
	expect 3 "systemctl start vmtwind" "${force[@]}" --yes
	expect 64 "is not a unit's name" "$vmtwin" force-primary ../x
	expect 64 "which unit?" "$vmtwin" force-primary --yes
	replay_start || return
	printf 'rc=-2\ntext=unit vm1 is not started on this host\n' >"$replay_dir/explain"
	expect 4 "start it first" "${force[@]}" --yes
	printf 'rc=0\ntext=facts\n' >"$replay_dir/explain"
	expect 1 "older than this command" "${force[@]}" --yes
	facts force-rc=-114 usable=yes 'rule=standing solo'
	expect 1 "not needed: this host's data may be used (rule: standing solo)" "${force[@]}" --yes
	facts force-rc=-16 role=primary usable=yes rule=primary
	expect 1 "not needed" "${force[@]}" --yes
	facts force-rc=-16 'force-text=h2 has the VM: stop it there first'
	expect 1 "refused: h2 has the VM: stop it there first; nothing was changed" "${force[@]}" --yes
	facts force-rc=-5 'force-text=this host'"'"'s disk failed'
	expect 1 "disk failed; nothing was changed" "${force[@]}" --yes
	facts
	expect 1 "name typed on a terminal, or --yes; nothing was changed" "${force[@]}"
	same "what was asked up to here" "" "$(asked | tr ' ' '\n' | grep -v explain | xargs)"
	if command -v script >/dev/null; then
		forget_asked
		expect 1 "'vm2' is not the name of the unit, vm1; nothing was changed" typed vm2 "${force[@]}"
		expect 1 "nothing was changed" typed "" "${force[@]}"
		same "a wrong name forces nothing" "explain explain" "$(asked)"
		expect 0 "the copy on h1 may be used from now on" typed vm1 "${force[@]}"
		same "the right one does" "explain explain explain force" "$(asked)"
	else
		skip "no script(1) to type on a terminal"
	fi
	expect 0 "This may lose: all that h2 has acknowledged since it went on alone." "${force[@]}" --yes
	expect 0 "pcs stonith confirm h2" "${force[@]}" --yes
	expect 0 "make sure that it is off" "${force[@]}" --yes
	facts peer-member=1
	same "a host that is there is not to be confirmed off" "" "$("${force[@]}" --yes | grep confirm)"
	printf 'rc=-16\ntext=unit vm1: h2 has the VM\n' >"$replay_dir/force"
	expect 1 "refused: unit vm1: h2 has the VM" "${force[@]}" --yes
	expect 1 "run this as root" setpriv --reuid 65534 --clear-groups "${force[@]}" --yes
	replay_stop
}

discard() { "$vmtwin" discard-fork vm1 --unit-dir "$units" "$@"; }
kept() { find "$fs/images/.vmtwin" -maxdepth 1 -name 'vm1.fork-*'; }
meta_of() { byte_at "$fs/images/.vmtwin/vm1/meta/slot1" "$1"; }

prepare_fork() {
	new_vm
	create --host h1 >/dev/null
	facts fork=1 'rule=fork'
	forget_asked
}

# The branch is there once and whole, and the store is one of the two whole ones.
fork_whole() {
	[ "$(find "$fs/images" -name disk.qcow2 -exec cat {} +)" = disk ] &&
		[ "$(stat -c %s "$fs/images/.vmtwin/vm1/meta/slot0" "$fs/images/.vmtwin/vm1/meta/slot1" | xargs)" = "4096 4096" ] &&
		[ -d "$fs/images/.vmtwin/vm1/data" ]
}

fork_discarded() { # AFTER
	local dir
	dir=$(kept)
	same "one branch kept, $1" 1 "$(wc -l <<<"$dir")"
	same "with its bytes, $1" disk "$(cat "$dir/data/disk.qcow2")"
	same "the store is empty, $1" "" "$(ls -A "$fs/images/.vmtwin/vm1/data")"
	same "as a second host's, $1" "1 0 0" "$(meta_of 52) $(meta_of 74) $(meta_of 20)"
	same "nothing else is left, $1" "2" "$(find "$fs/images/.vmtwin" -mindepth 1 -maxdepth 1 | wc -l)"
}

killed_in_discard() {
	fork_whole || fail "discard-fork killed at $1: no whole store, or the branch is not whole"
	if [ -z "$(kept)" ]; then
		# a run that was not asked for this again: it is known from what lies there
		[ -e "$fs/images/.vmtwin/vm1.discard-new/data/disk.qcow2" ] && facts fork=0
		expect 0 "branch is given up" discard --yes
	fi
	fork_discarded "killed at $1"
}

refused_discards() {
	prepare_fork
	refused 1 "no unit 'vm9'" "$vmtwin" discard-fork vm9 --unit-dir "$units" --yes
	refused 1 "name typed on a terminal, or --yes; nothing was changed" discard
	command -v script >/dev/null &&
		refused 1 "is not the name of the unit" typed vm "$vmtwin" discard-fork vm1 --unit-dir "$units"
	facts fork=1 role=primary
	refused 1 "this host is primary" discard --yes
	refused 1 "this host is primary" discard --yes --even-so
	facts
	refused 1 "no fork was seen with h2 (standing outdated)" discard --yes
	printf 'rc=-2\ntext=unit vm1 is not started on this host\n' >"$replay_dir/explain"
	refused 1 "not started on this host, and no fork is recorded" discard --yes
	facts fork=1
	same "nothing was stopped" "" "$(asked | tr ' ' '\n' | grep -v explain | xargs)"
	printf 'rc=-110\ntext=unit vm1: stop took too long\n' >"$replay_dir/stop"
	refused 1 "can't be stopped here: unit vm1: stop took too long; nothing was changed" discard --yes
	printf 'rc=0\n' >"$replay_dir/stop"
	flock -F -n "$fs/images/.vmtwin/vm1/meta" sleep 60 &
	holders+=($!)
	sleep 0.2
	forget_asked
	refused 1 "a worker of this unit is still running" discard --yes
	same "a unit that was stopped is started again" "explain stop start" "$(asked)"
	kill "$!" && wait "$!" 2>/dev/null
	mount --bind "$fs/images/.vmtwin/vm1" "$fs/images/.vmtwin/vm1"
	refused 1 "is a mount point" discard --yes
	umount "$fs/images/.vmtwin/vm1"
	flock -F -n "$units" sleep 60 &
	holders+=($!)
	sleep 0.2
	refused 1 "locked by another" discard --yes
	kill "$!" && wait "$!" 2>/dev/null
	head -c 30M /dev/zero >"$data/big" && sync -f "$data"
	refused 1 "make room, or say --even-so; nothing was changed" discard --yes
	rm "$data/big"
	: >"$fs/images/.vmtwin/vm1.discard-new"
	refused 1 "not a directory" discard --yes
	rm "$fs/images/.vmtwin/vm1.discard-new"
	refused 1 "run this as root" setpriv --reuid 65534 --clear-groups "$vmtwin" discard-fork vm1 --unit-dir "$units"
}

kept_branches() {
	local name
	name=$(basename "$(kept)")
	expect 0 "$name" discard --list
	expect 0 "standing solo (it holds writes that the other host lacks), last era 1" discard --list
	refused 1 "is not a kept branch" discard --delete vm1 --yes
	refused 1 "is not a kept branch" discard --delete "../vm1/$name" --yes
	refused 1 "is not a kept branch" discard --delete "/tmp/$name" --yes
	refused 1 "there is no" discard --delete vm1.fork-20000101-000000 --yes
	refused 1 "name typed on a terminal" discard --delete "$name"
	cp "$units/vm1.conf" "$units/$name.conf"
	refused 1 "is not a kept branch" discard --delete "$name" --yes
	expect 0 "no kept branches" discard --list
	rm "$units/$name.conf"
	flock -F -n "$fs/images/.vmtwin/$name/meta" sleep 60 &
	holders+=($!)
	sleep 0.2
	refused 1 "in use by a worker" discard --delete "$name" --yes
	kill "$!" && wait "$!" 2>/dev/null
	if killed unlink 2 "$vmtwin" discard-fork vm1 --unit-dir "$units" --delete "$name" --yes; then
		expect 0 "its deletion was interrupted" discard --list
		name=$name.deleting
	else
		skip "deletion killed: no strace"
	fi
	expect 0 "is deleted" discard --delete "$name" --yes
	same "it is gone" "" "$(kept)"
	expect 0 "no kept branches" discard --list
}

test_discard() {
	replay_start || return
	refused_discards
	prepare_fork
	local before owner
	owner=$(stat -c '%u:%g %a' "$data")
	before=$(lsattr -d "$vm_dir" 2>/dev/null)
	expect 0 "vmtwin discard-fork vm1 --delete vm1.fork-" discard --yes
	same "stopped and started" "explain stop start" "$(asked)"
	same "so that nobody notices" "restart_ms restart" "$(grep -o 'restart[_a-z]*' "$replay_dir/log" | xargs)"
	fork_discarded "done"
	same "owner and mode of the store" "$owner" "$(stat -c '%u:%g %a' "$data")"
	same "the VM's directory is protected as before" "$before" "$(lsattr -d "$vm_dir" 2>/dev/null)"
	kept_branches
	prepare_fork
	printf 'rc=-2\ntext=unit vm1 is not started on this host\n' >"$replay_dir/explain"
	expect 0 "branch is given up" discard --yes --even-so
	same "a unit that doesn't run is left to Pacemaker" "explain" "$(asked)"
	prepare_fork
	killed renameat2 2 "$vmtwin" discard-fork vm1 --unit-dir "$units" --yes # stopped, not exchanged
	printf 'rc=-2\ntext=unit vm1 is not started on this host\n' >"$replay_dir/explain"
	forget_asked
	expect 0 "going on from an earlier run" discard --yes
	same "what an earlier run stopped is started" "explain start" "$(asked)"
	fork_discarded "stopped by an earlier run"
	# what counts as a branch, where the run was killed before it had its name: a history, or data
	prepare_fork
	killed renameat2 3 "$vmtwin" discard-fork vm1 --unit-dir "$units" --yes
	rm -r "$fs/images/.vmtwin/vm1.discard-new/data"/*
	facts fork=0
	expect 0 "going on from an earlier run" discard --yes
	same "a history without data" "4 0" "$(byte_at "$(kept)/meta/slot1" 52) $(find "$(kept)/data" -type f | wc -l)"
	rm -r "$(kept)"
	prepare_other_host
	create --host h2 >/dev/null
	printf 'disk' >"$data/disk.qcow2"
	facts fork=1
	killed renameat2 3 "$vmtwin" discard-fork vm1 --unit-dir "$units" --yes
	facts fork=0
	expect 0 "going on from an earlier run" discard --yes
	same "data without a history" disk "$(cat "$(kept)/data/disk.qcow2")"
	prepare_fork
	printf 'rc=-5\ntext=no\n' >"$replay_dir/start"
	expect 1 "doesn't start here again: no" discard --yes
	fork_discarded "started in vain"
	printf 'rc=0\n' >"$replay_dir/start"
	replay_stop
	prepare_fork
	refused 1 "vmtwind does not run on this host" discard --yes
	expect 0 "branch is given up" discard --yes --even-so
	command -v strace >/dev/null || { skip "discard-fork killed at each step: no strace"; return; }
	replay_start || return
	at_each_step prepare_fork killed_in_discard "$vmtwin" discard-fork vm1 --unit-dir "$units" --yes
	replay_stop
}

# fake PROGRAM <TEXT: that program, for this test's mount namespace
fake() {
	local path
	path=$(command -v "$1") || { skip "no $1 here"; return 1; }
	path=$(realpath "$path")
	{ echo '#!/bin/bash'; cat; } >"$work/fake-$1"
	chmod 755 "$work/fake-$1"
	mount --bind "$work/fake-$1" "$path" && fakes+=("$path")
}

# members ARCHIVE: its members without the varying part of their names
members() { tar -tzf "$1" | sed 's/^vmtwin-support-vm1-[0-9]*-[0-9]*/TOP/' | sort | xargs; }
member() { tar -xzOf "$1" --wildcards "*/$2"; }

support() { "$vmtwin" support vm1 --unit-dir "$units" "$@"; }

support_refused() {
	refused 1 "File exists; name another file" support --output "$fs/there"
	refused 1 "No such file or directory; nothing was written" support --output "$fs/none/x.tar.gz"
	refused 1 "no unit 'vm9'" "$vmtwin" support vm9 --unit-dir "$units" --output "$fs/x.tar.gz"
	refused 64 "one or the other" support --local --peer-archive "$fs/there"
	refused 1 "nothing was written" support --peer-archive "$fs/none"
	refused 1 "run this as root" setpriv --reuid 65534 --clear-groups "$vmtwin" support vm1 --output "$work/x"
	refused 1 "holds nothing of unit vm1 from h2" support --peer-archive "$fs/there" --output "$fs/x.tar.gz"
	command -v script >/dev/null &&
		refused 1 "not to a terminal" typed "" "$vmtwin" support vm1 --unit-dir "$units" --output -
	head -c 60M /dev/zero >"$fs/full" 2>/dev/null
	refused 1 "no archive was made" support --output "$fs/x.tar.gz"
	rm -f "$fs/full"
}

test_support() {
	local secrets='s3cret-pw-1|s3cret-key-2|s3cret-login-3|s3cret-comment-4' out=$work/out.tar.gz fakes=()
	local own="MANIFEST|cib.xml|corosync.conf|crm_mon.txt|eras.txt|explain.txt|files.txt|kept-forks.txt|os-release|status.json|store.txt|story.log|unit.conf|versions.txt"
	new_vm
	create --host h1 >/dev/null
	mkdir -p "$work/etc-corosync" "$work/varlog/vmtwin"
	if ! mount --bind "$work/etc-corosync" /etc/corosync || ! mount --bind "$work/varlog" /var/log; then
		skip "no bind mounts"
		return
	fi
	printf 'totem {\n  # s3cret-comment-4\n  token: 1000\n  key: s3cret-key-2\n}\n' >/etc/corosync/corosync.conf
	echo s3cret-key-2 >/etc/corosync/authkey
	echo "the story" >/var/log/vmtwin/vm1.log
	fake cibadmin <<-'TEXT'
		echo '<cib><nvpair id="a" name="passwd" value="s3cret-pw-1"/><nvpair id="b" name="ip" value="10.9.8.7"/>'
		echo '<nvpair id="c" name="url" value="https://u:s3cret-login-3@h/"/><!-- s3cret-comment-4 --></cib>'
	TEXT
	fake crm_mon <<-'TEXT'
		echo "crm_mon $*"
	TEXT
	fake ssh <<-TEXT
		[ "\$*" = "-o BatchMode=yes -o ConnectTimeout=10 -- h2 vmtwin support vm1 --local --output -" ] || exit 99
		[ -e "$work/peer.tar.gz" ] || exit 255
		cat "$work/peer.tar.gz"
	TEXT
	replay_start || return
	facts
	printf '%s\n' rc=0 node=h1 unit0.name=vm1 unit0.host=h1 unit0.state=PRIM >"$replay_dir/status"
	echo there >"$fs/there"
	support_refused
	expect 0 "out.tar.gz" support --local --output "$out"
	same "for root's eyes" 600 "$(stat -c %a "$out")"
	same "all that is promised, of this host only" "$(tr '|' '\n' <<<"$own" | sort | xargs)" \
		"$(members "$out" | tr ' ' '\n' | sed -n 's|^TOP/h1/||p' | grep -xE "$own" | xargs)"
	same "nothing but that host" "" "$(members "$out" | tr ' ' '\n' | grep -v '^TOP/$' | grep -v '^TOP/h1/')"
	same "no secrets" "" "$(tar -xzOf "$out" | grep -aoE "$secrets" | sort -u)"
	same "what helps stays" "1 1 1 1" "$(member "$out" cib.xml | grep -c 10.9.8.7) $(member "$out" corosync.conf |
		grep -c 'token: 1000') $(member "$out" story.log | grep -c 'the story') $(member "$out" crm_mon.txt | grep -c -- -1rfA)"
	same "eras are decoded" "2" "$(member "$out" eras.txt | grep -c 'standing solo')"
	same "the unit's state" "PRIM" "$(member "$out" status.json | grep -o PRIM)"
	rm "$out"
	expect 0 "vmtwin support vm1 --local --output /root/vm1-h2.tar.gz" support --output "$out"
	same "the archive tells too what to type" 1 "$(member "$out" NOT-COLLECTED-h2.txt | grep -c -- --peer-archive)"
	rm "$out"
	mkdir -p "$work/p/vmtwin-support-vm1-20260101-000000/h2" "$work/p/vmtwin-support-vm1-20260101-000000/h3"
	echo theirs >"$work/p/vmtwin-support-vm1-20260101-000000/h2/story.log"
	echo alien | tee "$work/p/vmtwin-support-vm1-20260101-000000/h3/x" "$work/p/vmtwin-support-vm1-20260101-000000/h1" >"$work/evil"
	(cd "$work/p" && tar -czPf "$work/peer.tar.gz" -- * ../evil)
	expect 0 "out.tar.gz" support --output "$out"
	same "both hosts, by ssh" "the story theirs" "$(member "$out" h1/story.log) $(member "$out" h2/story.log)"
	same "of theirs nothing else" "" "$(tar -xzOf "$out" | grep -a alien)"
	rm "$out"
	expect 0 "" support --peer-archive "$work/peer.tar.gz" --output "$out"
	same "both hosts, joined" "the story theirs" "$(member "$out" h1/story.log) $(member "$out" h2/story.log)"
	rm "$out"
	support --local --output - >"$out"
	same "to standard output" "the story" "$(member "$out" h1/story.log)"
	fake crm_mon <<-TEXT
		: >"$work/slow"
		exec sleep 2
	TEXT
	rm -f "$out"
	"$vmtwin" support vm1 --unit-dir "$units" --local --output "$out" >/dev/null 2>&1 &
	for ((i = 0; i < 50; i++)); do [ -e "$work/slow" ] && break; sleep 0.1; done
	kill $!
	wait $! 2>/dev/null
	same "interrupted, it leaves nothing" "" "$(find "$work" -maxdepth 1 -name out.tar.gz -o -maxdepth 1 -name '.vmtwin-support-*')"
	replay_stop
	rm "$units/vm1.conf"
	expect 0 "out.tar.gz" support --local --output "$out"
	same "without unit file and daemon too" "the story" "$(member "$out" story.log)"
	same "nothing is left behind" "" "$(find "$work" /var/tmp -maxdepth 1 -name '.vmtwin-support-*')"
	umount /var/log /etc/corosync "${fakes[@]}"
}

for t in ${only:-usage bad_input from_file in_use good_host second_host strange_states killed status log force discard support}; do
	before=$failed
	"test_$t"
	[ "$failed" = "$before" ] || echo "in test_$t"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
