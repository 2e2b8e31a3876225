# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# A host comes back with an old copy of its whole disk (a restored backup, a snapshot rolled back): data and metadata are from
# another time than what it once told its peer. It must not become the source, and nothing acknowledged may be lost.

disk_of() { echo "$lab_dir/hosts/$1/disk"; }
# A moment's copy of a running host's disk.
snapshot() { # HOST
	on "$1" fsfreeze -f /run/disk || return 1
	cp --sparse=always "$(disk_of "$1")" "$(disk_of "$1").old"
	on "$1" fsfreeze -u /run/disk
}
put_back() { mv "$(disk_of "$1").old" "$(disk_of "$1")"; } # HOST, off
boot_both() { # FIRST SECOND
	lab boot "$lab_name" "$1" && lab boot "$lab_name" "$2"
}
worker_there() { explains "$1" "standing on disk"; }

# The copy is of an earlier pair era: since then the peer was away once.
older_era() { # WHO: primary or secondary is rolled back
	local primary host reads
	primary=$(vm_host) || exit
	[ "$1" = primary ] && host=$primary || host=$(other "$primary")
	check "$1 ($host), an earlier era: a copy of its disk" snapshot "$host" || exit
	check "$1: $(other "$primary") is away and comes back" lab power-cut "$lab_name" "$(other "$primary")"
	check "$1: PRIM and SECOND green" becomes_green || exit
	check "$1: it goes on" goes_on 100
	reads=$(founds)
	check "$1: both lose power" cut_both
	check "$1: the old copy is put back" put_back "$host"
	check "$1: both boot" boot_both "$host" "$(other "$host")"
	check "$1: the VM reads back" read_back $((reads + 1)) 150 || { tell_state; exit; }
	check "$1: $(verdict)" nothing_lost || exit
	check "$1: PRIM and SECOND green" becomes_green || exit
}

# The copy is of the time when the host was alone: by itself it would say that it has the newest data.
old_solo() {
	local primary second reads
	primary=$(vm_host) || exit
	second=$(other "$primary")
	check "standby of $second" on host1 timeout 60 pcs node standby "$second"
	check "$primary is ALONE" wait_for 60 state_is "$primary" "ALONE green"
	check "alone: a copy of its disk" snapshot "$primary" || exit
	check "end of standby" on host1 timeout 60 pcs node unstandby "$second"
	check "PRIM and SECOND green" becomes_green || exit
	check "both acknowledge what the copy lacks" goes_on 100
	reads=$(founds)
	check "both lose power" cut_both
	check "the old copy is put back" put_back "$primary"
	check "$second boots" lab boot "$lab_name" "$second"
	check "$primary boots" lab boot "$lab_name" "$primary"
	check "no host is in standby" wait_for 90 on "$second" timeout 60 pcs node unstandby --all
	for host in "$second" "$primary"; do
		check "the unit runs on $host" wait_for 90 worker_there "$host"
	done
	check "the old copy is not started" not wait_for 40 vm_runs_on "$primary" || exit
	check "$(verdict)" nothing_lost || exit
	if ! wait_for 60 vm_runs_on "$second"; then
		note "the operator decides: $primary gives up its copy"
		check "$primary gives up its copy, and keeps it" give_up_copy "$primary" || { tell_state; exit; }
	fi
	check "the VM reads back on $second" read_back $((reads + 1)) 150 || { tell_state; exit; }
	check "$(verdict)" nothing_lost
	check "PRIM and SECOND green" becomes_green || exit
	delete_branch "$primary" >/dev/null 2>&1
}

# The copy is of the very era that runs, so nothing tells it from what was there; but its host is not the one that wrote. (Of
# the one that wrote: docs/FAILURE-MODES.md, what is not shown.)
same_era() { # WHO
	local primary host reads
	primary=$(vm_host) || exit
	host=$(other "$primary")
	check "$1 ($host), the same era: a copy of its disk" snapshot "$host" || exit
	check "$1: it goes on" goes_on 100
	reads=$(founds)
	check "$1: both lose power" cut_both
	check "$1: the old copy is put back" put_back "$host"
	check "$1: both boot" boot_both "$(other "$host")" "$host"
	check "$1: the VM reads back" read_back $((reads + 1)) 150 || { tell_state; exit; }
	check "$1: $(verdict)" nothing_lost || exit
	check "$1: PRIM and SECOND green" becomes_green || exit
}

need "vm1 is ready" vm1_ready
older_era primary
older_era secondary
same_era secondary
old_solo
tidy
check "PRIM and SECOND green" becomes_green
