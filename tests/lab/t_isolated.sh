# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# Lab: --qdevice
# With a third vote (qnetd): a host cut off from everything has no quorum, and takes its VM down within its lease, whatever
# else hangs there. Fencing that only says it worked makes no fork then.


requests_since() { awk -v from="from $1:" -v since="$2" 'index($0, from) && $1 * 1000 >= since { n++ } END { print n + 0 }' "$world/power.log"; } # HOST MS
times() { # ISOLATED OTHER SINCE
	note "cut to frozen $(took "$1" "$3" "$said_frozen") ms, to held writes failed $(took "$1" "$3" "$said_failed") ms, to VM down $(vm_down_ms "$1" "$3") ms, to ALONE on the other side $(took "$2" "$3" "$said_alone") ms"
}

# FENCING: lie, fail. HANG: what else hangs on the isolated host: nothing, pacemaker, libvirtd.
isolate() { # FENCING HANG
	local primary second reads began what="isolated, fencing: $1, hangs: $2" name
	primary=$(vm_host) || exit
	second=$(other "$primary")
	reads=$(founds)
	lab fence-mode "$lab_name" "$1"
	watch_vm "$primary"
	case $2 in
	pacemaker)
		for name in pacemakerd pacemaker-execd pacemaker-controld pacemaker-schedulerd pacemaker-attrd pacemaker-fenced pacemaker-based; do
			on "$primary" pkill -STOP -x "${name:0:15}"
		done
		;;
	libvirtd) on "$primary" kill -STOP "$(service_pid "$primary" libvirtd)" ;;
	esac
	began=$(now_ms)
	lab cut "$lab_name" all "$primary"
	check "$what: $primary loses quorum" wait_for 60 not quorate "$primary"
	check "$what: its VM is down" wait_for $((lease_ms / 1000 + 5)) test -s "$down_file"
	check "$what: within the lease" in_time "$(vm_down_ms "$primary" "$began")" "$lease_ms"
	check "$what: no write is held any more when the lease is over" in_time "$(took "$primary" "$began" "$said_failed")" "$lease_ms"
	if [ "$1" = lie ]; then
		check "$what: $second is ALONE and the VM reads back there" read_back $((reads + 1)) 90 || exit
		check "$what: it acknowledges" goes_on 50
	else
		check "$what: $second does not start it" not vm_runs_on "$second"
		check "$what: $second waits" explains "$second" "state: WAIT"
	fi
	check "$what: the isolated host has nobody shot" says 0 '^0$' requests_since "$primary" "$began"
	times "$primary" "$second" "$began"
	rm -f "$down_file"
	case $2 in
	pacemaker)
		for name in pacemakerd pacemaker-execd pacemaker-controld pacemaker-schedulerd pacemaker-attrd pacemaker-fenced pacemaker-based; do
			on "$primary" pkill -CONT -x "${name:0:15}"
		done
		;;
	libvirtd) on "$primary" kill -CONT "$(service_pid "$primary" libvirtd)" ;;
	esac
	lab fence-mode "$lab_name" normal
	lab mend "$lab_name" all
	check "$what, mended: the VM goes on" goes_on 20 150 || exit
	check "$what: PRIM and SECOND green" becomes_green || exit
	[ "$1" != lie ] || check "$what: no fork: $primary is SECOND by itself" test "$(vm_host)" = "$second"
	check "$what: $(verdict)" nothing_lost
	tidy
}

# Everything on the primary stops for longer than its lease, the other side is told it is off, then it goes on.
hang_whole() {
	local primary second reads
	primary=$(vm_host) || exit
	second=$(other "$primary")
	reads=$(founds)
	lab fence-mode "$lab_name" lie
	check "all of $primary hangs" signal_host "$primary" STOP
	check "the VM reads back on $second" read_back $((reads + 1)) 90 || exit
	sleep $((lease_ms / 1000 + 3)) # past every limit there is
	check "it goes on" goes_on 20
	check "all of $primary goes on" signal_host "$primary" CONT
	lab fence-mode "$lab_name" normal
	check "its VM is ended" wait_for 40 qemu_gone "$primary"
	check "no fork: PRIM and SECOND green" becomes_green 180 || exit
	check "the VM stayed on $second" test "$(vm_host)" = "$second"
	check "$(verdict)" nothing_lost
	tidy
}

need "vm1 is ready" vm1_ready
isolate lie nothing
isolate fail pacemaker
if [ "$VT_SOAK" = yes ]; then
	isolate fail nothing
	isolate lie libvirtd
	hang_whole
fi
check "PRIM and SECOND green" becomes_green
