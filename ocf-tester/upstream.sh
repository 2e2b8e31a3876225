# shellcheck shell=bash disable=SC2154 # variables of run and lib.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The tester of the resource-agents project on both agents.

# shellcheck source=ocf-tester/upstream-lib.sh
. "$here/upstream-lib.sh"
if upstream_setup; then
	unit tested
	standin_start
	upstream mirror unit=tested
	standin_kill
	if [ -n "${libvirtd_pid:-}" ] && alive "$libvirtd_pid"; then
		upstream vm domain=vm1 unit=vm1 start_interval=1 stop_tries=1 stop_interval=1
	else
		skip "vm: upstream ocf-tester" "needs libvirtd, which the part vm starts"
	fi
fi
