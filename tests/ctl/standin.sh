# shellcheck shell=bash disable=SC2154 # variables of run.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A stand-in answers for vmtwind; a terminal is typed on. Sourced by run.sh.

replay_dir=$work/daemon

replay_start() {
	rm -rf "$replay_dir" && mkdir "$replay_dir"
	ip link set lo up 2>/dev/null
	coproc DAEMON { exec "$build/tests/ctl-replay" "$replay_dir"; }
	holders+=("$DAEMON_PID")
	read -r -t 10 _ <&"${DAEMON[0]}" || { fail "ctl-replay does not start"; return 1; }
	printf 'rc=0\n' | tee "$replay_dir/start" "$replay_dir/stop" >"$replay_dir/force"
}
replay_stop() { kill "$DAEMON_PID" && wait "$DAEMON_PID" 2>/dev/null; }
asked() { sed -n 's/^cmd=\([a-z-]*\) .*/\1/p' "$replay_dir/log" 2>/dev/null | xargs; }
forget_asked() { rm -f "$replay_dir/log"; }

# facts KEY=VALUE...: what explain answers, with what it says else.
facts() {
	printf '%s\n' "$@" rc=0 text=facts host=h1 peer=h2 peer-member=0 role=secondary usable=no \
		'rule=standing outdated' standing=outdated fork=0 force-rc=0 \
		'loses=all that h2 has acknowledged since it went on alone' >"$replay_dir/explain"
}

# typed TEXT COMMAND...: the command on a terminal where TEXT is typed, and its exit code
typed() {
	local text=$1 out
	shift
	out=$(script -qc "$(printf '%q ' "$@"); echo \"exit \$?\"" /dev/null < <(echo "$text"; sleep 0.3))
	echo "$out"
	out=${out##*exit }
	return "${out%%[!0-9]*}"
}
