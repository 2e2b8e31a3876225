# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # lib/test.sh's
# Watches, during every test, that never two hosts acknowledge writes (S6). Sourced by test.sh; run starts it.
#
# Each host is asked in turn. Two answers can't be had at one moment; but a host that may acknowledge before and after
# the other one was found to may have done so at that moment too. Besides, the oracle convicts two guests at once: both write
# numbers to one console. VT_WATCH is the file of what was seen, a line each: "single HOST", "double MS"; after watch_anew its
# first line is "anew MS".

# The worker's own answer, not what vmtwind heard from it last.
may_acknowledge() { quiet_on "$1" timeout 5 vmtwin explain vm1 | grep -qE 'state: (PRIM green|ALONE (green|orange))'; }

watch_hosts() {
	local host=host1 before='' last='' life='' may
	while :; do
		[ -d "$lab_dir/hosts/$host" ] && may_acknowledge "$host" && may=yes || may=no
		# What was seen before watch_anew, or asked before it, is over.
		[ "$life" = "$(watch_life)" ] || { life=$(watch_life) before='' last='' may=no; }
		if [ $may = yes ]; then
			echo "single $host" >>"$VT_WATCH"
			[ "$before,$last" != "yes,yes" ] || echo "double $(now_ms)" >>"$VT_WATCH"
			before=$last last=yes
		else
			before=$last last=no
		fi
		host=$(other "$host")
		sleep 0.3
	done
}

watch_life() { grep -m1 '^anew' "$VT_WATCH"; }
watch_doubles() { grep -c '^double' "$VT_WATCH"; }
never_two() {
	[ "$(grep -c '^single' "$VT_WATCH")" -gt 0 ] || { echo "no host was ever seen to be PRIM or ALONE"; return 1; }
	[ "$(watch_doubles)" = 0 ] || { echo "two hosts at once, seen $(watch_doubles) times, first at $(grep -m1 '^double' "$VT_WATCH")"; return 1; }
}
watch_anew() { echo "anew $(now_ms)" >"$VT_WATCH"; }
