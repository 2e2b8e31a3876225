# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# All networks cut at once: one side is shot, the VM runs on the other, and never on both.

need "vm1 is ready" vm1_ready
before=$(shots)
primary=$(vm_host)
began=$(now_ms)
lab cut "$lab_name" all
check "one side is shot" wait_for 60 shot_more_than "$before"
check "the VM goes on" goes_on 20 90
for host in host1 host2; do
	note "$host (the VM was on $primary): frozen $(took "$host" "$began" "$said_frozen") ms, ALONE $(took "$host" "$began" "$said_alone") ms after the cut"
done
lab mend "$lab_name" all
check "PRIM and SECOND green" becomes_green
check "it runs on one host" vm_host
check "$(verdict)" nothing_lost
