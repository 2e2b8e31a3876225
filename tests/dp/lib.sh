# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Two data paths under test: starts dp-pair on fresh directories, talks to it line by line.

WORK=${WORK:-$(mktemp -d /var/tmp/vmtwin-dp.XXXXXX)}
BUILD=${BUILD:-build}
PORT=${PORT:-7811}
SA=$WORK/sa MA=$WORK/ma SB=$WORK/sb MB=$WORK/mb
PAIR_PID=
LOOPS=()
FAILED=0
PASSED=0

say() { printf '%s\n' "$*"; }

fail() {
	say "FAILED $TEST: $*"
	[ -f "$WORK/out" ] && tail -n 20 "$WORK/out" | sed 's/^/    /'
	[ -s "$WORK/err" ] && tail -n 20 "$WORK/err" | sed 's/^/    /'
	FAILED=$((FAILED + 1))
	pair_stop
	return 1
}

# Empty stores and mount directories.
fresh() {
	local dir
	for dir in "$MA" "$MB"; do
		mkdir -p "$dir"
		chattr -i "$dir" 2>/dev/null || true
	done
	for dir in "$SA" "$SB"; do
		mountpoint -q "$dir" && umount "$dir"
		rm -rf "$dir"
		mkdir -p "$dir"
	done
}

# Gives each store a file system of its own, sizes in MiB.
stores() {
	small_fs "$SA" "$1"
	small_fs "$SB" "$2"
}

small_fs() { # DIR MIB
	truncate -s "${2}M" "$1.img"
	mkfs.ext4 -qF -m 0 "$1.img"
	mount -o loop "$1.img" "$1"
	rmdir "$1/lost+found"
	LOOPS+=("$1")
}

pair_start() {
	rm -f "$WORK/in"
	mkfifo "$WORK/in"
	: >"$WORK/out"
	"$BUILD/tests/dp-pair" "$SA" "$MA" "$SB" "$MB" "$PORT" <"$WORK/in" >"$WORK/out" 2>"$WORK/err" &
	PAIR_PID=$!
	exec 9>"$WORK/in"
	ANSWERS=0
	local i
	for ((i = 0; i < 100; i++)); do
		grep -q '^ready' "$WORK/out" && return 0
		kill -0 "$PAIR_PID" 2>/dev/null || break
		sleep 0.05
	done
	fail "dp-pair doesn't start: $(cat "$WORK/err")"
}

pair_stop() {
	[ -n "$PAIR_PID" ] || return 0
	echo quit >&9 2>/dev/null || true
	exec 9>&-
	local i
	for ((i = 0; i < 300; i++)); do
		kill -0 "$PAIR_PID" 2>/dev/null || break
		sleep 0.1
	done
	kill -9 "$PAIR_PID" 2>/dev/null && say "dp-pair did not end by itself" && FAILED=$((FAILED + 1))
	wait "$PAIR_PID" 2>/dev/null || {
		say "dp-pair ended with an error:"
		tail -n 30 "$WORK/err"
		FAILED=$((FAILED + 1))
	}
	PAIR_PID=
	umount -l "$MA" "$MB" 2>/dev/null || true
}

# Sends a line, waits for its answer (ANSWER_S seconds at most).
cmd() {
	local i n
	echo "$*" >&9
	for ((i = 0; i < ${ANSWER_S:-60} * 20; i++)); do
		n=$(grep -c '^ok\|^fail' "$WORK/out")
		if [ "$n" -gt "$ANSWERS" ]; then
			ANSWERS=$n
			grep '^ok\|^fail' "$WORK/out" | tail -n 1 | grep -q '^ok' && return 0
			return 1
		fi
		kill -0 "$PAIR_PID" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

must() { cmd "$@" || { fail "'$*' was not done" || return 1; }; }

# From nothing to a pair with a as the source.
pair_up() {
	must link up && must wait up 10 && must gate a solo && must sync a &&
		must wait synced "${SYNC_S:-60}" && must gate a pair
}

# Everything that has to be equal on both hosts, as text.
listing() {
	(
		cd "$1" || exit 1
		find . -printf '%P|%y|%m|%U|%G|%l|%n' \( -type f -printf '|%s' -o -printf '|-' \) -printf '\n' | sort
		find . -print0 | sort -z | xargs -0 getfattr -h -d -m - 2>/dev/null
		find . -type f -links +1 -printf '%i %P\n' | sort -k2 |
			awk '{ if (!($1 in s)) s[$1] = ++n; print "same", s[$1], $2 }'
	)
}

# Data extents of a file, as "start-end" in grains.
holes() { xfs_io -r -c 'seek -a -r 0' "$1" 2>/dev/null | awk '{ printf "%s %d\n", $1, $2 / 65536 }'; }

compare() {
	must drain a && must flush a && must flush b || return 1
	if ! diff <(listing "$SA") <(listing "$SB") >"$WORK/diff"; then
		cp "$WORK/diff" "$WORK/diff.names"
		fail "names or attributes differ: $(head -n 5 "$WORK/diff")"
		return 1
	fi
	local f
	while IFS= read -r -d '' f; do
		cmp -s "$SA/$f" "$SB/$f" || {
			fail "content differs: $f: $(cmp "$SA/$f" "$SB/$f" 2>&1)"
			return 1
		}
	done < <(cd "$SA" && find . -type f -print0)
	local a b
	a=$(du -s "$SA" | cut -f1) b=$(du -s "$SB" | cut -f1)
	[ $((b - a)) -lt $((a / 4 + 2048)) ] || {
		fail "not sparse: $a KiB here, $b KiB there"
		return 1
	}
}

run_test() {
	TEST=$1
	local before=$FAILED start=$SECONDS
	fresh
	declare -F "$1" >/dev/null || fail "there is no such test"
	"$1" || true
	pair_stop
	if [ "$FAILED" = "$before" ]; then
		PASSED=$((PASSED + 1))
		say "ok $TEST ($((SECONDS - start)) s)"
	fi
}

cleanup() {
	pair_stop
	local dir
	for dir in "${LOOPS[@]}"; do
		mountpoint -q "$dir" && umount -l "$dir"
	done
	chattr -i "$MA" "$MB" 2>/dev/null || true
	rm -rf "$WORK"
}
