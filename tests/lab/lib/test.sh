# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2120 # variables are the tests'; bash -c gets its own
# What the lab's tests share: the lab they run in, the unit vm1 with its VM, waits with a limit, checks that count.
#
# Environment, set by run: VT_LAB (the lab's name), VT_TEST (the test's), VT_RESULTS (file that counts checks),
# VT_BUILD (the build directory), VT_SOAK (yes: long), VT_SEED (of the random moments), VT_WATCH (what lib/watch.sh saw).

test_home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
repo=$(cd "$test_home/../.." && pwd)
build=${VT_BUILD:-$repo/build}
lab_name=${VT_LAB:?tests are started by tests/lab/run}
lab_dir=${VMTWIN_LAB_DIR:-/var/tmp/vmtwin-lab}/$lab_name
world=$lab_dir/world
console=$world/console/vm1.log
guest=$build/guest
vm_dir=/var/lib/libvirt/images/vm1
store=/var/lib/libvirt/images/.vmtwin/vm1
readonly green_limit_s=120 start_limit_s=120 boot_limit_s=90

# shellcheck source=SCRIPTDIR/wait.sh
. "$test_home/lib/wait.sh"
# shellcheck source=SCRIPTDIR/fault.sh
. "$test_home/lib/fault.sh"
# shellcheck source=SCRIPTDIR/iso.sh
. "$test_home/lib/iso.sh"
# shellcheck source=SCRIPTDIR/watch.sh
. "$test_home/lib/watch.sh"

lab() { "$test_home/lab" "$@"; }
on() { lab run "$lab_name" "$@"; } # HOST CMD...
quiet_on() { on "$@" 2>/dev/null </dev/null; }
oracle() { "$guest/oracle" "$@"; }
not() { ! "$@"; }
other() { [ "$1" = host1 ] && echo host2 || echo host1; }

# ---- checks ------------------------------------------------------------------------------------------------------

note() { echo "       $VT_TEST: $*"; }
record() { echo "$1" >>"$VT_RESULTS"; }

# check WHAT CMD...: one line and one count. What the command prints is shown if it fails.
check() {
	local what=$1 out
	shift
	if out=$("$@" 2>&1); then
		echo "ok     $VT_TEST: $what"
		record passed
		return 0
	fi
	echo "FAILED $VT_TEST: $what"
	[ -z "$out" ] || printf '         | %s\n' "${out//$'\n'/$'\n         | '}"
	record failed
	return 1
}

# need: a check without which the test can't go on.
need() { check "$@" || exit 1; }

skip() { # WHY
	echo "skip   $VT_TEST: $*"
	record skipped
}

# says EXIT TEXT CMD...: CMD ends with this code (or "fail": any but 0) and its output holds TEXT.
says() {
	local want=$1 text=$2 out rc=0
	shift 2
	out=$("$@" 2>&1) || rc=$?
	if [ "$want" = fail ]; then
		[ $rc != 0 ] || { echo "it succeeded: $out"; return 1; }
	elif [ $rc != "$want" ]; then
		echo "exit $rc, not $want: $out"
		return 1
	fi
	grep -qiE -- "$text" <<<"$out" || { echo "no '$text' in: $out"; return 1; }
}

# ---- the unit's state --------------------------------------------------------------------------------------------

# state_of HOST [ASKED]: "PRIM green uptodate", as the command shows it on ASKED (default: HOST itself).
state_of() {
	quiet_on "${2:-$1}" timeout 15 vmtwin status vm1 |
		awk -v host="$1" '{ at = $1 == "vm1" ? 2 : 1 } $at == host { print $(at + 1), $(at + 2), $(at + 3); exit }'
}

state_is() { [[ "$(state_of "$1" "${3:-$1}")" == $2* ]]; } # HOST STATE [ASKED]

# Both hosts see one PRIM and one SECOND, both green.
is_green() {
	local host table
	for host in host1 host2; do
		table=$(quiet_on "$host" timeout 15 vmtwin status vm1) || return 1
		grep -q ' PRIM  *green' <<<"$table" && grep -q ' SECOND  *green' <<<"$table" || return 1
	done
}

tell_state() {
	local host
	for host in host1 host2; do
		echo "$host says:"
		quiet_on "$host" timeout 15 vmtwin status vm1 2>&1
		quiet_on "$host" timeout 15 vmtwin explain vm1 2>&1
		echo "VM: $(quiet_on "$host" timeout 10 virsh -q domstate --reason vm1 2>&1 | head -n1)"
		quiet_on "$host" bash -c 'for p in $(pgrep -x "vmtwin-worker|qemu-system-x86"); do
			echo "$p $(cat /proc/$p/comm): $(cat /proc/$p/task/*/wchan | tr "\0" " ")"; done'
	done
	echo "FUSE requests that wait, by connection: $(grep -H . /sys/fs/fuse/connections/*/waiting 2>/dev/null | tr '\n' ' ')"
	echo "the guest's last words: $(tail -n 3 "$console" | tr '\r\n' '  ')"
	quiet_on host1 timeout 15 crm_mon -1rfnA || quiet_on host2 timeout 15 crm_mon -1rfnA
	return 1
}

becomes_green() { wait_for "${1:-$green_limit_s}" is_green || tell_state; }

vm_runs_on() { [ "$(quiet_on "$1" timeout 10 virsh -q domstate vm1 | head -n1)" = running ]; }

# The host whose VM runs; fails unless it is exactly one. A libvirtd that has just gone on after a hang gets a moment to answer.
vm_host() {
	local host at='' tries
	for tries in 1 2 3 4 5; do
		for host in host1 host2; do
			vm_runs_on "$host" && at=$at$host
		done
		[ -z "$at" ] || break
		[ "$tries" = 5 ] || sleep 1
	done
	[ "$at" = host1 ] || [ "$at" = host2 ] || {
		echo "the VM runs on '${at:-no host}'" >&2
		for host in host1 host2; do quiet_on "$host" timeout 10 virsh -q list --all >&2; done
		return 1
	}
	echo "$at"
}

boots() { grep -c '^BOOT ' "$console"; }
founds() { grep -c '^FOUND ' "$console"; }

# The guest reads back everything within the limit: it has started COUNT times by then.
read_back() { oracle --wait-found "$1" --timeout "${2:-$boot_limit_s}" "$console" || tell_state; } # COUNT [SECONDS]
goes_on() { oracle --wait-acks "${1:-20}" --timeout "${2:-60}" "$console" || tell_state; } # [ACKS [SECONDS]]
nothing_lost() { oracle "$console"; }
verdict() { oracle "$console" | grep '^acknowledged'; }

# The longest silence of the guest between stall_begin and stall_end, in milliseconds.
stall_begin() {
	stall_log=$(mktemp)
	"$guest/oracle" --stamp "$stall_log" "$console" &
	stall_pid=$!
}
stall_end() {
	kill "$stall_pid"
	wait "$stall_pid" 2>/dev/null
	stall_ms=$(oracle --stalls "$stall_log" | sed -n 's/^longest gap \([0-9]*\) ms.*/\1/p')
	rm -f "$stall_log"
}

# Both hosts hold the same bytes. Only at rest: VM stopped, both in step.
store_sums() {
	on "$1" bash -c 'cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum' - "$store/data"
}
stores_equal() { diff <(store_sums host1) <(store_sums host2); }

# A random moment: up to SECONDS, from the seed that was told.
random_pause() { sleep "$((RANDOM % $1)).$((RANDOM % 10))"; }

# agent HOST NAME UNIT ACTION [MS [VARIABLE=VALUE...]]: calls the agent by hand, as Pacemaker would.
agent() {
	local host=$1 name=$2 unit=$3 action=$4 ms=${5:-60000}
	shift $(($# > 5 ? 5 : $#))
	on "$host" timeout 150 env OCF_ROOT=/usr/lib/ocf OCF_RESOURCE_INSTANCE="$unit-$name" OCF_RESKEY_unit="$unit" \
		OCF_RESKEY_crm_feature_set=3.16.2 OCF_RA_VERSION_MAJOR=1 OCF_RA_VERSION_MINOR=1 \
		OCF_RESKEY_CRM_meta_timeout="$ms" "$@" "/usr/lib/ocf/resource.d/vmtwin/$name" "$action"
}

maintenance() { on host1 timeout 60 pcs property set maintenance-mode="$1"; }

# nothing_left NAMESPACES: no process in them, no mount, loop device, network link or directory of the lab.
nothing_left() {
	local link pid
	# Numbers of namespaces return: another lab's host may have the same, but not the mounts.
	while read -r link; do
		pid=${link#/proc/}
		pid=${pid%%/*}
		! grep -qF "/$lab_name/" "/proc/$pid/mountinfo" 2>/dev/null || { echo "process $pid lives in one of $1"; return 1; }
	done < <(find /proc/[0-9]*/ns/ -type l -printf '%p %l\n' 2>/dev/null | awk 'NR == FNR { gone[$0]; next } $2 in gone { print $1 }' <(echo "$1") -)
	! grep -F "/$lab_name/" /proc/mounts || return 1
	! losetup -a | grep -F "/$lab_name/" || return 1
	! pgrep -fa "(__keeper|hostinit.*/)$lab_name( |$)" || return 1
	! ip -o link | grep -E " (br[01]|p[123]r[01]|ring[01])[]" || return 1
	[ ! -e "$lab_dir" ] || { echo "$lab_dir is left"; return 1; }
}

# ---- typing what a user types --------------------------------------------------------------------------------------

# commands FILE: the commands of a file, one a line: no comments, continued lines joined.
commands() { sed -e ':a' -e '/\\$/{N;s/\\\n[[:space:]]*//;ba' -e '}' "$1" | sed -e '/^[[:space:]]*\(#\|$\)/d'; }

# type_commands HOST FILE [ECHO]: runs them there; ECHO (a command) is given each before it is run.
type_commands() {
	local host=$1 line out
	while read -r -u 3 line; do
		[ $# -lt 3 ] || "$3" "$host" "$line"
		out=$(on "$host" timeout 60 bash -c "$line" 2>&1 </dev/null) || {
			echo "$host: $line"
			echo "$out"
			return 1
		}
	done 3< <(commands "$2")
}

# ---- setting vm1 up --------------------------------------------------------------------------------------------------

readonly create_vm1="vmtwin create vm1 --directory $vm_dir --hosts host1,host2 --good-host host1"
# What a test says of its lab: lines "# Fencing: vmtwin" (fence_vmtwin alone), "# Lease: short" (where it is not the soak).
if [ "${VT_FENCING:-}" = vmtwin ]; then
	readonly cluster_files="vmtwin-fencing.pcs first-cluster.pcs"
else
	readonly cluster_files="lab-fencing.pcs first-cluster.pcs"
fi
lease_ms=${VT_LEASE_MS:-30000}

# A VM in its directory on host1, as a user of plain libvirt has one.
put_vm() {
	mkdir -p "$world/guest"
	cp "$guest/vmlinuz" "$guest/initrd" "$guest/vm1.qcow2" "$world/guest/"
	"$test_home/../guest/mkxml" vm1 "$(cat "$guest/type")" "$vm_dir/vm1.qcow2" /run/world/console/vm1.log \
		/run/world/guest "${VT_GUEST_WORDS:-}" >"$world/guest/vm1.xml"
	on host1 bash -c 'mkdir -p "$1" && cp /run/world/guest/vm1.qcow2 /run/world/guest/vm1.xml "$1" && sync -f "$1"' - "$vm_dir"
}

vm1_up() {
	local file host
	put_vm || return 1
	for host in host1 host2; do
		# shellcheck disable=SC2086 # words
		check "vmtwin create on $host" on "$host" $create_vm1 || return 1
		[ "$lease_ms" -ge 30000 ] || on "$host" sed -i "s/^lease_ms = .*/lease_ms = $lease_ms/; s/^\\(link\\|outdate\\)_timeout_ms = .*/\\1_timeout_ms = 2000/" /etc/vmtwin/units/vm1.conf
	done
	for file in $cluster_files; do
		check "$file" type_commands host1 "$repo/crm-config/examples/$file" || return 1
	done
	check "the VM starts and reads its disk" read_back 1 "$start_limit_s" || return 1
	check "PRIM and SECOND green" becomes_green || return 1
	check "it acknowledges writes" goes_on 20
}

# vm1 as vm1_up leaves it, whatever the test before did: every test begins and ends with this.
vm1_ready() {
	lab mend "$lab_name" all
	mend_ports
	lab fence-mode "$lab_name" normal
	becomes_green && vm_host && goes_on 10
}
