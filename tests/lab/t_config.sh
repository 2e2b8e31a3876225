# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2154 # sourced by run after lib/test.sh
# vmtwin-config on a cluster that runs: what README has typed is what the unit file means; one changed key changes one thing, and the
# VM does not notice unless it must; a unit is taken out, its VM is a plain one, and is put in again from one file.

apply() { on host1 timeout 120 vmtwin-config apply "$@"; }
set_key() { # KEY VALUE, on both hosts
	local host
	for host in host1 host2; do
		on "$host" sed -i "/^$1 *=/d; \$a $1 = $2" /etc/vmtwin/units/vm1.conf
	done
}
cib_of() { quiet_on host1 cibadmin -Q --scope configuration; }
unchanged() { [ "$cib" = "$(cib_of)" ] || { diff <(echo "$cib") <(cib_of); return 1; }; }
starts_as() { [ "$starts" = "$(boots)" ] || { echo "started $starts times before, $(boots) now"; return 1; }; }
only() { # LINE...: what the last apply changed
	diff <(grep '^[+-] ' <<<"$said" | sort) <(printf '%s\n' "$@" | sort)
}
applied() { said=$(apply "$@" 2>&1) || { echo "$said"; return 1; }; } # not in a subshell: sets said
plain_vm() { # HOST: by libvirt alone, from the files in the directory
	local reads
	reads=$(founds)
	on "$1" timeout 30 virsh start vm1 && read_back $((reads + 1))
}

need "vm1 is ready" vm1_ready
primary=$(vm_host)
second=$(other "$primary")
starts=$(boots)
cib=$(cib_of)
check "the commands of README made what the unit file means" says 0 "Nothing to change" apply
check "and nothing was changed" unchanged

for key in "stop_tries 7" "restarts 4"; do
	# shellcheck disable=SC2086 # words
	set_key $key
done
applied --dry-run
check "tried: it tells the difference" grep -q '+ primitive vm1: param stop_tries=7' <<<"$said"
check "tried: Pacemaker would not stop the VM" not grep -qiE '(stop|move|restart|recover).*vm1 ' <<<"$said"
check "tried: nothing was changed" unchanged
applied
check "two keys change two things" only "+ primitive vm1: meta migration-threshold=5" "- primitive vm1: meta migration-threshold=3" \
	"+ primitive vm1: op stop, timeout 130000 ms" "- primitive vm1: op stop, timeout 120000 ms" "+ primitive vm1: param stop_tries=7"
cib=$(cib_of)
check "again: nothing to change" says 0 "Nothing to change" apply
check "again: nothing was changed" unchanged
check "the VM goes on" goes_on 20
check "the VM was not started anew" starts_as
check "PRIM and SECOND green" becomes_green

reads=$(founds)
set_key prefer "$second"
applied
check "a preferred host: the VM moves there" read_back $((reads + 1)) 120
check "a preferred host: PRIM and SECOND green" becomes_green
check "a preferred host: it runs there" test "$(vm_host)" = "$second"
check "a preferred host: $(verdict)" nothing_lost
set_key prefer none
starts=$(boots)
check "none any more" says 0 "Done" apply
sleep 5
check "none any more: the VM stays" starts_as
check "none any more: on $second" vm_runs_on "$second"

cib=$(cib_of)
on host1 bash -c 'echo "fence.host1 = fence_lab port=host1 password=hunter2" >>/etc/vmtwin/units/vm1.conf'
check "a secret in the file is refused" says 2 "can be read by everybody" apply
on host1 sed -i '/^fence/d' /etc/vmtwin/units/vm1.conf
set_key lease_ms 6000
check "unsafe times are told" says 1 "is unsafe" apply
set_key restarts 6
check "unsafe times are not put into force" says 1 "would be unsafe" apply
set_key restarts 4
set_key lease_ms 30000
check "refused: nothing was changed" unchanged
check "refused: the VM was not started anew" starts_as

primary=$(vm_host)
file=$(quiet_on host1 cat /etc/vmtwin/units/vm1.conf)
check "remove, tried: nothing was changed" eval 'on host1 vmtwin-config remove --dry-run vm1 >/dev/null && unchanged'
check "remove" says 0 "is out of the cluster.* on $primary: vmtwin destroy" on host1 timeout 300 vmtwin-config remove vm1
check "remove: its resources and constraints are gone" not grep -q 'vm1' <<<"$(cib_of)"
check "remove: the VM was shut down" not vm_runs_on "$primary"
check "the files are plain ones again on $primary" on "$primary" timeout 60 vmtwin destroy vm1 --keep-data
check "and on the other host" on "$(other "$primary")" timeout 60 vmtwin destroy vm1 --keep-data --force
check "the VM is a plain one on $primary" plain_vm "$primary"
check "a plain one: $(verdict)" nothing_lost
check "it is shut down" on "$primary" timeout 60 virsh destroy vm1
for host in host1 host2; do
	[ "$host" = "$primary" ] || on "$host" bash -c "rm -rf ${vm_dir:?}/* ${vm_dir:?}/.[!.]*"
	on "$host" bash -c 'cat >/root/vm1.conf' <<<"$file"
	check "from one file on $host" on "$host" vmtwin create vm1 --from /root/vm1.conf --good-host "$primary"
done
reads=$(founds)
check "put in again" says 0 "Done" apply
check "put in again: the VM reads back" read_back $((reads + 1)) 120
check "put in again: PRIM and SECOND green" becomes_green
check "put in again: $(verdict)" nothing_lost
set_key stop_tries 5
set_key restarts 2
check "as before" says 0 "Done" apply
