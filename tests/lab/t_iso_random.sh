# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Lab: --qdevice
# Fencing: vmtwin
# Lease: short
# Again and again the primary is cut off at a random moment, by a random kind of cut. By the clock of the oracle, which sees both
# consoles, the guest that is cut off acknowledges its last write before the other side's guest acknowledges its first.
# Whose acknowledgement it is each one tells by its boot; an older guest's after a newer one's start fails the round.
# VT_ROUNDS: how often (50 in the soak, else 1).

rounds=${VT_ROUNDS:-1}
[ "$VT_SOAK" = no ] || rounds=${VT_ROUNDS:-50}
gaps=$(mktemp)
stamps=$(mktemp)
pending=$(mktemp)

# From everything; or first one way, or the cluster or the data alone, for less than corosync takes to notice: later, and the vote
# moves (iso_vote).
cut_primary() { # HOST KIND SECONDS
	case $2 in
	0) lab cut "$lab_name" all "$1-to-$(other "$1")" && sleep "$3" ;;
	1) drop_ports "$cluster_ports" "$1" && sleep "$3" ;;
	2) drop_ports "$data_ports" "$1" && sleep "$3" ;; # longer, and it would go ALONE by consent: no handover
	esac
	lab cut "$lab_name" all "$1"
}

# handover: the last one in $stamps; sets gap. An older guest's acknowledgement after it is a fault, and so is a log without any.
handover() {
	local said
	said=$(oracle --handovers "$stamps") || { echo "$said"; return 1; }
	gap=$(sed -n 's/^handover from boot .*, gap \(-*[0-9]*\) ms$/\1/p' <<<"$said" | tail -n1)
	[ "${gap:-0}" -gt 0 ] || { echo "gap '$gap' of: $said"; return 1; }
}

# Rarely, when both sides have a CIB of the same version as they meet, Pacemaker 2.1's DC never counts itself as a member: what
# docs/FAILURE-MODES.md has an operator do then. Told, and anything else that keeps it from being green is a failure.
joins_again() {
	local host
	host=$(quiet_on host1 timeout 15 crm_mon -1 | sed -n 's/^ *\* Node \(host[12]\): pending.*/\1/p')
	[ -n "$host" ] || return 1
	note "Pacemaker left $host pending: it is restarted there" >&2
	echo "$host" >>"$pending"
	lab service "$lab_name" "$host" stop pacemaker && lab service "$lab_name" "$host" start pacemaker
}

round() { # SECONDS KIND SECONDS: until the cut; its kind (cut_primary)
	local primary reads starts gap
	primary=$(vm_host) || return 1
	reads=$(founds)
	starts=$(boots)
	: >"$stamps"
	oracle --stamp "$stamps" "$console" &
	stamp_pid=$!
	sleep "$1"
	cut_primary "$primary" "$2" "$3"
	if ! wait_for $(($(wait_s) + takeover_more_s)) eval '[ "$(founds)" -gt '"$reads"' ] || alone "$primary"'; then
		tell_state
		kill $stamp_pid
		return 1
	fi
	goes_on 20 || { kill $stamp_pid; return 1; }
	sleep 1 # long enough for one that is late
	kill $stamp_pid
	wait $stamp_pid 2>/dev/null
	if [ "$(boots)" -gt "$starts" ]; then
		handover || return 1
		echo "$gap" >>"$gaps"
	fi
	lab mend "$lab_name" all
	mend_ports
	wait_for 240 is_green || joins_again || return 1
	becomes_green || return 1
	nothing_lost || return 1
	# A host that is cut off every 20 s: its failures would keep it from the cluster for their ten minutes.
	quiet_on "$primary" timeout 30 crm_resource --cleanup >/dev/null
	becomes_green 60
}

need "vm1 is ready" vm1_ready
for ((n = 1; n <= rounds; n++)); do
	# Drawn here: the subshell of a check has random numbers of its own, which --seed does not repeat.
	when=$((RANDOM % 6)).$((RANDOM % 10)) kind=$((RANDOM % 4)) part=0.$((RANDOM % 8))
	check "round $n, cut $kind: the last acknowledgement there comes before the first one here" round $when $kind $part || exit
done
sort -n "$gaps" | awk '{ g[NR] = $1 } END {
	if (NR) printf "       iso: last acknowledgement of the isolated side to the first of the other, %d rounds: min %d median %d max %d ms\n", NR, g[1], g[int((NR + 1) / 2)], g[NR] }'
note "of $rounds rounds $((rounds - $(wc -l <"$gaps"))) without a handover: the primary kept the VM"
check "there were handovers" test -s "$gaps"
check "$(verdict)" nothing_lost
[ ! -s "$pending" ] || note "Pacemaker left a host pending $(wc -l <"$pending") times"
rm -f "$gaps" "$stamps" "$pending"
