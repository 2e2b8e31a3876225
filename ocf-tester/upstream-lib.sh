# shellcheck shell=bash disable=SC2154 # variables of run and lib.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Running the tester of the resource-agents project, unchanged, on an agent. Its DTD is that of OCF 1.0; exactly the
# three additions of OCF 1.1 that the agents use are made to a copy.

# extend_dtd FILE: writes the extended DTD to standard output; fails if it finds not exactly three places
extend_dtd() {
	sed -e 's/|reload|/|reload|reload-agent|/' \
		-e 's/^\( *\)unique  (1|0)   "0">/\1unique  (1|0)   "0"\n\1unique-group CDATA #IMPLIED\n\1reloadable (1|0) "0">/' "$1"
}
dtd_differs_as_meant() { # dtd_differs_as_meant OLD NEW
	[ "$(diff "$1" "$2" | grep -c '^>')" = 4 ] && [ "$(diff "$1" "$2" | grep -c '^<')" = 2 ] &&
		grep -q 'reload-agent' "$2" && grep -q 'unique-group' "$2" && grep -q 'reloadable' "$2"
}
# upstream AGENT PARAMETER=VALUE...
upstream() {
	local agent=$1 p out
	local -a opts=()
	shift
	for p; do opts+=(-o "$p"); done
	if out=$(timeout 300 ocf-tester -n "$agent" "${opts[@]}" "$agents/$agent" 2>&1); then
		pass "$agent: upstream ocf-tester"
	else
		fail "$agent: upstream ocf-tester" "$out"
	fi
	# a failed check of metadata or permissions is counted, but told apart here
	check "$agent: ... with no remark but on optional actions" \
		test -z "$(grep '^\*' <<<"$out" | grep -v '(optional)')"
}

upstream_setup() {
	local a dtd=/usr/share/resource-agents/ra-api-1.dtd
	if ! command -v ocf-tester >/dev/null || [ ! -r $dtd ]; then
		skip "upstream ocf-tester" "it is not installed"
		return 1
	fi
	extend_dtd $dtd >"$work/extended.dtd"
	check "the DTD is extended by the three additions of OCF 1.1 and no more" \
		dtd_differs_as_meant $dtd "$work/extended.dtd"
	for a in mirror vm; do
		"$agents/$a" meta-data >"$work/$a.meta"
		check "$a: those additions are all it needs" sh -c "cd /tmp &&
			sed 's|\"ra-api-1.dtd\"|\"$work/extended.dtd\"|' $work/$a.meta | xmllint --nonet --noout --valid -"
	done
	mount --bind "$work/extended.dtd" $dtd # in our own mount namespace
}
