# shellcheck shell=bash disable=SC2119,SC2120,SC2154 # variables of run.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vmtwin-config apply and remove on a CIB in a file. Sourced by run.sh. On a cluster that runs: tests/lab/t_config.sh.

cib=$work/apply.xml
live() { # an empty cluster of two hosts that are there
	empty "$cib"
	sed -i 's|<cib |<cib have-quorum="1" |; s|<status/>|<status>'"$(online 1)$(online 2)"'</status>|' "$cib"
}
apply() { CIB_file=$cib $config apply --unit-dir "$units" --corosync-conf "$work/corosync" --host-conf "$work/vmtwind" "$@" 2>&1; }
unit_files() { # CASE: those of a case, and the cluster's files that belong to them
	rm -rf "$units"
	cp -r "$here/cases/$1/units" "$units"
	$config generate corosync --unit-dir "$units" >"$work/corosync"
	$config generate vmtwind --unit-dir "$units" >"$work/vmtwind"
}
in_force() { # CASE: its units are in the cluster
	unit_files "$1"
	live
	apply >/dev/null
}
# Things of an administrator's.
add() { CIB_file=$cib cibadmin --create --scope "$1" --xml-text "$2"; } # SCOPE XML
dummy() { # ID [OP...]
	local id=$1
	shift
	add resources "<primitive id=\"$id\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"><operations><op id=\"$id-m\" name=\"monitor\" interval=\"10s\" timeout=\"20s\"/>$*</operations></primitive>"
}
set_key() { sed -i "/^$2 *=/d" "$units/$1.conf"; echo "$2 = $3" >>"$units/$1.conf"; } # UNIT KEY VALUE

# Only these lines differ: "+ ..." and "- ...".
differs_by() { # NAME LINE...
	local name=$1
	shift
	if diff <(grep "^[+-] " <<<"$said" | LC_ALL=C sort) <(printf "%s\n" "$@" | LC_ALL=C sort) >"$work/diff"; then pass; else fail "$name: $(cat "$work/diff")"; fi
}
said_line() { [[ $said == *"$1"* ]]; } # TEXT
untouched() { if cmp -s "$cib" "$work/kept.xml"; then pass; else fail "$1: the CIB has changed"; fi; }
keep() { cp "$cib" "$work/kept.xml"; }

# ---- into an empty cluster, and again --------------------------------------------------------------------------
for case in levels tuned two-units witness unfenced power-and-ping; do
	unit_files "$case"
	live
	keep
	says "apply $case, tried" 0 "Nothing was changed (--dry-run)." apply --dry-run
	untouched "apply $case, tried"
	says "apply $case" 0 "Done." apply
	$normal "$here/cases/$case/expect.cib" >"$work/meant"
	$normal "$cib" | grep -v '^property \(have-watchdog\|dc-version\|cluster-infrastructure\|cluster-name\)=' >"$work/made"
	if diff "$work/meant" "$work/made" >"$work/diff"; then pass; else fail "apply $case: makes $(cat "$work/diff")"; fi
	keep
	says "apply $case again" 0 "Nothing to change." apply
	untouched "apply $case again"
done

# ---- what is not ASCII ------------------------------------------------------------------------------------------------
unit_files power
set_key vm1 fence.host1 "fence_ipmilan ip=10.0.0.101 username=jürgen-ß€🐧"
live
says "not ASCII" 0 "Done." apply
holds "not ASCII: in the CIB" grep -q 'name="username" value="jürgen-ß€🐧"' "$cib"
says "not ASCII, again" 0 "Nothing to change." apply

# ---- over what pcs and crm have made --------------------------------------------------------------------------------
for tool in pcs crm; do
	unit_files levels
	"by_$tool" levels "$cib" >/dev/null 2>&1
	sed -i 's|<cib |<cib have-quorum="1" |; s|<status/>|<status>'"$(online 1)$(online 2)"'</status>|' "$cib"
	keep
	says "apply over $tool's" 0 "Nothing to change." apply
	untouched "apply over $tool's"
done

# ---- one thing --------------------------------------------------------------------------------------------------
in_force two-units
set_key vm1 stop_tries 9
says "one parameter" 0 "Done." apply
differs_by "one parameter" "+ primitive vm1: op stop, timeout 140000 ms" "+ primitive vm1: param stop_tries=9" "- primitive vm1: op stop, timeout 120000 ms"
set_key vm1 prefer host1
says "a preferred host" 0 "Done." apply vm1
differs_by "a preferred host" "+ location vm1-mirror-clone as Promoted: 1000 where #uname eq host1 and master-vm1-mirror gte number 600"
set_key vm1 prefer none
set_key vm1 require_ping "10.0.0.9 10.0.0.8"
says "none, but a ping" 0 "Done." apply vm1
holds "none, but a ping: it goes" said_line "- location vm1-mirror-clone as Promoted: 1000 where"
holds "none, but a ping: it comes" said_line "+ clone vm1-ping-clone: of vm1-ping"
sed -i '/^require_ping/d' "$units/vm1.conf"
says "no ping any more" 0 "Done." apply vm1
holds "no ping any more" said_line "- clone vm1-ping-clone: of vm1-ping"
says "and nothing else of the unit" 0 "Nothing to change." apply

# What others set stays.
export CIB_file=$cib
crm_resource --resource vm1 --meta --set-parameter target-role --parameter-value Stopped >/dev/null 2>&1
crm_resource --resource mail --meta --set-parameter is-managed --parameter-value false >/dev/null 2>&1
add constraints '<rsc_location id="cli-prefer-vm1-mirror-clone" rsc="vm1-mirror-clone" role="Promoted" node="host2" score="INFINITY"/>'
dummy web
unset CIB_file
keep
says "what the operator set, and others' resources" 0 "Nothing to change." apply
untouched "what the operator set, and others' resources"
set_key vm1 restarts 7
says "beside what the operator set" 0 "Done." apply
differs_by "beside what the operator set" "+ primitive vm1: meta migration-threshold=8" "- primitive vm1: meta migration-threshold=3"
for kept in 'name="target-role" value="Stopped"' 'name="is-managed" value="false"' 'id="cli-prefer-vm1-mirror-clone"' 'id="web"'; do
	holds "it stays: $kept" grep -q "$kept" "$cib"
done

# ---- refused -------------------------------------------------------------------------------------------------------
keep
set_key vm1 restart_window never
says "a mistake in a unit file" 2 "vm1.conf" apply
untouched "a mistake in a unit file"
sed -i '/^restart_window/d' "$units/vm1.conf"
says "an unknown unit" 2 "no unit 'vm7'" apply vm7
says "an unknown option" 2 "did you mean '--dry-run'" apply --dry-rum
set_key vm1 storage drbd
set_key vm1 drbd_device /dev/drbd0
set_key vm1 drbd_disk /dev/vg0/vm1
says "another storage under a VM" 1 "take it out first" apply
untouched "another storage under a VM"
unit_files witness
: >"$work/vmtwind"
live
keep
says "what would be unsafe" 1 "this would be unsafe" apply
untouched "what would be unsafe"
unit_files power
sed -i '/^fence/d' "$units/vm1.conf"
live
says "no fencing at all" 1 "host1 can't be fenced" apply
unit_files power
apply_to() { CIB_file=$1 $config apply --unit-dir "$units" --corosync-conf "$2" --host-conf "$work/vmtwind" 2>&1; }
says "a corosync.conf that is not there" 2 "the times can't be checked" apply_to "$cib" /nowhere
says "no cluster" 2 "the cluster's configuration can't be read" apply_to /nowhere "$work/corosync"

# ---- a cluster in trouble: a correct configuration may be the way out of it ------------------------------------------
host2_is() { sed -i "s|<node_state id=\"2\"[^>]*/>|$1|" "$cib"; }
lost='<node_state id="2" uname="host2" in_ccm="false" crmd="offline" join="down" expected="member"/>'
op_of() { # RESOURCE OPERATION CODE: of host1's history
	echo "<lrm id=\"1\"><lrm_resources><lrm_resource id=\"$1\" class=\"ocf\" provider=\"vmtwin\" type=\"vm\"><lrm_rsc_op id=\"$1_last_0\" operation_key=\"$1_$2_0\" operation=\"$2\" crm_feature_set=\"3.16.1\" transition-key=\"1:1:0:00000000-0000-0000-0000-000000000000\" transition-magic=\"0:$3;1:1:0:00000000-0000-0000-0000-000000000000\" on_node=\"host1\" call-id=\"1\" rc-code=\"$3\" op-status=\"0\" interval=\"0\"/></lrm_resource></lrm_resources></lrm>"
}
removes() { CIB_file=$cib $config remove "$@" 2>&1; }
for trouble in lost unseen failed-stop; do
	in_force two-units
	case $trouble in
	lost) host2_is "$lost" ;;
	unseen) host2_is '' ;;
	failed-stop) sed -i "s|<node_state id=\"1\"\([^>]*\)/>|<node_state id=\"1\"\1>$(op_of mail stop 1)</node_state>|" "$cib" ;;
	esac
	keep
	says "$trouble: remove" 1 "a host waits for its fencing" removes vm1
	untouched "$trouble: remove"
	sed -i 's/ip=10.0.0.102/ip=10.0.0.112/' "$units"/*.conf
	says "$trouble: apply" 0 "Done." apply
	differs_by "$trouble: apply" "+ primitive power-host2: param ip=10.0.0.112" "- primitive power-host2: param ip=10.0.0.102"
done
in_force two-units
dummy web '<op id="web-n" name="monitor" interval="10s" timeout="30s"/>'
keep
set_key vm1 restarts 7
says "somebody's mistake: apply" 1 "web-n" apply
says "somebody's mistake: remove" 1 "in the configuration as it is already" removes vm1
untouched "somebody's mistake"

# ---- a ping of the administrator's ------------------------------------------------------------------------------------
in_force two-units
add resources '<clone id="vm1-ping-clone"><primitive id="vm1-ping" class="ocf" provider="pacemaker" type="ping"><instance_attributes id="own"><nvpair id="own-h" name="host_list" value="10.0.0.9"/></instance_attributes><operations><op id="own-m" name="monitor" interval="10s" timeout="60s"/></operations></primitive></clone>'
keep
says "an administrator's ping: apply" 0 "Nothing to change." apply
says "an administrator's ping: remove" 0 "- clone vm1-mirror-clone: of vm1-mirror" removes --dry-run vm1
holds "an administrator's ping stays" not said_line vm1-ping
set_key vm1 require_ping 10.0.0.9
says "an administrator's ping where one is wanted" 1 "vm1-ping, but that is a primitive of somebody else's" apply
untouched "an administrator's ping"

# ---- others' things, and what is in the way -----------------------------------------------------------------------
in_force two-units
dummy web
add constraints '<rsc_colocation id="colocation-web-vm1-INFINITY" rsc="web" with-rsc="vm1" score="INFINITY"/>'
add constraints '<rsc_order id="order-vm1-web-mandatory" first="vm1" then="web"/>'
keep
says "an administrator's constraints stay" 0 "Nothing to change." apply
untouched "an administrator's constraints stay"
says "remove of an administrator's resource" 1 "somebody else's" removes web
says "remove of a fence device" 1 "somebody else's" removes power-host1
untouched "remove of what is no unit"
sed 's|<primitive id="vm1" .*|<group id="grp">&|; s|class="ocf" provider="pacemaker" type="Dummy"|&|' "$cib" >"$work/x" && awk '/<group id="grp">/ { inside = 1 } { print } inside && /<\/primitive>/ { print "</group>"; inside = 0 }' "$work/x" >"$cib"
keep
says "a VM in a group: remove" 1 "in grp" removes vm1
says "a VM in a group: apply" 1 "in grp" apply
untouched "a VM in a group"
live
apply >/dev/null
sed -i 's|<cluster_property_set id="cib-bootstrap-options">|<cluster_property_set id="other"><nvpair id="other-s" name="stonith-enabled" value="true"/></cluster_property_set>&|; s|name="stonith-enabled" value="true"/>\(</nvpair>\)*$|&|' "$cib"
sed -i '/id="cib-bootstrap-options-stonith-enabled"/s|value="true"|value="false"|' "$cib"
says "fencing is off in one of two sets" 0 "Done." apply
holds "fencing is on in both" not grep -q 'stonith-enabled" value="false"' "$cib"
cat >"$work/bin-diff" <<'X'
#!/bin/sh
/usr/sbin/crm_diff.real "$@" | head -c 3000
exit 1
X
set_key vm1 stop_tries 8
keep
mv /usr/sbin/crm_diff /usr/sbin/crm_diff.real && install -m 755 "$work/bin-diff" /usr/sbin/crm_diff
sed -i '/^restarts/d' "$units/vm1.conf"
live_before=$(cat "$cib")
rm -f "$cib"
live
keep
says "half a difference" 1 "the difference can't be put into a file" apply
untouched "half a difference"
mv /usr/sbin/crm_diff.real /usr/sbin/crm_diff
holds "the CIB was there before" test -n "$live_before"
# Somebody else changes something between the look and the change.
cat >"$work/bin-verify" <<'X'
#!/bin/sh
cibadmin --modify --scope crm_config --xml-text '<cluster_property_set id="cib-bootstrap-options"><nvpair id="race" name="maintenance-mode" value="true"/></cluster_property_set>' >/dev/null 2>&1 ||
	cibadmin --create --scope crm_config --xml-text '<cluster_property_set id="race-set"><nvpair id="race" name="maintenance-mode" value="true"/></cluster_property_set>'
exec /usr/sbin/crm_verify.real "$@"
X
mv /usr/sbin/crm_verify /usr/sbin/crm_verify.real && install -m 755 "$work/bin-verify" /usr/sbin/crm_verify
says "somebody else changes it meanwhile" 1 "somebody else has changed" apply
mv /usr/sbin/crm_verify.real /usr/sbin/crm_verify

# ---- sets of values with rules ------------------------------------------------------------------------------------
night() { echo "<rule id=\"$1-rule\" score=\"0\"><date_expression id=\"$1-rule-d\" operation=\"date_spec\"><date_spec id=\"$1-rule-s\" hours=\"22-23\"/></date_expression></rule>"; }
ruled() { # ELEMENT ID NAME VALUE
	echo "<$1 id=\"$2\" score=\"100\">$(night "$2")<nvpair id=\"$2-$3\" name=\"$3\" value=\"$4\"/></$1>"
}
in_force two-units
sed -i "s|<meta_attributes id=\"vm1-meta_attributes\">|$(ruled meta_attributes night priority 0)&|
	s|<instance_attributes id=\"vm1-mirror-instance_attributes\">|&|" "$cib"
keep
says "a ruled set: nothing to change" 0 "Nothing to change." apply
holds "a ruled set: told" said_line "vm1: priority=10 is meant, but set night gives it priority=0 while its rule holds"
untouched "a ruled set"
set_key vm1 restarts 7
says "beside a ruled set" 0 "Done." apply
differs_by "beside a ruled set" "+ primitive vm1: meta migration-threshold=8" "- primitive vm1: meta migration-threshold=3"
holds "the ruled set stays" grep -q 'id="night-priority" name="priority" value="0"' "$cib"
holds "check tells it too" said_line "set night: what it gives while its rule holds is not looked at here"
sed -i "s|<cluster_property_set |$(ruled cluster_property_set at-night stonith-enabled false)&|" "$cib"
keep
says "fencing is off at night" 1 "stonith-enabled" apply
holds "fencing is off at night: told" said_line "properties: stonith-enabled=true is meant, but set at-night gives it stonith-enabled=false while its rule holds"
untouched "fencing is off at night"

# ---- ids that something else has ------------------------------------------------------------------------------------
once() { # every id of the configuration is there once
	[ -z "$(sed '/<status/,$d' "$cib" | grep -o ' id="[^"]*"' | sort | uniq -d)" ]
}
in_force two-units
sed -i '/<rsc_colocation id="colocation-vm1-/s|score="INFINITY"|score="500"|; /<rsc_order id="order-vm1-/s|/>| kind="Optional"/>|' "$cib"
says "somebody has changed scores" 0 "Done." apply
differs_by "somebody has changed scores" \
	"+ colocation vm1 as Started with vm1-mirror-clone as Promoted: INFINITY" "- colocation vm1 as Started with vm1-mirror-clone as Promoted: 500" \
	"+ order promote vm1-mirror-clone then start vm1: Mandatory" "- order promote vm1-mirror-clone then start vm1: Optional"
holds "somebody has changed scores: ids" once
sed -i '/<rsc_location id="location-power-host1-host1--INFINITY"/s|score="-INFINITY"|score="-100"|' "$cib"
says "of a device" 0 "Done." apply
differs_by "of a device" "+ location power-host1 as Started: -INFINITY on host1" "- location power-host1 as Started: -100 on host1"
holds "of a device: ids" once
sed -i '/<rsc_order id="order-vm1-/s|first="vm1-mirror-clone" first-action="promote" then="vm1"|first="mail-mirror-clone" first-action="promote" then="vm1"|' "$cib"
keep
says "an id of ours for something else" 1 "has been given to a rsc_order of mail-mirror-clone and vm1" apply
untouched "an id of ours for something else"
in_force two-units
add constraints '<rsc_colocation id="apart" rsc="vm1" with-rsc="mail" score="-100"/>'
add constraints '<rsc_order id="mail-first" first="mail" then="vm1" kind="Optional"/>'
keep
says "constraints between two units" 0 "Nothing to change." apply
untouched "constraints between two units"

# ---- an old schema ---------------------------------------------------------------------------------------------------
for schema in 1.3 2.10 3.0; do
	unit_files two-units
	live
	sed -i "s|validate-with=\"[^\"]*\"|validate-with=\"pacemaker-$schema\"|" "$cib"
	keep
	says "schema $schema" 1 "cibadmin --upgrade --force" apply
	untouched "schema $schema"
	CIB_file=$cib cibadmin --upgrade --force
	says "schema $schema, upgraded" 0 "Done." apply
done
live
sed -i 's|validate-with="[^"]*"|validate-with="pacemaker-2.10"|; s|<resources/>|<resources><master id="vm1-mirror-clone"><primitive id="vm1-mirror" class="ocf" provider="vmtwin" type="mirror"/></master></resources>|' "$cib"
keep
says "schema 2.10: remove" 1 "old schema pacemaker-2.10" removes vm1
untouched "schema 2.10: remove"

# ---- more hosts than two ---------------------------------------------------------------------------------------------
third='<node id="3" uname="host3"/>'
unit_files two-units
live
set_key vm1 require_ping 10.0.0.9
apply >/dev/null
sed -i "s|<node id=\"2\" uname=\"host2\"/>|&$third|; s|</status>|$(online 3)&|" "$cib"
says "a third host" 0 "Done." apply
for rsc in vm1-mirror-clone vm1 vm1-ping-clone mail-mirror-clone mail; do
	holds "a third host: $rsc" said_line "+ location $rsc as Started: -INFINITY where #uname ne host2 and #uname ne host1 resource-discovery=never"
done
says "a third host, again" 0 "Nothing to change." apply
CIB_file=$cib crm_simulate --simulate --live-check >"$work/simulated" 2>&1
holds "a third host: something is started" grep -q "vm1-mirror.*start on host1\|start.*vm1-mirror.*host1" "$work/simulated"
holds "a third host: not even looked at" not grep -q "\(vm1\|mail\).* on host3" "$work/simulated"
sed -i "s|$third||; s|$(online 3)||" "$cib"
sed -i '/<node id="3"/d; /<node_state id="3"/d' "$cib"
says "the third host is gone" 0 "Done." apply
holds "the third host is gone" said_line "- location vm1 as Started: -INFINITY where #uname ne host2"
add resources '<primitive id="far" class="ocf" provider="pacemaker" type="remote"><operations><op id="far-m" name="monitor" interval="10s" timeout="20s"/></operations></primitive>'
says "a remote host" 0 "+ location vm1 as Started: -INFINITY where #uname ne host2" apply

in_force witness
sed -i "s|<node id=\"2\" uname=\"host2\"/>|&$third|; s|</status>|$(online 3)&|" "$cib"
says "a third host and fence_vmtwin" 0 "+ location twin as Started: -INFINITY where #uname ne host1 and #uname ne host2 resource-discovery=never" apply
holds "a third host: the check knows that rule" not said_line "which this check"
says "a third host and fence_vmtwin, again" 0 "Nothing to change." apply
CIB_file=$cib crm_simulate --simulate --live-check >"$work/simulated" 2>&1
holds "fence_vmtwin is started" grep -q "twin.*host[12]" "$work/simulated"
holds "not on the third host" not grep -q "twin.*host3" "$work/simulated"
sed -i '/<node id="3"/d; /<node_state id="3"/d' "$cib"
says "one unit, without the third host" 0 "- location vm1 as Started" apply vm1
holds "the device is not this unit's" not said_line "location twin"
says "without the third host" 0 "- location twin as Started: -INFINITY where #uname ne host1 and #uname ne host2" apply
says "without the third host, again" 0 "Nothing to change." apply

# ---- delays: an administrator's is the only one ------------------------------------------------------------------------
unit_files two-units
set_key vm1 fence.host2 "$(sed -n 's/^fence.host2 = //p' "$units/vm1.conf") pcmk_delay_base=2s"
live
says "a delay against the second host" 0 "+ primitive power-host2: param pcmk_delay_base=2s" apply
holds "a delay against the second host: no other one" not said_line "power-host1: param pcmk_delay_base"

# ---- corosync is slower than the unit files say ------------------------------------------------------------------------
unit_files witness
sed -i 's/token: 5000/token: 12000/' "$work/corosync"
live
says "a slow token" 0 "Done." apply
holds "a slow token: the device has time" said_line "+ primitive twin: param pcmk_reboot_timeout=80s"
says "a slow token, again" 0 "Nothing to change." apply
unit_files qdevice
sed -i 's/^\t\tmodel: net/&\n\t\ttimeout: 20000\n\t\tsync_timeout: 60000/' "$work/corosync"
live
says "a slow device" 0 "Done." apply
holds "a slow device: the fencing has time" said_line "+ primitive twin: param pcmk_off_timeout=110s"
holds "a slow device: so has the promotion" said_line "+ primitive vm1-mirror: op promote, timeout 130000 ms"
holds "a slow device: nobody warns of the promotion" not said_line "promote timeout"
says "a slow device, again" 0 "Nothing to change." apply
unit_files qdevice
set_key vm1 lease_ms 45000
live
says "a long lease" 0 "Done." apply
holds "a long lease: nobody warns of the promotion" not said_line "promote timeout"

# The short row of docs/FENCING.md.
unit_files qdevice
sed -i 's/^\t\tmodel: net/&\n\t\ttimeout: 5000\n\t\tsync_timeout: 5000/; s/token: 3000/token: 2000/' "$work/corosync"
set_key vm1 token_ms 2000
set_key vm1 lease_ms 12000
set_key vm1 link_timeout_ms 2000
set_key vm1 outdate_timeout_ms 3000
live
says "short times" 0 "Done." apply
set_key vm1 outdate_timeout_ms 7500
says "short times, but outdating" 1 "set link_timeout_ms and outdate_timeout_ms lower" apply

# ---- a monitor that an operator has switched off, addresses of both kinds ------------------------------------------------
in_force two-units
sed -i '/<op id="vm1-monitor-/s|/>| enabled="false"/>|' "$cib"
holds "a monitor is off" grep -q 'vm1-monitor.*enabled="false"' "$cib"
keep
says "a monitor is off: apply" 0 "Nothing to change." apply
untouched "a monitor is off: apply"
set_key vm1 start_tries 9
says "a monitor is off: something else" 0 "Done." apply
holds "a monitor is off still" grep -q 'vm1-monitor.*enabled="false"' "$cib"
set_key vm1 require_ping "10.0.0.9 2001:db8::1"
says "pings of both kinds" 0 "+ primitive vm1-ping: param use_fping=0" apply

# ---- remove ---------------------------------------------------------------------------------------------------------
in_force two-units
keep
running() { # RESOURCE CLASS PROVIDER TYPE, on host1
	echo "<lrm id=\"1\"><lrm_resources><lrm_resource id=\"$1\" class=\"$2\" provider=\"$3\" type=\"$4\"><lrm_rsc_op id=\"$1_last_0\" operation_key=\"$1_start_0\" operation=\"start\" crm_feature_set=\"3.16.1\" transition-key=\"1:1:0:0\" transition-magic=\"0:0;1:1:0:0\" on_node=\"host1\" call-id=\"1\" rc-code=\"0\" op-status=\"0\" interval=\"0\"/></lrm_resource></lrm_resources></lrm>"
}
runs() { sed -i "s|<node_state id=\"1\"\([^>]*\)/>|<node_state id=\"1\"\1>$(running "$@")</node_state>|" "$cib"; }
runs vm1 ocf vmtwin vm
holds "a VM that runs" grep -q 'lrm_resource id="vm1"' "$cib"
keep
says "remove of what runs, tried" 0 "- primitive vm1: ocf:vmtwin:vm" removes --dry-run vm1
untouched "remove of what runs, tried"
live
set_key vm1 require_ping 10.0.0.9
apply >/dev/null
runs vm1-ping ocf pacemaker ping
sed -i '/^require_ping/d' "$units/vm1.conf"
says "a ping that runs is not wanted any more" 0 "Done." apply
in_force two-units
keep
says "remove, tried" 0 "- clone vm1-mirror-clone: of vm1-mirror" removes --dry-run vm1
holds "remove, tried: nothing of another unit" not said_line mail
untouched "remove, tried"
says "remove of nothing" 2 "no resource of unit 'vm7'" removes vm7
says "remove without a name" 2 "which unit?" removes
says "remove of a bad name" 2 "can't be a unit's name" removes ../vm1

# Hosts whose names look like roles: the secondary is still stopped first.
cat >"$work/bin-resource" <<'X'
#!/bin/sh
echo "$*" >>/run/plan/calls
case "$*" in
*"vm1-mirror-clone --locate"*) [ -e /run/plan/stopped ] || printf 'resource vm1-mirror-clone is running on: Master2 \nresource vm1-mirror-clone is running on: Master1 Promoted\n' ;;
*"vm1-mirror-clone --meta"*) : >/run/plan/stopped ;;
esac
X
mv /usr/sbin/crm_resource /usr/sbin/crm_resource.real && install -m 755 "$work/bin-resource" /usr/sbin/crm_resource
says "hosts called Master" 0 "on Master1: vmtwin destroy vm1" removes vm1
holds "hosts called Master: the secondary goes first" grep -q -- "vm1-mirror-clone --ban --node Master2" "$work/calls"
holds "hosts called Master: the primary stays" not grep -q -- "--ban --node Master1" "$work/calls"
in_force two-units
keep
mv /usr/sbin/crm_simulate /usr/sbin/crm_simulate.real
says "no forecast: remove" 1 "can't be foretold" removes vm1
untouched "no forecast: remove"
mv /usr/sbin/crm_simulate.real /usr/sbin/crm_simulate
mv /usr/sbin/crm_resource.real /usr/sbin/crm_resource
