# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# What is wrong is named, and nothing is lost: wrong options, a second daemon, a taken port, wrong keys, a peer of another
# unit, damaged metadata, a missing store. On a unit of its own, vm2, run by hand; vm1's VM must not notice.

dir2=/srv/vm2
store2=/srv/.vmtwin/vm2

create2() { # HOST [GOOD-HOST [OPTION...]]
	local host=$1 good=${2:-host1}
	shift $(($# > 2 ? 2 : $#))
	on "$host" vmtwin create vm2 --directory "$dir2" --hosts host1,host2 --good-host "$good" --port 7791 "$@"
}
put_files() { on "$1" bash -c 'mkdir -p "$1" && echo precious >"$1/disk" && echo x >"$1/vm2.xml"' - "$dir2"; }
start2() { agent "$1" mirror vm2 start 20000; }
stop2() { agent "$1" mirror vm2 stop 30000; }
state2() { quiet_on "$1" timeout 15 vmtwin status vm2 | awk -v host="$1" '{ at = $1 == "vm2" ? 2 : 1 } $at == host { print $(at + 1), $(at + 2), $(at + 3); exit }'; }
in_step() { quiet_on "$1" timeout 15 vmtwin explain vm2 | grep -q 'connection: INSYNC'; }
both_in_step() { in_step host1 && in_step host2; }
listens() { quiet_on "$1" ss -Hltn "sport = :7791" | grep -q .; }
mark_logs() {
	mark_host1=$(wc -l <"$lab_dir/hosts/host1/log/vmtwind.out")
	mark_host2=$(wc -l <"$lab_dir/hosts/host2/log/vmtwind.out")
}
log_says() { # HOST TEXT, since mark_logs
	local mark=mark_$1
	tail -n "+$((${!mark} + 1))" "$lab_dir/hosts/$1/log/vmtwind.out" | grep -qiE -- "$2"
}
logs_say() { # SECONDS HOST TEXT
	wait_for "$1" log_says "$2" "$3" && return
	local mark=mark_$2
	tail -n "+$((${!mark} + 1))" "$lab_dir/hosts/$2/log/vmtwind.out"
	return 1
}
tree_of() { on "$1" bash -c 'cd /srv && find . -printf "%p %m %s\n" | sort; find . -type f -exec sha256sum {} +'; }
same_tree() { [ "$tree" = "$(tree_of "$1")" ]; } # HOST; as it was when $tree was taken
remove2() {
	local host
	for host in host1 host2; do
		quiet_on "$host" bash -c 'rm -f /etc/vmtwin/units/vm2.conf; chattr -i "$1" 2>/dev/null; rm -rf "$1" "$2"' - "$dir2" "$store2"
	done
}

wrong_options() {
	put_files host1
	tree=$(tree_of host1)
	check "create: a missing directory" says fail '/srv/absent' on host1 vmtwin create vm2 --directory /srv/absent \
		--hosts host1,host2 --good-host host1 --port 7791
	check "create: a store on another file system" says fail 'file system' create2 host1 host1 --store /run/vm2-store
	check "create: the port of vm1" says fail '7790.*vm1|vm1.*7790' create2 host1 host1 --port 7790
	check "create: a host that is neither" says fail 'host1' on host1 vmtwin create vm2 --directory "$dir2" \
		--hosts hosta,hostb --good-host hosta --port 7791
	check "nothing was changed" same_tree host1
}

second_daemon() {
	local primary
	primary=$(vm_host)
	check "a second worker of vm1" says fail 'another worker|still running' on "$primary" timeout 10 /usr/libexec/vmtwin/vmtwin-worker vm1
	check "a second vmtwind" says fail 'already|another' on "$primary" timeout 10 vmtwind --foreground
}

# host2 is the one that listens.
taken_port() {
	local pid
	mark_logs
	on host2 busybox nc -ll -p 7791 -e busybox true </dev/null >/dev/null 2>&1 &
	pid=$!
	check "another program listens on port 7791" wait_for 5 listens host2
	start2 host1 >/dev/null 2>&1
	start2 host2 >/dev/null 2>&1
	check "a taken port is named, with the way to see by whom" logs_say 15 host2 'port 7791.*another program'
	quiet_on host2 bash -c 'kill $(ss -Hltnp "sport = :7791" | grep -o "pid=[0-9]*" | cut -d= -f2 | sort -u)'
	wait $pid 2>/dev/null
	start2 host2 >/dev/null 2>&1
	check "once it is free both get in step" wait_for 30 both_in_step || quiet_on host1 vmtwin explain vm2
	check "stop on host2" stop2 host2
	check "stop on host1" stop2 host1
}

wrong_key() {
	mark_logs
	on host2 cp -a /etc/corosync/authkey /etc/corosync/authkey.good
	on host2 bash -c 'head -c 256 /dev/urandom >/etc/corosync/authkey'
	start2 host1 >/dev/null
	start2 host2 >/dev/null
	check "a wrong key is named on host2" logs_say 15 host2 'wrong key.*authkey'
	check "and on host1" logs_say 15 host1 'wrong key.*authkey'
	check "they are not in step" not both_in_step
	on host2 mv /etc/corosync/authkey.good /etc/corosync/authkey
	stop2 host2 >/dev/null
	start2 host2 >/dev/null
	check "with the right key they are" wait_for 30 both_in_step
	stop2 host2 >/dev/null
	stop2 host1 >/dev/null
}

damage() { # HOST SLOT
	on "$1" dd if=/dev/urandom of="$store2/meta/slot$2" bs=512 count=1 conv=notrunc,fsync status=none
}

damaged_metadata() {
	mark_logs
	damage host1 0
	check "one damaged slot: the unit starts" start2 host1
	check "and says so" logs_say 10 host1 'slot.*was damaged'
	start2 host2 >/dev/null
	check "both get in step" wait_for 30 both_in_step
	stop2 host2 >/dev/null
	stop2 host1 >/dev/null
	damage host1 0
	damage host1 1
	tree=$(tree_of host1)
	check "both slots damaged: refused, with the way out" says fail 'both metadata slots.*damaged' start2 host1
	check "nothing was touched" same_tree host1
	check "its monitor says stopped" says 7 '' agent host1 mirror vm2 monitor
}

missing_store() {
	on host2 mv "$store2/data" "$store2/data.away"
	check "a missing store is named" says fail "$store2/data" start2 host2
	on host2 mv "$store2/data.away" "$store2/data"
	on host2 mv /etc/vmtwin/units/vm2.conf /etc/vmtwin/units/vm2.away
	check "a missing unit file is named" says fail 'vm2.conf' start2 host2
	on host2 mv /etc/vmtwin/units/vm2.away /etc/vmtwin/units/vm2.conf
	on host2 bash -c 'echo "prot = 7" >>/etc/vmtwin/units/vm2.conf'
	check "an unknown key is named, with the one meant" says fail 'prot.*port' start2 host2
}

# The good host chosen differently on each: two units of one name.
another_unit() {
	put_files host1
	put_files host2
	create2 host1 host1 >/dev/null
	create2 host2 host2 >/dev/null
	mark_logs
	start2 host1 >/dev/null
	start2 host2 >/dev/null
	check "a peer of another unit is named" logs_say 15 host1 "another unit"
	check "their files are as they were" says 0 'precious' on host2 cat "$store2/data/disk"
	stop2 host1 >/dev/null
	stop2 host2 >/dev/null
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
starts=$(boots)
wrong_options
second_daemon
check "create vm2 on host1" create2 host1
check "create vm2 on host2" create2 host2
taken_port
wrong_key
damaged_metadata
missing_store
remove2
another_unit
remove2
check "vm1's VM did not notice" test "$starts $primary" = "$(boots) $(vm_host)"
check "PRIM and SECOND green" becomes_green
check "$(verdict)" nothing_lost
