# shellcheck shell=bash disable=SC2154 # variables of run.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What Pacemaker does with a generated configuration when something happens. Sourced by run.sh. On a cluster that runs: tests/lab.
#
# crm_simulate is Pacemaker's scheduler without a cluster: from a CIB with a state in it, it tells what would be done, and the state
# after that. The state is made by it as well: a first start out of the generated CIB, then what a scenario lets happen. What
# the agents and vmtwind tell a cluster comes from here: `score` (1000 promoted, 600 in sync, 500 alone, 100 maybe older;
# none: must not be promoted), `tells` for other attributes.
#
# simulate/CASE-NAME.expect: the scenario's transition, in the order of one run, without the pseudo actions by which a clone
# counts its instances; and of who is fenced: by which devices, one after the other, and after what delay. A change of
# resources, constraints or fencing that changes what happens shows there. WRITE=1 writes them anew: then read them, and ask of
# each whether that is what you would do with your own VM. simulate.awk asks what can be asked of all of them. It's not enough:
# the `wants` and `leaves` of a scenario say what it is for.
#
# What this can't tell: whether agents do what they say, how long it takes, what the fencer does when a device fails, and what happens
# between the state's change and its becoming known.

simu=$work/simulate
state=$simu/state.xml # of the scenario that runs
moment=               # CASE-NAME, for messages
mkdir -p "$simu"
: >"$simu/names"
# Without it fail counts would be looked for by the names of old versions.
features=$(cibadmin --empty | sed -n '1s/.* crm_feature_set="\([^"]*\)".*/\1/p')

# ---- what happens ---------------------------------------------------------------------------------------------
number() { sed -n "s/.*<node id=\"\([0-9]*\)\" uname=\"$1\".*/\1/p" "$state"; } # HOST: its node id
tells() { # HOST NAME VALUE: an attribute in the state, as attribute managers keep it. VALUE none: it's gone
	local id in set
	id=$(number "$1")
	set="<instance_attributes id=\"status-$id\">"
	sed -i "/<nvpair id=\"status-$id-${2//#/.}\"/d" "$state"
	[ "$3" != none ] || return 0
	if ! grep -q "$set" "$state"; then
		in="<transient_attributes id=\"$id\">\\n$set\\n</instance_attributes></transient_attributes>"
		sed -i "s|<node_state id=\"$id\"\\([^>]*[^/]\\)/*>|&\\n$in|; T
			s|/>\\(\\n.*\\)|>\\1</node_state>|" "$state"
	fi
	sed -i "s|$set|&\\n<nvpair id=\"status-$id-${2//#/.}\" name=\"$2\" value=\"$3\"/>|" "$state"
}
score() { tells "$1" master-vm1-mirror "$2"; } # HOST VALUE
node_state() { # HOST ATTRIBUTES: instead of what the cluster's members say of it
	local id
	id=$(number "$1")
	sed -i "s|<node_state id=\"$id\"[^>/]*|<node_state id=\"$id\" uname=\"$1\" $2|" "$state"
}
lost() { # HOST: not heard any more, and nobody knows why. Its attributes go with it
	node_state "$1" 'in_ccm="false" crmd="offline" join="down" expected="member"'
	sed -i "/<nvpair id=\"status-$(number "$1")-/d" "$state"
}
back() { node_state "$1" 'in_ccm="true" crmd="online" join="member" expected="member"'; }
quorum() { sed -i "s/ have-quorum=\"[01]\"/ have-quorum=\"$1\"/" "$state"; }
standby() { # HOST
	local id in
	id=$(number "$1")
	in="<instance_attributes id=\"nodes-$id\"><nvpair id=\"nodes-$id-standby\" name=\"standby\" value=\"on\"/></instance_attributes>"
	sed -i "s|\\(<node id=\"$id\" uname=\"$1\"\\)/>|\\1>$in</node>|" "$state"
}

stopped_by_operator() { # the VM
	sed -i 's|<meta_attributes id="vm1-meta_attributes">|&<nvpair id="vm1-meta_attributes-target-role" name="target-role" value="Stopped"/>|' "$state"
}

# ---- what is done ---------------------------------------------------------------------------------------------
run() { # OPTION...: one transition; the state after it is the state now
	crm_simulate --simulate --show-attrs --xml-file "$state" --save-output "$simu/after.xml" --save-dotfile "$simu/graph.dot" \
		--save-graph "$simu/graph.xml" "$@" >"$simu/said" 2>&1 || fail "$moment: crm_simulate $*: $(cat "$simu/said")"
	has_quorum=$(sed -n 's/.* have-quorum="\([01]\)".*/\1/p;T;q' "$state")
	cp "$simu/after.xml" "$state"
}
# An injected result comes without the digest of its parameters, which crm_simulate takes for changed ones: no clear_failcount
# in a cluster.
transition() {
	awk '/^Transition Summary:|^Executing Cluster Transition:/ { on = 1 } /^(Revised Cluster Status|Using .*):/ { on = 0 }
		on && !/Pseudo action: +[^ ]*-clone_/ && !/clear_failcount/' "$simu/said"
}
fencing() { # who is fenced, by what and when
	local host devices delay
	for host in host1 host2; do
		grep -q "\\* Fencing $host (" "$simu/said" || continue
		devices=$(sed -n "s/.*<fencing-level .*target=\"$host\" index=\"[0-9]*\" devices=\"\\([^\"]*\\)\".*/\\1/p" "$state" | paste -sd' ')
		[ -n "$devices" ] || devices=$(awk -v host="$host" -F '"' '/<primitive/ { id = $2 }
			/name="pcmk_host_list"/ && (" " $6 " ") ~ (" " host " ") { print id }' "$state" | paste -sd' ')
		delay=$(awk -v host="$host" '/<crm_event/ { on = /operation="stonith"/ && $0 ~ ("on_node=\"" host "\"") }
			on && match($0, /CRM_meta_priority_fencing_delay="[0-9]*"/) { print substr($0, RSTART + 33, RLENGTH - 34) }' "$simu/graph.xml")
		echo "Fencing of $host: ${devices:-BY NOTHING}; delay: ${delay:-none}"
	done
}
safety() {
	local said
	if said=$(awk -v quorum="$has_quorum" -f "$here/simulate.awk" "$simu/said" "$simu/graph.dot"); then
		pass
	else
		fail "$moment: $said"
	fi
}
happens() { # NAME [OPTION...]: what Pacemaker does about the state
	moment=$case-$1
	local kept=$here/simulate/$moment.expect
	shift
	echo "$moment.expect" >>"$simu/names"
	run "$@"
	{ transition; fencing; } >"$simu/transition"
	[ -z "${WRITE:-}" ] || cp "$simu/transition" "$kept"
	if diff -u "$kept" "$simu/transition" >"$work/diff" 2>&1; then pass; else fail "$moment: not what is kept: $(cat "$work/diff")"; fi
	safety
}
wants() { # TEXT...: actions, in that order. "!TEXT": it's not among them
	local text line=0 at
	for text; do
		if [[ $text == !* ]]; then
			if grep -Eq -- "${text#!}" "$simu/transition"; then fail "$moment: has '${text#!}'"; else pass; fi
			continue
		fi
		at=$(awk -v from="$line" -v text="$text" 'NR > from && $0 ~ text { print NR; exit }' "$simu/transition")
		if [ -n "$at" ]; then pass; line=$at; else fail "$moment: no '$text' there"; fi
	done
}
vm_untouched() { # but it's looked whether it runs
	wants "!(Start|Stop|Move|Recover|Restart)  *vm1 " "!vm1  *(start|stop) on" "!vm1_stop" "!promote on" "!demote on"
}
nothing() {
	if ! sed "1,/^Executing/d" "$simu/transition" | grep -q "\*"; then
		pass
	else
		fail "$moment: something is done: $(cat "$simu/transition")"
	fi
}
leaves() { # VM PROMOTED: the hosts they are on afterwards, or none; and then there is nothing more to do
	local is
	is=$(crm_simulate --xml-file "$state" | awk '$2 == "vm1" { vm = /host[12]/ ? $NF : "none" }
		/\* vm1-mirror|Clone Set:/ { ours = /vm1-mirror/ }
		ours && /Promoted: \[/ && !/Unpromoted/ { at = $4 } END { print vm, (at ? at : "none") }')
	if [ "$is" = "$1 $2" ]; then pass; else fail "$moment: VM and promotion are '$is' instead of '$1 $2'"; fi
	[ "$2" = none ] || score "$2" 1000
	run
	moment="$moment, later"
	safety
	transition >"$simu/transition"
	nothing
}

# ---- from where it starts ---------------------------------------------------------------------------------------
generated() { # a cluster that has not started anything
	cp "$simu/$case.new" "$state"
}
running() { # as usual: the VM on host1, host2's copy in sync
	cp "$simu/$case.running" "$state"
}
with_ping() { grep -q '"vm1-ping-clone"' "$state"; }
answers() { if with_ping; then tells "$1" vm1-ping "$2"; fi; } # HOST ADDRESSES: so many of require_ping
prepare() {
	local host states=
	$config generate cib --unit-dir "$here/cases/$case/units" >"$state" || return 1
	for host in host1 host2; do
		states+="<node_state id=\"$(number $host)\"/>\\n"
	done
	sed -i "s|<cib |<cib have-quorum=\"1\" crm_feature_set=\"$features\" |; s|<status/>|<status>\\n$states</status>|" "$state"
	back host1
	back host2
	cp "$state" "$simu/$case.new"
	answers host1 2
	answers host2 2
	score host1 500
	run
	score host1 1000
	score host2 600
	run
	cp "$state" "$simu/$case.running"
	moment="$case, running"
	leaves host1 host1
}

# ---- scenarios ----------------------------------------------------------------------------------------------------
starts() {
	generated
	happens no-copy # none of them has said yet that it may be used
	wants "!promote on" "!vm1  *start on" "vm1-mirror.* start on host1"
	leaves none none

	generated
	score host1 500
	answers host1 2
	answers host2 2
	happens first-start
	wants "vm1-mirror.* start on host1" "promote on host1" "vm1  *start on host1" "!Fencing"
	leaves host1 host1
}

losses() {
	running
	lost host1
	happens primary-lost
	wants "Fencing host1" "promote on host2" "vm1  *start on host2"
	[ "$case" != power ] || wants "Fencing of host1: .*; delay: 2" # the host with the VM shoots first, should both do so
	leaves host2 host2

	# With its old copy; in sync, later.
	back host1
	answers host1 2
	happens primary-returns
	vm_untouched
	wants "vm1-mirror.* start on host1" "!Fencing"
	leaves host2 host2
	score host1 600
	happens primary-in-sync
	if [ "$case" = levels ]; then # prefer
		wants "vm1  *stop on host2" "demote on host2" "promote on host1" "vm1  *start on host1" "!Fencing"
		score host2 600
		leaves host1 host1
	else
		nothing
	fi

	running
	lost host2
	happens secondary-lost
	vm_untouched
	wants "Fencing host2" "!delay: [1-9]"
	leaves host1 host1

	running
	score host2 none # outdated
	lost host1
	happens primary-lost-secondary-outdated
	wants "Fencing host1" "!promote on" "!vm1  *start on"
	leaves none none
	back host1 # the good copy is back
	answers host1 2
	score host1 500
	happens primary-returns-secondary-outdated
	wants "promote on host1" "vm1  *start on host1" "!Fencing"
	leaves host1 host1
}

# The other side is gone and has the quorum: it fences this host, or it runs into its lease's end.
isolated() {
	running
	quorum 0
	lost host2
	happens isolated-primary
	wants "vm1  *stop on host1" "demote on host1" "vm1-mirror.* stop on host1" "!Fencing" "!start on"
	leaves none none
	running
	quorum 0
	lost host1
	happens isolated-secondary
	wants "vm1-mirror.* stop on host2" "!Fencing" "!start on" "!promote on"
}

failures() {
	local moves=("vm1  *stop on host1" "demote on host1" "promote on host2" "vm1  *start on host2" "!Fencing")
	running
	happens vm-fails --op-inject vm1_monitor_10000@host1=7
	wants "vm1  *stop on host1" "vm1  *start on host1" "!vm1-mirror" "!Fencing"
	leaves host1 host1
	happens vm-fails-again --op-inject vm1_monitor_10000@host1=7
	wants "vm1  *stop on host1" "vm1  *start on host1" "!vm1-mirror" "!Fencing"
	happens vm-fails-too-often --op-inject vm1_monitor_10000@host1=7
	wants "${moves[@]}"
	score host1 600
	leaves host2 host2

	running
	score host2 none
	run
	for _ in 1 2; do
		run --op-inject vm1_monitor_10000@host1=7
	done
	happens vm-fails-too-often-secondary-outdated --op-inject vm1_monitor_10000@host1=7
	wants "!promote on host2" "!start on host2"
	score host2 600
	happens vm-fails-too-often-secondary-in-sync
	wants "demote on host1" "promote on host2" "vm1  *start on host2" "!Fencing"
	score host1 600
	leaves host2 host2

	generated
	answers host1 2
	answers host2 2
	score host1 610
	score host2 600
	run --op-fail vm1_start_0@host1=1
	tells host1 "fail-count-vm1#start_0" INFINITY # as a failed start counts
	score host1 1000
	happens vm-does-not-start
	wants "${moves[@]}"
	score host1 600
	leaves host2 host2

	running
	happens vm-does-not-stop --op-inject vm1_stop_0@host1=1
	wants "Fencing host1" "promote on host2" "vm1  *start on host2" "!stop on host1"
	leaves host2 host2

	running
	standby host1
	run --op-fail vm1-mirror_demote_0@host1=1
	happens mirror-does-not-demote
	wants "vm1-mirror.* stop on host1" "promote on host2" "vm1  *start on host2" "!Fencing"
	leaves host2 host2

	running
	standby host1
	run --op-fail vm1-mirror_stop_0@host1=1
	happens mirror-does-not-stop
	wants "Fencing host1" "promote on host2" "vm1  *start on host2"
	leaves host2 host2

	running
	happens mirror-fails --op-inject vm1-mirror_monitor_11000@host1=9
	wants "vm1  *stop on host1" "demote on host1" "vm1-mirror.* stop on host1" "!Fencing"

	running
	score host1 none # its own fault
	happens mirror-fails-for-good --op-inject vm1-mirror_monitor_11000@host1=9
	wants "${moves[@]}"
	leaves host2 host2

	running
	happens secondary-fails --op-inject vm1-mirror_monitor_10000@host2=1
	vm_untouched
	wants "vm1-mirror.* stop on host2" "vm1-mirror.* start on host2" "!Fencing"
	leaves host1 host1
}

wishes() {
	running
	standby host1
	happens primary-standby
	wants "vm1  *stop on host1" "demote on host1" "promote on host2" "vm1  *start on host2" "!Fencing"
	leaves host2 host2
	running
	standby host2
	happens secondary-standby
	vm_untouched
	wants "vm1-mirror.* stop on host2" "!Fencing"
	leaves host1 host1
	running
	standby host1
	score host2 none
	happens primary-standby-secondary-outdated
	wants "vm1  *stop on host1" "!promote on" "!vm1  *start on" "!Fencing"
}

# The promotion stays where it is, whatever the other copy's score is while both may be used: where the VM runs its stickiness counts in
# the promotion as well, by the colocation, and where it doesn't, of two that are as good Pacemaker keeps the one it has. A stickiness of
# the clone would change nothing: it is not counted in a promotion. DRBD's two copies score the same as long as they are connected.
stays() {
	running
	score host1 500 # what it was before the promotion, and host2 is in sync
	happens promoted-scores-less
	nothing
	running
	score host1 600
	stopped_by_operator
	run
	happens both-score-the-same-vm-stopped
	nothing
}

pinged() { # require_ping
	generated
	score host1 500
	happens first-start-ping-unknown
	running
	answers host1 0
	happens ping-lost
	wants "vm1  *stop on host1" "demote on host1" "promote on host2" "vm1  *start on host2" "!Fencing"
	score host1 600
	leaves host2 host2
	running
	answers host1 0
	score host2 none
	happens ping-lost-secondary-outdated
	wants "vm1  *stop on host1" "!promote on" "!vm1  *start on" "!Fencing"
	running
	answers host2 0
	happens ping-lost-on-secondary
	nothing
	answers host1 0
	happens ping-lost-everywhere
	wants "vm1  *stop on host1" "demote on host1" "!promote on" "!vm1  *start on" "!Fencing"
	score host1 600
	leaves none none
	answers host1 1
	happens ping-again
	wants "promote on host1" "vm1  *start on host1" "!Fencing"
	leaves host1 host1
}

# Both sides have quorum, and a power switch: who waits before shooting is decided by what runs there.
split() {
	running
	lost host2
	happens split-seen-from-host1
	running
	lost host1
	happens split-seen-from-host2
}

for case in power qdevice levels; do
	if ! prepare; then
		fail "$case: no CIB to simulate with"
		continue
	fi
	starts
	losses
	isolated
	failures
	wishes
	stays
	if with_ping; then pinged; fi
done
# One VM on each host: they weigh the same, and no priority tells who waits.
case=two-units
if prepare; then
	running
	tells host2 master-mail-mirror 1000
	tells host1 master-mail-mirror 600
	run
	cp "$state" "$simu/$case.running"
	split
else
	fail "$case: no CIB to simulate with"
fi
if diff <(LC_ALL=C sort "$simu/names") <(cd "$here/simulate" && printf "%s\n" *.expect | LC_ALL=C sort) >"$work/diff"; then
	pass
else
	fail "tests/plan/simulate: scenarios and files: $(cat "$work/diff")"
fi
