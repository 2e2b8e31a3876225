# shellcheck shell=bash disable=SC2013,SC2154 # variables of run.sh; words are meant
# SPDX-License-Identifier: GPL-2.0-or-later
# What vmtwin-config import makes of SafeKit's files, with the one thing that those don't know, how the hosts are fenced, goes the
# whole way: cibadmin, pcs and crm take it and make the same of it. Sourced by run.sh.

# A configuration that another file became already, to the letter, is not gone through again.
declare -A gone_through
for dir in "$here"/../import/cases/*/; do
	[ "$(cat "$dir/expect.code")" = 0 ] || continue
	case=import-$(basename "$dir")
	unit=$(sed -n '1s/^# vmtwin unit \([^,]*\),.*/\1/p' "$dir/expect.conf")
	mkdir -p "$work/$case"
	{
		cat "$dir/expect.conf"
		board=1
		for host in $(sed -n 's/^hosts = //p' "$dir/expect.conf"); do
			echo "fence.$host = fence_ipmilan ip=192.0.2.$((board++)) username=admin password_script=/etc/vmtwin/ipmi-$host"
		done
	} >"$work/$case/$unit.conf"
	if ! { $config generate cib --unit-dir "$work/$case" >"$work/$case.cib" && $config generate pcs --unit-dir "$work/$case" >"$work/$case.pcs" &&
		$config generate crm --unit-dir "$work/$case" >"$work/$case.crm"; } 2>"$work/said"; then
		fail "$case: $(cat "$work/said")"
		continue
	fi
	pass
	key=$(cat "$work/$case.cib" "$work/$case.pcs" "$work/$case.crm" | md5sum)
	[ -z "${gone_through[$key]:-}" ] || continue
	gone_through[$key]=yes
	for tool in cibadmin pcs crm; do
		same "$case" "$tool"
	done
done
holds "13 imported configurations at least were gone through" test "${#gone_through[@]}" -ge 13
