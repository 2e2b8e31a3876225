# shellcheck shell=bash disable=SC2154 # variables of run.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# force-primary: the operator's way out. Sourced by run.sh.

test_force() {
	local force=("$vmtwin" force-primary vm1)
	new_vm
	ip link set lo up 2>/dev/null
	expect 3 "systemctl start vmtwind" "${force[@]}" --yes
	expect 64 "is not a unit's name" "$vmtwin" force-primary ../x
	expect 64 "which unit?" "$vmtwin" force-primary --yes
	replay_start || return
	printf 'rc=-2\ntext=unit vm1 is not started on this host\n' >"$replay_dir/explain"
	expect 4 "start it first" "${force[@]}" --yes
	printf 'rc=0\ntext=facts\n' >"$replay_dir/explain"
	expect 1 "older than this command" "${force[@]}" --yes
	facts force-rc=-114 usable=yes 'rule=standing solo'
	expect 1 "not needed: this host's data may be used (rule: standing solo)" "${force[@]}" --yes
	facts force-rc=-16 role=primary usable=yes rule=primary
	expect 1 "not needed" "${force[@]}" --yes
	facts force-rc=-16 'force-text=h2 has the VM: stop it there first'
	expect 1 "refused: h2 has the VM: stop it there first; nothing was changed" "${force[@]}" --yes
	facts force-rc=-5 'force-text=this host'"'"'s disk failed'
	expect 1 "disk failed; nothing was changed" "${force[@]}" --yes
	facts
	expect 1 "name typed on a terminal, or --yes; nothing was changed" "${force[@]}"
	same "what was asked up to here" "" "$(asked | tr ' ' '\n' | grep -v explain | xargs)"
	if command -v script >/dev/null; then
		forget_asked
		expect 1 "'vm2' is not the name of the unit, vm1; nothing was changed" typed vm2 "${force[@]}"
		expect 1 "nothing was changed" typed "" "${force[@]}"
		same "a wrong name forces nothing" "explain explain" "$(asked)"
		expect 0 "the copy on h1 may be used from now on" typed vm1 "${force[@]}"
		same "the right one does" "explain explain explain force" "$(asked)"
	else
		skip "no script(1) to type on a terminal"
	fi
	expect 0 "This may lose: all that h2 has acknowledged since it went on alone." "${force[@]}" --yes
	expect 0 "pcs stonith confirm h2" "${force[@]}" --yes
	expect 0 "make sure that it is off" "${force[@]}" --yes
	facts peer-member=1
	same "a host that is there is not to be confirmed off" "" "$("${force[@]}" --yes | grep confirm)"
	printf 'rc=-16\ntext=unit vm1: h2 has the VM\n' >"$replay_dir/force"
	expect 1 "refused: unit vm1: h2 has the VM" "${force[@]}" --yes
	expect 1 "run this as root" setpriv --reuid 65534 --clear-groups "${force[@]}" --yes
	replay_stop
}
