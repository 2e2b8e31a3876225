#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command vmtwin: what it refuses, that a refusal changes nothing, that it may be killed anywhere,
# and what status shows. Needs root; works in a mount and network namespace of its own.
# usage: tests/ctl/run.sh [BUILD]
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ "${1:-}" != --inside ]; then
	[ "$(id -u)" = 0 ] || { echo "tests/ctl/run.sh needs root" >&2; exit 1; }
	build=$(realpath "${1:-build}")
	exec timeout 600 unshare --mount --net --propagation private "$0" --inside "$build"
fi
build=$2
# shellcheck source=tests/lib/suite.sh
. tests/lib/suite.sh
only=${VT_CTL_TESTS:-} # some of the tests
vmtwin=$build/vmtwin
work=$(mktemp -d /tmp/vmtwin-ctl-XXXXXX)
holders=()

cleanup() {
	for pid in "${holders[@]}"; do kill -9 "$pid" 2>/dev/null; done
	cd / || exit 1
	wait 2>/dev/null
	umount "$work/inner" 2>/dev/null
	umount "$work/fs" 2>/dev/null
	chattr -R -i "$work" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# All that could change: names, types, owners, modes, sizes, link targets, contents, attributes.
snapshot() {
	find "$fs" -printf '%P %y %u %g %m %s %l %n\n' | grep -v '^lost+found' | sort
	find "$fs" -type f -exec sha256sum {} + | sort
	find "$fs" -type d -exec lsattr -d {} + 2>/dev/null | awk '{print substr($1, 1, 6), $2}' | sort
}

# refused CODE TEXT COMMAND...: like expect, and nothing is changed.
refused() {
	local before after
	before=$(snapshot)
	expect "$@"
	after=$(snapshot)
	if [ "$before" != "$after" ]; then
		fail "$3 ${*:4}: refused, but changed something:"
		diff <(echo "$before") <(echo "$after")
	fi
}

same() { # same NAME EXPECTED FOUND
	if [ "$2" = "$3" ]; then pass; else fail "$1: expected '$2', found '$3'"; fi
}

byte_at() { od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' '; }

fs=$work/fs
mkdir "$fs"
truncate -s 48M "$work/img"
if ! { mkfs.ext4 -q "$work/img" && mount -o loop "$work/img" "$fs"; } 2>/dev/null; then
	skip "no loop device: on a directory instead of a file system of its own"
fi
vm_dir=$fs/images/vm1
data=$fs/images/.vmtwin/vm1/data
units=$fs/etc/units

new_vm() {
	chattr -R -i "$fs/images" 2>/dev/null
	rm -rf "${fs:?}/images" "${fs:?}/etc" "${fs:?}/big"
	mkdir -p "$vm_dir/sub"
	printf 'disk' >"$vm_dir/disk.qcow2"
	truncate -s 1M "$vm_dir/sub/sparse"
	printf '<domain/>' >"$vm_dir/vm1.xml"
	chown 64055:64055 "$vm_dir/disk.qcow2"
	chmod 751 "$vm_dir"
	chown 12:34 "$vm_dir"
}

create() { "$vmtwin" create vm1 --unit-dir "$units" --directory "$vm_dir" --hosts h2,h1 --good-host h1 "$@"; }
destroy() { "$vmtwin" destroy vm1 --unit-dir "$units" --keep-data "$@"; }

# shellcheck source=tests/ctl/input.sh
. tests/ctl/input.sh
# shellcheck source=tests/ctl/create.sh
. tests/ctl/create.sh
# shellcheck source=tests/ctl/killed.sh
. tests/ctl/killed.sh
# shellcheck source=tests/ctl/status.sh
. tests/ctl/status.sh
# shellcheck source=tests/ctl/standin.sh
. tests/ctl/standin.sh
# shellcheck source=tests/ctl/force.sh
. tests/ctl/force.sh
# shellcheck source=tests/ctl/discard.sh
. tests/ctl/discard.sh
# shellcheck source=tests/ctl/support.sh
. tests/ctl/support.sh

for t in ${only:-usage bad_input from_file in_use good_host second_host strange_states killed status log force discard support}; do
	before=$failed
	"test_$t"
	[ "$failed" = "$before" ] || echo "in test_$t"
done
verdict
