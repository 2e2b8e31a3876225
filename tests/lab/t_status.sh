# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# What people see of a healthy unit: crm_mon -A, vmtwin status, its JSON, the unit's story.

mon_shows() { # HOST WORDS
	quiet_on host1 crm_mon -1A --output-as=xml |
		awk -v host="$1" '/<node name=/ { at = index($0, "\"" host "\"") } at' | grep 'name="vmtwin-vm1"' | grep -q "$2"
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
second=$(other "$primary")
check "crm_mon -A shows PRIM green on $primary" wait_for 15 mon_shows "$primary" "PRIM green uptodate"
check "crm_mon -A shows SECOND green on $second" wait_for 15 mon_shows "$second" "SECOND green uptodate"
for host in host1 host2; do
	check "vmtwin status on $host: exit 0, both hosts in it" says 0 "$second" on "$host" vmtwin status vm1
	check "its JSON has a PRIM and a SECOND" says 0 '^PRIM SECOND$' on "$host" bash -c 		'vmtwin status --json | jq -r "[.units[0].hosts[].state] | sort | join(\" \")"'
	check "vmtwin log on $host tells the story" says 0 '.' on "$host" vmtwin log vm1
	check "vmtwin explain on $host" says 0 'standing on disk: paired' on "$host" vmtwin explain vm1
done
check "the secondary's directory is read-only" says fail 'read-only' on "$second" touch "$vm_dir/stray"
check "a unit that isn't there is named" says fail 'nosuch' on host1 vmtwin status nosuch
