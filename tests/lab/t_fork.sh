# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# The operator's way out. A fork is told and decided: one branch given up, kept with its bytes, deleted by name (on a unit
# of its own, vm2, run by hand). The other host lost for good: the survivor is forced, and Pacemaker starts the VM on it.

dir2=/srv/vm2
store2=/srv/.vmtwin/vm2

start2() { agent "$1" mirror vm2 start 20000; }
stop2() { agent "$1" mirror vm2 stop 30000; }
promote2() { agent "$1" mirror vm2 promote 20000; }
demote2() { agent "$1" mirror vm2 demote 20000; }
explain() { quiet_on "$1" timeout 15 vmtwin explain "$2"; }			      # HOST UNIT
tells() { explain "$1" "$2" | grep -qE -- "$3" || { explain "$1" "$2"; return 1; }; } # HOST UNIT TEXT
in_step() { tells host1 vm2 'connection: INSYNC' && tells host2 vm2 'connection: INSYNC'; }
write2() { on "$1" bash -c 'echo "$1" >"$2/branch" && sync -f "$2"' - "$2" "$dir2"; } # HOST TEXT
reads2() { [ "$(quiet_on "$1" cat "$2")" = "$3" ]; }				      # HOST FILE TEXT
kept2() { quiet_on "$1" bash -c 'cd /srv/.vmtwin && ls -d vm2.fork-*'; }

remove2() {
	local host
	for host in host1 host2; do
		stop2 $host >/dev/null 2>&1
		quiet_on $host bash -c 'rm -f /etc/vmtwin/units/vm2.conf; chattr -i "$1" 2>/dev/null; rm -rf "$1" /srv/.vmtwin' - "$dir2"
	done
}

make2() {
	local host
	on host1 bash -c 'mkdir -p "$1" && echo precious >"$1/disk" && echo x >"$1/vm2.xml"' - "$dir2" || return 1
	for host in host1 host2; do
		on $host vmtwin create vm2 --directory "$dir2" --hosts host1,host2 --good-host host1 --port 7791 &&
			start2 $host || return 1
	done
}

# Each host writes without the other: host2 by force, while host1, which has the newer data, is down.
make_fork() {
	check "host2 leaves, then host1" eval 'stop2 host2 && stop2 host1'
	check "host2 comes back alone" start2 host2
	check "explain: its data may not be used, since when, what helps" tells host2 vm2 \
		"May this host's data be used: no, because host1 went on alone.*\(rule: standing outdated\)"
	check "since when" tells host2 vm2 '^since 20[0-9-]+T[0-9:.]+Z$'
	check "explain tells what force would lose" tells host2 vm2 'force-primary here would lose: all that host1 has acknowledged'
	check "it is not promoted" says fail 'outdated' promote2 host2
	check "force is not given without the unit's name" says 1 'nothing was changed' on host2 vmtwin force-primary vm2
	check "it is still not promoted" says fail 'outdated' promote2 host2
	check "force" says 0 'may be used from now on' on host2 vmtwin force-primary vm2 --yes
	check "now it is promoted" promote2 host2 || return
	check "forcing again is not needed" says 1 'not needed' on host2 vmtwin force-primary vm2 --yes
	check "it writes" write2 host2 of-host2
	check "host2 stops" eval 'demote2 host2 && stop2 host2'
	check "host1 comes back alone" start2 host1
	check "it may, for it left last" promote2 host1
	check "it writes" write2 host1 of-host1
	check "host2 comes back" start2 host2
	check "explain tells the fork on host2" wait_for 20 tells host2 vm2 'both hosts wrote without the other'
	check "and on host1" wait_for 20 tells host1 vm2 'one branch of a fork'
}

decide_fork() {
	local name archive
	check "the primary's branch is not given up" says 1 'this host is primary' on host1 vmtwin discard-fork vm2 --yes
	check "nor host2's without the unit's name" says 1 'nothing was changed' on host2 vmtwin discard-fork vm2
	check "discard-fork on host2" says 0 'is given up, and kept' on host2 vmtwin discard-fork vm2 --yes
	check "both get in step" wait_for 40 in_step || return
	check "host1's branch is on host2" reads2 host2 "$dir2/branch" of-host1
	name=$(kept2 host2)
	check "host2's is kept with its bytes" reads2 host2 "/srv/.vmtwin/$name/data/branch" of-host2
	check "and listed" says 0 "$name .*standing solo" on host2 vmtwin discard-fork vm2 --list
	check "no fork any more: not given up again" says 1 'no fork was seen' on host2 vmtwin discard-fork vm2 --yes
	check "deleted by name" says 0 'is deleted' on host2 vmtwin discard-fork vm2 --delete "$name" --yes
	check "it is gone" not reads2 host2 "/srv/.vmtwin/$name/data/branch" of-host2
	check "both are still in step" in_step
}

# killed_discard SYSCALL N: discard-fork on host2 is killed at its Nth call of it.
killed_discard() {
	on host2 strace -f -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		vmtwin discard-fork vm2 --yes --even-so >/dev/null 2>&1
	[ $? = 137 ]
}
branches2() { quiet_on host2 bash -c 'cat /srv/.vmtwin/*/data/branch | sort | xargs'; }

# The command dies with the unit stopped, the stores exchanged, the branch not named; a monitor of that time sees nothing.
crash_points() {
	local at name monitor
	for at in "renameat2 2" "fsync 14" "renameat2 3"; do
		# shellcheck disable=SC2086 # two words
		check "discard-fork is killed at $at" killed_discard $at || continue
		agent host2 mirror vm2 monitor 20000 >/dev/null 2>&1 &
		monitor=$!
		check "repeated, it completes" says 0 'going on from an earlier run' on host2 vmtwin discard-fork vm2 --yes
		wait $monitor
		check "a monitor meanwhile saw it run" test $? = 0
		check "both get in step" wait_for 40 in_step || return
		check "the store and the kept branch are there" test "$(branches2)" = "of-host1 of-host1"
		name=$(kept2 host2)
		check "deleted by name" on host2 vmtwin discard-fork vm2 --delete "$name" --yes
	done
}

# Nobody repeats the command: vmtwind starts what it stopped, on whichever store is in place.
left_alone() {
	check "discard-fork is killed with the unit stopped" killed_discard renameat2 2 || return
	check "vmtwind starts it after its time" wait_for 90 in_step
	check "repeated, the command completes" says 0 'is given up' on host2 vmtwin discard-fork vm2 --yes --even-so
	check "both get in step" wait_for 40 in_step
	check "deleted by name" on host2 vmtwin discard-fork vm2 --delete "$(kept2 host2)" --yes
}

monitors() { # HOST FILE: exit codes of vm1's monitor as long as FILE is there
	local rc
	while [ -e "$2" ]; do
		agent "$1" mirror vm1 monitor 20000 >/dev/null 2>&1
		rc=$?
		[ -e "$2" ] && echo $rc >>"$2"
	done
}

# Of vm1, which Pacemaker runs: nobody's monitor may notice that the worker was away for a moment.
discard_unnoticed() {
	local second starts codes
	second=$(other "$(vm_host)")
	starts=$(boots)
	check "a healthy copy is given up only --even-so" says 1 'no fork was seen' on "$second" vmtwin discard-fork vm1 --yes
	codes=$(mktemp)
	monitors "$second" "$codes" &
	sleep 1
	check "discard-fork --even-so on $second" says 0 'is given up' on "$second" vmtwin discard-fork vm1 --yes --even-so
	check "no monitor meanwhile saw it stopped" test "$(sort -u "$codes" | xargs)" = 0
	rm "$codes"
	wait
	check "PRIM and SECOND green" becomes_green || return
	check "Pacemaker has seen no failure" says fail '' eval 'on host1 crm_mon -1rf | grep -iE "fail-count=|failed resource"'
	check "the VM never stopped" test "$starts" = "$(boots)"
	check "the branch is deleted" on "$second" bash -c \
		'vmtwin discard-fork vm1 --yes --delete "$(cd "$1" && ls -d vm1.fork-*)"' - "${store%/*}"
}

support_archive() {
	local host=host1 key archive=/run/world/support.tar.gz
	rm -f "$world/support.tar.gz"
	check "a password in the CIB" on $host pcs stonith update power-host1 passwd=lab-s3cret --force
	check "support" says 0 'support.tar.gz' on $host vmtwin support vm1 --output "$archive"
	check "both hosts' part, or what to type" says 0 '/host2/|NOT-COLLECTED-host2' tar -tzf "$world/support.tar.gz"
	check "states, eras, configuration are in it" says 0 'CIB|<cib' tar -xzOf "$world/support.tar.gz" --wildcards '*/host1/cib.xml'
	check "the story" says 0 'both hosts hold the same' tar -xzOf "$world/support.tar.gz" --wildcards '*/host1/story.log'
	check "explain" says 0 'force-primary here would lose' tar -xzOf "$world/support.tar.gz" --wildcards '*/host1/explain.txt'
	key=$(head -c 16 "$lab_dir/authkey" | od -An -tx1 | tr -d ' \n')
	check "the cluster's key is not" not grep -q "$key" <(tar -xzOf "$world/support.tar.gz" | od -An -v -tx1 | tr -d ' \n')
	check "nor the password" not grep -aq lab-s3cret <(tar -xzOf "$world/support.tar.gz")
	check "it is gone from the CIB" on $host pcs stonith update power-host1 passwd= --force
	rm -f "$world/support.tar.gz"
}

cluster_answers() { quiet_on "$1" timeout 10 crm_mon -1 | grep -q 'Current DC: host'; }
is_quorate() { quiet_on "$1" corosync-quorumtool -s | grep -q '^Quorate: *Yes'; }

# Nothing is acknowledged by the primary alone, so that the oracle may judge what the forced copy holds.
lost_for_good() {
	local primary second reads
	primary=$(vm_host) || return 1
	second=$(other "$primary")
	lab fence-mode "$lab_name" fail
	check "$second loses power, nobody can be fenced" lab power-cut "$lab_name" "$second"
	sleep 3
	check "$primary loses power for good" lab power-cut "$lab_name" "$primary"
	reads=$(founds)
	check "$second boots" lab boot "$lab_name" "$second"
	check "its cluster is there" wait_for 60 cluster_answers "$second"
	check "the operator lets it be quorate alone" on "$second" corosync-cmapctl -s quorum.cancel_wait_for_all u8 1
	check "it is quorate" wait_for 20 is_quorate "$second"
	check "the operator confirms that $primary is off" on "$second" timeout 60 pcs stonith confirm "$primary" --force
	check "explain on $second: not certain" wait_for 60 tells "$second" vm1 \
		"May this host's data be used: no, .*whether $primary went on alone.*\(rule: certainty\)" || return
	check "the VM is not started" test "$reads" = "$(founds)"
	check "force-primary" says 0 "may be used from now on" on "$second" vmtwin force-primary vm1 --yes
	check "Pacemaker starts the VM, it reads back" read_back $((reads + 1)) 90 || return
	check "$(verdict)" nothing_lost
	check "ALONE, uptodate" wait_for 10 state_is "$second" ALONE
	lab fence-mode "$lab_name" normal
	check "$primary comes back after all" lab boot "$lab_name" "$primary"
	check "it had not gone on: PRIM and SECOND green" becomes_green
	check "$(verdict)" nothing_lost
}

need "vm1 is ready" vm1_ready
check "vm2 on both hosts" make2
check "they get in step" wait_for 30 in_step
make_fork
decide_fork
if command -v strace >/dev/null; then
	crash_points
	[ "$VT_SOAK" = no ] || left_alone
else
	skip "crash points: no strace"
fi
remove2
discard_unnoticed
support_archive
lost_for_good
