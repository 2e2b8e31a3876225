# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the suites written in shell share: to count what holds and what does not. To be sourced; a suite's last command is verdict.
passed=0 failed=0 skipped=0
pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAILED: $*"; }
skip() { skipped=$((skipped + 1)); echo "skipped: $*"; }

not() { ! "$@"; }
holds() { # NAME COMMAND...
	local name=$1
	shift
	if "$@"; then pass; else fail "$name"; fi
}

# That exit code, and TEXT in what is printed.
expect() { # CODE TEXT COMMAND...
	local code=$1 text=$2 out rc
	shift 2
	out=$("$@" 2>&1 </dev/null)
	rc=$?
	if [ "$rc" != "$code" ]; then
		fail "$*: exit code $rc instead of $code: $out"
	elif [[ $out != *"$text"* ]]; then
		fail "$*: said '$out', expected '$text'"
	else
		pass
	fi
}

verdict() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
}
