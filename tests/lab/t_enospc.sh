# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# One host's disk is full: the guest hears "no space" once, on both hosts alike; with space again all goes on.

fill() { on "$1" bash -c 'fallocate -l "$(($(stat -f -c "%a * %S" /run/disk) - 65536))" /srv/ballast; dd if=/dev/zero of=/srv/ballast2 bs=4k 2>/dev/null; sync -f /srv'; }
empty() { on "$1" rm -f /srv/ballast /srv/ballast2; }
# A file made through the mount, where the VM's disk is.
write_mount() { on "$1" dd if=/dev/urandom of="$vm_dir/extra" bs=1M count="$2" oflag=direct conv=fsync status=none; }
size_on() { on "$1" stat -c %s "$store/data/extra"; }
same_extra() { [ "$(on host1 sha256sum "$store/data/extra")" = "$(on host2 sha256sum "$store/data/extra")" ]; }
is_stopped() { not vm_runs_on host1 && not vm_runs_on host2; }

need "vm1 is ready" vm1_ready
primary=$(vm_host)
second=$(other "$primary")
for full in "$second" "$primary"; do
	fill "$full"
	check "$full is full: a write through the mount hears it" says fail 'No space left' write_mount "$primary" 64
	empty "$full"
	check "with space again the write goes through" write_mount "$primary" 64
	check "PRIM and SECOND green" becomes_green || exit
	check "both hosts hold the same bytes of it" wait_for 30 same_extra
	on "$primary" rm -f "$vm_dir/extra"
done
# The guest may have met the full disk and given up writing: it starts afresh.
reads=$(founds)
check "restart of the VM" on host1 timeout 120 crm_resource --restart --resource vm1
check "it reads back" read_back $((reads + 1)) || exit
check "it goes on" goes_on 20
check "$(verdict)" nothing_lost
check "disable the VM" on host1 timeout 60 pcs resource disable vm1
check "it stops" wait_for 60 is_stopped
check "both hosts hold the same bytes" stores_equal
check "enable the VM" on host1 timeout 60 pcs resource enable vm1
check "it reads back" read_back $((reads + 2))
