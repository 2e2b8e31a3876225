# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# One host runs another release, whose messages have another version: of the core's messages, of the data link, of the
# daemons' group. It is refused in plain words, the VM goes on on the other host, and with equal releases all mends by itself.

readonly tools=$build/lab-tools

# swap PROGRAM FILE: the secondary's program is replaced and restarted, as an upgrade of one host does.
swap() {
	mkdir -p "$world/other"
	cp "$2" "$world/other/program"
	on "$second" install -m 755 /run/world/other/program "$1" || return 1
	case $1 in
	*worker) on "$second" bash -c 'kill -9 "$(head -n1 /run/vmtwin/vm1.pid)"' ;;
	*) on "$second" kill -9 "$(service_pid "$second" vmtwind)" ;;
	esac
}
# By whichever host finds it out: of the data link, the one that listens.
one_says() { has_said host1 "$1" "$2" || has_said host2 "$1" "$2"; } # SINCE_MS TEXT

other_version() { # WHAT PROGRAM FILE WORDS
	local starts began
	primary=$(vm_host) || exit
	second=$(other "$primary")
	starts=$(boots)
	began=$(now_ms)
	check "$1: $second runs another release" swap "$2" "$tools/$3"
	check "$1: it is told in plain words" wait_for 60 one_says "$began" "$4" || {
		tail -n 20 "$lab_dir/hosts/$primary/log/vmtwind.out"
		tell_state
	}
	check "$1: the VM goes on" goes_on 50 90
	check "$1: $primary is ALONE" wait_for 60 state_is "$primary" "ALONE green" || tell_state
	check "$1: $second's copy is not used" not shows "$second" "$second +(PRIM|ALONE)"
	check "$1: with equal releases again" swap "$2" "$build/tree$2"
	tidy
	check "$1: PRIM and SECOND green" becomes_green || { tell_state; exit; }
	check "$1: the VM never stopped" test "$starts $primary" = "$(boots) $(vm_host)"
	check "$1: $(verdict)" nothing_lost
}

need "vm1 is ready" vm1_ready
worker=/usr/libexec/vmtwin/vmtwin-worker
other_version "the core's messages" $worker worker-core "another version of vmtwin; install the same"
other_version "the data link" $worker worker-link "speaks version .* install the same"
other_version "the group" /usr/sbin/vmtwind vmtwind-group "another version"
check "PRIM and SECOND green" becomes_green
