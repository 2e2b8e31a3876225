#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vmtwin-config import on modules of SafeKit: no cluster is needed, nothing but temporary files is written.
# usage: tests/import/run.sh [BUILD]
#
# cases/NAME: userconfig.xml, cluster.xml if there is one, args (the other arguments); expect.conf (standard output, byte for byte),
# expect.report (standard error, the same), expect.code. cases/article is the file that SafeKit's kvm.safe comes with.
# bad-NAME: refused (exit 2), nothing on standard output.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lib/suite.sh
. tests/lib/suite.sh
build=$(realpath "${1:-build}")
cd tests/import || exit 1
config=$build/vmtwin-config
work=$(mktemp -d /tmp/vmtwin-import-XXXXXX)
trap 'rm -rf "$work"' EXIT

imports() { expect "$1" "$2" "$config" import "${@:3}"; } # CODE TEXT ARGUMENT...

# What import calls complete vmtwin-config reads: $work/conf, of the unit that $work/report names.
generates() {
	local unit
	unit=$(sed -n 's/^unit \([^:]*\): .* to complete$/\1/p' "$work/report")
	rm -rf "$work/units"
	mkdir "$work/units"
	cp "$work/conf" "$work/units/$unit.conf"
	"$config" generate vmtwind --unit-dir "$work/units" >/dev/null 2>"$work/said"
}

test_case() { # CASE
	local case=$1 rc wrong='' files=(userconfig.xml) args=()
	[ ! -e "cases/$case/cluster.xml" ] || files+=(cluster.xml)
	[ ! -e "cases/$case/args" ] || read -ra args <"cases/$case/args"
	(cd "cases/$case" && timeout 20 "$config" import "${files[@]}" "${args[@]}" </dev/null >"$work/conf" 2>"$work/report")
	rc=$?
	[ "$rc" = "$(cat "cases/$case/expect.code")" ] || wrong="exit code $rc; "
	cmp -s "$work/conf" "cases/$case/expect.conf" || wrong+="another unit's file: $(diff "cases/$case/expect.conf" "$work/conf"); "
	cmp -s "$work/report" "cases/$case/expect.report" || wrong+="another report: $(diff "cases/$case/expect.report" "$work/report"); "
	if [ "$rc" = 0 ] && ! generates; then
		wrong+="vmtwin-config generate refuses the unit's file: $(cat "$work/said"); "
	fi
	if [[ $case == bad-* ]] && { [ "$rc" != 2 ] || [ -s "$work/conf" ]; }; then
		wrong+="it is not refused; "
	fi
	if [ -n "$wrong" ]; then fail "$case: $wrong"; else pass; fi
}

# Each attribute that the table of docs/IMPORT.md is about is in some case, with a line in the report.
test_rows() {
	local row
	for row in 'macro name=' 'service mode=' 'defaultprim="alone"' 'defaultprim="lastprim"' 'defaultprim="host2"' maxloop= loop_interval= \
		'failover="off"' 'boot="on"' 'boot="off"' 'boot="auto"' 'heartbeat name=' 'ident="flow"' 'heart pulse=' 'heart timeout=' \
		'async="second"' 'async="none"' locktimeout= sendtimeout= nbrei= reiallowedbw= nbremconn= mountover= mountoversuffix= \
		syncdelta= syncat= acl= packetsize= reipacketsize= ruzone_blocksize= namespacepolicy= reitimeout= reicommit= reidetail= \
		checktime= checkintv= scripts= 'replicated dir=' 'replicated mode=' '<notreplicated path=' '<notreplicated regexpath=' '<tocheck path=' \
		'var name="VM_NAME"' 'var name="VM_PATH"' 'var name="MAILTO"' 'splitbrain exec=' '<custom' '<tcp' 'to addr=' '<intf' '<ip' \
		'<module' '<failover>' '<errd' '<vip>'; do
		if grep -qE '^userconfig.xml:[0-9]+: (taken over|changed|not taken over): ' cases/*/expect.report &&
			grep -hF -- "$row" cases/*/expect.report | grep -q '^userconfig.xml:'; then
			pass
		else
			fail "no case has a report of $row"
		fi
	done
}

# With the times that are taken over, and corosync set to them, vmtwin-config check is content with the lease.
test_check() {
	local case cluster=../config/cases/safe-witness out token
	for case in article flow times-limits; do
		mkdir -p "$work/units-$case"
		cp "cases/$case/expect.conf" "$work/units-$case/vm1.conf"
		token=$(sed -n 's/^token_ms = //p' "cases/$case/expect.conf")
		sed "/token:/d; s/^totem {/&\n\ttoken: ${token:-3000}/" "$cluster/corosync.conf" >"$work/corosync.conf"
		out=$("$config" check --corosync-conf "$work/corosync.conf" --cib "$cluster/cib.xml" --host-conf "$cluster/vmtwind.conf" \
			--unit-dir "$work/units-$case" 2>&1)
		if grep -q "^ok .*outdate_timeout_ms of unit vm1: " <<<"$out" && grep -q "^ok .*lease_ms of unit vm1: " <<<"$out"; then
			pass
		else
			fail "$case: check says $out"
		fi
	done
}

test_output() {
	local in=cases/article/userconfig.xml out=$work/vm1.conf
	imports 0 "unit vm1: " "$in" --hosts host1,host2 --output "$out"
	if cmp -s "$out" cases/article/expect.conf; then pass; else fail "--output writes something else"; fi
	if [ "$(stat -c %a "$out")" = 644 ]; then pass; else fail "--output: mode $(stat -c %a "$out")"; fi
	echo mine >"$out"
	imports 2 "exists already; nothing is written" "$in" --hosts host1,host2 --output "$out"
	if [ "$(cat "$out")" = mine ]; then pass; else fail "a file that was there is overwritten"; fi
	imports 2 "cannot write $work/none/vm1.conf" "$in" --hosts host1,host2 --output "$work/none/vm1.conf"
	imports 2 "only a mirror module" cases/bad-farm/userconfig.xml --output "$work/farm.conf"
	if [ ! -e "$work/farm.conf" ]; then pass; else fail "a file is written of a module that is refused"; fi
	if [ -z "$(find "$work" -name '.vmtwin-import*')" ]; then pass; else fail "a temporary file is left"; fi
	if "$config" import "$in" --hosts host1,host2 >/dev/full 2>"$work/err"; then
		fail "a full disk is not noticed"
	elif grep -q "cannot write to standard output" "$work/err"; then
		pass
	else
		fail "a full disk: $(cat "$work/err")"
	fi
}

test_usage() {
	imports 0 "Exit codes: 0" --help
	imports 2 "which userconfig.xml" --unit vm1
	imports 2 "at most two files" a b c
	imports 2 "did you mean '--hosts'" a --hots x
	imports 2 "needs a value" a --hosts
	imports 2 "none.xml is not there" "$work/none.xml"
	imports 2 "none.xml is not there" cases/article/userconfig.xml "$work/none.xml"
	imports 2 "Is a directory" "$work"
}

# Too much of anything, made here: refused in no time.
test_limits() {
	local big=$work/big.xml
	{ echo '<safe>' && head -c 2097152 /dev/zero | tr '\0' ' ' && echo '</safe>'; } >"$big"
	imports 2 "the file is too long" "$big"
	{ printf '<safe name="' && head -c 100000 /dev/zero | tr '\0' x && echo '"/>'; } >"$big"
	imports 2 "the value is longer than 2047 bytes" "$big"
	{ echo '<safe>' && yes '<x/>' | head -n 2000 && echo '</safe>'; } >"$big"
	imports 2 "more than 1024 elements" "$big"
	{ echo '<safe>' && for i in {1..300}; do echo "<macro name='m$i' value=''/>"; done && echo '</safe>'; } >"$big"
	imports 2 "more than 256 macros" "$big"
	{ printf '<safe ' && for i in {1..5000}; do printf 'a%d="" ' "$i"; done && echo '/>'; } >"$big"
	imports 2 "more than 4096 attributes" "$big"
	{ printf '<' && head -c 70 /dev/zero | tr '\0' s && echo '/>'; } >"$big"
	imports 2 "the outermost element is <" "$big"
	{ printf '<safe><' && head -c 70 /dev/zero | tr '\0' s && echo '/></safe>'; } >"$big"
	imports 2 "a name is longer than 63 bytes" "$big"
	head -c 200000 /dev/zero | tr '\0' '<' >"$big"
	imports 2 "not well-formed XML" "$big"
	head -c 20000 /dev/urandom >"$big"
	imports 2 "vmtwin-config import: " "$big"
	# macros that refer to each other, three times each, 200 deep, with nothing at the end: each is worked out once
	{
		echo '<safe>'
		for i in {1..200}; do echo "<macro name='m$i' value='%m$((i + 1))%%m$((i + 1))%%m$((i + 1))%'/>"; done
		echo "<macro name='m201' value=''/><service mode='mirror'><rfs><replicated dir='/srv/vm1%m1%'/></rfs></service></safe>"
	} >"$big"
	imports 0 "directory = /srv/vm1"$'\n' "$big" --unit vm1 --hosts a,b
}

cases=0
for dir in cases/*/; do
	dir=${dir%/}
	test_case "${dir##*/}"
	cases=$((cases + 1))
done
[ $cases -ge 60 ] || fail "only $cases cases"
test_rows
test_check
test_output
test_usage
test_limits
verdict
