#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vmtwin-config generate: what it prints is what is kept in cases/*/expect.*, Pacemaker finds nothing wrong with it, and the
# real pcs, the real crm and cibadmin make the same configuration of it. What Pacemaker does with it: simulate.sh.
# usage: tests/plan/run.sh [BUILD]; as root, in namespaces of its own. WRITE=1 writes the expected files anew (then read them).
# VMTWIN_PLAN_CASES, a pattern, and VMTWIN_PLAN_PARTS (imported drbd simulate apply): some of it only; apply needs the case levels.
#
# cases/NAME/units/*.conf: the unit files. cases/NAME/refused: a text that the refusal has; then nothing is printed. refused-crm: the same
# of the format crm alone.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd) || exit 2
if [ "${VMTWIN_PLAN_INSIDE:-}" != 1 ]; then
	[ "$(id -u)" = 0 ] || { echo "tests/plan/run.sh: must be run as root" >&2; exit 2; }
	VMTWIN_PLAN_INSIDE=1 exec timeout -k 10 "${VMTWIN_PLAN_LIMIT:-1200}" \
		unshare --mount --propagation private --net --ipc --uts --pid --mount-proc --fork --kill-child "$here/run.sh" "$build"
fi
# shellcheck source=tests/lib/suite.sh
. "$here/../lib/suite.sh"

# ---- a machine with agents, without a cluster -----------------------------------------------------------------
# Where this lies and what was built may be below a directory that is covered.
ip link set lo up
work=/run/plan
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p $work/built
cp "$build/vmtwin-config" "$build/tests/cib-normal" "$build/ra/mirror" "$build/ra/vm" "$build/fence_vmtwin" $work/built/ || exit 2
overlay() { # DIR
	mkdir -p "$work/overlay$1/up" "$work/overlay$1/work"
	mount -t overlay overlay -o "lowerdir=$1,upperdir=$work/overlay$1/up,workdir=$work/overlay$1/work" "$1"
}
for dir in /etc /usr/sbin /usr/lib/ocf/resource.d /var/lib /var/log /var/cache /root; do
	overlay "$dir" || { echo "tests/plan/run.sh: can't overlay $dir" >&2; exit 2; }
done
mkdir -p /usr/lib/ocf/resource.d/vmtwin /usr/lib/ocf/resource.d/linbit
install -m 755 $work/built/mirror $work/built/vm /usr/lib/ocf/resource.d/vmtwin/
install -m 755 $work/built/fence_vmtwin /usr/sbin/
# Of the power agents only what configuration tools ask of them: their options. They fence nothing here.
for agent in fence_ipmilan fence_apc_snmp; do
	install -m 755 "$here/describe-agent" "/usr/sbin/$agent"
done
[ -e /usr/lib/ocf/resource.d/linbit/drbd ] || install -m 755 "$here/describe-drbd" /usr/lib/ocf/resource.d/linbit/drbd
config=$work/built/vmtwin-config
normal=$work/built/cib-normal

empty() { # FILE: a CIB of two hosts with nothing in it
	cibadmin --empty | sed 's|<nodes/>|<nodes><node id="1" uname="host1"/><node id="2" uname="host2"/></nodes>|' >"$1"
}

units=$work/units
# says NAME CODE TEXT COMMAND...: that exit code, and TEXT in what is said. TEXT "-": any.
says() {
	local name=$1 code=$2 text=$3 rc
	shift 3
	said=$("$@")
	rc=$?
	if [ "$rc" != "$code" ]; then
		fail "$name: exit code $rc instead of $code: $said"
	elif [ "$text" != - ] && [[ $said != *"$text"* ]]; then
		fail "$name: does not say '$text': $said"
	else
		pass
	fi
}

# ---- each case --------------------------------------------------------------------------------------------------
golden() { # CASE FORMAT SUFFIX: what is printed is what is kept
	local case=$1 format=$2 kept=$here/cases/$1/expect.$2
	if ! $config generate "$format" --unit-dir "$here/cases/$case/units" >"$work/$case.$format" 2>"$work/said"; then
		fail "$case: generate $format: $(cat "$work/said")"
		return 1
	fi
	[ -z "${WRITE:-}" ] || cp "$work/$case.$format" "$kept"
	if diff -u "$kept" "$work/$case.$format" >"$work/diff" 2>&1; then pass; else fail "$case: $format is not what is kept: $(cat "$work/diff")"; fi
}

verified() { # CASE FILE WHO: Pacemaker, both hosts being there, has no error and no warning
	local said
	sed 's|<cib |<cib have-quorum="1" |; s|<status/>|<status>'"$(online 1)$(online 2)"'</status>|' "$2" >"$work/live.xml"
	if said=$(CIB_file=$work/live.xml crm_verify -L -V 2>&1) && [ -z "$said" ] && grep -q node_state "$work/live.xml"; then
		pass
	else
		fail "$1: crm_verify of $3's: $said"
	fi
}
online() { echo "<node_state id=\"$1\" uname=\"host$1\" in_ccm=\"true\" crmd=\"online\" join=\"member\" expected=\"member\"/>"; }

by_cibadmin() { # CASE FILE
	empty "$2"
	CIB_file=$2 cibadmin --replace --xml-file "$work/$1.cib"
}
by_pcs() {
	local line
	empty "$2"
	while IFS= read -r line; do
		[[ $line == "pcs "* ]] || continue
		eval "pcs -f '$2' ${line#pcs }" || { echo "of: $line"; return 1; }
	done <"$work/$1.pcs"
}
by_crm() {
	empty "$2"
	CIB_file=$2 crm configure load update "$work/$1.crm"
}

# What a tool makes means the same as what is meant.
same() { # CASE TOOL
	local case=$1 tool=$2 file=$work/$1.$2.xml
	if ! "by_$tool" "$case" "$file" >"$work/said" 2>&1; then
		fail "$case: $tool refuses: $(cat "$work/said")"
		return
	fi
	pass
	verified "$case" "$file" "$tool"
	$normal "$work/$case.cib" >"$work/meant"
	$normal "$file" | grep -v '^property \(have-watchdog\|dc-version\|cluster-infrastructure\|cluster-name\)=' >"$work/made"
	if diff -u "$work/meant" "$work/made" >"$work/diff"; then pass; else fail "$case: $tool makes something else: $(cat "$work/diff")"; fi
}

# The sums of what was made hold.
safe() { # CASE
	local said
	[ -e "$here/cases/$1/corosync" ] || return
	if said=$($config check --corosync-conf "$work/$1.corosync" --cib "$work/$1.cib" --host-conf "$work/$1.vmtwind" \
		--unit-dir "$here/cases/$1/units" 2>&1); then
		pass
	else
		fail "$1: vmtwin-config check: $said"
	fi
}

refused() { # CASE
	local case=$1 out rc
	out=$($config generate cib --unit-dir "$here/cases/$case/units" 2>&1 >"$work/printed")
	rc=$?
	if [ $rc = 0 ] || [ -s "$work/printed" ]; then
		fail "$case: not refused (exit code $rc)"
	elif [[ $out != *"$(cat "$here/cases/$case/refused")"* ]]; then
		fail "$case: says '$out'"
	else
		pass
	fi
}

wanted() { [[ " ${VMTWIN_PLAN_PARTS:-imported drbd simulate apply} " == *" $1 "* ]]; }
generate_crm() { $config generate crm --unit-dir "$here/cases/$1/units" 2>&1; } # CASE
each_case() {
	local dir case tool tools
	# shellcheck disable=SC2231 # a pattern
	for dir in "$here"/cases/${VMTWIN_PLAN_CASES:-*}/; do
		[ -d "$dir" ] || continue
		case=$(basename "$dir")
		if [ -e "$dir/refused" ]; then
			refused "$case"
			continue
		fi
		tools="cibadmin pcs crm"
		if [ -e "$dir/refused-crm" ]; then
			tools="cibadmin pcs"
			says "$case: generate crm" 1 "$(cat "$dir/refused-crm")" generate_crm "$case"
		else
			golden "$case" crm || continue
		fi
		if ! { golden "$case" cib && golden "$case" pcs; }; then continue; fi
		[ ! -e "$dir/corosync" ] || golden "$case" corosync
		golden "$case" vmtwind
		safe "$case"
		verified "$case" "$work/$case.cib" generate
		for tool in $tools; do
			same "$case" "$tool"
		done
	done
}

each_case
if wanted imported; then
	# shellcheck source=tests/plan/imported.sh
	. "$here/imported.sh"
fi
if wanted drbd; then
	# shellcheck source=tests/plan/drbd.sh
	. "$here/drbd.sh"
fi
if wanted simulate; then
	# shellcheck source=tests/plan/simulate.sh
	. "$here/simulate.sh"
fi
if wanted apply; then
	# shellcheck source=tests/plan/apply.sh
	. "$here/apply.sh"
fi
verdict
