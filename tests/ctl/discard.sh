# shellcheck shell=bash disable=SC2154 # variables of run.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# discard-fork: which branch is given up, that it is kept, and that it may be killed anywhere. Sourced by run.sh.

discard() { "$vmtwin" discard-fork vm1 --unit-dir "$units" "$@"; }
kept() { find "$fs/images/.vmtwin" -maxdepth 1 -name 'vm1.fork-*'; }
meta_of() { byte_at "$fs/images/.vmtwin/vm1/meta/slot1" "$1"; }

prepare_fork() {
	new_vm
	create --host h1 >/dev/null
	facts fork=1 'rule=fork'
	forget_asked
}

# The branch is there once and whole, and the store is one of the two whole ones.
fork_whole() {
	[ "$(find "$fs/images" -name disk.qcow2 -exec cat {} +)" = disk ] &&
		[ "$(stat -c %s "$fs/images/.vmtwin/vm1/meta/slot0" "$fs/images/.vmtwin/vm1/meta/slot1" | xargs)" = "4096 4096" ] &&
		[ -d "$fs/images/.vmtwin/vm1/data" ]
}

fork_discarded() { # AFTER
	local dir
	dir=$(kept)
	same "one branch kept, $1" 1 "$(wc -l <<<"$dir")"
	same "with its bytes, $1" disk "$(cat "$dir/data/disk.qcow2")"
	same "the store is empty, $1" "" "$(ls -A "$fs/images/.vmtwin/vm1/data")"
	same "as a second host's, $1" "1 0 0" "$(meta_of 52) $(meta_of 74) $(meta_of 20)"
	same "nothing else is left, $1" "2" "$(find "$fs/images/.vmtwin" -mindepth 1 -maxdepth 1 | wc -l)"
}

killed_in_discard() {
	fork_whole || fail "discard-fork killed at $1: no whole store, or the branch is not whole"
	if [ -z "$(kept)" ]; then
		# a run that was not asked for this again: it is known from what lies there
		[ -e "$fs/images/.vmtwin/vm1.discard-new/data/disk.qcow2" ] && facts fork=0
		expect 0 "branch is given up" discard --yes
	fi
	fork_discarded "killed at $1"
}

refused_discards() {
	prepare_fork
	refused 1 "no unit 'vm9'" "$vmtwin" discard-fork vm9 --unit-dir "$units" --yes
	refused 1 "name typed on a terminal, or --yes; nothing was changed" discard
	command -v script >/dev/null &&
		refused 1 "is not the name of the unit" typed vm "$vmtwin" discard-fork vm1 --unit-dir "$units"
	facts fork=1 role=primary
	refused 1 "this host is primary" discard --yes
	refused 1 "this host is primary" discard --yes --even-so
	facts
	refused 1 "no fork was seen with h2 (standing outdated)" discard --yes
	printf 'rc=-2\ntext=unit vm1 is not started on this host\n' >"$replay_dir/explain"
	refused 1 "not started on this host, and no fork is recorded" discard --yes
	facts fork=1
	same "nothing was stopped" "" "$(asked | tr ' ' '\n' | grep -v explain | xargs)"
	printf 'rc=-110\ntext=unit vm1: stop took too long\n' >"$replay_dir/stop"
	refused 1 "can't be stopped here: unit vm1: stop took too long; nothing was changed" discard --yes
	printf 'rc=0\n' >"$replay_dir/stop"
	flock -F -n "$fs/images/.vmtwin/vm1/meta" sleep 60 &
	holders+=($!)
	sleep 0.2
	forget_asked
	refused 1 "a worker of this unit is still running" discard --yes
	same "a unit that was stopped is started again" "explain stop start" "$(asked)"
	kill "$!" && wait "$!" 2>/dev/null
	mount --bind "$fs/images/.vmtwin/vm1" "$fs/images/.vmtwin/vm1"
	refused 1 "is a mount point" discard --yes
	umount "$fs/images/.vmtwin/vm1"
	flock -F -n "$units" sleep 60 &
	holders+=($!)
	sleep 0.2
	refused 1 "locked by another" discard --yes
	kill "$!" && wait "$!" 2>/dev/null
	head -c 30M /dev/zero >"$data/big" && sync -f "$data"
	refused 1 "make room, or say --even-so; nothing was changed" discard --yes
	rm "$data/big"
	: >"$fs/images/.vmtwin/vm1.discard-new"
	refused 1 "not a directory" discard --yes
	rm "$fs/images/.vmtwin/vm1.discard-new"
	refused 1 "run this as root" setpriv --reuid 65534 --clear-groups "$vmtwin" discard-fork vm1 --unit-dir "$units"
}

kept_branches() {
	local name
	name=$(basename "$(kept)")
	expect 0 "$name" discard --list
	expect 0 "standing solo (it holds writes that the other host lacks), last era 1" discard --list
	refused 1 "is not a kept branch" discard --delete vm1 --yes
	refused 1 "is not a kept branch" discard --delete "../vm1/$name" --yes
	refused 1 "is not a kept branch" discard --delete "/tmp/$name" --yes
	refused 1 "there is no" discard --delete vm1.fork-20000101-000000 --yes
	refused 1 "name typed on a terminal" discard --delete "$name"
	cp "$units/vm1.conf" "$units/$name.conf"
	refused 1 "is not a kept branch" discard --delete "$name" --yes
	expect 0 "no kept branches" discard --list
	rm "$units/$name.conf"
	flock -F -n "$fs/images/.vmtwin/$name/meta" sleep 60 &
	holders+=($!)
	sleep 0.2
	refused 1 "in use by a worker" discard --delete "$name" --yes
	kill "$!" && wait "$!" 2>/dev/null
	if killed unlink 2 "$vmtwin" discard-fork vm1 --unit-dir "$units" --delete "$name" --yes; then
		expect 0 "its deletion was interrupted" discard --list
		name=$name.deleting
	else
		skip "deletion killed: no strace"
	fi
	expect 0 "is deleted" discard --delete "$name" --yes
	same "it is gone" "" "$(kept)"
	expect 0 "no kept branches" discard --list
}

test_discard() {
	replay_start || return
	refused_discards
	prepare_fork
	local before owner
	owner=$(stat -c '%u:%g %a' "$data")
	before=$(lsattr -d "$vm_dir" 2>/dev/null)
	expect 0 "vmtwin discard-fork vm1 --delete vm1.fork-" discard --yes
	same "stopped and started" "explain stop start" "$(asked)"
	same "so that nobody notices" "restart_ms restart" "$(grep -o 'restart[_a-z]*' "$replay_dir/log" | xargs)"
	fork_discarded "done"
	same "owner and mode of the store" "$owner" "$(stat -c '%u:%g %a' "$data")"
	same "the VM's directory is protected as before" "$before" "$(lsattr -d "$vm_dir" 2>/dev/null)"
	kept_branches
	prepare_fork
	printf 'rc=-2\ntext=unit vm1 is not started on this host\n' >"$replay_dir/explain"
	expect 0 "branch is given up" discard --yes --even-so
	same "a unit that doesn't run is left to Pacemaker" "explain" "$(asked)"
	prepare_fork
	killed renameat2 2 "$vmtwin" discard-fork vm1 --unit-dir "$units" --yes # stopped, not exchanged
	printf 'rc=-2\ntext=unit vm1 is not started on this host\n' >"$replay_dir/explain"
	forget_asked
	expect 0 "going on from an earlier run" discard --yes
	same "what an earlier run stopped is started" "explain start" "$(asked)"
	fork_discarded "stopped by an earlier run"
	# what counts as a branch, where the run was killed before it had its name: a history, or data
	prepare_fork
	killed renameat2 3 "$vmtwin" discard-fork vm1 --unit-dir "$units" --yes
	rm -r "$fs/images/.vmtwin/vm1.discard-new/data"/*
	facts fork=0
	expect 0 "going on from an earlier run" discard --yes
	same "a history without data" "4 0" "$(byte_at "$(kept)/meta/slot1" 52) $(find "$(kept)/data" -type f | wc -l)"
	rm -r "$(kept)"
	prepare_other_host
	create --host h2 >/dev/null
	printf 'disk' >"$data/disk.qcow2"
	facts fork=1
	killed renameat2 3 "$vmtwin" discard-fork vm1 --unit-dir "$units" --yes
	facts fork=0
	expect 0 "going on from an earlier run" discard --yes
	same "data without a history" disk "$(cat "$(kept)/data/disk.qcow2")"
	prepare_fork
	printf 'rc=-5\ntext=no\n' >"$replay_dir/start"
	expect 1 "doesn't start here again: no" discard --yes
	fork_discarded "started in vain"
	printf 'rc=0\n' >"$replay_dir/start"
	replay_stop
	prepare_fork
	refused 1 "vmtwind does not run on this host" discard --yes
	expect 0 "branch is given up" discard --yes --even-so
	command -v strace >/dev/null || { skip "discard-fork killed at each step: no strace"; return; }
	replay_start || return
	at_each_step prepare_fork killed_in_discard "$vmtwin" discard-fork vm1 --unit-dir "$units" --yes
	replay_stop
}
