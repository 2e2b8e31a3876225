# shellcheck shell=bash disable=SC2154 # variables of run and lib.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Metadata: the schema, and what the users' tools make of it.

schema=$(find /usr/share/pcs /usr/lib/python3/dist-packages/pcs -name ocf-1.1.rng 2>/dev/null | head -1)

names_of() { # names_of AGENT parameter|action
	"$agents/$1" meta-data | sed -n "s/^<$2 name=\"\([^\"]*\)\".*/\1/p" | sort -u
}
shows_all() { # shows_all AGENT TEXT KIND...: each name of each kind is in the text
	local agent=$1 text=$2 kind name missing=''
	shift 2
	for kind; do
		for name in $(names_of "$agent" "$kind"); do
			grep -qw -- "$name" <<<"$text" || missing+=" $name"
		done
	done
	[ -z "$missing" ] || { echo "missing:$missing"; echo "$text"; return 1; }
}
first_words() { "$agents/$1" meta-data | sed -n 's/^<longdesc lang="en">\(.\{40\}\).*/\1/p' | head -1; }

for a in mirror vm; do
	"$agents/$a" meta-data >"$work/$a.xml"
	if [ -n "$schema" ]; then
		check "$a: metadata fits the OCF 1.1 schema" xmllint --nonet --noout --relaxng "$schema" "$work/$a.xml"
	else
		skip "$a: metadata fits the OCF 1.1 schema" "pcs's ocf-1.1.rng is not installed"
	fi
	check "$a: metadata needs no root" su nobody -s /bin/sh -c "$agents/$a meta-data >/dev/null"
	check "$a: says OCF version 1.1" grep -q '^<version>1.1</version>$' "$work/$a.xml"
	for action in start stop monitor meta-data validate-all reload-agent; do
		check "$a: offers $action" grep -q "<action name=\"$action\" timeout=" "$work/$a.xml"
	done
	agent "$a" frobnicate; expect "$a: an unknown action is not implemented" 3
	agent "$a" migrate_to; expect "$a: migrate_to is not implemented" 3

	text=$(pcs resource describe "ocf:vmtwin:$a" --full 2>&1)
	check "$a: pcs resource describe shows every parameter" \
		shows_all "$a" "$text" parameter
	check "$a: pcs resource describe shows the description" \
		grep -qF "$(first_words "$a")" <<<"$(tr '\n' ' ' <<<"$text" | tr -s ' ')"
	text=$(crm ra info "ocf:vmtwin:$a" 2>&1)
	check "$a: crm ra info shows every parameter" shows_all "$a" "$text" parameter
	check "$a: crm ra info shows the description" \
		grep -qF "$(first_words "$a")" <<<"$(tr '\n' ' ' <<<"$text" | tr -s ' ')"
done
check "mirror: monitors both roles at different intervals" test \
	"$(grep -c '<action name="monitor" .*interval="1[01]s" role="\(Promoted\|Unpromoted\)"' "$work/mirror.xml")" = 2
check "pcs lists the provider's agents" grep -q 'ocf:vmtwin:mirror' <<<"$(pcs resource list vmtwin 2>&1)"
