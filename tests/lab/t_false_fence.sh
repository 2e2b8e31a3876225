# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by run after lib/test.sh
# The worst a power switch can do: it says "off" to both sides of a split, and neither is off. Under two_node both are quorate and
# both go on. Nothing can be done against it; but the fork is found when they meet, both branches are kept, nothing is
# started until the operator has decided, and what he decided for goes on.

need "vm1 is ready" vm1_ready
lab fence-mode "$lab_name" lie
lab cut "$lab_name" all
check "both get a false yes: both may acknowledge" wait_for 120 both_write || exit
check "the oracle convicts two guests at once" wait_for 60 two_guests
note "the named exception: seen by the watcher $(watch_doubles) times"
lab fence-mode "$lab_name" normal
lab mend "$lab_name" all
fork_decided
