# shellcheck shell=bash disable=SC2154 # variables of run.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# support: what is in the archive, and what is not. Sourced by run.sh.

# fake PROGRAM <TEXT: that program, for this test's mount namespace
fake() {
	local path
	path=$(command -v "$1") || { skip "no $1 here"; return 1; }
	path=$(realpath "$path")
	{ echo '#!/bin/bash'; cat; } >"$work/fake-$1"
	chmod 755 "$work/fake-$1"
	mount --bind "$work/fake-$1" "$path" && fakes+=("$path")
}

# members ARCHIVE: its members without the varying part of their names
members() { tar -tzf "$1" | sed 's/^vmtwin-support-vm1-[0-9]*-[0-9]*/TOP/' | sort | xargs; }
member() { tar -xzOf "$1" --wildcards "*/$2"; }

support() { "$vmtwin" support vm1 --unit-dir "$units" "$@"; }

support_refused() {
	refused 1 "File exists; name another file" support --output "$fs/there"
	refused 1 "No such file or directory; nothing was written" support --output "$fs/none/x.tar.gz"
	refused 1 "no unit 'vm9'" "$vmtwin" support vm9 --unit-dir "$units" --output "$fs/x.tar.gz"
	refused 64 "one or the other" support --local --peer-archive "$fs/there"
	refused 1 "nothing was written" support --peer-archive "$fs/none"
	refused 1 "run this as root" setpriv --reuid 65534 --clear-groups "$vmtwin" support vm1 --output "$work/x"
	refused 1 "holds nothing of unit vm1 from h2" support --peer-archive "$fs/there" --output "$fs/x.tar.gz"
	command -v script >/dev/null &&
		refused 1 "not to a terminal" typed "" "$vmtwin" support vm1 --unit-dir "$units" --output -
	head -c 60M /dev/zero >"$fs/full" 2>/dev/null
	refused 1 "no archive was made" support --output "$fs/x.tar.gz"
	rm -f "$fs/full"
}

test_support() {
	local secrets='s3cret-pw-1|s3cret-key-2|s3cret-login-3|s3cret-comment-4' out=$work/out.tar.gz fakes=()
	local own="MANIFEST|cib.xml|corosync.conf|crm_mon.txt|eras.txt|explain.txt|files.txt|kept-forks.txt|os-release|status.json|store.txt|story.log|unit.conf|versions.txt"
	new_vm
	create --host h1 >/dev/null
	mkdir -p "$work/etc-corosync" "$work/varlog/vmtwin"
	if ! mount --bind "$work/etc-corosync" /etc/corosync || ! mount --bind "$work/varlog" /var/log; then
		skip "no bind mounts"
		return
	fi
	printf 'totem {\n  # s3cret-comment-4\n  token: 1000\n  key: s3cret-key-2\n}\n' >/etc/corosync/corosync.conf
	echo s3cret-key-2 >/etc/corosync/authkey
	echo "the story" >/var/log/vmtwin/vm1.log
	fake cibadmin <<-'TEXT'
		echo '<cib><nvpair id="a" name="passwd" value="s3cret-pw-1"/><nvpair id="b" name="ip" value="10.9.8.7"/>'
		echo '<nvpair id="c" name="url" value="https://u:s3cret-login-3@h/"/><!-- s3cret-comment-4 --></cib>'
	TEXT
	fake crm_mon <<-'TEXT'
		echo "crm_mon $*"
	TEXT
	fake ssh <<-TEXT
		[ "\$*" = "-o BatchMode=yes -o ConnectTimeout=10 -- h2 vmtwin support vm1 --local --output -" ] || exit 99
		[ -e "$work/peer.tar.gz" ] || exit 255
		cat "$work/peer.tar.gz"
	TEXT
	replay_start || return
	facts
	printf '%s\n' rc=0 node=h1 unit0.name=vm1 unit0.host=h1 unit0.state=PRIM >"$replay_dir/status"
	echo there >"$fs/there"
	support_refused
	expect 0 "out.tar.gz" support --local --output "$out"
	same "for root's eyes" 600 "$(stat -c %a "$out")"
	same "all that is promised, of this host only" "$(tr '|' '\n' <<<"$own" | sort | xargs)" \
		"$(members "$out" | tr ' ' '\n' | sed -n 's|^TOP/h1/||p' | grep -xE "$own" | xargs)"
	same "nothing but that host" "" "$(members "$out" | tr ' ' '\n' | grep -v '^TOP/$' | grep -v '^TOP/h1/')"
	same "no secrets" "" "$(tar -xzOf "$out" | grep -aoE "$secrets" | sort -u)"
	same "what helps stays" "1 1 1 1" "$(member "$out" cib.xml | grep -c 10.9.8.7) $(member "$out" corosync.conf |
		grep -c 'token: 1000') $(member "$out" story.log | grep -c 'the story') $(member "$out" crm_mon.txt | grep -c -- -1rfA)"
	same "eras are decoded" "2" "$(member "$out" eras.txt | grep -c 'standing solo')"
	same "the unit's state" "PRIM" "$(member "$out" status.json | grep -o PRIM)"
	rm "$out"
	expect 0 "vmtwin support vm1 --local --output /root/vm1-h2.tar.gz" support --output "$out"
	same "the archive tells too what to type" 1 "$(member "$out" NOT-COLLECTED-h2.txt | grep -c -- --peer-archive)"
	rm "$out"
	mkdir -p "$work/p/vmtwin-support-vm1-20260101-000000/h2" "$work/p/vmtwin-support-vm1-20260101-000000/h3"
	echo theirs >"$work/p/vmtwin-support-vm1-20260101-000000/h2/story.log"
	echo alien | tee "$work/p/vmtwin-support-vm1-20260101-000000/h3/x" "$work/p/vmtwin-support-vm1-20260101-000000/h1" >"$work/evil"
	(cd "$work/p" && tar -czPf "$work/peer.tar.gz" -- * ../evil)
	expect 0 "out.tar.gz" support --output "$out"
	same "both hosts, by ssh" "the story theirs" "$(member "$out" h1/story.log) $(member "$out" h2/story.log)"
	same "of theirs nothing else" "" "$(tar -xzOf "$out" | grep -a alien)"
	rm "$out"
	expect 0 "" support --peer-archive "$work/peer.tar.gz" --output "$out"
	same "both hosts, joined" "the story theirs" "$(member "$out" h1/story.log) $(member "$out" h2/story.log)"
	rm "$out"
	support --local --output - >"$out"
	same "to standard output" "the story" "$(member "$out" h1/story.log)"
	fake crm_mon <<-TEXT
		: >"$work/slow"
		exec sleep 2
	TEXT
	rm -f "$out"
	"$vmtwin" support vm1 --unit-dir "$units" --local --output "$out" >/dev/null 2>&1 &
	for ((i = 0; i < 50; i++)); do [ -e "$work/slow" ] && break; sleep 0.1; done
	kill $!
	wait $! 2>/dev/null
	same "interrupted, it leaves nothing" "" "$(find "$work" -maxdepth 1 -name out.tar.gz -o -maxdepth 1 -name '.vmtwin-support-*')"
	replay_stop
	rm "$units/vm1.conf"
	expect 0 "out.tar.gz" support --local --output "$out"
	same "without unit file and daemon too" "the story" "$(member "$out" story.log)"
	same "nothing is left behind" "" "$(find "$work" /var/tmp -maxdepth 1 -name '.vmtwin-support-*')"
	umount /var/log /etc/corosync "${fakes[@]}"
}
