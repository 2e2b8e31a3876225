# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Waits for a condition, with a limit.

# wait_for SECONDS CMD...: until CMD succeeds, asked every 0.2 s; 1 when the time is up.
wait_for() {
	local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ] || return 1
		sleep 0.2
	done
}
