# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# The data link is cut on every network while corosync goes on: the secondary consents, no failover, no stop. The reverse,
# corosync cut while the data flows: one side is shot. All networks cut one way. In the soak each with every role.

# One side can't be heard: corosync decides who is out, the fencer makes it so.
one_is_shot() { # WHAT CUT...
	local what=$1 before
	shift
	before=$(shots)
	"$@"
	check "$what: one side is shot" wait_for 90 shot_more_than "$before"
	check "$what: the VM goes on" goes_on 20 120 || exit
	mend_ports
	lab mend "$lab_name" all
	check "$what, mended: PRIM and SECOND green" becomes_green || exit
	check "$what: it runs on one host" vm_host
	check "$what: $(verdict)" nothing_lost
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
second=$(other "$primary")
before="$(boots) $(shots)"
stall_begin
began=$(now_ms)
drop_ports "$data_ports"
check "no data link at all: $primary goes ALONE" wait_for 30 state_is "$primary" "ALONE green"
check "$second has consented: WAIT, and may not be used" wait_for 10 shows "$second" "$second +WAIT +red"
check "the VM goes on" goes_on 100
stall_end
note "no data link: frozen after $(took "$primary" "$began" "$said_frozen") ms, alone after $(took "$primary" "$began" "$said_alone") ms, longest stall of the guest: $stall_ms ms"
mend_ports
check "mended: PRIM and SECOND green" becomes_green || exit
check "the VM never stopped, nobody was fenced" test "$before $primary" = "$(boots) $(shots) $(vm_host)"

one_is_shot "corosync cut, the data link up" drop_ports "$cluster_ports"
primary=$(vm_host) || exit
if [ "$VT_SOAK" = yes ]; then
	one_is_shot "all networks, the primary not heard" lab cut "$lab_name" all "$primary-to-$(other "$primary")"
	primary=$(vm_host) || exit
	one_is_shot "all networks, the secondary not heard" lab cut "$lab_name" all "$(other "$primary")-to-$primary"
	primary=$(vm_host) || exit
	one_is_shot "the data link and then corosync" eval 'drop_ports "$data_ports" "$primary"; wait_for 20 state_is "$primary" ALONE; mend_ports; drop_ports "$data_ports; $cluster_ports"'
fi
tidy
check "PRIM and SECOND green" becomes_green
