#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vmtwin-config check on described clusters: no cluster is needed, nothing is changed.
# usage: tests/config/run.sh [BUILD]
#
# cases/safe-NAME is a whole cluster: corosync.conf, cib.xml, vmtwind.conf, units/*.conf; it must be accepted (exit 0).
# cases/unsafe-NAME is one of them (file "from") but for what FILE.sed edits or FILE replaces; it must be refused (exit 1).
# "expect": texts, one a line, that the output must have, the sums among them; a line "not TEXT" must not be there.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lib/suite.sh
. tests/lib/suite.sh
build=$(realpath "${1:-build}")
cd tests/config || exit 1
config=$build/vmtwin-config
work=$(mktemp -d /tmp/vmtwin-config-XXXXXX)
trap 'rm -rf "$work"' EXIT

# The case's cluster, complete, in $work/NAME.
assemble() { # CASE
	local case=$1 into=$work/$1 file target
	if [ -e "cases/$case/from" ]; then
		cp -r "cases/$(cat "cases/$case/from")" "$into"
	else
		mkdir "$into"
	fi
	for file in "cases/$case"/* "cases/$case"/units/*; do
		[ -f "$file" ] || continue
		target=$into/${file#"cases/$case/"}
		mkdir -p "${target%/*}"
		if [ "${file##*.}" != sed ]; then
			cp "$file" "$target"
			continue
		fi
		target=${target%.sed}
		cp "$target" "$target.before"
		sed -i -f "$file" "$target"
		cmp -s "$target" "$target.before" && fail "$case: ${file##*/} changes nothing"
		rm -f "$target.before"
	done
}

check() { # DIRECTORY ARGUMENT...
	local dir=$1
	shift
	"$config" check --corosync-conf "$dir/corosync.conf" --cib "$dir/cib.xml" --host-conf "$dir/vmtwind.conf" \
		--unit-dir "$dir/units" "$@"
}

test_case() { # CASE CODE
	local case=$1 code=$2 out rc text wrong=
	assemble "$case"
	out=$(check "$work/$case" 2>&1)
	rc=$?
	[ "$rc" = "$code" ] || wrong="exit code $rc instead of $code"
	while IFS= read -r text; do
		if [[ $text == "not "* ]]; then
			[[ $out != *"${text#not }"* ]] || wrong+="; says '${text#not }'"
		else
			[[ $out == *"$text"* ]] || wrong+="; does not say '$text'"
		fi
	done <"cases/$case/expect"
	[ -s "cases/$case/expect" ] || wrong+="; nothing is expected of it"
	if [ -n "$wrong" ]; then
		fail "$case: ${wrong#; }:"$'\n'"$out"
	else
		pass
	fi
}

# What can't be read: exit code 2, and what to do.
test_input() {
	local good=$work/safe-qdevice bad=$work/bad
	cp -r "$good" "$bad"
	expect 2 "see vmtwin-config --help" "$config" frobnicate
	expect 2 "did you mean 'check'" "$config" chekc
	expect 2 "what shall be done" "$config"
	expect 0 "Usage: vmtwin-config COMMAND" "$config" --help
	expect 0 "vmtwin-config 0" "$config" --version
	expect 0 "Exit codes: 0" "$config" check --help
	expect 2 "did you mean '--cib'" "$config" check --cbi x
	expect 2 "needs a value" "$config" check --cib
	expect 2 "option '--no-host' takes no value" "$config" check --no-host=yes
	expect 2 "is not there; name corosync's file with --corosync-conf" check "$bad" --corosync-conf "$bad/none"
	expect 2 "is not there; save one by" check "$bad" --cib "$bad/none"
	expect 2 "cannot read $bad/none" check "$bad" --unit-dir "$bad/none"
	expect 2 "no unit 'vm9'" check "$bad" vm9
	expect 2 "can't be a unit's name" check "$bad" ../vm1
	expect 0 "unit vm1" check "$bad" vm1
	mkdir "$bad/empty"
	expect 2 "there is nothing to check" check "$bad" --unit-dir "$bad/empty"
	echo 'wintess = ping:192.0.2.1' >"$bad/vmtwind.conf"
	expect 2 "did you mean 'witness'" check "$bad"
	: >"$bad/vmtwind.conf"
	sed -i '1i <!DOCTYPE cib SYSTEM "http://192.0.2.1/cib.dtd">' "$bad/cib.xml"
	expect 2 "has a DOCTYPE" check "$bad"
	sed -i 's/80s/80 parsecs/; 1d' "$bad/cib.xml"
	expect 2 "not a time (of pcmk_reboot_timeout): '80 parsecs'" check "$bad"
	echo '<cib>' >"$bad/cib.xml"
	expect 2 "not well-formed" check "$bad"
	echo '<html><configuration/></html>' >"$bad/cib.xml"
	expect 2 "not a CIB" check "$bad"
	sed -i 's/model: net/model net/' "$bad/corosync.conf"
	expect 2 "corosync.conf:26: neither 'KEY: VALUE' nor a section: 'model net'" check "$bad"
}

# More than the tables hold is refused, not passed over.
test_limits() {
	local good=$work/safe-levels big=$work/big i
	cp -r "$good" "$big"
	{
		sed '/<resources>/q' "$good/cib.xml"
		for i in {1..32}; do echo "<primitive id='p$i' class='stonith' type='fence_x'/>"; done
		sed '1,/<resources>/d' "$good/cib.xml"
	} >"$big/cib.xml"
	expect 2 "too many fence devices for this check, at 'power-host1'" check "$big"
	sed "s/\"host1 host2\"/\"$(printf 'x%.0s' {1..1100})\"/" "$good/cib.xml" >"$big/cib.xml"
	expect 2 "too long for this check: 'pcmk_host_list'" check "$big"
	for i in {1..33}; do
		echo "<node id='$i' uname='host$i'><instance_attributes id='n$i'><nvpair id='s$i' name='standby' value='on'/></instance_attributes></node>"
	done >"$work/nodes"
	sed -e "/<nodes>/r $work/nodes" -e '/<node id="[12]"/d' "$good/cib.xml" >"$big/cib.xml"
	expect 2 "too many hosts in standby or maintenance for this check, at 'host33'" check "$big"
}

# A unit by name: its own findings alone, but fencing waits for all.
test_named() {
	local dir=$work/unsafe-longest-lease
	expect 1 "fencing takes at least lease_ms 60" check "$dir" vm1
	expect 1 "unit vm1" check "$dir" vm1 vm1
	if check "$dir" vm1 | grep -q "unit vm2:"; then fail "vm2 was not asked for"; else pass; fi
	expect 1 "unit vm2:" check "$dir" vm2 vm1
	cp -r "$dir" "$work/other"
	mv "$work/other/units/vm1.conf" "$work/other/units/vm3.conf"
	expect 1 "warning  resource vm1-mirror is of unit 'vm1', which has no file here" check "$work/other"
}

# The running cluster's CIB: cibadmin takes it from CIB_file.
test_live() {
	local good=$work/safe-qdevice
	local live=("$config" check --corosync-conf "$good/corosync.conf" --host-conf "$good/vmtwind.conf" --unit-dir "$good/units")
	if [ ! -x /usr/sbin/cibadmin ]; then
		skipped=$((skipped + 1))
		echo "skipped: cibadmin is not installed"
		return
	fi
	chmod 755 "$work"
	expect 0 "pcmk_off_timeout of twin = 80 s >=" env CIB_file="$good/cib.xml" "${live[@]}"
	expect 2 "the live CIB can't be read" env CIB_file="$work/none" "${live[@]}"
	expect 2 "or give a CIB that was saved in a file: --cib FILE" env CIB_file="$work/none" "${live[@]}"
}

check_piped() { check "$1" --peer-facts - <"$2"; } # DIRECTORY FACTS

# This machine is no host of the described cluster, which is among the findings; what it is like otherwise does not count here.
test_host() {
	local dir=$work/safe-qdevice facts=$work/facts
	expect 2 "--no-host contradicts" check "$dir" --no-host --host
	expect 2 "--no-host contradicts" check "$dir" --no-host --peer-facts x
	expect 2 "neither UNIT nor --peer-facts goes with it" check "$dir" --facts vm1
	expect 2 "did you mean '--peer-facts'" "$config" check --peerfacts x
	expect 2 "is not there; make one on the other host" check "$dir" --peer-facts "$work/none"
	expect 0 "" check "$dir" --no-host
	expect 1 "this host is none of corosync.conf's nodes" check "$dir" --host
	expect 1 "ok       pcmk_off_timeout of twin" check "$dir" --host
	expect 1 "store of unit vm1:" check "$dir" --host
	expect 0 "facts = 1" check "$dir" --facts
	expect 0 "unit.vm1 = directory:" check "$dir" --facts
	expect 0 "version.vmtwin = " check "$work/none" --facts
	check "$dir" --facts | sed "s/^host = .*/host = far/" >"$facts"
	expect 1 "ok       unit file of vm1: the same on far" check "$dir" --peer-facts "$facts"
	expect 1 "ok       clock: as on far" check "$dir" --peer-facts "$facts"
	sed -i "s/ hosts:[0-9a-f]*/ hosts:00000000/; s/^clock = ./&9/" "$facts"
	expect 1 "error    unit file of vm1: not the same on far, in hosts; copy" check "$dir" --peer-facts "$facts"
	expect 1 "warning  clock: far's is" check "$dir" --peer-facts "$facts"
	expect 1 "unit file of vm1: not the same" check_piped "$dir" "$facts"
	sed -i "s/^facts = 1/facts = 7/" "$facts"
	expect 2 "facts of another version; install the same vmtwin" check "$dir" --peer-facts "$facts"
	expect 2 "standard input: empty" check "$dir" --peer-facts -
}

# The published example is accepted with corosync's and vmtwin's defaults.
test_example() {
	local dir=$work/example example=../../crm-config/examples/vmtwin-fencing.pcs
	if ! command -v pcs >/dev/null; then
		skipped=$((skipped + 1))
		echo "skipped: pcs is not installed, the example is not tried"
		return
	fi
	cp -r "$work/safe-qdevice" "$dir"
	sed -i '/<primitive id="twin"/,/<\/primitive>/d' "$dir/cib.xml"
	expect 1 "fence devices: 0 configured" check "$dir"
	while IFS= read -r line; do
		# shellcheck disable=SC2086 # the file's words
		[[ $line != "pcs "* ]] || eval "pcs -f '$dir/cib.xml'" ${line#pcs } --force >"$dir/out" 2>&1 || fail "$line: $(cat "$dir/out")"
	done <"$example"
	expect 0 "pcmk_reboot_timeout of twin" check "$dir"
	expect 0 "0 errors, 0 warnings" check "$dir"
}

follow() { # CASE
	local command
	# shellcheck disable=SC2016 # as it stands
	while IFS= read -r command; do
		[[ $command != "pcs "@(stonith|resource)" update"* ]] || command+=" --force"
		eval "pcs -f '$work/$1/cib.xml' ${command#pcs }" >"$work/out" 2>&1 || fail "$1: $command: $(cat "$work/out")"
	done < <(check "$work/$1" | sed -nE '/^(error|warning) /s/`pcs /\n&/gp' | sed -nE 's/^`(pcs [^`]*)`.*/\1/p' | grep -v '^pcs node')
}

# The commands that findings name, typed on the described cluster, take them back. Without the agents pcs has to be forced.
test_remedies() {
	local case left
	if ! command -v pcs >/dev/null; then
		skipped=$((skipped + 1))
		echo "skipped: pcs is not installed, the remedies are not tried"
		return
	fi
	for case in safe-{no-levels,nothing-moves,others-priority} unsafe-{op-defaults-ignore,power-action,drbd-ignored,drbd-requires,demote-ignored,not-bound} \
		unsafe-{drbd-not-bound,any-role,stop-ignored,requires-quorum}; do
		for _ in 1 2 3; do follow "$case"; done # one may hide another
		left=0
		[ "$case" != safe-nothing-moves ] || left=2 # what pcs tells a host that runs
		expect 0 "0 errors, $left warnings" check "$work/$case"
	done
}

unsafe=0
for dir in cases/safe-*; do test_case "${dir##*/}" 0; done
for dir in cases/unsafe-*; do
	test_case "${dir##*/}" 1
	unsafe=$((unsafe + 1))
done
[ $unsafe -ge 10 ] || fail "only $unsafe unsafe clusters"
test_input
test_limits
test_named
test_host
test_live
test_example
test_remedies
verdict
