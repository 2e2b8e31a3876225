# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Lab: --qdevice
# Fencing: vmtwin
# Lease: short
# Again and again the primary is cut off at a random moment, by a random kind of cut. By the clock of the oracle, which sees both
# consoles, the guest that is cut off acknowledges its last write before the other side's guest acknowledges its first.
# VT_ROUNDS: how often (50 in the soak, else 1). VT_ISO_LEASE_MS: of the unit in the soak.

rounds=${VT_ROUNDS:-1}
[ "$VT_SOAK" = no ] || rounds=${VT_ROUNDS:-50}
gaps=$(mktemp)
stamps=$(mktemp)

# From everything; or first one way, or the cluster or the data alone, for less than corosync takes to notice: later, and the vote
# moves (iso_vote).
cut_primary() { # HOST
	case $((RANDOM % 4)) in
	0) lab cut "$lab_name" all "$1-to-$(other "$1")" && sleep 0.$((RANDOM % 8)) ;;
	1) drop_ports "$cluster_ports" "$1" && sleep 0.$((RANDOM % 8)) ;;
	2) drop_ports "$data_ports" "$1" && random_pause 1 ;; # longer, and it would go ALONE by consent: no handover
	esac
	lab cut "$lab_name" all "$1"
}

round() { # NUMBER
	local primary second reads gap what="round $1"
	primary=$(vm_host) || return 1
	second=$(other "$primary")
	reads=$(founds)
	: >"$stamps"
	oracle --stamp "$stamps" "$console" &
	stamp_pid=$!
	random_pause 6
	cut_primary "$primary"
	if ! wait_for $(($(wait_s) + takeover_more_s)) eval '[ "$(founds)" -gt '"$reads"' ] || alone "$primary"'; then
		tell_state
		kill $stamp_pid
		return 1
	fi
	goes_on 20 || return 1
	kill $stamp_pid
	wait $stamp_pid 2>/dev/null
	gap=$(oracle --handovers "$stamps" | sed -n 's/^handover at boot .*: \(-*[0-9]*\) ms.*/\1/p' | tail -n1)
	lab mend "$lab_name" all
	mend_ports
	becomes_green 240 || return 1
	nothing_lost >/dev/null || return 1
	if [ "$(vm_host)" = "$primary" ]; then
		echo "no handover: $primary kept it"
		return 0
	fi
	echo "$gap" >>"$gaps"
	[ -n "$gap" ] && [ "$gap" -gt 0 ]
}

need "vm1 is ready" vm1_ready
for ((n = 1; n <= rounds; n++)); do
	check "round $n: the last acknowledgement there comes before the first one here" round $n || exit
done
sort -n "$gaps" | awk '{ g[NR] = $1 } END {
	if (NR) printf "       iso: last acknowledgement of the isolated side to the first of the other, %d rounds: min %d median %d max %d ms\n", NR, g[1], g[int((NR + 1) / 2)], g[NR] }'
check "there were handovers" test -s "$gaps"
check "$(verdict)" nothing_lost
rm -f "$gaps" "$stamps"
