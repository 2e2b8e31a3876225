# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # lab_* variables are shared between the parts
# The network: one bridge a ring, in a network namespace of the lab's own (the keeper's), so that nothing of it
# shows in the machine's.

host_number() {
	case $1 in
	host1) echo 1 ;;
	host2) echo 2 ;;
	*) echo 3 ;;
	esac
}

host_addr() { echo "10.$lab_net.1$2.$(host_number "$1")"; } # HOST RINGNUMBER
port() { echo "p$(host_number "$1")r$2"; }

switch_ip() {
	local keeper
	keeper=$(is_alive "$lab_dir/keeper") || { say "its keeper is gone: only 'lab down $lab_name' helps"; return 1; }
	nsenter -t "$keeper" -n ip "$@"
}

# In the keeper, whose namespace is the switch.
net_make_switch() {
	ip -batch - <<-'TEXT'
		link set lo up
		link add br0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
		link add br1 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
		link set br0 up
		link set br1 up
	TEXT
}

net_plug() { # HOST PID
	local ring
	for ring in 0 1; do
		switch_ip link add "$(port "$1" $ring)" type veth peer name "ring$ring" netns "$2" || return 1
		switch_ip link set "$(port "$1" $ring)" master "br$ring" || return 1
	done
	net_apply "$1" "$2"
}

net_unplug() { # HOST; links first: a host that loses power says no goodbye
	local ring
	for ring in 0 1; do
		switch_ip link set "$(port "$1" $ring)" down 2>/dev/null
	done
}

net_remove() { # HOST
	local ring
	for ring in 0 1; do
		switch_ip link del "$(port "$1" $ring)" 2>/dev/null
	done
	:
}

cuts() { cat "$lab_dir/net/ring$1" 2>/dev/null; } # RING NUMBER; the cuts in force, a word each

# One rule for each kind of cut in force that concerns packets arriving at HOST. Dropped where they arrive: the
# sender sees nothing, as with a real loss.
net_rules() { # HOST
	local host=$1 ring what peer
	echo "table inet lab"
	echo "delete table inet lab"
	[ "$host" = host1 ] && peer=host2 || peer=host1
	echo "table inet lab {"
	echo "chain input {"
	echo "type filter hook input priority -300; policy accept;"
	for ring in 0 1; do
		for what in $(cuts $ring); do
			case $what in
			pair | "$peer-to-$host") echo "iifname ring$ring ip saddr $(host_addr "$peer" $ring) drop" ;;
			esac
		done
	done
	echo "}"
	echo "}"
}

# Makes links and rules of a running host what the cuts in force say.
net_apply() { # HOST PID
	local ring what state
	[ "$1" = witness ] || net_rules "$1" | nsenter -t "$2" -n nft -f - || return 1
	for ring in 0 1; do
		state=up
		for what in $(cuts $ring); do
			case $1,$what in
			host?,both | host1,host1 | host2,host2 | witness,witness) state=down ;;
			esac
		done
		switch_ip link set "$(port "$1" $ring)" $state || return 1
	done
}

has_port() { switch_ip link show "$(port "$1" 1)" >/dev/null 2>&1; }

# Under the lock of net. A host that is booting or losing power right now has no links to change: it takes over
# what is in force when it is plugged in.
net_apply_all() {
	local host pid
	for host in $lab_hosts; do
		pid=$(host_pid "$host") || continue
		has_port "$host" || continue
		net_apply "$host" "$pid" 2>/dev/null && continue
		if host_pid "$host" >/dev/null && has_port "$host"; then
			say "can't change $host's links"
			return 1
		fi
	done
}

rings() {
	case ${1:-} in
	ring0) echo 0 ;;
	ring1) echo 1 ;;
	all) echo 0 1 ;;
	*) die "which ring? ring0, ring1 or all" ;;
	esac
}

cmd_cut() {
	local ring list what=${2:-both}
	case $what in
	both | pair | host1 | host2 | witness | host1-to-host2 | host2-to-host1) ;;
	*) die "can't cut '$what': both, pair, host1, host2, witness, host1-to-host2 or host2-to-host1" ;;
	esac
	list=$(rings "${1:-}") || exit 1
	for ring in $list; do
		echo "$what" >>"$lab_dir/net/ring$ring"
	done
	power_log "cut $1 $what"
	with_lock "$lab_dir/net" net_apply_all
}

# All at once: nobody has a moment in between.
cmd_mend() {
	local ring list file what=${2:-}
	list=$(rings "${1:-}") || exit 1
	for ring in $list; do
		file=$lab_dir/net/ring$ring
		if [ -z "$what" ]; then
			rm -f "$file"
		elif [ -e "$file" ]; then
			sed -i "/^$what\$/d" "$file"
		fi
	done
	power_log "mend $1 $what"
	with_lock "$lab_dir/net" net_apply_all
}
