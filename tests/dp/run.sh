#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The data path from end to end, on this machine: two stores, two mounts, two links over loopback.
# Needs root and FUSE. Usage: tests/dp/run.sh [TEST...]; BUILD and SECS (length of the mixes) count.
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ "$(id -u)" != 0 ] || ! [ -c /dev/fuse ]; then
	echo "dp: needs root and /dev/fuse"
	exit 77
fi
# A network of its own: two runs at once don't meet on a port.
if [ -z "${VMTWIN_DP_NET:-}" ]; then
	VMTWIN_DP_NET=own exec unshare --net bash tests/dp/run.sh "$@"
fi
ip link set lo up
. tests/dp/lib.sh
trap cleanup EXIT
SECS=${SECS:-5}

mix() { # DIR SEED SECONDS
	timeout $((${3} + 60)) "$BUILD/tests/fs-mix" "$1" "$2" "$3" 6 >>"$WORK/mix" 2>&1
}

seed_store() { # DIR: something of every kind
	mkdir -p "$1/dir/sub" "$1/empty"
	dd if=/dev/urandom of="$1/dense" bs=1M count=8 status=none
	truncate -s 1G "$1/sparse"
	dd if=/dev/urandom of="$1/sparse" bs=4k seek=77777 count=3 conv=notrunc status=none
	dd if=/dev/urandom of="$1/dir/odd" bs=1 count=70001 status=none
	ln "$1/dir/odd" "$1/hard"
	ln -s dir/odd "$1/soft"
	mkfifo "$1/fifo"
	setfattr -n trusted.a -v 1 "$1/dense"
	setfattr -n trusted.b -v 2 "$1/dir"
	setfattr -h -n trusted.c -v 3 "$1/soft"
	chown 7:8 "$1/hard"
	chmod 4711 "$1/dense"
}

test_solo_mix() {
	pair_start && must gate a solo || return
	mix "$MA" 1 "$SECS" || fail "the mix failed: $(tail -n 2 "$WORK/mix")" || return
	diff <(cd "$MA" && find . | sort) <(cd "$SA" && find . | sort) >/dev/null || fail "names differ"
	must drain a && must flush a
}

test_pair_mix() {
	seed_store "$SA"
	pair_start && pair_up || return
	mix "$MA" 2 "$SECS" || fail "the mix failed: $(tail -n 2 "$WORK/mix")" || return
	compare
}

test_sync_empty_target_under_load() {
	seed_store "$SA"
	pair_start && must link up && must wait up 10 && must gate a solo || return
	mix "$MA" 3 $((SECS * 2)) &
	local mix_pid=$!
	sleep 1
	must sync a && must wait synced 60 && must gate a pair || return
	wait $mix_pid || fail "the mix failed: $(tail -n 2 "$WORK/mix")" || return
	compare
}

test_sync_diverged_target_under_load() {
	seed_store "$SA"
	cp -a "$SA/." "$SB/"
	rm -r "$SB/dir"
	echo file >"$SB/dir"              # a file where a directory belongs
	mkdir -p "$SB/dense.d/x" "$SB/n1" # what isn't there any more
	echo x >"$SB/n1/y"
	dd if=/dev/urandom of="$SB/sparse" bs=1M seek=100 count=3 conv=notrunc status=none
	dd if=/dev/urandom of="$SB/dense" bs=4k seek=5 count=2 conv=notrunc status=none
	rm "$SB/hard"
	ln "$SB/dense" "$SB/hard"
	ln "$SB/dense" "$SB/extra"
	setfattr -n trusted.z -v 9 "$SB/dense"
	pair_start && must link up && must wait up 10 && must gate a solo || return
	mix "$MA" 4 $((SECS * 2)) &
	local mix_pid=$!
	must sync a && must wait synced 60 && must gate a pair || return
	wait $mix_pid || fail "the mix failed: $(tail -n 2 "$WORK/mix")" || return
	compare
}

test_sync_stale_target_sends_little() {
	seed_store "$SA"
	pair_start && pair_up && compare || return
	must link down && must gate a solo && must end || return
	dd if=/dev/urandom of="$MA/dense" bs=64k seek=3 count=1 conv=notrunc oflag=direct status=none
	must link up && must wait up 10 && must sync a && must wait synced 30 || return
	must stat a
	local sent
	sent=$(grep '^stat' "$WORK/out" | tail -n 1 | awk '{ print $8 }')
	[ "$sent" -le 65536 ] || fail "sent $sent bytes for 65536 changed" || return
	must gate a pair && compare
}

test_link_drops_under_load() {
	seed_store "$SA"
	pair_start && pair_up || return
	mix "$MA" 5 $((SECS * 2)) &
	local mix_pid=$! i
	for ((i = 0; i < 5; i++)); do
		sleep 1
		must link drop && must wait up 10 || return
	done
	wait $mix_pid || fail "the mix failed: $(tail -n 2 "$WORK/mix")" || return
	grep -q broken "$WORK/out" && { fail "the stream broke" || return; }
	compare
}

test_link_lost_then_solo_then_resync() {
	pair_start && pair_up || return
	mix "$MA" 6 $((SECS * 3)) &
	local mix_pid=$!
	sleep 1
	must link down && must gate a frozen && sleep 1 && must gate a solo && must end || return
	sleep 1
	must link up && must wait up 10 && must sync a && must wait synced 60 && must gate a pair || return
	wait $mix_pid || fail "the mix failed: $(tail -n 2 "$WORK/mix")" || return
	compare
}

test_link_lost_while_syncing() {
	dd if=/dev/urandom of="$SA/big" bs=1M count=400 status=none
	pair_start && must link up && must wait up 10 && must gate a solo && must sync a || return
	must link drop && must wait broken 10 && must wait up 10 || return
	must end && must sync a && must wait synced 60 && must gate a pair && compare
}

test_frozen_reads_and_failed() {
	pair_start && must gate a solo || return
	echo old >"$MA/f"
	must gate a frozen || return
	timeout 20 dd if=/dev/zero of="$MA/f" bs=4096 count=1 conv=notrunc oflag=direct 2>"$WORK/dd" &
	local dd_pid=$!
	sleep 0.5
	[ "$(timeout 5 cat "$MA/f")" = old ] || fail "a read while frozen fails" || return
	must gate a failed || return
	wait $dd_pid && { fail "the held write succeeded" || return; }
	grep -q 'Input/output error' "$WORK/dd" || fail "the held write ended otherwise: $(cat "$WORK/dd")" || return
	must drain a
}

test_secondary_is_readonly() {
	seed_store "$SA"
	pair_start && pair_up || return
	cmp "$MA/dense" "$MB/dense" || fail "the secondary reads something else" || return
	(echo x >"$MB/new") 2>"$WORK/e" && { fail "a write on the secondary succeeded" || return; }
	grep -q 'Read-only' "$WORK/e" || fail "wrong error: $(cat "$WORK/e")"
}

test_hand_over() {
	seed_store "$SA"
	pair_start && pair_up || return
	mix "$MA" 7 "$SECS" || fail "the mix failed" || return
	must gate a frozen && must gate a solo && must gate a pair && must drain a || return
	must gate a readonly && must turn && must gate b pair || return
	mix "$MB" 8 "$SECS" || fail "the second mix failed: $(tail -n 2 "$WORK/mix")" || return
	must drain b && compare
}

test_peer_disk_full() {
	stores 200 60
	pair_start && pair_up || return
	dd if=/dev/urandom of="$MA/f" bs=1M count=100 oflag=direct 2>"$WORK/dd" &&
		{ fail "a full disk of the peer wasn't told" || return; }
	grep -q 'No space' "$WORK/dd" || fail "wrong error: $(cat "$WORK/dd")" || return
	grep -q 'broken' "$WORK/out" && { fail "the stream broke" || return; }
	rm "$MA/f"
	sleep 3 # the peer forgets the file a moment after its name
	dd if=/dev/urandom of="$MA/g" bs=1M count=20 oflag=direct status=none || fail "no space after rm" || return
	compare
}

fill_peer() { # a file whose end only a could write
	local i
	for ((i = 0; i < 80; i++)); do
		dd if=/dev/urandom of="$MA/f" bs=1M seek=$i count=1 conv=notrunc oflag=direct 2>>"$WORK/dd"
	done
	grep -q 'No space' "$WORK/dd" || fail "a full disk of the peer wasn't told"
}

test_drain_ends_with_full_peer() {
	stores 200 60
	pair_start && pair_up && fill_peer || return
	must gate a failed || return
	ANSWER_S=10 must drain a || return
	grep -q 'event a broken' "$WORK/out" || fail "the difference was forgotten"
}

test_repair_survives_link_drops() {
	stores 200 60
	pair_start && pair_up || return
	local i
	for ((i = 0; i < 20; i++)); do
		dd if=/dev/urandom of="$MA/pad$i" bs=1M count=1 oflag=direct status=none
	done
	for ((i = 0; i < 48; i++)); do
		dd if=/dev/urandom of="$MA/f" bs=1M seek=$i count=1 conv=notrunc oflag=direct 2>>"$WORK/dd"
	done
	grep -q 'No space' "$WORK/dd" || fail "a full disk of the peer wasn't told" || return
	for ((i = 0; i < 12; i++)); do
		must link drop && must wait up 10 || return
		grep -q broken "$WORK/out" && break
		sleep 0.9$i
	done
	if grep -q broken "$WORK/out"; then # as the core goes on: alone, and a resync
		must link down && must gate a solo && must end && rm "$MA"/pad* &&
			must link up && must wait up 10 && must sync a && must wait synced 60 &&
			must gate a pair || return
	else
		rm "$MA"/pad* && sleep 4
	fi
	compare
}

test_peer_disk_hangs() {
	stores 60 60
	pair_start && pair_up || return
	echo x >"$MA/f" && must check a 500 || return
	fsfreeze -f "$SB" || return
	timeout 60 dd if=/dev/zero of="$MA/f" bs=4096 count=1 conv=notrunc oflag=direct 2>"$WORK/dd" &
	local dd_pid=$!
	sleep 1
	cmd check a 30000
	grep -q broken "$WORK/out" && { fsfreeze -u "$SB"; fail "given up too early" || return; }
	cmd check a 500 && cmd wait broken 5 && cmd gate a frozen && cmd gate a solo && cmd end
	wait $dd_pid
	local rc=$?
	fsfreeze -u "$SB"
	[ $rc = 0 ] || fail "the write did not go on: $(cat "$WORK/dd")"
}

test_own_disk_hangs() {
	stores 60 60
	pair_start && pair_up || return
	echo x >"$MA/f" && must gate a frozen || return
	timeout 60 dd if=/dev/zero of="$MA/f" bs=4096 count=1 conv=notrunc oflag=direct 2>"$WORK/dd" &
	local dd_pid=$!
	sleep 1
	must check a 500 || return # held is not hung
	grep -q 'event a disk' "$WORK/out" && { fail "a held write was taken for a hung disk" || return; }
	fsfreeze -f "$SA" || return
	cmd gate a pair
	sleep 1
	cmd check a 30000
	grep -q 'event a disk' "$WORK/out" && { fsfreeze -u "$SA"; fail "given up too early" || return; }
	cmd check a 500 && cmd gate a failed
	wait $dd_pid && fail "the write that hung succeeded"
	fsfreeze -u "$SA"
	grep -q 'Input/output error' "$WORK/dd" || fail "the write ended otherwise: $(cat "$WORK/dd")" || return
	grep -q 'event a disk' "$WORK/out" || fail "the hung disk was not told" || return
	must drain a
}

test_own_disk_full() {
	stores 60 200
	pair_start && pair_up || return
	dd if=/dev/urandom of="$MA/f" bs=1M count=100 oflag=direct 2>"$WORK/dd" &&
		{ fail "a full disk wasn't told" || return; }
	grep -q 'No space' "$WORK/dd" || fail "wrong error: $(cat "$WORK/dd")" || return
	mix "$MA" 9 "$SECS" || fail "the mix failed: $(tail -n 2 "$WORK/mix")" || return
	rm "$MA/f"
	compare
}

test_sync_to_full_disk() {
	stores 200 60
	dd if=/dev/urandom of="$SA/big" bs=1M count=80 status=none
	pair_start && must link up && must wait up 10 && must gate a solo && must sync a || return
	cmd wait synced 4 && { fail "synced to a full disk" || return; }
	rm "$MA/big"
	must wait synced 30 && must gate a pair && compare
}

test_qemu() {
	pair_start && pair_up || return
	qemu-img create -q -f qcow2 "$MA/q" 1G || fail "qemu-img create" || return
	qemu-io -t none -c 'write -P 7 0 3M' -c 'write -P 9 100001 777' -c 'discard 1M 1M' -c 'write -z 2M 64k' \
		-c flush "$MA/q" >/dev/null || fail "qemu-io write" || return
	qemu-io -t none -i native -c 'read -P 7 256k 64k' -c 'read -P 9 100001 777' "$MA/q" >"$WORK/q" || fail "qemu-io" || return
	grep -qi 'verification failed' "$WORK/q" && { fail "wrong bytes" || return; }
	qemu-img snapshot -c s1 "$MA/q" && qemu-img check -q "$MA/q" || fail "snapshot, check" || return
	qemu-img create -q -f raw -o preallocation=falloc "$MA/r" 64M || fail "falloc" || return
	compare || return
	qemu-img check -q "$SB/q" || fail "the copy is not sound"
}

test_fio_overlapping() {
	pair_start && pair_up || return
	fio --name=a --filename="$MA/f" --size=8M --rw=randwrite --bsrange=512-64k --bs_unaligned=0 \
		--numjobs=3 --iodepth=32 --ioengine=libaio --direct=1 --runtime="$SECS" --time_based \
		--randrepeat=0 --fdatasync=100 >"$WORK/fio" 2>&1 || fail "fio: $(tail -n 3 "$WORK/fio")" || return
	compare
}

test_mount_left_behind() {
	pair_start || return
	kill -9 "$PAIR_PID"
	wait "$PAIR_PID" 2>/dev/null
	PAIR_PID=
	pair_start && must gate a solo || return
	echo x >"$MA/x" || fail "a dead mount stops the next start"
}

test_close_while_open() {
	pair_start && must gate a solo || return
	sleep 60 >"$MA/held" &
	local holder=$! i
	for ((i = 0; i < 50; i++)); do [ -e "$MA/held" ] && break; sleep 0.1; done
	must gate a frozen || return
	timeout 20 dd if=/dev/zero of="$MA/held" bs=4096 count=1 conv=notrunc oflag=direct 2>/dev/null &
	sleep 0.3
	pair_stop
	kill $holder 2>/dev/null
	mountpoint -q "$MA" && fail "still mounted"
}

all=$(declare -F | awk '/ test_/ { print $3 }')
# shellcheck disable=SC2086,SC2048
for t in ${*:-$all}; do
	run_test "$t"
done
say "data path: $PASSED passed, $FAILED failed"
[ "$FAILED" = 0 ]
