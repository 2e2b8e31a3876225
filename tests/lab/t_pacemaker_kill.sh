# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Each of Pacemaker's daemons dies on either host.

pacemaker_part_dies() { # HOST WHO PART
	check "$2: kill -9 of $3 on $1" on "$1" pkill -KILL -x "${3:0:15}"
	check "$2, $3: the VM goes on" goes_on 30 120 || exit
	check "$2, $3: PRIM and SECOND green" becomes_green || exit
	check "$2, $3: $(verdict)" nothing_lost
}

need "vm1 is ready" vm1_ready
for who in primary secondary; do
	for part in pacemaker-based pacemaker-fenced pacemaker-execd pacemaker-attrd pacemaker-schedulerd pacemaker-controld; do
		# The cluster may be starting the VM again, for what was killed before.
		wait_for 90 vm_host >/dev/null 2>&1
		primary=$(vm_host) || exit
		[ $who = primary ] && host=$primary || host=$(other "$primary")
		pacemaker_part_dies "$host" "$who" "$part"
	done
	tidy
done
check "PRIM and SECOND green" becomes_green
