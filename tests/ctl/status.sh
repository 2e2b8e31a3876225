# shellcheck shell=bash disable=SC2154 # variables of run.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What status, explain and log show. Sourced by run.sh.

test_status() {
	local dir=$work/replies
	mkdir "$dir"
	ip link set lo up 2>/dev/null
	expect 3 "systemctl start vmtwind" "$vmtwin" status
	expect 3 "systemctl start vmtwind" "$vmtwin" explain vm1
	coproc REPLAY { exec "$build/tests/ctl-replay" "$dir"; }
	holders+=("$REPLAY_PID")
	read -r -t 10 _ <&"${REPLAY[0]}" || { fail "ctl-replay does not start"; return; }
	printf '%s\n' rc=0 quorate=yes unit0.name=vm1 unit0.host=host1 unit0.state=PRIM \
		unit0.colour=green unit0.uptodate=1 unit0.held=0 unit0.peer.host=host2 \
		unit0.peer.state=SECOND unit0.peer.colour=green unit0.peer.uptodate=1 >"$dir/status"
	expect 0 "vm1   host1  PRIM     green    uptodate" "$vmtwin" status
	expect 0 "      host2  SECOND   green    uptodate" "$vmtwin" status vm1
	expect 4 "no unit 'vm2'" "$vmtwin" status vm2
	sed -i 's/peer.colour=green/peer.colour=orange/; s/peer.uptodate=1/peer.uptodate=0/' "$dir/status"
	printf '%s\n' unit0.peer.progress=43 unit0.peer.eta_s=12 >>"$dir/status"
	expect 1 "host2  SECOND   orange   not uptodate  resync 43%, ETA 12 s" "$vmtwin" status
	same "no escapes in a pipe" "" "$("$vmtwin" status | tr -cd '\033')"
	printf '%s\n' next=1 >>"$dir/status"
	printf '%s\n' rc=0 unit1.name=vm2 unit1.host=host1 unit1.state=WAIT unit1.colour=red \
		'unit1.text=says "no" \ and	why'$'\v''twice '$'\303\244\377' unit1.peer.host=host2 \
		unit1.peer.state=unknown >"$dir/status.1"
	expect 2 "vm2   host1  WAIT     red" "$vmtwin" status
	expect 2 "host2  unknown  unknown  -" "$vmtwin" status vm2
	local json
	json=$("$vmtwin" status --json)
	same "json's exit code" 2 $?
	if command -v jq >/dev/null; then
		same "json" "vm1 PRIM SECOND 43 vm2 red null" "$(jq -r '[.units[0].unit, .units[0].hosts[0].state,
			.units[0].hosts[1].state, .units[0].hosts[1].progress, .units[1].unit,
			.units[1].hosts[0].colour, .units[1].hosts[1].uptodate] | map(tostring) | join(" ")' <<<"$json")"
		same "json text" $'says "no" \\ and\twhy\ntwice \303\244\357\277\275' \
			"$(jq -r '.units[1].hosts[0].text' <<<"$json")"
		same "json facts" yes "$(jq -r .facts.quorate <<<"$json")"
	elif python3 -c 'import json' 2>/dev/null; then
		expect 0 "vm1" python3 -c 'import json, sys; print(json.loads(sys.argv[1])["units"][0]["unit"])' "$json"
	else
		skip "nothing here that reads JSON"
	fi
	printf 'rc=0\n' >"$dir/status"
	expect 0 "no units on this host" "$vmtwin" status
	printf 'rc=-5\ntext=the reason\n' >"$dir/status"
	expect 4 "the reason" "$vmtwin" status
	printf 'rc=0\ntext=one\vtwo\n' >"$dir/explain"
	expect 0 $'one\ntwo' "$vmtwin" explain vm1
	printf 'rc=-2\ntext=not started\n' >"$dir/explain"
	expect 4 "in standby or has failed" "$vmtwin" explain vm1
	kill "$REPLAY_PID" && wait "$REPLAY_PID" 2>/dev/null
}

test_log() {
	local dir=/var/log/vmtwin
	mkdir -p "$work/log"
	mount --bind "$work/log" /var/log || { skip "no bind mounts"; return; }
	expect 1 "no story of 'vm1'" "$vmtwin" log vm1
	mkdir "$dir"
	seq 1 30000 >"$dir/vm1.log"
	same "last lines" "29999 30000" "$("$vmtwin" log vm1 -n 2 | xargs)"
	same "fifty by default" "50 29951" "$("$vmtwin" log vm1 | wc -l) $("$vmtwin" log vm1 | head -1)"
	same "more than there are" 30000 "$("$vmtwin" log vm1 -n 40000 | wc -l)"
	same "none" "" "$("$vmtwin" log vm1 -n 0)"
	printf 'half' >>"$dir/vm1.log"
	same "an unfinished line" "30000 half" "$("$vmtwin" log vm1 -n 2 | xargs)"
	: >"$dir/vm2.log"
	same "empty" "" "$("$vmtwin" log vm2)"
	: >"$work/followed"
	"$vmtwin" log vm2 -f >"$work/followed" &
	holders+=($!)
	echo first >>"$dir/vm2.log"
	wait_for first
	mv "$dir/vm2.log" "$dir/vm2.log.1" && echo second >"$dir/vm2.log"
	wait_for second
	kill $! && wait $! 2>/dev/null
	umount /var/log
}

wait_for() { # until TEXT is in the followed output
	for ((i = 0; i < 50; i++)); do
		grep -q "$1" "$work/followed" && { pass; return; }
		sleep 0.1
	done
	fail "log -f did not show '$1'"
}
