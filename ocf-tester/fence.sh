# shellcheck shell=bash disable=SC2154 # variables of run and lib.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# fence_vmtwin as fencers call it, with vmtwind in every mood. Of the stand-in's hosts, "one" is this one.

agent_file=/usr/sbin/fence_vmtwin
overlay /usr/sbin || { echo "ocf-tester/fence.sh: can't overlay /usr/sbin" >&2; exit 2; }
install -m 755 /run/built/fence_vmtwin "$agent_file" || exit 2
declare told='' shown='' # standard error, standard output of the last call

measured() { # measured COMMAND...: sets rc, told, shown, took_ms
	local start
	start=$(date +%s%3N)
	timeout -k 1 60 "$@" >"$work/shown" 2>"$work/told"
	rc=$?
	took_ms=$(($(date +%s%3N) - start))
	told=$(tr '\0' '?' <"$work/told") shown=$(cat "$work/shown")
}
by_argv() { measured "$agent_file" "$@" </dev/null; }
# by_stdin LINE...: as the fencer does it
by_stdin() { printf '%s\n' "$@" >"$work/input"; measured "$agent_file" <"$work/input"; }
by_file() { measured "$agent_file" <"$1"; }

# is NAME RC [TOLD [SHOWN]]: that exit code; standard error and output fit. "-" stands for nothing at all.
is() {
	local name=$1 want=$2 problem=''
	[ "$rc" = "$want" ] || problem="exit code $rc instead of $want;"
	fits "${3:-}" "$told" || problem+=" standard error does not fit \"$3\";"
	fits "${4:-}" "$shown" || problem+=" standard output does not fit \"$4\";"
	if [ -z "$problem" ]; then pass "fence: $name"; else fail "fence: $name" "$problem"$'\n'"$told"$'\n'"$shown"; fi
}
fits() { # PATTERN TEXT
	case $1 in
	'') ;;
	-) [ -z "$2" ] ;;
	*) grep -Eq -- "$1" <<<"$2" ;;
	esac
}
between() { # between NAME LOW HIGH: what the last call took, in ms
	if [ "$took_ms" -ge "$2" ] && [ "$took_ms" -le "$3" ]; then
		pass "fence: $1"
	else
		fail "fence: $1" "took $took_ms ms instead of $2 to $3"$'\n'"$told"
	fi
}
requests() { # requests CMD: the requests since the last `forget`
	tail -n "+$((seen + 1))" "$standin_dir/log" 2>/dev/null | grep -E "^cmd=$1 " || true
}
forget() { seen=$(wc -l <"$standin_dir/log" 2>/dev/null) || seen=0; }
count() { requests "$1" | wc -l; }
asked() { # asked NAME PATTERN: each `fence` request fits, and there was one
	if [ "$(count fence)" -gt 0 ] && ! requests fence | grep -Evq -- "$2"; then
		pass "fence: $1"
	else
		fail "fence: $1" "no requests like \"$2\":"$'\n'"$(requests fence)"
	fi
}
not_asked() {
	if [ "$(count fence)" = 0 ]; then pass "fence: $1"; else fail "fence: $1" "$(requests fence)"; fi
}
sockets() { find /dev/shm -mindepth 1 | wc -l; }
no_sockets() { [ "$(sockets)" -le "$1" ]; }
seen=0

# ---- description ---------------------------------------------------------------------------------------------
by_stdin action=metadata
cp "$work/shown" "$work/fence.xml"
is "metadata from standard input" 0 - '<resource-agent name="fence_vmtwin" shortdesc='
same_metadata() { [ -s "$work/shown" ] && cmp "$work/shown" "$work/fence.xml"; }
for form in "-o metadata" "--action metadata" "--action=metadata" "-ometa-data" "-o METADATA"; do
	# shellcheck disable=SC2086 # words
	by_argv $form
	check "fence: metadata by $form" same_metadata
done
fence_schema() { xmllint --nonet --noout --relaxng "$1" "$work/fence.xml"; }
schema=$(find /usr/share/pcs /usr/lib/python3/dist-packages/pcs -name ocf-1.0.rng 2>/dev/null | head -1)
if [ -n "$schema" ]; then
	check "fence: metadata fits the schema that pcs applies to fence agents" fence_schema "$schema"
else
	skip "fence: metadata fits the schema that pcs applies to fence agents" "pcs is not installed"
fi
# That one is relaxed. The strict one is in Debian's fence-agents, a package of 100 MB with what it needs; what it asks for is below.
schema=/usr/share/cluster/relaxng/metadata.rng
[ ! -f $schema ] || check "fence: metadata fits the schema of the fence-agents project" fence_schema $schema
xpath() { xmllint --nonet --xpath "$1" "$work/fence.xml"; }
check "fence: each parameter has what the strict schema wants" test "$(xpath \
	'concat(count(//parameter) > 8, count(//parameter[not(@name and @unique and @required and getopt/@mixed and content/@type and shortdesc[@lang and text()])]))')" = true0
check "fence: metadata has a description, a vendor, and on is not automatic" test "$(xpath \
	'count(/resource-agent/longdesc[text()]) + count(/resource-agent/vendor-url) + count(//action[@name="on" and @automatic="0"])')" = 3
check "fence: metadata names every action" test "$(xpath '//action/@name' | tr -d ' \n')" = \
	"$(printf 'name="%s"' off reboot on status monitor list list-status validate-all metadata)"
check "fence: metadata needs no root" su nobody -s /bin/sh -c "$agent_file -o metadata >/dev/null"
check "fence: Pacemaker shows its metadata" sh -c \
	"crm_resource --show-metadata stonith:fence_vmtwin | grep -q '<parameter name=.wait_timeout'"
text=$(pcs stonith describe fence_vmtwin --full 2>&1)
for name in action plug delay wait_timeout verbose quiet debug_file; do
	check "fence: pcs stonith describe shows $name" grep -qw -- "$name" <<<"$text"
done
check "fence: crm ra info shows it" grep -q wait_timeout <<<"$(crm ra info stonith:fence_vmtwin 2>&1)"
by_argv --help; is "help" 0 - 'usage: fence_vmtwin'
by_stdin help=1; is "help from standard input" 0 - 'usage: fence_vmtwin'
by_argv -V; is "version" 0 - '^fence_vmtwin [0-9]'

# ---- options ---------------------------------------------------------------------------------------------------
by_argv --frobnicate; is "an unknown option is a usage error" 1 "unknown option '--frobnicate'" -
by_argv -x; is "an unknown letter is one" 1 "unknown option '-x'" -
by_argv -o reboot two; is "a word that is no option is one" 1 "'two' is no option" -
by_argv -n; is "a missing value is one" 1 "'-n' needs a value" -
by_argv -o frobnicate -n two; is "an unknown action" 1 "unknown action 'frobnicate'" -
by_stdin action=frobnicate plug=two; is "an unknown action from standard input" 1 "unknown action 'frobnicate'" -
for action in off reboot on status; do
	by_stdin "action=$action"; is "$action without a host" 1 "$action of which host" -
done
: >"$work/empty"
by_file "$work/empty"; is "nothing at all is a reboot of no host" 1 "reboot of which host" -
by_stdin action=off plug=two delay=soon; is "a delay that is no number" 1 "'soon' is not a number of seconds" -
by_stdin action=off plug=two wait_timeout=-1; is "a negative wait_timeout" 1 "'-1' is not a number of seconds" -
by_stdin action=off "plug=one,two"; is "several hosts at once" 1 "'one,two' is not the name of one host" -
printf 'action=off\nplug=t\0wo\n' >"$work/nul"
by_file "$work/nul"; is "a NUL byte" 1 "NUL byte" -
{ printf 'action=off\nplug=two\nx='; head -c 5000 /dev/zero | tr '\0' y; echo; } >"$work/long"
by_file "$work/long"; is "a line that is too long" 1 "line 3 .* more than 4096 bytes" -
{ printf 'action=off\nplug=two\n'; yes '#' | head -600; } >"$work/many"
by_file "$work/many"; is "too many lines" 1 "more than 512 lines" -
head -c 100000 /dev/zero | tr '\0' '\n' >"$work/much"
by_file "$work/much"; is "too much" 1 "more than 65536 bytes" -
by_stdin action=validate-all frobnicate=1 secret=hunter2 verbose=perhaps nodename=two pcmk_host_list=x crm_feature_set=3
is "what is unknown on standard input is told by name and ignored" 0 \
	'^fence_vmtwin: options that are not known are ignored: frobnicate, secret, verbose=perhaps$' -
by_argv -o validate-all; is "validate-all without vmtwind" 0 - -
by_stdin action=validate-all delay=x; is "validate-all with a bad option" 1 "not a number" -

# ---- without vmtwind ---------------------------------------------------------------------------------------------
by_argv -o status -n two; is "status without vmtwind" 1 "vmtwind does not run" '^Status: UNKNOWN$'
by_argv -o list; is "list without vmtwind" 1 "vmtwind does not run" -
by_argv -o on -n two; is "on without vmtwind" 1 "vmtwind does not run" -
by_argv -o monitor; is "monitor without vmtwind" 1 "vmtwind does not run" -
between "monitor gives vmtwind time to come" 7000 11000
by_argv -o off -n two --wait-timeout 2
is "off without vmtwind is no success" 1 "not confirmed within 2 s .*vmtwind does not run" -
between "wait_timeout is kept" 1900 3500
by_argv -o off -n "$(uname -n)" --wait-timeout 15
is "without vmtwind the kernel's name tells who this host is" 1 "off of $(uname -n) is refused: it is this host" -
between "and it is told at once" 0 3500
by_argv -o reboot -n two
is "without vmtwind it gives up, so that the fencer asks somebody else" 1 'failed: no answer from vmtwind on this host for 20 s' -
between "but a restart of vmtwind is waited for" 19500 24000

# ---- asked and answered ---------------------------------------------------------------------------------------------
standin_start
by_argv -o monitor; is "monitor" 0 - -
fault 'fence-ready refuse -1 two_node without a witness'
by_argv -o monitor; is "monitor tells why it can't work" 1 "two_node without a witness" -
by_argv -o list; is "list fails then too" 1 "two_node without a witness" -
fault 'fence-ready need 67700'
by_stdin action=monitor wait_timeout=60; is "monitor refuses a wait_timeout that is too short" 1 "takes 68 s at least" -
by_stdin action=validate-all wait_timeout=60; is "so does validate-all" 1 "takes 68 s at least" -
by_stdin action=monitor; is "the default is long enough" 0 - -
by_stdin action=monitor wait_timeout=0; is "so is no limit" 0 - -
no_fault
by_argv -o list; is "list" 0 - "$(printf '^one,$')"
check "fence: list has a line for each host" test "$shown" = $'one,\ntwo,'
by_argv -o list-status; check "fence: list-status" test "$shown" = $'one,,ON\ntwo,,ON'
by_argv -o status -n two; is "status on" 0 - '^Status: ON$'
by_argv -o on -n two; is "on of a host that is on" 0 "it is on" -
fault 'fence-status state off two has ended'
by_argv -o status -n two; is "status off" 2 - '^Status: OFF$'
by_argv -o on -n two; is "on of a host that is off" 1 "two has ended; this agent can't switch a host on" -
fault 'fence-status state unknown two is not heard'
by_argv -o status -n two; is "status unknown" 1 "two is not heard" '^Status: UNKNOWN$'
for bad in 'state perhaps' nostate norc; do
	fault "fence-status $bad"
	by_argv -o status -n two; is "status: $bad" 1 "makes no sense" '^Status: UNKNOWN$'
done
fault 'fence-status refuse -2 the cluster has no such node'
by_argv -o status -n three; is "status of a host that there is not" 1 "no such node" '^Status: UNKNOWN$'
no_fault

# ---- off and reboot -----------------------------------------------------------------------------------------------------
forget
by_stdin action=off plug=two; is "off" 0 'off of two is confirmed .*two is as it is' -
asked "off is what vmtwind is asked for, with a number" '^cmd=fence node=two action=off id=[1-9][0-9]* $'
forget
by_stdin nodename=two; is "reboot is the default, of the nodename" 0 'reboot of two is confirmed' -
asked "vmtwind is asked for a reboot" ' node=two action=reboot '
forget
by_stdin plug=two nodename=uuid-of-two; is "a plug" 0
asked "a plug is taken before a nodename" ' node=two '
forget
by_stdin nodename=uuid-of-two port=two option=off; is "port and option" 0
asked "port is a plug, option an action" ' node=two action=off '
forget
by_stdin '# plug=three' '' '  plug=three' $'\tplug="two"\r' 'action=OFF '; is "comments, blanks, quotes, capitals" 0
asked "the last of several values counts" ' node=two action=off '
forget
by_argv -ntwo -o off -v; is "letters" 0
by_argv --plug=two --action off; is "words" 0
asked "the command line says the same" ' node=two action=off '
check "fence: each run has its own number" test "$(requests fence | sed 's/.*id=//' | sort -u | wc -l)" = 2

fault 'fence waiting 4'
forget
by_stdin action=reboot plug=two; is "vmtwind is asked until it is done" 0 'confirmed after 2\.'
between "it is asked twice a second" 1900 3500
check "fence: it was asked five times" test "$(count fence)" = 5
check "fence: with one number" test "$(requests fence | sed 's/.*id=//' | sort -u | wc -l)" = 1
check "fence: seconds that run down are told once: what is waited for, and the end" test "$(wc -l <<<"$told")" = 2
is "what is waited for and how long is told first" 0 '^fence_vmtwin: reboot of two begins: two is not heard, 4 s more; about 2 s yet$'
by_stdin action=reboot plug=two verbose=1
check "fence: verbose tells each answer" test "$(wc -l <<<"$told")" = 5
by_stdin action=reboot plug=two quiet=1; is "quiet tells nothing" 0 - -
by_stdin action=reboot plug=two quiet=1 "debug_file=$work/debug"; is "quiet with a debug file" 0 - -
check "fence: the debug file has all, with times" test "$(grep -c '^20[0-9-]*T[0-9:.]*Z fence_vmtwin: reboot of two' "$work/debug")" = 5
by_stdin action=reboot plug=two debug_file=/nowhere/file; is "a debug file that can't be written is no obstacle" 0 "can't write the debug file"
by_stdin action=reboot plug=two wait_timeout=1; is "a wait_timeout that ends first" 1 'not confirmed within 1 s .*two is not heard' -
is "is told at the beginning" 1 'wait_timeout is too short'
no_fault

forget
by_stdin action=off plug=two delay=2; is "delay" 0 'begins in 2 s'
between "delay is waited" 1900 3500
asked "and then it is done" ' node=two '
forget
by_stdin action=status plug=two delay=5; is "delay is not of status" 0 -
between "status is at once" 0 1500

fault 'fence state refused two came back while it was being fenced'
by_stdin action=off plug=two; is "refused" 1 'off of two failed .*two came back while it was being fenced' -
between "refused is told at once" 0 1500
fault 'fence refuse -22 a request to fence needs a node'
by_stdin action=off plug=two; is "an error" 1 'failed .*a request to fence needs a node' -
fault 'fence refuse -11 vmtwind is not in the cluster yet'
by_stdin action=off plug=two wait_timeout=2; is "not ready is waited for" 1 'within 2 s .*not in the cluster yet' -
for bad in 'state perhaps two is done' 'state done-or-so' nostate norc; do
	fault "fence $bad"
	by_stdin action=off plug=two; is "an answer that makes no sense is no success: $bad" 1 'makes no sense' -
done
fault 'fence hang'
by_stdin action=off plug=two wait_timeout=3; is "no answer is no success" 1 'within 3 s .*did not answer' -
between "a request that hangs ends with wait_timeout" 2900 4500
fault 'fence slow 900'
by_stdin action=off plug=two; is "a late answer" 0 confirmed

no_fault
forget
by_stdin action=off plug=one; is "this host itself" 1 "off of one is refused: it is this host" -
by_stdin action=reboot nodename=one delay=20; is "this host itself, with a delay" 1 "reboot of one is refused: it is this host" -
between "is refused before the delay" 0 1500
not_asked "vmtwind is not asked to fence this host"

# ---- killed, twice, vmtwind going and coming ---------------------------------------------------------------------------------
fault 'fence waiting 6'
before=$(sockets)
forget
printf '%s\n' action=off plug=two >"$work/input"
begin() { "$agent_file" <"$work/input" >"$work/out.$1" 2>&1 & } # sets $!
many_requests() { [ "$(count fence)" -ge "$1" ]; }
begin killed; killed=$!
wait_for 5 many_requests 2
kill -9 "$killed"; wait "$killed" 2>/dev/null
check "fence: killed midway: nothing of it is left in memory" wait_for 5 no_sockets "$before"
begin term; term=$!
wait_for 5 many_requests 4
kill -TERM "$term"
check "fence: SIGTERM ends it at once" wait_for 1 gone "$term"
wait "$term"
check "fence: and not with success" test $? = 143
by_stdin action=off plug=two; is "the next one is not disturbed" 0 confirmed

no_fault
fault 'fence slow 100'
begin a; a=$!
begin b; b=$!
wait "$a"; a=$?
wait "$b"; b=$?
check "fence: two at once both end" test "$a $b" = "0 0"

fault 'fence waiting 4'
begin gone; run=$!
forget
wait_for 5 many_requests 2
standin_kill
sleep 1
check "fence: vmtwind dies: the agent stays" alive "$run"
check "fence: and says so" grep -q 'vmtwind does not run' "$work/out.gone"
standin_start
check "fence: vmtwind is back: it goes on" wait_for 5 gone "$run"
wait "$run"
check "fence: and succeeds then" test $? = 0
standin_kill
begin later; run=$!
sleep 1
standin_start
wait "$run"
check "fence: vmtwind comes later" test $? = 0
standin_kill
"$agent_file" -o monitor >"$work/out.monitor" 2>&1 & run=$!
sleep 1
standin_start
wait "$run"
check "fence: monitor waits for a vmtwind that is about to come" test $? = 0
by_argv -o status -n two
if su nobody -s /bin/sh -c "$agent_file -o off -n two --wait-timeout 5" >"$work/out.nobody" 2>&1; then
	fail "fence: not for users" "$(cat "$work/out.nobody")"
else
	check "fence: not for users, who are told at once" grep -q 'root' "$work/out.nobody"
fi
standin_kill
