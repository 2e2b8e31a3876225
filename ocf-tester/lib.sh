# shellcheck shell=bash disable=SC2154 # variables of run and lib.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by run: the sandbox, calls of the agents, results.

passed=0 failed=0 skipped=0
agents=/usr/lib/ocf/resource.d/vmtwin
work=/tmp/ocf-tester
standin_dir=$work/standin
declare rc=0 reason='' output='' took_ms=0

pass() { passed=$((passed + 1)); echo "ok      $1"; }
skip() { skipped=$((skipped + 1)); echo "skip    $1: $2"; }
fail() {
	failed=$((failed + 1))
	echo "FAILED  $1"
	[ -z "${2:-}" ] || printf '        %s\n' "${2//$'\n'/$'\n        '}"
}
# check NAME COMMAND...: passes if the command does
check() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then pass "$name"; else fail "$name" "$* -> $?: $out"; fi
}
summary() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
}

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# overlay DIR: changes below DIR go to the work directory
overlay() {
	local upper=$work/overlay$1
	mkdir -p "$upper/up" "$upper/work"
	mount -t overlay overlay -o "lowerdir=$1,upperdir=$upper/up,workdir=$upper/work" "$1"
}

setup_sandbox() {
	local dir
	ip link set lo up
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir /run/built # the build may be in /tmp, which is covered next
	cp -r "$here" /run/tester && here=/run/tester # so may this be
	cp "$build/ra/mirror" "$build/ra/vm" "$build/fence_vmtwin" "$build/tests/ctl-standin" /run/built/ || exit 2
	mount -t tmpfs -o mode=1777 tmpfs /tmp
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	mkdir -p "$work" "$standin_dir"
	for dir in /etc /usr/lib/ocf/resource.d /usr/share/resource-agents /var/lib /var/log /var/cache; do
		overlay "$dir" || { echo "ocf-tester/run: can't overlay $dir" >&2; exit 2; }
	done
	mkdir -p "$agents" /etc/vmtwin/units /run/lock
	install -m 755 /run/built/mirror /run/built/vm "$agents/" || exit 2
	install -m 755 /run/built/ctl-standin "$work/" || exit 2
}

# unit NAME: a unit file and its empty directory
unit() {
	mkdir -p "$work/images/$1"
	printf 'directory = %s\nhosts = one two\n' "$work/images/$1" >"/etc/vmtwin/units/$1.conf"
}

# agent NAME ACTION [VARIABLE=VALUE]...: sets rc, reason, output, took_ms. Parameters are given as
# unit=..., everything in capitals goes to the environment as it is.
agent() {
	local file=$agents/$1 action=$2 start var
	local -a env=(OCF_ROOT=/usr/lib/ocf OCF_RESOURCE_INSTANCE=rsc1
		OCF_RESKEY_CRM_meta_timeout=20000 OCF_RESKEY_CRM_meta_interval=10000)
	shift 2
	for var; do
		case $var in
		[A-Z]*) env+=("$var") ;;
		timeout=*) env+=("OCF_RESKEY_CRM_meta_timeout=${var#*=}") ;;
		*) env+=("OCF_RESKEY_$var") ;;
		esac
	done
	start=$(date +%s%3N)
	output=$(timeout -k 1 120 env "${env[@]}" "$file" "$action" 2>&1)
	rc=$?
	took_ms=$(($(date +%s%3N) - start))
	reason=$(sed -n 's/^ocf-exit-reason://p' <<<"$output")
}

# expect NAME RC [PATTERN [MS]]: the last call ended with RC, a reason that fits, within MS. Without a
# pattern: whatever failed (not 0, 7, 8) must have told a reason, whatever did not must not.
expect() {
	local name=$1 want=$2 pattern=${3:-} limit=${4:-120000} problem=''
	[ "$rc" = "$want" ] || problem="exit code $rc instead of $want"
	[ "$took_ms" -le "$limit" ] || problem+=" took $took_ms ms, limit $limit ms"
	if [ -n "$pattern" ]; then
		grep -Eq -- "$pattern" <<<"$reason" || problem+=" the reason does not fit \"$pattern\""
	elif [[ $want =~ ^(0|7|8)$ ]]; then
		[ -z "$reason" ] || problem+=" a reason was told"
	elif [ "$want" != 3 ]; then
		[ -n "$reason" ] || problem+=" no reason was told"
	fi
	if [ -z "$problem" ]; then pass "$name"; else fail "$name" "$problem"$'\n'"$output"; fi
}

standin_pid=
standin_start() {
	rm -f "$standin_dir/fault"
	"$work/ctl-standin" "$standin_dir" >"$standin_dir/out" 2>&1 &
	standin_pid=$!
	wait_for 5 grep -q ready "$standin_dir/out" || fail "the stand-in of vmtwind starts" "$(cat "$standin_dir/out")"
}
standin_kill() {
	kill -9 "$standin_pid" && wait "$standin_pid" 2>/dev/null
	standin_pid=
}
fault() { printf '%s\n' "$@" >"$standin_dir/fault"; }
no_fault() { rm -f "$standin_dir/fault"; }
worker_pid() { cat "/run/vmtwin/$1.pid" 2>/dev/null; }
# alive PID: not gone and not waiting to be collected
alive() { [ -n "$1" ] && [ -e "/proc/$1/stat" ] && ! grep -q ') Z ' "/proc/$1/stat"; }
gone() { [ -n "$1" ] && ! alive "$1"; }
mounted() { grep -q " $1 .* - fuse.vmtwin " /proc/self/mountinfo; }
unmounted() { ! mounted "$1"; }
